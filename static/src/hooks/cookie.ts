// document.cookie and cookieStore, from a view of the session's jar that lives in the page. Reading is local; writing
// asks the server and waits, so that the next read and the next request agree. The view is kept up to date by a header
// on responses that set cookies and by the shell's word that somebody else did.

import {
  addListener, apply, decodeComponent, dispatch, encodeComponent, getter, guard, indexOf, mapGet, mapSet, method, NativeMap, push, resolve, reject, slice,
  toLowerCase, trim, NativeTypeError, type Any,
} from '../natives';
import type { Realm } from '../realm';
import { tabWindow, type Runtime } from '../runtime';
import { frameCount } from './dom';

const scope = globalThis as Any;
const now = Date.now;
const documentURI = getter(scope.Document?.prototype, 'documentURI');
const pathOf = scope.location && getter(scope.location, 'pathname');

/** Cookies the scripts of this origin may see, as document.cookie gives them. One per script: all realms share it. */
let view = '';
/** Last line written for each name, and when: pages write the same line over and over. */
const written = new NativeMap<string, { line: string; at: number }>();
const REPEAT_MS = 30_000;

export function hookCookies(realm: Realm): void {
  const { patch, global } = realm;
  if (!realm.parent) view = realm.config.cookies;
  patch.accessor(global.Document?.prototype, 'cookie', {
    get: () => {
      if (stale) refresh(realm);
      return view;
    },
    set: (_native, self, value) => {
      documentURI(self); // throws for what is no document
      write(realm, `${value as string}`);
    },
  });
  hookStore(realm);
  if (!realm.parent) realm.points.cookiesChanged = () => realm.get(path(realm), (text) => change(realm, text));
}

/** Takes the view that a response brought. */
export function takeCookies(realm: Realm, header: string | null): void {
  if (header !== null) guard(() => changeHere(realm, decodeComponent(header)), undefined);
}

/** Whether another document of this tab has changed the cookies, so that they have to be asked for when they are read. */
let stale = false;

export const markStale = (): void => { stale = true; };

function refresh(realm: Realm): void {
  stale = false;
  const text = realm.read(realm.home + path(realm));
  if (text !== undefined) change(realm, text);
}

/** A change that this document made: those of the same origin in the tab read it at once. */
function changeHere(realm: Realm, next: string): void {
  if (next === view) return;
  change(realm, next);
  guard(() => tellBelow(tabWindow(realm.global), realm.global), undefined);
  stale = false; // blank frames have this script
}

function tellBelow(window: Any, self: Any): void {
  if (window !== self) guard(() => (window.$tandem as Runtime | undefined)?.cookies?.(), undefined);
  const count = frameCount(window);
  for (let i = 0; i < count; i++) guard(() => tellBelow(window[i], self), undefined);
}

const path = (realm: Realm): string =>
  '/.tandem/cookie?path=' + encodeComponent(pathOf && realm.global.document ? (pathOf(scope.location) as string) : '/');

function write(realm: Realm, line: string): void {
  const semicolon = indexOf(line, ';');
  const pair = trim(semicolon < 0 ? line : slice(line, 0, semicolon));
  const equals = indexOf(pair, '=');
  const name = trim(equals < 0 ? '' : slice(pair, 0, equals));
  const before = mapGet(written, name);
  if (before?.line === line && now() - before.at < REPEAT_MS && has(pair)) return;
  const answer = realm.post(path(realm), line);
  if (answer === undefined) return;
  mapSet(written, name, { line, at: now() });
  changeHere(realm, answer);
}

const has = (pair: string): boolean => indexOf(`; ${view};`, `; ${pair};`) >= 0;

interface Cookie {
  name: string;
  value: string;
}

function parse(text: string): Cookie[] {
  const list: Cookie[] = [];
  for (let at = 0; at < text.length;) {
    let end = indexOf(text, '; ', at);
    if (end < 0) end = text.length;
    const pair = slice(text, at, end);
    const equals = indexOf(pair, '=');
    push(list, { name: equals < 0 ? '' : slice(pair, 0, equals), value: slice(pair, equals + 1) });
    at = end + 2;
  }
  return list;
}

function change(realm: Realm, next: string): void {
  if (next === view) return;
  const before = parse(view), after = parse(next);
  view = next;
  guard(() => announce(realm, missing(after, before, true), missing(before, after, false)), undefined);
}

/** The cookies of a that b has not, or (values matter) has with another value. */
function missing(a: Cookie[], b: Cookie[], values: boolean): Cookie[] {
  const out: Cookie[] = [];
  for (let i = 0; i < a.length; i++) {
    let found = false;
    for (let j = 0; j < b.length; j++) if (a[i]!.name === b[j]!.name && (!values || a[i]!.value === b[j]!.value)) found = true;
    if (!found) push(out, a[i]!);
  }
  return out;
}

const ChangeEvent = scope.CookieChangeEvent as (new (type: string, init: unknown) => Event) | undefined;
const changedOf = getter(ChangeEvent?.prototype, 'changed') as (e: Event) => object[];
const storeOf = getter(scope, 'cookieStore');
const stop = method(scope.Event?.prototype, 'stopImmediatePropagation') as (e: Event) => void;

function announce(realm: Realm, changed: Cookie[], deleted: Cookie[]): void {
  if (!ChangeEvent || !storeOf) return;
  dispatch(storeOf(realm.global), new ChangeEvent('change', { changed: described(changed), deleted: described(deleted) }));
}

/** A cookie as this browser describes one: some tell no more than its name and value. */
function describe({ name, value }: Cookie): object {
  const all = { domain: null, expires: null, name, partitioned: false, path: '/', sameSite: 'strict', secure: true, value };
  return guard(() => changedOf(new ChangeEvent!('change', { changed: [all] }))[0] as object, all);
}

function described(list: Cookie[]): object[] {
  const out: object[] = [];
  for (let i = 0; i < list.length; i++) push(out, describe(list[i]!));
  return out;
}

function hookStore(realm: Realm): void {
  const { patch, global } = realm;
  const store = global.CookieStore?.prototype;
  // What the browser itself tells of is a cookie of ours.
  if (storeOf && !realm.parent) addListener(storeOf(global), 'change', (event: Event) => { if (event.isTrusted) stop(event); }, true);
  const named = (query: Any): string | undefined => (typeof query === 'object' && query !== null ? query.name : query) as string | undefined;
  const all = (query: Any): object[] => {
    if (stale) refresh(realm);
    const name = named(query);
    const list = parse(view), out: object[] = [];
    for (let i = 0; i < list.length; i++) if (name === undefined || list[i]!.name === `${name}`) push(out, describe(list[i]!));
    return out;
  };
  patch.method(store, 'get', (_native, _self, args) => answer(() => {
    if (args[0] === undefined) throw new NativeTypeError('CookieStoreGetOptions must not be empty');
    return all(args[0])[0] ?? null;
  }));
  patch.method(store, 'getAll', (_native, _self, args) => answer(() => all(args[0])));
  patch.method(store, 'set', (_native, _self, args) => answer(() => write(realm, lineOf(args))));
  patch.method(store, 'delete', (_native, _self, args) => answer(() => {
    const options = typeof args[0] === 'object' && args[0] !== null ? args[0] : { name: args[0] };
    write(realm, lineOf([{ ...options, value: '', expires: 0 }]));
  }));
}

function answer<T>(work: () => T): Promise<T> {
  try {
    return resolve(work());
  } catch (error) {
    return reject(error);
  }
}

const NativeDate = Date;
const utc = Date.prototype.toUTCString;

/** The arguments of CookieStore.set as a line for document.cookie. */
function lineOf(args: Any[]): string {
  const given = args[0];
  const options = typeof given === 'object' && given !== null ? given : { name: given, value: args[1] };
  const name = `${options.name as string}`, value = `${options.value as string}`;
  if (indexOf(name + value, ';') >= 0) throw new NativeTypeError('Cookie name and value must not contain ";"');
  let line = `${name}=${value}; path=${(options.path as string | undefined) ?? '/'}; secure`;
  line += `; samesite=${toLowerCase(`${(options.sameSite as string | undefined) ?? 'strict'}`)}`;
  if (options.domain) line += `; domain=${options.domain as string}`;
  if (options.partitioned) line += '; partitioned';
  if (options.expires !== undefined && options.expires !== null) {
    line += `; expires=${apply(utc, new NativeDate(options.expires as number), []) as string}`;
  }
  return line;
}
