// fetch and Request: URLs mapped in; the URLs of requests and responses mapped out.

import { getter, guard, includes, indexOf, method, NativeURL, promiseThen, toLowerCase, type Any } from '../natives';
import type { Realm } from '../realm';
import { mapInit, unmapInto } from './shared';
import { takeCookies } from './cookie';
import { entered } from './enter';

const scope = globalThis as Any;
const headersOf = getter(scope.Response?.prototype, 'headers');
const headerValue = method(scope.Headers?.prototype, 'get');
const userOf = getter(scope.URL?.prototype, 'username');
const passwordOf = getter(scope.URL?.prototype, 'password');
const NativeRequest = scope.Request as typeof Request;
const credentialsOf = getter(scope.Request?.prototype, 'credentials');
const isRequest = getter(scope.Request?.prototype, 'url');

export function hookFetch(realm: Realm): void {
  const { patch, global } = realm;
  patch.method(global, 'fetch', (native, self, args) => {
    mapArguments(realm, args);
    const first = guard(() => entrance(realm, args), undefined);
    // What the page does to its request meanwhile must not matter.
    const request = first && guard(() => new NativeRequest(args[0], args[1]), undefined);
    const sent = request ? promiseThen(first, () => native(self, [request]) as Promise<Response>) : native(self, args) as Promise<Response>;
    return promiseThen(sent as Promise<Response>, (response) => {
      guard(() => takeCookies(realm, headerValue(headersOf(response), 'tandem-cookie')), undefined);
      return response;
    });
  });
  patch.method(global, 'fetchLater', (native, self, args) => {
    mapArguments(realm, args);
    return native(self, args);
  });
  patch.constructor_('Request', (make, args) => {
    mapArguments(realm, args);
    return make(args);
  });
  unmapInto(realm, global.Request?.prototype, ['url', 'referrer']);
  unmapInto(realm, global.Response?.prototype, ['url']);
  patch.method(global.Response, 'redirect', (native, self, args) => {
    if (args.length) args[0] = realm.map(args[0]);
    return native(self, args);
  });
  hideHeader(realm);
}

/** What a request that shall have cookies has to wait for. */
function entrance(realm: Realm, args: Any[]): Promise<unknown> | undefined {
  const input = args[0], init = args[1];
  const isText = typeof input === 'string';
  const credentials = (init?.credentials ?? (isText ? undefined : credentialsOf(input))) as unknown;
  return credentials === 'include' ? entered(realm, isText ? input : isRequest(input) as string) : undefined;
}

function mapArguments(realm: Realm, args: Any[]): void {
  const input = args[0];
  const request = typeof input === 'object' && input !== null && guard(() => isRequest(input) !== undefined, false);
  if (args.length && !request && !refused(realm, (args[0] = `${input as string}`))) args[0] = realm.map(args[0]);
  if (args.length > 1) args[1] = mapInit(realm, args[1], 'referrer');
}

/** URLs with a user or a password throw (Fetch §5.3). They are left for the browser to say so, for mapped ones have neither. */
function refused(realm: Realm, url: string): boolean {
  if (indexOf(url, '@') < 0) return false;
  return guard(() => {
    const parsed = new NativeURL(url, 'http://a');
    return userOf(parsed) !== '' || passwordOf(parsed) !== '';
  }, false);
}

/** The header by which the server tells us of new cookies is no business of the page; Location may be Response.redirect's. */
function hideHeader(realm: Realm): void {
  const { patch, global } = realm;
  const unmapped = (name: unknown, value: Any): Any => (includes(toLowerCase(`${name as string}`), 'location') ? realm.unmap(value) : value);
  const ours = (name: unknown) => `${name as string}` === 'tandem-cookie';
  patch.method(global.Headers?.prototype, 'get', (native, self, args) => (ours(args[0]) ? null : unmapped(args[0], native(self, args))));
  patch.method(global.Headers?.prototype, 'has', (native, self, args) => (ours(args[0]) ? false : native(self, args)));
}
