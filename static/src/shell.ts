// The visitor's page: one bar of ours above the shared site, the site's tabs as frames below it, and the link to
// the server. Nothing about the session is decided by what the frames say; they describe their pages, and the
// inputs, addresses and pointers of the others are passed to them.

import type { Input } from './input/messages';
import { Link, type LinkState } from './link';
import { parseMessage, toVisitor, type Action, type Ending, type FromDocument, type Person, type ToVisitor, type View, type Welcome } from './protocol';
import { panicKey } from './panic';
import { Documents, ownAddress, type Doc } from './shell/documents';
import { Files } from './shell/files';
import { Frames, type Tab } from './shell/frames';
import { askOther, listen } from './shell/other';
import { Moving } from './shell/moving';
import { Pointers } from './shell/pointers';
import { Sharing, type Decision } from './shell/sharing';
import { takeOver } from './shell/storage';
import { Watching, watchedTab } from './shell/watching';
import { Wishes } from './shell/wishes';
import { Veil } from './shell/veil';
import { Chat } from './ui/chat';
import { Cover } from './ui/cover';
import type { Cursors } from './ui/cursors';
import { tooOld } from './ui/browser';
import { t } from './ui/catalogue';
import { AddressBar, HistoryButtons } from './ui/navigation';
import { byId, fill, h, say } from './ui/dom';
import { icon } from './ui/icons';
import { finish } from './ui/notice';
import type { Marks } from './ui/marks';
import { Presence, type People } from './ui/people';
import type { Tabs } from './ui/tabs';
import { Since } from './ui/timer';
import type { Toasts } from './ui/toasts';
import { Tools } from './ui/tools';
import { oldBrowser, trouble } from './ui/trouble';
import { agents, blockedDetail, called, endedBy, fileWords, readable, reason } from './ui/words';
import type { Hidden, Veils } from './ui/veils';
import type { PageRule } from './pages';
import { Urls } from './url';
import './ui/cursors';
import './ui/marks';
import './ui/people';
import './ui/tabs';
import './ui/toasts';
import './ui/veils';

/** Unacknowledged bytes above which documents are no longer reported change by change, and below which they are again. */
const slow = { from: 1 << 20, until: 384 << 10, most: 3 << 20, look: 100 };
/** Changes that wait become one message up to this length. */
const mostJoined = 256 << 10;
/** A document whose script has not begun by this long after it has loaded has none. */
const standAfter = 1500; // ms
const marksEvery = 50; // ms
/** How soon after one announcement of a file another is the same: a page tells of the link, and the server of the answer. */
const onceWithin = 5000; // ms
const describeEvery = 60; // ms
const lookEvery = 80; // ms
/** Characters of blobs that are kept while sharing is paused. */
const heldAtMost = 32 << 20;
/** Inputs of which it is remembered whose they were. */
const mostActors = 200;
/** What the others do in the pages. The server passes none of it on while sharing is paused; some may be under way. */
const fromOthers = new Set<ToVisitor['type']>(['editing', 'offer', 'piece', 'input', 'scroll', 'navigate', 'go', 'activate', 'open', 'close', 'pointer', 'mark', 'select', 'draw', 'erase', 'resync']);

class Shell {
  #data = document.documentElement.dataset;
  #content = { scheme: this.#data['scheme'] ?? '', host: this.#data['content'] ?? '' };
  #urls = new Urls({ session: this.#data['session'] ?? '', content: this.#content, origin: 'https://invalid' });

  #stage = byId('stage');
  #cover = new Cover(this.#stage);
  #people = byId<People>('people');
  #address = new AddressBar(byId('address'), {
    go: url => this.#visit(url),
    wrong: () => this.#toasts.show(t('shell.no-address')),
  });
  #history = new HistoryButtons({
    go: action => { if (this.#frames.active) this.#go(this.#frames.active.id, action); },
    open: () => {
      this.#watching.show(false);
      if (!this.#frames.open(this.#startURL)) this.#toasts.show(t('shell.no-room'));
    },
  });
  #status = byId('status');
  #strip = byId<Tabs>('tabs');
  #toasts = byId<Toasts>('toasts');
  #cursors = byId<Cursors>('cursors');
  #marks = byId<Marks>('marks');
  #veils = byId<Veils>('veils');

  /** The file that was told of last. */
  #saved = { name: '', at: 0 };
  #you = '';
  #startURL = '';
  /** An agent leads here, and shows a page. */
  #showing = false;
  #present: Person[] = [];
  #stopping = false;
  #over = false;
  /** Which document an input was given to, so that only that one can say it is done. */
  #inputs = new Map<number, Doc>();
  /** Whose the last inputs were, for what the page wants of them. */
  #actors = new Map<number, { from: string; doc: Doc }>();
  #files = new Files({
    person: id => this.#person(id),
    tell: message => this.#link.send(message),
    give: ({ n, doc: id, want, node, fx, fy }, files) => {
      const doc = this.#documents.get(id);
      if (doc) this.#documents.send(doc, { type: 'files', n, want: want ?? 0, node, fx, fy, files });
      return doc !== undefined;
    },
  });
  #draining = 0;
  #lastMark = 0;
  #lastGo = 0;
  /** The part of the shared page that the visitor sees, if it is less than all. */
  #seen: number[] | null = null;
  #undescribed = new Set<Tab>();
  /** Whether the others know that a tab is loading. */
  #told = new WeakMap<Tab, boolean>();
  #describing = 0;
  /** Blobs that came up while sharing was paused: pages name each only once. */
  #held: (FromDocument & { type: 'blob' })[] = [];
  /** On a telephone the bar has no room for the button. */
  #tintChoice = h('button', { type: 'button', class: 'choice', hidden: true, click: () => this.#tint(this.#veils.hidden !== false) });
  #sharing = new Sharing({
    tint: this.#tintChoice,
    button: byId('mode'), pause: byId('pause'), about: byId('about'), question: byId('question'),
    tell: message => this.#link.send(message),
    changed: before => this.#shareChanged(before),
    move: () => this.#moving.begin(),
  });

  #veil = new Veil();
  #frames = new Frames(this.#stage, this.#urls, () => this.#tabsChanged(), tab => setTimeout(() => this.#standIn(tab), standAfter));
  #documents = new Documents({
    urls: this.#urls,
    scheme: this.#content.scheme,
    paused: () => this.#sharing.paused,
    rules: urls => this.#veil.for(urls),
    secrets: origin => this.#veil.known(origin),
    tabOf: window => this.#frames.of(window),
    onStart: doc => this.#started(doc),
    onMessage: (doc, message) => this.#fromDocument(doc, message),
    onGone: doc => this.#gone(doc),
  });
  #pointers = new Pointers(this.#cursors, this.#marks, this.#documents, () => this.#frames.active?.id, id => this.#person(id), {
    color: () => this.#person(this.#you)?.color ?? '#000000',
    drawn: stroke => {
      this.#marks.draw(this.#you, stroke);
      this.#share({ type: 'draw', ...stroke });
    },
  });
  #presence = new Presence(text => this.#toasts.show(text));
  #framing = false;
  #hidden = new Map<Doc, Hidden>();
  #veiled = h('button', { type: 'button', class: 'tool', 'data-tandem': 'veils', hidden: true, click: () => this.#tint(this.#veils.hidden !== false) }, icon('hidden'));
  #tools = new Tools({
    use: (tool, fade) => {
      const { front } = this.#watching;
      this.#watching.use(front ? tool : null, fade);
      this.#marks.use(front ? null : tool, fade);
      this.#framing = !front && tool === 'frame';
      for (const doc of this.#documents.all()) this.#documents.send(doc, { type: 'tool', frame: this.#framing });
    },
    erase: () => {
      if (this.#watching.front) return this.#watching.erase();
      this.#marks.erase();
      this.#share({ type: 'erase' });
    },
  });
  #moving = new Moving({
    place: byId('moving'),
    tell: message => this.#link.send(message),
    leftBehind: () => { this.#leftBehind = true; },
  });
  /** Some of what pages keep in this browser did not go along to another device. */
  #leftBehind = false;
  /** What pages kept in the browser before is on its way. */
  #arriving: Promise<void> | null = null;
  #wishes = new Wishes({
    place: byId('wish'),
    documents: this.#documents,
    asked: kind => this.#share({ type: 'notice', what: kind }),
    failed: text => this.#toasts.show(text),
  });
  #watching = new Watching({
    stage: this.#stage,
    question: byId('watch'),
    person: id => this.#person(id),
    tell: message => this.#link.send(message),
    changed: () => this.#tabsChanged(),
    said: text => this.#toasts.show(text),
  });
  #chat = new Chat({
    send: text => this.#link.send({ type: 'chat', text }),
    typing: on => this.#link.send({ type: 'typing', on }),
    person: id => this.#person(id),
    you: () => this.#you,
    unseen: (who, text) => this.#toasts.show(t('shell.said', { who, text })),
  });
  #link = new Link<ToVisitor>({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/.tandem/socket`,
    parse: value => parseMessage(toVisitor, value),
    onWelcome: state => this.#welcome(state),
    onMessage: message => this.#fromServer(message),
    onState: state => this.#linkChanged(state),
    ask: async () => {
      const { ok, status } = await fetch('/', { method: 'HEAD', cache: 'no-store' });
      return ok ? 'here' : status === 410 ? 'ended' : status === 403 || status === 404 ? 'refused' : null;
    },
  });

  constructor(private wanted: string) {}

  start(): void {
    byId('end').addEventListener('click', () => this.#stop());
    this.#strip.addEventListener('choose', event => this.#choose((event as CustomEvent<number>).detail));
    this.#strip.addEventListener('dismiss', event => {
      if ((event as CustomEvent<number>).detail === watchedTab) return this.#watching.close();
      const tab = this.#frames.get((event as CustomEvent<number>).detail);
      if (tab) this.#close(tab);
    });
    byId('history').append(...this.#history.buttons);
    byId('pointing').append(this.#veiled, this.#tools.button, this.#chat.button, this.#tools.palette);
    document.body.append(this.#chat.panel);
    const panic = panicKey();
    addEventListener('keydown', event => { if (panic(event.key, event.repeat, event.timeStamp)) this.#panic(); }, true);
    listen(url => this.#openWanted(url));
    document.addEventListener('securitypolicyviolation', event => this.#leftOut(event));
    this.#guardHistory();
    this.#lookCloser();
    this.#showStatus();
    this.#link.connect();
  }

  // --- the server ---

  #welcome(state: Welcome): void {
    this.#you = state.you.id;
    this.#sharing.welcomed({ mode: state.mode, paused: state.paused ?? false, rights: state.rights ?? [] }, state.offered ?? [], state.resumed, state.showing ?? false);
    this.#showing = state.showing ?? false;
    this.#chat.button.hidden = this.#showing;
    this.#startURL = state.url ?? '';
    this.#showPeople(state.people);
    this.#rules(state.rules ?? []);
    if (!state.resumed) this.#startAfresh(state.said ?? 0);
    if (this.#stopping) {
      this.#link.send({ type: 'end' });
      return;
    }
    if (state.carried) this.#arriving ??= this.#takeOver();
    if (this.#arriving) void this.#arriving.then(() => this.#openAll(state));
    else this.#openAll(state);
  }

  #openAll(state: Welcome): void {
    if (this.#over) return;
    if (this.#frames.all().length === 0) this.#openFirst(state);
    if (!state.resumed) this.#describeAll();
  }

  /** No page begins before it has what it kept on the other device. */
  async #takeOver(): Promise<void> {
    if (!(await takeOver().catch(() => false))) this.#toasts.show(t('move.not-all'));
  }

  /** The operator's rules hold at once, also in pages that are open. */
  #rules(rules: PageRule[]): void {
    if (!this.#veil.rules(rules)) return;
    for (const doc of this.#documents.all()) this.#documents.send(doc, { type: 'rules', rules: this.#documents.rules(doc) });
    if (this.#sharing.paused) return;
    for (const tab of this.#frames.all()) this.#describe(tab);
    for (const doc of this.#documents.all()) if (doc.announced) this.#announce(doc);
  }

  /** What others drew and said comes again, if it is still there. */
  #startAfresh(said: number): void {
    this.#files.clear();
    this.#marks.gone();
    this.#chat.restart(said);
  }

  #openFirst(state: Welcome): void {
    for (const tab of state.tabs ?? []) {
      this.#frames.open(sessionStorage.getItem(`told ${tab.tab} ${tab.url}`) ?? tab.url, { id: tab.tab, behind: !tab.active, ...(tab.title && { title: tab.title }) });
    }
    if (this.#frames.all().length === 0) this.#frames.open(this.#startURL);
    if (this.wanted) this.#openWanted(this.wanted);
    this.wanted = '';
  }

  #openWanted(url: string): void {
    if (!this.#frames.open(url, { foreign: true })) this.#toasts.show(t('shell.no-room'));
  }

  /** The server begins with nothing: tell it everything. */
  #describeAll(): void {
    if (this.#sharing.paused) return;
    for (const tab of this.#frames.all()) {
      this.#describe(tab);
      this.#announceStandIn(tab);
    }
    for (const doc of this.#documents.all()) {
      doc.announced = !doc.parent;
      if (doc.announced) this.#announce(doc);
      this.#resync(doc);
    }
    this.#activated();
  }

  #describe(tab: Tab): void {
    this.#told.set(tab, tab.loading);
    this.#undescribed.delete(tab);
    const url = this.#veil.address(tab.url);
    if (url !== tab.url) sessionStorage.setItem(`told ${tab.id} ${url}`, tab.url); // for when this page is loaded again
    this.#share({ type: 'tab', tab: tab.id, url, title: this.#veil.text(tab.title), ...(tab.loading && { loading: true }) });
  }

  /** Says something about what is in the pages, unless sharing is paused. When it goes on everything is told anew. */
  #share(message: object): void {
    if (!this.#sharing.paused) this.#link.send(message);
  }

  #shareChanged(before: Decision): void {
    this.#showPeople(this.#present);
    const { paused } = this.#sharing;
    if (paused === before.paused) return;
    this.#documents.all().forEach(doc => this.#documents.send(doc, { type: 'pause', paused }));
    if (paused) {
      this.#pointers.keep([]);
      this.#watching.stop();
      return;
    }
    for (const blob of this.#held.splice(0)) this.#link.send(blob);
    this.#describeAll();
  }

  /** Nothing is undone by it: whoever did not mean it goes on sharing. */
  #panic(): void {
    if (this.#over || this.#sharing.paused) return;
    this.#sharing.pause(true);
    this.#toasts.show(t('shell.panic', { agent: this.#agentName() }));
  }

  /** A page may change its title as often as it likes; the others hear of the last one. */
  #describeSoon(tab: Tab): void {
    this.#undescribed.add(tab);
    this.#describing ||= setTimeout(() => {
      this.#describing = 0;
      for (const changed of this.#undescribed) if (this.#frames.get(changed.id)) this.#describe(changed);
      this.#undescribed.clear();
    }, describeEvery);
  }

  #fromServer(message: ToVisitor): void {
    if (this.#sharing.paused && fromOthers.has(message.type)) return this.#decline(message);
    switch (message.type) {
      case 'people': return this.#showPeople(message.people);
      case 'input': return this.#input(message);
      case 'offer': return this.#files.offered(message);
      case 'piece': return this.#files.piece(message);
      case 'withdrawn': return this.#files.withdrawn(message.n);
      case 'scroll': return this.#toDoc(message.doc, doc =>
        this.#documents.send(doc, { type: 'scroll', node: message.node, x: message.x, y: message.y }));
      case 'navigate': return this.#navigate(message.tab, message.url);
      case 'go': return this.#go(message.tab, message.action);
      case 'activate': return this.#choose(message.tab);
      case 'open': return this.#openFor(message.url, message.from);
      case 'close': return this.#closeFor(message.tab);
      case 'pointer': return this.#pointers.point(message.from, message);
      case 'mark': void this.#pointers.mark(message); return;
      case 'select': return this.#marks.select(message.from, message.doc, message.sel ?? null);
      case 'editing': return this.#marks.typing(message.from, message.doc, message.node);
      case 'draw': return this.#marks.draw(message.from, message);
      case 'erase': return this.#marks.erase();
      case 'showing': return this.#watching.told(message);
      case 'moving': return this.#moving.offered(message.url, message.size, message.path);
      case 'move-asks': return this.#moving.asked(message.check, message.hosts);
      case 'chat': return this.#chat.add(message);
      case 'typing': return this.#chat.typing(message.from, message.on);
      case 'download': return this.#saves(message.name, message.bytes);
      case 'copy': return this.#toasts.show(t('copy.offer', { file: fileWords(message.name, message.bytes), agent: this.#agentName() }),
        { label: t('copy.send', { agent: this.#agentName() }), name: 'pass', press: () => this.#link.send({ type: 'pass', n: message.n }) });
      case 'resync':
        if (message.doc) this.#toDoc(message.doc, doc => this.#resync(doc, message));
        else this.#documents.all().forEach(doc => this.#resync(doc));
        return;
      case 'rules': return this.#rules(message.rules);
      case 'beat': return this.#beat();
      case 'cookies': return this.#documents.all().forEach(doc => this.#documents.send(doc, { type: 'cookies' }));
      case 'mode': return this.#sharing.confirmed({ ...message, rights: message.rights ?? [] });
      case 'ask': return this.#sharing.asked(this.#person(message.from));
      case 'refused':
        if (message.what === 'mode') this.#sharing.failed();
        return this.#toasts.show(reason(message.why, this.#person(this.#you)?.name ?? ''));
      case 'ended': return this.#ended(message);
    }
  }

  /** What was under way when sharing was paused. */
  #decline(message: ToVisitor): void {
    if (message.type === 'input') this.#link.send({ type: 'done', n: message.n, ok: false, why: 'paused' });
  }

  /** The page lives. While it is hidden its timers are late, so what waits for them is asked for. */
  #beat(): void {
    const { hidden } = document;
    if (hidden) this.#documents.all().forEach(doc => this.#documents.send(doc, { type: 'flush' }));
    this.#link.sendLossy('beat', { type: 'beat', ...(hidden && { hidden }) });
  }

  #toDoc(id: number, then: (doc: Doc) => void): void {
    const doc = this.#documents.get(id);
    if (doc) then(doc);
  }

  #input({ n, from, doc: id, input, only }: ToVisitor & { type: 'input' }): void {
    const doc = this.#documents.get(id);
    if (!doc) {
      this.#link.send({ type: 'done', n, ok: false, why: 'changed' });
      return;
    }
    this.#inputs.set(n, doc);
    this.#actors.set(n, { from, doc });
    if (this.#actors.size > mostActors) this.#actors.delete(this.#actors.keys().next().value!);
    this.#documents.send(doc, { type: 'input', n, input: input as Input, from, ...(only && { only }) });
  }

  #navigate(id: number, url: string): void {
    const tab = this.#frames.get(id) ?? this.#frames.active;
    if (!tab || !this.#frames.navigate(tab, url)) return;
    this.#toasts.show(t('shell.opens', { agent: this.#agentName(), host: readable(url)?.host ?? url }));
  }

  /** The visitor typed an address. */
  #visit(url: string): void {
    const { active } = this.#frames;
    if (active) this.#frames.navigate(active, url);
  }

  /** Brings a tab to the front: the visitor's own, or what an agent shows. */
  #choose(id: number): void {
    this.#watching.show(id === watchedTab);
    if (id !== watchedTab) this.#frames.activate(id);
  }

  /** Somebody else opens a page in a tab of its own. */
  #openFor(url: string, from: string): void {
    this.#watching.show(false);
    const host = readable(url)?.host ?? url;
    if (this.#frames.open(url)) this.#toasts.show(t('shell.opens-tab', { agent: called(this.#person(from)), host }));
    else this.#share({ type: 'notice', what: 'no-room' });
  }

  #closeFor(id: number): void {
    const tab = this.#frames.get(id);
    if (tab) this.#close(tab);
  }

  #go(id: number, action: Action): void {
    const tab = this.#frames.get(id) ?? this.#frames.active;
    if (!tab) return;
    const doc = this.#documents.main(tab.id);
    if (doc) this.#documents.send(doc, { type: 'go', action });
    else if (action === 'reload') this.#frames.navigate(tab, tab.url);
    else if (action === 'stop') this.#frames.blank(tab);
    else history[action]();
    if (action === 'stop') this.#frames.loading(tab, false);
    this.#lastGo = Date.now();
  }

  /**
   * Frames share their history with this page, so going back from a tab's first page would leave the session. An
   * entry of our own stands in between: when somebody else went back it is undone, the visitor's own wish is not.
   */
  #guardHistory(): void {
    if (history.state !== 'inside') {
      history.replaceState('before', '');
      history.pushState('inside', '');
    }
    addEventListener('popstate', ({ state }) => {
      if (state !== 'before') return;
      if (Date.now() - this.#lastGo < 2000) history.forward();
      else history.back();
    });
  }

  /**
   * A tab wanted to go past the session, and was stopped by our policy. The browser tells where to without the path,
   * and not for which tab. Back, or an address of the agent's, leads on from there.
   */
  #leftOut({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): void {
    const to = readable(blockedURI);
    const tab = this.#frames.active;
    if (effectiveDirective !== 'frame-src' || !to || !tab) return;
    this.#toasts.show(t('shell.left-out', { host: to.host }));
    this.#share({ type: 'notice', what: 'left-out', about: to.host });
  }

  // --- the documents ---

  #started(doc: Doc): void {
    // Only what a new document begins with is a snapshot; until it arrives there is nothing to add to.
    doc.stale = true;
    if (this.#framing) this.#documents.send(doc, { type: 'tool', frame: true });
    if (doc.parent) return; // until it is known how its frame is shown
    this.#announce(doc);
    doc.announced = true;
    const tab = this.#frames.get(doc.tab);
    if (!tab) return;
    this.#noStandIn(tab);
    this.#page(tab, doc, doc.url, '');
  }

  #announce(doc: Doc): void {
    this.#share({
      type: 'doc', doc: doc.id, tab: doc.tab, url: doc.surrounded ? siteOf(doc.url) : this.#veil.address(doc.url),
      ...(doc.parent && { parent: [doc.parent.id, doc.frameNode] }),
    });
  }

  #gone(doc: Doc): void {
    this.#marks.gone(doc.id);
    this.#wishes.gone(doc);
    if (this.#hidden.delete(doc)) void this.#showHidden();
    if (!this.#over) this.#link.send({ type: 'gone', doc: doc.id });
    for (const [n, owner] of this.#inputs) {
      if (owner !== doc) continue;
      this.#inputs.delete(n);
      // A document says before it goes what it has done.
      if (!this.#over) this.#link.send({ type: 'done', n, ok: false, why: 'changed' });
    }
    this.#pointers.moved();
  }

  #fromDocument(doc: Doc, message: FromDocument): void {
    const tab = this.#frames.get(doc.tab);
    if (!tab || this.#stopping) return;
    switch (message.type) {
      case 'ops': return this.#ops(doc, message.ops);
      case 'page':
        if (!doc.parent) this.#page(tab, doc, message.url, message.title ?? '');
        return;
      case 'pointer':
        if (tab === this.#frames.active && !this.#sharing.paused) this.#link.sendLossy('pointer', { ...message, doc: doc.id });
        return;
      case 'mark': return this.#mark(doc, message);
      case 'editing': return this.#share({ type: 'editing', doc: doc.id, node: message.node });
      case 'select': return this.#share({ type: 'select', doc: doc.id, sel: message.sel ?? null });
      case 'view':
        if (!doc.parent) this.#view(tab, message);
        return;
      case 'done':
        if (this.#inputs.get(message.n) !== doc) return;
        this.#inputs.delete(message.n);
        this.#link.send(message);
        return;
      case 'want':
      case 'copied': return this.#wish(doc, message);
      case 'placed': return this.#files.placed(message.n, message.ok, message.why);
      case 'blob': return this.#blob(message);
      case 'answered': return this.#share({ ...message, doc: doc.id });
      case 'wish': return this.#wishes.ask(doc, message.id, message.kind, message.text);
      case 'download': return this.#saves(message.name);
      case 'hidden':
        this.#hidden.set(doc, message);
        return void this.#showHidden();
      case 'secret': return this.#veil.secret(doc.origin, message);
      case 'surrounded':
        doc.surrounded = true;
        return;
      case 'panic': return this.#panic();
      case 'open': return this.#open(doc, message);
      case 'post': return this.#post(doc, message);
      case 'close': return this.#closeFrom(doc, tab, message.id);
      case 'bye': return this.#leave(doc, tab);
    }
  }

  /** The browser saves a file. Agents hear of it from here, where it is known what of its name is hidden from them. */
  #saves(name: string, bytes?: number): void {
    const at = performance.now();
    if (name === this.#saved.name && at - this.#saved.at < onceWithin) return;
    this.#saved = { name, at };
    this.#toasts.show(t('download.own', { file: fileWords(name, bytes), agent: this.#agentName() }));
    this.#link.send({ type: 'download', name: this.#veil.text(name), ...(bytes ? { bytes } : {}) });
  }

  /** The page wants something of whoever acts in it. */
  #wish(doc: Doc, { n, ...wish }: FromDocument & { type: 'want' | 'copied' }): void {
    const actor = this.#actors.get(n);
    if (actor?.doc !== doc) return; // what was done elsewhere is no wish of this page's
    const to = actor.from;
    if (wish.type === 'want') this.#share({ to, doc: doc.id, ...wish });
    else this.#share({ to, ...wish });
  }

  /**
   * Passes changes on as the text they came as. Parsing it once proves that it is an array and nothing more: a page
   * could otherwise close the bracket early and speak to the server in the visitor's name.
   */
  #ops(doc: Doc, json: string): void {
    let ops: unknown;
    try {
      ops = JSON.parse(json);
    } catch {
      return;
    }
    if (!Array.isArray(ops) || ops.length === 0 || !json.startsWith('[') || !json.endsWith(']')) return;
    let snapshot = false;
    for (const op of ops) {
      if (!Array.isArray(op)) return;
      if (op[0] === 0) snapshot = true;
      else if (op[0] === 11 && Number.isSafeInteger(op[1]) && Number.isSafeInteger(op[2])) this.#documents.framed(doc, op[1], op[2]);
    }
    this.#pointers.moved();
    if (this.#link.backlog > slow.from) this.#holdBack(doc);
    if (this.#link.backlog > slow.most && !snapshot) doc.stale = true; // it does not mind being held back
    if (this.#sharing.paused) doc.stale = true;
    if (this.#sharing.paused || (doc.stale && !snapshot)) return;
    doc.stale = false;
    if (!doc.announced) this.#announce(doc);
    doc.announced = true;
    json = this.#veil.ops(json);
    const head = `{"type":"ops","doc":${doc.id},"ops":`;
    this.#link.send(`${head}${json}}`, last =>
      !snapshot && last.startsWith(head) && last.length < mostJoined ? `${last.slice(0, -2)},${json.slice(1)}}` : null);
  }

  /** The way to the server is too slow for every change. A document that is held back tells later what came of them. */
  #holdBack(doc: Doc): void {
    if (!doc.held) this.#documents.send(doc, { type: 'hold', on: true });
    doc.held = true;
    this.#draining ||= setInterval(() => {
      if (this.#link.backlog > slow.until) return;
      clearInterval(this.#draining);
      this.#draining = 0;
      for (const each of this.#documents.all()) {
        if (each.held) this.#documents.send(each, { type: 'hold', on: false });
        each.held = false;
        if (each.stale) this.#resync(each);
      }
    }, slow.look);
  }

  #resync(doc: Doc, { node = 0, deep = false, sheet = 0, film = false }: { node?: number; deep?: boolean; sheet?: number; film?: boolean } = {}): void {
    if (film) return this.#documents.send(doc, { type: 'film', node });
    if (sheet !== 0 && !doc.stale) return this.#documents.send(doc, { type: 'sheet', sheet });
    if (node !== 0 && !doc.stale) return this.#documents.send(doc, { type: 'again', node, deep });
    doc.stale = true;
    this.#documents.send(doc, { type: 'snapshot' });
  }

  #page(tab: Tab, doc: Doc, claimed: string, title: string): void {
    const url = ownAddress(claimed, doc.origin);
    if (tab.url === url && tab.title === title) return;
    doc.url = url;
    tab.url = url;
    tab.title = title;
    tab.frame.title = title || t('shell.page');
    this.#describeSoon(tab);
    this.#tabsChanged();
  }

  #mark(doc: Doc, message: FromDocument & { type: 'mark' }): void {
    if (Date.now() - this.#lastMark < marksEvery) return;
    this.#lastMark = Date.now();
    if (message.kind === 'frame') this.#marks.frame(this.#you, doc.id, message.node);
    this.#share({ ...message, doc: doc.id });
  }

  #blob(message: FromDocument & { type: 'blob' }): void {
    if (!this.#sharing.paused) return this.#link.send(message);
    this.#held.push(message);
    for (let size = this.#held.reduce((sum, blob) => sum + blob.data.length, 0); size > heldAtMost;) size -= this.#held.shift()!.data.length;
  }

  #view(tab: Tab, { width, height, dpr, media }: View): void {
    tab.view = { width, height, dpr, ...(media && { media }) };
    if (tab === this.#frames.active) this.#showView();
    this.#pointers.moved();
  }

  #showView(): void {
    const view = this.#frames.active?.view;
    if (view) this.#share({ type: 'view', ...view, ...(this.#seen && { seen: this.#seen }) });
  }

  /** What is left of the shared page when the visitor has zoomed in by pinching, or a keyboard covers some of it. */
  #lookCloser(): void {
    const viewport = window.visualViewport;
    if (!viewport) return;
    let timer = 0;
    const look = (): void => {
      timer = 0;
      const box = this.#stage.getBoundingClientRect();
      const left = Math.max(0, viewport.offsetLeft - box.left);
      const top = Math.max(0, viewport.offsetTop - box.top);
      const right = Math.min(box.width, viewport.offsetLeft + viewport.width - box.left);
      const bottom = Math.min(box.height, viewport.offsetTop + viewport.height - box.top);
      const whole = right - left > box.width - 2 && bottom - top > box.height - 2;
      const seen = whole || right <= left || bottom <= top ? null : [left, top, right - left, bottom - top].map(Math.round);
      if (`${seen}` === `${this.#seen}`) return;
      this.#seen = seen;
      this.#showView();
    };
    const soon = () => void (timer ||= setTimeout(look, lookEvery));
    viewport.addEventListener('resize', soon);
    viewport.addEventListener('scroll', soon);
  }

  /** The next document of the same frame takes the place of one that leaves; a frame's is forgotten at once. */
  #leave(doc: Doc, tab: Tab): void {
    if (doc.parent) {
      this.#documents.gone(doc);
      return;
    }
    doc.leaving = true;
    this.#frames.loading(tab, true);
    tab.frame.addEventListener('load', () => setTimeout(() => {
      if (!doc.leaving || this.#documents.get(doc.id) !== doc) return;
      this.#documents.gone(doc);
      this.#standIn(tab);
    }, standAfter), { once: true });
  }

  /** A tab that shows what has no script of ours: the others are told so, and not left with what was there before. */
  #standIn(tab: Tab): void {
    if (this.#over || tab.standIn || this.#documents.main(tab.id) || !this.#frames.get(tab.id)) return;
    tab.standIn = this.#documents.number();
    this.#announceStandIn(tab);
  }

  #announceStandIn(tab: Tab): void {
    if (!tab.standIn) return;
    const text = t('mirror.stand-in');
    const style = 'margin:0;height:100vh;display:grid;place-items:center;background:#eceef1;color:#1d2025;font:16px system-ui,sans-serif';
    this.#share({ type: 'doc', doc: tab.standIn, tab: tab.id, url: this.#veil.address(tab.url) });
    this.#share({ type: 'ops', doc: tab.standIn, ops: [[0, 1, 'standards', ['html', 0, ['head', 0], ['body', ['style', style], ['p', 0, text]]]]] });
  }

  #noStandIn(tab: Tab): void {
    if (tab.standIn) this.#share({ type: 'gone', doc: tab.standIn });
    tab.standIn = 0;
  }

  // --- windows that pages open ---

  #open(doc: Doc, { id, url, name, features }: { id: string; url?: string; name?: string; features?: string }): void {
    const known = this.#frames.all().find(t => opens(doc, t) && (t.opener?.id === id || (name && name !== '_blank' && t.name === name)));
    if (known) {
      known.opener = { doc, id };
      if (url) this.#frames.navigate(known, url, true);
      this.#frames.activate(known.id);
    } else {
      const tab = this.#frames.open(url ?? '', {
        foreign: true, opener: { doc, id }, alone: /\bno(?:opener|referrer)\b/i.test(features ?? ''), ...(name && name !== '_blank' && { name }),
      });
      if (!tab) {
        this.#documents.send(doc, { type: 'closed', id });
        this.#toasts.show(t('shell.windows'));
        return;
      }
    }
    this.#documents.send(doc, { type: 'opened', id });
  }

  /** A message between an opener and the window it opened. The sender's origin is ours to say, not the page's. */
  #post(doc: Doc, { to, data, target }: { to: string; data?: unknown; target?: string }): void {
    const own = this.#frames.get(doc.tab)?.opener;
    const opened = this.#frames.all().find(t => t.opener?.id === to && opens(doc, t));
    const receiver = to === 'opener' ? own && this.#documents.get(own.doc.id) : opened && this.#documents.main(opened.id);
    if (!receiver) return;
    const wanted = target === '/' ? doc.origin : target;
    if (wanted !== '*' && wanted !== receiver.origin) return;
    this.#documents.send(receiver, { type: 'post', from: to === 'opener' ? own!.id : 'opener', data, origin: doc.origin });
  }

  /** A page may close what it opened, and itself when a page opened it. */
  #closeFrom(doc: Doc, tab: Tab, id: string | undefined): void {
    const target = id === undefined ? (tab.opener && !doc.parent ? tab : undefined)
      : this.#frames.all().find(t => t.opener?.id === id && opens(doc, t));
    if (target) this.#close(target);
  }

  #close(tab: Tab): void {
    if (!this.#frames.close(tab)) return;
    this.#documents.all().filter(d => d.tab === tab.id && !d.parent).forEach(d => this.#documents.gone(d));
    this.#link.send({ type: 'tab-closed', tab: tab.id });
    const { opener } = tab;
    if (opener && this.#documents.get(opener.doc.id)) this.#documents.send(opener.doc, { type: 'closed', id: opener.id });
  }

  // --- what the visitor sees ---

  /** Shows what is hidden of the pages in front, or does no longer. */
  #tint(on: boolean): void {
    this.#veils.hidden = !on;
    this.#labelVeils();
  }

  #labelVeils(): void {
    const on = !this.#veils.hidden;
    const label = t(on ? 'veil.on' : 'veil.off', { agent: this.#agentName() });
    this.#veiled.title = label;
    this.#veiled.setAttribute('aria-label', label);
    this.#veiled.setAttribute('aria-pressed', String(on));
    fill(this.#tintChoice, icon('hidden'), label);
  }

  async #showHidden(): Promise<void> {
    const tab = this.#frames.active?.id;
    const all = await Promise.all([...this.#hidden].filter(([doc]) => doc.tab === tab).map(async ([doc, { hidden, shown }]) => {
      const at = await this.#documents.offset(doc);
      const move = (rects: Hidden['hidden']) => rects.map(rect => ({ ...rect, x: rect.x + at!.x, y: rect.y + at!.y }));
      return at ? { hidden: move(hidden), shown: move(shown) } : { hidden: [], shown: [] };
    }));
    if (tab !== this.#frames.active?.id) return;
    this.#veiled.hidden = this.#tintChoice.hidden = !all.some(({ hidden }) => hidden.length > 0);
    this.#veils.show(all, this.#agentName());
    this.#labelVeils();
  }

  #shownTab = 0;
  #shownFront = false;

  #tabsChanged(): void {
    const { active } = this.#frames;
    if (active && active.id !== this.#shownTab) {
      this.#shownTab = active.id;
      this.#activated();
      void this.#showHidden();
      this.#pointers.moved();
    }
    const { front } = this.#watching;
    if (front !== this.#shownFront) this.#tools.close(); // it was for what was in front before
    this.#shownFront = front;
    const own = this.#frames.states().map(tab => ({ ...tab, active: tab.active && !front }));
    this.#strip.show([...own, ...this.#watching.states()], { closable: true, enabled: true });
    this.#tellLoading();
    document.body.classList.toggle('with-tabs', !this.#strip.hidden);
    if (!active) return;
    this.#history.enable(!front, true);
    this.#history.show(active.loading && !front);
    this.#address.show(front ? this.#watching.url : active.url, front);
    const address = readable(active.url);
    document.title = t('shell.shared-with', { page: active.title || address?.host || t('shell.page'), agent: this.#agentName() });
  }

  /** The others hear of it with the page's address and title. */
  #tellLoading(): void {
    for (const tab of this.#frames.all()) {
      if (this.#told.get(tab) !== tab.loading) this.#describeSoon(tab);
    }
  }

  #activated(): void {
    const { active } = this.#frames;
    if (!active) return;
    this.#describe(active); // the server activates only what it knows
    this.#share({ type: 'activate', tab: active.id });
    this.#showView();
  }

  #person(id: string): Person | undefined { return this.#present.find(p => p.id === id); }
  #agent(): Person | undefined { return agents(this.#present)[0]; }
  #agentName(): string { return called(this.#agent()); }

  #showPeople(people: Person[]): void {
    this.#present = people;
    this.#presence.update(people, this.#you);
    const others = people.filter(p => p.id !== this.#you && p.online).map(p => p.id);
    if (!this.#sharing.paused) this.#pointers.keep(others);
    this.#people.show(people, this.#you, person =>
      t(this.#sharing.paused ? 'shell.sees-nothing' : person.role === 'agent' && this.#sharing.mode === 'shared' ? 'shell.sees-acts' : 'shell.sees-points'));
    const agent = this.#agent();
    if (agent) document.documentElement.style.setProperty('--agent', agent.color);
    this.#sharing.show(agent);
    this.#showStatus();
  }

  #showStatus(): void {
    const { state } = this.#link;
    const agent = this.#agent();
    const here = state.is === 'open' && !!agent?.online;
    document.body.classList.toggle('sharing', here && !this.#sharing.paused);
    document.body.classList.toggle('paused', this.#sharing.paused);
    if (state.is !== 'blocked') this.#cover.hide();
    else this.#cover.show(t('blocked.title'), blockedDetail(`*.${this.#content.host}`), state.since, true);
    if (state.is === 'blocked') return this.#say('busy', t('blocked.status'));
    if (state.is === 'away') return this.#say('busy', t('status.reconnecting'), state.since);
    if (state.is !== 'open') return this.#say('busy', t('status.connecting'));
    if (this.#sharing.paused) return this.#say('waiting', t('status.paused'));
    if (!agent?.online) return this.#say('waiting', t('status.not-here', { agent: this.#agentName() }));
    this.#say('good', this.#showing ? t('showing.status', { visitor: this.#agentName() }) : t('status.sharing'));
  }

  #saying = '';

  #say(tone: string, text: string, since?: number): void {
    const now = `${tone} ${text} ${since}`;
    if (now === this.#saying) return;
    this.#saying = now;
    this.#status.className = `status ${tone}`;
    const words = h('span', { class: 'words' });
    const timer = since ? new Since() : null;
    fill(this.#status, words, timer && ' ', timer);
    say(words, text);
    if (timer && since) timer.since = since;
  }

  #linkChanged(state: LinkState): void {
    this.#showStatus();
    if (state.is !== 'closed') return;
    switch (state.why) {
      case 'ended': return this.#ended({ by: '', reason: '' });
      case 'refused': return this.#finish(() => finish(trouble({ code: 'forbidden', message: '' }, 'visitor')));
      case 'moved': return this.#finish(() => finish({
        icon: 'check', tone: 'good', title: t('shell.moved'), detail: [t('shell.moved-detail'), ...(this.#leftBehind ? [t('move.not-all')] : [])],
      }));
      case 'replaced': return this.#finish(() => finish({
        icon: 'copy', title: t('replaced.title'), detail: [t('replaced.visitor')],
        actions: [h('button', { type: 'button', class: 'button primary', click: () => location.reload() }, t('replaced.use'))],
      }));
    }
  }

  /** X: nothing more leaves this browser from this moment on, whether or not the server can be told at once. */
  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#link.send({ type: 'end' });
    this.#documents.stop();
    this.#say('busy', t('status.stopping'));
    setTimeout(() => this.#ended({ by: this.#you, reason: '' }), 1000);
  }

  #ended(ending: Ending): void {
    if (this.#over) return;
    const url = this.#frames.active?.url ?? '';
    const address = readable(url);
    const own = this.#stopping || ending.by === this.#you;
    const agent = this.#agentName();
    const names = { visitor: called(this.#person(this.#you), t('name.you')), agent };
    this.#finish(() => finish({
      icon: 'check', tone: 'good', title: t('ended.title'),
      detail: [...(own ? [t('ended.own', { agent })] : [endedBy(ending, names), t('ended.nothing-more', { agent })]), t('ended.erased')],
      actions: [address && h('a', { class: 'button primary', href: url, rel: 'noreferrer', 'data-tandem': 'address' },
        t('ended.go-on', { host: address.host, agent }))],
    }), own);
  }

  /** Ends this page; the link stays a while when the server has still to be told. */
  #finish(show: () => void, telling = false): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopping = true;
    this.#watching.stop();
    this.#documents.stop();
    this.#frames.clear();
    if (!telling) this.#link.close();
    show();
  }
}

/** What is told of the address of what is hidden. */
/** Whether a tab was opened by a document, or by the one before it: nobody else in the tab has to do with it, as a frame of another site. */
const opens = (doc: Doc, { opener }: Tab): boolean =>
  opener?.doc === doc || (opener?.doc.tab === doc.tab && opener.doc.origin === doc.origin && doc.origin !== 'null');
const siteOf = (url: string): string => (/^https?:/.test(url) ? new URL(url).origin + '/' : 'about:blank');

async function main(): Promise<void> {
  document.body.classList.add('ready');
  if (tooOld()) {
    finish(oldBrowser());
    return;
  }
  const wanted = new URLSearchParams(location.search).get('open') ?? '';
  if (wanted) {
    history.replaceState(null, '', '/');
    if (await askOther(wanted)) {
      finish({
        icon: 'check', title: t('shell.elsewhere'), detail: [t('shell.elsewhere-detail')],
      });
      return;
    }
  }
  new Shell(wanted).start();
}

void main();
