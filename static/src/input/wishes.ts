// What a page gets from a real hand only and a follower's has to ask for elsewhere: a choice of files, and the
// clipboard. What follows from a follower's input never opens a dialog at the visitor, and never reads or changes
// the visitor's clipboard.

import { later } from '../natives';
import type { Realm } from '../realm';
import {
  attribute, dispatch, elementOf, getSelection, hasAttribute, isConnected, isElement, isTextControl, listen, localName, pathOf, prevent, prevented, valueOf,
} from './dom';

export type Wish =
  /** The page asks for files, for the control of that number. */
  | { type: 'want'; want: number; accept: string; multiple: boolean }
  | { type: 'copied'; text: string };

export interface WishesContext {
  realm: Realm;
  document: Document;
  /** Says what the page wants because of input n. */
  tell(n: number, wish: Wish): void;
  /** Whether a text holds something that is hidden from followers. */
  secret(text: string): boolean;
  masked(node: Node): boolean;
}

/** A page may come to its wish after asking its server; later than that it is nobody's. */
const LATER_MS = 1000;
const KEPT = 8;

const ClipboardEventNative = ClipboardEvent;
const DataTransferNative = DataTransfer;
const getData = DataTransfer.prototype.getData;
const textOf = Blob.prototype.text;
const typeOf = globalThis.ClipboardItem?.prototype.getType; // pages of plain http have none
const now = performance.now.bind(performance);
const selectionText = Selection.prototype.toString;
const apply = Reflect.apply;

export class Wishes {
  /** The follower's input that what happens now may come of. */
  private by = 0;
  private until = 0;
  private count = 0;
  private readonly wanted = new Map<number, Element>();

  constructor(private readonly ctx: WishesContext) {
    const { realm, document } = ctx;
    for (const type of ['pointerdown', 'keydown']) {
      listen(document, type, (event) => { if (event.isTrusted) this.by = 0; }, { capture: true, passive: true });
    }
    const window = () => realm.global as Window;
    realm.listen(window, 'click', (event: Event) => {
      const target = pathOf(event)[0] as Node;
      if (this.acting === 0 || !isElement(target) || !isFileControl(target)) return;
      // When the page lets it pass: at the end of its way, or, if it ends on the way, a little later.
      const n = this.acting;
      let asked = false;
      const ask = () => {
        if (asked || prevented(event)) return;
        asked = true;
        prevent(event);
        this.want(n, target);
      };
      listen(window(), 'click', (last) => { if (last === event) ask(); }, { once: true });
      later(ask, 0);
    }, true);
    this.hook(realm);
  }

  /** Performs an input of a follower's. */
  during<T>(n: number, perform: () => T): T {
    this.by = n;
    this.until = Infinity;
    try {
      return perform();
    } finally {
      this.until = now() + LATER_MS;
    }
  }

  /** The control that asked by that number, if the page still has it. */
  control(want: number): Element | null {
    return this.wanted.get(want) ?? null;
  }

  /** Copies, or cuts, in a follower's name: what the page puts into the clipboard is theirs. True when it did. */
  copy(target: Element, type: 'copy' | 'cut'): boolean {
    const clipboardData = new DataTransferNative();
    const event = new ClipboardEventNative(type, { bubbles: true, cancelable: true, composed: true, clipboardData });
    if (event.clipboardData === null) Object.defineProperty(event, 'clipboardData', { value: clipboardData });
    if (dispatch(target, event)) return false;
    this.copied(apply(getData, clipboardData, ['text/plain']) as string);
    return true;
  }

  private get acting(): number {
    return this.by !== 0 && now() <= this.until ? this.by : 0;
  }

  private want(n: number, control: Element): void {
    const want = ++this.count;
    this.wanted.set(want, control);
    this.wanted.delete(want - KEPT);
    this.ctx.tell(n, { type: 'want', want, accept: attribute(control, 'accept') ?? '', multiple: hasAttribute(control, 'multiple') });
  }

  private copied(text: string): void {
    if (text !== '' && this.acting !== 0 && !this.ctx.secret(text)) this.ctx.tell(this.acting, { type: 'copied', text });
  }

  private hook({ patch, global }: Realm): void {
    const input = global.HTMLInputElement.prototype;
    const wants = (self: Element) => this.acting !== 0 && isFileControl(self);
    // One that is not in the page is out of sight of our listener.
    patch.method(global.HTMLElement.prototype, 'click', (native, self, args) => {
      if (!wants(self) || isConnected(self)) return native(self, args);
      this.want(this.acting, self);
    });
    patch.method(input, 'showPicker', (native, self, args) => (wants(self) ? this.want(this.acting, self) : native(self, args)));

    const board = global.Clipboard?.prototype;
    const refused = () => global.Promise.reject(new global.DOMException('Read permission denied.', 'NotAllowedError'));
    for (const name of ['read', 'readText']) {
      patch.method(board, name, (native, self, args) => (this.acting === 0 ? native(self, args) : refused()));
    }
    patch.method(board, 'writeText', (native, self, args) => {
      if (this.acting === 0) return native(self, args);
      this.copied(`${args[0] as string}`);
      // The visitor is asked whether their clipboard may have it, too (record/needs.ts); a press of theirs that was for
      // something else is no answer.
      return global.navigator.userActivation?.isActive ? global.Promise.resolve() : native(self, args);
    });
    patch.method(board, 'write', (native, self, args) => {
      if (this.acting === 0) return native(self, args);
      const n = this.acting;
      return plain(args[0]).then((text) => { if (text !== '' && !this.ctx.secret(text)) this.ctx.tell(n, { type: 'copied', text }); });
    });
    patch.method(global.Document.prototype, 'execCommand', (native, self, args) => {
      const name = String(args[0]).toLowerCase();
      if (this.acting === 0 || (name !== 'copy' && name !== 'cut')) return native(self, args);
      return this.copySelected(self as Document, name);
    });
  }

  /** What execCommand does for a real hand. */
  private copySelected(document: Document, type: 'copy' | 'cut'): boolean {
    const active = document.activeElement ?? document.documentElement;
    if (this.copy(active, type)) return true;
    const selection = getSelection(document);
    const at = isTextControl(active) ? active : elementOf(selection?.anchorNode ?? null);
    if (at === null || this.ctx.masked(at)) return false;
    let text = selection === null ? '' : (apply(selectionText, selection, []) as string);
    if (isTextControl(active)) {
      const { get, start, end } = valueOf(active);
      text = get(active).slice(start(active) ?? 0, end(active) ?? 0);
    }
    this.copied(text);
    return text !== '';
  }
}

/** Whether an element opens a choice of files. */
export function isFileControl(element: Element): boolean {
  return localName(element) === 'input' && attribute(element, 'type')?.toLowerCase() === 'file';
}

/** The plain text of what is to be copied, if there is one. */
async function plain(items: unknown): Promise<string> {
  for (const item of items as Iterable<ClipboardItem>) {
    try {
      const blob = (await apply(typeOf, item, ['text/plain'])) as Blob;
      return (await apply(textOf, blob, [])) as string;
    } catch { /* of another type */ }
  }
  return '';
}
