// Trusted Types: what a page passes to a sink as a trusted type reaches it as one, rewritten; plain text stays plain, so
// that a policy which demands types refuses it as ever. Our own policy is named "tandem".

import { guard, method, type Any } from './natives';

const scope = globalThis as Any;
const factory = scope.trustedTypes as Any;
const prototype = scope.TrustedTypePolicyFactory?.prototype as object | undefined;
const createPolicy = method(prototype, 'createPolicy');
const isHTML = method(prototype, 'isHTML') as ((factory: Any, value: Any) => boolean) | undefined;
const isScript = method(prototype, 'isScript') as (factory: Any, value: Any) => boolean;
const isScriptURL = method(prototype, 'isScriptURL') as (factory: Any, value: Any) => boolean;
const policyPrototype = scope.TrustedTypePolicy?.prototype as object | undefined;
const creators = {
  html: method(policyPrototype, 'createHTML'), script: method(policyPrototype, 'createScript'), url: method(policyPrototype, 'createScriptURL'),
} as Record<string, (policy: Any, text: string) => Any>;

let policy: Any;

/** The text as a trusted type; as it is where there are none, or our policy is not allowed. */
function typed(kind: string, text: string): Any {
  const same = (s: string) => s;
  policy ??= guard(() => createPolicy(factory, 'tandem', { createHTML: same, createScript: same, createScriptURL: same }) as unknown, null);
  return policy ? creators[kind]!(policy, text) : text;
}

/** The text as what the value is that it was made of: a trusted type of the same kind, or text. */
export function like(value: Any, text: string): Any {
  if (!isHTML || value === null || typeof value !== 'object') return text;
  if (isHTML(factory, value)) return typed('html', text);
  if (isScript(factory, value)) return typed('script', text);
  return isScriptURL(factory, value) ? typed('url', text) : text;
}

/** A value that was converted to this text and needs no other: a trusted type stays itself, an object is not converted twice. */
export function converted(value: Any, text: string): Any {
  const trusted = isHTML && value !== null && typeof value === 'object' &&
    (isHTML(factory, value) || isScript(factory, value) || isScriptURL(factory, value));
  return trusted ? value as unknown : text;
}

/** HTML that we hand to the browser ourselves. */
export const ownHTML = (text: string): Any => (isHTML ? typed('html', text) : text);

/** Whether eval would run the value: text, and script that the page calls trusted. */
export const isEvaluated = (value: Any): boolean =>
  typeof value === 'string' || (isHTML !== undefined && value !== null && typeof value === 'object' && isScript(factory, value));
