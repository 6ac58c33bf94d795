// Small forms that several hooks share.

import type { Any } from '../natives';
import type { Realm } from '../realm';

/** Makes read-only or plain string accessors give the site's URLs. */
export function unmapInto(realm: Realm, prototype: Any, names: string[]): void {
  for (let i = 0; i < names.length; i++) {
    realm.patch.accessor(prototype, names[i]!, { get: (value) => realm.unmap(value) });
  }
}

/** The same for text that may hold URLs anywhere. */
export function unmapTextInto(realm: Realm, prototype: Any, names: string[]): void {
  for (let i = 0; i < names.length; i++) {
    realm.patch.accessor(prototype, names[i]!, {
      get: (value) => (typeof value === 'string' ? realm.urls.unmapText(value) : value),
    });
  }
}

/** Maps one argument of a method when it was given. */
export function mapArgument(realm: Realm, holder: Any, name: string, at: number): void {
  realm.patch.method(holder, name, (native, self, args) => {
    if (args.length > at && args[at] !== undefined) args[at] = realm.map(args[at]);
    return native(self, args);
  });
}

/** An options object with one URL in it mapped; the page's own object stays as it is. */
export function mapInit(realm: Realm, init: Any, key: string): Any {
  if (init === null || typeof init !== 'object') return init;
  const url = init[key] as unknown;
  if (typeof url !== 'string' || realm.urls.map(url) === url) return init;
  return { ...init, [key]: realm.urls.map(url) };
}
