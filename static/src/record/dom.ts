// The browser functions the recorder calls, captured when the script loads and
// so before any page script can change them. They work on nodes of every realm
// of the same origin, because a browser checks a node's kind, not its prototype.

import { addListener, getter as nativeGetter, guard, later, method as nativeMethod } from '../natives';

export const method = nativeMethod as <A extends unknown[], R>(proto: object, name: string) => (self: object, ...args: A) => R;
export const getter = nativeGetter as <T>(proto: object, name: string) => (self: object) => T;

/** Like getter, for what only some browsers have: null when it is missing. */
export function getterWhere<T>(proto: object, name: string): (self: object) => T | null {
  return getter<T>(proto, name) ?? (() => null);
}

export const nodeType = getter<number>(Node.prototype, 'nodeType');
export const firstChild = getter<Node | null>(Node.prototype, 'firstChild');
export const nextSibling = getter<Node | null>(Node.prototype, 'nextSibling');
export const parentNode = getter<Node | null>(Node.prototype, 'parentNode');
export const isConnected = getter<boolean>(Node.prototype, 'isConnected');
export const ownerDocument = getter<Document | null>(Node.prototype, 'ownerDocument');
export const rootNode = method<[], Node>(Node.prototype, 'getRootNode');
export const textContent = getter<string | null>(Node.prototype, 'textContent');
export const dataOf = getter<string>(CharacterData.prototype, 'data');
export const localName = getter<string>(Element.prototype, 'localName');
export const namespaceOf = getter<string | null>(Element.prototype, 'namespaceURI');
export const attributesOf = getter<NamedNodeMap>(Element.prototype, 'attributes');
export const attributeCount = getter<number>(NamedNodeMap.prototype, 'length');
export const attributeAt = method<[number], Attr | null>(NamedNodeMap.prototype, 'item');
export const attrName = getter<string>(Attr.prototype, 'name');
export const attrValue = getter<string>(Attr.prototype, 'value');
export const attribute = method<[string], string | null>(Element.prototype, 'getAttribute');
export const attributeNames = method<[], string[]>(Element.prototype, 'getAttributeNames');
export const hasAttribute = method<[string], boolean>(Element.prototype, 'hasAttribute');
export const openShadow = getter<ShadowRoot | null>(Element.prototype, 'shadowRoot');
export const shadowMode = getter<ShadowRootMode>(ShadowRoot.prototype, 'mode');
export const slotAssignment = getterWhere<SlotAssignmentMode>(ShadowRoot.prototype, 'slotAssignment');
export const templateContent = getter<DocumentFragment>(HTMLTemplateElement.prototype, 'content');
export const shadowHost = getter<Element>(ShadowRoot.prototype, 'host');
export const matches = method<[string], boolean>(Element.prototype, 'matches');
const create = method<[string], HTMLElement>(Document.prototype, 'createElement');
/** An element of ours, which is in no document. */
export const newElement = (name: string): HTMLElement => create(document, name);
export const findAll = (root: Node, selector: string): NodeListOf<Element> => nodeType(root) === DOCUMENT ? queryAll(root, selector) : queryIn(root, selector);
const queryIn = method<[string], NodeListOf<Element>>(DocumentFragment.prototype, 'querySelectorAll');
/** The first in the document, at which looking ends. */
export const queryFirst = method<[string], Element | null>(Document.prototype, 'querySelector');
export const queryAll = method<[string], NodeListOf<Element>>(Document.prototype, 'querySelectorAll');
export const box = method<[], DOMRect>(Element.prototype, 'getBoundingClientRect');
export const scrollLeft = getter<number>(Element.prototype, 'scrollLeft');
export const scrollTop = getter<number>(Element.prototype, 'scrollTop');
export const clientLeft = getter<number>(Element.prototype, 'clientLeft');
export const clientTop = getter<number>(Element.prototype, 'clientTop');
export const clientWidth = getter<number>(Element.prototype, 'clientWidth');
export const clientHeight = getter<number>(Element.prototype, 'clientHeight');

export const documentElement = getter<Element | null>(Document.prototype, 'documentElement');
export const compatMode = getter<string>(Document.prototype, 'compatMode');
export const readyState = getter<DocumentReadyState>(Document.prototype, 'readyState');
export const defaultView = getter<(Window & typeof globalThis) | null>(Document.prototype, 'defaultView');
export const titleOf = getter<string>(Document.prototype, 'title');
export const activeElement = getter<Element | null>(Document.prototype, 'activeElement');
export const shadowActive = getter<Element | null>(ShadowRoot.prototype, 'activeElement');
export const doctypeName = getter<string>(DocumentType.prototype, 'name');
export const doctypePublic = getter<string>(DocumentType.prototype, 'publicId');
export const doctypeSystem = getter<string>(DocumentType.prototype, 'systemId');
export const selectionOf = method<[], Selection | null>(Document.prototype, 'getSelection');
export const anchorNode = getter<Node | null>(Selection.prototype, 'anchorNode');
export const anchorOffset = getter<number>(Selection.prototype, 'anchorOffset');
export const focusNode = getter<Node | null>(Selection.prototype, 'focusNode');
export const focusOffset = getter<number>(Selection.prototype, 'focusOffset');

export const inputType = getter<string>(HTMLInputElement.prototype, 'type');
export const inputValue = getter<string>(HTMLInputElement.prototype, 'value');
export const inputChecked = getter<boolean>(HTMLInputElement.prototype, 'checked');
export const inputIndeterminate = getter<boolean>(HTMLInputElement.prototype, 'indeterminate');
export const inputFiles = getter<FileList | null>(HTMLInputElement.prototype, 'files');
export const inputStart = getter<number | null>(HTMLInputElement.prototype, 'selectionStart');
export const inputEnd = getter<number | null>(HTMLInputElement.prototype, 'selectionEnd');
export const areaValue = getter<string>(HTMLTextAreaElement.prototype, 'value');
export const areaDefault = getter<string>(HTMLTextAreaElement.prototype, 'defaultValue');
export const areaStart = getter<number>(HTMLTextAreaElement.prototype, 'selectionStart');
export const areaEnd = getter<number>(HTMLTextAreaElement.prototype, 'selectionEnd');
export const selectOptions = getter<HTMLOptionsCollection>(HTMLSelectElement.prototype, 'options');
export const optionSelected = getter<boolean>(HTMLOptionElement.prototype, 'selected');

/** The custom validity message of a control, or '' when it has none. */
export function customValidity(control: Element): string {
  return customError(validity(control)) ? validationMessage(control) || 'invalid' : ''; // nothing is said of what is read-only
}

const validity = byControl<ValidityState>('validity');
const validationMessage = byControl<string>('validationMessage');
const customError = getter<boolean>(ValidityState.prototype, 'customError');

function byControl<T>(name: string): (control: Element) => T {
  const of = {
    input: getter<T>(HTMLInputElement.prototype, name),
    textarea: getter<T>(HTMLTextAreaElement.prototype, name),
    select: getter<T>(HTMLSelectElement.prototype, name),
  };
  return (control) => of[localName(control) as keyof typeof of](control);
}

export const currentSrc = getter<string>(HTMLImageElement.prototype, 'currentSrc');
export const pictureOf = method<[type?: string, quality?: unknown], string>(HTMLCanvasElement.prototype, 'toDataURL');
export const canvasWidth = getter<number>(HTMLCanvasElement.prototype, 'width');
export const canvasHeight = getter<number>(HTMLCanvasElement.prototype, 'height');
export const paused = getter<boolean>(HTMLMediaElement.prototype, 'paused');
export const currentTime = getter<number>(HTMLMediaElement.prototype, 'currentTime');
export const playbackRate = getter<number>(HTMLMediaElement.prototype, 'playbackRate');
export const volume = getter<number>(HTMLMediaElement.prototype, 'volume');
export const muted = getter<boolean>(HTMLMediaElement.prototype, 'muted');
export const frameDocument = getter<Document | null>(HTMLIFrameElement.prototype, 'contentDocument');
const frameWindow = getter<Window | null>(HTMLIFrameElement.prototype, 'contentWindow');
const framesetWindow = getter<Window | null>(HTMLFrameElement.prototype, 'contentWindow');
const objectWindow = getter<Window | null>(HTMLObjectElement.prototype, 'contentWindow');
const windowsIn = getter<number>(globalThis, 'length');
const frameElement = getter<Element | null>(globalThis, 'frameElement');
/** The windows of a document's frames. */
export const innerWindows = (window: Window): Window[] => Array.from({ length: windowsIn(window) }, (_, i) => window[i]!);
/** The element that a window is in, if it has the page's origin. */
export const elementAround = (window: Window): Element | null => guard(() => frameElement(window), null);
export const isClosed = getter<boolean>(globalThis, 'closed');

/** The window in an element; an embed element does not tell. */
export function contentWindow(frame: Element): Window | null {
  switch (localName(frame)) {
    case 'iframe': return frameWindow(frame);
    case 'frame': return framesetWindow(frame);
    case 'object': return objectWindow(frame);
  }
  return null;
}

const styleSheet = getter<CSSStyleSheet | null>(HTMLStyleElement.prototype, 'sheet');
const linkSheet = getter<CSSStyleSheet | null>(HTMLLinkElement.prototype, 'sheet');
const svgSheet = getter<CSSStyleSheet | null>(SVGStyleElement.prototype, 'sheet');

/** The style sheet an element owns, if it is of a kind that may own one. */
export function sheetOf(element: Element): CSSStyleSheet | null {
  const name = localName(element);
  if (name === 'link') return isHTML(element) ? linkSheet(element) : null;
  if (name !== 'style') return null;
  return isHTML(element) ? styleSheet(element) : namespaceOf(element) === SVG ? svgSheet(element) : null;
}

const sheetHref = getter<string | null>(StyleSheet.prototype, 'href');
export const hrefOf = (sheet: CSSStyleSheet | null): string => (sheet && sheetHref(sheet)) ?? '';
export const ownerNode = getter<Node | null>(StyleSheet.prototype, 'ownerNode');
export const sheetMedia = getter<MediaList>(StyleSheet.prototype, 'media');
export const sheetDisabled = getter<boolean>(StyleSheet.prototype, 'disabled');
export const rulesOf = getter<CSSRuleList>(CSSStyleSheet.prototype, 'cssRules');
export const ruleCount = getter<number>(CSSRuleList.prototype, 'length');
export const ruleAt = method<[number], CSSRule | null>(CSSRuleList.prototype, 'item');
export const ruleText = getter<string>(CSSRule.prototype, 'cssText');
export const ruleSheet = getter<CSSStyleSheet | null>(CSSRule.prototype, 'parentStyleSheet');
export const declarationRule = getter<CSSRule | null>(CSSStyleDeclaration.prototype, 'parentRule');
const documentAdopted = getterWhere<CSSStyleSheet[]>(Document.prototype, 'adoptedStyleSheets');
const shadowAdopted = getterWhere<CSSStyleSheet[]>(ShadowRoot.prototype, 'adoptedStyleSheets');
export const adopted = (root: Node): CSSStyleSheet[] =>
  (nodeType(root) === DOCUMENT ? documentAdopted(root) : shadowAdopted(root)) ?? [];

export const listen = addListener;
export const targetOf = getter<EventTarget | null>(Event.prototype, 'target');
export const pathOf = method<[], EventTarget[]>(Event.prototype, 'composedPath');
export const observe = method<[Node, MutationObserverInit], void>(MutationObserver.prototype, 'observe');
export const takeRecords = method<[], MutationRecord[]>(MutationObserver.prototype, 'takeRecords');
export const Observer = MutationObserver;
export const post = method<[unknown], void>(MessagePort.prototype, 'postMessage');
export { guard, later };
export const now = performance.now.bind(performance);

export const ELEMENT = 1;
export const TEXT_NODE = 3;
export const CDATA = 4;
export const DOCUMENT = 9;
export const DOCTYPE = 10;
export const FRAGMENT = 11;

export const HTML = 'http://www.w3.org/1999/xhtml';
export const SVG = 'http://www.w3.org/2000/svg';
export const MATHML = 'http://www.w3.org/1998/Math/MathML';
export const XLINK = 'http://www.w3.org/1999/xlink';

export const isElement = (node: Node): node is Element => nodeType(node) === ELEMENT;
export const isHTML = (element: Element): boolean => namespaceOf(element) === HTML;
export const isText = (node: Node): boolean => nodeType(node) === TEXT_NODE || nodeType(node) === CDATA;

const closedShadows = new WeakMap<Element, ShadowRoot>();

/** Remembers a root which its host does not tell of. */
export function noteShadow(host: Element, root: ShadowRoot): void {
  closedShadows.set(host, root);
}

export const shadowOf = (host: Element): ShadowRoot | null => openShadow(host) ?? closedShadows.get(host) ?? null;

/** The templates that contents belong to, which these do not tell. */
const templates = new WeakMap<Node, Element>();

/** What a <template> has instead of children. */
export function contentOf(template: Element): Node {
  const content = templateContent(template);
  if (!templates.has(content)) templates.set(content, template);
  return content;
}

/** The parent in the composed sense: a shadow root's parent is its host. */
export const up = (node: Node): Node | null =>
  nodeType(node) !== FRAGMENT ? parentNode(node) : isShadow(node) ? shadowHost(node) : (templates.get(node) ?? null);

export const isShadow = (node: Node): boolean => {
  try {
    return shadowHost(node) !== null; // throws for other fragments, in every realm alike
  } catch {
    return false;
  }
};

