// What a page can find out about the functions it is given, in each kind of realm: the same as in a browser without us.

import { documentConfig, install, Realm } from './install';
import { equal, test, within } from './harness';

/**
 * Everything reachable from a realm's global object by names: for each object the order of its properties, and for each
 * property what describes it. Stands alone, for workers run its text.
 */
function describe(global: any): Record<string, string> {
  const all: Record<string, string> = {};
  const seen = new Map<unknown, string>();
  const skip = ['localStorage', 'sessionStorage', 'parent', 'top', 'opener', 'frameElement', 'frames', '$tandem', 'tandemTests'];
  const absent = /ServiceWorker|^serviceWorker$|^Push[MS]|SyncManager|BackgroundFetch|NavigationPreload/;
  const text = global.Function.prototype.toString;
  const constructs = (fn: any): string => {
    try {
      Reflect.construct(Object, [], fn);
      return 'constructor';
    } catch {
      return 'no constructor';
    }
  };
  const walk = (value: any, path: string): string => {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return typeof value;
    if (seen.has(value)) return seen.get(value)!;
    seen.set(value, path);
    const parts: string[] = [typeof value, Object.prototype.toString.call(value), String(Object.isExtensible(value))];
    if (typeof value === 'function') {
      parts.push(text.call(value), constructs(value));
    }
    const keys = Reflect.ownKeys(value).filter((key) => !skip.includes(key as string) && !absent.test(String(key)));
    parts.push(keys.filter((key) => typeof key === 'string' && !/^\d+$/.test(key)).map(String).join());
    parts.push(walk(Object.getPrototypeOf(value), path + '.__proto__'));
    all[path] = '';
    for (const key of keys) {
      const at = `${path}.${String(key)}`;
      const found = Object.getOwnPropertyDescriptor(value, key)!;
      const flags = `${Number(found.configurable)}${Number(found.enumerable)}${found.writable ?? ''}`;
      if (found.get || found.set) {
        all[at + ' accessor'] = `${flags} ${walk(found.get, at + ' get')} ${walk(found.set, at + ' set')}`;
      } else {
        const simple = typeof found.value === 'string' && found.value.length < 40 || (typeof found.value === 'number' && typeof value === 'function');
        all[at + ' value'] = `${flags} ${simple ? found.value : typeof found.value === 'function' || key === 'prototype' || key === '__proto__' ? walk(found.value, at) : typeof found.value}`;
      }
    }
    all[path] = parts.join(' | ');
    return path;
  };
  walk(global, 'global');
  for (const key of ['Reflect', 'Math', 'JSON', 'Intl', 'CSS', 'WebAssembly', 'trustedTypes', 'navigation', 'navigator', 'performance', 'document', 'location', 'history']) {
    if (key in global) walk(global[key], key);
  }
  const functions: [string, any][] = [['async', async () => 1], ['generator', function* () { yield 1; }], ['asyncGenerator', async function* () { yield 1; }]];
  for (const [key, value] of functions) walk(Object.getPrototypeOf(value), key);
  return all;
}

/** The functions that hooks replaced: their text and shape are to be equal, and so is how they fail. */
function replaced(before: Map<string, unknown>, after: Map<string, unknown>): string[] {
  return [...after.keys()].filter((path) => before.get(path) !== after.get(path));
}

/** Every function of a realm by its path. */
function functions(global: any): Map<string, unknown> {
  const all = new Map<string, unknown>();
  const visit = (holder: any, path: string) => {
    for (const key of Reflect.ownKeys(holder)) {
      const found = Object.getOwnPropertyDescriptor(holder, key)!;
      const at = `${path}.${String(key)}`;
      if (typeof found.value === 'function') all.set(at, found.value);
      if (found.get) all.set(at + ' get', found.get);
      if (found.set) all.set(at + ' set', found.set);
    }
  };
  for (const key of Reflect.ownKeys(global)) {
    const value = Object.getOwnPropertyDescriptor(global, key)?.value;
    if (typeof value !== 'function' || key === '$tandem') continue;
    visit(value, `global.${String(key)}`);
    if (value.prototype) visit(value.prototype, `global.${String(key)}.prototype`);
  }
  visit(global, 'global');
  return all;
}

const frame = document.createElement('iframe');
const pristineFrame = () => {
  document.head.append(frame);
  const got = describe(frame.contentWindow);
  frame.remove();
  return got;
};
const source = `postMessage((${describe.toString()})(self))`;
const workerURL = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
const nativeWorker = new Promise<MessageEvent>((done) => { new Worker(workerURL).onmessage = done; });
const frameBefore = pristineFrame();
const functionsBefore = functions(window);
const before = describe(window);

const config = documentConfig()!;
const realm = new Realm(window, config);
install(realm);

function differences(got: Record<string, string>, want: Record<string, string>): string[] {
  const all: string[] = [];
  for (const path of new Set([...Object.keys(want), ...Object.keys(got)])) {
    if (got[path] !== want[path]) all.push(`${path}\n   got ${got[path]}\n  want ${want[path]}`);
  }
  return all;
}

const none = (list: string[]): void => {
  if (list.length) throw new Error(`${list.length} differences:\n${list.slice(0, 60).join('\n')}`);
};

test('a hooked window is like a native one', () => none(differences(describe(window), before)));

test('what hooks replaced fails like the native function', () => {
  const after = functions(window);
  const all: string[] = [];
  const attempt = (fn: any, self: unknown): string => {
    try {
      return typeof fn.call(self);
    } catch (e) {
      return String(e);
    }
  };
  const list = replaced(functionsBefore, after);
  equal(list.length > 200, true, 'replaced');
  for (const path of list) {
    const native: any = functionsBefore.get(path), hook: any = after.get(path);
    if (!native || /(\.close|\.postMessage|\.open)$/.test(path)) continue;
    for (const self of [{}, document.createElement('p'), 1]) {
      const got = attempt(hook, self), want = attempt(native, self);
      if (got !== want) all.push(`${path}\n   got ${got}\n  want ${want}`);
    }
  }
  none(all);
});

test('a fresh frame is like a native one', () => {
  const fresh = document.createElement('iframe');
  document.head.append(fresh);
  none(differences(describe(fresh.contentWindow), frameBefore));
  fresh.remove();
});

test('a hooked worker is like a native one', async () => {
  const want = await nativeWorker;
  const worker = new Worker(workerURL);
  const got = await within<MessageEvent>((done) => { worker.onmessage = done; });
  none(differences(got.data, want.data));
});
