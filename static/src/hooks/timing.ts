// The performance timeline: addresses as the site's, and nothing of what our own script asks for.

import { apply, getter, guard, includes, isArray, method, ownKeys, push, type Any, type Native } from '../natives';
import type { Realm } from '../realm';
import { withoutTicket } from './enter';

/** What has an address: interface and properties. */
const ADDRESSES: [string, string[]][] = [
  ['PerformanceEntry', ['name']], ['LargestContentfulPaint', ['url']], ['PerformanceElementTiming', ['url']],
  ['PerformanceScriptTiming', ['sourceURL', 'invoker']], ['TaskAttributionTiming', ['containerSrc']],
  ['NotRestoredReasons', ['url', 'src']], ['PerformanceResourceTiming', ['initiatorUrl']], ['PerformanceNavigationTiming', []],
  ['PerformanceLongAnimationFrameTiming', []],
];

const scope = globalThis as Any;
const nameOf = getter(scope.PerformanceEntry?.prototype, 'name') as (entry: Any) => string;
const entriesOf = method(scope.PerformanceObserverEntryList?.prototype, 'getEntries') as (list: Any) => Any[];

export function hookTiming(realm: Realm): void {
  const { patch, global } = realm;
  for (let i = 0; i < ADDRESSES.length; i++) {
    const prototype = global[ADDRESSES[i]![0]]?.prototype as Any;
    const names = ADDRESSES[i]![1];
    for (let j = 0; j < names.length; j++) patch.accessor(prototype, names[j]!, { get: (value) => realm.unmap(withoutTicket(value)) });
    patch.method(prototype, 'toJSON', (native, self, args) => unmapJSON(realm, native(self, args)));
  }
  const holders = [global.Performance?.prototype, global.PerformanceObserverEntryList?.prototype];
  for (let i = 0; i < holders.length; i++) {
    patch.method(holders[i], 'getEntries', (native, self, args) => withoutOurs(native(self, args)));
    patch.method(holders[i], 'getEntriesByType', (native, self, args) => withoutOurs(native(self, args)));
    patch.method(holders[i], 'getEntriesByName', (native, self, args) => {
      const found = native(self, args) as unknown[];
      if (found.length > 0) return withoutOurs(found); // a mark may have any name
      return native(self, [realm.map(args[0]), args[1]]);
    });
  }
  patch.constructor_('PerformanceObserver', (make, args) => {
    if (typeof args[0] === 'function') args[0] = observer(args[0] as Native);
    return make(args);
  });
}

function unmapJSON(realm: Realm, object: Any): Any {
  const keys = ownKeys(object as object);
  for (let i = 0; i < keys.length; i++) object[keys[i]!] = realm.unmap(withoutTicket(object[keys[i]!]));
  return object;
}

const isOurs = (entry: Any): boolean => guard(() => includes(nameOf(entry), '/.tandem/'), false);

function withoutOurs(entries: Any): Any {
  if (!isArray(entries)) return entries;
  let others: unknown[] | undefined;
  for (let i = 0; i < entries.length; i++) {
    const ours = isOurs(entries[i]);
    if (!ours && others) push(others, entries[i]);
    if (!ours || others) continue;
    others = [];
    for (let j = 0; j < i; j++) push(others, entries[j]);
  }
  return others ?? entries;
}

/** A page's observer, which is not called for what is ours alone. */
function observer(callback: Native): Native {
  return {
    observer(this: Any, ...args: Any[]): Any {
      const ours = guard(() => (withoutOurs(entriesOf(args[0])) as unknown[]).length === 0, false);
      return ours ? undefined : apply(callback, this, args) as unknown;
    },
  }.observer;
}
