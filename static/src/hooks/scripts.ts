// Text that becomes script at run time: Function and its relatives, timers with strings. eval itself cannot be
// replaced without losing the caller's scope; rewritten scripts call $tandem.

import {
  apply, construct, endsWith, getOwnPropertyDescriptor, getPrototypeOf, guard, includes, indexOf, NativeProxy, setPrototypeOf, slice, startsWith, type Any,
  type Native,
} from '../natives';
import { functionOf } from '../inline';
import type { Realm } from '../realm';
import { mayNeedRewriting, rewriteScript } from '../script';
import { like } from '../trusted';

export function hookScripts(realm: Realm): void {
  const { patch, global } = realm;
  const timers = ['setTimeout', 'setInterval'];
  for (let i = 0; i < timers.length; i++) {
    patch.method(global, timers[i]!, (native, self, args) => {
      if (args.length && typeof args[0] !== 'function') args[0] = like(args[0], rewriteScript(realm, `${args[0] as string}`, 'script'));
      return native(self, args);
    });
  }
  hookFunction(realm, global.Function as Native, 'function', true);
  const made = unnamed(realm);
  for (let i = 0; i < made.length; i++) hookFunction(realm, getPrototypeOf(made[i]!)!.constructor as Native, KEYWORDS[i]!, false);
}

const KEYWORDS = ['async function', 'function*', 'async function*'];

/** One function of each kind whose constructor has no name. Those of a child realm have to be made there. */
function unnamed(realm: Realm): Native[] {
  if (!realm.parent) return [async () => {}, function* () {}, async function* () {}];
  // Where policy forbids it, the constructors are of no use to the page either.
  return guard(() => functionOf(realm, '', 'return [async () => {}, function* () {}, async function* () {}]')!() as Native[], []);
}

function hookFunction(realm: Realm, native: Native, keyword: string, named: boolean): void {
  const { patch, global } = realm;
  const prototype = (native as Any).prototype as object;
  const replacement: Any = new NativeProxy(native, {
    __proto__: null,
    apply: (target: Native, self: Any, args: Any[]) => apply(target, self, guard(() => rewriteParts(realm, args, keyword), args)),
    construct: (target: Any, args: Any[], newTarget: Any) =>
      construct(target, guard(() => rewriteParts(realm, args, keyword), args), newTarget === replacement ? target : newTarget),
  } as ProxyHandler<Native>);
  patch.stand(replacement as object, native);
  const own = getOwnPropertyDescriptor(prototype, 'constructor');
  if (own?.configurable) patch.define(prototype, 'constructor', { ...own, value: replacement }, own);
  if (!named) inherit(realm, native, global.Function as object);
  const found = named && getOwnPropertyDescriptor(global, 'Function');
  if (found) patch.define(global, 'Function', { ...found, value: replacement }, found);
}

/** The unnamed constructors inherit from Function, and must not give away the native one. */
function inherit(realm: Realm, native: object, from: object): void {
  const before = getPrototypeOf(native);
  setPrototypeOf(native, from);
  realm.patch.onUndo(() => void setPrototypeOf(native, before));
}

/** What stands between parameters and body in the text of a made function. */
const MIDDLE = '\n) {';

/** The body, rewritten within its function so that parameters count as names of it (ECMA-262 §20.2.1.1.1). */
function rewriteParts(realm: Realm, args: Any[], keyword: string): Any[] {
  if (!args.length) return args;
  const last = args.length - 1;
  let parameters = '';
  for (let i = 0; i < last; i++) {
    const text = `${args[i] as string}`;
    args[i] = like(args[i], text); // converted once only
    parameters += (i ? ',' : '') + text;
  }
  const body = `${args[last] as string}`;
  args[last] = like(args[last], body);
  if (!mayNeedRewriting(body) && !mayNeedRewriting(parameters)) return args;
  const start = `(${keyword} anonymous(`, head = start + parameters + MIDDLE;
  const result = rewriteScript(realm, `${head}\n${body}\n})`, 'eval'), middle = indexOf(result, MIDDLE);
  if (!startsWith(result, start) || middle < 0 || !endsWith(result, '\n})') || includes(parameters, MIDDLE)) return args;
  const rest = slice(result, middle + MIDDLE.length, result.length - 3);
  const final = startsWith(rest, '\n') ? slice(rest, 1) : rest;
  if (startsWith(result, head)) {
    args[last] = like(args[last], final);
    return args;
  }
  // The parameters changed, too: they are given as one.
  return [like(args[0], slice(result, start.length, middle)), like(args[last], final)];
}
