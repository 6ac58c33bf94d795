// The leader's side of a follower's input: each message is performed in the
// page, in the order it came, as if the visitor's own hand had done it.

import {
  defaultView, elementOf, focus, focused, getSelection, hasAttribute, holds, isConnected, isContentEditable, isDisabled, isElement, isHTML,
  isPicked, isTextControl, isVisible, listen,
  editContextOf, localName, optionSelected, ownerDocument, pathOf, scrollElementTo, selectOptions, setFiles, transferWith, up, valueOf,
} from './dom';
import { fireKey, press } from './keyboard';
import { control, isMedia } from './media';
import { Carets } from './carets';
import { Hands } from './hands';
import { isFileControl, Wishes, type Wish } from './wishes';
import { CTRL, hash, META, type Caret, type EditedCaret, type Input, type Pressed, type Way } from './messages';
import type { Realm } from '../realm';
import { mapDelete, mapEach, mapGet, mapHas, mapSet, NativeMap, promiseThen } from '../natives';
import { Pace } from './pace';
import { locate, Pointer, type Refusal } from './pointer';
import { Protection } from './protect';
import { dropFiles } from './dragdrop';
import { pointOf, savedSelection, select, spotOf, type Point, type Selected } from './place';
import { changed, edit, fireChange, Histories, offerPaste, replaceText, savedCaret, selectIn, setValue, typeInContext, type Markup } from './text';

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
  /** Whether a text holds something that is hidden from followers. */
  secret(text: string): boolean;
  /** An input is over. The caret or selection is its follower's now in what is edited, perhaps beside the document's. */
  done(n: number, why: string | null, caret: Selected | null): void;
  /** The page wants something of the follower whose input n was. */
  wish(n: number, wish: Wish): void;
}

/** Where files go: to the control that asked for them by that number, or where they were dropped. */
export interface Destination {
  want: number;
  node: number;
  fx: number;
  fy: number;
}

export interface Performer {
  /**
   * Performs one input of somebody's, soon and in its turn; never throws. Answers by `done`. `only` is the one of two
   * rights that they have.
   */
  input(n: number, input: Input, from: string, only?: Way): void;
  /** Gives files to the page; the answer is why not, or null. */
  files(to: Destination, files: readonly File[]): string | null;
  /** Scrolls an element, or the window for node 0. */
  scroll(node: number, x: number, y: number): void;
  /** The document goes: answers what is under way, which was done if it has begun. */
  leave(): void;
}

const now = performance.now.bind(performance);
/** For so long after a wheel that the page keeps, the follower's own scrolling is not meant. */
const KEPT_MS = 400;

export function createPerformer(ctx: PerformContext): Performer {
  const carets = new Carets(ctx.document);
  const hands = new Hands(ctx.document, () => carets.taken());
  /** Whose input is being performed. */
  let who = '';
  const pointer = new Pointer(ctx.document, hands, withheld, (at) => carets.hold(who, editingHost(elementOf(at[0])), [at, at]));
  const protection = new Protection(ctx.realm, (element) => ctx.protects(element));
  hookPointerCapture(ctx.realm, pointer);
  const wishes = new Wishes({
    realm: ctx.realm, document: ctx.document, masked: (node) => ctx.masked(node), secret: (text) => ctx.secret(text),
    tell: (n, wish) => ctx.wish(n, wish),
  });
  /** A text control changed without the focus, whose change event is still due. */
  let unsettled: Element | null = null;
  const histories = new Histories();
  /** When the page kept a wheel for itself last. */
  let kept = -KEPT_MS;
  const pace = new Pace();
  /** Inputs without an answer: whose they are, and whether they have begun. */
  const open = new NativeMap<number, { from: string; begun: boolean }>();
  listen(ctx.document, 'input', (event) => {
    const target = pathOf(event)[0] as Node;
    if (isElement(target) && isTextControl(target)) histories.note(target, valueOf(target).get(target));
  }, { capture: true, passive: true });
  for (const type of ['beforeinput', 'input']) {
    listen(ctx.document, type, (event) => {
      const host = carets.any ? editingHost(pathOf(event)[0] as Node) : null;
      const { focusNode, focusOffset } = (host !== null && getSelection(ctx.document)) || {};
      if (focusNode) noteLine(host!, [focusNode, focusOffset!]);
    }, { capture: true, passive: true });
  }

  return {
    input(n, input, from, only) {
      mapSet(open, n, { from, begun: false });
      const taken = pace.run(() => {
        if (!mapHas(open, n)) return false; // the document went
        mapSet(open, n, { from, begun: true });
        who = from;
        let why: string | null | Promise<string | null> = 'failed';
        try {
          if (protection.watch(() => { why = wishes.during(n, () => perform(input, only)); })) why ??= 'protected';
        } catch { /* a page's own handler never throws through dispatch: this is ours */ }
        if (typeof why === 'object' && why !== null) void promiseThen(why, (came: string | null) => answer(n, came), () => answer(n, 'failed'));
        else answer(n, why);
        return input.kind !== 'hover' && input.kind !== 'focus' && input.kind !== 'selection';
      });
      if (!taken) answer(n, 'failed');
    },
    leave: () => mapEach(open, ({ begun }, n) => answer(n, begun ? null : 'changed')),
    files: (to, files) => give(to, files),
    scroll(id, x, y) {
      if (now() - kept < KEPT_MS) return;
      const view = defaultView(ctx.document);
      if (id === 0) view?.scrollTo({ left: x, top: y, behavior: 'instant' });
      const node = id === 0 ? null : ctx.node(id);
      if (node !== null && isElement(node)) scrollElementTo(node, { left: x, top: y, behavior: 'instant' });
    },
  };

  function answer(n: number, why: string | null): void {
    const asked = mapGet(open, n);
    const caret = asked && carets.of(asked.from);
    if (mapDelete(open, n)) ctx.done(n, why, caret && !ctx.masked(caret[0][0]) && !ctx.masked(caret[1][0]) ? caret : null);
  }

  function perform(input: Input, only: Way | undefined): Refusal | 'failed' | null | Promise<string | null> {
    const node = ctx.node(input.node);
    if (node === null || !isConnected(node)) return 'gone';
    const element = elementOf(node);
    if (element === null) return 'gone';
    if (unsettled !== null && unsettled !== element && input.kind !== 'hover') settle();
    if (takesFocus(input) && hands.field() === null && editingHost(element) === null) carets.drop(who);
    switch (input.kind) {
      case 'hover':
        return pointer.hover(node, input.fx, input.fy);
      case 'wheel': {
        const why = pointer.wheel(node, input.fx, input.fy, { x: input.dx, y: input.dy }, input.mods);
        if (why === 'kept') kept = now();
        return why;
      }
      case 'click':
        if (hands.field() === null) carets.drop(who);
        return pointer.click(node, input.fx, input.fy, input.button, input.detail, input.mods);
      case 'press':
        if (hands.field() === null) carets.drop(who);
        return pointer.press(node, input.fx, input.fy, 0, 1, input.mods);
      case 'drag':
        return pointer.drag(input.dx, input.dy);
      case 'release':
        return pointer.release(input.dx, input.dy, input.mods);
      case 'focus':
        if (hands.elsewhere(element) === null) focus(element);
        return null;
      case 'selection':
        return placeCaret(element, input);
    }
    const why = withheld(element);
    if (why !== null) return why;
    if (isField(element) && input.kind !== 'key' && !isWritable(element)) return 'failed';
    switch (input.kind) {
      case 'key':
        return pressed(element, input, caretOf(input), only);
      case 'text':
        return isTextControl(element) && typed(element, input.edit, input.base, pressOf(input), input.inputType) ? null : 'failed';
      case 'edit':
        return edited(element, input.inputType, input.data, caretOf(input), pressOf(input), markupOf(input));
      case 'select':
        return choose(element, input.options) ? null : 'failed';
      case 'value':
        if (!isPicked(element) && !isTextControl(element)) return 'failed'; // whole, where a follower writes unseen
        setValue(element, input.value);
        return null;
      case 'media':
        return isMedia(element) ? control(element, input) : 'failed';
    }
  }

  /** Why followers may do nothing to a node. What they name need not be what their input would come to: that is asked about, too. */
  function withheld(node: Node): Refusal | null {
    if (ctx.masked(node)) return 'masked';
    if (isElement(node) && isDisabled(node)) return 'disabled';
    return protection.covers(node) ? 'protected' : null;
  }

  function give(to: Destination, files: readonly File[]): string | null {
    const control = to.want === 0 ? null : wishes.control(to.want);
    if (to.want !== 0) return control === null ? 'gone' : choose(control);
    const node = ctx.node(to.node);
    const place = node === null ? 'gone' : locate(node, to.fx, to.fy);
    if (typeof place === 'string') return place;
    const { target } = place;
    const why = withheld(target);
    if (why !== null && why !== 'disabled') return why;
    if (dropFiles(place, files)) return null;
    return isFileControl(target) ? choose(target) : 'no-files';

    function choose(element: Element): string | null {
      if (isDisabled(element)) return 'disabled';
      if (protection.covers(element)) return 'protected';
      setFiles(element, transferWith(hasAttribute(element, 'multiple') ? files : files.slice(0, 1)).list);
      changed(element);
      return null;
    }
  }

  function settle(): void {
    if (unsettled !== null) fireChange(unsettled);
    unsettled = null;
  }

  /**
   * Keys go to what has the focus when the follower means the page as a whole, or a part around it: a press there put
   * the mirror's focus on what can have it, and the page's own where it wants keys. What is withheld gets none that way.
   */
  function keyTarget(element: Element, key: string, only: Way | undefined): Element {
    let active = focused(ctx.document);
    if (active !== null && active !== element && (withheld(active) !== null || (only !== undefined && only !== wayOf(active, key)))) active = null;
    const name = localName(element);
    if (name === 'body' || name === 'html') return active ?? element;
    if (active !== null && holds(element, active)) return active;
    if (active !== element && !(isHTML(element) && isContentEditable(element))) focus(element);
    return element;
  }

  /** A key that is no typing. While the visitor types elsewhere it changes nothing there. */
  function pressed(element: Element, { key, code, mods }: Pressed, caret: Caret | null, only: Way | undefined): Refusal | null {
    const host = editingHost(element);
    if (host !== null && caret === null && (!carets.has(who) || focused(ctx.document) === host)) {
      return lent(host, null, () => press(host, key, code, mods, histories, true, undefined, (type) => wishes.copy(host, type)));
    }
    const elsewhere = hands.elsewhere(host ?? element) !== null;
    const target = elsewhere ? element : keyTarget(element, key, only);
    const types = !elsewhere;
    let why: Refusal | null = null;
    const place = caret === null ? undefined : () => { why = placeCaret(element, caret); };
    press(target, key, code, mods, histories, types, place, (type) => wishes.copy(target, type));
    return why;
  }

  /** Puts the caret where the follower has it, beside the selection while the visitor types. */
  function placeCaret(element: Element, to: Caret): Refusal | null {
    const field = hands.field();
    if (!('sel' in to)) {
      if (field !== null || !isTextControl(element)) return null; // a field's edits say where they go
      if (focused(ctx.document) !== element) focus(element);
      selectIn(element, to.start, to.end);
      return null;
    }
    const host = editingHost(element);
    const at = selected(host, to);
    if (at === null) return 'gone';
    if (host !== null) noteLine(host, at[1]);
    if (field !== null) {
      carets.hold(who, host, at);
    } else {
      select(at);
      carets.keep(who, host, false);
    }
    return null;
  }

  /** The points that a follower's caret names: by its characters when the page has made the text anew meanwhile. */
  function selected(host: Element | null, { sel, at }: EditedCaret): Selected | null {
    const [anchor, focus] = [ctx.node(sel[0]), ctx.node(sel[2])];
    const here = (node: Node | null) => node !== null && !ctx.masked(node) && (host === null ? isConnected(node) : holds(host, node));
    if (here(anchor) && here(focus)) return [[anchor!, sel[1]], [focus!, sel[3]]];
    if (host === null || at === undefined || at.length < 3) return null;
    const from = spot(host, at[0]!, at[1]!, at[2]!);
    const to = at.length < 6 ? from : spot(host, at[3]!, at[4]!, at[5]!);
    return from !== null && to !== null ? [from, to] : null;
  }

  function spot(host: Element, line: number, chars: number, base: number): Point | null {
    const at = pointOf(host, line, chars, histories.find(host, base));
    return at !== null && !ctx.masked(at[0]) ? at : null;
  }

  /** What a line is that followers may name. */
  function noteLine(host: Element, [node, offset]: Point): void {
    const spot = spotOf(host, node, offset);
    if (spot !== null) histories.note(host, spot.text);
  }

  /** One follower keystroke or paste in a text control, with its key events around it. */
  function typed(control: Element, change: [number, number, string], base: number, key: Pressed | null, inputType = ''): boolean {
    if (hands.elsewhere(control) !== null) {
      unsettled = control;
      return replaceText(control, change, base, histories, true);
    }
    const back = hands.field() === control ? savedCaret(control) : null;
    if (focused(ownerDocument(control)!) !== control) focus(control);
    const ok = withKey(control, key, () => (inputType === 'insertFromPaste' && offerPaste(control, change[2])) || replaceText(control, change, base, histories));
    back?.();
    return ok;
  }

  /** Does what a key does, with the events of the key around it; nothing, when the page prevents it. */
  function withKey(target: Element, pressed: Pressed | null, act: () => boolean): boolean {
    if (pressed === null) return act();
    const { key, code, mods } = pressed;
    const prints = (key.length === 1 || key === 'Enter') && (mods & (CTRL | META)) === 0;
    const goes = fireKey('keydown', target, key, code, mods) && (!prints || fireKey('keypress', target, key, code, mods));
    const ok = !goes || act();
    fireKey('keyup', focused(ctx.document) ?? target, key, code, mods);
    return ok;
  }

  /**
   * Without a selection the edit goes on at the follower's caret: the document's own selection if it is that, wherever
   * the page has moved it.
   */
  function edited(element: Element, inputType: string, data: string | null, to: Caret | null, key: Pressed | null, markup: Markup | null): Refusal | 'failed' | null {
    let host = editingHost(element);
    if (host === null) return data !== null && withKey(element, key, () => insert(element, inputType, data, markup)) ? null : 'failed';
    if (to === null && carets.has(who)) {
      const now = focused(ctx.document);
      if (now !== null && withheld(now) === null) host = editingHost(now) ?? host;
    }
    const at = host;
    let ok = false;
    return lent(at, to, () => { ok = withKey(at, key, () => edit(at, inputType, data, markup)); }) ?? (ok ? null : 'failed');
  }

  /**
   * Runs an act with the document's selection where the follower's caret is. Editors edit at the focus: while the visitor
   * types it goes back in the same task, before the visitor's next key.
   */
  function lent(host: Element, to: Caret | null, act: () => void): Refusal | null {
    const field = hands.field();
    const back = field === null ? null : savedSelection(ctx.document, field);
    if (focused(ctx.document) !== host) focus(host);
    const there = to !== null && 'sel' in to ? select(selected(host, to)) : carets.has(who) || carets.restore(who);
    const why = there ? withheldThere() : 'gone';
    if (why === null) {
      act();
      carets.keep(who, host, field !== null);
    }
    if (field !== null && back !== null) {
      if (field !== focused(ctx.document)) focus(field);
      select(back());
    }
    return why;
  }

  /** Why followers may edit nothing where the selection is, which they may have put anywhere. */
  function withheldThere(): Refusal | null {
    const { anchorNode, focusNode } = getSelection(ctx.document) ?? {};
    const [anchor, focus] = [elementOf(anchorNode ?? null), elementOf(focusNode ?? null)];
    return (anchor && withheld(anchor)) ?? (focus && withheld(focus));
  }

  /** Inserts a text where there is no editing host: in a field at its caret, or wherever the page takes a paste. */
  function insert(element: Element, inputType: string, data: string, markup: Markup | null): boolean {
    if (inputType === 'insertFromPaste' && (offerPaste(element, data, markup) || !isTextControl(element))) return true;
    if (typeInContext(element, data, 0)) return true;
    if (!isTextControl(element)) return false;
    const { get, start, end } = valueOf(element);
    const value = get(element);
    return replaceText(element, [start(element) ?? value.length, end(element) ?? value.length, data], hash(value), histories);
  }

  function markupOf({ inputType, html }: Input & { kind: 'edit' }): Markup | null {
    return inputType === 'insertFromPaste' && html ? { html, map: (url) => `${ctx.realm.map(url) as string}` } : null;
  }
}

/** Whether an input takes the focus to its element, and so the selection to where nobody edits. */
function takesFocus({ kind }: Input): boolean {
  return kind === 'text' || kind === 'value' || kind === 'select' || kind === 'key';
}

function pressOf({ key, code = '', mods = 0 }: Partial<Pressed>): Pressed | null {
  return key === undefined ? null : { key, code, mods };
}

function caretOf(input: Partial<{ start: number; end: number } & EditedCaret>): Caret | null {
  if (input.sel) return { sel: input.sel, ...(input.at && { at: input.at }) };
  return input.start === undefined || input.end === undefined ? null : { start: input.start, end: input.end };
}

/** The outermost editable element around `element`. */
function editingHost(element: Node | null): Element | null {
  let host: Element | null = null;
  for (let at: Node | null = element; isHTML(at) && isContentEditable(at); at = up(at)) host = at;
  return host;
}

/** Which right a key takes at an element, as the server judges it: what is typed takes another than what presses. */
function wayOf(element: Element, key: string): Way {
  const line = localName(element) === 'input' && isTextControl(element);
  const types = isTextControl(element) || (isHTML(element) && (isContentEditable(element) || editContextOf?.(element) != null));
  return types && !(line && key === 'Enter') ? 'fill' : 'click';
}

/** Whether it is a control whose value a hand could change as this is meant to: hidden ones are not in the mirror's sight. */
function isField(element: Element): boolean {
  return localName(element) === 'input' || localName(element) === 'textarea' || localName(element) === 'select';
}

function isWritable(element: Element): boolean {
  return !hasAttribute(element, 'readonly') && isVisible(element);
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
    if (wanted && isDisabled(option)) return false;
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
