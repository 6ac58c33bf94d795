// What followers get of an element's attributes: the site's values, without
// what could act and without what is masked.

import { MASKED } from '../ops';
import {
  attrName, attribute, attributeAt, attributeCount, attributeNames, attributesOf, currentSrc, getter, getterWhere, guard, inputType, isElement, isHTML, localName, method, parentNode,
} from './dom';
import { maskedAttribute, type Masks } from './mask';

/** Turns text that may hold proxied or blob: addresses into what followers may see; null while it can't be told. */
export type Restore = (text: string, element: Element, attribute: string) => string | null;

export interface AttributeContext {
  masks: Masks;
  restore: Restore;
}

/** What the proxy notes at elements, which the page does not see either. */
const OURS = 'data-tandem-';

/** Never sent. Followers load the picture the leader shows, at once. */
const DROPPED = new Set(['srcdoc', 'nonce', 'integrity', 'srcset', 'sizes', 'loading', 'imagesrcset', 'imagesizes']);

/** The mirrored value of an attribute; null when followers do not get it. */
export function mirrored(ctx: AttributeContext, element: Element, name: string): string | null {
  if (name === MASKED) return ctx.masks.masked(element) ? '' : null;
  const lower = name.toLowerCase();
  const tag = localName(element);
  if (lower === 'src' && tag === 'img' && isHTML(element)) return imageSource(ctx, element);
  const value = lower === 'style' ? exact(element, attribute(element, name)) : attribute(element, name);
  // What the rewriter set aside (integrity and the like) is kept under names of ours.
  if (value === null || lower.startsWith('on') || lower.startsWith(OURS)) return null;
  if (DROPPED.has(lower) && (lower !== 'sizes' || tag !== 'link')) return null;
  if (tag === 'script' && (lower === 'src' || lower === 'href' || lower === 'xlink:href')) return null;
  if (lower === 'value' && tag === 'input' && isHTML(element) && inputType(element) === 'hidden') return null;
  if (lower === 'selected' && tag === 'option' && inMaskedSelect(ctx.masks, element)) return null;
  const safe = ctx.masks.masked(element) ? maskedAttribute(element, lower, value) : value;
  return ctx.restore(safe, element, name);
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
export function attributes(ctx: AttributeContext, element: Element): string[] | 0 {
  const names = attributeNames(element); // no objects for the map and each attribute
  const out: string[] = [];
  let source = false;
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    if (name === MASKED) continue;
    if (name === 'src') source = true;
    const value = mirrored(ctx, element, name);
    if (value !== null) out.push(name, value);
  }
  if (!source && localName(element) === 'img' && isHTML(element)) {
    const value = imageSource(ctx, element);
    if (value !== null) out.push('src', value);
  }
  if (ctx.masks.masked(element)) out.push(MASKED, '');
  return out.length === 0 ? 0 : out;
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
  return source === null ? null : ctx.restore(source, image, 'src');
}

/** Whether a picture is one of several. */
export function isChosen(image: Element): boolean {
  const parent = parentNode(image);
  return attribute(image, 'srcset') !== null || (parent !== null && isElement(parent) && localName(parent) === 'picture');
}

function inMaskedSelect(masks: Masks, option: Element): boolean {
  for (let at = parentNode(option); at !== null && isElement(at); at = parentNode(at)) {
    if (localName(at) === 'select') return masks.masked(at);
  }
  return false;
}

