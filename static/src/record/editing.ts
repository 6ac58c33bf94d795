// The field the visitor is at work in, for the others to see.

import { getter, isElement, isHTML, localName, now, pathOf, up } from './dom';
import type { Realm } from '../realm';

/** Who goes on typing in a field is told of so often. */
export const AGAIN_MS = 1000;

const isEditable = getter<boolean>(HTMLElement.prototype, 'isContentEditable');

export interface EditingContext {
  realm: Realm;
  document: Document;
  id(node: Node): number;
  running(): boolean;
  send(message: { type: 'editing'; node: number }): void;
}

export function reportEditing(ctx: EditingContext): void {
  let last = -AGAIN_MS;
  let where: Node | null = null;
  // What comes of a follower's input is no real hand's, but for input events, which browsers trust all the same.
  for (const type of ['keydown', 'pointerdown', 'compositionupdate']) {
    ctx.realm.listen(() => ctx.document, type, (event: Event) => {
      const field = event.isTrusted && ctx.running() ? fieldOf(pathOf(event)[0] as Node) : null;
      if (field === null || (field === where && now() - last < AGAIN_MS)) return;
      last = now();
      where = field;
      const node = ctx.id(field);
      if (node !== 0) ctx.send({ type: 'editing', node });
    }, { capture: true, passive: true });
  }
}

/** A control, or the outermost element that is edited. */
function fieldOf(target: Node): Element | null {
  if (!isElement(target)) return null;
  const name = localName(target);
  if (name === 'input' || name === 'textarea') return target;
  let host: Element | null = null;
  for (let at: Node | null = target; at !== null && isElement(at) && isHTML(at) && isEditable(at); at = up(at)) host = at;
  return host;
}
