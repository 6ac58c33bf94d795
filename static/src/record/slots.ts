// What scripts assign to slots of shadow roots whose slots are theirs to fill.

import * as is from '../ops';
import type { Op } from '../ops';
import { DOCUMENT, method, nodeType } from './dom';
import type { Entry } from './nodes';
import type { Part } from './tree';
import { WHOLE } from './tags';

const assignedTo = method<[], Node[]>(HTMLSlotElement.prototype, 'assignedNodes');

export class Slots implements Part {
  private readonly assigned = new Map<Entry, string>();
  private readonly ever = new WeakSet<Node>();

  constructor(private readonly entry: (node: Node) => Entry | undefined) {}

  /** A script has assigned nodes to a slot. */
  touch(slot: Node): void {
    this.ever.add(slot);
    const entry = this.entry(slot);
    if (entry !== undefined && !this.assigned.has(entry)) this.assigned.set(entry, '');
  }

  hears(tag: string): boolean {
    return tag === WHOLE || tag === 'slot';
  }

  added(entry: Entry): void {
    if (nodeType(entry.node) === DOCUMENT) this.assigned.clear();
    else if (this.ever.has(entry.node)) this.assigned.set(entry, '');
  }

  removed(entry: Entry): void {
    this.assigned.delete(entry);
  }

  /** What was assigned may come and go with the tree, so it is compared each time. */
  collect(ops: Op[]): void {
    for (const [entry, before] of this.assigned) {
      const ids: number[] = [];
      const nodes = assignedTo(entry.node);
      for (let i = 0; i < nodes.length; i++) {
        const id = this.entry(nodes[i]!)?.id;
        if (id !== undefined) ids.push(id);
      }
      const text = ids.join();
      if (text === before) continue;
      this.assigned.set(entry, text);
      ops.push([is.SLOT, entry.id, ...ids]);
    }
  }
}
