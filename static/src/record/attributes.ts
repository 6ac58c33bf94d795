// What followers get of an element's attributes: the site's values, without
// what could act and without what is masked.

import { MASKED } from '../ops';
import {
  attrName, attribute, attributeAt, attributeCount, attributeNames, attributesOf, currentSrc, getter, getterWhere, guard, inputType, isElement, isHTML, localName, method, parentNode,
} from './dom';
import { BLOCKED, FIELD, HIDDEN, maskedAttribute, OPEN, type Level, type Masks } from './mask';
import type { Secrets } from '../secrets';

/** Turns text that may hold proxied or blob: addresses into what followers may see; null while it can't be told. */
export type Restore = (text: string, element: Element, attribute: string) => string | null;

export interface AttributeContext {
  masks: Masks;
  secrets: Known;
  /** The style that gives a box of ours the size of what it stands for. */
  boxStyle(element: Element): string;
  restore: Restore;
}

/** The secrets of a page, and of what is hidden in it. */
export interface Known extends Pick<Secrets, 'hide'> {
  saw(text: string, level: Level): void;
}

/** What the proxy notes at elements, which the page does not see either. */
const OURS = 'data-tandem-';
/** Marks in the mirror what only the visitor can use. */
export const PROTECTED = 'data-tandem-protect';

/** Never sent. Followers load the picture the leader shows, at once. */
const DROPPED = new Set(['srcdoc', 'nonce', 'integrity', 'srcset', 'sizes', 'loading', 'imagesrcset', 'imagesizes']);

/** The mirrored value of an attribute; null when followers do not get it. */
export function mirrored(ctx: AttributeContext, element: Element, name: string, level: Level): string | null {
  if (name === MASKED) return mark(ctx, element, level);
  const lower = name.toLowerCase();
  if (lower === PROTECTED) return isKept(ctx, element) ? '' : null;
  if (lower === 'style' && level === BLOCKED) return ctx.boxStyle(element);
  const tag = localName(element);
  if (lower === 'src' && tag === 'img' && isHTML(element) && level !== BLOCKED) return imageSource(ctx, element);
  const value = lower === 'style' ? exact(element, attribute(element, name)) : attribute(element, name);
  // What the rewriter set aside (integrity and the like) is kept under names of ours.
  if (value === null || lower.startsWith('on') || lower.startsWith(OURS)) return null;
  if (DROPPED.has(lower) && (lower !== 'sizes' || tag !== 'link')) return null;
  if (tag === 'script' && (lower === 'src' || lower === 'href' || lower === 'xlink:href')) return null;
  if (lower === 'value' && tag === 'input' && isHTML(element) && inputType(element) === 'hidden') return null;
  if (lower === 'selected' && tag === 'option' && inMaskedSelect(ctx.masks, element)) return null;
  const safe = level === OPEN || tag === 'link' || tag === 'style' || tag === 'base' ? value : maskedAttribute(element, level, lower, value);
  return safe === null ? null : told(ctx, safe, element, name);
}

/** Browsers write numbers that scripts set with six digits: what is far down a long list would be elsewhere. */
const DECLARED = /([\w-]+):([^:;]*\de\+\d[^:;]*)/g;
const ROUNDED = /[\d.]+e\+\d+/g;

/** A style attribute with its large numbers as they are. */
function exact(element: Element, text: string | null): string | null {
  if (text === null || !text.includes('e+') || !isHTML(element)) return text;
  return text.replace(DECLARED, (all, name: string, value: string) => {
    const known = guard(() => numbersIn(declaredIn(styleMapOf(element)!, name)!), []);
    return `${name}:${value.replace(ROUNDED, (rounded) => `${known.find((n) => Number(n.toPrecision(6)) === Number(rounded)) ?? rounded}`)}`;
  });
}

const styleMapOf = getterWhere<StylePropertyMap>(HTMLElement.prototype, 'attributeStyleMap');
const kinds = globalThis as unknown as Record<string, { prototype: object } | undefined>;
const kind = (name: string): object => kinds[name]?.prototype ?? {};
const declaredIn = method<[string], CSSStyleValue | undefined>(kind('StylePropertyMapReadOnly'), 'get');
const valueOf = getter<number>(kind('CSSUnitValue'), 'value');
const lengthOf = getter<number>(kind('CSSTransformValue'), 'length');
const axis = (name: 'x' | 'y' | 'z') => getter<object>(kind('CSSTranslate'), name);
const axes = [axis('x'), axis('y'), axis('z')];

/** Those of a length, or of a transform's translations. */
function numbersIn(value: object): number[] {
  const length = guard(() => lengthOf(value), null);
  if (length === null) return [valueOf(value)];
  const out: number[] = [];
  for (let i = 0; i < length; i++) {
    for (const along of axes) guard(() => out.push(valueOf(along((value as Record<number, object>)[i]!))), 0);
  }
  return out;
}

/** All mirrored attributes, name and value by turns; 0 when there are none. */
export function attributes(ctx: AttributeContext, element: Element, level: Level): string[] | 0 {
  const names = attributeNames(element); // no objects for the map and each attribute
  const out: string[] = [];
  let source = false;
  let kept = ctx.masks.protects(element);
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    if (name === PROTECTED) kept = true;
    if (name === MASKED || name === PROTECTED) continue;
    if (name === 'src') source = true;
    if (name === 'style' && level === BLOCKED) continue;
    const value = mirrored(ctx, element, name, level);
    if (value !== null) out.push(name, value);
  }
  if (!source && level !== BLOCKED && localName(element) === 'img' && isHTML(element)) {
    const value = imageSource(ctx, element);
    if (value !== null) out.push('src', value);
  }
  if (kept) out.push(PROTECTED, '');
  if (level === BLOCKED) out.push('style', ctx.boxStyle(element));
  if (level !== OPEN) out.push(MASKED, mark(ctx, element, level)!);
  return out.length === 0 ? 0 : out;
}

/** What followers are told of why they do not see something. */
function mark(ctx: AttributeContext, element: Element, level: Level): string | null {
  if (level === OPEN) return null;
  const what = level === FIELD ? '' : level === BLOCKED ? 'box' : level === HIDDEN ? 'all' : 'private';
  return ctx.masks.types(element) ? `${what} type`.trim() : what;
}

const isKept = (ctx: AttributeContext, element: Element): boolean =>
  attribute(element, PROTECTED) !== null || ctx.masks.protects(element);

function told(ctx: AttributeContext, value: string, element: Element, name: string): string | null {
  const text = ctx.restore(value, element, name);
  return text === null ? null : ctx.secrets.hide(text);
}

/** The qualified name of a changed attribute. */
export function qualified(element: Element, namespace: string | null, local: string): string {
  if (namespace === null) return local;
  const map = attributesOf(element);
  for (let i = attributeCount(map) - 1; i >= 0; i--) {
    const name = attrName(attributeAt(map, i)!);
    if (name.endsWith(':' + local)) return name;
  }
  return namespace.endsWith('/xlink') ? 'xlink:' + local : namespace.endsWith('/namespace') ? 'xml:' + local : local;
}

/** Where there is a choice of pictures, the one the leader's browser made. */
function imageSource(ctx: AttributeContext, image: Element): string | null {
  const source = (isChosen(image) && currentSrc(image)) || attribute(image, 'src');
  if (source === null) return null;
  return told(ctx, source, image, 'src');
}

/** Whether a picture is one of several. */
export function isChosen(image: Element): boolean {
  const parent = parentNode(image);
  return attribute(image, 'srcset') !== null || (parent !== null && isElement(parent) && localName(parent) === 'picture');
}

function inMaskedSelect(masks: Masks, option: Element): boolean {
  for (let at = parentNode(option); at !== null && isElement(at); at = parentNode(at)) {
    if (localName(at) === 'select') return masks.field(at);
  }
  return false;
}

