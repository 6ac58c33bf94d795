// The browser functions the performer calls, captured when the script loads
// and so before any page script can change them.

const apply = Reflect.apply;

export function method<A extends unknown[], R>(proto: object, name: string): (self: object, ...args: A) => R {
  const fn = Object.getOwnPropertyDescriptor(proto, name)?.value as (...args: A) => R;
  return (self, ...args) => apply(fn, self, args);
}

export function getter<T>(proto: object, name: string): (self: object) => T {
  const get = Object.getOwnPropertyDescriptor(proto, name)!.get!;
  return (self) => apply(get, self, []) as T;
}

export function setter<T>(proto: object, name: string): (self: object, value: T) => void {
  const set = Object.getOwnPropertyDescriptor(proto, name)!.set!;
  return (self, value) => void apply(set, self, [value]);
}

export const dispatch = method<[Event], boolean>(EventTarget.prototype, 'dispatchEvent');
export const listen = method<[string, (event: Event) => void, AddEventListenerOptions], void>(
  EventTarget.prototype,
  'addEventListener',
);
export const pathOf = method<[], EventTarget[]>(Event.prototype, 'composedPath');
export const prevent = method<[], void>(Event.prototype, 'preventDefault');
export const prevented = getter<boolean>(Event.prototype, 'defaultPrevented');
export const stopEvent = method<[], void>(Event.prototype, 'stopImmediatePropagation');
export const box = method<[], DOMRect>(Element.prototype, 'getBoundingClientRect');
export const scrollIntoView = method<[ScrollIntoViewOptions], void>(Element.prototype, 'scrollIntoView');
export const scrollElementTo = method<[ScrollToOptions], void>(Element.prototype, 'scrollTo');
export const matches = method<[string], boolean>(Element.prototype, 'matches');
const checkVisibility = method<[CheckVisibilityOptions], boolean>(Element.prototype, 'checkVisibility');
export const closest = method<[string], Element | null>(Element.prototype, 'closest');
export const attribute = method<[string], string | null>(Element.prototype, 'getAttribute');
export const hasAttribute = method<[string], boolean>(Element.prototype, 'hasAttribute');
const namespace = getter<string | null>(Element.prototype, 'namespaceURI');
export const localName = getter<string>(Element.prototype, 'localName');
export const parentNode = getter<Node | null>(Node.prototype, 'parentNode');
export const nodeType = getter<number>(Node.prototype, 'nodeType');
export const ownerDocument = getter<Document | null>(Node.prototype, 'ownerDocument');
export const rootNode = method<[], Node>(Node.prototype, 'getRootNode');
export const contains = method<[Node | null], boolean>(Node.prototype, 'contains');
export const isConnected = getter<boolean>(Node.prototype, 'isConnected');
export const shadowHost = getter<Element>(ShadowRoot.prototype, 'host');
export const defaultView = getter<(Window & typeof globalThis) | null>(Document.prototype, 'defaultView');
export const activeElement = getter<Element | null>(Document.prototype, 'activeElement');
export const execCommand = method<[string, boolean, string], boolean>(Document.prototype, 'execCommand');
export const getSelection = method<[], Selection | null>(Document.prototype, 'getSelection');
export const setBaseAndExtent = method<[Node, number, Node, number], void>(Selection.prototype, 'setBaseAndExtent');
export const createWalker = method<[Node, number], TreeWalker>(Document.prototype, 'createTreeWalker');
export const nextNode = method<[], Node | null>(TreeWalker.prototype, 'nextNode');
export const firstChild = getter<Node | null>(Node.prototype, 'firstChild');
export const nextSibling = getter<Node | null>(Node.prototype, 'nextSibling');
export const previousSibling = getter<Node | null>(Node.prototype, 'previousSibling');
export const textOf = getter<string | null>(Node.prototype, 'textContent');
const createRange = method<[], Range>(Document.prototype, 'createRange');
const startRange = method<[Node, number], void>(Range.prototype, 'setStart');
const endRange = method<[Node, number], void>(Range.prototype, 'setEnd');
export const collapse = method<[boolean], void>(Range.prototype, 'collapse');
export const rangeText = method<[], string>(Range.prototype, 'toString');

/** From the beginning of a node to a point in it. */
export function rangeTo(from: Node, node: Node, offset: number): Range {
  const range = createRange(ownerDocument(from)!);
  startRange(range, from, 0);
  endRange(range, node, offset);
  return range;
}

/** An offset, or the last one a node has. */
export function clamp(node: Node, offset: number): number {
  const most = nodeType(node) === 3 ? (node as Text).length : node.childNodes.length;
  return Math.max(0, Math.min(offset, most));
}

export const modifySelection = method<[string, string, string], void>(Selection.prototype, 'modify');
const focusHTML = method<[FocusOptions], void>(HTMLElement.prototype, 'focus');
export const blurHTML = method<[], void>(HTMLElement.prototype, 'blur');
const focusSVG = method<[FocusOptions], void>(SVGElement.prototype, 'focus');
export const isDraggable = getter<boolean>(HTMLElement.prototype, 'draggable');
export const isContentEditable = getter<boolean>(HTMLElement.prototype, 'isContentEditable');
export const selectAll = method<[], void>(HTMLInputElement.prototype, 'select');
export const requestSubmit = method<[], void>(HTMLFormElement.prototype, 'requestSubmit');
export const formElements = getter<HTMLFormControlsCollection>(HTMLFormElement.prototype, 'elements');
export const closeDialog = method<[], void>(HTMLDialogElement.prototype, 'close');
export const optionSelected = {
  get: getter<boolean>(HTMLOptionElement.prototype, 'selected'),
  set: setter<boolean>(HTMLOptionElement.prototype, 'selected'),
};
export const selectOptions = getter<HTMLOptionsCollection>(HTMLSelectElement.prototype, 'options');

export const setFiles = setter<FileList>(HTMLInputElement.prototype, 'files');
const transferItems = getter<DataTransferItemList>(DataTransfer.prototype, 'items');
const addItem = method<[File], DataTransferItem | null>(DataTransferItemList.prototype, 'add');
const transferFiles = getter<FileList>(DataTransfer.prototype, 'files');
const DataTransferNative = DataTransfer;

/** Files as what is dragged or pasted holds them. */
export function transferWith(files: readonly File[]): { transfer: DataTransfer; list: FileList } {
  const transfer = new DataTransferNative();
  const items = transferItems(transfer);
  for (const file of files) addItem(items, file);
  return { transfer, list: transferFiles(transfer) };
}

const inputValue = {
  get: getter<string>(HTMLInputElement.prototype, 'value'),
  set: setter<string>(HTMLInputElement.prototype, 'value'),
  form: getter<HTMLFormElement | null>(HTMLInputElement.prototype, 'form'),
  start: getter<number | null>(HTMLInputElement.prototype, 'selectionStart'),
  end: getter<number | null>(HTMLInputElement.prototype, 'selectionEnd'),
  range: method<[number, number], void>(HTMLInputElement.prototype, 'setSelectionRange'),
};
const areaValue = {
  get: getter<string>(HTMLTextAreaElement.prototype, 'value'),
  set: setter<string>(HTMLTextAreaElement.prototype, 'value'),
  form: getter<HTMLFormElement | null>(HTMLTextAreaElement.prototype, 'form'),
  start: getter<number>(HTMLTextAreaElement.prototype, 'selectionStart'),
  end: getter<number>(HTMLTextAreaElement.prototype, 'selectionEnd'),
  range: method<[number, number], void>(HTMLTextAreaElement.prototype, 'setSelectionRange'),
};

/** The value accessors of a text control. */
export function valueOf(control: Element): typeof inputValue | typeof areaValue {
  return localName(control) === 'textarea' ? areaValue : inputValue;
}

const elementFromPointDocument = method<[number, number], Element | null>(Document.prototype, 'elementFromPoint');
const elementFromPointShadow = method<[number, number], Element | null>(ShadowRoot.prototype, 'elementFromPoint');
const shadowRootOf = getter<ShadowRoot | null>(Element.prototype, 'shadowRoot');

/**
 * The innermost element at a viewport point, looking through shadow roots:
 * through open ones by their host, through a closed one when `within` (the
 * node somebody means to hit) lies in it.
 */
export function hitTest(document: Document, x: number, y: number, within: Node): Element | null {
  const roots: ShadowRoot[] = [];
  for (let root = rootNode(within); isShadowRoot(root); root = rootNode(shadowHost(root))) roots.unshift(root);
  let hit = elementFromPointDocument(document, x, y);
  for (let depth = 0; hit !== null && depth < 64; depth++) {
    const closed = roots.find((root) => shadowHost(root) === hit);
    const root = closed ?? shadowRootOf(hit);
    if (root === null || root === undefined) return hit;
    const inner = elementFromPointShadow(root, x, y);
    if (inner === null || inner === hit) return hit;
    hit = inner;
  }
  return hit;
}

export function isShadowRoot(node: Node): node is ShadowRoot {
  return nodeType(node) === 11 && 'host' in node;
}

// The EditContext API is Chromium's alone; its types are not TypeScript's yet.

interface EditContext extends EventTarget {
  readonly text: string;
  readonly selectionStart: number;
  readonly selectionEnd: number;
}

interface TextUpdateInit {
  updateRangeStart: number;
  updateRangeEnd: number;
  text: string;
  selectionStart: number;
  selectionEnd: number;
}

declare global {
  var EditContext: { prototype: EditContext } | undefined;
  var TextUpdateEvent: (new (type: string, init: TextUpdateInit) => Event) | undefined;
}

const contexts = globalThis.EditContext?.prototype;
export const editContextOf = contexts && getter<EditContext | null>(HTMLElement.prototype, 'editContext');
export const updateContextText = contexts && method<[number, number, string], void>(contexts, 'updateText');
export const updateContextSelection = contexts && method<[number, number], void>(contexts, 'updateSelection');

// Nodes may belong to a frame's realm, so instanceof would lie about them.

export function isElement(node: Node): node is Element {
  return nodeType(node) === 1;
}

export function isHTML(node: Node | null): node is HTMLElement {
  return node !== null && isElement(node) && namespace(node) === 'http://www.w3.org/1999/xhtml';
}

/** The nearest element at or above a node, leaving shadow roots by their host. */
export function elementOf(node: Node | null): Element | null {
  for (let at = node; at !== null; at = up(at)) if (isElement(at)) return at;
  return null;
}

/** The parent in the flat sense: a shadow root's parent is its host. */
export function up(node: Node): Node | null {
  return isShadowRoot(node) ? shadowHost(node) : parentNode(node);
}

/** Whether `outer` is `inner` or holds it, across shadow boundaries. */
export function holds(outer: Node, inner: Node): boolean {
  for (let at: Node | null = inner; at !== null; at = up(at)) if (at === outer) return true;
  return false;
}

/** The elements from `from` outwards to the document element. */
export function path(from: Element | null): Element[] {
  const out: Element[] = [];
  for (let at: Node | null = from; at !== null; at = up(at)) if (isElement(at)) out.push(at);
  return out;
}

const TEXT_TYPES = new Set(['', 'text', 'search', 'tel', 'url', 'email', 'password', 'number']);

/** Whether an element is a control whose value people type. */
export function isTextControl(element: Element): boolean {
  const name = localName(element);
  if (name === 'textarea') return true;
  if (name !== 'input') return false;
  const type = (attribute(element, 'type') ?? '').toLowerCase();
  return TEXT_TYPES.has(type) || !KNOWN_TYPES.has(type);
}

const KNOWN_TYPES = new Set([
  'button', 'checkbox', 'color', 'date', 'datetime-local', 'file', 'hidden', 'image',
  'month', 'radio', 'range', 'reset', 'submit', 'time', 'week',
]);

const PICKED_TYPES = new Set(['color', 'date', 'datetime-local', 'month', 'range', 'time', 'week']);

/** Whether an element is a control whose value people choose in a picker. */
export function isPicked(element: Element): boolean {
  return localName(element) === 'input' && PICKED_TYPES.has((attribute(element, 'type') ?? '').toLowerCase());
}

/** Whether people could see an element if they scrolled to it. */
export function isVisible(element: Element): boolean {
  return checkVisibility(element, { visibilityProperty: true });
}

/** Whether a control is disabled, itself or by a fieldset, so that it takes no input. */
export function isDisabled(element: Element): boolean {
  return matches(element, ':disabled');
}

/** The document's focused element, followed into shadow roots as far as they are open. */
export function focused(document: Document): Element | null {
  let at = activeElement(document);
  for (let depth = 0; at !== null && depth < 64; depth++) {
    const root = shadowRootOf(at);
    const inner = root === null ? null : shadowActive(root);
    if (inner === null) return at;
    at = inner;
  }
  return at;
}

const shadowActive = getter<Element | null>(ShadowRoot.prototype, 'activeElement');

export function focus(element: Element): void {
  if (isHTML(element)) focusHTML(element, { preventScroll: true });
  else if (namespace(element) === 'http://www.w3.org/2000/svg') focusSVG(element, { preventScroll: true });
}
