// The leader's side of the mirror: watches one document and tells followers
// what they need to build it again and keep it in step.
//
// Nothing of this shows in the page: no element, no attribute, no global. A
// failure here stays here. What is masked is replaced before it is queued.

import type { State } from '../digest';
import { MASK, type Id, type Op } from '../ops';
import type { Box, FromDocument } from '../port';
import type { DocumentRule } from '../pages';
import type { Realm } from '../realm';
import { Secrets } from '../secrets';
import { Animations } from './animations';
import { Blobs } from './blobs';
import { Boxes } from './boxes';
import { Canvases } from './canvases';
import { Controls } from './controls';
import { isChosen, mirrored } from './attributes';
import { Definitions } from './definitions';
import { Digests } from './digests';
import {
  areaValue, attribute, box, clientHeight, clientLeft, clientTop, clientWidth, currentSrc, documentElement, findAll, getter, guard, hasAttribute, hrefOf, inputValue,
  isElement, isHTML, isText, later, listen, localName, method, now, Observer, observe, pathOf, queryFirst, readyState, shadowOf, sheetOf, takeRecords, textContent,
  targetOf, titleOf, up,
} from './dom';
import { encode } from './encode';
import { Films } from './films';
import { Focus } from './focus';
import { Fonts } from './fonts';
import { Frames, isFrame } from './frames';
import { slice as cutText } from '../natives';
import { hook } from './hooks';
import type { Needs } from './needs';
import { Highlights } from './highlights';
import { Icon } from './icon';
import { Internals } from './internals';
import { BLOCKED, HIDDEN, hiddenStyles, isTelling, Masks, PRIVATE, type Level } from './mask';
import { Media, MEDIA_EVENTS } from './media';
import { reportPointer, type Pointing } from './pointers';
import { boxesOf, reportSelection } from './selection';
import type { Entry } from './nodes';
import type { RuleOp } from './rules';
import { Scrolls } from './scrolls';
import { Sheets } from './sheets';
import { Slots } from './slots';
import { STATE_EVENTS, States } from './states';
import { TopLayer } from './toplayer';
import { Tree } from './tree';
import { Veils } from './veils';
import { reportEditing } from './editing';
import { Viewport } from './viewport';
import { wiggleFrames, wiggleTiming } from '../wiggle';

const FLUSH_MS = 16;
const FLUSH_MOST_MS = 50;
/** While a page is still coming: nobody acts on it yet, and larger pieces take fewer bytes. */
const LOADING_MS = 100;
const SWEEP_MS = 250;
/** New nodes that are told at once; more than these would hold up the page. */
const SLICE = 2000;
/** Until the next of them: the page goes first. */
const SLICE_MS = 5;
const TITLE_MOST = 1000;
const YOUNG_MS = 8000;
/** Characters of a dialog's text, of what is copied, and of a file's name. */
const MOST_TEXT = 2000;
const MOST_COPIED = 100_000;
const MOST_NAME = 200;

const WATCHED: MutationObserverInit = {
  childList: true, subtree: true, attributes: true, attributeOldValue: true, characterData: true, characterDataOldValue: true,
};

const styleOf = method<[Element], CSSStyleDeclaration>(globalThis, 'getComputedStyle');
const animate = method<[Keyframe[], KeyframeAnimationOptions], Animation>(Element.prototype, 'animate');
const baseOf = getter<string>(Node.prototype, 'baseURI');
const NativeURL = URL;

export interface RecorderOptions {
  realm: Realm;
  document: Document;
  /** Takes a message to the shell. */
  send(message: FromDocument): void;
  /** How many new nodes are told at once. */
  slice?: number;
  /** What the page needs its visitor for. */
  needs: Needs;
  /** How much is told of what a frame of the document shows. */
  around?(window: Window, doc: number, level: Level): void;
}

export class Recorder {
  private readonly realm: Realm;
  private readonly document: Document;
  private readonly send: (message: FromDocument) => void;
  private readonly slice: number;
  private readonly masks = new Masks(() => this.gaveUp());
  /** All has to be told anew, hidden. */
  private hidden = false;
  private readonly secrets = new Secrets((secret, before) => this.send({ type: 'secret', secret, ...(before && { before }) }));
  private readonly sizes = new Boxes();
  private readonly veils: Veils;
  private readonly blobs: Blobs;
  private readonly controls: Controls;
  private readonly scrolls: Scrolls;
  private readonly focus: Focus;
  private readonly media: Media;
  private readonly top: TopLayer;
  private readonly canvases: Canvases;
  private readonly films: Films;
  private readonly sheets: Sheets;
  private readonly animations: Animations;
  private readonly fonts: Fonts;
  private readonly highlights: Highlights;
  private readonly internals: Internals;
  private readonly slots: Slots;
  private readonly states: States;
  private readonly definitions = new Definitions();
  private readonly frames: Frames;
  private readonly icon: Icon;
  private readonly tree: Tree;
  private readonly digests: Digests;
  private readonly pointing: Pointing;
  private readonly observer: MutationObserver;
  private readonly roots = new WeakSet<Node>();

  private running = false;
  private held = false;
  private started = 0;
  private scheduled = false;
  private lastCost = 0;
  private page = '';
  /** Of a tab's own document. */
  private readonly viewport: Viewport | null;
  /** What relative addresses count from for followers: where the document began, whatever it calls itself since. */
  private base = '';
  private readonly began: string;
  private whole = false;

  constructor({ realm, document, send, needs, around, slice }: RecorderOptions) {
    this.slice = slice ?? SLICE;
    this.realm = realm;
    this.document = document;
    this.send = send;
    this.began = this.realm.urls.unmap((document.location as Location | null)?.href ?? '');
    const entry = (node: Node) => this.tree.nodes.of(node);
    this.icon = new Icon(document);
    this.blobs = new Blobs((message) => this.running && send(message));
    this.veils = new Veils(() => realm.global as Window, () => this.masks.base, (message) => this.running && send(message));
    this.frames = new Frames(document, (window, doc, level) => around?.(window, doc, level), () => this.masks.hides);
    this.controls = new Controls(this.secrets, entry, (name) => this.send({ type: 'secret', name }));
    this.scrolls = new Scrolls(entry);
    this.focus = new Focus(document, (node) => this.tree.level(node), entry);
    this.media = new Media(entry);
    this.top = new TopLayer(entry);
    this.canvases = new Canvases(entry);
    this.films = new Films(document);
    this.sheets = new Sheets({ entry, restore: (text) => this.restoreRule(text) });
    this.animations = new Animations(document, entry, (text) => this.restoreRule(text), () => this.schedule());
    this.highlights = new Highlights(() => (realm.global as { CSS?: { highlights?: object } }).CSS?.highlights, entry);
    this.internals = new Internals(entry);
    this.slots = new Slots(entry);
    this.states = new States(document, entry);
    this.fonts = new Fonts({
      document,
      restore: (text) => this.restoreRule(text),
      blob: (bytes, again) => this.blobs.name(bytes, again),
      again: () => this.schedule(),
    });
    this.tree = new Tree({
      document,
      masks: this.masks,
      secrets: { hide: (text) => this.secrets.hide(text), saw: (text, level) => this.saw(text, level) },
      boxStyle: (element) => this.sizes.style(element),
      boxed: (entry) => this.boxed(entry),
      restore: (text, element, name) => this.restore(text, element, name),
      // What a follower needs first comes first: definitions and sheets before what they style.
      parts: [
        this.icon, this.definitions, this.fonts, this.sheets, this.slots, this.internals, this.controls, this.canvases, this.media, this.films, this.frames, this.sizes, this.veils,
        this.top, this.states, this.animations, this.highlights, this.focus, this.scrolls,
      ],
      root: (root) => this.watch(root),
    });
    this.digests = new Digests({
      document,
      id: (node) => this.id(node),
      state: (element) => this.stateOf(element),
      // What is told of them is not what they are when something is hidden, and a digest would tell of it.
      sheets: () => (this.masks.hides || this.secrets.any ? [] : this.sheets.changedOnes()),
      kids: (node) => this.tree.kids(node),
      names: (element, own) => (this.tree.level(element) === BLOCKED && !own.includes('style') ? [...own, 'style'] : own),
      text: (node) => this.tree.told(node),
      mirrored: (element, name) => mirrored({ ...this.tree.ctx, restore: (text) => this.restoreRule(text) }, element, name, this.tree.level(element)),
    });
    this.observer = new Observer((records) => {
      guard(() => this.tree.mark(records), undefined);
      this.schedule();
    });
    this.watch(document);
    this.viewport = realm.main && realm.parent === undefined ? new Viewport(realm, (message) => this.running && send(message)) : null;
    this.listenToWindow();
    hook(realm, this.noted(), this.needed(needs));
    const about = {
      realm, document, id: (node: Node) => this.id(node), node: (id: Id) => this.node(id), masked: (node: Node) => this.masked(node),
      send, running: () => this.running,
    };
    this.pointing = reportPointer(about);
    reportSelection(about);
    reportEditing(about);
  }

  /** Begins to send, with a snapshot. */
  start(): void {
    this.running = true;
    this.held = false;
    this.started = now();
    this.page = '';
    this.viewport?.restart();
    this.snapshot();
    this.sweepOn();
  }

  /** Keeps what is new for later, or no longer. */
  hold(on: boolean): void {
    this.held = on;
    if (!on) this.schedule();
  }

  /** Ends sending, until the next start. */
  stop(): void {
    this.running = false;
  }

  /** What earlier documents of the site have masked. */
  recall(secrets: string[]): void {
    for (const secret of secrets) this.secrets.note(secret);
  }

  /** How the operator wants pages to be treated. */
  rules(rules: DocumentRule[]): void {
    if (this.masks.rules(rules)) this.snapshot();
  }

  /** How much may be told of the document, because of where it is shown. */
  surround(level: Level): void {
    if (this.masks.surround(level)) this.snapshot();
  }

  /** The rules take too long to match: the page is hidden, and whoever wrote them is told. */
  private gaveUp(): void {
    this.hidden = true;
    later(() => {
      this.flush();
      this.realm.post('/.tandem/report', JSON.stringify({ 'csp-report': { 'effective-directive': 'slow-rules', 'document-uri': this.document.location?.href } }));
    });
  }

  snapshot(): void {
    if (!this.running) return;
    this.hidden = false;
    takeRecords(this.observer);
    this.masks.at(this.path());
    this.findSecrets();
    this.viewport?.report(); // styles follow from it
    this.base = this.followersBase();
    this.whole = true;
    this.digests.restart();
    this.emit(() => this.tree.snapshot());
    this.whole = false;
    this.reportPage();
  }

  /** Sends an element again, with all below it, or (deep) digests to find out what in it differs. */
  again(node: Id, deep = false): void {
    if (!this.running) return;
    const element = this.node(node);
    if (deep && !this.held && element !== null && isElement(element)) {
      const ops: Op[] = [];
      this.flush();
      this.digests.narrow(element, ops);
      if (ops.length > 0) return this.emit(() => ops);
    }
    guard(() => this.tree.mark(takeRecords(this.observer)), undefined);
    if (element === documentElement(this.document)) this.scrolls.touch(this.document); // digests have the window's place there
    this.emit(() => this.tree.again(node));
  }

  /** Sends a sheet's rules again, as they are. */
  againSheet(id: Id): void {
    if (!this.running || this.held) return;
    this.flush();
    this.emit(() => this.sheets.again(id) ?? this.tree.again(id));
  }

  /** Followers can't load a film, and want pictures of it. */
  film(id: Id): void {
    const node = this.node(id);
    if (node !== null) this.films.want(node);
  }

  private stateOf(element: Element): State {
    const told = this.controls.told(element);
    const scroll = this.scrolls.told(element === documentElement(this.document) ? this.document : element);
    return scroll === undefined ? told : { ...told, scroll };
  }

  /** Sends all that followers do not know yet. */
  flush(): void {
    this.flushUpTo(Infinity);
  }

  /** Flushes after an input. That it moved a caret is told by an event that comes later. */
  performed(): void {
    this.focus.touch();
    this.flush();
  }

  /** Sends what followers do not know yet, and of a lot of new nodes the first; the rest follows by and by. */
  flushSome(): void {
    this.flushUpTo(this.slice);
    this.goOn();
  }

  private flushUpTo(room: number): void {
    if (!this.running || this.held) return;
    // A page that moves to another address may be treated otherwise there.
    if (this.masks.at(this.path()) || this.hidden) return this.snapshot();
    guard(() => this.controls.recall(), undefined);
    guard(() => this.tree.mark(takeRecords(this.observer)), undefined);
    this.emit(() => this.tree.flush(room));
    if (this.tree.complete) this.whole = false;
    this.reportPage();
  }

  private goOn(): void {
    if (this.tree.complete) this.whole = false;
    else this.schedule(SLICE_MS);
  }

  node(id: Id): Node | null {
    return this.tree.nodes.byNumber(id)?.node ?? null;
  }

  /** 0 for what followers do not have. */
  id(node: Node): Id {
    return this.tree.nodes.of(node)?.id ?? 0;
  }

  /** Whether a text holds what followers are not to read. */
  secret(text: string): boolean {
    return this.secrets.hide(text) !== text;
  }

  /** Whether followers do not see what is in a node. */
  masked(node: Node): boolean {
    return this.masks.masked(node);
  }

  /** Whether followers may not change a node, as they do not see what is in it. */
  sealed(node: Node): boolean {
    return this.masks.masked(node) && !this.masks.types(node);
  }

  /** Whether a rule keeps an element for the visitor. */
  protects(element: Element): boolean {
    return this.masks.protects(element);
  }

  private path(): string | null {
    const url = this.realm.urls.unmap((this.document.location as Location | null)?.href ?? '');
    return /^https?:/.test(url) ? guard(() => new NativeURL(url).pathname, null) : null;
  }

  /** What is hidden from the beginning and may be repeated elsewhere. */
  private findSecrets(): void {
    const fields = findAll(this.document, 'input[type="password" i], input[autocomplete], textarea[autocomplete]');
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]!;
      if (this.masks.field(field) && isTelling(field)) this.secrets.holds(field, localName(field) === 'input' ? inputValue(field) : areaValue(field));
    }
  }

  /** A hidden text, which other places may repeat: numbers and addresses do not stand there for anything else. */
  private saw(text: string, level: Level): void {
    const { length } = text.trim();
    if (level >= HIDDEN && length > 4 && length <= 200 && /[\d@]/.test(text)) this.secrets.note(text);
  }

  private boxed(entry: Entry): void {
    this.frames.boxed(entry);
    this.saw(textContent(entry.node) ?? '', BLOCKED);
  }

  /** A page writes on a canvas. With a secret on it, nobody sees it. */
  private wrote(canvas: Node, text: string): void {
    this.controls.recall();
    if (this.secrets.hide(text) === text) return;
    this.masks.keep(canvas, BLOCKED);
    this.tree.touch(canvas as Element, 'style');
    this.schedule();
  }

  /** A window, which may be a frame's of this document, shows a document. */
  shows(window: Window, doc: number): void {
    if (this.frames.shows(window, doc)) this.schedule();
  }

  /** Whether the visitor's presses put frames around elements. */
  frame(on: boolean): void {
    this.pointing.frame(on);
  }

  /** Where a text is now that somebody selected. */
  boxes(sel: readonly number[]): Box[] {
    return boxesOf({ document: this.document, node: (id) => this.node(id) }, sel);
  }

  wiggle(id: Id): void {
    const node = this.node(id);
    const element = node !== null && isText(node) ? up(node) : node;
    if (element !== null && isElement(element)) animate(element, wiggleFrames, wiggleTiming);
  }

  /** Where a place inside a node is now; null when the node has no box. */
  locate(id: Id, fx: number, fy: number): { x: number; y: number; box?: Box } | null {
    let node = this.node(id);
    if (node !== null && isText(node)) node = up(node);
    const element = node !== null && isElement(node) ? node : documentElement(this.document);
    if (element === null) return null;
    const { left, top, width, height } = box(element);
    const at = { x: left + fx * width, y: top + fy * height };
    return isFrame(element) ? { ...at, box: contentBox(element, left, top) } : at;
  }

  // --- watching

  private watch(root: Document | ShadowRoot): void {
    observe(this.observer, root, WATCHED);
    if (this.roots.has(root)) return;
    this.roots.add(root);
    const on = (type: string, handle: (target: Node, event: Event) => void) => {
      const listener = (event: Event) => {
        guard(() => handle((pathOf(event)[0] ?? targetOf(event)) as Node, event), undefined);
        this.schedule();
      };
      if (root === this.document) this.realm.listen(() => root, type, listener, { capture: true, passive: true });
      else listen(root, type, listener, { capture: true, passive: true });
    };
    on('scroll', (target) => {
      this.scrolls.touch(target);
      this.veils.soon();
    });
    for (const type of ['input', 'change']) on(type, (target) => this.controls.touch(target));
    on('reset', () => this.controls.touchAll());
    for (const type of ['focusin', 'focusout', 'selectionchange', 'select']) on(type, () => this.focus.touch());
    on('invalid', (target) => this.controls.touch(target));
    on('focusout', (target) => this.controls.touch(target)); // it may be judged now
    for (const type of STATE_EVENTS) on(type, (target, event) => this.states.touch(event, target));
    for (const type of ['animationstart', 'animationend', 'animationcancel']) on(type, (target) => this.animations.touch(target));
    for (const type of ['beforetoggle', 'toggle', 'close']) on(type, (target, event) => this.top.told(target, event));
    for (const type of MEDIA_EVENTS) on(type, (target) => this.media.touch(target));
    for (const type of ['load', 'error']) on(type, (target) => this.loaded(target, type));
    if (root === this.document) on('DOMContentLoaded', () => this.findShadows());
  }

  /**
   * A sheet has come, or the browser has chosen a picture, even if it could not load it. Of a new page's many pictures
   * followers know the addresses, and try them again by themselves.
   */
  private loaded(target: Node, type: string): void {
    if (!isElement(target) || !isHTML(target)) return;
    const name = localName(target);
    if (name === 'link' || name === 'style') this.sheets.touch(target);
    // Followers can have it only now; those who asked too early ask again.
    if (name === 'link' && hasAttribute(target, 'href')) this.tree.touch(target, 'href');
    if (name === 'img' && (isChosen(target) || (type === 'load' && now() - this.started > YOUNG_MS))) this.tree.touch(target, 'src');
  }

  /** The parser attaches declarative shadow roots without telling observers. */
  private findShadows(): void {
    for (const { node, kids } of this.tree.nodes.all()) {
      const root = isElement(node) ? shadowOf(node) : null;
      if (root !== null && kids[0]?.node !== root) this.tree.touchChildren(node);
    }
  }

  private listenToWindow(): void {
    const on = (type: string, handle: () => void) =>
      this.realm.listen(() => this.realm.global as Window, type, () => guard(handle, undefined), { capture: true, passive: true });
    for (const type of ['popstate', 'hashchange', 'load']) {
      on(type, () => {
        this.states.recheck('target');
        this.schedule();
      });
    }
  }

  /** The page replaced the document in place (document.open), which has dropped what it could of us. */
  reopened(): void {
    observe(this.observer, this.document, WATCHED);
    this.tree.touchChildren(this.document);
    this.schedule();
  }

  private noted() {
    const soon = <A extends unknown[]>(note: (...args: A) => void) => (...args: A): void => {
      note(...args);
      this.schedule();
    };
    return {
      shadow: soon((host: Element) => this.tree.touchChildren(host)),
      control: soon((node: Node) => this.controls.touch(node)),
      rule: soon((sheet: CSSStyleSheet, op: RuleOp) => this.sheets.changed(sheet, op)),
      within: soon((rule: CSSRule, op: (path: number[]) => RuleOp) => this.sheets.ruleChanged(rule, op)),
      suspect: soon((rule: CSSRule) => this.sheets.suspect(rule)),
      switched: soon((sheet: CSSStyleSheet) => this.sheets.switched(sheet)),
      adopted: () => this.schedule(),
      raised: soon((node: Node) => this.top.touch(node)),
      drawn: (canvas: Node) => this.canvases.touch(canvas), // the sweep takes its picture
      wrote: (canvas: Node, text: string) => this.wrote(canvas, text),
      handedOver: (canvas: Node) => this.canvases.handedOver(canvas),
      defined: soon((name: string) => this.definitions.defined(name)),
      registered: soon((definition: PropertyDefinition) => this.definitions.registered(definition)),
      animated: soon((node?: Node) => this.animations.touch(node)),
      highlighted: soon(() => this.highlights.touch()),
      fonts: soon(() => this.fonts.touch()),
      assigned: soon((slot: Node) => this.slots.touch(slot)),
      internals: soon((host: Element) => this.internals.touch(host)),
      editing: soon(() => this.states.recheck('editing')),
      navigated: () => this.schedule(),
    };
  }

  /** Nobody hears of what happens before the shell has taken up the document. */
  private needed(needs: Needs): Needs {
    return {
      dialog: (kind, text) => { if (this.running) needs.dialog(kind, this.shown(cutText(text, 0, MOST_TEXT))); },
      answered: ok => { if (this.running) needs.answered(ok); },
      wish: (kind, text, answer) => this.running && text.length <= MOST_COPIED && needs.wish(kind, text, answer),
      saves: name => { if (this.running) needs.saves(this.shown(cutText(name, 0, MOST_NAME))); },
    };
  }

  // --- sending

  private schedule(slice = 0): void {
    if (this.scheduled || !this.running || this.held) return;
    this.scheduled = true;
    const pace = readyState(this.document) === 'loading' ? LOADING_MS : Math.min(FLUSH_MOST_MS, Math.max(FLUSH_MS, 3 * this.lastCost));
    later(() => {
      this.scheduled = false;
      this.flushSome();
    }, slice || pace);
  }

  private sweepOn(): void {
    if (!this.running) return;
    guard(() => {
      const found = [this.controls.sweep(), this.sheets.sweep(), this.canvases.due(), this.films.due(), this.sizes.due()];
      if (found.includes(true)) this.schedule();
      this.veils.sweep();
      this.tell((ops) => this.digests.collect(ops));
    }, undefined);
    later(() => this.sweepOn(), SWEEP_MS);
  }

  /** Sends digests of all there is, for others to compare now. */
  check(): void {
    this.tell((ops) => this.digests.round(ops));
  }

  private tell(digests: (ops: Op[]) => void): void {
    if (this.running && this.digests.due) this.scrolls.check();
    this.flushSome(); // digests are of what followers have been told
    if (!this.running || this.held || !this.tree.complete) return;
    this.emit(() => {
      const ops: Op[] = [];
      digests(ops);
      return ops;
    });
  }

  private emit(collect: () => Op[]): void {
    const begun = now();
    let ops: Op[];
    try {
      ops = collect();
    } catch {
      ops = guard(() => this.tree.snapshot(), []); // whatever confused us, the document as it is can still be told
    }
    if (ops.length > 0) this.send({ type: 'ops', ops: encode(ops) });
    this.lastCost = now() - begun;
  }

  private followersBase(): string {
    if (!/^https?:/.test(this.began)) return '';
    const base = queryFirst(this.document, 'base[href]');
    const began = this.masks.base >= PRIVATE ? new NativeURL(this.began).origin + '/' : this.began;
    return this.resolve((base && attribute(base, 'href')) ?? '', began);
  }

  private resolve(url: string, base: string): string {
    return guard(() => new NativeURL(url, base).href, url);
  }

  /** Pages that change their address (History.pushState, a new base) go on naming things by relative ones. */
  private moved(text: string, element: Element, name: string): string {
    const tag = localName(element);
    const names = name === 'href' ? tag === 'link' || tag === 'image' || tag === 'use' : name === 'src' || name === 'poster';
    if (!names || this.base === '' || /^\s*(?:[a-z][a-z0-9+.-]*:|#|$)/i.test(text)) return text;
    const base = this.realm.urls.unmap(baseOf(this.document));
    if (base === this.base) return text;
    // What was loaded before the address changed is still that.
    const loaded = !this.whole ? '' : tag === 'link' ? hrefOf(sheetOf(element)) : tag === 'img' ? currentSrc(element) : '';
    return loaded || this.resolve(text, base);
  }

  private restore(text: string, element: Element, name: string): string | null {
    const shown = this.blobs.restore(this.moved(text, element, name), () => {
      if (name !== '') this.tree.touch(element, name);
      else this.tree.touchText(element);
      this.schedule();
    });
    if (shown === null) return null;
    const out = this.realm.urls.unmapText(shown);
    return name === '' ? this.styles(out) : out;
  }

  private restoreRule(text: string): string {
    return this.styles(this.realm.urls.unmapText(this.blobs.restore(text, () => undefined) ?? text));
  }

  /** A style sheet's text without what must not be written into the page by it. */
  private styles(css: string): string {
    return this.secrets.hide(this.masks.hides ? hiddenStyles(css) : css);
  }

  /** What people read of the page outside of it. */
  private shown(text: string): string {
    guard(() => this.controls.recall(), undefined);
    return this.masks.base >= PRIVATE && text !== '' ? MASK : this.secrets.hide(text);
  }

  private reportPage(): void {
    if (!this.realm.main || this.realm.parent !== undefined) return;
    const page = guard(() => this.describe(), null);
    if (page === null) return;
    const text = page.url + '\n' + page.title + '\n' + page.icon;
    if (text === this.page) return;
    this.page = text;
    this.send({ type: 'page', ...page });
  }

  private describe(): { url: string; title: string; icon: string } {
    const element = queryFirst(this.document, 'title');
    const title = titleOf(this.document).slice(0, TITLE_MOST);
    return {
      url: this.realm.urls.unmap((this.document.location as Location).href), // the shell takes out of it what is nobody's business
      title: element !== null && this.masks.masked(element) && title !== '' ? MASK : this.shown(title),
      icon: this.masks.base >= PRIVATE ? '' : this.realm.urls.unmap(this.icon.address),
    };
  }

}

function contentBox(frame: Element, left: number, top: number): Box {
  const style = styleOf(globalThis, frame);
  const px = (length: string) => Number.parseFloat(length) || 0;
  const [l, t, r, b] = [px(style.paddingLeft), px(style.paddingTop), px(style.paddingRight), px(style.paddingBottom)];
  return {
    x: left + clientLeft(frame) + l,
    y: top + clientTop(frame) + t,
    width: clientWidth(frame) - l - r,
    height: clientHeight(frame) - t - b,
  };
}
