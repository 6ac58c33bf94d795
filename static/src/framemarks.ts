// To the browser a frame asks for its document as the tab does, whose document is in a frame of ours. The server knows
// the frames that markup names; those that scripts make or navigate it is told in a cookie of the content domain, since
// only that is sure to come with the request, and no later. An entry is a hash of the address and something random, so
// that it counts once (proxy/marks.go).

import { getter, guard, indexOf, NativeURL, numberToString, padStart, setter, slice, startsWith, type Any } from './natives';
import type { Realm } from './realm';
import { sha256 } from './sha256';

const scope = globalThis as Any;
const cookieOf = getter(scope.Document?.prototype, 'cookie') as (d: Document) => string;
const setCookie = setter(scope.Document?.prototype, 'cookie') as (d: Document, line: string) => void;
const baseURI = getter(scope.Node?.prototype, 'baseURI');
const hrefOf = getter(scope.URL?.prototype, 'href');
const random = Math.random;

const NAME = 'tandem-frames=';
/** Of the cookie; a frame that waits for longer is taken for the tab's document. */
const SECONDS = 60;
/** Of the list in it. */
const MOST = 200;

/** Tells that a frame will ask for a mapped address. */
export function markFrame(realm: Realm, url: string): void {
  guard(() => {
    const address = hrefOf(new NativeURL(url, baseURI(scope.document))) as string;
    if (!startsWith(address, 'http')) return;
    const hash = indexOf(address, '#'), start = indexOf(address, '//') + 2;
    const words = sha256(slice(address, start, hash < 0 ? address.length : hash));
    const entry = hex(words[0]!) + hex(words[1]!) + hex(random() * 0x100000000);
    const { scheme, host } = realm.config.content, colon = indexOf(host, ':');
    const list = slice(`${entry}.${marks()}`, 0, MOST);
    setCookie(scope.document as Document, `${NAME}${list}; Path=/; Domain=${colon < 0 ? host : slice(host, 0, colon)}; Max-Age=${SECONDS}; SameSite=Lax${scheme === 'https' ? '; Secure' : ''}`);
  }, undefined);
}

const hex = (word: number): string => padStart(numberToString(word >>> 0, 16), 8, '0');

/** What the cookie holds already. */
function marks(): string {
  const all = cookieOf(scope.document as Document), at = indexOf(`; ${all}`, `; ${NAME}`);
  if (at < 0) return '';
  const end = indexOf(all, ';', at);
  return slice(all, at + NAME.length, end < 0 ? all.length : end);
}
