// What custom elements say of themselves by their internals: states for
// :state(), and whether they are valid.

import * as is from '../ops';
import type { Op } from '../ops';
import { getter, isElement, localName, method } from './dom';
import type { Entry } from './nodes';
import type { Part } from './tree';

const MOST = 100;

const eachState = method<[(state: string) => void], void>(
  (globalThis as { CustomStateSet?: { prototype: object } }).CustomStateSet?.prototype ?? Set.prototype, 'forEach',
);
const statesOf = getter<object>(ElementInternals.prototype, 'states');
const validityOf = getter<ValidityState>(ElementInternals.prototype, 'validity');
const validOf = getter<boolean>(ValidityState.prototype, 'valid');
const messageOf = getter<string>(ElementInternals.prototype, 'validationMessage');

const internalsOf = new WeakMap<Node, ElementInternals>();
const hosts = new WeakMap<object, Element>();

/** Remembers whose internals these are. */
export function noteInternals(host: Element, internals: ElementInternals): void {
  internalsOf.set(host, internals);
  hosts.set(internals, host);
  const states = statesOf?.(internals);
  if (states) hosts.set(states, host);
}

/** The element that internals, or their set of states, belong to. */
export const hostOf = (part: object): Element | undefined => hosts.get(part);

export class Internals implements Part {
  private readonly sent = new Map<Entry, { states: string; message: string }>();
  private readonly touched = new Set<Entry>();

  constructor(private readonly entry: (node: Node) => Entry | undefined) {}

  touch(host: Element): void {
    const entry = this.entry(host);
    if (entry !== undefined) this.touched.add(entry);
  }

  hears(tag: string): boolean {
    return tag.includes('-');
  }

  added(entry: Entry): void {
    if (isElement(entry.node) && localName(entry.node).includes('-') && internalsOf.has(entry.node)) this.touched.add(entry);
  }

  removed(entry: Entry): void {
    this.sent.delete(entry);
    this.touched.delete(entry);
  }

  collect(ops: Op[]): void {
    for (const entry of this.touched) {
      const internals = internalsOf.get(entry.node);
      if (internals === undefined) continue;
      const states: string[] = [];
      const set = statesOf?.(internals);
      if (set) eachState(set, (state) => states.length < MOST && states.push(state));
      const message = invalidity(internals);
      const before = this.sent.get(entry) ?? { states: '', message: '' };
      if (states.join() !== before.states) ops.push([is.PROPERTY, entry.id, 'states', states]);
      if (message !== before.message) ops.push([is.PROPERTY, entry.id, 'customValidity', message]);
      this.sent.set(entry, { states: states.join(), message });
    }
    this.touched.clear();
  }
}

/** Why a form's custom element is invalid, or ''. */
function invalidity(internals: ElementInternals): string {
  try {
    return validOf(validityOf(internals)) ? '' : messageOf(internals) || 'invalid';
  } catch {
    return ''; // not of forms
  }
}
