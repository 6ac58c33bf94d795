// The events of a pointer (UI Events §5.3, Pointer Events §10), made as a real
// mouse would make them.

import { defaultView, dispatch, ownerDocument } from './dom';
import { markPerformed } from '../performed';
import { ALT, CTRL, META, SHIFT } from './messages';

export interface Point {
  x: number;
  y: number;
}

export interface Details {
  bubbles?: boolean;
  cancelable?: boolean;
  button?: number;
  buttons?: number;
  detail?: number;
  mods?: number;
  related?: Element | null;
  /** How far the pointer came to be here. */
  by?: Point;
  transfer?: DataTransfer;
  /** How far a wheel was turned, CSS px. */
  turned?: Point;
  /** It is a finger, not the mouse. */
  finger?: boolean;
}

const PointerEventNative = PointerEvent;
const MouseEventNative = MouseEvent;
const DragEventNative = DragEvent;
const WheelEventNative = WheelEvent;

export const POINTER_ID = 1; // what browsers give the mouse
export const FINGER_ID = 2;
/** Of mouse events that are about no button: Chromium shows -1 as button 0, but as 0 in `which`, as with a real hand. */
const NO_BUTTON = new MouseEvent('mousemove', { button: -1 }).button === 0 ? -1 : 0;

/** The keys that are held, as events have them. */
export const modsOf = (mods: number): EventModifierInit => ({
  altKey: (mods & ALT) !== 0, ctrlKey: (mods & CTRL) !== 0, metaKey: (mods & META) !== 0, shiftKey: (mods & SHIFT) !== 0,
});

/** Dispatches one event; false when the page prevented its default action. */
export function fire(target: Element, type: string, { x, y }: Point, details: Details): boolean {
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
    movementX: details.by?.x ?? 0,
    movementY: details.by?.y ?? 0,
    button: details.button ?? (moves && !details.buttons ? (pointer ? -1 : NO_BUTTON) : pointer && moves ? -1 : 0),
    buttons: details.buttons ?? 0,
    relatedTarget: details.related ?? null,
    ...modsOf(mods),
  };
  if (details.transfer !== undefined) return dispatch(target, new DragEventNative(type, { ...init, dataTransfer: details.transfer }));
  if (details.turned !== undefined) return dispatch(target, new WheelEventNative(type, { ...init, deltaX: details.turned.x, deltaY: details.turned.y }));
  // click, auxclick and contextmenu are pointer events too (Pointer Events §10.2).
  if (!pointer && type !== 'click' && type !== 'auxclick' && type !== 'contextmenu') {
    return dispatch(target, new MouseEventNative(type, init));
  }
  const size = details.finger ? 20 : 1;
  const event = new PointerEventNative(type, {
    ...init,
    pointerId: details.finger ? FINGER_ID : POINTER_ID,
    pointerType: details.finger ? 'touch' : 'mouse',
    isPrimary: true,
    width: size,
    height: size,
    pressure: init.buttons ? 0.5 : 0,
  });
  markPerformed(event);
  return dispatch(target, event);
}
