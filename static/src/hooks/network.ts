// The other ways a page talks to servers: WebSocket, EventSource, beacons, worklets. What no proxy can carry is
// refused, or it would connect the visitor's browser to the site directly.

import { defineProperty, getter, guard, isArray, NativeProxy, NativeWeakMap, push, weakGet, weakSet, type Any } from '../natives';
import type { Realm } from '../realm';
import { domException } from '../runtime';
import { withoutTicket, withTicket } from './enter';
import { mapArgument } from './shared';

const isRequest = getter((globalThis as Any).Request?.prototype, 'url');

export function hookNetwork(realm: Realm): void {
  const { patch, global } = realm;
  const first = (make: (args: Any[]) => Any, args: Any[]) => {
    if (args.length) args[0] = realm.map(args[0]);
    return make(args);
  };
  const sockets = ['WebSocket', 'WebSocketStream'];
  for (let i = 0; i < sockets.length; i++) {
    patch.constructor_(sockets[i]!, (make, args) => {
      if (args.length) args[0] = withTicket(realm, realm.map(args[0]));
      return make(args);
    });
    patch.accessor(global[sockets[i]!]?.prototype, 'url', { get: (value) => realm.unmap(withoutTicket(value)) });
  }
  patch.constructor_('EventSource', (make, args) => {
    if (args.length) args[0] = realm.map(args[0]);
    if (guard(() => args[1].withCredentials as boolean, false)) args[0] = withTicket(realm, args[0] as string);
    return make(args);
  });
  patch.accessor(global.EventSource?.prototype, 'url', { get: (value) => realm.unmap(withoutTicket(value)) });
  hookCaches(realm);
  patch.constructor_('Audio', first);
  mapArgument(realm, global.Navigator?.prototype, 'sendBeacon', 0);
  mapArgument(realm, global.Worklet?.prototype, 'addModule', 0);
  refuse(realm);
}

/** What a cache is asked for, by address, and what it is to fetch. */
function hookCaches(realm: Realm): void {
  const { patch, global } = realm;
  const methods = ['add', 'put', 'match', 'matchAll', 'delete', 'keys'];
  for (let i = 0; i < methods.length; i++) mapRequest(realm, global.Cache?.prototype, methods[i]!);
  mapRequest(realm, global.CacheStorage?.prototype, 'match');
  patch.method(global.Cache?.prototype, 'addAll', (native, self, args) => {
    if (isArray(args[0])) {
      const list: Any[] = [];
      for (let i = 0; i < args[0].length; i++) push(list, mapped(realm, args[0][i]));
      args[0] = list;
    }
    return native(self, args);
  });
}

/** A request that may be named by its address, as an argument of a method. */
const mapRequest = (realm: Realm, holder: Any, name: string): void => realm.patch.method(holder, name, (native, self, args) => {
  if (args.length) args[0] = mapped(realm, args[0]);
  return native(self, args);
});

const mapped = (realm: Realm, request: Any): Any =>
  (request === undefined || guard(() => isRequest(request) !== undefined, false) ? request : realm.map(request));

/** WebRTC and WebTransport reach other machines past every policy but Chromium's connection allowlist (CSP has no say in WebRTC). */
function refuse(realm: Realm): void {
  const names = ['RTCPeerConnection', 'webkitRTCPeerConnection', 'WebTransport'];
  const made = new NativeWeakMap<object, object>(); // two names may be of one class
  for (let i = 0; i < names.length; i++) {
    const native = realm.global[names[i]!] as Any;
    if (!native) continue;
    const replacement = weakGet(made, native) ?? new NativeProxy(native, {
      __proto__: null,
      construct: () => {
        throw domException(`${names[i]!} is not available here.`, 'NotSupportedError');
      },
    } as ProxyHandler<Any>);
    weakSet(made, native, replacement);
    realm.patch.stand(replacement, native);
    // No undo: what takes these hooks back must not bring the native one back.
    defineProperty(realm.global, names[i]!, { value: replacement, writable: true, configurable: true });
    defineProperty(native.prototype, 'constructor', { value: replacement, writable: true, configurable: true });
  }
}
