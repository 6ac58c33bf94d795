// In a worker everything that tells the address can be replaced.

import { getter, NativeURL, startsWith, type Any } from '../natives';
import type { Realm } from '../realm';
import { part } from '../runtime';
import { unmapInto } from './shared';

const hrefOf = getter((globalThis as Any).WorkerLocation?.prototype, 'href');
const pathOf = getter((globalThis as Any).URL?.prototype, 'pathname');

export function hookWorkerLocation(realm: Realm): void {
  const { patch, global, config } = realm;
  const location = global.WorkerLocation?.prototype;
  // A worker of a blob or data: URL runs a copy, at an address that the page does not know. If what it imports runs
  // first, the configuration is that script's.
  const native = (value: Any): boolean => startsWith(value as string, 'http') || startsWith(config.url, 'http');
  const address = (value: Any): Any => (native(value) ? realm.unmap(value) : config.url) as string;
  const parts = ['origin', 'protocol', 'host', 'hostname', 'port'];
  for (let i = 0; i < parts.length; i++) {
    const name = parts[i]!;
    patch.accessor(location, name, {
      get: (value, self) => {
        const proxied = hrefOf(self) as string, site = address(proxied) as string;
        return site === proxied ? value : part(site, name);
      },
    });
  }
  patch.accessor(location, 'href', { get: address });
  patch.accessor(location, 'pathname', {
    get: (value, self) => (value === '' || native(hrefOf(self)) ? value : pathOf(new NativeURL(config.url))) as string,
  });
  patch.method(location, 'toString', (native, self, args) => address(native(self, args)));
  unmapInto(realm, global, ['origin']);
}
