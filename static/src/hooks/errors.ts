// What errors tell of the scripts they happened in: the site's addresses, and no frame of ours.
//
// Chromium asks the realm's own Error for prepareStackTrace when a stack is first read. The page's Error is a proxy of
// it, on which that name is the page's. In other browsers stack is an accessor, which can be hooked.

import {
  apply, arrayIndexOf, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, guard, includes, indexOf, method,
  NativeProxy, NativeWeakMap, objectCreate, ownKeys, push, removeAt, setPrototypeOf, slice, weakGet, weakSet, type Any, type Native,
} from '../natives';
import { disguise } from '../patch';
import type { Realm } from '../realm';
import { unmapTextInto } from './shared';

const OURS = '/.tandem/';
const PREPARE = 'prepareStackTrace';
const { get, set, has, preventExtensions } = Reflect;
const errorText = method(Error.prototype, 'toString') as (error: Any) => string;

export function hookErrors(realm: Realm): void {
  const { patch, global } = realm;
  const prototype = global.Error.prototype as object;
  if (getOwnPropertyDescriptor(prototype, 'stack')?.get) {
    patch.accessor(prototype, 'stack', { get: (stack) => (typeof stack === 'string' ? cleaned(realm, stack) : stack) });
    // It gives an object a stack of its own.
    patch.method(global.Error, 'captureStackTrace', (native, self, args) => {
      native(self, args);
      const own = getOwnPropertyDescriptor(args[0] as object, 'stack');
      if (typeof own?.value === 'string') defineProperty(args[0] as object, 'stack', { ...own, value: cleaned(realm, own.value) });
    });
  } else if (typeof global.Error.captureStackTrace === 'function') {
    hookPreparing(realm);
  }
  unmapTextInto(realm, global.DOMException?.prototype, ['message', 'filename', 'stack']);
  unmapTextInto(realm, global.ErrorEvent?.prototype, ['message', 'filename']);
  hookOnError(realm);
}

/** A stack of one frame per line, without ours. */
function cleaned(realm: Realm, stack: string): string {
  let out = '';
  for (let at = 0; at < stack.length;) {
    let end = indexOf(stack, '\n', at) + 1;
    if (end === 0) end = stack.length;
    const line = slice(stack, at, end);
    if (!includes(line, OURS)) out += line;
    at = end;
  }
  return realm.urls.unmapText(out);
}

/** The errors that inherit from Error; the last are WebAssembly's. */
const KINDS = ['AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SuppressedError', 'SyntaxError', 'TypeError', 'URIError',
  'CompileError', 'LinkError', 'RuntimeError', 'SuspendError'];

function hookPreparing(realm: Realm): void {
  const { patch, global } = realm;
  const native = global.Error as Any;
  const pages = objectCreate(getPrototypeOf(native)) as Any; // has what the page sets
  let apart = true;
  const holder = (target: Any, key: PropertyKey): Any => (apart && key === PREPARE ? pages : target);
  const replacement: Any = new NativeProxy(native, {
    __proto__: null,
    get: (target: Any, key: PropertyKey, receiver: Any) => get(holder(target, key) as object, key, receiver),
    set: (target: Any, key: PropertyKey, value: Any, receiver: Any) =>
      (receiver === replacement ? set(holder(target, key) as object, key, value) : set(target as object, key, value, receiver)),
    has: (target: Any, key: PropertyKey) => has(holder(target, key) as object, key),
    deleteProperty: (target: Any, key: PropertyKey) => deleteProperty(holder(target, key) as object, key),
    defineProperty: (target: Any, key: PropertyKey, found: PropertyDescriptor) => defineProperty(holder(target, key) as object, key, found),
    getOwnPropertyDescriptor: (target: Any, key: PropertyKey) => getOwnPropertyDescriptor(holder(target, key) as object, key),
    ownKeys: (target: Any) => {
      const names = ownKeys(target as object);
      if (apart && !getOwnPropertyDescriptor(pages, PREPARE)) removeAt(names, arrayIndexOf(names as unknown[], PREPARE), 1);
      return names;
    },
    preventExtensions: (target: Any) => { // a proxy of such an object can hide nothing
      apart = false;
      deleteProperty(target as object, PREPARE);
      const own = getOwnPropertyDescriptor(pages, PREPARE);
      if (own) defineProperty(target as object, PREPARE, own);
      return preventExtensions(target as object);
    },
  } as ProxyHandler<Any>);
  patch.define(native, PREPARE, {
    value: (error: Any, sites: Any[]) => prepare(realm, replacement, pages[PREPARE], error, sites),
    configurable: true, writable: true, enumerable: false,
  });
  patch.replaceClass('Error', replacement);
  const kinds = [global, global.WebAssembly];
  for (let i = 0; i < kinds.length; i++) {
    for (let j = 0; j < KINDS.length; j++) inherit(realm, kinds[i]?.[KINDS[j]!], native, replacement);
  }
}

/** The native errors inherit from Error, and must not give away the native one. */
function inherit(realm: Realm, kind: Any, before: object, after: object): void {
  if (!kind || getPrototypeOf(kind) !== before) return;
  setPrototypeOf(kind, after);
  realm.patch.onUndo(() => void setPrototypeOf(kind, before));
}

function prepare(realm: Realm, self: Any, pages: Any, error: Any, sites: Any[]): Any {
  const theirs: Any[] = [];
  let lines = '';
  for (let i = 0; i < sites.length; i++) {
    const { address, text, standIn } = reader(realm, sites[i] as object);
    if (includes(`${address(sites[i]) as string}`, OURS)) continue;
    if (typeof pages === 'function') push(theirs, standIn(sites[i]));
    else lines += '\n    at ' + text(sites[i]);
  }
  if (typeof pages === 'function') return apply(pages as Native, self, [error, theirs]);
  return realm.urls.unmapText(guard(() => errorText(error), '<error>') + lines);
}

interface Reader {
  address(site: Any): unknown;
  text(site: Any): string;
  /** What the page gets for a call site, whose own methods cannot be hooked. */
  standIn(site: Any): Any;
}

/** How to ask call sites, by their prototype, which each realm has one of and no name for. */
const readers = new NativeWeakMap<object, Reader>();

function reader(realm: Realm, site: object): Reader {
  const native = getPrototypeOf(site)!;
  let found = weakGet(readers, native);
  if (found) return found;
  const sites = new NativeWeakMap<object, object>();
  const prototype = objectCreate(getPrototypeOf(native));
  const keys = ownKeys(native);
  for (let i = 0; i < keys.length; i++) {
    const own = getOwnPropertyDescriptor(native, keys[i]!)!;
    if (keys[i] !== 'constructor') own.value = siteMethod(realm, own.value as Native, sites);
    defineProperty(prototype, keys[i]!, own);
  }
  found = {
    address: method(native, 'getScriptNameOrSourceURL'),
    text: method(native, 'toString'),
    standIn: (of: Any) => {
      const made = objectCreate(prototype) as object;
      weakSet(sites, made, of);
      return made;
    },
  };
  weakSet(readers, native, found);
  return found;
}

function siteMethod(realm: Realm, native: Native, sites: WeakMap<object, object>): Native {
  return disguise({
    call(this: Any, ...args: Any[]): Any {
      const value = apply(native, weakGet(sites, this) ?? this, args) as unknown;
      return typeof value === 'string' ? realm.urls.unmapText(value) : value;
    },
  }.call, native);
}

/** The handler of a window or worker is given the script's address as an argument. */
function hookOnError(realm: Realm): void {
  const { patch, global } = realm;
  const wrappers = new NativeWeakMap<object, Native>(), handlers = new NativeWeakMap<object, Native>();
  const wrap = (handler: Native): Native => {
    let wrapper = weakGet(wrappers, handler);
    if (wrapper) return wrapper;
    wrapper = function (this: Any, ...args: Any[]) {
      for (let i = 0; i < 2 && i < args.length; i++) if (typeof args[i] === 'string') args[i] = realm.urls.unmapText(args[i] as string);
      return apply(handler, this, args) as unknown;
    };
    weakSet(wrappers, handler, wrapper);
    weakSet(handlers, wrapper, handler);
    return wrapper;
  };
  const holders = [global, global.HTMLBodyElement?.prototype, global.HTMLFrameSetElement?.prototype];
  for (let i = 0; i < holders.length; i++) {
    patch.accessor(holders[i], 'onerror', {
      get: (value) => (typeof value === 'function' && weakGet(handlers, value)) || value,
      set: (native, self, value) => native(self, [typeof value === 'function' ? wrap(value as Native) : value]),
    });
  }
}
