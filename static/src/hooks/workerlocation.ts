// In a worker everything that tells the address can be replaced.

import { getter, type Any } from '../natives';
import type { Realm } from '../realm';
import { part } from '../runtime';
import { unmapInto } from './shared';

const hrefOf = getter((globalThis as Any).WorkerLocation?.prototype, 'href');

export function hookWorkerLocation(realm: Realm): void {
  const { patch, global } = realm;
  const location = global.WorkerLocation?.prototype;
  const parts = ['origin', 'protocol', 'host', 'hostname', 'port'];
  for (let i = 0; i < parts.length; i++) {
    const name = parts[i]!;
    patch.accessor(location, name, {
      get: (value, self) => {
        const proxied = hrefOf(self) as string, site = realm.urls.unmap(proxied);
        return site === proxied ? value : part(site, name);
      },
    });
  }
  unmapInto(realm, location, ['href']);
  patch.method(location, 'toString', (native, self, args) => realm.unmap(native(self, args)));
  unmapInto(realm, global, ['origin']);
}
