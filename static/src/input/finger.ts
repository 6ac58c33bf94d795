// A follower's pointer where the visitor has a touch screen and no mouse: pages there may listen for fingers only. What
// is pressed, moved and released are the events of one (Pointer Events §10, Touch Events §5), and those of a mouse come
// after a tap, as browsers make them.

import { defaultView, dispatch, ownerDocument, path } from './dom';
import { fire, modsOf, type Point } from './events';

/** A finger that has moved further has not tapped. */
const TAP_PX = 10;

const scope = globalThis as unknown as { Touch?: typeof Touch; TouchEvent?: typeof TouchEvent };
// Firefox has them on touch screens only.
const { Touch: TouchNative, TouchEvent: TouchEventNative } = scope;
const matchNative = globalThis.matchMedia;
const matchesOf = Object.getOwnPropertyDescriptor(MediaQueryList.prototype, 'matches')!.get!;

/** Whether the visitor's hand is a finger. */
export const hasFingers = (): boolean =>
  navigator.maxTouchPoints > 0 && matchesOf.call(matchNative.call(globalThis, '(pointer: coarse)')) as boolean;

export class Finger {
  private tapping = true;

  constructor(private readonly target: Element, private readonly from: Point, private readonly mods: number) {}

  press(): void {
    const { target, from } = this;
    fire(target, 'pointerover', from, { bubbles: true, finger: true });
    for (const element of path(target).reverse()) fire(element, 'pointerenter', from, { finger: true });
    fire(target, 'pointerdown', from, { bubbles: true, cancelable: true, button: 0, buttons: 1, finger: true, mods: this.mods });
    if (!this.tell('touchstart', from)) this.tapping = false;
  }

  /** All events of a finger go to where it came down, or to what has captured it. */
  move(at: Point, captor: Element | null): void {
    if (Math.hypot(at.x - this.from.x, at.y - this.from.y) > TAP_PX) this.tapping = false;
    fire(captor ?? this.target, 'pointermove', at, { bubbles: true, button: -1, buttons: 1, finger: true, mods: this.mods });
    if (!this.tell('touchmove', at)) this.tapping = false;
  }

  /** True when it was a tap, of which the mouse's events come. */
  release(at: Point, captor: Element | null): boolean {
    this.leave('pointerup', at, captor ?? this.target);
    return this.tell('touchend', at) && this.tapping;
  }

  cancel(at: Point): void {
    this.leave('pointercancel', at, this.target);
    this.tell('touchcancel', at);
  }

  private leave(type: string, at: Point, to: Element): void {
    fire(to, type, at, { bubbles: true, button: 0, finger: true, mods: this.mods });
    fire(to, 'pointerout', at, { bubbles: true, finger: true });
    for (const element of path(to)) fire(element, 'pointerleave', at, { finger: true });
  }

  /** False when the page keeps the touch for itself. */
  private tell(type: string, { x, y }: Point): boolean {
    if (TouchNative === undefined || TouchEventNative === undefined) return true;
    const { target } = this;
    const view = defaultView(ownerDocument(target)!);
    const touch = new TouchNative({
      identifier: 0, target, clientX: x, clientY: y, pageX: x + (view?.scrollX ?? 0), pageY: y + (view?.scrollY ?? 0),
      screenX: x + (view?.screenX ?? 0), screenY: y + (view?.screenY ?? 0), radiusX: 10, radiusY: 10, force: 1,
    });
    const on = type === 'touchend' || type === 'touchcancel' ? [] : [touch];
    return dispatch(target, new TouchEventNative(type, {
      bubbles: true, cancelable: type !== 'touchcancel', composed: true, view, touches: on, targetTouches: on, changedTouches: [touch], ...modsOf(this.mods),
    }));
  }
}
