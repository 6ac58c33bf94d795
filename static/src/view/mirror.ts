// One mirrored document: a live document in a frame that can run no script,
// and the nodes in it by the leader's ids.

import * as is from '../ops';
import type { Id, Mode } from '../ops';
import { digestOf, TOLD, type Seen, type State, type Told } from '../digest';
import { caretToEnd } from '../input/caret';
import { Addresses } from './addresses';
import { attribute, build, holderOf, Invalid, isStyle, Numbers, type BuildContext } from './build';
import { Motion } from './motion';
import { Sheets, type Labels } from './sheets';
import { isState, States } from './states';
import { Fonts, highlight } from './text';

type Window = globalThis.Window & typeof globalThis;

/** The store may get a little later what the leader is still loading. */
const RETRY_MS = 250;
/** Each time is twice as long after the last. */
const RETRIES = 5;

export interface MirrorOptions {
  key: string;
  url: string;
  labels: Labels;
  /** Media queries with the leader's answers. */
  answer(media: string): string;
  /** CSS with the pictures of sets that the leader's browser chooses. */
  pictures(css: string): string;
  /** Whether this browser, left alone, would choose others. */
  choosesOtherwise(): boolean;
  /** A frame element shows another document, or (null) it is gone. */
  onFrame(frame: HTMLElement, doc: number): void;
  /** The leader's word on a text control's value; true when it was dealt with. */
  onValue(control: Element, value: string): boolean;
  /** What the leader's film or sound does. */
  onMedia(medium: HTMLMediaElement, state: { paused: boolean; time: number; rate: number; volume: number }): void;
  /** The leader has the focus on an element, with a selection in a control where there is one. */
  onFocus(node: Node | null, start: number | null, end: number | null): void;
  /** A place the leader scrolled to. True when the follower is scrolling there itself. */
  onScroll(node: Node, x: number, y: number): boolean;
  /** A root whose events do not reach its host. */
  onRoot(root: ShadowRoot): void;
  /** An element is not what the leader has, or could not be changed as told. */
  onDifference(node: Id, deep: boolean): void;
  /** A sheet has other rules than the leader's. */
  onSheet(sheet: Id): void;
  /** A film can't be loaded here. */
  onFilm(film: Id): void;
  /** An element is what the leader has, with all in it. */
  onAgreement(element: Element): void;
}

export class Mirror {
  readonly addresses: Addresses;
  private nodes = new Map<Id, Node>();
  private numbers = new WeakMap<Node, Id>();
  private readonly sources = new WeakMap<Text, string>();
  /** Style text that has come, whose rules are not ours yet. */
  private readonly styles = new Set<Text>();
  /** How often each was tried that could not be loaded. */
  private readonly failed = new WeakMap<Element, number>();
  private readonly pictures = new WeakMap<HTMLCanvasElement, string>();
  /** New ones, whose attributes are not set yet. */
  private canvases: HTMLCanvasElement[] = [];
  /** What was said of fields since they came. */
  private told = new WeakMap<Element, Set<Told>>();
  private readonly scrolls = new Map<Node, { x: number; y: number }>();
  private readonly defined = new Set<string>();
  private readonly sheets: Sheets;
  private readonly states = new States();
  private readonly motion: Motion;
  private readonly fonts = new Fonts();
  private readonly bases = new Map<Element, string>();
  private readonly building: BuildContext;
  /** The frames of this document, with what they show. */
  readonly frames = new Map<HTMLElement, number>();
  /** The mode of the last snapshot, or null before the first. */
  mode: Mode | null = null;

  constructor(public document: Document, private readonly options: MirrorOptions) {
    this.addresses = new Addresses(options.key, options.url, (css) => options.pictures(css));
    this.sheets = new Sheets(this.window, () => this.addresses, options);
    this.motion = new Motion(() => this.window, () => this.addresses);
    this.building = {
      document,
      addresses: this.addresses,
      enter: (id, node) => this.enter(id, node),
      source: (text, data) => {
        this.sources.set(text, data);
        this.styles.add(text);
      },
      base: (element, href) => this.bases.set(element, href),
    };
  }

  get window(): Window {
    return this.document.defaultView as Window;
  }

  node(id: Id): Node | null {
    return this.nodes.get(id) ?? null;
  }

  id(node: Node): Id {
    return this.numbers.get(node) ?? 0;
  }

  /** Applies operations in order. Throws when one does not fit; the document is then in doubt until a snapshot. */
  apply(ops: unknown): void {
    if (!Array.isArray(ops)) throw new Invalid('ops');
    for (const op of ops) {
      if (!Array.isArray(op)) throw new Invalid('op');
      try {
        this.perform(op);
      } catch (error) {
        // Where an element did not take a change, it alone is wanted again.
        const [code, id] = op as [unknown, Id];
        if (code === is.SNAPSHOT || code === is.AGAIN || !this.misfit(id)) throw error;
      }
      for (const canvas of this.canvases.splice(0)) this.paint(canvas);
    }
    for (const text of this.styles) this.sheets.adapt((text.parentNode as HTMLStyleElement | null)?.sheet);
    this.styles.clear();
    this.scrollAgain();
  }

  /** Continues in another window: the frame was moved, and its first document is gone. */
  move(document: Document): void {
    const root = this.document.documentElement;
    this.document = document;
    this.building.document = document;
    document.documentElement?.remove();
    for (const name of this.defined) define(this.window, name);
    if (root) document.appendChild(document.adoptNode(root));
    this.sheets.move(this.window);
    this.sheets.root(document);
  }

  private perform(op: unknown[]): void {
    const [code, a, b, c, d] = op;
    switch (code) {
      case is.SNAPSHOT:
        return this.snapshot(op);
      case is.REMOVE:
        return this.remove(op);
      case is.INSERT:
        return this.insert(op);
      case is.MOVE:
        return this.moveNodes(op);
      case is.ATTRIBUTE:
        return this.attribute(this.element(a), b, c);
      case is.TEXT:
        return this.text(this.need(a), op);
      case is.PROPERTY:
        return this.property(a, b, c);
      case is.SCROLL:
        return this.scroll(a === 0 ? this.document : this.element(a), b, c);
      case is.RULE:
        return this.sheets.rule(isSheetId(a) ? a : this.element(a), op.slice(2));
      case is.ADOPT:
        return this.adopt(a, op.slice(2));
      case is.CANVAS:
        return this.picture(this.element(a), b);
      case is.FRAME:
        return this.frame(this.element(a), b);
      case is.FOCUS:
        return this.focus(a, b, c);
      case is.MEDIA:
        return this.media(this.element(a), b);
      case is.DEFINE:
        return this.define(op.slice(1));
      case is.DIGEST:
        return this.compare(a, b);
      case is.STATE:
        return this.state(a, b);
      case is.ANIMATION:
        if (op.length === 2) return this.motion.remove(a as number);
        return this.motion.set(a as number, this.element(b), c, d, op[5], op[6]);
      case is.CLOCK:
        return this.motion.clock(a as number, b, c, d);
      case is.HIGHLIGHT:
        return highlight(this.window, (id) => this.need(id), a, op.slice(2));
      case is.REGISTER:
        return register(this.window, this.addresses, a, b, c, d);
      case is.FONT:
        return this.fonts.set(this.window, this.addresses, a, op.slice(2));
      case is.SLOT:
        return this.assign(this.element(a), op.slice(2));
      case is.AGAIN:
        return this.again(op);
    }
    throw new Invalid('op');
  }

  /** Asks for the element a change was for; false when there is none. */
  private misfit(id: unknown): boolean {
    let node = this.nodes.get(id as Id) ?? null;
    while (node !== null && node.nodeType !== Node.ELEMENT_NODE) node = isShadow(node) ? node.host : node.parentNode;
    const element = node === null ? 0 : this.id(node);
    if (element === 0) return false;
    this.options.onDifference(element, false);
    return true;
  }

  private compare(id: unknown, told: unknown): void {
    if (typeof told !== 'string') return;
    if (told.startsWith('r')) return this.compareSheet(id, told);
    if (!/^[ds]/.test(told)) return;
    const element = this.nodes.get(id as Id);
    if (element?.nodeType !== Node.ELEMENT_NODE) return;
    const deep = told.startsWith('d');
    if (!element.isConnected) return; // its parent is not what it should be, either
    if (element.contains(active(this.document))) return; // what is being typed is ahead of the leader
    const alike = digestOf(this.seen, element as Element, deep) === told;
    if (!alike) this.options.onDifference(id as Id, deep);
    else if (deep) this.options.onAgreement(element as Element);
  }

  private compareSheet(id: unknown, told: string): void {
    const target = isSheetId(id) ? id : this.nodes.get(id as Id);
    if (target !== undefined && this.sheets.differs(target as Id | Element, told)) this.options.onSheet(id as Id);
  }

  private readonly seen: Seen = {
    id: (node) => this.id(node),
    kids: (node) => {
      const root = (node as Element).shadowRoot ?? null;
      const kids = Array.from(node.childNodes).filter((kid) => kid.nodeType === Node.ELEMENT_NODE || kid.nodeType === Node.TEXT_NODE);
      return root !== null && this.id(root) !== 0 ? [root, ...kids] : kids;
    },
    tag: (node) => (node.nodeType === Node.TEXT_NODE ? undefined : isShadow(node) ? null : (node as Element).localName),
    text: (node) => (node as Text).data,
    attributeNames: (element) => element.getAttributeNames(),
    attribute: (element, name) => element.getAttribute(name),
    state: (element) => {
      const state: State = {};
      for (const name of this.told.get(element) ?? []) state[name] = held(element as HTMLInputElement & HTMLSelectElement, name);
      const at = this.scrolls.get(element === this.document.documentElement ? this.document : element);
      if (at !== undefined) state.scroll = `${at.x},${at.y}`;
      return state;
    },
  };

  // --- the tree

  private again(op: unknown[]): void {
    const [, id, attributes, ids, ...forms] = op;
    const element = this.element(id);
    if (attributes !== 0 && !Array.isArray(attributes)) throw new Invalid('attributes');
    for (const child of [...(element.shadowRoot?.childNodes ?? []), ...element.childNodes]) {
      child.remove();
      this.forget(child);
    }
    if (element.shadowRoot) this.forget(element.shadowRoot);
    this.told.delete(element);
    this.scrolls.delete(element);
    const list: unknown[] = attributes === 0 ? [] : attributes;
    for (const name of element.getAttributeNames()) {
      if (name !== 'autocomplete' && !list.some((n, i) => i % 2 === 0 && n === name)) attribute(this.building, element, name, null);
    }
    for (let i = 0; i < list.length; i += 2) attribute(this.building, element, list[i], list[i + 1]);
    const numbers = new Numbers(ids as is.Ids);
    for (const form of forms) {
      const node = build(this.building, form, numbers, element);
      if (node !== null) element.appendChild(node);
    }
  }

  private snapshot(op: unknown[]): void {
    const [, ids, mode, ...forms] = op;
    if (mode !== 'standards' && mode !== 'quirks') throw new Invalid('mode');
    this.mode = mode;
    this.nodes.clear();
    this.numbers = new WeakMap();
    this.scrolls.clear();
    this.frames.clear();
    this.sheets.clear();
    this.states.clear();
    this.motion.clear();
    this.fonts.clear(this.window);
    this.bases.clear();
    this.document.documentElement?.remove();
    this.enter(0, this.document);
    this.addresses.base = base(this.options.url, forms);
    const numbers = new Numbers(ids as is.Ids);
    for (const form of forms) {
      const node = build(this.building, form, numbers, this.document);
      if (node !== null) this.document.appendChild(node);
    }
    this.sheets.root(this.document);
  }

  /** The first base element counts. */
  private rebase(): void {
    const [first] = [...this.bases].filter(([element]) => element.isConnected).sort(([a], [b]) => (follows(a, b) ? 1 : -1));
    this.addresses.base = resolve(first?.[1] ?? '', this.options.url);
  }

  private enter(id: Id, node: Node): void {
    const stray = this.nodes.get(id);
    if (stray?.isConnected) throw new Invalid('id in use');
    if (stray !== undefined) this.forget(stray); // somebody else took it out of the document
    this.nodes.set(id, node);
    this.numbers.set(node, id);
    if ((node as Element).localName === 'canvas') this.canvases.push(node as HTMLCanvasElement);
    if (!isShadow(node)) return;
    this.sheets.root(node);
    this.options.onRoot(node);
  }

  private need(id: unknown): Node {
    const node = this.nodes.get(id as Id);
    if (node === undefined) throw new Invalid('unknown node');
    return node;
  }

  private element(id: unknown): Element {
    const node = this.need(id);
    if (node.nodeType !== Node.ELEMENT_NODE) throw new Invalid('element');
    return node as Element;
  }

  private remove(op: unknown[]): void {
    for (let i = 1; i < op.length; i++) {
      const node = this.need(op[i]);
      if (op[i] === 0 || isRoot(node)) throw new Invalid('remove');
      (node as ChildNode).remove();
      this.forget(node);
    }
  }

  private forget(node: Node): void {
    const id = this.numbers.get(node);
    if (id !== undefined && this.nodes.get(id) === node) this.nodes.delete(id);
    this.scrolls.delete(node);
    this.sheets.forget(node);
    this.frames.delete(node as HTMLElement);
    if (this.bases.delete(node as Element)) this.rebase();
    const root = (node as Element).shadowRoot ?? (node as HTMLTemplateElement).content;
    if (root?.nodeType === Node.DOCUMENT_FRAGMENT_NODE) this.forget(root);
    for (let child = node.firstChild; child !== null; child = child.nextSibling) this.forget(child);
  }

  private insert(op: unknown[]): void {
    const [, parentId, beforeId, ids, ...forms] = op;
    const parent = this.parent(parentId);
    const before = this.before(parent, beforeId);
    const numbers = new Numbers(ids as is.Ids);
    const known = this.bases.size;
    for (const form of forms) {
      const node = build(this.building, form, numbers, parent);
      if (node !== null) parent.insertBefore(node, before);
    }
    if (this.bases.size !== known) this.rebase();
  }

  // One operation's nodes leave their places one after the other and arrive in order before a node that stays, so
  // what is moved never stands where another one is to go.
  private moveNodes(op: unknown[]): void {
    const [, parentId, beforeId, ...ids] = op;
    const parent = this.parent(parentId);
    const before = this.before(parent, beforeId);
    for (const id of ids) {
      const node = this.need(id);
      if (node === before || isRoot(node) || node === this.document) throw new Invalid('move');
      move(parent, node, before);
      for (const frame of this.frames.keys()) if (node.contains(frame)) this.frameMoved(frame);
    }
  }

  /** Without moveBefore a moved frame starts empty. */
  private frameMoved(frame: HTMLElement): void {
    const doc = this.frames.get(frame);
    if (doc !== undefined) this.options.onFrame(frame, doc);
  }

  private parent(id: unknown): Node {
    const node = this.need(id);
    // A document's own children change by a snapshot.
    if (node.nodeType !== Node.ELEMENT_NODE && !isRoot(node)) throw new Invalid('parent');
    return node;
  }

  private before(parent: Node, id: unknown): Node | null {
    if (id === 0) return null;
    const node = this.need(id);
    if (node.parentNode !== parent) throw new Invalid('sibling');
    return node;
  }

  private attribute(element: Element, name: unknown, value: unknown): void {
    if (value === null && name === 'open' && element.localName === 'dialog') (element as HTMLDialogElement).close();
    if (element.localName === 'base' && name === 'href') {
      if (typeof value === 'string') this.bases.set(element, value);
      else this.bases.delete(element);
      this.rebase();
    }
    attribute(this.building, element, name, value);
    if (name === 'value' && element.localName === 'input') caretToEnd(element);
    // Told twice: the leader has it now, and so has the store.
    if ((name === 'src' || name === 'href') && this.failed.delete(element)) reload(element, name);
    if (element.localName === 'canvas') this.paint(element as HTMLCanvasElement);
    if (name === 'media') this.sheets.adapt((element as HTMLStyleElement).sheet);
  }

  private text(node: Node, op: unknown[]): void {
    const [, , a, b, c] = op;
    if (node.nodeType !== Node.TEXT_NODE) throw new Invalid('text');
    const text = node as Text;
    const before = this.sources.get(text) ?? text.data;
    let after: string;
    if (typeof a === 'string') after = a;
    else if (isCount(a) && isCount(b) && typeof c === 'string') after = before.slice(0, a) + c + before.slice(a + b);
    else throw new Invalid('text');
    if (!isStyle(text.parentNode)) {
      text.data = after;
      return;
    }
    this.sources.set(text, after);
    this.styles.add(text);
    text.data = this.addresses.css(after);
  }

  // --- what is not in the tree

  private property(id: unknown, name: unknown, value: unknown): void {
    if (name === 'disabledSheet') return this.sheets.disable(isSheetId(id) ? id : this.element(id), value === true);
    if (name === 'sheetMedia') return this.sheets.media(isSheetId(id) ? id : this.element(id), String(value));
    const element = this.element(id) as HTMLInputElement & HTMLSelectElement & HTMLDialogElement;
    if (TOLD.includes(name as Told)) this.told.set(element, (this.told.get(element) ?? new Set()).add(name as Told));
    switch (name) {
      case 'value':
        if (typeof value !== 'string') throw new Invalid('value');
        if (!this.options.onValue(element, value)) setValue(element, value);
        return;
      case 'checked':
      case 'indeterminate':
        element[name] = value === true;
        return;
      case 'selected':
        return select(element, value);
      case 'files':
        return setFiles(element, value);
      case 'customValidity':
        if (typeof value !== 'string') throw new Invalid('validity');
        if (element.setCustomValidity) element.setCustomValidity(value);
        else invalidate(element, value);
        return;
      case 'userValidity':
        this.states.one('user-valid', element, value === 'valid');
        return this.states.one('user-invalid', element, value === 'invalid');
      case 'autofilled':
        return this.states.one('autofill', element, value === true);
      case 'states':
        return setStates(element, value);
      case 'modal':
        return modal(element, value === true);
      case 'popover':
        return popover(element, value === true);
    }
    throw new Invalid('property');
  }

  private scroll(node: Node, x: unknown, y: unknown): void {
    if (typeof x !== 'number' || typeof y !== 'number') throw new Invalid('scroll');
    this.scrolls.set(node, { x, y });
    if (!this.options.onScroll(node, x, y)) scrollTo(this.window, node, x, y);
  }

  /** Whether that is where the leader is. */
  scrolledTo(node: Node, x: number, y: number): boolean {
    const at = this.scrolls.get(node);
    return at !== undefined && Math.abs(at.x - x) < 1 && Math.abs(at.y - y) < 1;
  }

  /** Undoes a scroll that the leader did not follow. */
  scrollBack(id: Id): void {
    const node = this.nodes.get(id);
    const { x, y } = (node && this.scrolls.get(node)) ?? { x: 0, y: 0 };
    if (node !== undefined) scrollTo(this.window, node, x, y);
  }

  /** Content may have come that makes room for a place which there was none for. */
  scrollAgain(): void {
    for (const [node, { x, y }] of this.scrolls) {
      if (!node.isConnected) this.scrolls.delete(node);
      else if (!this.options.onScroll(node, x, y)) scrollTo(this.window, node, x, y);
    }
  }

  private adopt(rootId: unknown, ids: unknown[]): void {
    const root = this.need(rootId);
    if (root !== this.document && !isShadow(root)) throw new Invalid('root');
    if (!ids.every(isSheetId)) throw new Invalid('sheet');
    this.sheets.adopt(root as Document | ShadowRoot, ids as Id[]);
  }

  private picture(canvas: Element, source: unknown): void {
    if ((canvas.localName !== 'canvas' && canvas.localName !== 'video') || typeof source !== 'string') throw new Invalid('canvas');
    const address = /^data:image\/(?:png|webp|jpeg);base64,/.test(source) ? source : /^blob:[a-z0-9]+$/.test(source) ? this.addresses.asset(source) : '';
    if (address === '') throw new Invalid('canvas');
    if (canvas.localName === 'video') return void ((canvas as HTMLVideoElement).poster = address);
    this.pictures.set(canvas as HTMLCanvasElement, address);
    this.paint(canvas as HTMLCanvasElement);
  }

  /**
   * Shows a canvas's picture. Where scripts can't run, browsers render a canvas as if it were a span (HTML §4.12.5),
   * so there it becomes an image by its style.
   */
  private paint(canvas: HTMLCanvasElement): void {
    const address = this.pictures.get(canvas);
    if (this.window.matchMedia('(scripting: none)').matches) {
      const size = `%3Csvg xmlns='http://www.w3.org/2000/svg' width='${canvas.width}' height='${canvas.height}'/%3E`;
      canvas.style.setProperty('content', `url("${address ?? 'data:image/svg+xml,' + size}")`);
    }
    if (address === undefined) return;
    const image = new Image();
    image.onload = () => {
      if (this.pictures.get(canvas) !== address) return; // a later one was quicker
      const context = canvas.getContext('2d');
      context?.clearRect(0, 0, canvas.width, canvas.height);
      context?.drawImage(image, 0, 0, canvas.width, canvas.height);
    };
    image.src = address;
  }

  private frame(frame: Element, doc: unknown): void {
    const holder = holderOf(frame);
    if ((holder === null && frame.localName !== 'iframe' && frame.localName !== 'frame') || !isCount(doc)) throw new Invalid('frame');
    if (holder !== null && !frame.hasAttribute(holder)) frame = this.holding(frame, holder);
    this.frames.set(frame as HTMLElement, doc);
    this.options.onFrame(frame as HTMLElement, doc);
  }

  /** Chromium's object elements never show a document once they have shown what is in them instead, so another takes its place. */
  private holding(element: Element, holder: string): Element {
    const fresh = element.cloneNode(false) as Element;
    fresh.setAttribute(holder, 'about:blank');
    const id = this.id(element);
    this.nodes.set(id, fresh);
    this.numbers.set(fresh, id);
    element.replaceWith(fresh);
    fresh.append(...element.childNodes);
    return fresh;
  }

  private state(name: unknown, id: unknown): void {
    if (!isState(name)) throw new Invalid('state');
    const element = id === 0 ? null : this.element(id);
    if (name === 'editing') this.document.designMode = element === null ? 'off' : 'on';
    else this.states.set(name, element);
  }

  private assign(slot: Element, ids: unknown[]): void {
    if (slot.localName !== 'slot') throw new Invalid('slot');
    (slot as HTMLSlotElement).assign(...ids.map((id) => this.need(id) as Element | Text));
  }

  private focus(id: unknown, start: unknown, end: unknown): void {
    const node = id === 0 ? null : this.need(id);
    this.states.focus(focusable(node));
    const both = isCount(start) && isCount(end);
    if (both && node !== this.document.activeElement) selectIn(node, start, end);
    this.options.onFocus(node, both ? start : null, both ? end : null);
  }

  private media(element: Element, state: unknown): void {
    const medium = element as HTMLMediaElement;
    if (typeof medium.pause !== 'function' || typeof state !== 'object' || state === null) throw new Invalid('media');
    const { paused, time, rate, volume } = state as is.MediaState;
    this.options.onMedia(medium, { paused: paused === true, time, rate, volume });
    if (volume >= 0 && volume <= 1) medium.volume = volume; // muted all the same, unless the follower wants to hear it
    if (Number.isFinite(rate) && rate > 0 && rate <= 16) medium.playbackRate = rate;
    if (Number.isFinite(time) && Math.abs(medium.currentTime - time) > 0.5) medium.currentTime = time;
    if (paused === true) medium.pause();
    else medium.play().catch(() => undefined); // what the store has not is not played
  }

  private define(names: unknown[]): void {
    for (const name of names) {
      if (typeof name !== 'string') throw new Invalid('name');
      this.defined.add(name);
      define(this.window, name);
    }
  }

  /** What an element shows could not be had, or not yet. */
  unavailable(element: Element): void {
    const film = element.localName === 'source' ? element.parentElement : element;
    if (film?.localName === 'video') {
      film.setAttribute('data-tandem-unavailable', '');
      this.options.onFilm(this.id(film));
    }
    const name = element.localName === 'img' ? 'src' : element.localName === 'link' ? 'href' : null;
    if (name === null) return;
    const tried = this.failed.get(element) ?? 0;
    this.failed.set(element, tried + 1);
    if (tried < RETRIES) setTimeout(() => this.failed.get(element) === tried + 1 && reload(element, name), RETRY_MS << tried);
  }

  /** The sheet of a link or style element has loaded, or an embed or object element has an empty document. */
  loaded(element: Element): void {
    this.failed.delete(element);
    this.sheets.loaded(element);
    if (holderOf(element) !== null) this.frameMoved(element as HTMLElement);
  }
}

/** What a field holds, as digests have it. */
function held(field: HTMLInputElement & HTMLSelectElement, name: Told): string {
  if (name !== 'selected') return `${field[name]}`;
  return `[${Array.from(field.options ?? [], (o, i) => (o.selected ? i : -1)).filter((i) => i >= 0).join()}]`;
}

/** Where somebody here types. */
function active(document: Document): Element | null {
  const element = document.activeElement;
  return element === document.body ? null : element;
}

const isCount = (v: unknown): v is number => Number.isSafeInteger(v) && (v as number) >= 0;
const isSheetId = (v: unknown): v is Id => Number.isSafeInteger(v) && (v as number) < 0;

/** True in any realm. */
export function isShadow(node: Node): node is ShadowRoot {
  return node.nodeType === Node.DOCUMENT_FRAGMENT_NODE && 'host' in node;
}

/** A shadow root, or a template's content. */
const isRoot = (node: Node): boolean => node.nodeType === Node.DOCUMENT_FRAGMENT_NODE;

/** The address relative ones count from: a base element's, or the document's own. */
function base(url: string, forms: unknown[]): string {
  return resolve(findBase(forms, 0) ?? '', url);
}

function resolve(base: string, url: string): string {
  try {
    return base === '' ? url : new URL(base, url).href;
  } catch {
    return url;
  }
}

const follows = (a: Node, b: Node): boolean => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_PRECEDING) !== 0;

/** Looks for `<base href>` where it counts: in the head. */
function findBase(forms: unknown[], depth: number): string | null {
  for (const form of forms) {
    if (!Array.isArray(form) || depth > 2) continue;
    const [tag, attributes, ...children] = form as unknown[];
    if (tag === 'base' && Array.isArray(attributes)) {
      const at = attributes.indexOf('href');
      if (at >= 0 && at % 2 === 0 && typeof attributes[at + 1] === 'string') return attributes[at + 1] as string;
    }
    const found = tag === 'html' || tag === 'head' ? findBase(children, depth + 1) : null;
    if (found !== null) return found;
  }
  return null;
}

type Mover = Node & { moveBefore?(node: Node, before: Node | null): void };

/**
 * Moves a node. Moving restarts animations and drops focus at the leader too, so only what shows something of its
 * own is kept alive, where the browser can. Chromium 156 hangs in layout after some moves into and out of places
 * that have no box, hence the conditions.
 */
function move(parent: Node, node: Node, before: Node | null): void {
  const mover = parent as Mover;
  if (mover.moveBefore !== undefined && isAlive(node) && plain(parent) && plain(node.parentNode)) {
    try {
      return mover.moveBefore(node, before);
    } catch { /* it would close a circle, or this browser can't here: insertBefore knows */ }
  }
  parent.insertBefore(node, before);
}

const ALIVE = 'iframe, frame, video, audio';
const isAlive = (node: Node): boolean =>
  node.nodeType === Node.ELEMENT_NODE && ((node as Element).matches(ALIVE) || (node as Element).querySelector(ALIVE) !== null);

/** An element that is laid out together with its children. */
const plain = (node: Node | null): boolean =>
  node?.nodeType === Node.ELEMENT_NODE && (node as Element).shadowRoot === null && node.getRootNode() === node.ownerDocument
  && (node as Element).checkVisibility() && !(node as Element).matches('input, select, textarea');

function reload(element: Element, name: string): void {
  const value = element.getAttribute(name);
  if (value === null || !element.isConnected) return;
  element.removeAttribute(name);
  element.setAttribute(name, value);
}

function setValue(control: HTMLInputElement, value: string): void {
  if (control.type !== 'file' && control.value !== value) control.value = value;
}

function select(element: HTMLSelectElement, indexes: unknown): void {
  if (element.localName !== 'select' || !Array.isArray(indexes)) throw new Invalid('select');
  if (!element.multiple) {
    element.selectedIndex = isCount(indexes[0]) ? indexes[0] : -1;
    return;
  }
  const options = element.options;
  for (let i = 0; i < options.length; i++) options[i]!.selected = indexes.includes(i);
}

/** Files by their names only; the browser shows these. */
function setFiles(input: HTMLInputElement, names: unknown): void {
  if (input.type !== 'file' || !Array.isArray(names) || names.length > 1000) throw new Invalid('files');
  const transfer = new DataTransfer();
  for (const name of names) transfer.items.add(new File([], String(name)));
  input.files = transfer.files;
}

function modal(dialog: HTMLDialogElement, open: boolean): void {
  if (dialog.localName !== 'dialog') throw new Invalid('dialog');
  if (!open) return dialog.close();
  if (dialog.matches(':modal')) return;
  dialog.removeAttribute('open');
  dialog.showModal();
}

function popover(element: HTMLElement, open: boolean): void {
  if (!element.hasAttribute('popover')) return; // it lost the attribute meanwhile, and with it its place
  const shown = element.matches(':popover-open');
  if (open && !shown) element.showPopover();
  else if (!open && shown) element.hidePopover();
}

export function scrollTo(window: Window, node: Node, x: number, y: number): void {
  if (node.nodeType === Node.DOCUMENT_NODE) {
    if (window.scrollX !== x || window.scrollY !== y) window.scrollTo({ left: x, top: y, behavior: 'instant' });
    return;
  }
  const element = node as Element;
  if (element.scrollLeft !== x || element.scrollTop !== y) element.scrollTo({ left: x, top: y, behavior: 'instant' });
}

const internalsOf = new WeakMap<Element, ElementInternals>();

/** A class that keeps its internals is enough for :defined and :state(). Names this browser refuses stay undefined. */
function define(window: Window, named: string): void {
  const formAssociated = named.startsWith('form:');
  const name = formAssociated ? named.slice(5) : named;
  if (window.customElements.get(name) !== undefined) return;
  try {
    window.customElements.define(name, class extends window.HTMLElement {
      static formAssociated = formAssociated;
      constructor() {
        super();
        internalsOf.set(this, this.attachInternals());
      }
    });
  } catch { /* as above */ }
}

function setStates(element: Element, names: unknown): void {
  const states = internalsOf.get(element)?.states;
  if (states === undefined || !Array.isArray(names)) return;
  states.clear();
  for (const name of names) states.add(String(name));
}

/** A custom element of forms is valid or not, as its own class said at the leader. */
function invalidate(element: Element, message: string): void {
  try {
    internalsOf.get(element)?.setValidity(message === '' ? {} : { customError: true }, message);
  } catch { /* its class is not of forms */ }
}

/** Selects in a text control without going there. */
function selectIn(node: Node | null, start: number, end: number): void {
  const control = node as HTMLInputElement | null;
  try {
    control?.setSelectionRange?.(start, end);
  } catch { /* a control without a selection */ }
}

/** The element that has the focus when a caret is in a text of it. */
function focusable(node: Node | null): Element | null {
  if (node === null || node.nodeType === Node.ELEMENT_NODE) return node as Element | null;
  const edited = node.parentElement?.closest('[contenteditable]');
  return edited ?? node.parentElement;
}

function register(window: Window, addresses: Addresses, name: unknown, syntax: unknown, inherits: unknown, initial: unknown): void {
  const definition: PropertyDefinition = { name: String(name), syntax: String(syntax), inherits: inherits === true };
  if (typeof initial === 'string') definition.initialValue = addresses.css(initial);
  try {
    window.CSS.registerProperty(definition);
  } catch { /* it is registered already, for the document that was here before */ }
}
