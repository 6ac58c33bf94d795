// A content host knows the visitor by a cookie of its own, which documents and what they show come by through
// redirects. Requests with CORS cannot be sent through these, so before the first that shall have cookies the script
// has the host entered by a request without.

import { apply, endsWith, getter, guard, mapGet, mapSet, NativeMap, NativeURL, promiseThen, type Any } from '../natives';
import type { Realm } from '../realm';

const scope = globalThis as Any;
const nativeFetch = scope.fetch as Any;
const hostOf = getter(scope.URL?.prototype, 'host') as (u: URL) => string;

/** Hosts that were entered by this script, or will have been. */
const hosts = new NativeMap<string, Promise<unknown> | true>();

/** Enters the host of a mapped address; undefined if that is done or need not be. */
export function entered(realm: Realm, url: string): Promise<unknown> | undefined {
  const { scheme, host: content } = realm.config.content;
  const host = guard(() => hostOf(new NativeURL(url, realm.home)), '');
  if (!endsWith(host, '.' + content) || `${scheme}://${host}` === realm.home) return undefined;
  const known = mapGet(hosts, host);
  if (known) return known === true ? undefined : known;
  const done = () => mapSet(hosts, host, true);
  const init = { method: 'POST', mode: 'no-cors', credentials: 'include' };
  const entering = promiseThen(apply(nativeFetch, scope, [`${scheme}://${host}/.tandem/entered`, init]) as Promise<Response>, done, done);
  mapSet(hosts, host, entering);
  return entering;
}
