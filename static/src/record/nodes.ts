// The recorder's memory of what followers have: one entry per mirrored node,
// with the children as they were last sent.

import type { Id } from '../ops';
import { OPEN, type Level } from './mask';
import { tagOf } from './tags';

/** One mirrored node. */
export interface Entry {
  readonly table: Nodes;
  readonly node: Node;
  /** What it is in the mirror (see tagOf); it never changes, and is read often. */
  readonly tag: string;
  readonly id: Id;
  parent: Entry | null;
  /** The mirrored children, in the order followers have them. */
  kids: Entry[];
  /** The flush that last serialised the node whole. */
  flush: number;
  /** How much of it followers have. */
  level: Level;
  /** Followers no longer have it. */
  gone: boolean;
  /** Scratch: the index among `kids` while these are compared. */
  at: number;
}

// A class that returns its argument from the constructor adds its private
// field to any object: as quick as a property, and a page cannot see it. A
// WeakMap takes twice the time for a large table.
class Itself {
  constructor(node: object) {
    return node;
  }
}
class Stamp extends Itself {
  #entry: Entry | undefined = undefined;
  static of(node: object): Entry | undefined {
    return #entry in node ? (node as Stamp).#entry : undefined;
  }
  static set(node: object, entry: Entry | undefined): void {
    if (!(#entry in node)) new Stamp(node);
    (node as Stamp).#entry = entry;
  }
}

export class Nodes {
  private next = 1;
  private byId = new Map<Id, Entry>();

  /** The entry of a node; undefined when followers do not have it. */
  of(node: Node): Entry | undefined {
    const entry = Stamp.of(node);
    return entry?.table === this && !entry.gone ? entry : undefined;
  }

  byNumber(id: Id): Entry | undefined {
    return this.byId.get(id);
  }

  /** Enters a node. It keeps its id across snapshots, since what followers send may be under way. */
  add(node: Node, parent: Entry | null, flush: number): Entry {
    const before = Stamp.of(node);
    const id = parent === null ? 0 : before?.table === this ? before.id : this.next++;
    const entry: Entry = { table: this, node, tag: tagOf(node), id, parent, kids: [], flush, level: OPEN, gone: false, at: 0 };
    Stamp.set(node, entry);
    this.byId.set(id, entry);
    return entry;
  }

  /** Forgets a node and what is still below it, telling of each. */
  forget(entry: Entry, each: (entry: Entry) => void): void {
    this.byId.delete(entry.id);
    if (Stamp.of(entry.node) === entry) Stamp.set(entry.node, undefined);
    entry.gone = true;
    each(entry);
    for (const kid of entry.kids) if (kid.parent === entry) this.forget(kid, each);
  }

  /** Starts again with nothing known, telling of each node there was. */
  clear(each: (entry: Entry) => void): void {
    const all = this.byId;
    this.byId = new Map();
    for (const entry of all.values()) {
      entry.gone = true;
      each(entry);
    }
  }

  all(): Iterable<Entry> {
    return this.byId.values();
  }
}
