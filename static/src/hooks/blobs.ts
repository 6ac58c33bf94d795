// Documents of object URLs, which the server never sees: a frame or window is given a copy that begins with our script,
// and says that it is at the address the page knows. What cannot be given our script is not shown.

import {
  apply, charCodeAt, getter, guard, includes, indexOf, mapDelete, mapGet, mapSet, method, NativeMap, slice, startsWith, toLowerCase, trim,
  type Any,
} from '../natives';
import type { Realm } from '../realm';
import { rewriteScript } from '../script';
import { frameDocument, ourScript } from './rewrite';

const scope = globalThis as Any;
const NativeBlob = scope.Blob as typeof Blob;
const createURL = scope.URL.createObjectURL as (b: Blob) => string;
const revokeURL = scope.URL.revokeObjectURL as (url: string) => void;
const xhr = scope.XMLHttpRequest as typeof XMLHttpRequest;
const open = method(xhr.prototype, 'open');
const send = method(xhr.prototype, 'send');
const responseText = getter(xhr.prototype, 'responseText') as (x: XMLHttpRequest) => string;
const responseHeader = method(xhr.prototype, 'getResponseHeader') as (x: XMLHttpRequest, name: string) => string | null;

/** Addresses of the copies by those of what they are copies of; the same one where none was needed. */
const copies = new NativeMap<string, string>();

/** The address that a window may be sent to instead of an object URL; any other address as it is. */
export function documentURL(realm: Realm, url: string): string {
  if (!startsWith(url, 'blob:')) return url;
  const hash = indexOf(url, '#');
  const address = hash < 0 ? url : slice(url, 0, hash);
  let copy = mapGet(copies, address);
  if (copy === undefined) {
    copy = guard(() => copyOf(realm, address), 'about:blank');
    mapSet(copies, address, copy);
    mapSet(copies, copy, copy);
    if (copy !== address) realm.urls.rename(copy, realm.urls.unmap(address));
  }
  return copy + (hash < 0 ? '' : slice(url, hash));
}

/** Copies go with what they are copies of. */
export function revoked(url: string): void {
  const uses = ['', 'script', 'module'];
  for (let i = 0; i < uses.length; i++) {
    const copy = mapGet(copies, uses[i]! + url);
    if (copy === undefined) continue;
    mapDelete(copies, uses[i]! + url);
    mapDelete(copies, copy);
    if (copy !== url) apply(revokeURL as Any, scope.URL, [copy]);
  }
}

/** Throws where the blob is gone, or the page's policy forbids reading it. */
function copyOf(realm: Realm, address: string): string {
  const request = new xhr();
  open(request, 'GET', address, false);
  send(request);
  const type = toLowerCase(trim(responseHeader(request, 'Content-Type') ?? '')), text = responseText(request);
  const site = realm.urls.unmap(address);
  if (includes(type, 'xml')) return create(xmlDocument(realm, text, site), type);
  if (startsWith(type, 'text/html') || isSniffed(type, text)) return create(frameDocument(realm, text, site), 'text/html;charset=utf-8');
  return address;
}

/** The address of a script's object or data: URL, or of a rewritten copy. Where it cannot be read, it stays. */
export function scriptURL(realm: Realm, url: string, kind: 'script' | 'module'): string {
  if (!startsWith(url, 'blob:') && !startsWith(url, 'data:')) return url;
  const key = kind + url;
  let copy = mapGet(copies, key);
  if (copy !== undefined) return copy;
  const text = realm.read(url);
  if (text === undefined) return url;
  const result = rewriteScript(realm, text, kind);
  copy = result === text ? url : create(result, 'text/javascript;charset=utf-8');
  mapSet(copies, key, copy);
  if (copy !== url) realm.urls.rename(copy, realm.urls.unmap(url));
  return copy;
}

const create = (text: string, type: string): string => apply(createURL as Any, scope.URL, [new NativeBlob([text], { type })]) as string;

/** Whether a browser that is told no type would take a text for HTML (MIME Sniffing §7.1). */
const isSniffed = (type: string, text: string): boolean =>
  (!includes(type, '/') || startsWith(type, '*/') || includes(type, 'unknown')) && trim(slice(text, 0, 1024))[0] === '<';

/** An XML document, with our script as its root's first child. Style sheets that transform it are left out. */
function xmlDocument(realm: Realm, text: string, url: string): string {
  let at = 0;
  for (;;) {
    at = indexOf(text, '<', at);
    if (at < 0) return '';
    const c = charCodeAt(text, at + 1);
    if (c === 0x21) at = startsWith(text, '<!--', at) ? past(text, '-->', at) : doctypeEnd(text, at);
    else if (c === 0x3f && startsWith(text, '<?xml-stylesheet', at)) text = slice(text, 0, at) + slice(text, past(text, '?>', at));
    else if (c === 0x3f) at = past(text, '?>', at);
    else break;
  }
  const end = tagEnd(text, at);
  if (text[end - 1] === '/') return slice(text, 0, end - 1) + '/>'; // an empty element runs nothing
  return slice(text, 0, end + 1) + ourScript(realm, url, ' xmlns="http://www.w3.org/1999/xhtml"') + slice(text, end + 1);
}

function past(text: string, end: string, at: number): number {
  const found = indexOf(text, end, at);
  return found < 0 ? text.length : found + end.length;
}

/** Behind a doctype, which may hold declarations between brackets. */
function doctypeEnd(text: string, at: number): number {
  const end = past(text, '>', at), subset = indexOf(text, '[', at);
  return subset >= 0 && subset < end ? past(text, ']', subset) : end;
}

/** Where the tag that begins there ends. */
function tagEnd(text: string, at: number): number {
  for (let quote = ''; at < text.length; at++) {
    if (quote) quote = text[at] === quote ? '' : quote;
    else if (text[at] === '"' || text[at] === "'") quote = text[at]!;
    else if (text[at] === '>') return at;
  }
  return at;
}
