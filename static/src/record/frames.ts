// Which document each frame element shows. A document says who it is by a
// window message to its parent, since the parent may be of another origin.

import * as is from '../ops';
import type { Op } from '../ops';
import { contentWindow, defaultView, elementAround, innerWindows, isClosed, isElement, isHTML, localName } from './dom';
import { BLOCKED, OPEN, FIELD, type Level } from './mask';
import type { Entry } from './nodes';
import type { Part } from './tree';

export class Frames implements Part {
  private readonly frames = new Set<Entry>();
  private readonly docs = new WeakMap<Window, number>();
  private readonly sent = new Map<Entry, number>();
  /** How frames' documents know that they are to be told of. */
  private readonly levels = new WeakMap<Window, { doc: number; level: Level }>();

  /** The windows of embed elements. */
  private readonly embedded = new WeakMap<Entry, Window>();
  private readonly changed = new Set<Entry>();

  constructor(
    private readonly document: Document,
    private readonly around: (window: Window, doc: number, level: Level) => void,
    /** Whether something in the page is hidden. */
    private readonly hides: () => boolean,
  ) {}

  hears(tag: string): boolean {
    return FRAMES.has(tag);
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
      if (this.window(entry) !== window) continue;
      this.changed.add(entry);
      return true;
    }
    return false;
  }

  /** An element has become a box, so documents in it are told of no more. */
  boxed(entry: Entry): void {
    for (const frame of this.frames) {
      const window = this.window(frame);
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

  private window(entry: Entry): Window | null {
    return localName(entry.node) === 'embed' ? this.embed(entry) : contentWindow(entry.node as Element);
  }

  /**
   * The window of an embed element: the one that names the element, or, as one of another origin does not, the one
   * that is left when all others are known. In a page with something hidden that would be a guess about it.
   */
  private embed(entry: Entry): Window | null {
    const known = this.embedded.get(entry);
    if (known !== undefined && !isClosed(known)) return known;
    const ours = defaultView(this.document);
    const windows = ours === null ? [] : innerWindows(ours);
    const elements = windows.map(elementAround);
    let found = windows[elements.indexOf(entry.node as Element)];
    if (found === undefined && !this.hides()) {
      const frames = [...this.frames];
      const others = new Set(frames.map(({ node }) => contentWindow(node as Element)));
      const left = windows.filter((window, i) => elements[i] === null && !others.has(window));
      const embeds = frames.filter(({ node }) => localName(node) === 'embed' && !elements.includes(node as Element));
      if (left.length === embeds.length) found = left[embeds.indexOf(entry)];
    }
    if (found !== undefined) this.embedded.set(entry, found);
    return found ?? null;
  }

  collect(ops: Op[]): void {
    for (const entry of this.changed) {
      const window = this.window(entry);
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

/** The last two show documents as well: the proxy gives them one for a PDF. */
const FRAMES = new Set(['iframe', 'frame', 'object', 'embed']);

export function isFrame(node: Node): boolean {
  return isElement(node) && isHTML(node) && FRAMES.has(localName(node));
}
