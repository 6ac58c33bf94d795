// Pictures of canvases. Draw calls say that one has changed; its picture is
// taken a few times a second at most.

import * as is from '../ops';
import type { Op } from '../ops';
import { canvasHeight, canvasWidth, guard, isElement, isHTML, localName, now, pictureOf } from './dom';
import { OPEN } from './mask';
import type { Entry } from './nodes';
import type { Part } from './tree';

const PERIOD_MS = 250;
/** A larger picture is sent in a lossy format. */
const MOST_PNG = 512 << 10;
/** Larger ones are not sent at all. */
const MOST = 3 << 20;

export class Canvases implements Part {
  private readonly drawn = new Set<Entry>();
  private readonly sent = new Map<Entry, string>();
  /** Canvases drawn to by a worker, which no hook here sees. */
  private readonly remote = new Set<Node>();
  /** Drawn to before followers had them. */
  private readonly ever = new WeakSet<Node>();
  private last = 0;

  constructor(private readonly entry: (node: Node) => Entry | undefined) {}

  touch(node: Node): void {
    this.ever.add(node);
    const entry = this.entry(node);
    if (entry !== undefined) this.drawn.add(entry);
  }

  handedOver(node: Node): void {
    this.remote.add(node);
    this.ever.add(node);
  }

  hears(tag: string): boolean {
    return tag === 'canvas';
  }

  added(entry: Entry): void {
    if (isElement(entry.node) && isHTML(entry.node) && localName(entry.node) === 'canvas' && this.ever.has(entry.node)) {
      this.drawn.add(entry);
    }
  }

  removed(entry: Entry): void {
    this.drawn.delete(entry);
    this.sent.delete(entry);
  }

  attribute(entry: Entry, name: string): void {
    // Setting a size clears the canvas.
    if ((name === 'width' || name === 'height') && this.ever.has(entry.node)) {
      this.sent.delete(entry);
      this.drawn.add(entry);
    }
  }

  /** True when there is a picture to take and it is time. */
  due(): boolean {
    return (this.drawn.size > 0 || this.remote.size > 0) && now() - this.last >= PERIOD_MS;
  }

  collect(ops: Op[]): void {
    if (!this.due()) return;
    this.last = now();
    for (const node of this.remote) {
      const entry = this.entry(node);
      if (entry !== undefined) this.drawn.add(entry);
    }
    for (const entry of this.drawn) {
      if (entry.level !== OPEN) continue;
      const picture = pictureIn(entry.node);
      if (picture === null || picture === this.sent.get(entry)) continue;
      this.sent.set(entry, picture);
      ops.push([is.CANVAS, entry.id, picture]);
    }
    this.drawn.clear();
  }
}

/** A canvas as a data: URL; null when it is empty, too big, or holds another origin's pixels. */
function pictureIn(canvas: Node): string | null {
  if (canvasWidth(canvas) === 0 || canvasHeight(canvas) === 0) return null;
  return guard(() => {
    let picture = pictureOf(canvas);
    if (picture.length > MOST_PNG) picture = pictureOf(canvas, 'image/webp', 0.7);
    return picture.length > MOST ? null : picture;
  }, null);
}
