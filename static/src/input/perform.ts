// The leader's side of a follower's input: each message is performed in the
// page, in the order it came, as if the visitor's own hand had done it.

import {
  attribute, defaultView, elementOf, focus, focused, holds, isConnected, isContentEditable, isDisabled, isElement, isHTML,
  isTextControl, listen,
  localName, optionSelected, ownerDocument, pathOf, requestSubmit, scrollElementTo, selectOptions, up, valueOf,
} from './dom';
import { fireKey, press } from './keyboard';
import { Hands } from './hands';
import type { Input, SelectionIds } from './messages';
import type { Realm } from '../realm';
import { Pace } from './pace';
import { Pointer, type Refusal } from './pointer';
import { Protection } from './protect';
import { changed, edit, fireChange, Histories, replaceText, savedSelection, select, selectNodes, setValue } from './text';

export interface PerformContext {
  /** The live node of a mirrored id. */
  node(id: number): Node | null;
  /** The document this performer serves, and its realm. */
  realm: Realm;
  document: Document;
  /** Whether a node's content is hidden from followers. */
  /** Whether followers may not change a node, as they do not see it. */
  masked(node: Node): boolean;
  /** Whether a rule keeps an element for the visitor. */
  protects(element: Element): boolean;
  done(n: number, ok: boolean, why?: string): void;
}

export interface Performer {
  /** Performs one input, soon and in its turn; never throws. Answers by `done`. */
  input(n: number, input: Input): void;
  /** Scrolls an element, or the window for node 0. */
  scroll(node: number, x: number, y: number): void;
}

export function createPerformer(ctx: PerformContext): Performer {
  const hands = new Hands(ctx.document);
  const pointer = new Pointer(ctx.document, hands, (node) => protection.covers(node));
  const protection = new Protection(ctx.realm, (element) => ctx.protects(element));
  hookPointerCapture(ctx.realm, pointer);
  /** A text control changed without the focus, whose change event is still due. */
  let unsettled: Element | null = null;
  /** Puts the caret back where the follower's last edit left it; it is lent when the visitor has it meanwhile. */
  let caret: () => void = () => {};
  let lent = false;
  const histories = new Histories();
  const pace = new Pace();
  listen(ctx.document, 'input', (event) => {
    const target = pathOf(event)[0] as Node;
    if (isElement(target) && isTextControl(target)) histories.note(target, valueOf(target).get(target));
  }, { capture: true, passive: true });

  return {
    input(n, input) {
      const taken = pace.run(() => {
        let why: string | null = 'failed';
        try {
          if (protection.watch(() => { why = perform(input); })) why ??= 'protected';
        } catch { /* a page's own handler never throws through dispatch: this is ours */ }
        if (why === null) ctx.done(n, true);
        else ctx.done(n, false, why);
        return input.kind !== 'hover' && input.kind !== 'focus' && input.kind !== 'selection';
      });
      if (!taken) ctx.done(n, false, 'failed');
    },
    scroll(id, x, y) {
      const view = defaultView(ctx.document);
      if (id === 0) view?.scrollTo({ left: x, top: y, behavior: 'instant' });
      const node = id === 0 ? null : ctx.node(id);
      if (node !== null && isElement(node)) scrollElementTo(node, { left: x, top: y, behavior: 'instant' });
    },
  };

  function perform(input: Input): Refusal | 'masked' | 'failed' | null {
    const node = ctx.node(input.node);
    if (node === null || !isConnected(node)) return 'gone';
    const element = elementOf(node);
    if (element === null) return 'gone';
    if (unsettled !== null && unsettled !== element && input.kind !== 'hover') settle();
    switch (input.kind) {
      case 'hover':
        return pointer.hover(node, input.fx, input.fy);
      case 'click':
        if (hands.elsewhere(element) === null) lent = false;
        return pointer.click(node, input.fx, input.fy, input.button, input.detail, input.mods);
      case 'press':
        if (hands.elsewhere(element) === null) lent = false;
        return pointer.press(node, input.fx, input.fy, 0, 1, input.mods);
      case 'drag':
        return pointer.drag(input.dx, input.dy);
      case 'release':
        return pointer.release(input.dx, input.dy, input.mods);
      case 'focus':
        if (hands.elsewhere(element) === null) focus(element);
        return null;
      case 'selection': {
        const place = () => selection(element, input.sel, input.start, input.end);
        if (hands.elsewhere(editingHost(element) ?? element) === null) {
          lent = false;
          return place();
        }
        caret = place;
        lent = true;
        return null;
      }
    }
    if (ctx.masked(node)) return 'masked';
    if (isDisabled(element)) return 'disabled';
    if (protection.covers(element)) return 'protected';
    switch (input.kind) {
      case 'key': {
        const target = keyTarget(element);
        const types = !ctx.masked(target) && !isDisabled(target) && hands.elsewhere(element) === null;
        press(target, input.key, input.code, input.mods, histories, types);
        return null;
      }
      case 'text':
        return isTextControl(element) && typed(element, input.edit, input.base) ? null : 'failed';
      case 'edit':
        return edited(element, input.inputType, input.data, input.sel) ? null : 'failed';
      case 'select':
        return choose(element, input.options) ? null : 'failed';
      case 'value':
        if (!isTextControl(element) && localName(element) !== 'input') return 'failed';
        if (attribute(element, 'type')?.toLowerCase() === 'file') return 'failed';
        setValue(element, input.value);
        return null;
      case 'submit':
        if (localName(element) !== 'form') return 'failed';
        requestSubmit(element);
        return null;
    }
  }

  function settle(): void {
    if (unsettled !== null) fireChange(unsettled);
    unsettled = null;
  }

  /**
   * Keys go to what has the focus when the follower means the page as a whole, or a part around it: a press there put
   * the mirror's focus on what can have it, and the page's own where it wants keys.
   */
  function keyTarget(element: Element): Element {
    const active = focused(ctx.document);
    const name = localName(element);
    if (name === 'body' || name === 'html') return active ?? element;
    if (active !== null && holds(element, active)) return active;
    if (active !== element && !(isHTML(element) && isContentEditable(element))) focus(element);
    return element;
  }

  /** One follower keystroke or paste in a text control, with its key events around it. */
  function typed(control: Element, change: [number, number, string], base: number): boolean {
    const text = change[2];
    const key = text === '\n' ? 'Enter' : text.length === 1 ? text : text === '' ? 'Backspace' : null;
    if (hands.elsewhere(control) !== null) {
      unsettled = control;
      return replaceText(control, change, base, histories, true);
    }
    if (key === null) return replaceText(control, change, base, histories);
    if (focused(ownerDocument(control)!) !== control) focus(control);
    const goes = fireKey('keydown', control, key, codeOf(key), 0) && (text === '' || fireKey('keypress', control, key, codeOf(key), 0));
    const ok = !goes || replaceText(control, change, base, histories);
    fireKey('keyup', control, key, codeOf(key), 0);
    return ok;
  }

  /**
   * Without a selection the edit goes on where the follower's last one left the caret: in this host if the caret was
   * given back to the visitor since, else wherever the page has moved it.
   */
  function edited(element: Element, inputType: string, data: string | null, sel?: SelectionIds): boolean {
    let host = editingHost(element);
    if (host === null) return false;
    const field = hands.elsewhere(host);
    const back = savedSelection(ctx.document);
    if (sel === undefined && lent) {
      focus(host);
      caret();
    } else if (sel === undefined && field === null) {
      const now = focused(ctx.document);
      if (now !== null && !ctx.masked(now)) host = editingHost(now) ?? host;
    }
    const ok = editIn(host, inputType, data, sel);
    caret = savedSelection(ctx.document);
    // Editors edit at the focus. It goes back in the same task, before the visitor's next key.
    lent = field !== null;
    if (field !== null) {
      focus(field);
      back();
    }
    return ok;
  }

  function editIn(host: Element, inputType: string, data: string | null, sel?: SelectionIds): boolean {
    if (focused(ctx.document) !== host) focus(host);
    if (sel !== undefined) selection(host, sel);
    const key = KEYS[inputType] ?? (inputType === 'insertText' && data?.length === 1 ? data : null);
    if (key === null) return edit(host, inputType, data);
    const goes = fireKey('keydown', host, key, codeOf(key), inputType === 'insertLineBreak' ? 8 : 0);
    const ok = !goes || edit(host, inputType, data);
    fireKey('keyup', focused(ctx.document) ?? host, key, codeOf(key), 0);
    return ok;
  }

  function selection(element: Element, sel?: SelectionIds, start?: number, end?: number): Refusal | null {
    if (sel !== undefined) {
      const anchor = ctx.node(sel[0]);
      const extent = ctx.node(sel[2]);
      if (anchor === null || extent === null || !isConnected(anchor) || !isConnected(extent)) return 'gone';
      selectNodes(anchor, sel[1], extent, sel[3]);
    } else if (isTextControl(element) && start !== undefined) {
      if (focused(ctx.document) !== element) focus(element);
      select(element, start, end ?? start);
    }
    return null;
  }
}

const KEYS: Record<string, string> = {
  insertParagraph: 'Enter',
  insertLineBreak: 'Enter',
  deleteContentBackward: 'Backspace',
  deleteContentForward: 'Delete',
};

function codeOf(key: string): string {
  if (/^[a-z]$/i.test(key)) return 'Key' + key.toUpperCase();
  if (/^[0-9]$/.test(key)) return 'Digit' + key;
  return key === ' ' ? 'Space' : key.length > 1 ? key : '';
}

/** The outermost editable element around `element`. */
function editingHost(element: Element): Element | null {
  let host: Element | null = null;
  for (let at: Node | null = element; isHTML(at) && isContentEditable(at); at = up(at)) host = at;
  return host;
}

function choose(element: Element, indexes: number[]): boolean {
  if (localName(element) !== 'select') return false;
  const options = selectOptions(element);
  if (focused(ownerDocument(element)!) !== element) focus(element);
  let differs = false;
  for (let i = 0; i < options.length; i++) {
    const option = options[i]!;
    const wanted = indexes.includes(i);
    if (optionSelected.get(option) === wanted) continue;
    optionSelected.set(option, wanted);
    differs = true;
  }
  if (differs) changed(element);
  return true;
}

/** While a follower holds a button there is no real pointer to capture. */
function hookPointerCapture({ patch, global }: Realm, pointer: Pointer): void {
  const holder = global.Element.prototype;
  patch.method(holder, 'setPointerCapture', (native, self, args) => pointer.capture(self, Number(args[0])) ? undefined : native(self, args));
  patch.method(holder, 'hasPointerCapture', (native, self, args) => pointer.captures(self, Number(args[0])) || native(self, args));
  patch.method(holder, 'releasePointerCapture', (native, self, args) =>
    pointer.captures(self, Number(args[0])) ? pointer.free() : native(self, args));
}
