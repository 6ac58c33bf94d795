// What a realm's scripts do that no event and no mutation record tells of.
// Every hook calls the native first and takes note only when that succeeded,
// except where a value has to be read before it changes.

import { promiseThen } from '../natives';
import type { Realm } from '../realm';
import { forgetAddress, noteAddress } from './blobs';
import { nativeStyle } from '../hooks/style';
import { animatedBy } from './animations';
import { declarationRule, getter, guard, method, noteShadow, ruleCount, ruleText, rulesOf } from './dom';
import { noteFont } from './fonts';
import { hostOf, noteInternals } from './internals';
import { findRoots } from './roots';
import { hookNeeds, type Needs } from './needs';
import { headOf, indexOf, mediaText, priorityOf, rulesIn, valueOf, type RuleOp } from './rules';

/** What takes note. None of it may throw; the hooks make sure. */
export interface Noted {
  shadow(host: Element): void;
  control(node: Node): void;
  rule(sheet: CSSStyleSheet, op: RuleOp): void;
  /** A change within a rule, told once it is known where that is. */
  within(rule: CSSRule, op: (path: number[]) => RuleOp): void;
  suspect(rule: CSSRule): void;
  switched(sheet: CSSStyleSheet): void;
  /** Something that the next flush finds out about. */
  adopted(): void;
  raised(node: Node): void;
  drawn(canvas: Node): void;
  wrote(canvas: Node, text: string): void;
  handedOver(canvas: Node): void;
  defined(name: string): void;
  registered(definition: PropertyDefinition): void;
  animated(node?: Node): void;
  highlighted(): void;
  fonts(): void;
  assigned(slot: Node): void;
  internals(host: Element): void;
  editing(): void;
  navigated(): void;
}

// deno-lint-ignore no-explicit-any
type Any = any;

export function hook(realm: Realm, noted: Noted, needs: Needs): void {
  const hooks = new Hooks(realm);
  hookControls(hooks, noted);
  hookSheets(hooks, noted);
  hookRules(hooks, noted);
  hookTopLayer(hooks, noted);
  hookCanvas(hooks, noted);
  hookAnimations(hooks, noted);
  hookComponents(hooks, noted);
  hookText(hooks, noted);
  hookPage(hooks, noted);
  hookNeeds(hooks, needs);
}

export class Hooks {
  constructor(readonly realm: Realm) {}

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

  afterSet(holder: Any, name: string, note: (self: Any, value: Any) => void): void {
    this.realm.patch.accessor(holder, name, {
      set: (native, self, value) => {
        native(self, [value]);
        guard(() => note(self, value), undefined);
      },
    });
  }

  made(kind: string, note: (made: Any, args: Any[]) => void): void {
    this.realm.patch.constructor_(kind, (make, args) => {
      const made = make(args);
      guard(() => note(made, args), undefined);
      return made;
    });
  }

  /** Told when the page has had its say. */
  listen(type: string, listener: (event: Event) => void): void {
    this.realm.listen(() => this.global as Window, type, (event: Event) => guard(() => listener(event), undefined), false);
  }

  around(holder: Any, name: string, run: (self: Any, args: Any[], native: () => Any) => Any): void {
    this.realm.patch.method(holder, name, (native, self, args) => run(self, args, () => native(self, args)));
  }

  afterGet(holder: Any, name: string, note: (self: Any, value: Any) => void): void {
    this.realm.patch.accessor(holder, name, {
      get: (value, self) => {
        guard(() => note(self, value), undefined);
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
  findRoots(hooks.realm, (host, root) => {
    noteShadow(host, root);
    noted.shadow(host);
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

/** What changes within rules. `rule.style.color =` can't be hooked in Chromium, so whoever reaches for that is a suspect. */
function hookRules(hooks: Hooks, noted: Noted): void {
  for (const kind of ['CSSStyleRule', 'CSSFontFaceRule', 'CSSKeyframeRule', 'CSSPageRule', 'CSSNestedDeclarations', 'CSSPositionTryRule']) {
    for (const name of ['style', 'styleMap']) hooks.afterGet(hooks.of(kind), name, (rule) => noted.suspect(rule));
  }
  const head = (rule: Any) => noted.within(rule, (path) => ['s', path, headOf(rule)]);
  for (const [kind, name] of [['CSSStyleRule', 'selectorText'], ['CSSKeyframeRule', 'keyText'], ['CSSKeyframesRule', 'name'], ['CSSPageRule', 'selectorText'], ['CSSMediaRule', 'media']] as const) {
    hooks.afterSet(hooks.of(kind), name, head);
  }
  for (const kind of ['CSSGroupingRule', 'CSSStyleRule']) {
    hooks.after(hooks.of(kind), 'insertRule', (self, args, index) => noted.within(self, (path) => ['i', [...path, index], `${args[0]}`]));
    hooks.after(hooks.of(kind), 'deleteRule', (self, args) => noted.within(self, (path) => ['d', [...path, args[0] >>> 0]]));
  }
  hookKeyframes(hooks, noted);
  hookDeclarations(hooks, noted);
  hookMedia(hooks, noted);
}

function hookKeyframes(hooks: Hooks, noted: Noted): void {
  const keyframes = hooks.of('CSSKeyframesRule');
  hooks.after(keyframes, 'appendRule', (self, args) => noted.within(self, (path) => ['i', [...path, ruleCount(rulesIn(self)!) - 1], `${args[0]}`]));
  hooks.around(keyframes, 'deleteRule', (self, args, run) => {
    const found = guard(() => findKeyframe(self, `${args[0]}`), null);
    const index = found === null ? -1 : indexOf(rulesIn(self), found);
    const result = run();
    if (index >= 0) guard(() => noted.within(self, (path) => ['d', [...path, index]]), undefined);
    return result;
  });
}

const findKeyframe = method<[string], CSSKeyframeRule | null>(CSSKeyframesRule.prototype, 'findRule');

function hookDeclarations(hooks: Hooks, noted: Noted): void {
  const declaration = hooks.of('CSSStyleDeclaration');
  const ruleOf = (self: Any): CSSRule | null => declarationRule(nativeStyle(self));
  const set = (self: Any, args: Any[]) => {
    const rule = ruleOf(self);
    if (rule === null) return; // an element's
    const name = `${args[0]}`;
    noted.within(rule, (path) => ['p', path, name, valueOf(nativeStyle(self), name), priorityOf(nativeStyle(self), name)]);
  };
  hooks.after(declaration, 'setProperty', set);
  hooks.after(declaration, 'removeProperty', set);
  hooks.afterSet(declaration, 'cssText', (self, text) => {
    const rule = ruleOf(self);
    if (rule !== null) noted.within(rule, (path) => ['c', path, `${text}`]);
  });
}

/** Lists of media do not tell whose they are. */
function hookMedia(hooks: Hooks, noted: Noted): void {
  const owners = new WeakMap<object, Any>();
  hooks.afterGet(hooks.of('CSSMediaRule'), 'media', (rule, list) => owners.set(list, rule));
  hooks.afterGet(hooks.of('StyleSheet'), 'media', (sheet, list) => owners.set(list, sheet));
  hooks.afterSet(hooks.of('StyleSheet'), 'media', (sheet) => noted.switched(sheet));
  const changed = (list: Any) => {
    const owner = owners.get(list);
    if (owner === undefined) return;
    if (guard(() => ruleText(owner), null) === null) noted.switched(owner);
    else noted.within(owner, (path) => ['s', path, mediaText(list)]);
  };
  const list = hooks.of('MediaList');
  hooks.afterSet(list, 'mediaText', changed);
  for (const name of ['appendMedium', 'deleteMedium']) hooks.after(list, name, changed);
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
  for (const name of ['fillText', 'strokeText']) {
    hooks.after(hooks.of('CanvasRenderingContext2D'), name, (self, args) => noted.wrote(self.canvas, `${args[0]}`));
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

function hookAnimations(hooks: Hooks, noted: Noted): void {
  const changed = () => noted.animated();
  hooks.after(hooks.of('Element'), 'animate', (element) => noted.animated(element));
  const animation = hooks.of('Animation');
  const moved = (self: Animation) => noted.animated(animatedBy(self));
  for (const name of ['play', 'pause', 'cancel', 'finish', 'reverse', 'persist', 'updatePlaybackRate']) hooks.after(animation, name, moved);
  for (const name of ['currentTime', 'startTime', 'playbackRate', 'effect', 'timeline']) hooks.afterSet(animation, name, moved);
  const effect = hooks.of('KeyframeEffect');
  hooks.after(effect, 'setKeyframes', changed);
  for (const name of ['target', 'pseudoElement', 'composite', 'iterationComposite']) hooks.afterSet(effect, name, changed);
  hooks.after(hooks.of('AnimationEffect'), 'updateTiming', changed);
}

function hookComponents(hooks: Hooks, noted: Noted): void {
  hooks.after(hooks.of('CustomElementRegistry'), 'define', (_self, args) => {
    const form = guard(() => args[1].formAssociated === true, false);
    noted.defined((form ? 'form:' : '') + `${args[0]}`);
  });
  hooks.after(hooks.of('HTMLSlotElement'), 'assign', (self) => noted.assigned(self));
  hooks.after(hooks.of('HTMLElement'), 'attachInternals', (self, _args, internals) => {
    noteInternals(self, internals);
    noted.internals(self);
  });
  const changed = (part: Any) => {
    const host = hostOf(part);
    if (host !== undefined) noted.internals(host);
  };
  for (const name of ['add', 'delete', 'clear']) hooks.after(hooks.of('CustomStateSet'), name, changed);
  hooks.after(hooks.of('ElementInternals'), 'setValidity', changed);
}

/** How text looks beyond style sheets: fonts, highlights, whether all of it can be edited. */
function hookText(hooks: Hooks, noted: Noted): void {
  hooks.made('FontFace', (face, args) => noteFont(face, args[1]));
  for (const name of ['add', 'delete', 'clear']) hooks.after(hooks.of('FontFaceSet'), name, () => noted.fonts());
  for (const kind of ['HighlightRegistry', 'Highlight']) {
    for (const name of ['set', 'add', 'delete', 'clear']) hooks.after(hooks.of(kind), name, () => noted.highlighted());
  }
  for (const name of ['priority', 'type']) hooks.afterSet(hooks.of('Highlight'), name, () => noted.highlighted());
  hooks.after(hooks.global.CSS, 'registerProperty', (_self, args) => noted.registered(args[0]));
  hooks.afterSet(hooks.of('Document'), 'designMode', () => noted.editing());
}

function hookPage(hooks: Hooks, noted: Noted): void {
  for (const name of ['pushState', 'replaceState']) hooks.after(hooks.of('History'), name, () => noted.navigated());
  hooks.after(hooks.global.URL, 'createObjectURL', (_self, args, url) => noteAddress(url, args[0]));
  hooks.after(hooks.global.URL, 'revokeObjectURL', (_self, args) => forgetAddress(`${args[0]}`));
}
