// A follower's pointer, played in the leader's page: the whole sequence of
// pointer, mouse and click events that a hand would cause (UI Events §5.3,
// Pointer Events §10), with the default actions script may cause.

import {
  activeElement, attribute, box, closest, defaultView, dispatch, elementOf, focus, focused, getSelection, hitTest,
  holds, isDisabled, isHTML, isTextControl, localName, matches, modifySelection, ownerDocument, path, scrollIntoView,
  setBaseAndExtent, blurHTML,
} from './dom';
import type { Hands } from './hands';
import { ALT, CTRL, META, SHIFT } from './messages';

/** Why an input could not be performed; the follower is told. */
export type Refusal = 'gone' | 'covered' | 'disabled' | 'needs-visitor';

interface Place {
  target: Element;
  x: number;
  y: number;
}

const POINTER_ID = 1; // what browsers give the mouse

/** One pointer of one document: it remembers what it was last over. */
export class Pointer {
  private over: Element[] = [];

  constructor(private readonly hands: Hands) {}

  /** Moves to a place inside `node` and says what lies there. */
  hover(node: Node, fx: number, fy: number): Place | Refusal {
    const place = locate(node, fx, fy);
    if (typeof place === 'string') return place;
    this.enter(place);
    fire(place.target, 'pointermove', place, { bubbles: true });
    fire(place.target, 'mousemove', place, { bubbles: true });
    return place;
  }

  /** Presses and releases a button on `node`. */
  click(node: Node, fx: number, fy: number, button: number, detail: number, mods: number): Refusal | null {
    const place = this.hover(node, fx, fy);
    if (typeof place === 'string') return place;
    const { target } = place;
    if (isDisabled(target)) return 'disabled';
    if (opensPicker(target)) return 'needs-visitor';

    const buttons = [1, 4, 2][button] ?? 0;
    const base = { bubbles: true, cancelable: true, button, detail, mods };
    fire(target, 'pointerdown', place, { ...base, buttons, detail: 0 });
    if (fire(target, 'mousedown', place, { ...base, buttons })) this.press(place, detail, (mods & SHIFT) !== 0);
    fire(target, 'pointerup', place, { ...base, buttons: 0, detail: 0 });
    fire(target, 'mouseup', place, { ...base, buttons: 0 });
    if (button === 0) {
      fire(target, 'click', place, { ...base, buttons: 0 });
      if (detail === 2) fire(target, 'dblclick', place, { ...base, buttons: 0 });
    } else {
      fire(target, 'auxclick', place, { ...base, buttons: 0 });
      if (button === 2) fire(target, 'contextmenu', place, { ...base, buttons: 0 });
    }
    return null;
  }

  /** The default action of pressing the main button: focus and caret or word selection. */
  private press({ target, x, y }: Place, detail: number, extend: boolean): void {
    if (this.hands.elsewhere(target) !== null) return;
    const document = ownerDocument(target)!;
    const to = path(target).find((element) => matches(element, FOCUSABLE) && !isDisabled(element));
    if (to !== undefined) {
      if (focused(document) !== to) focus(to);
    } else {
      const active = activeElement(document);
      if (isHTML(active)) blurHTML(active);
    }
    if (!isTextControl(target)) caret(document, x, y, detail, extend);
  }

  /** Tells the elements left and entered, with the common ancestors left alone. */
  private enter(place: Place): void {
    const before = this.over;
    const now = path(place.target);
    const from = before[0] ?? null;
    if (from === place.target) return;
    const left = before.filter((element) => !now.includes(element));
    const entered = now.filter((element) => !before.includes(element)).reverse();
    if (from !== null) {
      fire(from, 'pointerout', place, { bubbles: true, related: place.target });
      fire(from, 'mouseout', place, { bubbles: true, related: place.target });
    }
    for (const element of left) {
      fire(element, 'pointerleave', place, { related: place.target });
      fire(element, 'mouseleave', place, { related: place.target });
    }
    fire(place.target, 'pointerover', place, { bubbles: true, related: from });
    fire(place.target, 'mouseover', place, { bubbles: true, related: from });
    for (const element of entered) {
      fire(element, 'pointerenter', place, { related: from });
      fire(element, 'mouseenter', place, { related: from });
    }
    this.over = now;
  }
}

/** The viewport point a fraction names, and the element that is really there. */
function locate(node: Node, fx: number, fy: number): Place | Refusal {
  const element = elementOf(node);
  const document = element === null ? null : ownerDocument(element);
  const view = document === null ? null : defaultView(document);
  if (element === null || document === null || view === null) return 'gone';
  let place = point(element, fx, fy);
  if (place.x < 0 || place.y < 0 || place.x >= view.innerWidth || place.y >= view.innerHeight) {
    scrollIntoView(element, { block: 'center', inline: 'nearest', behavior: 'instant' });
    place = point(element, fx, fy);
  }
  const hit = hitTest(document, place.x, place.y, element);
  if (hit === null) return 'covered';
  if (!holds(element, hit) && !holds(hit, element) && !sameLabel(element, hit)) return 'covered';
  return { target: holds(element, hit) ? hit : element, x: place.x, y: place.y };
}

function point(element: Element, fx: number, fy: number): { x: number; y: number } {
  const rect = box(element);
  // Just inside the far edges, where elementFromPoint still finds the element.
  const inside = (from: number, size: number, f: number) => from + Math.min(Math.max(f, 0), 1) * Math.max(size - 0.01, 0);
  return { x: inside(rect.left, rect.width, fx), y: inside(rect.top, rect.height, fy) };
}

function sameLabel(a: Element, b: Element): boolean {
  const label = closest(a, 'label');
  return label !== null && label === closest(b, 'label');
}

/** Pickers open only for a real hand; the follower offers its own for all but files. */
function opensPicker(target: Element): boolean {
  return localName(target) === 'input' && attribute(target, 'type')?.toLowerCase() === 'file';
}

const FOCUSABLE =
  'a[href], area[href], button, input:not([type=hidden]), select, textarea, summary, iframe, audio[controls], ' +
  'video[controls], [tabindex], [contenteditable=""], [contenteditable=true], [contenteditable=plaintext-only]';

function caret(document: Document, x: number, y: number, detail: number, extend: boolean): void {
  const selection = getSelection(document);
  const at = position(document, x, y);
  if (selection === null || at === null) return;
  const [node, offset] = at;
  const anchor = extend ? selection.anchorNode : null;
  if (anchor !== null) setBaseAndExtent(selection, anchor, selection.anchorOffset, node, offset);
  else setBaseAndExtent(selection, node, offset, node, offset);
  if (detail === 2) {
    modifySelection(selection, 'move', 'backward', 'word');
    modifySelection(selection, 'extend', 'forward', 'word');
  }
}

/** caretPositionFromPoint, and caretRangeFromPoint where only that exists (WebKit). */
function position(document: Document, x: number, y: number): [Node, number] | null {
  if ('caretPositionFromPoint' in document) {
    const at = document.caretPositionFromPoint(x, y);
    return at === null ? null : [at.offsetNode, at.offset];
  }
  const range = (document as Document).caretRangeFromPoint(x, y);
  return range === null ? null : [range.startContainer, range.startOffset];
}

interface Details {
  bubbles?: boolean;
  cancelable?: boolean;
  button?: number;
  buttons?: number;
  detail?: number;
  mods?: number;
  related?: Element | null;
}

const PointerEventNative = PointerEvent;
const MouseEventNative = MouseEvent;

/** Dispatches one event; false when the page prevented its default action. */
function fire(target: Element, type: string, { x, y }: { x: number; y: number }, details: Details): boolean {
  const view = defaultView(ownerDocument(target)!);
  const mods = details.mods ?? 0;
  const pointer = type.startsWith('pointer');
  const moves = type.endsWith('move') || type.endsWith('over') || type.endsWith('out') || type.endsWith('enter') || type.endsWith('leave');
  const init: PointerEventInit = {
    bubbles: details.bubbles ?? false,
    cancelable: details.cancelable ?? (details.bubbles ?? false),
    composed: details.bubbles ?? false,
    view,
    detail: details.detail ?? 0,
    clientX: x,
    clientY: y,
    screenX: x + (view?.screenX ?? 0),
    screenY: y + (view?.screenY ?? 0),
    button: details.button ?? (pointer && moves ? -1 : 0),
    buttons: details.buttons ?? 0,
    relatedTarget: details.related ?? null,
    altKey: (mods & ALT) !== 0,
    ctrlKey: (mods & CTRL) !== 0,
    metaKey: (mods & META) !== 0,
    shiftKey: (mods & SHIFT) !== 0,
  };
  // click, auxclick and contextmenu are pointer events too (Pointer Events §10.2).
  if (!pointer && type !== 'click' && type !== 'auxclick' && type !== 'contextmenu') {
    return dispatch(target, new MouseEventNative(type, init));
  }
  return dispatch(target, new PointerEventNative(type, {
    ...init,
    pointerId: POINTER_ID,
    pointerType: 'mouse',
    isPrimary: true,
    width: 1,
    height: 1,
    pressure: init.buttons ? 0.5 : 0,
  }));
}
