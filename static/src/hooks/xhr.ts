// XMLHttpRequest: the address mapped in, responseURL mapped out, and new cookies taken before the page sees the answer.

import {
  addListener, getter, guard, includes, indexOf, method, NativeWeakMap, NativeWeakSet, promiseThen, slice, weakAdd, weakGet, weakHas, weakSet, type Any,
} from '../natives';
import type { Realm } from '../realm';
import { takeCookies } from './cookie';
import { entered } from './enter';
import { unmapInto } from './shared';

const xhr = (globalThis as Any).XMLHttpRequest?.prototype;
const readyState = getter(xhr, 'readyState');
const withCredentials = getter(xhr, 'withCredentials');
const responseHeader = method(xhr, 'getResponseHeader');
const allHeaders = method(xhr, 'getAllResponseHeaders');

/** Where requests go that are not synchronous. */
const opened = new NativeWeakMap<object, string>();
/** Requests that wait until they may be sent. */
const waiting = new NativeWeakMap<object, object | undefined>();

export function hookXHR(realm: Realm): void {
  const { patch, global } = realm;
  const prototype = global.XMLHttpRequest?.prototype;
  const seen = new NativeWeakSet<object>();
  patch.method(prototype, 'open', (native, self, args) => {
    if (args.length > 1) args[1] = realm.map(args[1]);
    const result = native(self, args);
    weakSet(opened, self, args.length < 3 || args[2] ? args[1] as string : '');
    if (!weakHas(seen, self)) watch(realm, seen, self);
    return result;
  });
  patch.method(prototype, 'send', (native, self, args) => {
    const url = weakGet(opened, self as object);
    const first = url && guard(() => (withCredentials(self) as boolean ? entered(realm, url) : undefined), undefined);
    if (!first) return native(self, args);
    const mark = {};
    weakSet(waiting, self, mark);
    void promiseThen(first, () => {
      if (weakGet(waiting, self as object) === mark && weakGet(opened, self as object) === url) guard(() => native(self, args) as unknown, undefined);
    });
    return undefined;
  });
  patch.method(prototype, 'abort', (native, self, args) => {
    if (weakGet(waiting, self as object)) weakSet(waiting, self, undefined);
    return native(self, args);
  });
  unmapInto(realm, prototype, ['responseURL']);
  patch.method(prototype, 'getResponseHeader', (native, self, args) =>
    (`${args[0] as string}` === 'tandem-cookie' ? null : native(self, args)));
  patch.method(prototype, 'getAllResponseHeaders', (native, self, args) => withoutOurs(native(self, args) as string));
}

function watch(realm: Realm, seen: WeakSet<object>, request: XMLHttpRequest): void {
  weakAdd(seen, request);
  addListener(request, 'readystatechange', () => {
    if (readyState(request) !== 2 && readyState(request) !== 4) return;
    if (includes(allHeaders(request), 'tandem-cookie')) takeCookies(realm, responseHeader(request, 'tandem-cookie'));
  });
}

function withoutOurs(headers: string): string {
  const at = indexOf(headers, 'tandem-cookie:');
  if (at < 0) return headers;
  const end = indexOf(headers, '\n', at);
  return slice(headers, 0, at) + (end < 0 ? '' : slice(headers, end + 1));
}
