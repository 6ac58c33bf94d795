// Style given by script, and read back. In Chromium the properties of a declaration are no accessors of its prototype
// but belong to each object, so scripts get a stand-in for it; its prototype's methods know the stand-in.

import { getOwnPropertyDescriptor, includes, NativeProxy, NativeWeakMap, ownKeys, weakGet, weakSet, type Any } from '../natives';
import type { Call } from '../patch';
import type { Realm } from '../realm';
import { authorCSS, css } from './rewrite';
import { unmapTextInto } from './shared';

/** Stand-in to declaration, and the other way. */
const declarations = new NativeWeakMap<object, object>();
const standIns = new NativeWeakMap<object, object>();

/** The declaration that a page's stand-in is for, or what is given. */
export const nativeStyle = (style: Any): Any => (style !== null && typeof style === 'object' && weakGet(declarations, style as object)) || style;

export function hookStyle(realm: Realm): void {
  const { patch, global } = realm;
  const text = (value: Any): Any => (value === null || value === undefined ? value : css(realm, typeof value === 'string' ? value : `${value as string}`));
  hookDeclaration(realm, text);
  hookOwners(realm, text);
  const at = (holder: Any, name: string, index: number, rewrite = text) =>
    patch.method(holder, name, (call, self, args) => call(self, withText(args, index, rewrite)));
  const sheet = global.CSSStyleSheet?.prototype;
  at(sheet, 'insertRule', 0);
  at(sheet, 'addRule', 1);
  at(sheet, 'replaceSync', 0);
  at(sheet, 'replace', 0);
  at(global.CSSGroupingRule?.prototype, 'insertRule', 0);
  at(global.StylePropertyMap?.prototype, 'set', 1, stringsOnly(text));
  at(global.StylePropertyMap?.prototype, 'append', 1, stringsOnly(text));
  at(global.CSSKeyframesRule?.prototype, 'appendRule', 0);
  patch.method(global.CSSStyleValue?.prototype, 'toString', (call, self, args) => readBack(realm, call(self, args)) as unknown);
  hookFonts(realm);
  const selectors: [string, string][] = [
    ['CSSRule', 'cssText'], ['CSSStyleRule', 'selectorText'], ['CSSScopeRule', 'start'], ['CSSScopeRule', 'end'], ['CSSConditionRule', 'conditionText'],
  ];
  for (let i = 0; i < selectors.length; i++) {
    patch.accessor(global[selectors[i]![0]]?.prototype, selectors[i]![1], {
      get: (value) => (typeof value === 'string' ? authorCSS(realm, value) : value as unknown),
      set: (native, self, value) => native(self, [text(value)]),
    });
  }
  unmapTextInto(realm, global.CSSImportRule?.prototype, ['href']);
  unmapTextInto(realm, global.CSSPropertyRule?.prototype, ['initialValue']);
}

/** Fonts by script, which workers have, too. */
export function hookFonts(realm: Realm): void {
  realm.patch.constructor_('FontFace', (make, args) => make(withText(args, 1, stringsOnly((value) => css(realm, value as string)))));
}

/** The prototype: its methods and accessors take stand-ins too. */
function hookDeclaration(realm: Realm, text: (value: Any) => Any): void {
  const { patch, global } = realm;
  const prototype = global.CSSStyleDeclaration?.prototype as object | undefined;
  const keys = prototype ? ownKeys(prototype) : [];
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const found = getOwnPropertyDescriptor(prototype!, key)!;
    if (typeof key !== 'string' || key === 'constructor') continue;
    if (typeof found.value === 'function') {
      patch.method(prototype, key, (call, self, args) => {
        if (key === 'setProperty') withText(args, 1, text);
        return readBack(realm, call(nativeStyle(self), args));
      });
    } else if (found.get) {
      patch.accessor(prototype, key, {
        get: (value) => readBack(realm, value),
        set: (call, self, value) => call(nativeStyle(self), [text(value)]),
      });
    }
  }
}

const readBack = (realm: Realm, value: Any): Any => (typeof value === 'string' ? realm.urls.unmapText(value) : value);

/** What gives declarations away: elements, rules, getComputedStyle. */
function hookOwners(realm: Realm, text: (value: Any) => Any): void {
  const { patch, global } = realm;
  const owners = ['HTMLElement', 'SVGElement', 'MathMLElement', 'CSSStyleRule', 'CSSFontFaceRule', 'CSSKeyframeRule', 'CSSPageRule', 'CSSNestedDeclarations'];
  for (let i = 0; i < owners.length; i++) {
    patch.accessor(global[owners[i]!]?.prototype, 'style', {
      get: (style) => standIn(realm, style, text),
      set: (call: Call, self, value) => call(self, [text(value)]), // forwarded to cssText
    });
  }
  patch.method(global, 'getComputedStyle', (call, self, args) => standIn(realm, call(self, args), text));
}

function standIn(realm: Realm, style: Any, text: (value: Any) => Any): Any {
  if (style === null || typeof style !== 'object') return style;
  const known = weakGet(standIns, style as object);
  if (known) return known;
  const made = new NativeProxy(style as object, {
    __proto__: null,
    get: (target: Any, key: PropertyKey) => readBack(realm, target[key]),
    set: (target: Any, key: PropertyKey, value: Any) => {
      target[key] = typeof value === 'string' && includes(value, '(') ? text(value) : value;
      return true;
    },
  } as ProxyHandler<object>);
  weakSet(standIns, style as object, made);
  weakSet(declarations, made, style as object);
  return made;
}

const stringsOnly = (rewrite: (value: Any) => Any) => (value: Any): Any => (typeof value === 'string' ? rewrite(value) : value);

function withText(args: Any[], at: number, rewrite: (value: Any) => Any): Any[] {
  if (args.length > at) args[at] = rewrite(args[at]);
  return args;
}
