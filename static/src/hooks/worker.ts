// Workers: addresses mapped, and our worker script put in front of those the server never sees (blob: and data:).
// In front of the others the server puts it. Service workers of the site are not supported yet.

import {
  apply, encodeComponent, getter, guard, indexOf, mapDelete, mapGet, mapSet, NativeMap, reject, resolve, slice, startsWith, toJSON, type Any,
} from '../natives';
import type { Realm } from '../realm';
import { domException } from '../runtime';

const scope = globalThis as Any;
const NativeBlob = scope.Blob as typeof Blob;
const blobType = getter(scope.Blob?.prototype, 'type');
const createURL = scope.URL.createObjectURL as (b: Blob) => string;
const unescapeText = scope.unescape as (s: string) => string;
const encode64 = scope.btoa as (s: string) => string;


/** The blobs behind this realm's object URLs, so that a worker's script can be had at once. */
const blobs = new NativeMap<string, Blob>();

export function hookWorkers(realm: Realm): void {
  const { patch, global } = realm;
  patch.method(global.URL, 'createObjectURL', (native, self, args) => {
    const url = native(self, args) as string;
    if (guard(() => typeof blobType(args[0]) === 'string', false)) mapSet(blobs, url, args[0] as Blob);
    return url;
  });
  patch.method(global.URL, 'revokeObjectURL', (native, self, args) => {
    mapDelete(blobs, `${args[0] as string}`);
    return native(self, args);
  });
  const names = ['Worker', 'SharedWorker'];
  for (let i = 0; i < names.length; i++) {
    patch.constructor_(names[i]!, (make, args) => {
      if (args.length) args[0] = workerURL(realm, realm.map(args[0]), args[1]);
      return make(args);
    });
  }
  hookServiceWorkers(realm);
}

/** The worker script with its configuration, as the server puts it in front of the workers it sends. */
let prefix: string | undefined;

function workerPrefix(realm: Realm): string {
  prefix ??= realm.ownScript('worker');
  return prefix && `self.$tandem=${toJSON({ ...realm.config, cookies: '', referrer: '' })};\n${prefix}\n;\n`;
}

function workerURL(realm: Realm, url: string, options: Any): string {
  if (startsWith(url, 'data:')) return withPrefixData(url, workerPrefix(realm));
  if (!startsWith(url, 'blob:')) return url;
  const module = typeof options === 'object' && options !== null && options.type === 'module';
  return withPrefixBlob(url, workerPrefix(realm), module);
}

function withPrefixBlob(url: string, ours: string, module: boolean): string {
  const blob = mapGet(blobs, url);
  const rest = blob ?? (module ? `import "${url}";` : `importScripts("${url}");`);
  const type = blob ? (blobType(blob) as string) : 'text/javascript';
  return apply(createURL as Any, scope.URL, [new NativeBlob([ours, rest], { type })]) as string;
}

function withPrefixData(url: string, ours: string): string {
  const comma = indexOf(url, ',');
  if (comma < 0) return url;
  const head = slice(url, 0, comma + 1);
  if (indexOf(head, ';base64') < 0) return head + encodeComponent(ours) + slice(url, comma + 1);
  let text = unescapeText(encodeComponent(ours)) as string; // UTF-8 as a string of bytes
  while (text.length % 3) text += ' '; // so that it encodes without padding
  return head + encode64(text) + slice(url, comma + 1);
}

function hookServiceWorkers(realm: Realm): void {
  const container = realm.global.ServiceWorkerContainer?.prototype;
  const { patch } = realm;
  patch.method(container, 'register', () =>
    reject(domException('Service workers are not available here.', 'NotSupportedError')));
  patch.method(container, 'getRegistration', () => resolve(undefined));
  patch.method(container, 'getRegistrations', () => resolve([]));
}

/** In a worker: importScripts. */
export function hookImportScripts(realm: Realm): void {
  realm.patch.method(realm.global, 'importScripts', (native, self, args) => {
    for (let i = 0; i < args.length; i++) args[i] = realm.map(args[i]);
    return native(self, args);
  });
}
