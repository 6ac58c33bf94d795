// The one way to replace a function or an accessor of a page's realm. What the page can see of it stays as it
// was: name, length, descriptor, source text (`[native code]`), and that methods are no constructors.

import {
  apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, NativeProxy, push, setPrototypeOf,
  type Any, type Native,
} from './natives';
import { authorScript } from './unscript';

/** Calls the native with any arguments and `this`. */
export type Call = (self: Any, args: Any[]) => Any;

export interface Accessor {
  /** Gets `this` and the value the native getter gave. */
  get?: (value: Any, self: Any) => Any;
  /** Gets the native setter, `this` and the value to set. */
  set?: (native: Call, self: Any, value: Any) => void;
}

// Each replacement knows its native by a private field, which a page cannot see. A WeakMap of them all has thousands of
// entries in each realm, grows by what frames leave until it is collected, and never gets smaller.
class Itself {
  constructor(replacement: object) {
    return replacement;
  }
}
class Replacement extends Itself {
  #native: object | undefined = undefined;
  static native(fn: object): object | undefined {
    return #native in fn ? (fn as Replacement).#native : undefined;
  }
  static hide(fn: object, native: object): void {
    if (!(#native in fn)) new Replacement(fn);
    (fn as Replacement).#native = native;
  }
}

/** The native function that a replacement hides, or the function itself. */
export const original = <F extends object>(fn: F): F => (Replacement.native(fn) as F | undefined) ?? fn;

/** Patches one realm, and takes everything back with undo. */
export class Patcher {
  private readonly undos: (() => void)[] = [];

  constructor(readonly global: Any) {
    this.method(global.Function.prototype, 'toString', (native, self, args) =>
      authorScript(native(typeof self === 'function' ? original(self) : self, args) as string));
  }

  /** Replaces a method. Does nothing where the realm lacks it or has sealed it. */
  method(holder: Any, name: PropertyKey, hook: (native: Call, self: Any, args: Any[]) => Any): void {
    if (holder === this.global) holder = this.owner(name);
    const found = holder && getOwnPropertyDescriptor(holder, name);
    if (!found?.configurable || typeof found.value !== 'function') return;
    const native = found.value as Native;
    const callNative: Call = (self, args) => apply(native, self, args);
    const { replacement } = {
      replacement(this: unknown, ...args: Any[]) {
        return hook(callNative, this, args);
      },
    };
    disguise(replacement, native);
    this.define(holder, name, { ...found, value: replacement }, found);
  }

  /** Replaces one or both halves of an accessor. */
  accessor(holder: Any, name: PropertyKey, { get, set }: Accessor): void {
    if (holder === this.global) holder = this.owner(name);
    const found = holder && getOwnPropertyDescriptor(holder, name);
    if (!found?.configurable) return;
    const wanted: PropertyDescriptor = { ...found };
    if (get && found.get) wanted.get = disguise(getHalf(found.get, get), found.get);
    if (set && found.set) wanted.set = disguise(setHalf(found.set, set), found.set);
    this.define(holder, name, wanted, found);
  }

  /** Replaces a class of the realm; `new`, subclasses, statics and instanceof keep working. */
  constructor_(name: string, hook: (make: (args: Any[]) => Any, args: Any[]) => Any): void {
    const found = getOwnPropertyDescriptor(this.global, name);
    const native = found?.value as (new (...args: Any[]) => Any) | undefined;
    if (!found?.configurable || typeof native !== 'function') return;
    const replacement = new NativeProxy(native, {
      __proto__: null, // or a page could add traps by way of Object.prototype
      construct: (target: Any, args: Any[], newTarget: Any) => {
        const wanted = newTarget === replacement ? target : newTarget;
        return hook((final) => construct(target, final, wanted), args);
      },
    } as ProxyHandler<typeof native>);
    this.replaceClass(name, replacement);
  }

  /** Puts a replacement where the realm has one of its classes: under its name, and as its prototype's constructor. */
  replaceClass(name: string, replacement: Any): void {
    const found = getOwnPropertyDescriptor(this.global, name)!;
    const native = found.value as Any;
    this.stand(replacement as object, native as object);
    this.define(this.global, name, { ...found, value: replacement }, found);
    const own = native.prototype && getOwnPropertyDescriptor(native.prototype, 'constructor');
    if (own?.configurable && own.value === native) {
      this.define(native.prototype, 'constructor', { ...own, value: replacement }, own);
    }
  }

  /** The object that has a global's property: of a worker's, most are its prototypes'. */
  private owner(name: PropertyKey): Any {
    let holder = this.global as object | null;
    while (holder && !getOwnPropertyDescriptor(holder, name)) holder = getPrototypeOf(holder);
    return holder;
  }

  /** Makes one function answer for another when its source text is asked for. */
  stand(replacement: object, native: object): void {
    Replacement.hide(replacement, original(native));
  }

  /** Defines a property that undo takes back. */
  define(holder: Any, name: PropertyKey, wanted: PropertyDescriptor, before?: PropertyDescriptor): void {
    if (!defineProperty(holder, name, wanted)) return;
    push(this.undos, () => before ? void defineProperty(holder, name, before) : void delete holder[name]);
  }

  /** Adds something that undo has to do. */
  onUndo(undo: () => void): void {
    push(this.undos, undo);
  }

  undo(): void {
    for (let i = this.undos.length - 1; i >= 0; i--) this.undos[i]!();
    this.undos.length = 0;
  }
}

function getHalf(native: Native, get: NonNullable<Accessor['get']>): Native {
  return { half(this: unknown) { return get(apply(native, this, []), this); } }.half;
}

function setHalf(native: Native, set: NonNullable<Accessor['set']>): Native {
  const callNative: Call = (self, args) => apply(native, self, args);
  return { half(this: unknown, value: unknown) { set(callNative, this, value); } }.half;
}

/** Gives a function the name, length, prototype (that of its realm) and source text of the native one it stands for. */
export function disguise<F extends object>(replacement: F, native: object): F {
  copy(replacement, native, 'length');
  copy(replacement, native, 'name');
  const prototype = getPrototypeOf(native);
  if (getPrototypeOf(replacement) !== prototype) setPrototypeOf(replacement, prototype);
  Replacement.hide(replacement, original(native));
  return replacement;
}

function copy(to: object, from: object, name: string): void {
  const found = getOwnPropertyDescriptor(from, name);
  if (found) defineProperty(to, name, found);
}
