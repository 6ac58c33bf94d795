// What rewritten scripts call: the one global `$tandem`.

import type { Realm } from './realm';

export function provideRuntime(realm: Realm): void {
  realm.patch.define(realm.global, '$tandem', { value: {}, configurable: true, enumerable: false, writable: false });
}
