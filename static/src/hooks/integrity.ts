// Subresource integrity is checked by the server, on what the site sent: the browser gets something else. So the
// server is told what a script demands before the browser asks for it.

import { getter, guard, includes, indexOf, mapHas, mapSet, NativeMap, NativeURL, ownKeys, parseJSON, slice, type Any } from '../natives';
import type { Realm } from '../realm';
import * as dom from './dom';

const hrefOf = getter((globalThis as Any).URL?.prototype, 'href') as (u: URL) => string;

/** What the server knows already. */
const told = new NativeMap<string, boolean>();

/** Tells of the integrity that an element, or markup, demands of an address as its author wrote it. */
export function demandIntegrity(realm: Realm, url: string | null, metadata: string | null): void {
  if (!url || !metadata || !includes(metadata, '-')) return;
  const address = guard(() => realm.urls.unmap(hrefOf(new NativeURL(realm.map(url), dom.baseURI(dom.documentOf(realm.global))))), '');
  const demand = `${address}\n${metadata}`;
  if (address === '' || mapHas(told, demand)) return;
  if (realm.post('/.tandem/integrity', demand) !== undefined) mapSet(told, demand, true);
}

/** The same for what an import map says. */
export function demandMapped(realm: Realm, text: string): void {
  if (!includes(text, '"integrity"')) return;
  guard(() => {
    const says = parseJSON(text).integrity as Any;
    const urls = says !== null && typeof says === 'object' ? ownKeys(says as object) as string[] : [];
    for (let i = 0; i < urls.length; i++) if (typeof says[urls[i]!] === 'string') demandIntegrity(realm, urls[i]!, says[urls[i]!] as string);
  }, undefined);
}

/** What the integrity section of an import map is called in the tree. */
export const INERT = '"tandem-integrity"';

/** An import map, or markup that may hold one, as its author wrote it. */
export function authorMap(text: string): string {
  let out = text;
  for (let at = indexOf(out, INERT); at >= 0; at = indexOf(out, INERT, at)) out = slice(out, 0, at) + '"integrity"' + slice(out, at + INERT.length);
  return out;
}
