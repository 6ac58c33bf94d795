// Where the visitor's own pointer is, as a place inside the innermost mirrored
// element: followers' pages have the same boxes, if not always the same layout.

import type { Place } from '../port';
import type { Realm } from '../realm';
import { box, getter, guard, isElement, later, nodeType, now, pathOf, up } from './dom';

const PERIOD_MS = 33;
const clientX = getter<number>(MouseEvent.prototype, 'clientX');
const clientY = getter<number>(MouseEvent.prototype, 'clientY');

export interface PointerContext {
  realm: Realm;
  id(node: Node): number;
  send(message: { type: 'pointer' | 'mark' } & Place): void;
  running(): boolean;
}

/** Reports moves, 30 a second at most and always the last one, and presses. */
export function reportPointer(ctx: PointerContext): void {
  let latest: Place | null = null;
  let waiting = false;
  let sent = -PERIOD_MS;
  const send = () => {
    waiting = false;
    sent = now();
    if (latest !== null && ctx.running()) ctx.send({ type: 'pointer', ...latest });
    latest = null;
  };
  const listen = (type: string, listener: (at: Place) => void) => {
    const own = (event: Event) => {
      const target = pathOf(event)[0];
      // A follower's click is performed by events of ours, which are not the visitor's pointer.
      if (event.isTrusted && ctx.running() && target !== undefined) listener(place(ctx, target, event as MouseEvent));
    };
    ctx.realm.listen(() => ctx.realm.global as Window, type, own, { capture: true, passive: true });
  };
  listen('pointermove', (at) => {
    latest = at; // the element's box is read now, so that the two belong together
    if (waiting) return;
    waiting = true;
    later(send, Math.max(0, PERIOD_MS - (now() - sent)));
  });
  listen('pointerdown', (at) => ctx.send({ type: 'mark', ...at }));
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
