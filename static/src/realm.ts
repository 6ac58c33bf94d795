// One window or worker: its global object, its patches, its way to map URLs, and the points where the rest of
// the sync script takes part in what the hooks do.

import type { Config } from './config';
import { addListener, bare, encodeComponent, getter, guard, includes, method, mapClear, mapGet, mapSet, NativeMap, push, setter, startsWith, type Any } from './natives';
import { Patcher } from './patch';
import { originString, Urls } from './url';

const xhr = (globalThis as Any).XMLHttpRequest as (new () => XMLHttpRequest) | undefined;
const open = method(xhr?.prototype, 'open');
const send = method(xhr?.prototype, 'send');
const setRequestHeader = method(xhr?.prototype, 'setRequestHeader');
const status = getter(xhr?.prototype, 'status');
const responseText = getter(xhr?.prototype, 'responseText');
const overrideMimeType = method(xhr?.prototype, 'overrideMimeType');
const onloadend = setter((globalThis as Any).XMLHttpRequestEventTarget?.prototype, 'onloadend');

/** Asks for virtual tabs, and speaks to the ones this document opened or was opened by. */
export interface TabPort {
  /** Opens a tab, or sends the one that has the id already to another address. The URL is the site's, absolute. */
  open(id: string, url: string, name: string, features: string): void;
  /** `to` is the id of a tab we opened, or `opener`. Origins are the real sites'. */
  post(to: string, data: unknown, origin: string, target: string): void;
  /** Without an id: this tab itself. */
  close(id?: string): void;
}

/** What the tabs' hooks offer to whoever holds the port to the shell. */
export interface TabEvents {
  post(from: string, data: unknown, origin: string): void;
  closed(id: string): void;
}

/** Filled in by the hooks and by the sync script; one object for a document and its same-origin children. */
export interface Points {
  /** Set by the sync script before the page's first script runs. */
  tabs?: TabPort;
  /** Set by hooks/open.ts; the sync script calls it with what the shell relays. */
  tabEvents?: TabEvents;
  /** Set by hooks/cookie.ts: reads the cookies anew, because another party changed them. */
  cookiesChanged?: () => void;
  /** Set by the sync script: a same-origin child realm, which has no script of ours, was hooked. */
  childRealm?: (realm: Realm) => void;
  /** Set in windows by install.ts: the address to use instead of an object URL that may be a document. */
  documentURL?: (realm: Realm, url: string) => string;
  /** Set in windows by install.ts: the address to use instead of an object or data: URL of a script. */
  scriptURL?: (realm: Realm, url: string, kind: 'script' | 'module') => string;
  /** Set in windows by install.ts: an object URL is no longer valid. */
  revoked?: (url: string) => void;
  /** Called after the page replaced the document in place (document.open), which drops all listeners. */
  reopened?: (realm: Realm) => void;
}

export interface Legacy {
  /** The state of the default policy for trusted types, of which a window can have one only. */
  types?: unknown;
}

export class Realm {
  readonly patch: Patcher;
  readonly urls: Urls;
  /** Proxied origin of this document, for requests of ours; no base element changes it. */
  readonly home: string;
  /** Whether this is the document of a tab, not a frame within one. */
  readonly main: boolean;
  readonly points: Points;
  /** Of a realm hooked from above: what the script of ours that starts in its window takes over. */
  readonly legacy: Legacy = {};
  private readonly listeners: (() => void)[] = [];

  constructor(readonly global: Any, readonly config: Config, readonly parent?: Realm) {
    this.patch = new Patcher(global);
    this.points = parent ? parent.points : {};
    this.urls = parent?.urls ?? new Urls({
      session: config.session,
      content: config.content,
      origin: config.origin,
      alias: (_, origin) => void this.post('/.tandem/alias', origin),
      aliased: (token) => this.post('/.tandem/alias?token=' + encodeComponent(token), ''),
    });
    this.home = `${config.content.scheme}://${this.urls.hostOf(this.urls.origin)}`;
    if (startsWith(config.url, 'blob:')) this.urls.rename(global.location.href as string, config.url);
    this.main = global.window !== undefined && global.parent === global.top;
  }

  /** Origin of the real site. */
  get origin(): string {
    return originString(this.urls.origin);
  }

  /** A URL on its way to the browser. Converts as the native function would, so what conversion throws is the page's. */
  map(value: unknown): string {
    return this.urls.map(typeof value === 'string' ? value : `${value as string}`);
  }

  /** What a native getter gave on its way to the page. */
  unmap(value: unknown): Any {
    return typeof value === 'string' ? this.urls.unmap(value) : value;
  }

  /** Listens natively, and again whenever document.open has dropped the listeners. */
  listen(target: () => EventTarget, type: string, listener: (event: Any) => void, options: AddEventListenerOptions | boolean): void {
    const add = () => addListener(target(), type, listener, bare(options));
    push(this.listeners, add);
    add();
  }

  /** The page replaced the document in place. */
  reopened(): void {
    for (let i = 0; i < this.listeners.length; i++) guard(this.listeners[i]!, undefined);
    guard(() => this.points.reopened?.(this), undefined);
  }

  /** Asks the server and waits; undefined when it did not answer with 200. Of a FormData the browser tells the type. */
  post(path: string, body: string | FormData, type = typeof body === 'string' ? 'text/plain;charset=UTF-8' : undefined): string | undefined {
    return guard(() => {
      const request = new xhr!();
      open(request, 'POST', `${this.home}${path}${includes(path, '?') ? '&' : '?'}key=${this.config.key}`, false);
      if (type !== undefined) setRequestHeader(request, 'Content-Type', type);
      send(request, body);
      return status(request) === 200 ? (responseText(request) as string) : undefined;
    }, undefined);
  }

  /** A script of ours as text. */
  ownScript(name: string): string {
    return this.read(`${this.home}/.tandem/${name}.js`) ?? '';
  }

  /** What is at an address, as text, at once. */
  read(url: string): string | undefined {
    return guard(() => {
      const request = new xhr!();
      open(request, 'GET', url, false);
      overrideMimeType(request, 'text/plain;charset=UTF-8');
      send(request);
      return status(request) === 200 ? (responseText(request) as string) : undefined;
    }, undefined);
  }

  /** Asks the server and calls back with the text, if it answers with 200. */
  get(path: string, done: (text: string) => void): void {
    guard(() => {
      const request = new xhr!();
      open(request, 'GET', this.home + path, true);
      overrideMimeType(request, 'text/plain;charset=UTF-8');
      onloadend(request, () => {
        if (status(request) === 200) done(responseText(request) as string);
      });
      send(request);
    }, undefined);
  }
}

/** A map that forgets everything when it has grown too big. */
export class Memo {
  private readonly map = new NativeMap<string, string>();
  private size = 0;
  constructor(private readonly limit: number) {}

  get(key: string): string | undefined {
    return mapGet(this.map, key);
  }

  set(key: string, value: string): void {
    const size = key.length + value.length;
    if (size > this.limit / 4) return;
    this.size += size;
    if (this.size > this.limit) {
      mapClear(this.map);
      this.size = size;
    }
    mapSet(this.map, key, value);
  }
}


