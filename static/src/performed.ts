// Events made in the name of a follower, which count as a hand's although browsers do not trust them.

import { NativeWeakSet, weakAdd, weakHas } from './natives';

const performed = new NativeWeakSet<object>();

export const markPerformed = (event: Event): void => { weakAdd(performed, event); };

export const isPerformed = (event: Event): boolean => weakHas(performed, event);
