// Which document each frame element shows. A document says who it is by a
// window message to its parent, since the parent may be of another origin.

import * as is from '../ops';
import type { Op } from '../ops';
import { contentWindow, isElement, isHTML, localName } from './dom';
import { BLOCKED, OPEN, FIELD, type Level } from './mask';
import type { Entry } from './nodes';
import type { Part } from './tree';

export class Frames implements Part {
  private readonly frames = new Set<Entry>();
  private readonly docs = new WeakMap<Window, number>();
  private readonly sent = new Map<Entry, number>();
  /** How frames' documents know that they are to be told of. */
  private readonly levels = new WeakMap<Window, { doc: number; level: Level }>();

  constructor(private readonly around: (window: Window, doc: number, level: Level) => void) {}
  private readonly changed = new Set<Entry>();

  hears(tag: string): boolean {
    return /frame$/.test(tag);
  }

  added(entry: Entry): void {
    if (!isFrame(entry.node)) return;
    this.frames.add(entry);
    this.changed.add(entry);
  }

  removed(entry: Entry): void {
    this.frames.delete(entry);
    this.changed.delete(entry);
    this.sent.delete(entry);
  }

  /** The document in a window, which may be in a frame of ours. True when it is. */
  shows(window: Window, doc: number): boolean {
    this.docs.set(window, doc);
    for (const entry of this.frames) {
      if (contentWindow(entry.node as Element) !== window) continue;
      this.changed.add(entry);
      return true;
    }
    return false;
  }

  /** An element has become a box, so documents in it are told of no more. */
  boxed(entry: Entry): void {
    for (const frame of this.frames) {
      const window = contentWindow(frame.node as Element);
      const doc = window === null ? undefined : this.docs.get(window);
      for (let at: Entry | null = frame; at !== null && doc !== undefined; at = at.parent) if (at === entry) this.tell(window!, doc, BLOCKED);
    }
  }

  private tell(window: Window, doc: number, level: Level): void {
    const known = this.levels.get(window);
    if (known?.doc === doc && known.level >= level) return;
    this.levels.set(window, { doc, level });
    this.around(window, doc, level === FIELD ? OPEN : level);
  }

  collect(ops: Op[]): void {
    for (const entry of this.changed) {
      const window = contentWindow(entry.node as Element);
      const doc = window === null ? undefined : this.docs.get(window);
      if (window === null || doc === undefined) continue;
      this.tell(window, doc, entry.level);
      if (entry.level === BLOCKED || this.sent.get(entry) === doc) continue;
      this.sent.set(entry, doc);
      ops.push([is.FRAME, entry.id, doc]);
    }
    this.changed.clear();
  }
}

export function isFrame(node: Node): boolean {
  return isElement(node) && isHTML(node) && (localName(node) === 'iframe' || localName(node) === 'frame');
}
