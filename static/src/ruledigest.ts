// Digests of what scripts made of a style sheet, by which a follower finds out that its rules are not the leader's. They
// hold how rules nest and what each declares. What is before the braces followers have in words of their own, and
// addresses too. The server, which knows sheets as texts only, passes them on.

import { Hash } from './digest';
import { getter, guard, method } from './natives';

/** Larger sheets would take too long. */
const MOST = 1000;

const kinds = globalThis as unknown as Record<string, { prototype: object } | undefined>;
type Read<T> = ((of: object) => T) | undefined;
const read = (kind: string, name: string) => getter(kinds[kind]?.prototype, name) as Read<never>;

const rulesOf = read('CSSStyleSheet', 'cssRules') as Read<CSSRuleList>;
const lists = ['CSSStyleRule', 'CSSGroupingRule', 'CSSKeyframesRule'].map((kind) => read(kind, 'cssRules') as Read<CSSRuleList>);
const styles = ['CSSStyleRule', 'CSSKeyframeRule', 'CSSFontFaceRule', 'CSSNestedDeclarations', 'CSSPageRule', 'CSSPositionTryRule'].map(
  (kind) => read(kind, 'style') as Read<CSSStyleDeclaration>,
);
const count = getter(CSSRuleList.prototype, 'length') as (list: CSSRuleList) => number;
const ruleAt = method(CSSRuleList.prototype, 'item') as (list: CSSRuleList, at: number) => CSSRule;
const length = getter(CSSStyleDeclaration.prototype, 'length') as (style: CSSStyleDeclaration) => number;
const nameAt = method(CSSStyleDeclaration.prototype, 'item') as (style: CSSStyleDeclaration, at: number) => string;
const valueOf = method(CSSStyleDeclaration.prototype, 'getPropertyValue') as (style: CSSStyleDeclaration, name: string) => string;
const priorityOf = method(CSSStyleDeclaration.prototype, 'getPropertyPriority') as typeof valueOf;

/** The digest of a sheet's rules; null when they may not be read or are too many. */
export function digestOfRules(sheet: CSSStyleSheet): string | null {
  const h = new Hash();
  let left = MOST;
  const add = (list: CSSRuleList): void => {
    for (let i = 0, n = count(list); i < n && left > 0; i++) {
      const rule = ruleAt(list, i);
      left--;
      h.unit(0x7b);
      const style = first(styles, rule);
      if (style !== null) declared(h, style);
      const inner = first(lists, rule);
      if (inner !== null) add(inner);
      h.unit(0x7d);
    }
  };
  const whole = guard(() => {
    add(rulesOf!(sheet));
    return left > 0;
  }, false);
  return whole ? 'r' + (h.value >>> 0).toString(36) : null;
}

/** In whatever order: a browser writes what is important last. */
function declared(h: Hash, style: CSSStyleDeclaration): void {
  let sum = 0;
  for (let i = 0, n = length(style); i < n; i++) {
    const name = nameAt(style, i), value = valueOf(style, name);
    const one = new Hash();
    one.text(name);
    one.unit(0x3a);
    if (!/url\(|image-set\(/i.test(value)) one.text(value);
    one.text(priorityOf(style, name));
    sum = (sum + one.value) | 0;
  }
  h.number(sum >>> 1);
}

/** What the first of some getters gives that takes this kind of rule. */
function first<T>(getters: Read<T>[], rule: object): T | null {
  for (const get of getters) {
    const value = get && guard(() => get(rule), null);
    if (value !== null && value !== undefined) return value;
  }
  return null;
}
