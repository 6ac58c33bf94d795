// Events made in the name of a follower, which count as a hand's although browsers do not trust them.

import { NativeWeakSet, weakAdd, weakHas } from './natives';

const performed = new NativeWeakSet<object>();

let any = false;

export function markPerformed(event: Event): void {
  weakAdd(performed, event);
  any = true;
}

/** Whether a follower has done anything in this document. */
export const anyPerformed = (): boolean => any;

export const isPerformed = (event: Event): boolean => weakHas(performed, event);
