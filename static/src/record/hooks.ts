// What a realm's scripts do that no event and no mutation record tells of.
// Every hook calls the native first and takes note only when that succeeded,
// except where a value has to be read before it changes.

import { promiseThen } from '../natives';
import type { Realm } from '../realm';
import { forgetAddress, noteAddress } from './blobs';
import { declarationRule, getter, guard, noteShadow, ruleCount, ruleSheet, rulesOf } from './dom';
import type { RuleOp } from './sheets';

/** What takes note. None of it may throw; the hooks make sure. */
export interface Noted {
  shadow(host: Element): void;
  control(node: Node): void;
  rule(sheet: CSSStyleSheet, op: RuleOp): void;
  suspect(sheet: CSSStyleSheet): void;
  switched(sheet: CSSStyleSheet): void;
  /** Something that the next flush finds out about. */
  adopted(): void;
  raised(node: Node): void;
  drawn(canvas: Node): void;
  handedOver(canvas: Node): void;
  defined(name: string): void;
  navigated(): void;
  dialog(kind: 'alert' | 'confirm' | 'prompt', text: string): void;
}

// deno-lint-ignore no-explicit-any
type Any = any;

export function hook(realm: Realm, noted: Noted): void {
  const hooks = new Hooks(realm);
  hookControls(hooks, noted);
  hookSheets(hooks, noted);
  hookRules(hooks, noted);
  hookTopLayer(hooks, noted);
  hookCanvas(hooks, noted);
  hookPage(hooks, noted);
}

class Hooks {
  constructor(private readonly realm: Realm) {}

  /** A prototype of the realm; undefined where the browser has none such. */
  of(name: string): Any {
    return this.realm.global[name]?.prototype;
  }

  get global(): Any {
    return this.realm.global;
  }

  after(holder: Any, name: string, note: (self: Any, args: Any[], result: Any) => void): void {
    this.realm.patch.method(holder, name, (native, self, args) => {
      const result = native(self, args);
      guard(() => note(self, args, result), undefined);
      return result;
    });
  }

  before(holder: Any, name: string, note: (self: Any, args: Any[]) => void): void {
    this.realm.patch.method(holder, name, (native, self, args) => {
      guard(() => note(self, args), undefined);
      return native(self, args);
    });
  }

  afterSet(holder: Any, name: string, note: (self: Any) => void): void {
    this.realm.patch.accessor(holder, name, {
      set: (native, self, value) => {
        native(self, [value]);
        guard(() => note(self), undefined);
      },
    });
  }

  beforeSet(holder: Any, name: string, note: (self: Any) => void): void {
    this.realm.patch.accessor(holder, name, {
      set: (native, self, value) => {
        guard(() => note(self), undefined);
        native(self, [value]);
      },
    });
  }

  afterGet(holder: Any, name: string, note: (self: Any) => void): void {
    this.realm.patch.accessor(holder, name, {
      get: (value, self) => {
        guard(() => note(self), undefined);
        return value;
      },
    });
  }
}

function hookControls(hooks: Hooks, noted: Noted): void {
  const control = (self: Any) => noted.control(self);
  const setters = {
    HTMLInputElement: ['value', 'checked', 'indeterminate', 'files', 'valueAsNumber', 'valueAsDate'],
    HTMLTextAreaElement: ['value'],
    HTMLSelectElement: ['value', 'selectedIndex'],
    HTMLOptionElement: ['selected'],
  };
  for (const [kind, names] of Object.entries(setters)) {
    for (const name of names) hooks.afterSet(hooks.of(kind), name, kind === 'HTMLOptionElement' ? optionChanged : control);
  }
  for (const kind of ['HTMLInputElement', 'HTMLTextAreaElement', 'HTMLSelectElement']) {
    for (const name of ['setRangeText', 'stepUp', 'stepDown', 'setCustomValidity']) hooks.after(hooks.of(kind), name, control);
  }
  hooks.after(hooks.of('Element'), 'attachShadow', (self, _args, root) => {
    noteShadow(self, root);
    noted.shadow(self);
  });

  function optionChanged(option: Node): void {
    for (let at: Node | null = parentOf(option), depth = 0; at !== null && depth < 3; at = parentOf(at), depth++) noted.control(at);
  }
}

const parentOf = getter<Node | null>(Node.prototype, 'parentNode');

function hookSheets(hooks: Hooks, noted: Noted): void {
  const sheet = hooks.of('CSSStyleSheet');
  hooks.after(sheet, 'insertRule', (self, args, index) => noted.rule(self, ['i', index, `${args[0]}`]));
  hooks.after(sheet, 'deleteRule', (self, args) => noted.rule(self, ['d', args[0] >>> 0]));
  hooks.after(sheet, 'addRule', (self, args) => {
    const index = args[2] === undefined ? ruleCount(rulesOf(self)) - 1 : args[2] >>> 0;
    noted.rule(self, ['i', index, `${args[0]}{${args[1] ?? ''}}`]);
  });
  hooks.after(sheet, 'removeRule', (self, args) => noted.rule(self, ['d', (args[0] ?? 0) >>> 0]));
  hooks.after(sheet, 'replaceSync', (self, args) => noted.rule(self, ['r', `${args[0]}`]));
  hooks.after(sheet, 'replace', (self, args, done) => {
    const text = `${args[0]}`;
    void promiseThen(done as Promise<unknown>, () => noted.rule(self, ['r', text]), () => undefined);
  });
  hooks.afterSet(hooks.of('StyleSheet'), 'disabled', (self) => noted.switched(self));
  hooks.afterSet(hooks.of('Document'), 'adoptedStyleSheets', () => noted.adopted());
  hooks.afterSet(hooks.of('ShadowRoot'), 'adoptedStyleSheets', () => noted.adopted());
}

/** Rules change in ways that can't be hooked (`rule.style.color =`), so whoever reaches for one is a suspect. */
function hookRules(hooks: Hooks, noted: Noted): void {
  const suspect = (rule: Any) => {
    const sheet = rule === null ? null : ruleSheet(rule);
    if (sheet !== null) noted.suspect(sheet);
  };
  for (const kind of ['CSSStyleRule', 'CSSFontFaceRule', 'CSSKeyframeRule', 'CSSPageRule', 'CSSNestedDeclarations']) {
    for (const name of ['style', 'styleMap']) hooks.afterGet(hooks.of(kind), name, suspect);
  }
  hooks.afterGet(hooks.of('CSSMediaRule'), 'media', suspect);
  hooks.beforeSet(hooks.of('CSSStyleRule'), 'selectorText', suspect);
  hooks.beforeSet(hooks.of('CSSKeyframeRule'), 'keyText', suspect);
  hooks.beforeSet(hooks.of('CSSKeyframesRule'), 'name', suspect);
  for (const kind of ['CSSGroupingRule', 'CSSStyleRule', 'CSSKeyframesRule']) {
    for (const name of ['insertRule', 'deleteRule', 'appendRule']) hooks.before(hooks.of(kind), name, suspect);
  }
  const declaration = hooks.of('CSSStyleDeclaration');
  hooks.before(declaration, 'setProperty', (self) => suspect(declarationRule(self)));
  hooks.before(declaration, 'removeProperty', (self) => suspect(declarationRule(self)));
  hooks.beforeSet(declaration, 'cssText', (self) => suspect(declarationRule(self)));
}

function hookTopLayer(hooks: Hooks, noted: Noted): void {
  for (const name of ['show', 'showModal', 'close']) hooks.after(hooks.of('HTMLDialogElement'), name, (self) => noted.raised(self));
  for (const name of ['showPopover', 'hidePopover', 'togglePopover']) {
    hooks.after(hooks.of('HTMLElement'), name, (self) => noted.raised(self));
  }
}

const DRAW_2D = [
  'clearRect', 'fillRect', 'strokeRect', 'fill', 'stroke', 'fillText', 'strokeText', 'drawImage', 'putImageData', 'reset',
  'drawFocusIfNeeded',
];
const DRAW_GL = [
  'clear', 'drawArrays', 'drawElements', 'drawArraysInstanced', 'drawElementsInstanced', 'drawRangeElements', 'blitFramebuffer',
  'clearBufferfv', 'clearBufferiv', 'clearBufferuiv', 'clearBufferfi',
];

function hookCanvas(hooks: Hooks, noted: Noted): void {
  const draws: [string, string[]][] = [
    ['CanvasRenderingContext2D', DRAW_2D], ['WebGLRenderingContext', DRAW_GL], ['WebGL2RenderingContext', DRAW_GL],
    ['ImageBitmapRenderingContext', ['transferFromImageBitmap']],
  ];
  for (const [kind, names] of draws) {
    for (const name of names) hooks.after(hooks.of(kind), name, (self) => noted.drawn(self.canvas));
  }
  const canvas = hooks.of('HTMLCanvasElement');
  // Else a WebGL canvas is blank whenever its picture is taken outside of the frame that drew it.
  hooks.before(canvas, 'getContext', (_self, args) => {
    if (args[0] === 'webgl' || args[0] === 'webgl2' || args[0] === 'experimental-webgl') {
      args[1] = { ...(args[1] as object | undefined), preserveDrawingBuffer: true };
    }
  });
  hooks.after(canvas, 'transferControlToOffscreen', (self) => noted.handedOver(self));
}

function hookPage(hooks: Hooks, noted: Noted): void {
  hooks.after(hooks.of('CustomElementRegistry'), 'define', (_self, args) => noted.defined(`${args[0]}`));
  for (const name of ['pushState', 'replaceState']) hooks.after(hooks.of('History'), name, () => noted.navigated());
  for (const kind of ['alert', 'confirm', 'prompt'] as const) {
    hooks.before(hooks.global, kind, (_self, args) => {
      if (args.length > 0) args[0] = `${args[0]}`; // an object is asked for its text once only
      noted.dialog(kind, args.length > 0 ? args[0] : '');
    });
  }
  hooks.after(hooks.global.URL, 'createObjectURL', (_self, args, url) => noteAddress(url, args[0]));
  hooks.after(hooks.global.URL, 'revokeObjectURL', (_self, args) => forgetAddress(`${args[0]}`));
}
