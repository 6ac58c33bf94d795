// Scroll positions of the window and of elements.

import * as is from '../ops';
import type { Op } from '../ops';
import { defaultView, DOCUMENT, getter, nodeType, scrollLeft, scrollTop } from './dom';
import type { Entry } from './nodes';
import type { Part } from './tree';

const pageX = getter<number>(globalThis, 'scrollX');
const pageY = getter<number>(globalThis, 'scrollY');

export class Scrolls implements Part {
  private readonly moved = new Set<Entry>();
  /** Nodes that were ever scrolled: a snapshot has to tell of them. */
  private readonly ever = new WeakSet<Node>();

  constructor(private readonly entry: (node: Node) => Entry | undefined) {}

  touch(node: Node): void {
    this.ever.add(node);
    const entry = this.entry(node);
    if (entry !== undefined) this.moved.add(entry);
  }

  added(entry: Entry): void {
    if (this.ever.has(entry.node)) this.moved.add(entry);
  }

  removed(entry: Entry): void {
    this.moved.delete(entry);
  }

  collect(ops: Op[]): void {
    for (const entry of this.moved) {
      const view = nodeType(entry.node) === DOCUMENT ? defaultView(entry.node) : null;
      const x = view ? pageX(view) : scrollLeft(entry.node);
      const y = view ? pageY(view) : scrollTop(entry.node);
      ops.push([is.SCROLL, entry.id, x, y]);
    }
    this.moved.clear();
  }
}
