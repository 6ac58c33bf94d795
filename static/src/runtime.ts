// What rewritten scripts call: the one global `$tandem`. `location` and `top` of a window cannot be replaced, so
// the server makes scripts ask here instead. A facade is one object per native one, so identity keeps working.

import {
  apply, arrayIndexOf, bare, defineProperty, endsWith, getOwnPropertyDescriptor, getPrototypeOf, getter, guard, indexOf,
  method, NativeDOMException, NativeProxy, NativeURL, NativeWeakMap, NativeWeakSet, objectCreate, ownKeys, setter, slice, startsWith,
  weakAdd, weakGet, weakHas, weakSet, type Any, type Native,
} from './natives';
import { deputyFor, sendAway, windowAbove, type Errand } from './ancestors';
import { markFrame } from './framemarks';
import { functionOf } from './inline';
import { hookNames, hookReflection, namesOf } from './reflection';
import { disguise } from './patch';
import type { Realm } from './realm';
import { navigationURL, rewriteScript } from './script';
import { isEvaluated, like } from './trusted';

export interface Runtime {
  location: Any;
  top: Any;
  o(value: Any): Any;
  c(value: Any): Any;
  v(value: Any): Any;
  f(value: Any): Any;
  w(current: Any, value: Any): Any;
  js(source: Any): Any;
  eval(source: Any): Any;
  url(specifier: Any): Any;
  meta(meta: Any): Any;
  /** Navigates a window for a document below; see ancestors.ts. */
  run?(window: Any, errand: Errand): void;
  /** The value of a javascript: URL: a string becomes a document, which begins with our script. Not in workers. */
  html?(value: Any): Any;
  /** Hooks the frames that this window has got, when another realm's function inserted them. Not in workers. */
  frames?(): void;
  /** Another document of the tab has changed the cookies. Not in workers. */
  cookies?(): void;
  /** Takes in a function that a script of ours made; see inline.ts. */
  made?(fn: Native): void;
  /** Takes back the hooks of a realm that has no script of ours, for the one that now starts there. */
  leave?(): unknown;
}

const scope = globalThis as Any;
const windowOf = getter(scope, 'window');
const parentOf = getter(scope, 'parent');
const topOf = getter(scope, 'top');
const documentURI = getter(scope.Document?.prototype, 'documentURI');
const currentScript = getter(scope.Document?.prototype, 'currentScript');
const getAttribute = method(scope.Element?.prototype, 'getAttribute');
const nativeLocation = scope.location as Location;
const hrefOf = getter(nativeLocation, 'href') as (l: Location) => string;
const setHref = setter(nativeLocation, 'href') as (l: Location, url: string) => void;
const locationGetter = getter(scope, 'location');
const nativePost = scope.postMessage as Native;
const documentLocation = scope.document && getter(scope.document, 'location');
const objectPrototype = Object.prototype;
const regExpTest = RegExp.prototype.test as Any;

/** Facade to what it stands for, whichever realm's hook made it. */
const behind = new NativeWeakMap<object, Any>();

/** The native object behind a facade; anything else as it is. */
export const unfacade = (value: Any): Any =>
  (value !== null && (typeof value === 'object' || typeof value === 'function') && weakGet(behind, value)) || value;

/** Whether the value is a window of any origin. */
export function isWindow(value: Any): boolean {
  if (value === null || typeof value !== 'object') return false;
  return guard(() => windowOf(value) !== undefined, false);
}

const isDocument = (value: Any): boolean => documentURI !== undefined && guard(() => typeof documentURI(value) === 'string', false);

/** The window of the tab: the outermost one below our shell. */
export function tabWindow(global: Any): Any {
  const outer = topOf(global);
  if (outer === null) return null; // a removed frame's
  let w = global;
  while (parentOf(w) !== outer && parentOf(w) !== w) w = parentOf(w);
  return w;
}

/** Sends a window to a site's URL. */
export function navigate(realm: Realm, window: Any, url: string): void {
  const mapped = navigationURL(realm, realm.map(url));
  if (window !== tabWindow(realm.global)) markFrame(realm, mapped);
  if (!sendAway(realm, window, { url: mapped })) setHref(locationGetter(window), mapped);
}

/** Sends a window to a mapped URL that another document asked for. */
export function go(window: Any, url: string, replace: boolean): void {
  if (replace) apply(nativeLocation.replace, locationGetter(window), [url]);
  else setHref(locationGetter(window), url);
}

/** Has another document send the window of a location to a mapped URL, if this one may not. */
function leave(realm: Realm, native: Location, url: string, replace: boolean): boolean {
  const tab = tabWindow(realm.global);
  if (tab !== null && native !== locationGetter(tab)) markFrame(realm, url);
  const window = native === nativeLocation ? undefined : windowAbove(native) as unknown;
  return window !== undefined && sendAway(realm, window, { url, replace });
}

/** The location of a window that this document may not navigate, as one that may sees it. */
function theirs(native: Location): Any {
  const window = native === nativeLocation ? undefined : windowAbove(native) as unknown;
  return window === undefined ? undefined : guard(() => deputyFor(window)?.o(window).location as unknown, undefined);
}

const PARTS = ['origin', 'protocol', 'host', 'hostname', 'port'];
const LOCATED = ['location', 'top', 'postMessage', 'eval'];

class Facades {
  private readonly facades = new NativeWeakMap<object, Any>();
  /** Objects seen to be neither window nor document; asking natively means a thrown error each time. */
  private readonly plain = new NativeWeakSet<object>();

  constructor(private readonly realm: Realm, private readonly evaluate: Native) {}

  /** What a name that may be the window's top stands for; the rewriter may have asked for its facade already. */
  named(value: Any): Any {
    const { global } = this.realm;
    if (value === null || typeof value !== 'object' || unfacade(value) !== topOf(global)) return value;
    return value === unfacade(value) ? tabWindow(global) : this.of(tabWindow(global));
  }

  /** The object to ask for location, top, postMessage and eval. */
  of(value: Any): Any {
    if (value === null || typeof value !== 'object') return value;
    const known = weakGet(this.facades, value);
    if (known) return known;
    if (weakHas(this.plain, value) || guard(() => getPrototypeOf(value) === objectPrototype, true)) return value;
    if (isWindow(value)) return this.keep(value, this.ofWindow(value));
    if (isDocument(value)) return this.keep(value, this.ofDocument(value));
    weakAdd(this.plain, value);
    return value;
  }

  /** The object to call a member of by a computed name: the page's functions get the window itself for this. */
  callable(value: Any): Any {
    const facade = this.of(value) as Any;
    if (facade === value) return value;
    return new NativeProxy(facade as object, {
      __proto__: null,
      get: (_: object, key: PropertyKey) => {
        const member = facade[key] as Any;
        return typeof member === 'function' ? (...args: Any[]) => apply(member as Native, value, args) : member;
      },
    } as ProxyHandler<object>);
  }

  private keep(native: object, facade: object): Any {
    weakSet(this.facades, native, facade);
    weakSet(behind, facade, native);
    return facade;
  }

  private ofWindow(window: Any): object {
    const post = window === this.realm.global ? undefined : this.postTo(window);
    return this.forward(window, (key) => {
      if (key === 'location') return this.location(locationGetter(window));
      if (key === 'top') return tabWindow(window);
      if (key === 'eval') return this.evalOf(window);
      if (key === 'postMessage' && post) return post;
      return window[key];
    }, (url) => navigate(this.realm, window, url));
  }

  /** eval of a window: a frame's, too, has to rewrite what it is given. */
  private evalOf(window: Any): Native {
    if (window === this.realm.global) return this.evaluate;
    const theirs = guard(() => getOwnPropertyDescriptor(window, '$tandem')?.value as Runtime | undefined, undefined);
    return theirs ? theirs.eval as Native : window.eval as Native;
  }

  private ofDocument(document: Any): object {
    return this.forward(document, (key) => (key === 'location' ? this.location(documentLocation(document)) : document[key]),
      (url) => {
        const native = documentLocation(document) as Location, mapped = navigationURL(this.realm, this.realm.map(url));
        if (!leave(this.realm, native, mapped, false)) setHref(native, mapped);
      });
  }

  /** A stand-in that a destructuring pattern may also read other properties of. */
  private forward(native: Any, get: (key: PropertyKey) => Any, setLocation: (url: string) => void): object {
    return new NativeProxy(objectCreate(null) as object, {
      __proto__: null,
      get: (_: object, key: PropertyKey) => get(key),
      set: (_: object, key: PropertyKey, value: Any) => {
        if (key === 'location') setLocation(value as string);
        else if (key !== 'top') native[key] = value;
        return true;
      },
      has: (_: object, key: string) => arrayIndexOf(LOCATED, key) >= 0 || key in native,
      ownKeys: () => namesOf(native),
      getPrototypeOf: () => getPrototypeOf(native),
      getOwnPropertyDescriptor: (_: object, key: PropertyKey) => {
        const found = getOwnPropertyDescriptor(native, key);
        return found && bare({ value: get(key) as unknown, writable: true, enumerable: found.enumerable === true, configurable: true });
      },
      deleteProperty: (_: object, key: PropertyKey) => delete native[key],
    } as ProxyHandler<object>);
  }

  /** postMessage of another window: it cannot be hooked there, or its hook knows nothing of our facades. */
  private postTo(window: Any): Native {
    const { realm } = this;
    // The message comes from the window whose script calls the native: of a realm without one of ours, a function of its own.
    let call: Native | undefined;
    return {
      postMessage(...args: Any[]) {
        if (args.length > 1) args[1] = mapTarget(realm, args[1]);
        if (args.length) args[0] = unfacade(args[0]);
        call ??= (realm.parent && guard(() => functionOf(realm, 'f, t, a', 'return Reflect.apply(f, t, a)'), undefined)) ?? apply;
        return apply(call, undefined, [nativePost, window, args]) as unknown;
      },
    }.postMessage;
  }

  /** What the page gets for a native location or top window; anything else as it is. */
  stand(value: Any): Any {
    if (value === null || typeof value !== 'object') return value;
    if (value === topOf(this.realm.global)) return tabWindow(this.realm.global);
    if (weakHas(this.plain, value)) return value;
    return guard(() => typeof hrefOf(value as Location) === 'string', false) ? this.location(value as Location) : value;
  }

  location(native: Location | null): Any {
    if (native === null) return native; // document.location of a document without a window
    return weakGet(this.facades, native) ?? this.keep(native, this.makeLocation(native));
  }

  private makeLocation(native: Location): object {
    const realm = this.realm;
    const prototype = guard(() => getPrototypeOf(native), null) ?? objectCreate(null);
    const facade = objectCreate(prototype) as object;
    const keys = ownKeys(nativeLocation);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      const found = getOwnPropertyDescriptor(nativeLocation, key)!;
      defineProperty(facade, key, { ...found, ...this.member(realm, native, key, found) });
    }
    return facade;
  }

  private member(realm: Realm, native: Location, key: PropertyKey, found: PropertyDescriptor): PropertyDescriptor {
    const { get, set, value } = found;
    if (typeof value === 'function') return { value: disguise(locationMethod(realm, native, key, value as Native), value) };
    if (!get) return {};
    // On another object the native half throws, as it should.
    const ours = disguise({ get(this: Any) { return unfacade(this) === native ? read(realm, native, key, get as Native) : apply(get as Native, this, []) as unknown; } }.get, get);
    if (!set) return { get: ours };
    return {
      get: ours,
      set: disguise({
        set(this: Any, v: unknown) {
          if (unfacade(this) === native) write(realm, native, key, set as Native, v);
          else apply(set as Native, this, [v]);
        },
      }.set, set),
    };
  }
}

function locationMethod(realm: Realm, native: Location, key: PropertyKey, fn: Native): Native {
  return {
    call(...args: Any[]) {
      if (key === 'toString') return realm.unmap(hrefOf(native));
      if (key === 'valueOf') return this;
      if ((key === 'assign' || key === 'replace') && args.length) {
        args[0] = navigationURL(realm, realm.map(args[0]));
        if (leave(realm, native, args[0], key === 'replace')) return undefined;
      } else if (key === 'reload') {
        const other = theirs(native);
        if (other) return other.reload() as unknown;
      }
      return apply(fn, native, args);
    },
  }.call;
}

function read(realm: Realm, native: Location, key: PropertyKey, get: Native): Any {
  let value: Any;
  try {
    value = apply(get, native, []);
  } catch {
    return native[key as keyof Location]; // of another origin: throws what the page would see
  }
  if (key === 'pathname' && startsWith(hrefOf(native), 'blob:')) return part(realm.urls.unmap(hrefOf(native)), key);
  if (key === 'href') return realm.unmap(value);
  if (key === 'ancestorOrigins') return ancestorOrigins(realm, value);
  if (arrayIndexOf(PARTS, key as string) < 0) return value;
  const href = hrefOf(native);
  const site = realm.urls.unmap(href);
  return site === href ? value : part(site, key as string);
}

const isScheme = (text: string): boolean => apply(regExpTest, /^[a-z][a-z0-9+.-]*(?::|$)/i, [text]);

function write(realm: Realm, native: Location, key: PropertyKey, set: Native, value: Any): void {
  const other = key === 'href' ? undefined : theirs(native);
  if (key === 'href') {
    const url = navigationURL(realm, realm.map(value));
    if (!leave(realm, native, url, false)) setHref(native, url);
  } else if (other) {
    other[key] = value;
  } else if (arrayIndexOf(PARTS, key as string) >= 0) {
    const site = realm.urls.unmap(hrefOf(native));
    const changed = withPart(site, key as string, `${value as string}`);
    if (changed !== site) setHref(native, realm.urls.map(changed));
    else if (key === 'protocol' && !isScheme(`${value as string}`)) apply(set, native, [value]); // throws
  } else {
    apply(set, native, [value]);
  }
}

const hrefOfURL = getter(URL.prototype, 'href');
const partGetters: Record<string, (u: URL) => string> = objectCreate(null);
const partSetters: Record<string, (u: URL, v: string) => void> = objectCreate(null);
const ALL_PARTS = ['origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname'];
for (let i = 0; i < ALL_PARTS.length; i++) {
  partGetters[ALL_PARTS[i]!] = getter(URL.prototype, ALL_PARTS[i]!);
  partSetters[ALL_PARTS[i]!] = setter(URL.prototype, ALL_PARTS[i]!);
}

/** One of the parts of an absolute URL. */
export const part = (url: string, name: string): string => guard(() => partGetters[name]!(new NativeURL(url)), '');

/** The URL with that part set, as the URL class sets it. */
export function withPart(url: string, name: string, value: string): string {
  return guard(() => {
    const parsed = new NativeURL(url);
    partSetters[name]?.(parsed, value);
    return hrefOfURL(parsed) as string;
  }, url);
}

const listItem = method(scope.DOMStringList?.prototype, 'item');
const listLength = getter(scope.DOMStringList?.prototype, 'length');

/** The list without our shell, which is the last, with the sites' origins. */
function ancestorOrigins(realm: Realm, native: DOMStringList): Any {
  const list = objectCreate(getPrototypeOf(native)) as Any;
  const origins: string[] = [];
  const length = (listLength(native) as number) - (topOf(realm.global) === realm.global ? 0 : 1);
  for (let i = 0; i < length; i++) {
    const origin = realm.unmap(listItem(native, i)) as string;
    origins[i] = origin;
    defineProperty(list, i, { value: origin, enumerable: true, configurable: true });
  }
  const hidden = (name: string, value: unknown) => defineProperty(list, name, { value, configurable: true });
  hidden('length', length);
  hidden('item', (i: number) => origins[i] ?? null);
  hidden('contains', (s: string) => arrayIndexOf(origins, s) >= 0);
  return list;
}

/** The targetOrigin (or options) argument of postMessage. */
export function mapTarget(realm: Realm, target: Any): Any {
  if (typeof target === 'string') return realm.urls.map(target);
  if (target === null || typeof target !== 'object') return target;
  const origin = target.targetOrigin as unknown;
  return typeof origin === 'string' ? { ...target, targetOrigin: realm.urls.map(origin) } : target;
}

/** Defines `$tandem`, and makes Reflect give facades too. Workers need only part of it: their location is hooked. */
export function provideRuntime(realm: Realm): Runtime {
  const { global } = realm;
  const nativeEval = global.eval as Native;
  const evaluate = disguise({
    eval(source: Any) {
      return apply(nativeEval, undefined, [evaluated(realm, source)]);
    },
  }.eval, nativeEval);
  const facades = new Facades(realm, evaluate);
  const inWindow = global.window !== undefined;
  const own = inWindow ? (locationGetter(global) as Location) : undefined;
  const location = () => (own ? facades.location(own) : global.location);
  const runtime: Runtime = {
    get location() { return location(); },
    set location(url: Any) { if (inWindow) navigate(realm, global, url as string); },
    get top() { return inWindow ? tabWindow(global) : global.top; },
    set top(_) { /* read-only, silently */ },
    o: inWindow ? (value) => facades.of(value) : (value) => value,
    c: inWindow ? (value) => facades.callable(value) : (value) => value,
    w: (current, value) => (own && current === own ? navigationURL(realm, realm.map(value)) : value),
    v: (value) => (value === own && own ? location() : inWindow ? facades.stand(facades.named(value)) : value),
    f: (value) => value,
    js: (source) => evaluated(realm, source),
    eval: evaluate,
    url: (specifier) => guard(() => realm.points.scriptURL?.(realm, realm.map(specifier), 'module') ?? realm.map(specifier), specifier),
    meta: (meta) => unmapMeta(realm, meta),
  };
  if (realm.parent) {
    runtime.leave = () => {
      if (!startsOurScript(global.document)) return undefined;
      realm.patch.undo();
      return realm.legacy;
    };
  }
  realm.patch.define(global, '$tandem', { value: runtime, configurable: true, enumerable: false, writable: false });
  // A page may forge the global, in the document it cannot: see hooks/types.ts.
  if (inWindow) guard(() => defineProperty(global.document, '$tandem', { value: runtime }), false);
  hookNames(realm);
  if (own) hookReflection(realm, (value) => facades.stand(value), (url) => navigationURL(realm, realm.map(url)));
  return runtime;
}

/** What eval gets instead of its argument. */
const evaluated = (realm: Realm, source: Any): Any =>
  (isEvaluated(source) ? like(source, rewriteScript(realm, `${source as string}`, 'eval')) : source);

const metas = new NativeWeakSet<object>();

function unmapMeta(realm: Realm, meta: Any): Any {
  if (weakHas(metas, meta)) return meta;
  weakAdd(metas, meta);
  meta.url = realm.unmap(meta.url);
  const resolve = meta.resolve as Native | undefined;
  if (resolve) meta.resolve = disguise({ resolve: (specifier: Any) => realm.unmap(apply(resolve, meta, [realm.map(specifier)])) }.resolve, resolve);
  return meta;
}

/** Whether the script that runs just now is ours: the page cannot make itself look so. */
function startsOurScript(document: Any): boolean {
  return guard(() => {
    const src = getAttribute(currentScript(document), 'src') as string;
    const query = indexOf(src, '?');
    return endsWith(query < 0 ? src : slice(src, 0, query), '/.tandem/sync.js');
  }, false);
}

/** A DOMException as the browser makes them. */
export const domException = (message: string, name: string): DOMException => new NativeDOMException(message, name);
