// The content host scheme, twin of rewrite/url.go; rewrite/testdata/urls.json holds them equal.
//
// A site's origin is one label: the host with `.` as `-` and `-` as `--` when the origin is https on the default
// port; else flags between `0` and `-` in front (`s` or `h` for the scheme, `6` for IPv6, `p` and the port); else a
// token, 80 bits of a hash that the server keeps an entry for. Only scheme and authority of a URL ever change.

import type { Content } from './config';
import {
  apply, charCodeAt, endsWith, getter, guard, includes, indexOf, lastIndexOf, mapClear, mapGet, mapHas, mapSet, mapSize, NativeMap,
  NativeURL, numberToString, padStart, parseInteger, slice, startsWith, toLowerCase, type Native,
} from './natives';
import { decodePunycode } from './punycode';
import { sha256 } from './sha256';

export interface Origin {
  /** `http` or `https`. */
  scheme: string;
  /** Canonical host: lower case, punycode, IPv6 in brackets. */
  host: string;
  /** Empty for the scheme's default. */
  port: string;
}

const exec = RegExp.prototype.exec;
const match = (re: RegExp, text: string): RegExpExecArray | null => apply(exec as Native, re, [text]);
const test = (re: RegExp, text: string): boolean => match(re, text) !== null;
const urlHost = getter(URL.prototype, 'hostname') as (u: URL) => string;
const urlPort = getter(URL.prototype, 'port') as (u: URL) => string;

const LABEL_MAX = 63;
/** Begins an object URL, which names the origin that made it. */
const BLOB = 'blob:';
const isBlob = (url: string): boolean => startsWith(url, 'blob:http://') || startsWith(url, 'blob:https://');

export const originString = (o: Origin): string => `${o.scheme}://${authority(o)}`;
const authority = (o: Origin): string => (o.port ? `${o.host}:${o.port}` : o.host);

/** Canonical origin of an authority, or undefined where a browser would refuse it. */
export function parseAuthority(scheme: string, host: string): Origin | undefined {
  const secure = scheme === 'https' || scheme === 'wss';
  const found = match(/^([a-z0-9-]+(?:\.[a-z0-9-]+)*)\.?(?::([1-9][0-9]{0,3}))?$/, toLowerCase(host));
  if (found && !test(/(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$|(?:^|\.)xn--/, found[1]!)) {
    const port = found[2] ?? '';
    return { scheme: secure ? 'https' : 'http', host: found[1]!, port: port === (secure ? '443' : '80') ? '' : port };
  }
  if (includes(host, '..')) return undefined;
  return guard(() => {
    const parsed = new NativeURL(`${secure ? 'https' : 'http'}://${host}/`);
    let name = urlHost(parsed);
    if (endsWith(name, '.')) name = slice(name, 0, -1);
    if (test(/[%\0-\x20<>^|]/, name) || !isEncoded(name)) return undefined; // browsers differ in how they refuse these
    return name ? { scheme: secure ? 'https' : 'http', host: name, port: urlPort(parsed) } : undefined;
  }, undefined);
}

/** Whether every `xn--` label of a host is what its decoded form is encoded as. */
function isEncoded(host: string): boolean {
  for (let at = 0; at < host.length;) {
    let end = indexOf(host, '.', at);
    if (end < 0) end = host.length;
    const label = slice(host, at, end);
    if (startsWith(label, 'xn--')) {
      const decoded = decodePunycode(slice(label, 4));
      if (decoded === undefined || urlHost(new NativeURL(`https://${decoded}/`)) !== label) return false;
    }
    at = end + 1;
  }
  return true;
}

/** The origin of an absolute http or ws URL. */
export function parseOrigin(url: string): Origin | undefined {
  const found = match(/^(https?|wss?):\/\/(?:[^/\\?#]*@)?([^/\\?#@]*)/i, url);
  return found ? parseAuthority(toLowerCase(found[1]!), found[2]!) : undefined;
}

/** The label of an origin within a session; `token` is true when only the server's table can reverse it. */
export function encode(o: Origin, session: string): { label: string; token: boolean } {
  const label = readable(o);
  if (label && label.length + 2 + session.length <= LABEL_MAX) return { label: `${label}--${session}`, token: false };
  return { label: `${token(o)}--${session}`, token: true };
}

function readable(o: Origin): string | undefined {
  const flags = '0' + (o.scheme === 'https' ? 's' : 'h');
  const port = o.port && 'p' + o.port;
  if (charCodeAt(o.host, 0) === 0x5b) return `${flags}6${port}-${expandIPv6(slice(o.host, 1, -1))}`;
  if (!test(/^[a-z0-9.-]+$/, o.host)) return undefined;
  const body = hyphenate(o.host);
  if (dot(body) !== o.host) return undefined;
  const plain = o.scheme === 'https' && !o.port && includes(o.host, '.');
  if (plain && !test(/^0|^xn--|^-|-$/, body)) return body;
  return `${flags}${port}-${body}`;
}

function hyphenate(host: string): string {
  let out = '';
  for (let i = 0; i < host.length; i++) out += host[i] === '.' ? '-' : host[i] === '-' ? '--' : host[i];
  return out;
}

function dot(body: string): string {
  let out = '';
  for (let i = 0; i < body.length; i++) {
    if (body[i] !== '-') out += body[i];
    else if (body[i + 1] === '-') out += body[++i];
    else out += '.';
  }
  return out;
}

function expandIPv6(text: string): string {
  const gap = indexOf(text, '::');
  const head = groups(gap < 0 ? text : slice(text, 0, gap));
  const tail = gap < 0 ? '' : groups(slice(text, gap + 2));
  return head + slice('00000000000000000000000000000000', head.length + tail.length) + tail;
}

function groups(text: string): string {
  let out = '';
  for (let at = 0; at < text.length;) {
    let end = indexOf(text, ':', at);
    if (end < 0) end = text.length;
    out += padStart(slice(text, at, end), 4, '0');
    at = end + 1;
  }
  return out;
}

function compressIPv6(hex: string): string {
  let out = '';
  for (let i = 0; i < 32; i += 4) out += (i ? ':' : '') + numberToString(parseInteger(slice(hex, i, i + 4), 16), 16);
  return guard(() => urlHost(new NativeURL(`http://[${out}]/`)), `[${out}]`);
}

/** The name that stands for an origin which has no readable label: `0t-` and 16 characters of base32. */
export function token(o: Origin): string {
  const words = sha256(originString(o));
  let out = '0t-';
  for (let i = 0; i < 16; i++) {
    const bit = i * 5, word = words[bit >> 5]!, shift = 27 - (bit & 31);
    const five = shift >= 0 ? word >>> shift : (word << -shift) | (words[(bit >> 5) + 1]! >>> (32 + shift));
    out += 'abcdefghijklmnopqrstuvwxyz234567'[five & 31];
  }
  return out;
}

/** The origin of a readable label without its session; undefined for tokens and for anything encode cannot make. */
export function decode(label: string): Origin | undefined {
  let o: Origin;
  const flagged = match(/^0([sh])(6?)(?:p([1-9][0-9]{0,4}))?-(.+)$/, label);
  if (!flagged) {
    o = { scheme: 'https', host: dot(label), port: '' };
  } else {
    const host = flagged[2] ? compressIPv6(flagged[4]!) : dot(flagged[4]!);
    o = { scheme: flagged[1] === 's' ? 'https' : 'http', host, port: flagged[3] ?? '' };
  }
  return readable(o) === label ? o : undefined;
}

export interface UrlsOptions {
  session: string;
  content: Content;
  /** Canonical origin of the document at the real site. */
  origin: string;
  /** Told of each new token before an address that carries it is used. */
  alias?: (token: string, origin: string) => void;
  /** Asked for the origin of a token that this document did not make. */
  aliased?: (token: string) => string | undefined;
}

const CACHE_MAX = 500;

/** Maps between the site's URLs and proxied ones for one document. No method throws. */
export class Urls {
  readonly origin: Origin;
  private readonly suffix: string;
  private readonly forth = new NativeMap<string, string>();
  private readonly back = new NativeMap<string, Origin | undefined>();
  private readonly renamed = new NativeMap<string, string>();
  private readonly tokens = new NativeMap<string, Origin | undefined>();

  constructor(private readonly options: UrlsOptions) {
    this.suffix = '.' + options.content.host;
    this.origin = parseOrigin(options.origin) ?? { scheme: 'https', host: 'invalid', port: '' };
    mapSet(this.tokens, token(this.origin), this.origin);
  }

  /**
   * Site URL to proxied URL. Relative URLs, other schemes and URLs already mapped come back as they are. User and
   * password, which browsers refuse in subresources, are left out.
   */
  map(url: string): string {
    if (!mayHaveAuthority(url)) return url;
    return guard(() => this.mapAbsolute(url), url);
  }

  private mapAbsolute(url: string): string {
    if (isBlob(url)) return BLOB + this.mapAbsolute(slice(url, BLOB.length));
    const t = locate(url, this.origin.scheme);
    if (!t) return url;
    const { scheme } = this.options.content;
    if (t.bare) return slice(url, 0, t.start) + relative(slice(url, t.colon));
    const host = this.host(t.scheme || this.origin.scheme, t.authority);
    if (!host) return url;
    return slice(url, 0, t.start) + (t.scheme && socketScheme(t.scheme, scheme) + ':') + '//' + host + slice(url, t.end);
  }

  /** The content host for an authority; empty when it is none or is a content host already. */
  private host(scheme: string, host: string): string {
    const key = scheme + '/' + host;
    const known = mapGet(this.forth, key);
    if (known !== undefined) return known;
    const made = this.makeHost(scheme, host);
    if (mapSize(this.forth) >= CACHE_MAX) mapClear(this.forth);
    mapSet(this.forth, key, made);
    return made;
  }

  private makeHost(scheme: string, host: string): string {
    if (endsWith(host, this.suffix)) return '';
    const o = parseAuthority(scheme, slice(host, lastIndexOf(host, '@') + 1));
    if (!o) return '';
    const mapped = o.scheme === this.options.content.scheme && endsWith(authority(o), this.suffix);
    return mapped ? '' : this.hostOf(o);
  }

  /** The content host (with its port) that stands for an origin. */
  hostOf(o: Origin): string {
    const { label, token: isToken } = encode(o, this.options.session);
    if (isToken) this.remember(slice(label, 0, 19), o);
    return label + this.suffix;
  }

  private remember(name: string, o: Origin): void {
    if (mapGet(this.tokens, name) !== undefined) return;
    mapSet(this.tokens, name, o);
    this.options.alias?.(name, originString(o));
  }

  /** The origin of a content host, or undefined. */
  originOf(host: string): Origin | undefined {
    if (!endsWith(host, this.suffix)) return undefined;
    if (mapHas(this.back, host)) return mapGet(this.back, host);
    const tail = '--' + this.options.session;
    const label = slice(host, 0, host.length - this.suffix.length);
    const body = endsWith(label, tail) ? slice(label, 0, label.length - tail.length) : '';
    const o = startsWith(body, '0t-') ? this.aliased(body) : body ? decode(body) : undefined;
    if (mapSize(this.back) >= CACHE_MAX) mapClear(this.back);
    if (o) mapSet(this.back, host, o);
    return o;
  }

  private aliased(name: string): Origin | undefined {
    if (mapHas(this.tokens, name)) return mapGet(this.tokens, name);
    const origin = this.options.aliased?.(name);
    const o = origin === undefined ? undefined : parseOrigin(origin);
    if (mapSize(this.tokens) >= CACHE_MAX) mapClear(this.tokens);
    mapSet(this.tokens, name, o && token(o) === name ? o : undefined); // also what nobody knows, which is asked once
    return mapGet(this.tokens, name);
  }

  /** Makes a copy of an object URL's content show the address that the page knows. */
  rename(copy: string, known: string): void {
    if (mapSize(this.renamed) >= CACHE_MAX) mapClear(this.renamed);
    const hash = indexOf(copy, '#');
    mapSet(this.renamed, hash < 0 ? copy : slice(copy, 0, hash), known);
  }

  /** Proxied URL to site URL; everything else comes back as it is. */
  unmap(url: string): string {
    if (!mayHaveAuthority(url)) return url;
    return guard(() => this.unmapAbsolute(url), url);
  }

  private unmapAbsolute(url: string): string {
    if (isBlob(url) && mapSize(this.renamed) > 0) {
      const hash = indexOf(url, '#'), known = mapGet(this.renamed, hash < 0 ? url : slice(url, 0, hash));
      if (known !== undefined) return known + (hash < 0 ? '' : slice(url, hash));
    }
    if (isBlob(url)) return BLOB + this.unmapAbsolute(slice(url, BLOB.length));
    const { scheme: content } = this.options.content;
    const t = locate(url, content);
    if (!t || t.bare || httpScheme(t.scheme || content) !== content) return url;
    const o = this.originOf(toLowerCase(t.authority));
    if (!o) return url;
    let scheme = o.scheme + ':';
    if (t.scheme) scheme = socketScheme(t.scheme, o.scheme) + ':';
    else if (o.scheme === this.origin.scheme) scheme = '';
    return slice(url, 0, t.start) + scheme + '//' + authority(o) + slice(url, t.end);
  }

  /** Unmaps every proxied URL and host inside a text. */
  unmapText(text: string): string {
    if (!includes(text, this.suffix)) return text;
    return guard(() => this.unmapAll(text), text);
  }

  private unmapAll(text: string): string {
    let out = '';
    let done = 0;
    for (let at = indexOf(text, this.suffix); at >= 0; at = indexOf(text, this.suffix, at + 1)) {
      const end = at + this.suffix.length;
      let from = at;
      while (from > done && isLabelCode(charCodeAt(text, from - 1))) from--;
      const o = this.originOf(slice(text, from, end));
      if (!o) continue;
      const prefix = match(/(?:https?|wss?):\/\/$/, slice(text, from - 8 < done ? done : from - 8, from));
      let site = authority(o);
      if (prefix) {
        site = `${socketScheme(prefix[0], o.scheme)}://${site}`;
        from -= prefix[0].length;
      }
      out += slice(text, done, from) + site;
      done = end;
    }
    return out + slice(text, done);
  }
}

/** What follows the scheme in `https:path`, which is relative whatever the scheme it is proxied by. */
const relative = (rest: string): string => (test(/^[\0-\x20]|^[^:/\\?#]*:/, rest) ? './' + rest : rest);

/** Decides from the first letters, which suffice for nearly every URL of a real page, whether it could name a host. */
function mayHaveAuthority(url: string): boolean {
  let i = 0;
  while (charCodeAt(url, i) <= 0x20) i++;
  const c = charCodeAt(url, i), next = charCodeAt(url, i + 1);
  if (isBreak(next)) return true;
  if (isSlash(c)) return isSlash(next);
  if (c === 0x62) return isBlob(url);
  if ((c | 0x20) === 0x68) return (next | 0x20) === 0x74;
  return (c | 0x20) === 0x77 && (next | 0x20) === 0x73;
}

const isSlash = (c: number): boolean => c === 0x2f || c === 0x5c;
/** Tab, LF and CR: the URL parser drops them wherever they stand. */
const isBreak = (c: number): boolean => c === 9 || c === 10 || c === 13;

/** Where scheme and authority lie in a URL. */
interface Target {
  /** Empty when the URL begins with `//`. */
  scheme: string;
  /** `https:path`, which is relative because the base has the same scheme. */
  bare: boolean;
  /** Of the scheme, after white space. */
  start: number;
  /** Behind the scheme. */
  colon: number;
  /** Of the authority. */
  end: number;
  authority: string;
}

/** Finds the authority as the URL parser does for special schemes; undefined for relative and for other URLs. */
function locate(url: string, base: string): Target | undefined {
  let end = url.length;
  while (end > 0 && charCodeAt(url, end - 1) <= 0x20) end--;
  let i = 0;
  while (i < end && charCodeAt(url, i) <= 0x20) i++;
  const start = i;
  let scheme = '';
  if (!isSlash(charCodeAt(url, i))) {
    let c = 0;
    for (; i < end && (c = charCodeAt(url, i)) !== 0x3a && scheme.length < 6; i++) if (!isBreak(c)) scheme += url[i];
    scheme = toLowerCase(scheme);
    if (c !== 0x3a || !test(/^(?:https?|wss?)$/, scheme)) return undefined;
    i++;
  }
  const colon = i;
  let slashes = 0;
  for (; i < end; i++) {
    const c = charCodeAt(url, i);
    if (isSlash(c)) slashes++;
    else if (!isBreak(c)) break;
  }
  if (slashes < 2 && (!scheme || scheme === base)) {
    return scheme ? { scheme, bare: true, start, colon, end, authority: '' } : undefined;
  }
  let host = '';
  for (; i < end; i++) {
    const c = charCodeAt(url, i);
    if (isSlash(c) || c === 0x3f || c === 0x23) break;
    if (!isBreak(c)) host += url[i];
  }
  return { scheme, bare: false, start, colon, end: i, authority: host };
}

const httpScheme = (scheme: string): string => (scheme[0] === 'w' ? (scheme === 'wss' ? 'https' : 'http') : scheme);

/** The http scheme `to`, as ws or wss if `from` is one of these. */
const socketScheme = (from: string, to: string): string => (from[0] === 'w' ? (to === 'https' ? 'wss' : 'ws') : to);

function isLabelCode(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x30 && c <= 0x39) || c === 0x2d;
}
