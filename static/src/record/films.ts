// Pictures of films that nobody else can load: what scripts or other people's
// cameras feed to a video element has no address, and what is too large is not
// kept on the way. Followers get what it shows, a picture a second.

import * as is from '../ops';
import type { Op } from '../ops';
import { hasAddress } from './blobs';
import { currentTime, getter, guard, isElement, isHTML, localName, method, now, pictureOf } from './dom';
import { OPEN } from './mask';
import type { Entry } from './nodes';
import type { Part } from './tree';

const PERIOD_MS = 1000;
const WIDEST = 640;
const QUALITY = 0.6;

const srcObjectOf = getter<object | null>(HTMLMediaElement.prototype, 'srcObject');
const sourceOf = getter<string>(HTMLMediaElement.prototype, 'currentSrc');
const readyOf = getter<number>(HTMLMediaElement.prototype, 'readyState');
const widthOf = getter<number>(HTMLVideoElement.prototype, 'videoWidth');
const heightOf = getter<number>(HTMLVideoElement.prototype, 'videoHeight');
const create = method<[string], HTMLElement>(Document.prototype, 'createElement');
const contextOf = method<['2d'], CanvasRenderingContext2D | null>(HTMLCanvasElement.prototype, 'getContext');
const draw = method<[CanvasImageSource, number, number, number, number], void>(CanvasRenderingContext2D.prototype, 'drawImage');
const HAVE_CURRENT_DATA = 2;

export class Films implements Part {
  /** With the time of the picture that followers have. */
  private readonly films = new Map<Entry, number>();
  /** Those that followers could not load. */
  private readonly wanted = new WeakSet<Node>();
  private last = 0;

  constructor(private readonly document: Document) {}

  hears(tag: string): boolean {
    return tag === 'video';
  }

  added(entry: Entry): void {
    if (isElement(entry.node) && isHTML(entry.node) && localName(entry.node) === 'video') this.films.set(entry, -1);
  }

  removed(entry: Entry): void {
    this.films.delete(entry);
  }

  want(film: Node): void {
    this.wanted.add(film);
  }

  private shown(film: Node): boolean {
    return readyOf(film) >= HAVE_CURRENT_DATA && widthOf(film) > 0 && (this.wanted.has(film) || streamed(film));
  }

  /** True when there is a picture to take and it is time. */
  due(): boolean {
    if (this.films.size === 0 || now() - this.last < PERIOD_MS) return false;
    for (const [{ node, level }, time] of this.films) if (level === OPEN && this.shown(node) && currentTime(node) !== time) return true;
    return false;
  }

  collect(ops: Op[]): void {
    if (!this.due()) return;
    this.last = now();
    for (const [entry, time] of this.films) {
      const { node } = entry;
      if (!this.shown(node) || currentTime(node) === time || entry.level !== OPEN) continue;
      this.films.set(entry, currentTime(node));
      const picture = guard(() => this.still(node as HTMLVideoElement), null);
      // Where there is none, the mirror says so by itself: it could not load the film.
      if (picture !== null) ops.push([is.CANVAS, entry.id, picture]);
    }
  }

  private still(film: HTMLVideoElement): string {
    const canvas = this.canvas(film);
    draw(contextOf(canvas, '2d')!, film, 0, 0, canvas.width, canvas.height);
    return pictureOf(canvas, 'image/jpeg', QUALITY); // throws when nobody may read it
  }

  private canvas(film: Node): HTMLCanvasElement {
    const canvas = create(this.document, 'canvas') as HTMLCanvasElement;
    const scale = Math.min(1, WIDEST / widthOf(film));
    canvas.width = Math.max(1, Math.round(widthOf(film) * scale));
    canvas.height = Math.max(1, Math.round(heightOf(film) * scale));
    return canvas;
  }
}

/** Whether what a video shows has no address. */
function streamed(film: Node): boolean {
  if ((srcObjectOf(film) ?? null) !== null) return true;
  const source = sourceOf(film);
  return source.startsWith('blob:') && !hasAddress(source);
}
