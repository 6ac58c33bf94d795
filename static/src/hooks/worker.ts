// Workers: addresses mapped, and our worker script put in front of those the server never sees (blob: and data:).
// In front of the others the server puts it. There are no service workers, so that pages do without.

import {
  apply, deleteProperty, encodeComponent, getter, guard, includes, indexOf, mapDelete, mapGet, mapSet, NativeMap, NativeURL, slice, startsWith, toJSON, type Any,
} from '../natives';
import type { Realm } from '../realm';
import { rewriteScript } from '../script';
import { like } from '../trusted';

const scope = globalThis as Any;
const NativeBlob = scope.Blob as typeof Blob;
const blobType = getter(scope.Blob?.prototype, 'type');
const hrefOf = getter(scope.URL.prototype, 'href') as (u: URL) => string;
const createURL = scope.URL.createObjectURL as (b: Blob) => string;
const unescapeText = scope.unescape as (s: string) => string;
const regExpTest = RegExp.prototype.test as Any;
const encode64 = scope.btoa as (s: string) => string;


/** WebKit holds a shared worker of a data: URL to no policy, not even to that of the page. */
const WEBKIT = startsWith((scope.navigator?.vendor ?? '') as string, 'Apple');

/** The blobs behind this realm's object URLs, so that a worker's script can be had at once. */
const blobs = new NativeMap<string, Blob>();
/** The copies that shared workers run, by the addresses of what they are copies of: those of one address are one worker. */
const sharedCopies = new NativeMap<string, string>();

export function hookWorkers(realm: Realm): void {
  const { patch, global } = realm;
  patch.method(global.URL, 'createObjectURL', (native, self, args) => {
    const url = native(self, args) as string;
    if (guard(() => typeof blobType(args[0]) === 'string', false)) mapSet(blobs, url, args[0] as Blob);
    return realm.unmap(url) as string;
  });
  patch.method(global.URL, 'revokeObjectURL', (native, self, args) => {
    if (args.length) {
      const url = args[0] = realm.map(args[0]);
      mapDelete(blobs, url);
      mapDelete(sharedCopies, url);
      realm.points.revoked?.(url);
    }
    return native(self, args);
  });
  const names = ['Worker', 'SharedWorker'];
  for (let i = 0; i < names.length; i++) {
    patch.constructor_(names[i]!, (make, args) => {
      if (args.length) args[0] = like(args[0], (i ? sharedURL : workerURL)(realm, realm.map(args[0]), args[1]));
      return make(args);
    });
  }
  removeServiceWorkers(realm);
}

/** The worker script with its configuration, as the server puts it in front of the workers it sends. */
let prefix = '';

function workerPrefix(realm: Realm, url: string): string {
  prefix ||= realm.ownScript('worker');
  return prefix && `self.$tandem??=${toJSON({ ...realm.config, url: realm.urls.unmap(url), cookies: '', referrer: '' })};${prefix};`;
}

/** What runs in place of a worker that cannot be given our script. */
const NOTHING = 'data:text/javascript,';

/** The address of a worker's script: for one that the server does not send, of a copy with ours in front. */
function workerURL(realm: Realm, given: string, options: Any, asBlob = false): string {
  const url = local(given);
  if (url === undefined) return given;
  const blob = asBlob || startsWith(url, 'blob:');
  const ours = workerPrefix(realm, url);
  if (ours === '') return NOTHING;
  const module = typeof options === 'object' && options !== null && options.type === 'module';
  const text = realm.read(url);
  if (text === undefined) return blob ? unreadBlob(url, ours, module) : unreadData(url, ours);
  // Imports are all that has to change: a worker's location is hooked.
  const rest = strictStart(text) + ours + (includes(text, 'import') || includes(text, 'export') ? rewriteScript(realm, text, module ? 'module' : 'script') : text);
  if (!blob) return 'data:text/javascript;charset=utf-8,' + encodeComponent(rest);
  return apply(createURL as Any, scope.URL, [new NativeBlob([rest], { type: 'text/javascript' })]) as string;
}

/** The address in its usual spelling, if it is of a script that the server does not send. */
function local(given: string): string | undefined {
  const url = guard(() => hrefOf(new NativeURL(given)), '');
  return startsWith(url, 'blob:') || startsWith(url, 'data:') ? url : undefined;
}

/** The same for a shared worker. */
function sharedURL(realm: Realm, given: string, options: Any): string {
  const url = local(given);
  if (url === undefined) return given;
  let copy = mapGet(sharedCopies, url);
  if (copy === undefined) mapSet(sharedCopies, url, (copy = workerURL(realm, url, options, WEBKIT)));
  return copy;
}

/** "use strict" counts in front of everything only. */
const strictStart = (text: string): string => (apply(regExpTest, STRICT, [text]) ? '"use strict";' : '');
const STRICT = /^(?:\s|\/\/.*|\/\*[^]*?\*\/)*(['"])use strict\1/;

/** A script that the page's policy does not let us read, behind ours. */
function unreadBlob(url: string, ours: string, module: boolean): string {
  const blob = mapGet(blobs, url);
  const rest = blob ?? (module ? `import "${url}";` : `importScripts("${url}");`);
  const type = blob ? (blobType(blob) as string) : 'text/javascript';
  return apply(createURL as Any, scope.URL, [new NativeBlob([ours, rest], { type })]) as string;
}

function unreadData(url: string, ours: string): string {
  const comma = indexOf(url, ',');
  if (comma < 0) return url;
  const head = slice(url, 0, comma + 1);
  if (indexOf(head, ';base64') < 0) return head + encodeComponent(ours) + slice(url, comma + 1);
  let text = unescapeText(encodeComponent(ours)) as string; // UTF-8 as a string of bytes
  while (text.length % 3) text += ' '; // so that it encodes without padding
  return head + encode64(text) + slice(url, comma + 1);
}

/** What a browser without service workers lacks. */
const SERVICE_WORKERS = ['ServiceWorker', 'ServiceWorkerContainer', 'ServiceWorkerRegistration', 'NavigationPreloadManager', 'PushManager',
  'PushSubscription', 'PushSubscriptionOptions', 'SyncManager', 'PeriodicSyncManager', 'BackgroundFetchManager', 'BackgroundFetchRecord', 'BackgroundFetchRegistration'];

/** Takes them away: a site's service worker would answer requests past the server. Undo does not bring them back. */
function removeServiceWorkers(realm: Realm): void {
  const { global } = realm;
  for (let i = 0; i < SERVICE_WORKERS.length; i++) deleteProperty(global, SERVICE_WORKERS[i]!);
  const navigators = [global.Navigator, global.WorkerNavigator];
  for (let i = 0; i < navigators.length; i++) if (navigators[i]) deleteProperty(navigators[i].prototype, 'serviceWorker');
}

/** In a worker: importScripts. */
export function hookImportScripts(realm: Realm): void {
  realm.patch.method(realm.global, 'importScripts', (native, self, args) => {
    for (let i = 0; i < args.length; i++) args[i] = like(args[i], realm.map(args[i]));
    return native(self, args);
  });
}
