// New windows become tabs of the session. What window.open returns, and `opener` in the new tab, is a facade: an
// object that looks like a window of another origin and reaches the real one by way of the shell.

import {
  defineProperty, dispatch, getter, guard, includes, indexOf, mapGet, mapSet, NativeMap, NativeURL, NativeWeakMap, numberToString,
  objectCreate, setter, slice, startsWith, toLowerCase, trim, weakGet, weakSet, type Any,
} from '../natives';
import { deputyFor } from '../ancestors';
import { markFrame } from '../framemarks';
import type { Realm, TabEvents, TabPort } from '../realm';
import { domException, isWindow, navigate, tabWindow, unfacade } from '../runtime';
import { navigationURL } from '../script';
import { baseURI, documentOf } from './dom';

const scope = globalThis as Any;
const nativeName = getter(scope, 'name') as (w: Any) => string;
const setNativeName = setter(scope, 'name') as (w: Any, name: string) => void;
const NativeMessageEvent = scope.MessageEvent as typeof MessageEvent;
const hrefOf = getter(scope.URL?.prototype, 'href') as (u: URL) => string;
const canParse = scope.URL?.canParse as (url: string, base: string) => boolean;
const random = Math.random;

/** The shell names a tab's frame so when a tab opened it: the mark, and then the window's own name. */
const OPENED = 'tandem-opened:';
const OPENER = 'opener';

/** Facades by id, and the port once there is one. One per script: the document and its children share them. */
const tabs = new NativeMap<string, Facade>();
const byName = new NativeMap<string, string>();
/** The facade that a relayed message came from. */
const sources = new NativeWeakMap<object, Any>();

interface Facade {
  window: Any;
  closed: boolean;
  url: string;
}

function tell(realm: Realm, message: (port: TabPort) => void): void {
  const { tabs: port } = realm.points;
  if (port) guard(() => message(port), undefined);
}

export function hookOpen(realm: Realm): void {
  const { patch, global } = realm;
  patch.method(global, 'open', (native, self, args) => {
    if (self !== undefined && self !== null && !isWindow(unfacade(self))) return native(self, args); // throws
    const url = args.length && args[0] !== undefined && args[0] !== '' ? navigationURL(realm, realm.map(args[0])) : '';
    const name = args[1] === undefined || args[1] === null ? '' : `${args[1] as string}`;
    const lower = toLowerCase(name);
    if (lower === '_self' || lower === '_parent' || lower === '_top') return openHere(realm, url, lower);
    if (name && lower !== '_blank' && isFrame(realm, name)) {
      const frame = frameNamed(realm, name) as Any;
      if (frame && url) markFrame(realm, url);
      if (!frame || deputyFor(frame) === undefined) {
        try {
          return native(global, [url, name]) as unknown;
        } catch (error) {
          if (!frame) throw error; // and else it is Firefox, which refuses in a sandbox
        }
      }
      if (url) navigate(realm, frame, url);
      return frame;
    }
    if (url && !canParse(url, baseURI(documentOf(global)))) return native(global, [url, name]); // throws
    const features = args[2] === undefined ? '' : `${args[2] as string}`;
    return openTab(realm, url, lower === '_blank' ? '' : name, features);
  });
  patch.method(global, 'close', (native, self, args) => {
    if (!realm.main) return native(self, args);
    tell(realm, (p) => p.close());
  });
  patch.accessor(global.MessageEvent?.prototype, 'source', { get: (value, self) => weakGet(sources, self as object) ?? value });
  if (realm.parent) return;
  realm.points.tabEvents = events(realm);
  hookName(realm);
}

/** The window's name, which carries a mark in tabs that were opened by another; they have an opener. */
function hookName(realm: Realm): void {
  const { patch, global } = realm;
  if (!realm.main || !startsWith(nativeName(global), OPENED)) return;
  patch.accessor(global, 'name', {
    get: (value) => (startsWith(value as string, OPENED) ? slice(value as string, OPENED.length) : value),
    set: (_, self, value) => setNativeName(self, OPENED + `${value as string}`),
  });
  const opener = facade(realm, OPENER, '').window as unknown;
  patch.accessor(global, 'opener', { get: (value) => value ?? opener });
}

function openHere(realm: Realm, url: string, target: string): Any {
  const { global } = realm;
  const window = target === '_top' ? tabWindow(global) : target === '_parent' && !realm.main ? global.parent : global;
  if (url) navigate(realm, window, url);
  return window;
}

/** Whether a name is that of a frame of this tab which a document may address. */
export function isFrame(realm: Realm, name: string): boolean {
  return guard(() => nativeName(realm.global) === name, false) || frameNamed(realm, name) !== undefined;
}

/** The frame of that name below the document, its parent or the tab's. */
export function frameNamed(realm: Realm, name: string): Any {
  const { global } = realm;
  const places = [global, guard(() => global.parent, null), tabWindow(global)];
  for (let i = 0; i < places.length; i++) {
    const frame = guard(() => places[i][name] as unknown, undefined);
    if (isWindow(frame) && frame !== global.top) return frame;
  }
  return undefined;
}

/** Opens a tab. The URL may be mapped; empty is about:blank. Gives null where the opener is not to know the tab. */
export function openTab(realm: Realm, url: string, name: string, features: string): Any {
  const site = url ? absolute(realm, url) : 'about:blank';
  const known = name ? mapGet(byName, name) : undefined;
  const tab = known ? mapGet(tabs, known) : undefined;
  if (known && tab && !tab.closed) {
    if (url) open(realm, known, site, name, features);
    tab.url = site;
    return tab.window;
  }
  const id = numberToString(random(), 36) + numberToString(random(), 36);
  open(realm, id, site, name, features);
  if (withoutOpener(features)) return null;
  if (name) mapSet(byName, name, id);
  return facade(realm, id, site).window;
}

/** Has the shell open an address. Whose wish that is the server is told first: to the browser it is the shell's. */
function open(realm: Realm, id: string, site: string, name: string, features: string): void {
  if (startsWith(site, 'http')) realm.post('/.tandem/opens', site);
  tell(realm, (p) => p.open(id, site, name, features));
}

function absolute(realm: Realm, url: string): string {
  return guard(() => realm.urls.unmap(hrefOf(new NativeURL(url, baseURI(documentOf(realm.global))))), url);
}

function withoutOpener(features: string): boolean {
  const list = toLowerCase(features);
  for (let at = 0; at < list.length;) {
    let end = indexOf(list, ',', at);
    if (end < 0) end = list.length;
    const item = trim(slice(list, at, end));
    if (item === 'noopener' || item === 'noreferrer' || includes(item, 'noopener=1') || includes(item, 'noopener=yes')) return true;
    at = end + 1;
  }
  return false;
}

/** What cross-origin code may use of a window (HTML §7.2.1.3.1), for a window in another tab. */
function facade(realm: Realm, id: string, url: string): Facade {
  const window = objectCreate(null) as Any;
  const state: Facade = { window, closed: false, url };
  mapSet(tabs, id, state);
  const value = (name: string, v: unknown) => defineProperty(window, name, { value: v, configurable: true });
  const access = (name: string, get: () => Any, set?: (v: Any) => void) =>
    defineProperty(window, name, { get, set, configurable: true });
  const location = locationOf(realm, id, state);
  const itself = ['window', 'self', 'frames', 'top', 'parent'];
  for (let i = 0; i < itself.length; i++) value(itself[i]!, window);
  value('length', 0);
  access('closed', () => state.closed);
  access('opener', () => (id === OPENER ? null : realm.global));
  access('location', () => location, (v) => { location.href = v; });
  access('document', () => { throw domException('Blocked a frame from accessing a cross-origin frame.', 'SecurityError'); });
  value('close', () => {
    state.closed = true;
    tell(realm, (p) => p.close(id));
  });
  value('focus', () => undefined);
  value('blur', () => undefined);
  value('postMessage', (data: unknown, target: Any) => {
    const wanted = typeof target === 'object' && target !== null ? (target.targetOrigin as unknown) : target;
    const allowed = wanted === undefined || wanted === '/' ? realm.origin : `${wanted as string}`;
    tell(realm, (p) => p.post(id, data, realm.origin, allowed));
  });
  return state;
}

function locationOf(realm: Realm, id: string, state: Facade): Any {
  const go = (url: Any) => {
    state.url = absolute(realm, realm.map(url));
    open(realm, id, state.url, '', '');
  };
  const location = objectCreate(null) as Any;
  defineProperty(location, 'href', { get: () => state.url, set: go, configurable: true });
  defineProperty(location, 'assign', { value: go, configurable: true });
  defineProperty(location, 'replace', { value: go, configurable: true });
  defineProperty(location, 'toString', { value: () => state.url, configurable: true });
  return location;
}

function events(realm: Realm): TabEvents {
  return {
    post(from, data, origin) {
      const event = new NativeMessageEvent('message', { data, origin });
      const source = mapGet(tabs, from);
      if (source) weakSet(sources, event, source.window);
      dispatch(realm.global as EventTarget, event);
    },
    closed(id) {
      const tab = mapGet(tabs, id);
      if (tab) tab.closed = true;
    },
  };
}
