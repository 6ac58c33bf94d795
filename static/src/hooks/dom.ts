// What the hooks themselves need of the DOM, taken before the page can change it. Accessors of one realm work on
// the nodes of every same-origin realm.

import { getter, method, setter, type Any } from '../natives';

const scope = globalThis as Any;
const proto = (name: string): Any => scope[name]?.prototype;

export const localName = getter(proto('Element'), 'localName') as (e: Element) => string;
export const namespaceURI = getter(proto('Element'), 'namespaceURI') as (e: Element) => string | null;
export const getAttribute = method(proto('Element'), 'getAttribute') as (e: Element, name: string) => string | null;
export const setAttribute = method(proto('Element'), 'setAttribute') as (e: Element, name: string, value: string) => void;
export const removeAttribute = method(proto('Element'), 'removeAttribute') as (e: Element, name: string) => void;
export const hasAttribute = method(proto('Element'), 'hasAttribute') as (e: Element, name: string) => boolean;
export const closest = method(proto('Element'), 'closest') as (e: Element, selector: string) => Element | null;
export const setInnerHTML = setter(proto('Element'), 'innerHTML') as (e: Element, html: Any) => void;
export const firstElementChild = getter(proto('Element'), 'firstElementChild') as (e: Element) => Element | null;
export const nodeType = getter(proto('Node'), 'nodeType') as (n: Node) => number;
export const parentNode = getter(proto('Node'), 'parentNode') as (n: Node) => Node | null;
export const isConnected = getter(proto('Node'), 'isConnected') as (n: Node) => boolean;
export const ownerDocument = getter(proto('Node'), 'ownerDocument') as (n: Node) => Document | null;
export const textContent = getter(proto('Node'), 'textContent') as (n: Node) => string | null;
export const baseURI = getter(proto('Node'), 'baseURI') as (n: Node) => string;
export const appendChild = method(proto('Node'), 'appendChild') as (n: Node, child: Node) => Node;
export const removeNode = method(proto('Element'), 'remove') as (e: Element) => void;
export const getData = getter(proto('CharacterData'), 'data') as (n: CharacterData) => string;
export const ownerElement = getter(proto('Attr'), 'ownerElement') as (a: Attr) => Element | null;
export const attrName = getter(proto('Attr'), 'name') as (a: Attr) => string;
export const createElement = method(proto('Document'), 'createElement') as (d: Document, name: string) => Any;
export const documentElement = getter(proto('Document'), 'documentElement') as (d: Document) => Element | null;
export const defaultView = getter(proto('Document'), 'defaultView') as (d: Document) => Any;
/** The window whose document has the node; null in other documents. */
export const windowOf = (n: Node): Any => defaultView(nodeType(n) === 9 ? (n as Document) : ownerDocument(n)!);
export const contentWindow = getter(proto('HTMLIFrameElement'), 'contentWindow') as (e: Element) => Any;
export const frameCount = getter(scope, 'length') as (w: Any) => number;
export const documentOf = getter(scope, 'document') as (w: Any) => Document;
const documentURL_ = getter(proto('Document'), 'URL') as (d: Document) => string;
export const documentURL = (w: Any): string => documentURL_(documentOf(w));
export const eventTarget = getter(proto('Event'), 'target') as (e: Event) => EventTarget | null;
export const composedPath = method(proto('Event'), 'composedPath') as (e: Event) => EventTarget[];
export const defaultPrevented = getter(proto('Event'), 'defaultPrevented') as (e: Event) => boolean;
export const preventDefault = method(proto('Event'), 'preventDefault') as (e: Event) => void;


export const isElement = (value: Any): value is Element =>
  value !== null && typeof value === 'object' && nodeTypeOf(value) === 1;

/** The node type, or 0 for what is no node. */
export function nodeTypeOf(value: Any): number {
  try {
    return nodeType(value);
  } catch {
    return 0;
  }
}
