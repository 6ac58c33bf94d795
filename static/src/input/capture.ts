// A follower's hands on the mirror: what they do there becomes messages for
// the leader. The mirror itself changes only where waiting for the leader
// would feel broken: text fields echo typing at once, and everything else is
// left to the leader's answer.

import type { Unmoved } from '../protocol';
import { isMasked, standsFor, takesText } from '../view/build';
import { Attention, editingHost } from './attention';
import { Composing } from './composing';
import { Dragging } from './dragging';
import { Fields } from './fields';
import type { Selected } from './place';
import { isBusy, isEditable, isPicked, isSink, isTextControl, placeOf } from './kinds';
import { Controls, isMedia } from './media';
import type { MarkKind } from '../port';
import { ALT, CTRL, isMove, META, SHIFT, type Input, type Playing, type Pressed } from './messages';

export interface CaptureContext {
  /** The mirrored document's name and its live document in this page. */
  doc: string;
  document: Document;
  id(node: Node): number;
  /** Whether the follower may act, in one way or in any, or only point. */
  acts(way?: 'click' | 'fill'): boolean;
  /** Whether the follower's presses put frames around elements. */
  frames(): boolean;
  /** Whether the leader hides this node's content. */
  masked(node: Node): boolean;
  /** Offset of this document's viewport inside the tab's, CSS px. */
  offset(): { x: number; y: number };
  send(msg: object): void;
  /** Whether the browser's focus is in the mirror. */
  here(): boolean;
  /** Tells the follower why nothing happens. */
  refuse(why: Unmoved): void;
  /** The next input number, unique in this connection. */
  next(): number;
}

export interface Capture {
  /** The leader performed (or refused) input n, and has the follower's selection there, in what is edited. */
  done(n: number, selected: Selected | null): void;
  /** The leader's value for a text control arrived: shown now, or once the follower's own typing is performed. */
  value(control: Element, value: string): void;
  /** The leader's focus came to an element, or its selection into an edited text. */
  focus(node: Node | null, start: number | null, end: number | null): void;
  /** What the leader's film or sound does. */
  plays(film: HTMLMediaElement, state: Playing): void;
  /** Somebody else is at work in a field. */
  joins(field: Element): void;
  /** Applies changes of the leader's. */
  around(apply: () => void): void;
  /** Whether a button or finger is down. */
  readonly presses: boolean;
}

const POINTER_MS = 33;
const SELECT_MS = 100;
/** Resting on an element for so long opens at the leader what opens under a pointer. */
const DWELL_MS = 100;
/** What a wheel that counts lines turns by. */
const LINE_PX = 16;
/** Who goes on typing in a field is told of so often. */
const AGAIN_MS = 1000;
/** More HTML than this is pasted as text. */
const MOST_MARKUP = 30_000;

interface Point {
  doc: string;
  node: number;
  fx: number;
  fy: number;
  x: number;
  y: number;
}

/** Listens for as long as the document is shown, which may be longer than the leader has it. */
export function attachCapture(ctx: CaptureContext): Capture {
  const fields = new Fields(ctx, input);
  const attention = new Attention({
    document: ctx.document, id: (node) => ctx.id(node), busy: isBusy, types: (element) => isField(element) && !isMasked(element), here: () => ctx.here(), keyed: () => moving !== null,
  });
  /** The field with the focus is a sink. */
  let sink: Element | null = null;
  /** The key whose typing is on its way, for the edit that comes of it. */
  let pressed: Pressed | null = null;
  /** A key that moves the caret here first: it is told with the place it came to. */
  let moving: (() => void) | null = null;
  /** Edits and keys that move the caret at the leader, which the mirror hears of later. */
  const ahead = new Set<number>();
  const composing = new Composing();
  let typingIn: { field: Element | null; at: number } = { field: null, at: 0 };
  const on = <E extends Event>(type: string, handle: (event: E) => void, passive = false) => {
    ctx.document.addEventListener(type, handle as (event: Event) => void, { capture: true, passive });
  };

  let shown = 'null';
  let showing = false;
  let over: Element | null = null;
  let rest: Point | null = null;
  let dwell = 0;
  on<PointerEvent>('pointermove', (event) => {
    const target = targetOf(event);
    rest = pointAt(event);
    if (target === over || event.buttons !== 0) return;
    over = target;
    clearTimeout(dwell);
    dwell = setTimeout(() => {
      if (rest !== null && ctx.acts('click')) input({ kind: 'hover', node: rest.node, fx: rest.fx, fy: rest.fy });
    }, DWELL_MS);
  }, true);

  // At most one message in this time, and always the last place.
  let latest: Point | null = null;
  let telling = false;
  const tell = () => {
    telling = latest !== null;
    if (latest === null) return;
    ctx.send({ type: 'pointer', ...latest });
    latest = null;
    setTimeout(tell, POINTER_MS);
  };
  let explained = false;
  on<PointerEvent>('pointermove', (event) => {
    latest = pointAt(event) ?? latest;
    if (!telling) tell();
    const target = targetOf(event);
    const hidden = target !== null && standsFor(target);
    if (hidden && !explained) ctx.refuse(takesText(target) ? 'hidden-typing' : 'hidden'); // there is nothing to be seen, and why
    explained = hidden;
  }, true);

  // The mirror scrolls by itself. What a page does with a wheel beside, or instead, is the leader's.
  const turned = { x: 0, y: 0 };
  let turning = 0;
  on<WheelEvent>('wheel', (event) => {
    const at = ctx.acts() ? pointAt(event) : null;
    if (at === null) return;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX;
    turned.x += event.deltaX * unit;
    turned.y += event.deltaY * unit;
    turning ||= setTimeout(() => {
      turning = 0;
      input({ kind: 'wheel', node: at.node, fx: at.fx, fy: at.fy, dx: Math.round(turned.x), dy: Math.round(turned.y), mods: mods(event) });
      turned.x = turned.y = 0;
    }, POINTER_MS);
  }, true);

  const controls = new Controls((element, wanted) => input({ kind: 'media', node: ctx.id(element), ...wanted }));
  for (const type of ['pointerdown', 'keydown']) on(type, () => attention.acted(), true);
  on('pointerdown', () => attention.press(true), true);
  for (const type of ['pointerup', 'pointercancel']) on(type, () => attention.press(false), true);
  for (const type of ['play', 'pause', 'seeked', 'volumechange', 'ratechange']) {
    on(type, (event) => {
      const target = targetOf(event);
      if (target !== null && isMedia(target) && ctx.acts()) controls.changed(target, type === 'seeked');
    }, true);
  }

  // Fingers scroll by moving; texts are selected by it, and other controls have a handle of their own.
  const dragging = new Dragging(() => ctx.id(ctx.document.documentElement), input);
  const dragged = (target: Element) =>
    !isEditable(target) && !isPicked(target) && !isMedia(target) && target.closest('select') === null && !ctx.masked(target);
  on<PointerEvent>('pointerdown', (event) => {
    const target = targetOf(event);
    const at = event.button === 0 && event.pointerType !== 'touch' && ctx.acts('click') && pointsOut(event) === undefined && target !== null && dragged(target) ? pointAt(event) : null;
    dragging.press(at && { node: at.node, fx: at.fx, fy: at.fy, mods: mods(event), x: event.clientX, y: event.clientY });
  }, true);
  on<PointerEvent>('pointermove', (event) => dragging.move(event), true);
  on<PointerEvent>('pointerup', (event) => dragging.release(mods(event)), true);
  on('pointercancel', () => dragging.release(0), true);

  on<MouseEvent>('click', (event) => {
    // The leader decides what a click does; here it only places a caret.
    event.preventDefault();
    if (dragging.going) return;
    press(event, 0);
    const selection = ctx.document.getSelection();
    if (selection === null || selection.isCollapsed) return;
    // A word lies in one text. Where nothing is to be selected, browsers take what lies around it, and all that the
    // leader then puts in between.
    if (event.detail === 2 && selection.anchorNode !== selection.focusNode) selection.removeAllRanges();
    else select();
  });
  on<MouseEvent>('auxclick', (event) => {
    event.preventDefault();
    if (event.button === 1) press(event, 1);
  });
  on<MouseEvent>('contextmenu', (event) => {
    event.preventDefault();
    press(event, 2);
  });
  on<MouseEvent>('mousedown', (event) => {
    const target = targetOf(event);
    if (target === null) return;
    // A view-only follower gets no caret, but may select text to show it.
    if (event.button !== 0 || pointsOut(event) !== undefined || (!ctx.acts() && isBusy(target))) event.preventDefault();
  });
  for (const type of ['submit', 'dragstart', 'reset']) on(type, (event) => event.preventDefault());
  on<DragEvent>('dragover', (event) => {
    if (ctx.acts() && event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
  on<DragEvent>('drop', (event) => {
    event.preventDefault();
    const at = pointAt(event);
    const files = Array.from(event.dataTransfer?.files ?? []);
    if (at === null || files.length === 0 || !ctx.acts()) return;
    const target = targetOf(event)!;
    if (ctx.masked(target)) return ctx.refuse('masked');
    ctx.send({ type: 'drop', node: at.node, fx: at.fx, fy: at.fy, files });
  });

  on<FocusEvent>('focusin', (event) => {
    const target = targetOf(event);
    if (target === null) return;
    sink = isTextControl(target) && isSink(target) ? target : null;
    fields.enter(target);
    if (ctx.acts() && !attention.follows) input({ kind: 'focus', node: ctx.id(target) });
  });
  on('focusout', (event) => {
    const target = targetOf(event);
    if (target !== null) fields.leave(target);
  });
  on('selectionchange', () => {
    if (ctx.acts() && !composing.going) select();
    if (!showing) setTimeout(show, SELECT_MS);
    showing = true;
  });

  on<KeyboardEvent>('keydown', (event) => {
    const target = targetOf(event);
    moved();
    pressed = null;
    if (target === null || event.isComposing) return;
    if (!ctx.acts()) {
      if (isEditable(target)) event.preventDefault();
      return;
    }
    if (ctx.masked(target)) {
      if (event.key.length === 1 || event.key === 'Enter' || event.key === 'Backspace') {
        event.preventDefault();
        ctx.refuse('masked');
      }
      return;
    }
    key(event, target);
  });

  on<InputEvent>('beforeinput', (event) => {
    const target = targetOf(event);
    if (target === null) return;
    if (!ctx.acts('fill') || ctx.masked(target)) {
      event.preventDefault();
      ctx.refuse(ctx.acts('fill') ? 'masked' : ctx.acts() ? 'fill' : 'view');
      return;
    }
    // What is composed is told when it is complete.
    if (isField(target) || composing.going) return;
    event.preventDefault();
    if (target !== sink) editHost(target, event.inputType, event.data ?? event.dataTransfer?.getData('text/plain') ?? null, markupOf(event.dataTransfer));
  });
  on('compositionstart', (event) => {
    const target = targetOf(event);
    if (target === null || !ctx.acts('fill') || ctx.masked(target)) return;
    moved();
    select();
    composing.begin(isTextControl(target) ? null : editingHost(target));
  }, true);
  on<CompositionEvent>('compositionend', (event) => {
    const target = targetOf(event);
    const began = composing.going;
    composing.end();
    if (target === null || !began) return;
    attention.agree();
    if (isField(target)) typed(target, 'insertText');
    else editHost(target, 'insertText', event.data);
  });

  on<InputEvent>('input', (event) => {
    const target = targetOf(event);
    if (target !== null && isField(target) && !event.isComposing) typed(target, event.inputType);
  });
  on<ClipboardEvent>('paste', (event) => {
    const target = targetOf(event);
    const data = event.clipboardData?.getData('text/plain') ?? '';
    // Where text is edited it comes as an edit.
    if (target === null || (isEditable(target) && target !== sink) || !ctx.acts('fill') || data === '') return;
    event.preventDefault();
    input({ kind: 'edit', node: ctx.id(target), inputType: 'insertFromPaste', data, ...markupOf(event.clipboardData) });
  });
  on('change', (event) => {
    const target = targetOf(event);
    if (target === null || !ctx.acts('fill')) return;
    if (target.localName === 'select') {
      const options = Array.from((target as HTMLSelectElement).options);
      input({ kind: 'select', node: ctx.id(target), options: options.flatMap((option, i) => (option.selected ? [i] : [])) });
    } else if (isPicked(target)) {
      input({ kind: 'value', node: ctx.id(target), value: (target as HTMLInputElement).value });
    }
  });

  return {
    done: (n, selected) => {
      ahead.delete(n);
      attention.around(() => fields.done(n));
      attention.done(n, selected);
      dragging.done(n);
    },
    value: (control, value) => fields.value(control, value),
    focus: (node, start, end) => attention.leads(node, start, end),
    plays: (film, state) => controls.told(film, state),
    joins: (field) => attention.joins(field),
    around: (apply) => composing.around(() => attention.around(apply)),
    get presses() {
      return attention.presses;
    },
  };

  /** Shows the others where the follower types. */
  function tellTyping(field: Element): void {
    if (field === typingIn.field && performance.now() - typingIn.at < AGAIN_MS) return;
    typingIn = { field, at: performance.now() };
    ctx.send({ type: 'editing', node: ctx.id(field) });
  }

  /** Where typing shows at once, and is told as the difference it makes. */
  function isField(element: Element): boolean {
    return isTextControl(element) && element !== sink;
  }

  function input(message: Input): number {
    moved();
    const n = ctx.next();
    if (message.kind !== 'hover') attention.sent(n); // which moves no caret, and is not always answered
    ctx.send({ type: 'input', n, doc: ctx.doc, input: message });
    return n;
  }

  /** Shows the others which text is selected. What is being edited shows itself. */
  function show(): void {
    showing = false;
    const selection = ctx.document.getSelection();
    const { anchorNode, focusNode } = selection ?? {};
    const nothing = !selection || selection.isCollapsed || !anchorNode || !focusNode || editingHost(anchorNode) !== null;
    const sel = nothing ? null : [ctx.id(anchorNode), selection.anchorOffset, ctx.id(focusNode), selection.focusOffset];
    if (`${sel}` === shown || (sel !== null && (sel[0] === 0 || sel[2] === 0))) return;
    shown = `${sel}`;
    ctx.send({ type: 'select', sel });
  }

  /** What a press does beside telling a place; it is no click then. */
  function pointsOut(event: MouseEvent): MarkKind | undefined {
    if (event.button !== 0) return undefined;
    if (ctx.frames()) return 'frame';
    // In a list of several, Ctrl chooses one more.
    return event.ctrlKey && !(ctx.acts() && targetOf(event)?.closest('select[multiple]')) ? 'wiggle' : undefined;
  }

  /** Tells of a caret that was moved by dragging or pressing, or a selection. */
  function select(): void {
    if (moving !== null) return;
    const field = focused(ctx.document);
    if (field !== null && ctx.masked(field)) return;
    const caret = attention.selected();
    if (caret === undefined) return;
    const anchor = ctx.document.getSelection()?.anchorNode;
    const host = 'sel' in caret ? (anchor ? editingHost(anchor) : null) : field;
    if (host !== null) input({ kind: 'selection', node: ctx.id(host), ...caret });
  }

  /** Sends the key that moved the caret, now that it did. */
  function moved(): void {
    const send = moving;
    moving = null;
    send?.();
  }

  function typed(control: Element, inputType: string): void {
    const key = pressed;
    pressed = null;
    moved();
    if (!fields.typed(control, inputType, key)) return;
    attention.agree();
    tellTyping(control);
  }

  function pointAt(event: MouseEvent): Point | null {
    const target = targetOf(event);
    const node = target === null ? 0 : ctx.id(target);
    if (target === null || node === 0) return null;
    const rect = target.getBoundingClientRect();
    const { x, y } = ctx.offset();
    return {
      doc: ctx.doc, node,
      fx: fraction(event.clientX - rect.left, rect.width),
      fy: fraction(event.clientY - rect.top, rect.height),
      x: Math.round(event.clientX + x), y: Math.round(event.clientY + y),
    };
  }

  function press(event: MouseEvent, button: number): void {
    const at = pointAt(event);
    if (at === null) return;
    // Enter and Space on a focused control arrive as clicks without a place;
    // their keydown has been sent already.
    if (event.detail === 0 && event.clientX === 0 && event.clientY === 0) return;
    const kind = pointsOut(event);
    ctx.send({ type: 'mark', ...at, ...(kind && { kind }) });
    if (!ctx.acts() || kind !== undefined) return;
    const target = targetOf(event)!;
    // The follower's own pickers answer these, by a change event.
    if (target.closest('select') !== null || isPicked(target)) return;
    if (!ctx.acts('click')) {
      if (!isEditable(target)) ctx.refuse('click');
      return;
    }
    input({ kind: 'click', node: at.node, fx: at.fx, fy: at.fy, button, detail: Math.max(1, event.detail), mods: mods(event) });
  }

  function key(event: KeyboardEvent, target: Element): void {
    const press: Pressed = { key: event.key, code: event.code, mods: mods(event) };
    const message: Input = { kind: 'key', node: ctx.id(target), ...press };
    switch (placeOf(event, target, target === sink)) {
      case 'mirror':
        return;
      case 'caret':
        if (ahead.size === 0 || !isMove(press)) return tellPlace(message);
        event.preventDefault();
        ahead.add(input(message));
        return;
      case 'edit':
        pressed = press;
        return;
      case 'leader':
        event.preventDefault();
    }
    input(message);
  }

  /** Tells of a key that the browser is about to move the caret by, as soon as it has. */
  function tellPlace(message: Input): void {
    moved();
    moving = () => input({ ...message, ...attention.moved() } as Input);
    setTimeout(moved);
  }

  /** An edit without a selection goes on where the last one left the leader's caret, which is ahead of this one. */
  function editHost(target: Element, inputType: string, data: string | null, markup: { html?: string } = {}): void {
    const key = pressed;
    pressed = null;
    moved();
    const caret = attention.moved();
    tellTyping(target);
    ahead.add(input({ kind: 'edit', node: ctx.id(target), inputType, data, ...markup, ...(caret !== undefined && 'sel' in caret && caret), ...key }));
  }
}

/** The focused element, through shadow roots. */
function focused(document: Document): Element | null {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at;
}

function targetOf(event: Event): Element | null {
  const first = event.composedPath()[0] as Node | undefined;
  return first !== undefined && first.nodeType === 1 ? (first as Element) : null;
}

function mods(event: MouseEvent | KeyboardEvent): number {
  return (event.altKey ? ALT : 0) | (event.ctrlKey ? CTRL : 0) | (event.metaKey ? META : 0) | (event.shiftKey ? SHIFT : 0);
}

/** The HTML of what is pasted, if there is some that goes into a message with its text. */
function markupOf(transfer: DataTransfer | null): { html?: string } {
  const html = transfer?.getData('text/html') ?? '';
  return html !== '' && html.length <= MOST_MARKUP && transfer!.getData('text/plain').length <= MOST_MARKUP ? { html } : {};
}

function fraction(offset: number, size: number): number {
  if (size <= 0) return 0;
  return Math.round(Math.min(Math.max(offset / size, 0), 1) * 10000) / 10000;
}
