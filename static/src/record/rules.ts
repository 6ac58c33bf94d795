// Where rules are in their sheets, and what scripts set in their declarations.

import type { Path } from '../ops';
import { getter, guard, method, ruleAt, ruleCount, ruleSheet, rulesOf } from './dom';

export type RuleOp =
  | [kind: 'i', path: Path, text: string]
  | [kind: 'd', path: Path]
  | [kind: 'r', text: string]
  | [kind: 's' | 'c', path: Path, text: string]
  | [kind: 'p', path: Path, name: string, value: string, priority: string];

/** Rules that are compared whenever something is told; those that were got hold of before are looked at a few at a time. */
const MOST = 500;
const MOST_OLD = 10_000;
const OLD_AT_ONCE = 200;

const parentOf = getter<CSSRule | null>(CSSRule.prototype, 'parentRule');
const kinds = globalThis as unknown as Record<string, { prototype: object } | undefined>;
const listsOf = ['CSSGroupingRule', 'CSSStyleRule', 'CSSKeyframesRule'].map((kind) => read<CSSRuleList>(kind, 'cssRules'));
const stylesOf = ['CSSStyleRule', 'CSSFontFaceRule', 'CSSKeyframeRule', 'CSSPageRule', 'CSSNestedDeclarations', 'CSSPositionTryRule'].map(
  (kind) => read<CSSStyleDeclaration>(kind, 'style'),
);
const headsOf = [read<string>('CSSStyleRule', 'selectorText'), read<string>('CSSKeyframeRule', 'keyText'), read<string>('CSSKeyframesRule', 'name'), read<string>('CSSPageRule', 'selectorText')];
const mediaOf = read<MediaList>('CSSMediaRule', 'media');
export const mediaText = getter<string>(MediaList.prototype, 'mediaText');

function read<T>(kind: string, name: string): ((rule: object) => T) | undefined {
  const prototype = kinds[kind]?.prototype;
  return prototype && (getter<T>(prototype, name) as ((rule: object) => T) | undefined);
}

/** What the first of some getters gives that takes this kind of object. */
function first<T>(getters: (((rule: object) => T) | undefined)[], of: object): T | null {
  for (const get of getters) {
    const value = get && guard(() => get(of), null);
    if (value !== null && value !== undefined) return value;
  }
  return null;
}

export const rulesIn = (rule: CSSRule): CSSRuleList | null => first(listsOf, rule);

/** Where a rule is in its sheet; null when it is in none any more. */
export function pathTo(rule: CSSRule): number[] | null {
  const sheet = ruleSheet(rule);
  if (sheet === null) return null;
  const path: number[] = [];
  for (let at: CSSRule | null = rule; at !== null; at = parentOf(at)) {
    const parent = parentOf(at);
    const index = indexOf(parent === null ? guard(() => rulesOf(sheet), null) : rulesIn(parent), at);
    if (index < 0) return null;
    path.push(index);
  }
  return path.reverse();
}

export function indexOf(list: CSSRuleList | null, rule: CSSRule): number {
  if (list === null) return -1;
  for (let i = ruleCount(list) - 1; i >= 0; i--) if (ruleAt(list, i) === rule) return i;
  return -1;
}

/** What is before a rule's braces: its selector, media, keys or name. */
export function headOf(rule: CSSRule): string {
  const media = mediaOf && guard(() => mediaOf(rule), null);
  return media ? mediaText(media) : (first(headsOf, rule) ?? '');
}

const cssText = getter<string>(CSSStyleDeclaration.prototype, 'cssText');
const lengthOf = getter<number>(CSSStyleDeclaration.prototype, 'length');
const nameAt = method<[number], string>(CSSStyleDeclaration.prototype, 'item');
export const valueOf = method<[string], string>(CSSStyleDeclaration.prototype, 'getPropertyValue');
export const priorityOf = method<[string], string>(CSSStyleDeclaration.prototype, 'getPropertyPriority');

interface Declared {
  text: string;
  values: Map<string, string>;
}

/**
 * Rules whose declarations a script has got hold of. In Chromium nobody can
 * see `rule.style.color =` happen, so these are compared with what they were.
 */
export class Suspects {
  private readonly all = new Map<CSSRule, Declared>();
  private readonly old = new Map<CSSRule, Declared>();

  add(rule: CSSRule): void {
    if (this.all.has(rule)) return;
    const style = first(stylesOf, rule);
    if (style === null) return;
    if (this.all.size >= MOST) this.retire();
    this.all.set(rule, this.old.get(rule) ?? declared(style));
    this.old.delete(rule);
  }

  private retire(): void {
    const [rule, before] = this.all.entries().next().value!;
    this.all.delete(rule);
    if (this.old.size < MOST_OLD) this.old.set(rule, before);
  }

  /** Brings some of the old ones back, which goes round all of them. */
  recall(): void {
    for (const [rule, before] of [...this.old].slice(0, OLD_AT_ONCE)) {
      this.old.delete(rule);
      if (ruleSheet(rule) === null) continue;
      const style = first(stylesOf, rule);
      if (style !== null && cssText(style) !== before.text) this.all.set(rule, before);
      else this.old.set(rule, before);
    }
  }

  has(rule: CSSRule): boolean {
    return this.all.has(rule);
  }

  get changed(): boolean {
    for (const [rule, { text }] of this.all) if (first(stylesOf, rule, ) !== null && cssText(first(stylesOf, rule)!) !== text) return true;
    return false;
  }

  /** Tells what was set without anybody seeing it. */
  compare(tell: (sheet: CSSStyleSheet, op: RuleOp) => void): void {
    for (const [rule, before] of this.all) {
      const style = first(stylesOf, rule)!;
      if (cssText(style) === before.text) continue;
      const sheet = ruleSheet(rule);
      const path = pathTo(rule);
      const after = declared(style);
      this.all.set(rule, after);
      if (sheet === null || path === null) this.all.delete(rule);
      else for (const op of difference(path, before, after)) tell(sheet, op);
    }
  }
}

function declared(style: CSSStyleDeclaration): Declared {
  const values = new Map<string, string>();
  for (let i = 0; i < lengthOf(style); i++) {
    const name = nameAt(style, i);
    values.set(name, valueOf(style, name) + '\n' + priorityOf(style, name));
  }
  return { text: cssText(style), values };
}

/** Single properties keep their places, and new ones come last; where that is not the order, the whole is told. */
function difference(path: Path, before: Declared, after: Declared): RuleOp[] {
  const ops: RuleOp[] = [];
  let kept = '', added = '', wanted = '';
  for (const name of before.values.keys()) if (after.values.has(name)) kept += name + ' ';
  for (const name of after.values.keys()) {
    wanted += name + ' ';
    if (!before.values.has(name)) added += name + ' ';
  }
  if (kept + added !== wanted) return [['c', path, after.text]];
  for (const name of before.values.keys()) if (!after.values.has(name)) ops.push(['p', path, name, '', '']);
  for (const [name, both] of after.values) {
    const [value, priority] = both.split('\n') as [string, string];
    if (before.values.get(name) === both) continue;
    if (value === '') return [['c', path, after.text]]; // part of a shorthand that only makes sense as a whole
    ops.push(['p', path, name, value, priority]);
  }
  return ops.length > 0 ? ops : [['c', path, after.text]];
}
