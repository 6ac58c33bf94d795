// Script text met at run time is rewritten by the server, the only place that knows JavaScript: synchronously,
// because eval and friends are. Most text has none of the words that matter and never leaves the page.

import {
  arrayIndexOf, charCodeAt, decodeComponent, guard, includes, indexOf, numberToString, padStart, slice, toLowerCase, trim,
} from './natives';
import { Memo, type Realm } from './realm';

export type ScriptKind = 'script' | 'module' | 'eval' | 'function' | 'handler' | 'url' | 'importmap';

const WORDS = ['location', 'top', 'eval', 'import', 'postMessage'];
/** Windows and documents, where a member is taken by a computed name, or all are. */
const INDEXED = ['window[', 'document[', 'this[', 'self[', 'parent[', 'frames[', '...window', '...document', '...globalThis', '...self'];
const memo = new Memo(4 << 20);


/** Whether the server could change the text: it has one of the words, or an escape that may spell one. */
export function mayNeedRewriting(source: string): boolean {
  if (source.length < 3) return false;
  for (let i = 0; i < WORDS.length; i++) if (hasWord(source, WORDS[i]!)) return true;
  for (let i = 0; i < INDEXED.length; i++) if (includes(source, INDEXED[i]!)) return true;
  return includes(source, '\\u');
}

function hasWord(source: string, word: string): boolean {
  for (let at = indexOf(source, word); at >= 0; at = indexOf(source, word, at + word.length)) {
    if (!isName(charCodeAt(source, at - 1)) && !isName(charCodeAt(source, at + word.length))) return true;
  }
  return false;
}

function isName(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || (c >= 0x30 && c <= 0x39) || c === 0x5f || c === 0x24;
}

/** The rewritten text. When the server cannot be asked the text stays: our policy blocks what would escape. */
export function rewriteScript(realm: Realm, source: string, kind: ScriptKind): string {
  if (kind === 'importmap' ? !includes(source, '//') && !includes(source, 'integrity') : !mayNeedRewriting(source) && (kind !== 'url' || hasNoValue(source))) return source;
  const key = kind + source;
  const known = memo.get(key);
  if (known !== undefined) return known;
  const result = realm.post('/.tandem/js?kind=' + kind, source);
  if (result === undefined) return source;
  memo.set(key, result);
  return result;
}


const CLASSIC_TYPES = ['', 'text/javascript', 'application/javascript', 'application/ecmascript', 'application/x-ecmascript',
  'application/x-javascript', 'text/ecmascript', 'text/javascript1.0', 'text/javascript1.1', 'text/javascript1.2',
  'text/javascript1.3', 'text/javascript1.4', 'text/javascript1.5', 'text/jscript', 'text/livescript', 'text/x-ecmascript',
  'text/x-javascript'];

/** What a script element's type attribute makes of its text; undefined for data blocks. */
export function scriptKind(type: string | null): ScriptKind | undefined {
  const name = toLowerCase(trim(type ?? ''));
  if (arrayIndexOf(CLASSIC_TYPES, name) >= 0) return 'script';
  return name === 'module' || name === 'importmap' ? name : undefined;
}

/** A `javascript:` URL with its script rewritten; every other URL as it is. */
export function rewriteScriptURL(realm: Realm, url: string): string {
  const colon = indexOf(url, ':');
  if (colon < 10 || colon > 40 || toLowerCase(stripped(slice(url, 0, colon))) !== 'javascript') return url;
  const source = slice(url, colon + 1);
  const decoded = guard(() => decodeComponent(source), source);
  const result = rewriteScript(realm, decoded, 'url');
  return result === decoded ? url : 'javascript:' + encodeSource(result);
}

/** The URL to send a window to: scripts in it rewritten, and a document of an object URL with our script. */
export function navigationURL(realm: Realm, url: string): string {
  const result = rewriteScriptURL(realm, url);
  return realm.points.documentURL?.(realm, result) ?? result;
}

/** Percent-encodes what decoding would change, and what the URL parser would drop. */
function encodeSource(source: string): string {
  let out = '';
  for (let i = 0; i < source.length; i++) {
    const c = charCodeAt(source, i);
    out += c < 0x20 || c === 0x25 ? '%' + padStart(numberToString(c, 16), 2, '0') : source[i];
  }
  return out;
}

/** Whether a javascript: URL cannot make a document, as most cannot. */
export const hasNoValue = (source: string): boolean => arrayIndexOf(NO_VALUES, trim(source)) >= 0;
const NO_VALUES = ['', ';', 'void(0)', 'void(0);', 'void 0', 'void 0;', 'false', "''", '""'];

/** Without what the URL parser drops before and inside a scheme. */
function stripped(scheme: string): string {
  let out = '';
  for (let i = 0; i < scheme.length; i++) if (charCodeAt(scheme, i) > 0x20) out += scheme[i];
  return out;
}
