// What CSS asks about elements and only this browser can answer: where the
// pointer is, what is pressed, targeted, full screen.

import * as is from '../ops';
import type { Id, Op, StateName } from '../ops';
import { documentElement, getter, guard, isElement, matches, method, shadowActive, activeElement, shadowOf } from './dom';
import type { Entry } from './nodes';
import type { Part } from './tree';
import { WHOLE } from './tags';

const query = method<[string], Element | null>(Document.prototype, 'querySelector');
const fullscreenOf = getter<Element | null>(Document.prototype, 'fullscreenElement');
const designModeOf = getter<string>(Document.prototype, 'designMode');
const trusted = (event: Event): boolean => event.isTrusted;
const related = getter<EventTarget | null>(MouseEvent.prototype, 'relatedTarget');

/** Events after which an element may be in another state. */
export const STATE_EVENTS = [
  'mouseover', 'mouseout', 'mousedown', 'mouseup', 'dragend', 'keydown', 'keyup', 'focusin', 'focusout', 'fullscreenchange',
];

export class States implements Part {
  private readonly sent = new Map<StateName, Id>();
  private readonly now = new Map<StateName, Node | null>();
  private readonly check = new Set<StateName>();

  constructor(
    private readonly document: Document,
    private readonly entry: (node: Node) => Entry | undefined,
  ) {}

  hears(tag: string): boolean {
    return tag === WHOLE;
  }

  added(): void {
    this.sent.clear();
    for (const name of is.STATES) this.check.add(name);
  }

  /** An event came, of which a page may make more than browsers do. */
  touch(event: Event, target: Node): void {
    if (!trusted(event)) return;
    switch (event.type) {
      case 'mouseover':
        return this.set('hover', target);
      case 'mouseout':
        if (related(event) === null) this.set('hover', null);
        return;
      case 'mousedown':
        return this.set('active', target);
      case 'mouseup':
      case 'dragend':
      case 'keyup':
        return this.set('active', null);
      case 'keydown':
        if (isElement(target) && guard(() => matches(target, ':active'), false)) this.set('active', target);
        return;
      case 'focusin':
      case 'focusout':
        return void this.check.add('focus-visible');
      case 'fullscreenchange':
        return void this.check.add('fullscreen');
    }
  }

  /** The document is at another fragment, or can or can't be edited as a whole. */
  recheck(name: 'target' | 'editing'): void {
    this.check.add(name);
  }

  private set(name: StateName, node: Node | null): void {
    this.now.set(name, node);
    this.check.add(name);
  }

  collect(ops: Op[]): void {
    for (const name of this.check) {
      const node = this.find(name);
      const id = (node !== null && this.entry(node)?.id) || 0;
      if (id === (this.sent.get(name) ?? 0)) continue;
      this.sent.set(name, id);
      ops.push([is.STATE, name, id]);
    }
    this.check.clear();
  }

  private find(name: StateName): Node | null {
    switch (name) {
      case 'target':
        return guard(() => query(this.document, ':target'), null);
      case 'fullscreen':
        return fullscreenOf(this.document);
      case 'editing':
        return designModeOf(this.document) === 'on' ? documentElement(this.document) : null;
      case 'focus-visible':
        return this.focused();
    }
    return this.now.get(name) ?? null;
  }

  private focused(): Element | null {
    let at = activeElement(this.document);
    for (let depth = 0; at !== null && depth < 64; depth++) {
      const root = shadowOf(at);
      const inner = root === null ? null : shadowActive(root);
      if (inner === null) break;
      at = inner;
    }
    const found = at;
    return found !== null && guard(() => matches(found, ':focus-visible'), false) ? found : null;
  }
}
