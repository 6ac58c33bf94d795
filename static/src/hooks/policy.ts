// The site's own Content-Security-Policy. The server sends it mapped, beside ours; here the page gets to see what it
// would without us: violations of its own policies, in its own words, and none of ours.

import {
  apply, addListener, getPrototypeOf, getter, guard, includes, indexOf, lastIndexOf, method, NativeWeakSet, ownKeys, push, slice, weakAdd, weakHas, type Any,
  type Native,
} from '../natives';
import { escape } from '../html';
import { Memo, type Realm } from '../realm';
import { domException } from '../runtime';

const scope = globalThis as Any;
const policyOf = getter(scope.SecurityPolicyViolationEvent?.prototype, 'originalPolicy') as ((e: Event) => string) | undefined;
const blockedURI = getter(scope.SecurityPolicyViolationEvent?.prototype, 'blockedURI') as ((e: Event) => string) | undefined;
const objectPrototype = Object.prototype;
const stop = method(scope.Event?.prototype, 'stopImmediatePropagation') as (e: Event) => void;

/** In our own policy, and in no other. */
const OURS = 'report-uri /.tandem/report';
/** Before the name of each policy of a site's, when it is mapped. */
const MARK = 'tandem-';
const ID_LENGTH = 16;
const CONTENT_MARK = 'report-to ' + MARK;

const originals = new Memo(1 << 20);

/** The site's text of a mapped policy; undefined for what is none. */
export function originalPolicy(realm: Realm, mapped: string): string | undefined {
  for (let at = indexOf(mapped, MARK); at >= 0; at = indexOf(mapped, MARK, at + 1)) {
    const id = slice(mapped, at + MARK.length, at + MARK.length + ID_LENGTH);
    if (!isID(id)) continue;
    let text = originals.get(id);
    if (text === undefined && (text = realm.post('/.tandem/policy?id=' + id, '')) !== undefined) originals.set(id, text);
    if (text !== undefined) return text;
  }
  return undefined;
}

function isID(text: string): boolean {
  if (text.length !== ID_LENGTH) return false;
  for (let i = 0; i < text.length; i++) if (!includes('abcdefghijklmnopqrstuvwxyz234567', text[i]!)) return false;
  return true;
}

/** HTML with the policies in its meta elements as their author wrote them. */
export function restorePolicies(realm: Realm, html: string): string {
  if (!includes(html, CONTENT_MARK)) return html;
  let out = '', done = 0;
  for (let at = indexOf(html, CONTENT_MARK); at >= 0; at = indexOf(html, CONTENT_MARK, at + 1)) {
    const from = lastIndexOf(html, 'content="', at) + 9, to = indexOf(html, '"', at);
    const text = from > 9 && to > 0 ? originalPolicy(realm, slice(html, from, to)) : undefined;
    if (text === undefined || from < done) continue;
    out += slice(html, done, from) + escape(text);
    done = to;
  }
  return out + slice(html, done);
}

/** A policy for a meta element, as the browser may have it. */
export function mapPolicy(realm: Realm, text: string): string {
  const mapped = realm.post('/.tandem/policy?nonce=' + realm.config.nonce, text);
  if (mapped === undefined) throw domException('The policy could not be read.', 'InvalidStateError');
  return mapped;
}

export function hookPolicy(realm: Realm): void {
  const { patch, global } = realm;
  if (!policyOf) return;
  const hide = (event: Event) => { if (guard(() => includes(policyOf(event), OURS) || includes(blockedURI!(event), '/.tandem/'), false)) stop(event); };
  if (global.window) realm.listen(() => global as EventTarget, 'securitypolicyviolation', hide, true);
  else addListener(global as EventTarget, 'securitypolicyviolation', hide, true);
  patch.accessor(global.SecurityPolicyViolationEvent?.prototype, 'originalPolicy', {
    get: (value) => originalPolicy(realm, value as string) ?? (value as string),
  });
  const nonce = { get: (value: Any) => (value !== '' && value === realm.config.nonce ? '' : value as string) };
  const elements = ['HTMLElement', 'SVGElement', 'MathMLElement'];
  for (let i = 0; i < elements.length; i++) patch.accessor(global[elements[i]!]?.prototype, 'nonce', nonce);
  hookReports(realm);
}

/** Reports of violations, for pages that observe them. */
function hookReports(realm: Realm): void {
  const { patch, global } = realm;
  const native = global.ReportingObserver?.prototype;
  if (!native) return;
  const theirs = (reports: Any): Any[] => {
    const kept: Any[] = [];
    for (let i = 0; i < reports.length; i++) {
      const body = reports[i].body as Any;
      if (guard(() => includes(body.originalPolicy as string, OURS), false)) continue;
      guard(() => hookReport(realm, reports[i] as object, body as object), undefined);
      push(kept, reports[i]);
    }
    return kept;
  };
  patch.constructor_('ReportingObserver', (make, args) => {
    const callback = args[0] as Native;
    if (typeof callback === 'function') {
      args[0] = (reports: Any, observer: Any) => {
        const kept = guard(() => theirs(reports), reports);
        if (kept.length) apply(callback, observer, [kept, observer]);
      };
    }
    return make(args);
  });
  patch.method(native, 'takeRecords', (call, self, args) => theirs(call(self, args)));
}

/** Classes of reports and their bodies that have hooks. Some browsers have no names for them. */
const hooked = new NativeWeakSet<object>();

function hookReport(realm: Realm, report: object, body: object): void {
  const prototypes = [getPrototypeOf(report), getPrototypeOf(body)];
  for (let i = 0; i < prototypes.length; i++) {
    const prototype = prototypes[i];
    if (!prototype || prototype === objectPrototype || weakHas(hooked, prototype)) continue;
    weakAdd(hooked, prototype);
    if (i === 0) realm.patch.accessor(prototype, 'url', { get: (value) => realm.unmap(value) });
    realm.patch.accessor(prototype, 'originalPolicy', { get: (value) => originalPolicy(realm, value as string) ?? (value as string) });
    realm.patch.method(prototype, 'toJSON', (native, self, args) => inSiteTerms(realm, native(self, args)));
  }
}

/** An object that was made of a report, in the site's terms. */
function inSiteTerms(realm: Realm, json: Any): Any {
  const keys = json !== null && typeof json === 'object' ? ownKeys(json as object) as string[] : [];
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!, value = json[key] as unknown;
    if (typeof value === 'object') inSiteTerms(realm, value);
    else if (typeof value === 'string') json[key] = (key === 'originalPolicy' ? originalPolicy(realm, value) : undefined) ?? realm.unmap(value) as string;
  }
  return json;
}
