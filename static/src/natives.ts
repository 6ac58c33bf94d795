// The built-in functions we call, taken before the page can change them. A page is hostile, and honest pages
// carry polyfills, so no code of ours that runs beside a page may look a method up on a live prototype. Modules
// that need more than is here take it with `method`, `getter` and `setter` at their top level: the whole bundle is
// evaluated before the page's first script. Iterating (for-of, spread in an array or a call) looks up live
// built-ins too; index instead.
//
// This module is evaluated first, so it also makes the built-ins native again where a script in a parent document
// hooked this realm when it was still about:blank.

const runtime = (globalThis as { $tandem?: { leave?: () => unknown } }).$tandem;
/** What those hooks have left in the window; see Realm.legacy. */
export const legacy = runtime?.leave?.();

// deno-lint-ignore no-explicit-any
export type Any = any;
export type Native = (this: Any, ...args: Any[]) => Any;

export const {
  apply,
  construct,
  deleteProperty,
  getPrototypeOf,
  ownKeys,
  setPrototypeOf,
} = Reflect;

/** An object of ours that browsers read options from, without what a page has put on Object.prototype. */
export function bare<T>(options: T): T {
  if (typeof options === 'object' && options !== null) setPrototypeOf(options, null);
  return options;
}

const { defineProperty: define, getOwnPropertyDescriptor: describe } = Reflect;
export const defineProperty = (holder: object, name: PropertyKey, found: PropertyDescriptor): boolean => define(holder, name, bare(found));
export const getOwnPropertyDescriptor = (holder: object, name: PropertyKey): PropertyDescriptor | undefined => bare(describe(holder, name));

const bind = Function.prototype.bind;
const call = Function.prototype.call;

/** Makes a function of a method: its first argument is `this`. */
export const uncurry: <T, A extends unknown[], R>(fn: (this: T, ...args: A) => R) => (self: T, ...args: A) => R =
  apply(bind, bind, [call]) as Any;

/** The method of that name, uncurried; undefined where this browser or this kind of realm lacks it. */
export function method(holder: object | undefined, name: PropertyKey): Any {
  const found = holder && (getOwnPropertyDescriptor(holder, name)?.value as Native | undefined);
  return found && uncurry(found);
}

/** The getter of an accessor, uncurried. */
export function getter(holder: object | undefined, name: PropertyKey): Any {
  const found = holder && getOwnPropertyDescriptor(holder, name)?.get;
  return found && uncurry(found);
}

/** The setter of an accessor, uncurried. */
export function setter(holder: object | undefined, name: PropertyKey): Any {
  const found = holder && getOwnPropertyDescriptor(holder, name)?.set;
  return found && uncurry(found);
}

export const NativeProxy = Proxy;
export const NativeURL = URL;
export const NativeTypeError = TypeError;
export const NativeDOMException = DOMException;
export const NativeMap = Map;
export const NativeWeakMap = WeakMap;
export const NativeWeakSet = WeakSet;
export const NativePromise = Promise;
export const nativeEval = eval;
export const objectCreate = Object.create;
export const freeze = Object.freeze;
export const isArray = Array.isArray;
export const parseJSON = JSON.parse;
export const toJSON = JSON.stringify;
export const encodeComponent = encodeURIComponent;
export const decodeComponent = decodeURIComponent;
export const fromCharCode = String.fromCharCode;
export const fromCodePoint = String.fromCodePoint;
export const parseInteger = parseInt;
export const floor = Math.floor;

const string = String.prototype;
export const indexOf: (s: string, part: string, from?: number) => number = method(string, 'indexOf');
export const lastIndexOf: (s: string, part: string, from?: number) => number = method(string, 'lastIndexOf');
export const includes: (s: string, part: string, from?: number) => boolean = method(string, 'includes');
export const startsWith: (s: string, part: string, at?: number) => boolean = method(string, 'startsWith');
export const endsWith: (s: string, part: string) => boolean = method(string, 'endsWith');
export const slice: (s: string, from: number, to?: number) => string = method(string, 'slice');
export const charCodeAt: (s: string, at: number) => number = method(string, 'charCodeAt');
export const toLowerCase: (s: string) => string = method(string, 'toLowerCase');
export const trim: (s: string) => string = method(string, 'trim');
export const padStart: (s: string, n: number, fill: string) => string = method(string, 'padStart');
export const hasOwn: (o: object, key: PropertyKey) => boolean = method(Object.prototype, 'hasOwnProperty');
export const numberToString: (n: number, radix?: number) => string = method(Number.prototype, 'toString');
export const arrayIndexOf: <T>(a: readonly T[], item: T) => number = method(Array.prototype, 'indexOf');
export const removeAt: (a: unknown[], at: number, count: number) => unknown[] = method(Array.prototype, 'splice');
export const mapGet: <K, V>(m: Map<K, V>, key: K) => V | undefined = method(Map.prototype, 'get');
export const mapSet: <K, V>(m: Map<K, V>, key: K, value: V) => Map<K, V> = method(Map.prototype, 'set');
export const mapHas: <K, V>(m: Map<K, V>, key: K) => boolean = method(Map.prototype, 'has');
export const mapDelete: <K, V>(m: Map<K, V>, key: K) => boolean = method(Map.prototype, 'delete');
export const mapEach: <K, V>(m: Map<K, V>, each: (value: V, key: K) => void) => void = method(Map.prototype, 'forEach');
export const mapClear: <K, V>(m: Map<K, V>) => void = method(Map.prototype, 'clear');
export const mapSize: <K, V>(m: Map<K, V>) => number = getter(Map.prototype, 'size');
export const weakGet: <K extends object, V>(m: WeakMap<K, V>, key: K) => V | undefined = method(WeakMap.prototype, 'get');
export const weakSet: <K extends object, V>(m: WeakMap<K, V>, key: K, value: V) => WeakMap<K, V> =
  method(WeakMap.prototype, 'set');
export const weakHas: <K extends object>(m: WeakSet<K>, key: K) => boolean = method(WeakSet.prototype, 'has');
export const weakAdd: <K extends object>(m: WeakSet<K>, key: K) => WeakSet<K> = method(WeakSet.prototype, 'add');
export const promiseThen: <T, R>(p: Promise<T>, ok: (v: T) => R, no?: (e: unknown) => R) => Promise<R> =
  method(Promise.prototype, 'then');
const resolved = Promise.resolve;
const rejected = Promise.reject;
export const resolve = <T>(value: T): Promise<T> => apply(resolved, NativePromise, [value]) as Promise<T>;
export const reject = (error: unknown): Promise<never> => apply(rejected, NativePromise, [error]) as Promise<never>;

const events = typeof EventTarget === 'undefined' ? undefined : EventTarget.prototype;
export const addListener: (
  target: EventTarget, type: string, listener: (event: Any) => void, options?: AddEventListenerOptions | boolean,
) => void = method(events, 'addEventListener');
export const dispatch: (target: EventTarget, event: Event) => boolean = method(events, 'dispatchEvent');
const timer = setTimeout;
/** Runs a task later; a bare call, so that the timer belongs to this realm. */
export const later = (task: () => void, ms = 0): number => apply(timer, undefined, [task, ms]) as number;
const microtask = queueMicrotask;
export const soon = (task: () => void): void => apply(microtask, undefined, [task]) as void;

/** Appends without the setters a page may have put on Array.prototype. */
export function push<T>(list: T[], item: T): void {
  defineProperty(list, list.length, { value: item, writable: true, enumerable: true, configurable: true });
}

/** Runs a part of ours whose failure must never become the page's. */
export function guard<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch {
    return otherwise;
  }
}
