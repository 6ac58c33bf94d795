// Trusted Types, which our policy demands in Firefox: there a default policy is asked before any javascript: URL runs,
// by whatever way a window was sent to it. Members of location can be called by names that no rewriting sees, and the
// document that such a URL makes would begin without our script. A page does not notice: text is let through as it is,
// unless its own policy demands types as well. Where the page's headers do, ours does not, and the page's default
// policy is asked.

import { apply, endsWith, getter, guard, includes, legacy, method, NativeTypeError, slice, startsWith, type Any, type Native } from '../natives';
import type { Legacy, Realm } from '../realm';
import { hasNoValue, rewriteScriptURL } from '../script';
import { NO_VALUE } from '../unscript';
import * as dom from './dom';

const scope = globalThis as Any;
const factoryPrototype = scope.TrustedTypePolicyFactory?.prototype as object | undefined;
const createPolicy = method(factoryPrototype, 'createPolicy');
const head = getter(scope.Document?.prototype, 'head') as (d: Document) => Element | null;
const find = method(scope.Element?.prototype, 'querySelectorAll') as (e: Element, selector: string) => NodeListOf<Element>;

const KINDS = ['createHTML', 'createScript', 'createScriptURL'];
/** What the page's default policy is for the browser, which has ours under that name. */
const THEIRS = 'tandem-default';
const NAVIGATION = 'Location href';

type Rule = (this: void, text: string, ...rest: Any[]) => Any;
type Rules = Record<string, Rule>;

/** Of the default policy that is ours. */
interface State {
  realm: Realm;
  /** Whether a header of the page's demands types. */
  demanded: boolean;
  /** What the page's own default policy is made of. */
  rules?: Rules;
}

export function hookTypes(realm: Realm): void {
  const { patch, global } = realm;
  if (!global.trustedTypes) return;
  const state = stateOf(realm);
  let theirs: Any;
  patch.method(global.TrustedTypePolicyFactory.prototype, 'createPolicy', (native, self, args) => {
    if (`${args[0] as string}` !== 'default') return native(self, args);
    if (!state) {
      if (args.length > 1) args[1] = aware(() => realm, args[1]);
      return native(self, args);
    }
    if (theirs) throw new NativeTypeError('Policy with name "default" already exists.');
    args[0] = THEIRS;
    theirs = native(self, args);
    state.rules = rulesOf((kind) => args[1]?.[kind] as Rule);
    return theirs as unknown;
  });
  patch.accessor(global.TrustedTypePolicyFactory.prototype, 'defaultPolicy', { get: (value) => (state ? theirs ?? null : value as unknown) });
  patch.accessor(global.TrustedTypePolicy.prototype, 'name', { get: (value) => (value === THEIRS ? 'default' : value as unknown) });
}

/** Takes over or makes the default policy; undefined where it may be the page's. */
function stateOf(realm: Realm): State | undefined {
  const demanded = !realm.config.types;
  const left = realm.parent ? undefined : (legacy as Legacy | undefined)?.types as State | undefined;
  if (left) {
    left.realm = realm;
    left.demanded = demanded;
    left.rules = undefined;
    return left;
  }
  if (demanded) return undefined;
  const state: State = { realm, demanded };
  realm.legacy.types = state;
  const ask = rulesOf((kind) => (text, ...rest) => {
    if (!state.demanded && !isDemanded(state.realm)) return text;
    const rule = state.rules?.[kind];
    return typeof rule === 'function' ? apply(rule, undefined, [text, ...rest]) : null;
  });
  guard(() => createPolicy(realm.global.trustedTypes, 'default', aware(() => state.realm, ask)) as unknown, undefined);
  return state;
}

function rulesOf(rule: (kind: string) => Rule): Rules {
  const rules = { __proto__: null } as Any;
  for (let i = 0; i < KINDS.length; i++) rules[KINDS[i]!] = rule(KINDS[i]!);
  return rules as Rules;
}

/** The rules of a default policy, with what they let a window be sent to rewritten. */
function aware(realm: () => Realm, rules: Any): Any {
  const script = rules?.createScript as Native | undefined;
  if (typeof script !== 'function') return rules;
  return {
    __proto__: null,
    createHTML: rules.createHTML as Any, createScriptURL: rules.createScriptURL as Any,
    createScript(...args: Any[]) {
      const source = apply(script, undefined, args) as unknown;
      return args[2] === NAVIGATION && typeof source === 'string' ? withOurs(realm(), source) : source;
    },
  };
}

/** The source of a javascript: URL, whose value if it has one passes through our hands: not by way of the global, which the page may have changed. */
function withOurs(realm: Realm, source: string): string {
  if (hasNoValue(source)) return source;
  const rewritten = slice(rewriteScriptURL(realm, 'javascript:' + source), 11);
  if (endsWith(rewritten, NO_VALUE)) return slice(rewritten, 0, rewritten.length - NO_VALUE.length) + '%0a;void 0';
  return startsWith(rewritten, '$tandem.html(') ? 'document.' + rewritten : 'void 0';
}

/** Whether the page has a policy in a meta element that demands types. */
function isDemanded(realm: Realm): boolean {
  return guard(() => {
    const element = head(dom.documentOf(realm.global));
    const metas = element && find(element, 'meta[http-equiv="content-security-policy" i]');
    for (let i = 0; metas && i < metas.length; i++) if (includes(dom.getAttribute(metas[i]!, 'content') ?? '', 'require-trusted-types-for')) return true;
    return false;
  }, false);
}
