// What a site keeps for its visitor: elements with the attribute, and all in them, cannot be used by a follower, and
// nothing a follower does elsewhere uses them: not a press on a label of theirs, nor Enter in a form that they submit.

import { attribute, getter, guard, isElement, method, pathOf, up } from '../record/dom';
import type { Realm } from '../realm';

export const PROTECT = 'data-tandem-protect';

const prevent = method<[], void>(Event.prototype, 'preventDefault');
const stop = method<[], void>(Event.prototype, 'stopImmediatePropagation');
const submitterOf = getter<Element | null>(SubmitEvent.prototype, 'submitter');


/** Keeps what a follower's input causes from what is protected. */
export class Protection {
  private watching = false;
  private kept = false;

  constructor(realm: Realm, private readonly byRule: (element: Element) => boolean) {
    for (const type of ['click', 'submit']) {
      realm.listen(() => realm.global as Window, type, (event: Event) => {
        if (!this.watching || !this.keeps(event)) return;
        this.kept = true;
        prevent(event);
        stop(event);
      }, { capture: true });
    }
  }

  /** Performs an input; the answer is whether something was kept from it. */
  watch(perform: () => void): boolean {
    this.watching = true;
    this.kept = false;
    try {
      perform();
    } finally {
      this.watching = false;
    }
    return this.kept;
  }

  /** Whether only the visitor can use a node. */
  covers(node: Node): boolean {
    for (let at: Node | null = node; at !== null; at = up(at)) {
      if (isElement(at) && (attribute(at, PROTECT) !== null || this.byRule(at))) return true;
    }
    return false;
  }

  private keeps(event: Event): boolean {
    const target = pathOf(event)[0] as Node;
    if (this.covers(target)) return true;
    const submitter = guard(() => submitterOf(event), null); // only a submit event has one
    return submitter !== null && this.covers(submitter);
  }
}
