// Attributes and properties of elements that hold URLs, style, script or HTML. The browser's tree holds the proxied
// form; scripts see the site's.

import {
  getter, guard, includes, indexOf, method, NativeURL, NativeWeakMap, objectCreate, setter, slice, startsWith, toLowerCase, weakGet, weakSet, type Any,
} from '../natives';
import { ASIDE, attributeKind, isAside, isPolicy, mayMatter, withoutAside, type AttributeKind } from '../html';
import type { Call } from '../patch';
import type { Realm } from '../realm';
import { authorPaper } from '../papers';
import { part, withPart } from '../runtime';
import { mapSelectors, stringEnd } from '../selectors';
import { converted, like } from '../trusted';
import { authorScript } from '../unscript';
import * as dom from './dom';
import { demandIntegrity } from './integrity';
import { mapPolicy, originalPolicy } from './policy';
import { rewriteValue } from './rewrite';
import { adoptText } from './text';
import { unmapTextInto } from './shared';

const scope = globalThis as Any;
const hrefOfURL = getter(scope.URL?.prototype, 'href') as (u: URL) => string;
const attributeNames = method(scope.Element?.prototype, 'getAttributeNames') as (e: Element) => string[];
const attrValue = getter(scope.Attr?.prototype, 'value') as (a: Attr) => string;
const setAttrValue = setter(scope.Attr?.prototype, 'value') as (a: Attr, value: string) => void;

/** What an author wrote, where unmapping could not tell: for these values read-back is by memory. */
const authored = new NativeWeakMap<Element, Record<string, { mapped: string; author: string }>>();

function remember(element: Element, name: string, mapped: string, author: string): void {
  let all = weakGet(authored, element);
  if (!all) weakSet(authored, element, (all = objectCreate(null) as Record<string, { mapped: string; author: string }>));
  all[name] = { mapped, author };
}

/** A value of the tree as its author wrote it. */
export function readBack(realm: Realm, element: Element, name: string, value: string): string {
  if (name === 'content' && includes(value, 'report-to ')) return originalPolicy(realm, value) ?? value;
  const all = weakGet(authored, element);
  if (all && name in all && all[name]!.mapped === value) return all[name]!.author;
  return authorText(realm, value);
}

const authorText = (realm: Realm, value: string): string => authorScript(authorPaper(realm.urls.unmapText(value)));

/** The kind of an attribute of an element of any realm; undefined for what is no element. */
function kindOf(element: Any, name: unknown): AttributeKind | undefined {
  if (typeof name !== 'string' || !mayMatter(name) && !mayMatter(toLowerCase(name))) return undefined;
  return guard(() => attributeKind(toLowerCase(name), toLowerCase(dom.localName(element))), undefined);
}

/** Rewrites a value on its way into the tree, and keeps what unmapping could not restore. */
function intoTree(realm: Realm, element: Element, name: string, kind: AttributeKind, value: Any): Any {
  if (typeof value === 'symbol') return value; // the browser says why not
  const author = typeof value === 'string' ? value : `${value as string}`;
  if (kind === 'equiv' && isPolicy(author)) mapContent(realm, element);
  if (kind === 'refresh' && isPolicy(dom.getAttribute(element, 'http-equiv') ?? '')) kind = 'policy';
  const mapped = guard(() => rewriteValue(realm, kind, author, toLowerCase(dom.localName(element)), dom.hasAttribute(element, 'download')), author);
  if (mapped === author) return converted(value, author);
  if (authorText(realm, mapped) !== author) remember(element, toLowerCase(name), mapped, author);
  return like(value, mapped);
}

/** An attribute of a script or link is about to be set that may say what its address has to hold. */
function willDemand(realm: Realm, element: Any, name: string, value: Any): void {
  guard(() => {
    const tag = dom.isElement(element) ? toLowerCase(dom.localName(element)) : '';
    const address = tag === 'script' ? 'src' : tag === 'link' ? 'href' : '';
    if (address === '' || name !== 'integrity' && name !== address) return;
    const text = `${value as string}`;
    if (name === address) demandIntegrity(realm, text, dom.getAttribute(element as Element, ASIDE + 'integrity'));
    else demandIntegrity(realm, dom.getAttribute(element as Element, address), text);
  }, undefined);
}

/** Rewrites the attributes of an element that no hook saw being made. */
export function adoptAttributes(realm: Realm, element: Element): void {
  const names = attributeNames(element);
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!, kind = kindOf(element, name), value = dom.getAttribute(element, name)!;
    if (kind === 'aside') {
      dom.setAttribute(element, ASIDE + toLowerCase(name), value);
      dom.removeAttribute(element, name);
    } else if (kind) {
      const mapped = intoTree(realm, element, name, kind, value) as string;
      if (mapped !== value) dom.setAttribute(element, name, mapped);
    }
  }
}

/** The content of a meta element that becomes a policy, which it is not yet. */
function mapContent(realm: Realm, meta: Element): void {
  const content = dom.getAttribute(meta, 'content');
  if (content !== null && originalPolicy(realm, content) === undefined) dom.setAttribute(meta, 'content', mapPolicy(realm, content));
}

export function hookAttributes(realm: Realm): void {
  const { patch, global } = realm;
  const element = global.Element.prototype;
  patch.method(element, 'setAttribute', (native, self, args) => setNamed(realm, native, self, args, 0));
  patch.method(element, 'setAttributeNS', (native, self, args) => setNamed(realm, native, self, args, 1));
  patch.method(element, 'getAttribute', (native, self, args) => getNamed(realm, native, self, args, 0));
  patch.method(element, 'getAttributeNS', (native, self, args) => getNamed(realm, native, self, args, 1));
  const aside = ['hasAttribute', 'removeAttribute', 'getAttributeNode', 'toggleAttribute'];
  for (let i = 0; i < aside.length; i++) {
    patch.method(element, aside[i]!, (native, self, args) => {
      setAside(self, args, 0, aside[i] === 'toggleAttribute');
      return i % 2 === 1 ? changing(realm, self, args[0], () => native(self, args)) : native(self, args);
    });
    patch.method(element, aside[i]! + 'NS', (native, self, args) => {
      setAside(self, args, 1);
      return native(self, args);
    });
  }
  const nodes = ['setAttributeNode', 'setAttributeNodeNS'];
  for (let i = 0; i < nodes.length; i++) {
    patch.method(element, nodes[i]!, (native, self, args) => adoptAttribute(realm, native, self, self, args));
  }
  hookMaps(realm);
  patch.method(element, 'getAttributeNames', (native, self, args) => {
    const names = native(self, args) as string[];
    for (let i = 0; i < names.length; i++) names[i] = withoutAside(names[i]!);
    return names;
  });
  hookAttr(realm);
}

function setNamed(realm: Realm, native: Call, self: Any, args: Any[], at: 0 | 1): Any {
  const kind = args.length > at + 1 ? kindOf(self, args[at]) : undefined;
  if (kind) willDemand(realm, self, toLowerCase(args[at] as string), args[at + 1]);
  setAside(self, args, at, true);
  if (kind && kind !== 'aside') args[at + 1] = intoTree(realm, self, args[at] as string, kind, args[at + 1]);
  return changing(realm, self, args[at], () => native(self, args));
}

/** Names an attribute as it is set aside, if it is there: made for such an element, or as a node for any. To set one, that of such an element. */
function setAside(element: Any, args: Any[], at: 0 | 1, sets = false): void {
  if (!isAside(args[at])) return;
  const name = ASIDE + toLowerCase(args[at] as string);
  if (sets && kindOf(element, args[at]) === 'aside' || guard(() => dom.hasAttribute(element as Element, name), false)) args[at] = name;
}

/** Changes an attribute, and what depends on it. */
function changing(realm: Realm, element: Any, name: unknown, change: () => Any): Any {
  if (name === 'download') return changeDownload(realm, element, change);
  const result = change();
  // Its text may be script now. One in a document is not touched: it would run.
  if (name === 'type') guard(() => { if (dom.localName(element) === 'script' && !dom.isConnected(element as Node)) adoptText(realm, element as Element); }, undefined);
  return result;
}

function getNamed(realm: Realm, native: Call, self: Any, args: Any[], at: 0 | 1): Any {
  const kind = kindOf(self, args[at]) ?? (args[at] === 'href' ? 'url' : undefined);
  setAside(self, args, at);
  const value = native(self, args) as unknown;
  return kind && typeof value === 'string' ? readBack(realm, self, toLowerCase(args[at] as string), value) : value;
}

/** Adds or removes a link's download attribute. An object URL is then given anew, as itself or as a document. */
function changeDownload(realm: Realm, link: Any, change: () => Any): Any {
  const result = change();
  guard(() => {
    const href = dom.isElement(link) ? dom.getAttribute(link, 'href') : null;
    if (href === null || !startsWith(href, 'blob:')) return;
    const author = readBack(realm, link as Element, 'href', href);
    dom.setAttribute(link as Element, 'href', intoTree(realm, link as Element, 'href', 'url', author) as string);
  }, undefined);
  return result;
}

/** An attribute node is about to become the element's, by one of its methods or of its map's. */
function adoptAttribute(realm: Realm, native: Call, self: Any, element: Any, args: Any[]): Any {
  guard(() => {
    const attr = args[0] as Attr;
    const name = withoutAside(dom.attrName(attr)), kind = kindOf(element, name);
    if (kind) willDemand(realm, element, name, attrValue(attr));
    if (kind && kind !== 'aside' && !dom.ownerElement(attr)) setAttrValue(attr, intoTree(realm, element as Element, name, kind, attrValue(attr)) as string);
  }, undefined);
  return native(self, args);
}

/** Whose attributes a map holds, which it does not tell. */
const owners = new NativeWeakMap<object, Element>();

function hookMaps(realm: Realm): void {
  const { patch, global } = realm;
  const maps = global.NamedNodeMap?.prototype as Any;
  patch.accessor(global.Element.prototype, 'attributes', {
    get: (map, self) => {
      weakSet(owners, map as object, self as Element);
      return map as unknown;
    },
  });
  const set = ['setNamedItem', 'setNamedItemNS'];
  for (let i = 0; i < set.length; i++) {
    patch.method(maps, set[i]!, (native, self, args) => adoptAttribute(realm, native, self, weakGet(owners, self as object), args));
  }
  const named = ['getNamedItem', 'removeNamedItem'];
  for (let i = 0; i < named.length; i++) {
    for (let at: 0 | 1 = 0; at < 2; at++) {
      patch.method(maps, named[i]! + (at ? 'NS' : ''), (native, self, args) => {
        setAside(weakGet(owners, self as object), args, at as 0 | 1);
        return native(self, args);
      });
    }
  }
}

function hookAttr(realm: Realm): void {
  const { patch, global } = realm;
  const read = (value: Any, self: Any): Any => {
    return typeof value === 'string' && dom.nodeTypeOf(self) === 2 ? fromMemory(realm, self, value) : value;
  };
  const write = (native: Call, self: Any, value: Any): void => {
    if (dom.nodeTypeOf(self) === 2) {
      const element = dom.ownerElement(self as Attr), name = dom.attrName(self as Attr);
      const kind = element && kindOf(element, name);
      if (element && kind && kind !== 'aside') value = intoTree(realm, element, name, kind, value);
    }
    native(self, [value]);
  };
  patch.accessor(global.Attr.prototype, 'value', { get: read, set: write });
  patch.accessor(global.Node.prototype, 'nodeValue', { get: read, set: write });
  patch.accessor(global.Node.prototype, 'textContent', { set: write });
  const names: [Any, string][] = [[global.Attr, 'name'], [global.Attr, 'localName'], [global.Node, 'nodeName']];
  for (let i = 0; i < names.length; i++) patch.accessor(names[i]![0].prototype, names[i]![1], { get: (value) => withoutAside(value as string) });
  // A node is made before it is known what element it is for: none but those of the names set aside would have them.
  for (let at: 0 | 1 = 0; at < 2; at++) {
    patch.method(global.Document.prototype, 'createAttribute' + (at ? 'NS' : ''), (native, self, args) => {
      if (isAside(args[at])) args[at] = ASIDE + toLowerCase(args[at] as string);
      return native(self, args);
    });
  }
}

function fromMemory(realm: Realm, attr: Attr, value: string): string {
  const element = dom.ownerElement(attr);
  return element ? readBack(realm, element, toLowerCase(dom.attrName(attr)), value) : realm.urls.unmapText(value);
}

/** What a property that reflects an attribute gives: a URL is resolved, also where its author's spelling is remembered. */
function resolved(realm: Realm, element: Element, name: string, value: string): string {
  const all = weakGet(authored, element), known = all && name in all ? all[name] : undefined;
  if (!known || dom.getAttribute(element, name) !== known.mapped) return readBack(realm, element, name, value);
  const kind = kindOf(element, name);
  if (kind !== 'url' && kind !== 'paper') return known.author;
  return guard(() => hrefOfURL(new NativeURL(known.author, realm.urls.unmap(dom.baseURI(element)))), known.author);
}

/** Properties that reflect an attribute: interface, property, attribute. */
const REFLECTED: [string, string, string][] = [
  ['HTMLAnchorElement', 'href', 'href'], ['HTMLAnchorElement', 'ping', 'ping'], ['HTMLAnchorElement', 'attributionSrc', 'attributionsrc'],
  ['HTMLAreaElement', 'href', 'href'], ['HTMLAreaElement', 'ping', 'ping'],
  ['HTMLBaseElement', 'href', 'href'],
  ['HTMLBodyElement', 'background', 'background'],
  ['HTMLButtonElement', 'formAction', 'formaction'],
  ['HTMLEmbedElement', 'src', 'src'], ['HTMLEmbedElement', 'type', 'type'],
  ['HTMLFormElement', 'action', 'action'],
  ['HTMLFrameElement', 'src', 'src'], ['HTMLFrameElement', 'longDesc', 'longdesc'],
  ['HTMLIFrameElement', 'src', 'src'], ['HTMLIFrameElement', 'srcdoc', 'srcdoc'], ['HTMLIFrameElement', 'longDesc', 'longdesc'],
  ['HTMLIFrameElement', 'allow', 'allow'],
  ['HTMLImageElement', 'src', 'src'], ['HTMLImageElement', 'srcset', 'srcset'], ['HTMLImageElement', 'currentSrc', 'src'],
  ['HTMLImageElement', 'lowsrc', 'lowsrc'], ['HTMLImageElement', 'longDesc', 'longdesc'],
  ['HTMLInputElement', 'src', 'src'], ['HTMLInputElement', 'formAction', 'formaction'],
  ['HTMLLinkElement', 'href', 'href'], ['HTMLLinkElement', 'imageSrcset', 'imagesrcset'],
  ['HTMLMediaElement', 'src', 'src'], ['HTMLMediaElement', 'currentSrc', 'src'],
  ['HTMLMetaElement', 'content', 'content'], ['HTMLMetaElement', 'httpEquiv', 'http-equiv'],
  ['HTMLModElement', 'cite', 'cite'],
  ['HTMLObjectElement', 'data', 'data'], ['HTMLObjectElement', 'codeBase', 'codebase'], ['HTMLObjectElement', 'type', 'type'],
  ['HTMLQuoteElement', 'cite', 'cite'],
  ['HTMLScriptElement', 'src', 'src'], ['HTMLScriptElement', 'attributionSrc', 'attributionsrc'], ['HTMLImageElement', 'attributionSrc', 'attributionsrc'],
  ['HTMLSourceElement', 'src', 'src'], ['HTMLSourceElement', 'srcset', 'srcset'],
  ['HTMLTrackElement', 'src', 'src'],
  ['HTMLVideoElement', 'poster', 'poster'],
];
const ASIDES: [string, string][] = [
  ['HTMLScriptElement', 'integrity'], ['HTMLLinkElement', 'integrity'], ['HTMLIFrameElement', 'csp'],
];

export function hookProperties(realm: Realm): void {
  const { patch, global } = realm;
  for (let i = 0; i < REFLECTED.length; i++) {
    const type = REFLECTED[i]![0], property = REFLECTED[i]![1], name = REFLECTED[i]![2];
    patch.accessor(global[type]?.prototype, property, {
      get: (value, self) => (typeof value === 'string' ? resolved(realm, self, name, value) : value),
      set: (native, self, value) => {
        const kind = kindOf(self, name);
        if (kind) willDemand(realm, self, name, value);
        native(self, [kind ? intoTree(realm, self, name, kind, value) : value]);
      },
    });
  }
  for (let i = 0; i < ASIDES.length; i++) {
    const type = ASIDES[i]![0], name = ASIDES[i]![1];
    const nativeGet = getter(global[type]?.prototype, name);
    patch.accessor(global[type]?.prototype, name, {
      get: (_, self) => dom.getAttribute(self, ASIDE + name) ?? '',
      set: (_, self, value) => {
        nativeGet(self); // throws for what is no such element
        willDemand(realm, self, name, value);
        dom.setAttribute(self, ASIDE + name, `${value as string}`);
      },
    });
  }
  const animated = { get: (value: Any) => realm.unmap(value), set: (native: Call, self: Any, value: Any) => native(self, [realm.map(value)]) };
  patch.accessor(global.SVGAnimatedString?.prototype, 'baseVal', animated);
  patch.accessor(global.SVGAnimatedString?.prototype, 'animVal', { get: animated.get });
  const isCredentialless = getter(global.HTMLIFrameElement?.prototype, 'credentialless');
  patch.accessor(global.HTMLIFrameElement?.prototype, 'credentialless', {
    get: (_, self) => dom.hasAttribute(self as Element, ASIDE + 'credentialless'),
    set: (_, self, value) => {
      isCredentialless(self); // throws for what is no such element
      if (value) dom.setAttribute(self as Element, ASIDE + 'credentialless', '');
      else dom.removeAttribute(self as Element, ASIDE + 'credentialless');
    },
  });
  patch.accessor(global.HTMLScriptElement?.prototype, 'type', { set: (native, self, value) => void changing(realm, self, 'type', () => native(self, [value]) as unknown) });
  const links = ['HTMLAnchorElement', 'HTMLAreaElement'];
  for (let i = 0; i < links.length; i++) {
    patch.accessor(global[links[i]!]?.prototype, 'download', { set: (native, self, value) => changeDownload(realm, self, () => native(self, [value])) as void });
  }
  hookLinkParts(realm, 'HTMLAnchorElement');
  hookLinkParts(realm, 'HTMLAreaElement');
  unmapTextInto(realm, global.StyleSheet?.prototype, ['href']);
  hookSelectors(realm);
}

const PARTS = ['origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname'];

const hrefs: Record<string, (e: Element) => string> = {
  HTMLAnchorElement: getter(scope.HTMLAnchorElement?.prototype, 'href'),
  HTMLAreaElement: getter(scope.HTMLAreaElement?.prototype, 'href'),
};

/** The parts of a link's URL, and the link as a string. */
function hookLinkParts(realm: Realm, type: string): void {
  const { patch, global } = realm;
  const prototype = global[type]?.prototype;
  const href = hrefs[type]!;
  for (let i = 0; i < PARTS.length; i++) {
    const name = PARTS[i]!;
    patch.accessor(prototype, name, {
      get: (value, self) => {
        const proxied = href(self), site = resolved(realm, self, 'href', proxied);
        return site === proxied ? value : name === 'pathname' && startsWith(site, 'http') ? value : part(site, name);
      },
      set: (native, self, value) => {
        const proxied = href(self), site = resolved(realm, self, 'href', proxied);
        const changed = withPart(site, name, `${value as string}`);
        if (site === proxied) native(self, [value]);
        else if (changed !== site) dom.setAttribute(self, 'href', intoTree(realm, self, 'href', 'url', changed) as string);
      },
    });
  }
  patch.method(prototype, 'toString', (native, self, args) => resolved(realm, self, 'href', native(self, args) as string));
}

/** Absolute URLs in the strings of selectors and XPath expressions have to match what the tree holds. */
function hookSelectors(realm: Realm): void {
  const { patch, global } = realm;
  const url = (text: string) => realm.urls.map(text);
  const map = (holder: Any, name: string, rewrite: (text: string) => string) =>
    patch.method(holder?.prototype, name, (native, self, args) => {
      if (typeof args[0] === 'string' && (includes(args[0], '//') || includes(args[0], '*='))) args[0] = rewrite(args[0]);
      if (typeof args[0] === 'string') args[0] = asideIn(args[0]);
      return native(self, args);
    });
  const holders = [global.Element, global.Document, global.DocumentFragment];
  const names = ['querySelector', 'querySelectorAll', 'matches', 'closest', 'webkitMatchesSelector'];
  for (let i = 0; i < holders.length; i++) {
    for (let j = 0; j < names.length; j++) map(holders[i], names[j]!, (text) => mapSelectors(text, url));
  }
  const evaluators = [global.Document, global.XPathEvaluator];
  for (let i = 0; i < evaluators.length; i++) {
    map(evaluators[i], 'evaluate', (text) => mapStrings(realm, text));
    map(evaluators[i], 'createExpression', (text) => mapStrings(realm, text));
  }
  patch.accessor(global.XPathResult?.prototype, 'stringValue', { get: (value) => realm.urls.unmapText(value as string) });
}

/** A selector or path that asks for integrity, which nothing but scripts and links have. */
function asideIn(text: string): string {
  for (let i = 0; i < 2; i++) {
    const mark = i ? '@integrity' : '[integrity';
    for (let at = indexOf(text, mark); at >= 0; at = indexOf(text, mark, at + 1)) text = slice(text, 0, at + 1) + ASIDE + slice(text, at + 1);
  }
  return text;
}

/** The URLs in the strings of a text mapped. */
function mapStrings(realm: Realm, text: string): string {
  let out = '', done = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '"' && text[at] !== "'") continue;
    const start = at + 1;
    at = stringEnd(text, at);
    out += slice(text, done, start) + realm.urls.map(slice(text, start, at));
    done = at;
  }
  return out + slice(text, done);
}
