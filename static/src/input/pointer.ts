// A follower's pointer, played in the leader's page: the whole sequence of
// pointer, mouse and click events that a hand would cause (UI Events §5.3,
// Pointer Events §10), with the default actions script may cause.

import {
  activeElement, box, clamp, closest, defaultView, elementOf, focus, focused, getSelection, hitTest,
  holds, isConnected, isContentEditable, isDisabled, isDraggable, isHTML, isTextControl, listen, matches, modifySelection, ownerDocument, path, scrollIntoView,
  setBaseAndExtent, blurHTML, stopEvent,
} from './dom';
import { DragAndDrop } from './dragdrop';
import { FINGER_ID, fire, POINTER_ID, type Point } from './events';
import { Finger, hasFingers } from './finger';
import type { Hands } from './hands';
import { SHIFT } from './messages';

/** Why an input could not be performed; the follower is told. */
export type Refusal = 'gone' | 'covered' | 'disabled' | 'masked' | 'protected' | 'kept';

export interface Place extends Point {
  target: Element;
}

/** A button that is held down. */
interface Held {
  from: Place;
  button: number;
  buttons: number;
  detail: number;
  mods: number;
  /** Whether mouse events go with those of the pointer: not after a prevented pointerdown (Pointer Events §11). */
  mouse: boolean;
  /** What the page has setPointerCapture to. */
  captor: Element | null;
  /** What is dragged and dropped; null while it may come to that, false when it does not. */
  load: DragAndDrop | null | false;
  /** What presses where the visitor has no mouse. */
  finger: Finger | null;
  /** How far it has been moved. */
  at: Point;
  /** When its follower was heard of last. */
  heard: number;
}

const now = performance.now.bind(performance);

/** A follower who holds a button and is silent for so long has gone when the visitor's own hand moves. */
const SILENT_MS = 5000;

/** One pointer of one document: it remembers what it was last over, and what it holds. */
export class Pointer {
  private over: Element[] = [];
  private last: Point = { x: 0, y: 0 };
  private held: Held | null = null;

  constructor(private readonly document: Document, private readonly hands: Hands, private readonly withheld: (node: Node) => Refusal | null,
    private readonly placed: (at: [Node, number]) => void) {
    // Two hands on one mouse would let go for each other.
    const view = defaultView(document);
    if (view === null) return;
    for (const type of ['pointermove', 'mousemove', 'pointerdown']) {
      listen(view, type, (event) => {
        if (this.held === null || !event.isTrusted) return;
        if (type === 'pointerdown' || now() - this.held.heard > SILENT_MS) this.letGo();
        else stopEvent(event);
      }, { capture: true, passive: true });
    }
  }

  /** Moves to a place inside `node`. */
  hover(node: Node, fx: number, fy: number): Refusal | null {
    if (this.held !== null) return null;
    const place = locate(node, fx, fy);
    if (typeof place === 'string') return place;
    this.move(place);
    return null;
  }

  /** Turns a wheel over `node`; 'kept' when the page does something else with it than to scroll. */
  wheel(node: Node, fx: number, fy: number, turned: Point, mods: number): Refusal | null {
    const place = locate(node, fx, fy);
    if (typeof place === 'string') return place;
    this.move(place);
    return fire(place.target, 'wheel', place, { bubbles: true, cancelable: true, mods, turned }) ? null : 'kept';
  }

  /** Presses and releases a button on `node`. */
  click(node: Node, fx: number, fy: number, button: number, detail: number, mods: number): Refusal | null {
    const why = this.press(node, fx, fy, button, detail, mods);
    if (why === null) this.up(this.held!.from, mods);
    return why;
  }

  /** Presses a button on `node` and holds it. */
  press(node: Node, fx: number, fy: number, button: number, detail: number, mods: number): Refusal | null {
    this.letGo();
    const place = locate(node, fx, fy);
    if (typeof place === 'string') return place;
    const { target } = place;
    // A finger drags what is to be dropped after a while only, which is not what the follower does.
    const touches = button === 0 && hasFingers() && !path(target).some((element) => isHTML(element) && isDraggable(element));
    if (!touches) this.move(place);
    const why = this.withheld(target);
    if (why !== null) return why;

    const buttons = [1, 4, 2][button] ?? 0;
    const base = { bubbles: true, cancelable: true, button, buttons, mods };
    const held = { from: place, button, buttons, detail, mods, mouse: true, captor: null, load: null, finger: null, at: { x: 0, y: 0 }, heard: now() } as Held;
    this.held = held;
    if (touches) {
      this.last = { x: place.x, y: place.y };
      held.finger = new Finger(target, place, mods);
      held.finger.press();
      return null;
    }
    held.mouse = fire(target, 'pointerdown', place, base);
    const goes = held.mouse && fire(target, 'mousedown', place, { ...base, detail });
    if (goes) this.pressed(place, detail, (mods & SHIFT) !== 0);
    else held.load = false;
    return null;
  }

  /** Moves what is held, to an offset from where it was pressed. */
  drag(dx: number, dy: number): Refusal | null {
    const { held } = this;
    if (held === null) return 'gone';
    held.heard = now();
    held.at = { x: dx, y: dy };
    if (held.finger !== null) {
      this.last = { x: held.from.x + dx, y: held.from.y + dy };
      held.finger.move(this.last, held.captor);
      return null;
    }
    const place = this.place(held, dx, dy);
    if (held.load === null && held.button === 0) held.load = DragAndDrop.start(held.from.target, held.from, held.mods) ?? false;
    if (held.load) held.load.over(place, held.mods);
    else this.move(place);
    return null;
  }

  /** Lets go of what is held, at an offset from where it was pressed. */
  release(dx: number, dy: number, mods: number): Refusal | null {
    const { held } = this;
    if (held === null) return 'gone';
    if (held.at.x !== dx || held.at.y !== dy) this.drag(dx, dy);
    const place = this.place(held, dx, dy);
    const why = this.withheld(place.target);
    if (why === null || why === 'disabled') this.up(place, mods);
    else this.letGo();
    return why;
  }

  /** What setPointerCapture does while a follower holds the button; false when it is none of ours. */
  capture(element: Element, id: number): boolean {
    const { held } = this;
    if (held === null || id !== (held.finger ? FINGER_ID : POINTER_ID) || !isConnected(element)) return false;
    if (held.captor !== element) {
      this.free(element);
      held.captor = element;
      fire(element, 'gotpointercapture', this.last, { bubbles: true, buttons: held.buttons, finger: held.finger !== null });
    }
    return true;
  }

  captures(element: Element, id: number): boolean {
    return this.held !== null && id === (this.held.finger ? FINGER_ID : POINTER_ID) && this.held.captor === element;
  }

  /** Ends the capture there is. */
  free(next: Element | null = null): void {
    const captor = this.held?.captor ?? null;
    if (captor === null || captor === next) return;
    this.held!.captor = null;
    fire(captor, 'lostpointercapture', this.last, { bubbles: true, buttons: this.held!.buttons, finger: this.held!.finger !== null });
  }

  private place({ from, captor }: Held, dx: number, dy: number): Place {
    const x = from.x + dx;
    const y = from.y + dy;
    const target = captor !== null && isConnected(captor) ? captor : hitTest(this.document, x, y, from.target);
    return { target: target ?? path(from.target).at(-1)!, x, y };
  }

  private move(place: Place): void {
    const buttons = this.held?.buttons ?? 0;
    const details = { bubbles: true, buttons, by: { x: place.x - this.last.x, y: place.y - this.last.y } };
    this.enter(place, buttons);
    this.last = { x: place.x, y: place.y };
    fire(place.target, 'pointermove', place, details);
    if (this.held?.mouse !== false) fire(place.target, 'mousemove', place, details);
  }

  /** Lets the button go, with the click that comes of it where it was pressed and is released. */
  private up(place: Place, mods: number): void {
    const held = this.held!;
    if (held.load) {
      held.load.drop(place, mods);
      this.held = null;
      return;
    }
    if (held.finger !== null) return this.lift(held, held.finger, mods);
    const { button, detail, from } = held;
    const { target } = place;
    held.buttons = 0;
    const base = { bubbles: true, cancelable: true, button, buttons: 0, mods };
    fire(target, 'pointerup', place, base);
    if (held.mouse) fire(target, 'mouseup', place, { ...base, detail });
    this.free();
    this.held = null;
    const clicked = path(target).find((element) => holds(element, from.target));
    if (clicked === undefined) return;
    if (button === 0) {
      fire(clicked, 'click', place, { ...base, detail });
      if (detail === 2) fire(clicked, 'dblclick', place, { ...base, detail });
    } else {
      fire(clicked, 'auxclick', place, { ...base, detail });
      if (button === 2) fire(clicked, 'contextmenu', place, { ...base, detail });
    }
  }

  /** Takes a finger away, with the click that comes of a tap. */
  private lift(held: Held, finger: Finger, mods: number): void {
    held.buttons = 0;
    const tapped = finger.release(this.last, held.captor);
    this.free();
    this.held = null;
    const { target } = held.from;
    if (!tapped || !isConnected(target)) return;
    const base = { bubbles: true, cancelable: true, button: 0, detail: held.detail, mods };
    fire(target, 'mousemove', held.from, { bubbles: true });
    if (fire(target, 'mousedown', held.from, { ...base, buttons: 1 })) this.pressed(held.from, held.detail, false);
    fire(target, 'mouseup', held.from, base);
    fire(target, 'click', held.from, { ...base, finger: true });
    if (held.detail === 2) fire(target, 'dblclick', held.from, base);
  }

  /** Lets go of what is held without a click: whoever held it has gone, or the visitor presses. */
  private letGo(): void {
    const { held, last } = this;
    if (held === null) return;
    held.buttons = 0;
    if (held.load) held.load.cancel(last);
    else if (held.finger !== null) held.finger.cancel(last);
    else {
      const target = held.captor ?? held.from.target;
      fire(target, 'pointerup', last, { bubbles: true, button: held.button });
      if (held.mouse) fire(target, 'mouseup', last, { bubbles: true, button: held.button });
    }
    this.free();
    this.held = null;
  }

  /** The default action of pressing the main button: focus and caret or word selection, which the visitor keeps who types. */
  private pressed({ target, x, y }: Place, detail: number, extend: boolean): void {
    const document = ownerDocument(target)!;
    if (this.hands.field() !== null) {
      const at = isHTML(target) && isContentEditable(target) ? position(document, x, y) : null;
      if (at !== null) this.placed(at);
      return;
    }
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
  private enter(place: Place, buttons: number): void {
    const before = this.over;
    const now = path(place.target);
    const from = before[0] ?? null;
    if (from === place.target) return;
    const left = before.filter((element) => !now.includes(element));
    const entered = now.filter((element) => !before.includes(element)).reverse();
    if (from !== null) {
      fire(from, 'pointerout', place, { bubbles: true, buttons, related: place.target });
      fire(from, 'mouseout', place, { bubbles: true, buttons, related: place.target });
    }
    for (const element of left) {
      fire(element, 'pointerleave', place, { buttons, related: place.target });
      fire(element, 'mouseleave', place, { buttons, related: place.target });
    }
    fire(place.target, 'pointerover', place, { bubbles: true, buttons, related: from });
    fire(place.target, 'mouseover', place, { bubbles: true, buttons, related: from });
    for (const element of entered) {
      fire(element, 'pointerenter', place, { buttons, related: from });
      fire(element, 'mouseenter', place, { buttons, related: from });
    }
    this.over = now;
  }
}

/** The viewport point a fraction names, and the element that is really there. */
export function locate(node: Node, fx: number, fy: number): Place | Refusal {
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

/**
 * caretPositionFromPoint, and caretRangeFromPoint where only that exists (WebKit). In a control's own text, which is in no
 * node, Firefox counts its characters.
 */
function position(document: Document, x: number, y: number): [Node, number] | null {
  if ('caretPositionFromPoint' in document) {
    const at = document.caretPositionFromPoint(x, y);
    return at?.offsetNode ? [at.offsetNode, clamp(at.offsetNode, at.offset)] : null;
  }
  const range = (document as Document).caretRangeFromPoint(x, y);
  return range === null ? null : [range.startContainer, range.startOffset];
}
