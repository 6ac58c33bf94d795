// The text of script and style elements. A script gives it as text, as nodes or as HTML; the browser gets it
// rewritten, and the page reads back what it wrote.

import { getOwnPropertyDescriptor, getPrototypeOf, getter, guard, includes, method, NativeWeakMap, setter, toLowerCase, weakGet, weakSet, type Any } from '../natives';
import type { Call } from '../patch';
import type { Realm } from '../realm';
import { rewriteScript, scriptKind } from '../script';
import * as dom from './dom';
import { adoptFrames } from './frames';
import { converted, like } from '../trusted';
import { authorScript } from '../unscript';
import { authorMap, demandMapped, INERT } from './integrity';
import { authorCSS, css } from './rewrite';

const scope = globalThis as Any;
const textData = getter(scope.CharacterData?.prototype, 'data') as (n: Node) => string;
const setData = setter(scope.CharacterData?.prototype, 'data') as (n: Node, data: string) => void;
const nodeText = getter(scope.Node?.prototype, 'textContent') as (n: Node) => string;
const setNodeText = setter(scope.Node?.prototype, 'textContent') as (n: Node, text: string) => void;
const firstChild = getter(scope.Node?.prototype, 'firstChild') as (n: Node) => Node | null;
const nextSibling = getter(scope.Node?.prototype, 'nextSibling') as (n: Node) => Node | null;
/** The getter that an object's prototypes have; which of them differs by browser. */
function inherited(holder: Any, name: string): Any {
  while (holder && !getOwnPropertyDescriptor(holder, name)) holder = getPrototypeOf(holder);
  return getter(holder, name);
}
const rangeStart = inherited(scope.Range?.prototype, 'startContainer') as (r: Any) => Node;
const createText = method(scope.Document?.prototype, 'createTextNode') as (d: Document, data: string) => Text;

/** Element to what the page wrote into it and what the tree holds instead. */
const written = new NativeWeakMap<object, { author: string; tree: string }>();
/** The same for text nodes. */
const nodes = new NativeWeakMap<object, { author: string; tree: string }>();

/** 'script' or 'style' for such an element, in any namespace. */
function rawTag(value: Any): 'script' | 'style' | undefined {
  if (!dom.isElement(value)) return undefined;
  const name = toLowerCase(dom.localName(value));
  return name === 'script' || name === 'style' ? name : undefined;
}

export const isRawText = (value: Any): boolean => rawTag(value) !== undefined;

/** A text, which in XML may be a CDATA section. */
const isText = (value: Any): boolean => {
  const type = dom.nodeTypeOf(value);
  return type === 3 || type === 4;
};

/** What the page wrote into a script or style, if the tree still holds our form of it. */
export function originalText(element: Any): string | undefined {
  const found = weakGet(written, element);
  return found && nodeText(element) === found.tree ? found.author : undefined;
}

/** The text of a node that may be a script or style, or hold some, as its author wrote it. */
function authorText(realm: Realm, node: Any, value: Any): Any {
  if (!mayBeOurs(realm, value)) return value;
  if (dom.nodeTypeOf(node) === 2) return asAuthor(realm, value as string);
  return originalText(node) ?? (rawTag(node) ? asAuthor(realm, value as string) : authorScript(value as string));
}

/** Whether text could be of ours: asked first, as nearly no text is. */
const mayBeOurs = (realm: Realm, value: Any): boolean =>
  typeof value === 'string' && (includes(value, INERT) || includes(value, '$tandem.') || includes(value, '/*$') || authorCSS(realm, value) !== value);

const asAuthor = (realm: Realm, text: string): string => authorScript(authorMap(authorCSS(realm, text)));

function rewriteText(realm: Realm, element: Element, text: string): string {
  if (rawTag(element) === 'style') return css(realm, text);
  const kind = scriptKind(dom.getAttribute(element, 'type'));
  if (kind === 'importmap') demandMapped(realm, text);
  return kind && dom.getAttribute(element, 'src') === null ? rewriteScript(realm, text, kind) : text;
}

/** Sets the whole text by a native setter. */
export function setRawText(realm: Realm, native: Call, element: Element, value: Any): void {
  const author = value === null ? '' : typeof value === 'string' ? value : `${value as string}`;
  const tree = guard(() => rewriteText(realm, element, author), author);
  native(element, [tree === author ? converted(value, author) : like(value, tree)]);
  if (tree !== author) weakSet(written, element, { author, tree });
}

/** Rewrites the text of a script or style that no hook saw being made, or that has become a script. */
export function adoptText(realm: Realm, element: Element): void {
  if (!isRawText(element)) return;
  setRawText(realm, (self, args) => setNodeText(self as Node, args[0] as string), element, authorText(realm, element, nodeText(element)));
}

export function hookText(realm: Realm): void {
  const { patch, global } = realm;
  const whole = (holder: Any, name: string) => patch.accessor(holder, name, {
    get: (value, self) => (isText(self) ? authorData(realm, self, value) : authorText(realm, self, value)),
    set: (native, self, value) => {
      if (isRawText(self)) setRawText(realm, native, self, value);
      else if (isText(self)) writeData(realm, native, self, value);
      else native(self, [value]);
    },
  });
  whole(global.Node?.prototype, 'textContent');
  whole(global.HTMLElement?.prototype, 'innerText');
  const own = ['text', 'textContent', 'innerText']; // the last two are the script's own in browsers with Trusted Types
  for (let i = 0; i < own.length; i++) whole(global.HTMLScriptElement?.prototype, own[i]!);
  hookInsertion(realm);
  patch.method(global.Element?.prototype, 'insertAdjacentText', (native, self, args) => {
    adjacentText(realm, self, args);
    return native(self, args);
  });
  patch.method(global.Range?.prototype, 'insertNode', (native, self, args) => {
    const parent = rangeStart(self) as Node;
    const raw = isRawText(parent) ? parent : dom.parentNode(parent);
    if (isRawText(raw)) guard(() => prepareText(realm, raw as Element, args[0] as Node), undefined);
    return native(self, args);
  });
  hookCharacterData(realm);
  hookParts(realm);
}

/** Methods that put nodes (or strings) into the parent that `this` is, or that is the parent of `this`. */
const INTO_THIS: [string, string][] = [
  ['Node', 'appendChild'], ['Node', 'insertBefore'], ['Node', 'replaceChild'],
  ['Element', 'append'], ['Element', 'prepend'], ['Element', 'replaceChildren'],
  ['Document', 'append'], ['Document', 'prepend'], ['Document', 'replaceChildren'],
  ['DocumentFragment', 'append'], ['DocumentFragment', 'prepend'], ['DocumentFragment', 'replaceChildren'],
  ['Element', 'insertAdjacentElement'], ['Element', 'moveBefore'],
];
const BESIDE_THIS: [string, string][] = [
  ['Element', 'before'], ['Element', 'after'], ['Element', 'replaceWith'],
  ['CharacterData', 'before'], ['CharacterData', 'after'], ['CharacterData', 'replaceWith'],
];

function hookInsertion(realm: Realm): void {
  const { patch, global } = realm;
  const hook = (list: [string, string][], parentOf: (self: Any) => Any) => {
    for (let i = 0; i < list.length; i++) {
      const type = list[i]![0], name = list[i]![1];
      patch.method(global[type]?.prototype, name, (native, self, args) => {
        const parent = parentOf(self) as Any;
        if (rawTag(parent)) guard(() => prepareChildren(realm, parent as Element, args), undefined);
        const result = native(self, args) as unknown;
        adoptFrames(realm, self);
        return result;
      });
    }
  };
  hook(INTO_THIS, (self) => self as Any);
  hook(BESIDE_THIS, (self) => guard(() => dom.parentNode(self as Node), null));
}

/** Rewrites what is about to become text of a script or style. */
function prepareChildren(realm: Realm, parent: Element, args: Any[]): void {
  for (let i = 0; i < args.length; i++) {
    const item = args[i] as unknown;
    if (typeof item === 'string') args[i] = createText(dom.ownerDocument(parent)!, item);
    if (dom.nodeTypeOf(args[i]) === 11) {
      for (let child = firstChild(args[i] as Node); child; child = nextSibling(child)) prepareText(realm, parent, child);
    } else {
      prepareText(realm, parent, args[i] as Node, args.length === 1);
    }
  }
}

function prepareText(realm: Realm, parent: Element, node: Node, alone = false): void {
  if (!isText(node)) return;
  const known = weakGet(nodes, node);
  const held = textData(node);
  const author = known?.tree === held ? known.author : mayBeOurs(realm, held) ? asAuthor(realm, held) : held;
  const tree = rewriteText(realm, parent, author);
  if (tree === author) return;
  setData(node, tree);
  weakSet(nodes, node, { author, tree });
  if (alone && !firstChild(parent)) weakSet(written, parent, { author, tree });
}

/** Rewrites what insertAdjacentText, or HTML, which is text in such an element, puts into a script or style; false if it does not. */
export function adjacentText(realm: Realm, element: Any, args: Any[]): boolean {
  if (args.length < 2 || !isRawText(element)) return false;
  const where = toLowerCase((args[0] = `${args[0] as string}`));
  if (where !== 'afterbegin' && where !== 'beforeend') return false;
  args[1] = like(args[1], rewriteText(realm, element as Element, `${args[1] as string}`));
  return true;
}

/** Methods of a text that change or tell a part of it: what they do has to be done to what the page wrote. */
const CHANGING = ['appendData', 'insertData', 'replaceData', 'deleteData'];

function hookParts(realm: Realm): void {
  const { patch, global } = realm;
  const prototype = global.CharacterData?.prototype as Any;
  const copy = (self: Any): Text => createText(dom.ownerDocument(self as Node)!, authorData(realm, self, textData(self as Node)) as string);
  const inRaw = (self: Any): boolean => isText(self) && rawTag(guard(() => dom.parentNode(self as Node), null)) !== undefined;
  for (let i = 0; i < CHANGING.length; i++) {
    patch.method(prototype, CHANGING[i]!, (native, self, args) => {
      if (!inRaw(self)) return native(self, args);
      const text = copy(self);
      native(text, args); // throws as it would
      writeData(realm, (node, data) => setData(node as Node, data[0] as string), self, textData(text));
    });
  }
  patch.method(prototype, 'substringData', (native, self, args) => native(inRaw(self) ? copy(self) : self, args));
  patch.accessor(prototype, 'length', { get: (value, self) => (inRaw(self) ? textData(copy(self)).length : value as unknown) });
}

function hookCharacterData(realm: Realm): void {
  const { patch, global } = realm;
  patch.accessor(global.CharacterData?.prototype, 'data', {
    get: (value, self) => authorData(realm, self, value),
    set: (native, self, value) => writeData(realm, native, self, value),
  });
  patch.accessor(global.Node?.prototype, 'nodeValue', {
    get: (value, self) => (isText(self) ? authorData(realm, self, value) : value as unknown),
    set: (native, self, value) => (isText(self) ? writeData(realm, native, self, value) : void native(self, [value])),
  });
}

/** A text node's data as its author wrote it. */
function authorData(realm: Realm, node: Any, value: Any): Any {
  const known = weakGet(nodes, node as object);
  if (known && known.tree === value) return known.author;
  return mayBeOurs(realm, value) && rawTag(guard(() => dom.parentNode(node as Node), null)) ? asAuthor(realm, value as string) : value;
}

function writeData(realm: Realm, native: Call, node: Any, value: Any): void {
  const parent = guard(() => dom.parentNode(node as Node), null);
  if (!parent || !rawTag(parent)) return void native(node, [value]);
  const author = value === null ? '' : `${value as string}`;
  const tree = guard(() => rewriteText(realm, parent as Element, author), author);
  native(node, [tree]);
  if (tree !== author) weakSet(nodes, node as object, { author, tree });
}
