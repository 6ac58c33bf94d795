// The other ways a page talks to servers: WebSocket, EventSource, beacons, worklets. What no proxy can carry is
// refused, or it would connect the visitor's browser to the site directly.

import { defineProperty, guard, NativeProxy, NativeWeakMap, weakGet, weakSet, type Any } from '../natives';
import type { Realm } from '../realm';
import { domException } from '../runtime';
import { entered } from './enter';
import { mapArgument, unmapInto } from './shared';

export function hookNetwork(realm: Realm): void {
  const { patch, global } = realm;
  const first = (make: (args: Any[]) => Any, args: Any[]) => {
    if (args.length) args[0] = realm.map(args[0]);
    return make(args);
  };
  // These cannot wait, but then the next one has cookies.
  const connect = (make: (args: Any[]) => Any, args: Any[]) => {
    if (args.length) guard(() => entered(realm, realm.map(args[0])), undefined);
    return first(make, args);
  };
  const connections = ['WebSocket', 'WebSocketStream', 'EventSource'];
  for (let i = 0; i < connections.length; i++) {
    patch.constructor_(connections[i]!, connect);
    unmapInto(realm, global[connections[i]!]?.prototype, ['url']);
  }
  patch.constructor_('Audio', first);
  mapArgument(realm, global.Navigator?.prototype, 'sendBeacon', 0);
  mapArgument(realm, global.Worklet?.prototype, 'addModule', 0);
  refuse(realm);
}

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
