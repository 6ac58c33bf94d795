// The follower's picture of the session: which documents there are, which
// frame each is shown in, and what goes back to the leader.

import { attachCapture, type Capture } from '../input/capture';
import { SNAPSHOT, type Mode } from '../ops';
import { granted, type FromRenderer, type Right, type ToAgent } from '../protocol';
import { isMasked, takesText } from './build';
import { Answers } from './media';
import { isShadow, Mirror } from './mirror';
import { Scrolling } from './scrolling';
import type { Labels } from './sheets';
import type { Stage } from './stage';
import { wiggleFrames, wiggleTiming } from '../wiggle';
import type { Rect, Stroke, StrokeKind } from '../ui/marks';

/** How long a page may be without its style sheets before it is shown all the same. */
const STYLE_MS = 1000;
/** Changes waiting for a frame; more than these, and a new snapshot is cheaper. */
const MOST_WAITING = 2000;
/** How long a server that could not be reached is left alone. */
const AGAIN_MS = 1000;
const MOST_BOXES = 200;
/** Between two wishes for a whole document: one that can never be shown right must not keep the server busy. */
const RESYNC_MS = 5000;
/** Scrolling goes on for so long after a wheel was turned. */
const KEPT_MS = 400;
/** Answers to media queries that change together come within this. */
const READ_MS = 50;

export interface RendererOptions {
  key: string;
  /** The follower's own id. */
  you: string;
  stage: Stage;
  labels: Labels;
  /** What the follower may do when the session begins. */
  rights: readonly Right[];
  send(message: FromRenderer): void;
  /** Makes a frame whose document is empty, of a mode, and runs no script; it need not be in the page yet. */
  frame(mode: Mode): HTMLIFrameElement;
}

interface Doc {
  readonly id: number;
  readonly tab: number;
  /** Null for a tab's own document. */
  readonly parent: number | null;
  readonly url: string;
  frame: HTMLElement | null;
  mirror: Mirror | null;
  capture: Capture | null;
  waiting: unknown[][];
  /** Something did not fit: nothing is applied until a snapshot comes. */
  broken: boolean;
  /** How often elements were asked for since they were right. */
  readonly asked: Map<number, number>;
  /** When the whole was asked for last. */
  resynced: number;
}

interface Tab {
  /** What is shown, perhaps of a document that has gone: what is done there is still told, and refused. */
  shown: HTMLIFrameElement | null;
  /** The follower's hands on it. */
  capture: Capture | null;
}

type Of<T extends ToAgent['type']> = Extract<ToAgent, { type: T }>;

export class Renderer {
  private readonly docs = new Map<number, Doc>();
  private readonly tabs = new Map<number, Tab>();
  private readonly pointers = new Map<string, Of<'pointer'>>();
  private readonly answers = new Answers();
  private active = 0;
  private reading = 0;
  private inputs = 0;
  private applying = false;
  private placing = false;
  private emptying = false;
  /** How the follower may act in the page. */
  private may = new Set<Right>();
  private framing = false;
  /** What the follower scrolled last, and when the leader's page last kept a wheel for itself. */
  private last: { doc: number; node: number } | null = null;
  private kept = -KEPT_MS;
  /** Whether both scroll together; else the follower looks around alone. */
  private following = true;

  constructor(private readonly options: RendererOptions) {
    this.allow(options.rights);
    options.stage.marks.options = {
      where: {
        page: () => this.page(),
        origin: async (doc) => this.boxOf(doc, 0),
        box: async (doc, node) => this.boxOf(doc, node),
        text: async (doc, selected) => this.boxesOf(doc, selected),
      },
      color: (from) => options.stage.color(from || options.you),
      name: (from) => options.stage.name(from),
      drawn: (stroke) => this.drawn(stroke),
    };
    options.stage.onLayout = () => this.place();
  }

  receive(message: ToAgent): void {
    switch (message.type) {
      case 'doc':
        return this.document(message);
      case 'ops':
        return this.ops(message.doc, message.ops);
      case 'gone':
        return this.gone(message.doc);
      case 'tabs':
        return this.showTabs(message.tabs);
      case 'view':
        return this.view(message);
      case 'mode':
        return this.allow(granted(message));
      case 'people':
        return this.options.stage.know(message.people);
      case 'pointer':
        this.pointers.set(message.from, message);
        return this.place();
      case 'mark':
        return this.mark(message, message.from);
      case 'select':
        return this.options.stage.marks.select(message.from, message.doc, message.sel ?? null);
      case 'editing':
        return this.typing(message);
      case 'draw':
        return this.options.stage.marks.draw(message.from, message);
      case 'erase':
        return this.options.stage.marks.erase();
      case 'done':
        this.done(message.n, message.sel);
        if (message.why === 'kept') this.keep();
        return;
      case 'refused':
        if (message.n !== undefined) this.done(message.n, undefined);
    }
  }

  private allow(rights: readonly Right[]): void {
    this.may = new Set(rights.filter((right) => right === 'click' || right === 'fill'));
  }

  // --- documents

  private document({ doc: id, tab, parent, url, ops }: Of<'doc'>): void {
    const known = this.docs.get(id);
    if (known === undefined) {
      const doc: Doc = {
        id, tab, parent: parent?.[0] ?? null, url: this.address(url, parent?.[0]), frame: null, mirror: null, capture: null, waiting: [],
        broken: false, asked: new Map(), resynced: -RESYNC_MS,
      };
      this.docs.set(id, doc);
      if (doc.parent === null && !this.tabs.has(tab)) this.tabs.set(tab, { shown: null, capture: null });
      if (this.active === 0) this.activate(tab);
      if (doc.parent !== null) doc.frame = this.frameOf(doc);
    }
    if (Array.isArray(ops) && ops.length > 0) this.ops(id, ops);
  }

  /** A frame's empty or inline document counts relative addresses from the document around it. */
  private address(url: string | undefined, parent: number | undefined): string {
    if (url !== undefined && /^https?:/.test(url)) return url;
    return (parent !== undefined && this.docs.get(parent)?.url) || url || 'about:blank';
  }

  private frameOf(doc: Doc): HTMLElement | null {
    const frames = this.docs.get(doc.parent!)?.mirror?.frames ?? [];
    for (const [frame, id] of frames) if (id === doc.id) return frame;
    return null;
  }

  private ops(id: number, ops: unknown): void {
    const doc = this.docs.get(id);
    if (doc === undefined || !Array.isArray(ops)) return;
    const mode = modeOf(ops);
    if (mode !== null) {
      doc.broken = false;
      doc.waiting = [];
      doc.asked.clear();
      if (doc.mirror !== null && doc.mirror.mode !== mode) doc.mirror = null;
    }
    if (doc.broken) return;
    if (doc.mirror !== null) return this.apply(doc, ops);
    if (mode === null && doc.waiting.length === 0) return; // nothing to add to
    if (doc.waiting.push(ops) > MOST_WAITING) return this.resync(doc);
    if (mode !== null) this.begin(doc, mode);
  }

  /** Finds or makes a place for a document whose snapshot has come. */
  private begin(doc: Doc, mode: Mode): void {
    if (doc.parent !== null) return this.fill(doc);
    const frame = this.options.frame(mode);
    doc.frame = frame;
    frame.addEventListener('load', () => {
      if (doc.frame !== frame || doc.mirror !== null || !this.docs.has(doc.id)) return frame.remove();
      const document = frame.contentDocument;
      if (document === null) return this.beginAgain(doc, frame);
      this.build(doc, document);
      void styled(document).then(() => this.reveal(doc, frame));
    }, { once: true });
    this.options.stage.add(frame, doc.tab);
  }

  /** What came is the browser's own error page: the server could not be reached just then. */
  private beginAgain(doc: Doc, failed: HTMLIFrameElement): void {
    setTimeout(() => {
      failed.remove();
      const mode = doc.waiting.length > 0 ? modeOf(doc.waiting[0]!) : null;
      if (doc.frame === failed && mode !== null && this.docs.get(doc.id) === doc) this.begin(doc, mode);
    }, AGAIN_MS);
  }

  /** Puts a nested document into its frame, if there is one and a snapshot to show. */
  private fill(doc: Doc): void {
    const mode = doc.waiting.length > 0 ? modeOf(doc.waiting[0]!) : null;
    const inner = doc.frame === null || mode === null ? null : this.empty(doc.frame, mode);
    if (inner !== null) this.build(doc, inner);
  }

  /** Empties a nested frame's document, in a mode. Null when the frame is not in a page. */
  private empty(frame: HTMLElement, mode: Mode): Document | null {
    const inner = documentIn(frame);
    if (inner === null) return null;
    this.emptying = true;
    inner.open();
    inner.write((mode === 'standards' ? '<!doctype html>' : '') + '<html><head></head><body></body></html>');
    inner.close();
    this.emptying = false;
    return inner;
  }

  private build(doc: Doc, document: Document): void {
    const scrolling = new Scrolling(
      () => mirror,
      (node, x, y) => this.scrolled(doc.id, node, x, y),
    );
    const mirror = new Mirror(document, {
      key: this.options.key,
      url: doc.url,
      labels: this.options.labels,
      answer: (media) => this.answers.answer(media),
      pictures: (css) => this.answers.pictures(css),
      choosesOtherwise: () => this.answers.choosesOtherwise,
      onFrame: (frame, id) => this.framed(doc, frame, id),
      onValue: (control, value) => this.value(doc, control, value),
      onMedia: (medium, state) => doc.capture?.plays(medium, state),
      onFocus: (node, start, end) => doc.capture?.focus(node, start, end),
      onScroll: (node, x, y) => !this.following || scrolling.holds(node, x, y),
      onRoot: (root) => scrolling.watch(root),
      onDifference: (node, deep) => this.differs(doc, node, deep),
      onFilm: (node) => this.options.send({ type: 'resync', doc: doc.id, node, film: true }),
      onSheet: (sheet) => doc.broken || this.options.send({ type: 'resync', doc: doc.id, sheet }),
      onAgreement: (element) => this.agrees(doc, element),
    });
    doc.mirror = mirror;
    this.listen(doc, document, scrolling);
    const waiting = doc.waiting;
    doc.waiting = [];
    for (const ops of waiting) this.apply(doc, ops);
  }

  private listen(doc: Doc, document: Document, scrolling: Scrolling): void {
    const mirror = doc.mirror!;
    scrolling.watch(document);
    document.addEventListener('load', (event) => {
      mirror.loaded(event.target as Element);
      mirror.scrollAgain();
      this.place();
    }, { capture: true, passive: true });
    document.addEventListener('error', (event) => mirror.unavailable(event.target as Element), { capture: true, passive: true });
    document.addEventListener('scroll', () => this.place(), { capture: true, passive: true });
    // A dialog is closed by the leader only.
    document.addEventListener('cancel', (event) => event.preventDefault(), { capture: true });
    doc.capture = attachCapture({
      doc: String(doc.id),
      document,
      id: (node) => mirror.id(node),
      acts: (way) => !this.applying && (way === undefined ? this.may.size > 0 : this.may.has(way)),
      frames: () => this.framing,
      masked: (node) => maskedAt(node),
      offset: () => this.offset(doc) ?? { x: 0, y: 0 },
      send: (message) => this.tell({ ...message, doc: doc.id } as FromRenderer),
      here: () => globalThis.document.hasFocus(),
      refuse: (why) => this.options.send({ type: 'explain', why }),
      next: () => ++this.inputs,
    });
  }

  private apply(doc: Doc, ops: unknown[]): void {
    this.applying = true;
    try {
      doc.capture!.around(() => doc.mirror!.apply(ops));
    } catch (error) {
      console.warn('Tandem: a change did not fit the mirror; asking for all of it again.', error);
      this.resync(doc);
    } finally {
      this.applying = false;
    }
    this.place();
  }

  /** Asks for an element again, and for the document when that did not help. */
  private differs(doc: Doc, node: number, deep: boolean): void {
    if (doc.broken) return;
    const asked = doc.asked.get(node) ?? 0;
    doc.asked.set(node, asked + 1);
    if (asked < 2) this.options.send({ type: 'resync', doc: doc.id, node, ...(deep && asked === 0 && { deep }) });
    else this.resync(doc);
  }

  private agrees(doc: Doc, element: Element): void {
    for (const id of doc.asked.keys()) {
      const node = doc.mirror?.node(id);
      if (!node?.isConnected || element.contains(node)) doc.asked.delete(id);
    }
  }

  private resync(doc: Doc): void {
    if (doc.broken) return;
    doc.broken = true;
    doc.waiting = [];
    const wait = Math.max(0, doc.resynced + RESYNC_MS - performance.now());
    doc.resynced = performance.now() + wait;
    const ask = () => {
      if (doc.broken && this.docs.get(doc.id) === doc) this.options.send({ type: 'resync', doc: doc.id });
    };
    if (wait > 0) setTimeout(ask, wait);
    else ask();
  }

  /**
   * A frame of a mirrored document shows a document, or was moved and has lost what it showed. Which one, a page may
   * say; it is shown in its parent only, as the shell has it from the browser.
   */
  private framed(parent: Doc, frame: HTMLElement, id: number): void {
    const doc = this.docs.get(id);
    if (doc === undefined || doc.parent !== parent.id) return;
    doc.frame = frame;
    if (this.emptying) return; // that it has loaded is our doing
    if (doc.mirror === null) return this.fill(doc);
    if (documentIn(frame) === doc.mirror.document) return;
    const inner = this.empty(frame, doc.mirror.mode!);
    if (inner === null) return;
    doc.mirror.move(inner);
    this.listen(doc, inner, new Scrolling(() => doc.mirror!, (node, x, y) => this.scrolled(id, node, x, y)));
    for (const [nested, shows] of doc.mirror.frames) this.framed(doc, nested, shows);
  }

  private gone(id: number): void {
    const doc = this.docs.get(id);
    if (doc === undefined) return;
    this.docs.delete(id);
    this.options.stage.marks.gone(id);
    // What was shown last stays in view until there is something else to show.
    const shown = this.tabs.get(doc.tab)?.shown;
    if (doc.parent === null && doc.frame !== null && doc.frame !== shown) doc.frame.remove();
  }

  // --- tabs

  private reveal(doc: Doc, frame: HTMLIFrameElement): void {
    const tab = this.tabs.get(doc.tab);
    if (tab === undefined || this.docs.get(doc.id)?.frame !== frame) return frame.remove();
    const before = tab.shown;
    // The page the follower has just pressed on goes before the button comes up: no click will come of it.
    if (tab.capture?.presses) this.options.send({ type: 'explain', why: 'gone' });
    tab.shown = frame;
    tab.capture = doc.capture;
    if (doc.tab === this.active) this.options.stage.show(frame, doc.tab);
    if (before !== frame) before?.remove();
    this.place();
  }

  private showTabs(tabs: Of<'tabs'>['tabs']): void {
    for (const { tab } of tabs) if (!this.tabs.has(tab)) this.tabs.set(tab, { shown: null, capture: null });
    for (const [id, tab] of this.tabs) {
      if (tabs.some((t) => t.tab === id)) continue;
      tab.shown?.remove();
      this.tabs.delete(id);
      this.options.stage.forget(id);
    }
    const active = tabs.find((t) => t.active)?.tab;
    if (active !== undefined && active !== this.active) this.activate(active);
  }

  private activate(tab: number): void {
    this.active = tab;
    this.options.stage.show(this.tabs.get(tab)?.shown ?? null, tab);
  }

  // --- what the leader does

  private view(view: Of<'view'>): void {
    this.options.stage.view(view.tab ?? this.active, view);
    if (view.media === undefined || !this.answers.set(view.dpr ?? 1, view.media)) return;
    // The sheets there are were told otherwise. Several answers may change at once.
    this.reading ||= setTimeout(() => {
      this.reading = 0;
      for (const doc of this.docs.values()) this.again(doc);
    }, READ_MS);
  }

  /** Wants a document whole, though nothing about it is wrong. */
  private again(doc: Doc): void {
    doc.broken = true;
    doc.waiting = [];
    this.options.send({ type: 'resync', doc: doc.id });
  }

  private value(doc: Doc, control: Element, value: string): boolean {
    const text = control.localName === 'textarea' || (control.localName === 'input' && typesText(control as HTMLInputElement));
    if (text) doc.capture?.value(control, value);
    return text && doc.capture !== null;
  }

  private done(n: number, sel: number[] | undefined): void {
    for (const doc of this.docs.values()) {
      const [anchor, focus] = sel?.length === 4 ? [doc.mirror?.node(sel[0]!), doc.mirror?.node(sel[2]!)] : [];
      doc.capture?.done(n, anchor && focus ? [[anchor, sel![1]!], [focus, sel![3]!]] : null);
    }
  }

  private typing({ from, doc: id, node }: Of<'editing'>): void {
    const doc = this.docs.get(id);
    const field = doc?.mirror?.node(node);
    if (field?.nodeType === Node.ELEMENT_NODE) doc!.capture?.joins(field as Element);
    this.options.stage.marks.typing(from, id, node);
  }

  private mark(message: Omit<Of<'mark'>, 'from'>, from: string): void {
    if (message.kind === 'frame') return this.options.stage.marks.frame(from, message.doc, message.node);
    if (message.kind === 'wiggle') return this.wiggle(message.doc, message.node);
    const at = this.point(message);
    if (at !== null) this.options.stage.ring(at.x, at.y);
  }

  private wiggle(doc: number, id: number): void {
    const node = this.docs.get(doc)?.mirror?.node(id);
    const element = node?.nodeType === Node.TEXT_NODE ? node.parentElement : (node as Element | null | undefined);
    element?.animate?.(wiggleFrames, wiggleTiming);
  }

  /** Lets the follower scroll alone, or brings them back to where the leader is. */
  follow(on: boolean): void {
    this.following = on;
    if (on) for (const doc of this.docs.values()) doc.mirror?.scrollAgain();
  }

  private scrolled(doc: number, node: number, x: number, y: number): void {
    this.last = { doc, node };
    if (performance.now() - this.kept < KEPT_MS) this.docs.get(doc)?.mirror?.scrollBack(node);
    else if (this.following) this.options.send({ type: 'scroll', doc, node, x, y });
  }

  /** The page does something else with a wheel than to scroll, which the mirror did. */
  private keep(): void {
    this.kept = performance.now();
    if (this.last !== null) this.docs.get(this.last.doc)?.mirror?.scrollBack(this.last.node);
  }

  // --- what is drawn over the page

  /** With a tool the follower's pointer draws, or puts frames around elements. */
  use(tool: StrokeKind | 'frame' | null, fade: boolean): void {
    this.framing = tool === 'frame';
    this.options.stage.marks.use(tool, fade);
  }

  /** The follower's own frames are seen at once. */
  private tell(message: FromRenderer): void {
    if (message.type === 'mark' && message.kind === 'frame') this.mark(message, this.options.you);
    this.options.send(message);
  }

  private drawn(stroke: Stroke): void {
    this.options.stage.marks.draw(this.options.you, stroke);
    this.options.send({ type: 'draw', ...stroke });
  }

  /** The document of the tab that is shown. */
  private page(): number | null {
    for (const doc of this.docs.values()) if (doc.tab === this.active && doc.parent === null && doc.mirror !== null) return doc.id;
    return null;
  }

  /** Where an element is in the viewport of the tab that is shown, the whole document for 0; null when elsewhere. */
  private boxOf(id: number, node: number): Rect | null {
    const doc = this.docs.get(id);
    const offset = doc && doc.tab === this.active ? this.offset(doc) : null;
    const element = node === 0 ? doc?.mirror?.document.documentElement : doc?.mirror?.node(node);
    if (!offset || element?.nodeType !== Node.ELEMENT_NODE || !element.isConnected) return null;
    const { x, y, width, height } = (element as Element).getBoundingClientRect();
    return { x: offset.x + x, y: offset.y + y, width, height };
  }

  private boxesOf(id: number, [anchor, from, focus, to]: readonly number[]): Rect[] {
    const doc = this.docs.get(id);
    const offset = doc && doc.tab === this.active ? this.offset(doc) : null;
    const [a, b] = [doc?.mirror?.node(anchor!), doc?.mirror?.node(focus!)];
    if (!offset || !a || !b) return [];
    const range = doc!.mirror!.document.createRange();
    try {
      range.setStart(a, from!);
      range.setEnd(b, to!);
      if (range.collapsed) { // made from its end to its start
        range.setStart(b, to!);
        range.setEnd(a, from!);
      }
    } catch {
      return []; // the page has changed meanwhile
    }
    return [...range.getClientRects()].slice(0, MOST_BOXES).map(({ x, y, width, height }) => ({ x: offset.x + x, y: offset.y + y, width, height }));
  }

  /** Puts the cursors where what they point at is now, once per frame at most. */
  private place(): void {
    if (this.placing) return;
    this.placing = true;
    requestAnimationFrame(() => {
      this.placing = false;
      this.options.stage.marks.moved();
      for (const [from, message] of this.pointers) {
        const at = this.point(message);
        if (at === null) this.options.stage.hide(from);
        else this.options.stage.point(from, at.x, at.y);
      }
    });
  }

  /** Where somebody points, in the viewport of the tab that is shown; null when that is elsewhere. */
  private point({ doc: id, node, fx, fy, x, y }: Omit<Of<'pointer'>, 'from' | 'type'>): { x: number; y: number } | null {
    const doc = this.docs.get(id);
    if (doc === undefined || doc.tab !== this.active) return null;
    const offset = this.offset(doc);
    if (offset === null) return null;
    const element = doc.mirror?.node(node);
    // Beside a node, a pointer's place in the viewport is left out.
    if (element?.nodeType !== Node.ELEMENT_NODE || !element.isConnected) return doc.parent === null && (x !== 0 || y !== 0) ? { x, y } : null;
    const box = (element as Element).getBoundingClientRect();
    return { x: offset.x + box.left + fx * box.width, y: offset.y + box.top + fy * box.height };
  }

  /** Where a document's viewport begins in its tab's. */
  private offset(doc: Doc): { x: number; y: number } | null {
    let x = 0;
    let y = 0;
    for (let at = doc; at.parent !== null;) {
      const parent = this.docs.get(at.parent);
      if (at.frame === null || parent === undefined) return null;
      const box = at.frame.getBoundingClientRect();
      const style = getComputedStyle(at.frame);
      x += box.left + at.frame.clientLeft + (Number.parseFloat(style.paddingLeft) || 0);
      y += box.top + at.frame.clientTop + (Number.parseFloat(style.paddingTop) || 0);
      at = parent;
    }
    return { x, y };
  }
}

function modeOf(ops: unknown[]): Mode | null {
  const first = ops[0];
  if (!Array.isArray(first) || first[0] !== SNAPSHOT) return null;
  return first[2] === 'quirks' ? 'quirks' : 'standards';
}

/** The document that a frame, an object or an embed element shows; the last is known to its window only. */
function documentIn(frame: HTMLElement): Document | null {
  if (frame.localName !== 'embed') return (frame as HTMLIFrameElement | HTMLObjectElement).contentDocument;
  const window = frame.ownerDocument.defaultView;
  for (let i = 0; i < (window?.length ?? 0); i++) if (window![i]!.frameElement === frame) return window![i]!.document;
  return null;
}

/** Waits for the style sheets of a document, but not for ever. */
function styled(document: Document): Promise<void> {
  const links = [...document.querySelectorAll<HTMLLinkElement>('link[rel~="stylesheet"][href]')];
  const loading = links.filter((link) => link.sheet === null && !link.hasAttribute('disabled'));
  const each = loading.map((link) => new Promise<void>((resolve) => {
    link.addEventListener('load', () => resolve(), { once: true });
    link.addEventListener('error', () => resolve(), { once: true });
  }));
  const enough = new Promise<void>((resolve) => setTimeout(resolve, STYLE_MS));
  return Promise.race([Promise.all(each).then(() => undefined), enough]);
}

function maskedAt(node: Node): boolean {
  for (let at: Node | null = node; at !== null; at = isShadow(at) ? at.host : at.parentNode) if (isMasked(at)) return !takesText(at);
  return false;
}

const TYPED = new Set(['text', 'search', 'tel', 'url', 'email', 'password', 'number']);
const typesText = (control: HTMLInputElement): boolean => control.localName === 'textarea' || TYPED.has(control.type);
