// What a page is told of changes to the tree: records of its observers, and callbacks of the elements it defines.

import { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, guard, isArray, push, type Any, type Native } from '../natives';
import { ASIDE, isAside, withoutAside } from '../html';
import type { Realm } from '../realm';
import { authorScript } from '../unscript';
import { readBack } from './element';

const CALLBACK = 'attributeChangedCallback';

export function hookChanges(realm: Realm): void {
  const { patch, global } = realm;
  const record = global.MutationRecord?.prototype as Any;
  patch.accessor(record, 'oldValue', { get: (value) => (typeof value === 'string' ? authorScript(realm.urls.unmapText(value)) : value as unknown) });
  patch.accessor(record, 'attributeName', { get: (value) => (typeof value === 'string' ? withoutAside(value) : value as unknown) });
  patch.method(global.MutationObserver?.prototype, 'observe', (native, self, args) => {
    guard(() => { args[1] = withAside(args[1]); }, undefined);
    return native(self, args);
  });
  patch.method(global.CustomElementRegistry?.prototype, 'define', (native, self, args) => {
    const restore = guard(() => wrapCallback(realm, args[1]?.prototype), undefined);
    try {
      return native(self, args) as unknown;
    } finally {
      restore?.();
    }
  });
}

/** Options of an observer that wants to hear of an attribute which is set aside. */
function withAside(options: Any): Any {
  const filter = options.attributeFilter as unknown;
  if (!isArray(filter)) return options;
  const names: unknown[] = [];
  for (let i = 0; i < filter.length; i++) {
    push(names, filter[i]);
    if (isAside(filter[i])) push(names, ASIDE + (filter[i] as string));
  }
  return names.length === filter.length ? options : { ...options, attributeFilter: names } as unknown;
}

/** The browser takes the callback of a definition once: one that tells what an author wrote. Returns what undoes it. */
function wrapCallback(realm: Realm, prototype: Any): (() => void) | undefined {
  const callback = prototype?.[CALLBACK] as Native | undefined;
  if (typeof callback !== 'function') return undefined;
  const own = getOwnPropertyDescriptor(prototype as object, CALLBACK);
  const written = (element: Element, name: string, value: Any): Any => (typeof value === 'string' ? readBack(realm, element, name, value) : value);
  const value = function (this: Element, name: string, before: Any, after: Any, namespace: Any) {
    apply(callback, this, [withoutAside(name), written(this, name, before), written(this, name, after), namespace]);
  };
  if (!defineProperty(prototype as object, CALLBACK, { value, configurable: true, writable: true })) return undefined;
  return () => void (own ? defineProperty(prototype as object, CALLBACK, own) : deleteProperty(prototype as object, CALLBACK));
}
