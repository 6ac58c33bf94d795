// Style given by script, and read back.

import { startsWith, toLowerCase, type Any } from '../natives';
import type { Call } from '../patch';
import type { Realm } from '../realm';
import { css } from './rewrite';
import { unmapTextInto } from './shared';

/** Properties whose values may hold URLs, as scripts name them. */
const PROPERTIES = ['background', 'backgroundImage', 'borderImage', 'borderImageSource', 'clipPath', 'content', 'cursor', 'filter',
  'backdropFilter', 'fill', 'listStyle', 'listStyleImage', 'marker', 'markerEnd', 'markerMid', 'markerStart', 'mask', 'maskImage',
  'offset', 'offsetPath', 'shapeOutside', 'src', 'stroke', 'webkitBorderImage', 'webkitFilter', 'webkitMask', 'webkitMaskImage',
  'webkitMaskBoxImage', 'webkitClipPath'];

export function hookStyle(realm: Realm): void {
  const { patch, global } = realm;
  const declaration = global.CSSStyleDeclaration?.prototype;
  const text = (value: Any): Any => (value === null || value === undefined ? value : changed(realm, value));
  const setter = (native: Call, self: Any, value: Any) => native(self, [text(value)]);
  const getter = (value: Any): Any => (typeof value === 'string' ? realm.urls.unmapText(value) : value);
  const both = { get: getter, set: setter };
  patch.accessor(declaration, 'cssText', both);
  for (let i = 0; i < PROPERTIES.length; i++) {
    patch.accessor(declaration, PROPERTIES[i]!, both);
    patch.accessor(declaration, dashed(PROPERTIES[i]!), both);
  }
  patch.method(declaration, 'getPropertyValue', (native, self, args) => getter(native(self, args)));
  patch.method(declaration, 'setProperty', (native, self, args) => native(self, withText(args, 1, text)));
  const sheet = global.CSSStyleSheet?.prototype;
  patch.method(sheet, 'insertRule', (native, self, args) => native(self, withText(args, 0, text)));
  patch.method(sheet, 'addRule', (native, self, args) => native(self, withText(args, 1, text)));
  patch.method(sheet, 'replaceSync', (native, self, args) => native(self, withText(args, 0, text)));
  patch.method(sheet, 'replace', (native, self, args) => native(self, withText(args, 0, text)));
  patch.method(global.CSSGroupingRule?.prototype, 'insertRule', (native, self, args) => native(self, withText(args, 0, text)));
  patch.method(global.StylePropertyMap?.prototype, 'set', (native, self, args) => native(self, withText(args, 1, stringsOnly(text))));
  patch.accessor(global.CSSRule?.prototype, 'cssText', both);
  unmapTextInto(realm, global.CSSImportRule?.prototype, ['href']);
  patch.constructor_('FontFace', (make, args) => make(withText(args, 1, stringsOnly(text))));
}

const stringsOnly = (rewrite: (value: Any) => Any) => (value: Any): Any => (typeof value === 'string' ? rewrite(value) : value);

function withText(args: Any[], at: number, rewrite: (value: Any) => Any): Any[] {
  if (args.length > at) args[at] = rewrite(args[at]);
  return args;
}

function changed(realm: Realm, value: Any): Any {
  const text = typeof value === 'string' ? value : `${value as string}`;
  return css(realm, text);
}

function dashed(name: string): string {
  let out = '';
  for (let i = 0; i < name.length; i++) {
    const c = name[i]!;
    out += c >= 'A' && c <= 'Z' ? '-' + toLowerCase(c) : c;
  }
  return startsWith(out, 'webkit') ? '-' + out : out;
}
