// What reflection tells of a window: location and top as facades, and nothing of ours among its names.

import {
  apply, arrayIndexOf, getOwnPropertyDescriptor, guard, NativeWeakMap, objectCreate, ownKeys, removeAt, weakGet, weakSet,
  type Any, type Native,
} from './natives';
import { disguise } from './patch';
import type { Realm } from './realm';

/** The one name that we add to a window. */
const OURS = '$tandem';

export interface Standing {
  /** What the page gets for a value of location or top that a native function gave. */
  (value: Any): Any;
}

/** Hooks Object and Reflect of a window's realm. Keys are compared first: these functions are hot. */
export function hookReflection(realm: Realm, stand: Standing, map: (url: Any) => string): void {
  const { patch, global } = realm;
  const { Object, Reflect } = global;
  const isOurs = (holder: Any) => holder === global || holder === global.document;
  const described = halves(stand, map);
  const replace = (found: Any) => (found?.get && !found.configurable ? described(found as PropertyDescriptor) : found as unknown);

  patch.method(Reflect, 'get', (native, self, args) => located(args[1]) ? stand(native(self, args)) : native(self, args));
  patch.method(Reflect, 'set', (native, self, args) => {
    if (args[1] === 'location' && isOurs(args[0])) args[2] = map(args[2]);
    return native(self, args);
  });
  const describers = [Object, Reflect];
  for (let i = 0; i < describers.length; i++) {
    patch.method(describers[i], 'getOwnPropertyDescriptor', (native, self, args) =>
      (located(args[1]) ? replace(native(self, args)) : native(self, args)));
  }
  patch.method(Object, 'getOwnPropertyDescriptors', (native, self, args) => {
    const all = native(self, args);
    if (!isOurs(args[0])) return all;
    delete all[OURS];
    all.location = replace(all.location);
    if (all.top) all.top = replace(all.top);
    return all;
  });
  const lookups = ['__lookupGetter__', '__lookupSetter__'];
  for (let i = 0; i < lookups.length; i++) {
    patch.method(Object.prototype, lookups[i]!, (native, self, args) => {
      const found = native(self, args);
      if (!found || !located(args[0])) return found;
      const own = guard(() => getOwnPropertyDescriptor(self, args[0]), undefined);
      const replaced = own && replace(own) as PropertyDescriptor;
      return !replaced ? found : i ? replaced.set : replaced.get;
    });
  }
  patch.method(Object, 'values', (native, self, args) => {
    const list = native(self, args);
    if (isOurs(args[0])) for (let i = 0; i < list.length; i++) list[i] = stand(list[i]);
    return list;
  });
  patch.method(Object, 'entries', (native, self, args) => {
    const list = native(self, args);
    if (isOurs(args[0])) for (let i = 0; i < list.length; i++) list[i][1] = stand(list[i][1]);
    return list;
  });
  patch.method(Object, 'assign', (native, self, args) => {
    for (let i = 1; i < args.length; i++) if (isOurs(args[i])) args[i] = copyOf(args[i], stand);
    return native(self, args);
  });
}

/** Leaves our name out of lists of a global object's names. */
export function hookNames(realm: Realm): void {
  const { patch, global } = realm;
  const names: [Any, string][] = [[global.Object, 'getOwnPropertyNames'], [global.Reflect, 'ownKeys']];
  for (let i = 0; i < names.length; i++) {
    patch.method(names[i]![0], names[i]![1], (native, self, args) => withoutOurs(native(self, args) as PropertyKey[]));
  }
}

const located = (key: unknown): boolean => key === 'location' || key === 'top';

/** An object's enumerable properties, as copying it reads them. */
function copyOf(holder: Any, stand: Standing): Any {
  const copy = objectCreate(null) as Any;
  const keys = ownKeys(holder as object);
  for (let i = 0; i < keys.length; i++) {
    if (getOwnPropertyDescriptor(holder, keys[i]!)?.enumerable) copy[keys[i]!] = stand(holder[keys[i]!]);
  }
  return copy;
}

/** The names of a window without ours. Nobody else's object has it: it is no name anybody else would choose. */
function withoutOurs(names: PropertyKey[]): PropertyKey[] {
  const at = arrayIndexOf(names, OURS);
  if (at >= 0) removeAt(names, at, 1);
  return names;
}

/** The own names of a window or document, without ours. */
export const namesOf = (holder: object): (string | symbol)[] => withoutOurs(ownKeys(holder)) as (string | symbol)[];

/** Replaces the accessors of location and top, which are the browser's own and cannot be hooked. */
function halves(stand: Standing, map: (url: Any) => string): (found: PropertyDescriptor) => PropertyDescriptor {
  const known = new NativeWeakMap<object, Native>();
  const make = (native: Native, replacement: () => Native): Native => {
    let made = weakGet(known, native);
    if (!made) weakSet(known, native, (made = disguise(replacement(), native)));
    return made;
  };
  return (found) => {
    const get = found.get as Native, set = found.set as Native | undefined;
    const result = { ...found }; // has both halves of its own
    result.get = make(get, () => ({ get(this: Any) { return stand(apply(get, this, [])); } }).get);
    if (set) result.set = make(set, () => ({ set(this: Any, url: Any) { apply(set, this, [map(url)]); } }).set);
    return result;
  };
}
