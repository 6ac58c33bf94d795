// A content host knows the visitor by a cookie of its own, which documents and what they show come by through
// redirects. Requests with CORS cannot be sent through these, so before the first that shall have cookies the script
// has the host entered by a request without.

import {
  apply, endsWith, getter, guard, includes, indexOf, lastIndexOf, mapGet, mapSet, NativeMap, NativeURL, promiseThen, slice, type Any,
} from '../natives';
import type { Realm } from '../realm';

const scope = globalThis as Any;
const nativeFetch = scope.fetch as Any;
const hostOf = getter(scope.URL?.prototype, 'host') as (u: URL) => string;

/** Hosts that were entered by this script, or will have been. */
const hosts = new NativeMap<string, Promise<unknown> | true>();

/** The host of a mapped address that is not the document's own; empty if there is none to enter. */
function hostToEnter(realm: Realm, url: string): string {
  const { scheme, host: content } = realm.config.content;
  const host = guard(() => hostOf(new NativeURL(url, realm.home)), '');
  return endsWith(host, '.' + content) && `${scheme}://${host}` !== realm.home ? host : '';
}

/** Enters the host of a mapped address; undefined if that is done or need not be. */
export function entered(realm: Realm, url: string): Promise<unknown> | undefined {
  const { scheme } = realm.config.content;
  const host = hostToEnter(realm, url);
  if (host === '') return undefined;
  const known = mapGet(hosts, host);
  if (known) return known === true ? undefined : known;
  const done = () => mapSet(hosts, host, true);
  const init = { method: 'POST', mode: 'no-cors', credentials: 'include' };
  const entering = promiseThen(apply(nativeFetch, scope, [`${scheme}://${host}/.tandem/entered`, init]) as Promise<Response>, done, done);
  mapSet(hosts, host, entering);
  return entering;
}

const TICKET = 'tandem-ticket=';

/** The mapped address of a WebSocket or EventSource, which nobody waits for: with a ticket, while its host is not entered. */
export function withTicket(realm: Realm, url: string): string {
  if (guard(() => entered(realm, url), undefined) === undefined) return url;
  const ticket = realm.post('/.tandem/ticket', hostToEnter(realm, url));
  if (!ticket) return url;
  const hash = indexOf(url, '#'), end = hash < 0 ? url.length : hash;
  return `${slice(url, 0, end)}${includes(slice(url, 0, end), '?') ? '&' : '?'}${TICKET}${ticket}${slice(url, end)}`;
}

/** An address as it was before it got a ticket. */
export function withoutTicket(url: Any): Any {
  const at = typeof url === 'string' ? lastIndexOf(url, TICKET) : -1;
  return at > 0 ? slice(url as string, 0, at - 1) : url;
}
