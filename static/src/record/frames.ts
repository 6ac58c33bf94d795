// Which document each frame element shows. A document says who it is by a
// window message to its parent, since the parent may be of another origin.

import * as is from '../ops';
import type { Op } from '../ops';
import { contentWindow, isElement, isHTML, localName } from './dom';
import type { Entry } from './nodes';
import type { Part } from './tree';

export class Frames implements Part {
  private readonly frames = new Set<Entry>();
  private readonly docs = new WeakMap<Window, number>();
  private readonly sent = new Map<Entry, number>();
  private readonly changed = new Set<Entry>();

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

  collect(ops: Op[]): void {
    for (const entry of this.changed) {
      const window = contentWindow(entry.node as Element);
      const doc = window === null ? undefined : this.docs.get(window);
      if (doc === undefined || this.sent.get(entry) === doc) continue;
      this.sent.set(entry, doc);
      ops.push([is.FRAME, entry.id, doc]);
    }
    this.changed.clear();
  }
}

export function isFrame(node: Node): boolean {
  return isElement(node) && isHTML(node) && (localName(node) === 'iframe' || localName(node) === 'frame');
}
