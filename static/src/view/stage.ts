// Where the mirror is shown: the leader's viewport in CSS pixels, scaled to
// fit, with everybody's cursors above it.

import { Cursors } from '../ui/cursors';
import { Marks } from '../ui/marks';

export interface View {
  width: number;
  height: number;
  /** What the leader answers to media queries. */
  media?: string[];
  /** The part of it that the leader has zoomed in on: left, top, width and height. */
  seen?: number[];
}

export interface Person {
  id: string;
  name: string;
  color: string;
}

const USUAL: View = { width: 1280, height: 720 };
const LARGEST = 16384;

export class Stage {
  private readonly sheet = document.createElement('div');
  private readonly cursors = new Cursors();
  /** What people drew or pointed out. */
  readonly marks = new Marks();
  /** Shades what the leader, having zoomed in, does not see. */
  private readonly lens = document.createElement('div');
  private readonly views = new Map<number, View>();
  private people = new Map<string, Person>();
  private shown: HTMLIFrameElement | null = null;
  private tab = 0;
  private fit = true;
  /** Told when places on the stage have moved. */
  onLayout: () => void = () => undefined;

  constructor(private readonly root: HTMLElement) {
    this.sheet.className = 'sheet';
    this.lens.className = 'lens';
    this.lens.hidden = true;
    this.sheet.append(this.lens, this.marks, this.cursors);
    root.append(this.sheet);
    new ResizeObserver(() => this.layout()).observe(root);
  }

  /** Adds a frame, hidden but laid out as it will be. */
  add(frame: HTMLIFrameElement, tab: number): void {
    frame.className = 'hidden';
    this.resize(frame, tab);
    this.sheet.append(frame);
  }

  /** Shows a frame in place of the one that was. */
  show(frame: HTMLIFrameElement | null, tab: number): void {
    this.tab = tab;
    if (this.shown !== null && this.shown !== frame) {
      this.shown.className = 'hidden';
      this.shown.removeAttribute('name');
    }
    this.shown = frame;
    if (frame !== null) {
      frame.className = '';
      frame.name = 'tandem-mirror';
    }
    this.layout();
  }

  view(tab: number, view: View): void {
    const side = (n: number) => Math.min(LARGEST, Math.max(1, Math.round(n)));
    this.views.set(tab, { ...view, width: side(view.width), height: side(view.height) });
    for (const frame of this.sheet.querySelectorAll('iframe')) if (Number(frame.dataset['tab']) === tab) this.resize(frame, tab);
    this.layout();
  }

  forget(tab: number): void {
    this.views.delete(tab);
  }

  zoom(fit: boolean): void {
    this.fit = fit;
    this.layout();
  }

  know(people: readonly Person[]): void {
    this.people = new Map(people.map((p) => [p.id, p]));
    this.cursors.keep([...this.people.keys()]);
  }

  color(from: string): string {
    return this.people.get(from)?.color ?? '#000000';
  }

  name(from: string): string {
    return this.people.get(from)?.name ?? '';
  }

  /** Puts somebody's cursor at a place of the viewport. */
  point(from: string, x: number, y: number): void {
    const person = this.people.get(from);
    if (person === undefined) return;
    const scale = this.scale();
    this.cursors.point(from, { name: person.name, color: person.color, x: x * scale, y: y * scale });
  }

  hide(from: string): void {
    this.cursors.hide(from);
  }

  ring(x: number, y: number): void {
    const scale = this.scale();
    this.cursors.ring(x * scale, y * scale);
  }

  private size(tab: number): View {
    return this.views.get(tab) ?? USUAL;
  }

  private scale(): number {
    const { width, height } = this.size(this.tab);
    return this.fit ? Math.min(1, this.root.clientWidth / width, this.root.clientHeight / height) || 1 : 1;
  }

  private resize(frame: HTMLIFrameElement, tab: number): void {
    const { width, height, media } = this.size(tab);
    frame.dataset['tab'] = String(tab);
    // A framed document prefers what its frame has.
    frame.style.colorScheme = media?.includes('prefers-color-scheme:dark') ? 'dark' : 'light';
    frame.style.width = `${width}px`;
    frame.style.height = `${height}px`;
  }

  private layout(): void {
    const { width, height } = this.size(this.tab);
    const scale = this.scale();
    this.sheet.style.width = `${width * scale}px`;
    this.sheet.style.height = `${height * scale}px`;
    for (const frame of this.sheet.querySelectorAll('iframe')) frame.style.transform = scale === 1 ? '' : `scale(${scale})`;
    this.marks.scale = scale;
    this.focus(this.size(this.tab).seen, scale);
    this.onLayout();
  }

  private focus(seen: number[] | undefined, scale: number): void {
    this.lens.hidden = seen?.length !== 4;
    if (this.lens.hidden) return;
    const [left, top, width, height] = seen!.map((n) => `${n * scale}px`) as [string, string, string, string];
    Object.assign(this.lens.style, { left, top, width, height });
  }
}
