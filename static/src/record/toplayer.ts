// Modal dialogs and popovers, in the order in which they came to the top.

import * as is from '../ops';
import type { Op } from '../ops';
import { DOCUMENT, getter, getterWhere, guard, hasAttribute, isElement, isHTML, localName, matches, nodeType } from './dom';
import type { Entry } from './nodes';
import type { Part } from './tree';

const typeOf = getter<string>(Event.prototype, 'type');
const newState = getterWhere<string>((globalThis as { ToggleEvent?: { prototype: object } }).ToggleEvent?.prototype ?? {}, 'newState');

type Kind = 'modal' | 'popover';

export class TopLayer implements Part {
  /** Open ones as followers have them, lowest first. */
  private readonly open = new Map<Entry, Kind>();
  private readonly check = new Set<Entry>();
  /** Those that left it since followers were told, and may be there again: then above all others. */
  private readonly fallen = new Set<Entry>();
  /** Elements a snapshot has to look at, lowest first. */
  private order: Node[] = [];

  constructor(private readonly entry: (node: Node) => Entry | undefined) {}

  /** An element comes to or has left the top layer, just now. */
  touch(node: Node): void {
    const entry = this.entry(node);
    if (entry === undefined) return;
    this.check.delete(entry); // the latest goes on top
    this.check.add(entry);
    if (kindOf(node) === undefined) this.fell(entry);
  }

  /** An event tells of an element: of what is about to be in its place, of what was some time after. */
  told(node: Node, event: Event): void {
    const entry = this.entry(node);
    if (entry === undefined) return;
    if (typeOf(event) !== 'beforetoggle') this.check.add(entry);
    else if (newState(event) === 'open') this.touch(node);
    else this.fell(entry);
  }

  private fell(entry: Entry): void {
    if (!this.open.has(entry)) return;
    this.fallen.add(entry);
    this.check.add(entry);
  }

  added(entry: Entry): void {
    if (nodeType(entry.node) === DOCUMENT) {
      this.open.clear();
      this.check.clear();
    } else if (mayRise(entry.node)) this.check.add(entry);
  }

  removed(entry: Entry): void {
    this.open.delete(entry);
    this.check.delete(entry);
    this.fallen.delete(entry);
  }

  attribute(entry: Entry, name: string): void {
    if (name === 'open' || name === 'popover') this.touch(entry.node);
  }

  collect(ops: Op[]): void {
    // Who moves falls from the top, here without an event and at followers. It may have come back.
    // Of what went and came back to its place there is not even an op.
    const moved = this.open.size > 0 && ops.some((op) => op[0] === is.MOVE);
    for (const entry of this.open.keys()) this.check.add(entry);
    for (const entry of this.inOrder()) {
      const before = this.open.get(entry);
      const kind = kindOf(entry.node);
      const fell = this.fallen.has(entry);
      if (kind === before && !moved && !fell) continue;
      if (before !== undefined && (kind !== before || fell)) {
        this.open.delete(entry);
        ops.push([is.PROPERTY, entry.id, before, false]);
      }
      if (kind !== undefined) {
        this.open.set(entry, kind);
        ops.push([is.PROPERTY, entry.id, kind, true]);
      }
    }
    this.check.clear();
    this.fallen.clear();
    this.order = [...this.open.keys()].map((entry) => entry.node);
  }

  private inOrder(): Entry[] {
    const rank = (entry: Entry) => {
      const at = this.fallen.has(entry) ? -1 : this.order.indexOf(entry.node);
      return at < 0 ? this.order.length : at;
    };
    return [...this.check].sort((a, b) => rank(a) - rank(b));
  }
}

function mayRise(node: Node): boolean {
  return isElement(node) && isHTML(node) && (localName(node) === 'dialog' || hasAttribute(node, 'popover'));
}

function kindOf(node: Node): Kind | undefined {
  const is = (selector: string) => guard(() => matches(node, selector), false);
  if (localName(node as Element) === 'dialog' && is(':modal')) return 'modal';
  return is(':popover-open') ? 'popover' : undefined;
}
