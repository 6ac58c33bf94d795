// Scroll positions of the window and of elements. Now and then they are looked up: an element that was hidden meanwhile
// may be elsewhere without a word.

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
  /** Where followers were told that they are. */
  private readonly sent = new Map<Entry, string>();

  constructor(private readonly entry: (node: Node) => Entry | undefined) {}

  touch(node: Node): void {
    this.ever.add(node);
    const entry = this.entry(node);
    if (entry !== undefined) this.moved.add(entry);
  }

  added(entry: Entry): void {
    if (nodeType(entry.node) === DOCUMENT) this.sent.clear();
    if (this.ever.has(entry.node)) this.moved.add(entry);
  }

  removed(entry: Entry): void {
    this.moved.delete(entry);
    this.sent.delete(entry);
  }

  /** Where followers were told that a node is, if they were. */
  told(node: Node): string | undefined {
    const entry = this.entry(node);
    return entry && this.sent.get(entry);
  }

  /** Looks whether all are where followers were told. */
  check(): void {
    for (const [entry, told] of this.sent) if (`${placeOf(entry.node)}` !== told) this.moved.add(entry);
  }

  collect(ops: Op[]): void {
    for (const entry of this.moved) {
      const [x, y] = placeOf(entry.node);
      this.sent.set(entry, `${x},${y}`);
      ops.push([is.SCROLL, entry.id, x, y]);
    }
    this.moved.clear();
  }
}

function placeOf(node: Node): [x: number, y: number] {
  const view = nodeType(node) === DOCUMENT ? defaultView(node) : null;
  return view ? [pageX(view), pageY(view)] : [scrollLeft(node), scrollTop(node)];
}
