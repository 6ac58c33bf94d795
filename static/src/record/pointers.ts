// Where the visitor's own pointer is, as a place inside the innermost mirrored
// element: followers' pages have the same boxes, if not always the same layout.

import type { MarkKind, Place } from '../port';
import type { Realm } from '../realm';
import { box, getter, guard, isElement, later, localName, method, nodeType, now, pathOf, up } from './dom';

const PERIOD_MS = 33;
const clientX = getter<number>(MouseEvent.prototype, 'clientX');
const clientY = getter<number>(MouseEvent.prototype, 'clientY');
const buttonOf = getter<number>(MouseEvent.prototype, 'button');
const ctrlKey = getter<boolean>(MouseEvent.prototype, 'ctrlKey');
const prevent = method<[], void>(Event.prototype, 'preventDefault');
const stop = method<[], void>(Event.prototype, 'stopImmediatePropagation');

export interface PointerContext {
  realm: Realm;
  id(node: Node): number;
  send(message: ({ type: 'pointer' } & Place) | ({ type: 'mark'; kind?: MarkKind } & Place)): void;
  running(): boolean;
}

export interface Pointing {
  /** Whether presses put a frame around what is pressed, until told otherwise. */
  frame(on: boolean): void;
}

/** Reports moves, 30 a second at most and always the last one, and presses. */
export function reportPointer(ctx: PointerContext): Pointing {
  let latest: Place | null = null;
  let waiting = false;
  let sent = -PERIOD_MS;
  let framing = false;
  const send = () => {
    waiting = false;
    sent = now();
    if (latest !== null && ctx.running()) ctx.send({ type: 'pointer', ...latest });
    latest = null;
  };
  const listen = (type: string, listener: (at: Place, event: MouseEvent, target: EventTarget) => void, passive: boolean) => {
    const own = (event: Event) => {
      const target = pathOf(event)[0];
      // A follower's click is performed by events of ours, which are not the visitor's pointer.
      if (event.isTrusted && ctx.running() && target !== undefined) listener(place(ctx, target, event as MouseEvent), event as MouseEvent, target);
    };
    ctx.realm.listen(() => ctx.realm.global as Window, type, own, { capture: true, passive });
  };
  listen('pointermove', (at) => {
    latest = at; // the element's box is read now, so that the two belong together
    if (waiting) return;
    waiting = true;
    later(send, Math.max(0, PERIOD_MS - (now() - sent)));
  }, true);

  // A press that points something out is not the page's.
  let kept = false;
  const pointsOut = (event: MouseEvent, target: EventTarget): MarkKind | undefined =>
    buttonOf(event) !== 0 ? undefined : framing ? 'frame' : ctrlKey(event) && !inLink(target) ? 'wiggle' : undefined;
  listen('pointerdown', (at, event, target) => {
    const kind = pointsOut(event, target);
    kept = kind !== undefined;
    if (kept) keep(event);
    ctx.send(kind === undefined ? { type: 'mark', ...at } : { type: 'mark', kind, ...at });
  }, false);
  for (const type of ['mousedown', 'pointerup', 'mouseup', 'click', 'contextmenu']) {
    listen(type, (_, event) => kept && keep(event), false);
  }
  // Enter clicks, too.
  ctx.realm.listen(() => ctx.realm.global as Window, 'keydown', () => void (kept = false), { capture: true, passive: true });
  return { frame: (on) => void (framing = on) };
}

function keep(event: Event): void {
  prevent(event);
  stop(event);
}

/** Ctrl opens links elsewhere. */
function inLink(target: EventTarget): boolean {
  for (let at: Node | null = isNode(target) ? target : null; at !== null; at = up(at)) {
    if (isElement(at) && (localName(at) === 'a' || localName(at) === 'area')) return true;
  }
  return false;
}

function place(ctx: PointerContext, target: EventTarget, event: MouseEvent): Place {
  const x = clientX(event);
  const y = clientY(event);
  for (let at: Node | null = isNode(target) ? target : null; at !== null; at = up(at)) {
    const node = ctx.id(at);
    if (node === 0 || !isElement(at)) continue;
    const { left, top, width, height } = box(at);
    return { node, fx: width > 0 ? (x - left) / width : 0, fy: height > 0 ? (y - top) / height : 0, x, y };
  }
  return { node: 0, fx: 0, fy: 0, x, y };
}

const isNode = (target: EventTarget): target is Node => guard(() => nodeType(target as Node) > 0, false);
