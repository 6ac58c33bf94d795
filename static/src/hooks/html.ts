// The ways a script hands HTML to the browser, and the ways it gets HTML back.

import { apply, charCodeAt, guard, indexOf, lastIndexOf, method, NativeWeakMap, slice, toLowerCase, weakGet, weakSet, type Any } from '../natives';
import { ASIDE, ROOT_MARK } from '../html';
import type { Call } from '../patch';
import type { Realm } from '../realm';
import { authorPaper } from '../papers';
import { converted, like, ownHTML } from '../trusted';
import { authorScript } from '../unscript';
import * as dom from './dom';
import { adoptFrames } from './frames';
import { restorePolicies } from './policy';
import { authorMap } from './integrity';
import { authorCSS, html, htmlSoFar, type HTMLUse } from './rewrite';
import { adjacentText, isRawText, originalText, setRawText } from './text';

const write = method((globalThis as Any).Document?.prototype, 'write') as (d: Any, html: Any) => void;

export function hookHTML(realm: Realm): void {
  const { patch, global } = realm;
  const holders = [global.Element?.prototype, global.ShadowRoot?.prototype];
  for (let i = 0; i < holders.length; i++) {
    patch.accessor(holders[i], 'innerHTML', {
      get: (value, self) => originalText(self) ?? readBack(realm, value as string),
      set: (native, self, value) => setInner(realm, native, self, value),
    });
    patch.method(holders[i], 'setHTML', (native, self, args) => markup(realm, native, self, args, 0, 'inert'));
    patch.method(holders[i], 'setHTMLUnsafe', (native, self, args) => markup(realm, native, self, args, 0, 'declares'));
    patch.method(holders[i], 'getHTML', (native, self, args) => readBack(realm, native(self, args) as string));
  }
  patch.accessor(global.Element?.prototype, 'outerHTML', {
    get: (value) => readBack(realm, value as string),
    set: (native, self, value) => {
      native(self, [rewritten(realm, value, 'inert')]);
      adoptFrames(realm, self);
    },
  });
  patch.method(global.Element?.prototype, 'insertAdjacentHTML', (native, self, args) =>
    (adjacentText(realm, self, args) ? native(self, args) : markup(realm, native, self, args, 1, 'inert')) as unknown);
  patch.method(global.Range?.prototype, 'createContextualFragment', (native, self, args) => markup(realm, native, self, args, 0, 'runs'));
  patch.method(global.DOMParser?.prototype, 'parseFromString', (native, self, args) => markup(realm, native, self, args, 0, 'inert'));
  patch.method(global.Document, 'parseHTML', (native, self, args) => markup(realm, native, self, args, 0, 'inert'));
  patch.method(global.Document, 'parseHTMLUnsafe', (native, self, args) => markup(realm, native, self, args, 0, 'declares'));
  patch.method(global.XMLSerializer?.prototype, 'serializeToString', (native, self, args) => readBack(realm, native(self, args) as string));
  patch.method(global.Document?.prototype, 'execCommand', (native, self, args) => edit(realm, native, self, args));
  hookWriting(realm);
}

/** What an editor's command puts into the page. */
function edit(realm: Realm, native: Call, self: Any, args: Any[]): Any {
  const command = args.length > 2 ? toLowerCase((args[0] = `${args[0] as string}`)) : '';
  if (command === 'inserthtml') return markup(realm, native, self, args, 2, 'inert');
  if (command === 'createlink' || command === 'insertimage') args[2] = realm.map(args[2]);
  return native(self, args);
}

/** HTML as its author wrote it. */
function readBack(realm: Realm, text: string): string {
  if (typeof text !== 'string') return text;
  let out = authorPaper(authorScript(authorMap(authorCSS(realm, restorePolicies(realm, text)))));
  out = without(out, ROOT_MARK); // of a root that is in no document yet
  return without(out, ASIDE);
}

function without(text: string, part: string): string {
  for (let at = indexOf(text, part); at >= 0; at = indexOf(text, part, at)) text = slice(text, 0, at) + slice(text, at + part.length);
  return text;
}

/** Converted as the native does (null is the empty string), rewritten, and as given when nothing changed. */
function rewritten(realm: Realm, value: Any, use: HTMLUse): Any {
  if (value === null) return value;
  const text = typeof value === 'string' ? value : `${value as string}`;
  const result = html(realm, text, use);
  return result === text ? converted(value, text) : like(value, result);
}

function markup(realm: Realm, native: Call, self: Any, args: Any[], at: number, use: HTMLUse): Any {
  if (args.length > at) args[at] = rewritten(realm, args[at], use);
  const result = native(self, args) as unknown;
  adoptFrames(realm, self);
  return result;
}

function setInner(realm: Realm, native: Call, self: Any, value: Any): void {
  if (isRawText(self)) return setRawText(realm, native, self, value);
  native(self, [rewritten(realm, value, 'inert')]);
  adoptFrames(realm, self);
}

function hookWriting(realm: Realm): void {
  const { patch, global } = realm;
  const document = global.Document?.prototype;
  const names = ['write', 'writeln'];
  for (let i = 0; i < names.length; i++) {
    patch.method(document, names[i]!, (native, self, args) => {
      let text = '', typed: Any = args[0];
      for (let j = 1; j < args.length; j++) if (typeof args[j] === 'string') typed = args[j];
      for (let j = 0; j < args.length; j++) text += typeof args[j] === 'string' ? args[j] : `${args[j] as string}`;
      const result = native(self, [like(typed, dom.nodeTypeOf(self) === 9 ? pending(realm, self, text) : text)]) as unknown;
      if (self === dom.documentOf(global)) realm.reopened();
      adoptFrames(realm, self);
      return result;
    });
  }
  patch.method(document, 'close', (native, self, args) => {
    const rest = weakGet(waiting, self as object);
    if (rest) {
      weakSet(waiting, self as object, '');
      guard(() => write(self, ownHTML(html(realm, rest, 'document'))), undefined);
    }
    return native(self, args);
  });
  patch.method(document, 'open', (native, self, args) => {
    if (args.length > 2) return apply(global.open as Any, global, args) as unknown;
    const result = native(self, args) as unknown;
    if (self === dom.documentOf(global)) realm.reopened();
    return result;
  });
}

/** What document.write gets may end within a tag, a script or a style; such an end waits for the next piece. */
const waiting = new NativeWeakMap<object, string>();

function pending(realm: Realm, document: object, text: string): string {
  const whole = (weakGet(waiting, document) ?? '') + text;
  const cut = unfinished(whole);
  const { ready, left } = htmlSoFar(realm, slice(whole, 0, cut));
  weakSet(waiting, document, left + slice(whole, cut));
  return ready;
}

/** Where an unfinished tag begins at the end of the text; its length if nothing is unfinished. */
function unfinished(text: string): number {
  const open = lastIndexOf(text, '<');
  if (open < 0 || indexOf(text, '>', open) >= 0 || text.length - open > MAX_TAG) return text.length;
  const c = charCodeAt(text, open + 1) | 0x20;
  return c >= 0x61 && c <= 0x7a ? open : text.length;
}

const MAX_TAG = 1 << 16;
