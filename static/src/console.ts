// The agent's page: a waiting room until the visitor accepts, then the mirror of the visitor's page with a bar
// above it. The mirror is drawn by the renderer, on a host of its own; this page joins the session, holds the link
// and passes messages between the two. What the agent may do is decided by the server.

import { ApiError, fetchCopy, inviteAgain, join, read, takeBack } from './api';
import { Files } from './console/files';
import { Showing } from './console/showing';
import { Link, type LinkState } from './link';
import { allRights, granted, parseMessage, toAgent, type Ending, type FromRenderer, type Invited, type Joined, type Mode, type Person, type Right, type State, type TabState, type ToAgent, type Welcome } from './protocol';
import { HistoryButtons } from './ui/navigation';
import { complete } from './ui/addresses';
import { tooOld } from './ui/browser';
import { dateAndTime, number, t, time } from './ui/catalogue';
import { Chat } from './ui/chat';
import { Cover, silent } from './ui/cover';
import { byId, fill, h, say } from './ui/dom';
import { icon } from './ui/icons';
import { invitationCard } from './ui/invitation';
import { finish, notice } from './ui/notice';
import { People, Presence } from './ui/people';
import { renderer } from './ui/renderer';
import { Tabs } from './ui/tabs';
import { Toasts } from './ui/toasts';
import { Tools } from './ui/tools';
import { oldBrowser, trouble } from './ui/trouble';
import { answerOf, blockedDetail, called, dialogTitle, endedBy, fileWords, ownRights, readable, reason, rightTold, shortMode } from './ui/words';

const session = document.documentElement.dataset['session'] ?? '';
const view = document.documentElement.dataset['view'] ?? '';

/** How often the way to the server is measured, and how long an answer may take before the link is tried anew. */
const measure = { every: 15_000, within: 8000 };

class Console {
  #joined: Joined;
  #link: Link<ToAgent>;
  #room: Room | null = null;
  #welcomed: Welcome | null = null;
  #present: Person[] = [];
  #state: State;
  #over = false;
  #invited = h('p', { class: 'status', role: 'status', 'data-tandem': 'status' });
  #fresh = h('div', {});
  #blocked = h('div', { class: 'blocked', role: 'alert' });

  constructor(joined: Joined) {
    this.#joined = joined;
    this.#state = joined.state;
    this.#link = new Link<ToAgent>({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/sessions/${session}/agent/socket`,
      parse: value => parseMessage(toAgent, value),
      onWelcome: state => this.#welcome(state),
      onMessage: message => this.#message(message),
      onState: state => this.#linkChanged(state),
      ask: () => read(session, 'agent').then(() => 'here', whyGone),
    });
  }

  start(): void {
    if (this.#state === 'waiting' || this.#state === 'active') {
      this.#waitingRoom();
      this.#link.connect();
    } else {
      this.#finished(this.#state);
    }
  }

  get #visitor(): string { return this.#joined.visitor.trim() || t('name.the-visitor'); }

  #welcome(state: Welcome): void {
    this.#welcomed = state;
    this.#present = state.people;
    const had = this.#room;
    this.#enter(state.state);
    if (had && !state.resumed) had.begin(state);
    had?.people(state.people);
  }

  #message(message: ToAgent): void {
    if (message.type === 'people') this.#present = message.people;
    switch (message.type) {
      case 'invitation': return say(this.#invited, waitingFor(this.#visitor, message.status, new Date(message.expires)));
      case 'state': return this.#enter(message.state);
      case 'ended': return this.#finished('ended', message);
      default: this.#room?.message(message);
    }
  }

  #enter(state: State): void {
    this.#state = state;
    if (state === 'active') this.#open();
    // The message that says by whom it was ended follows.
    else if (state === 'ended') setTimeout(() => this.#finished(state), 300);
    else if (state !== 'waiting') this.#finished(state);
  }

  #open(): void {
    if (this.#room || this.#over) return;
    this.#state = 'active';
    this.#room = new Room(this.#visitor, this.#joined, this.#link, () => this.#end());
    if (!this.#welcomed) return;
    this.#room.begin(this.#welcomed);
    this.#room.people(this.#present);
  }

  #end(): void {
    this.#link.send({ type: 'end' });
    // The server closes the link as its answer; a link that is down must not keep the agent here.
    setTimeout(() => this.#finished('ended', { by: 'agent', reason: '' }), 1500);
  }

  #waitingRoom(): void {
    say(this.#invited, waitingFor(this.#visitor, 'sent', new Date(this.#joined.expires_at ?? '')));
    fill(byId('main'), h('section', { class: 'notice waiting' },
      h('div', { class: 'sign' }, icon('wait')),
      h('h1', {}, t('console.waiting', { visitor: this.#visitor })),
      this.#invited, this.#blocked,
      h('div', { class: 'site' }, icon('globe'), h('div', {},
        h('span', { class: 'site-label' }, t(this.#joined.mode === 'shared' ? 'console.both-use' : 'console.look-in')),
        h('strong', { 'data-tandem': 'address' }, this.#joined.origin))),
      h('p', {}, t('console.send', { visitor: this.#visitor })),
      this.#fresh,
      this.#joined.colleague ? null : h('div', { class: 'actions' },
        h('button', { type: 'button', class: 'button', 'data-tandem': 'invite', click: () => this.#change(inviteAgain, made => invitationCard(made)) }, t('console.new-link')),
        h('button', { type: 'button', class: 'button', 'data-tandem': 'revoke', click: () => this.#change(takeBack, () => null) }, t('console.take-back')),
        h('button', { type: 'button', class: 'button', 'data-tandem': 'end', click: () => this.#end() }, t('console.end-session')))));
    document.title = t('title', { what: t('console.waiting', { visitor: this.#visitor }) });
  }

  /** Changes the invitation and shows what there is to show then. */
  #change<T>(ask: (session: string) => Promise<T>, show: (answer: T) => HTMLElement | null): void {
    ask(session).then(answer => fill(this.#fresh, show(answer)), error => {
      fill(this.#fresh, h('p', { class: 'error', role: 'alert' }, error instanceof ApiError && error.code === 'offline' ? t('offline') : t('did-not-work')));
    });
  }

  #linkChanged(state: LinkState): void {
    this.#room?.linkChanged(state);
    if (state.is === 'blocked') fill(this.#blocked, h('strong', {}, t('blocked.title')), h('p', {}, blockedDetail(location.host)));
    else fill(this.#blocked);
    if (state.is !== 'closed' || this.#over) return;
    switch (state.why) {
      case 'ended': return this.#finished('ended');
      case 'refused': return this.#leave(() => finish(trouble({ code: 'forbidden', message: '' }, 'agent')));
      case 'full': return this.#leave(() => finish({
        icon: 'close', title: t('console.full'), detail: [t('console.full-detail')],
        actions: [h('button', { type: 'button', class: 'button primary', click: () => location.reload() }, t('try-again'))],
      }));
      case 'replaced': return this.#leave(() => finish({
        icon: 'copy', title: t('replaced.title'), detail: [t('replaced.agent')],
        actions: [h('button', { type: 'button', class: 'button primary', click: () => location.reload() }, t('replaced.use'))],
      }));
    }
  }

  #finished(state: Exclude<State, 'waiting' | 'active'>, ending: Ending = { by: '', reason: '' }): void {
    const visitor = this.#visitor;
    const names = { visitor, agent: called({ name: this.#joined.agent, role: 'agent' }, t('name.helper')) };
    const cancelled = !this.#room && ending.by === 'agent';
    this.#leave(() => {
      if (state === 'declined') {
        finish({ icon: 'close', title: t('console.declined', { visitor }), detail: [t('console.declined-detail'), t('console.new-session')] });
      } else if (state === 'expired') {
        finish({ icon: 'wait', title: t('console.expired'), detail: [t('console.expired-detail', { visitor }), t('console.new-session')] });
      } else if (cancelled) {
        finish({ icon: 'close', title: t('console.cancelled'), detail: [t('console.cancelled-detail')] });
      } else {
        finish({ icon: 'check', tone: 'good', title: t('console.ended'), detail: [endedBy(ending, names), t('console.ended-detail', { visitor }), t('console.erased')] });
      }
    });
  }

  #leave(show: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#room?.close();
    this.#link.close();
    show();
  }
}

/** The page while the session is on. */
class Room {
  #people = new People();
  #strip = new Tabs();
  #toasts = new Toasts();
  #status = h('span', { class: 'status', role: 'status', 'data-tandem': 'status' });
  #delay = h('span', { class: 'delay', title: t('delay.reaction') });
  #modeLabel = h('span', { class: 'mode', 'data-tandem': 'mode' });
  #address = h('input', {
    class: 'address', type: 'text', inputmode: 'url', dir: 'ltr', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off',
    'aria-label': t('navigation.address'), 'data-tandem': 'address', focus: () => this.#address.select(),
    keydown: (event: KeyboardEvent) => { if (event.key === 'Escape') this.#leaveAddress(); },
    blur: () => this.#showAddress(true),
  });
  #history = new HistoryButtons({
    go: action => this.#tab && this.#link.send({ type: 'go', tab: this.#tab.tab, action }),
    open: () => this.#link.send({ type: 'open', url: this.#startURL }),
  });
  #startURL: string;
  #tools = new Tools({
    use: (tool, fade) => this.#renderer?.postMessage({ type: 'tool', tool, fade }),
    erase: () => {
      this.#renderer?.postMessage({ type: 'erase', from: this.#you });
      this.#link.send({ type: 'erase' });
    },
  });
  #chat = new Chat({
    send: text => this.#link.send({ type: 'chat', text }),
    typing: on => this.#link.send({ type: 'typing', on }),
    person: id => this.#present.find(p => p.id === id),
    you: () => this.#you,
    unseen: (who, text) => this.#toasts.show(t('shell.said', { who, text })),
  });
  #files: Files;
  #showing: Showing;
  #present: readonly Person[] = [];
  #presence = new Presence(text => this.#toasts.show(text));
  #askButton = h('button', {
    type: 'button', class: 'tool text', 'data-tandem': 'ask', title: t('console.ask-detail'), click: () => this.#ask(),
  }, t('console.ask'));
  #fitButton = h('button', { type: 'button', class: 'tool text fit', click: () => this.#zoom(!this.#fit) });
  #followButton = h('button', { type: 'button', class: 'tool', 'data-tandem': 'follow', click: () => this.#follow(!this.#following) }, icon('together'));
  #following = true;
  #fullButton = h('button', {
    type: 'button', class: 'tool', 'data-tandem': 'fullscreen', title: t('console.full-screen'), 'aria-label': t('console.full-screen'), hidden: !document.fullscreenEnabled,
    click: () => void (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
  }, icon('full'));
  #stage = h('main', { class: 'stage', 'aria-label': t('console.stage') });
  #cover = new Cover(this.#stage);
  /** What the visitor is asked, by document. */
  #asks = h('div', { class: 'asked' });
  #dialogs = new Map<number, HTMLElement>();

  #renderer: MessagePort | null = null;
  #mode: Mode = 'view';
  /** What the agent may do, all in all. */
  #rights: readonly Right[] = [];
  #paused = 0; // since when
  #tab: TabState | null = null;
  #list: TabState[] = [];
  #fit = true;
  #leader = { online: true, since: 0 };
  #linkState: LinkState = { is: 'connecting' };
  #you = '';

  /** Numbers of inputs: the renderer counts from 1, the server must never see one twice, not even after a reload. */
  #lastInput = Date.now();
  #inputBase = 0;
  #inputSent = new Map<number, { at: number; kind: unknown }>();
  #reaction = 0;
  #measuring = 0;
  #watching = 0;
  /** When the leader's page last showed that it lives; 0 before it did. */
  #heard = 0;
  #hidden = false;
  /** The next page is slow to come. */
  #loading = false;

  constructor(private visitor: string, joined: Joined, private link: Link<ToAgent>, end: () => void) {
    this.#startURL = joined.url;
    this.#files = new Files({ visitor, toasts: this.#toasts, send: message => link.send(message) });
    this.#showing = new Showing({
      visitor,
      you: () => this.#you,
      person: id => this.#present.find(p => p.id === id),
      tell: message => link.send(message),
      said: text => this.#toasts.show(text),
    });
    this.#people.setAttribute('data-tandem', 'participants');
    this.#strip.hidden = true;
    this.#strip.addEventListener('choose', event => link.send({ type: 'activate', tab: (event as CustomEvent<number>).detail }));
    this.#strip.addEventListener('dismiss', event => link.send({ type: 'close', tab: (event as CustomEvent<number>).detail }));
    const form = h('form', { submit: (event: Event) => { event.preventDefault(); this.#navigate(); } }, this.#address);
    // Who was let in decides nothing: they go back to what is theirs.
    const leave = h('a', { class: 'stop', 'data-tandem': 'leave', href: '/console' }, icon('close'), h('span', {}, t('console.leave')));
    document.body.className = 'window console ready';
    fill(document.body,
      // What is pressed has its place from either end; what grows and shrinks by itself stands around the address, which gives way.
      h('header', { class: 'bar', 'aria-label': t('console.bar') },
        h('div', { class: 'tools' }, ...this.#history.buttons),
        h('div', { class: 'tools' }, this.#tools.button, this.#showing.button, this.#chat.button, this.#tools.palette), this.#followButton, this.#fitButton, this.#fullButton,
        this.#modeLabel, this.#askButton, form, this.#people, this.#delay, this.#status,
        joined.colleague ? leave : h('button', { type: 'button', class: 'stop', 'data-tandem': 'end', click: end }, icon('close'), h('span', {}, t('console.end')))),
      this.#strip, this.#stage, this.#toasts, this.#chat.panel, this.#showing.panel);
    this.setMode({ mode: joined.mode });
    this.#zoom(true);
    this.#follow(true);
    this.linkChanged(link.state);
    this.#watching = setInterval(() => this.#showStatus(), silent.look);
    this.#measuring = setInterval(() => void this.#measure(), measure.every);
    document.title = t('title', { what: t('console.their-page', { visitor }) });
  }

  get #link(): Link<ToAgent> { return this.link; }

  /** A new stream: everything comes again, so it goes to a new renderer. */
  begin(state: Welcome): void {
    this.#you = state.you.id;
    this.#chat.restart(state.said ?? 0);
    this.#files.stop();
    this.#tools.close();
    this.setMode(state);
    this.#renderer?.close();
    this.#inputBase = ++this.#lastInput;
    this.#inputSent.clear();
    this.#heard = 0;
    this.#loading = false;
    const { frame, port } = renderer(state, view, t('console.their-page', { visitor: this.visitor }), message => {
      if (port === this.#renderer) this.#fromRenderer(message);
    });
    frame.setAttribute('data-tandem', 'tab');
    this.#renderer = port;
    this.#dialogs.clear();
    fill(this.#asks);
    fill(this.#stage, frame, this.#asks, this.#cover.element);
    this.#zoom(this.#fit);
    this.#follow(this.#following);
  }

  close(): void {
    clearInterval(this.#measuring);
    clearInterval(this.#watching);
    this.#renderer?.close();
  }

  setMode(now: { mode: Mode; paused?: boolean; rights?: Right[] }): void {
    const { mode, paused = false } = now;
    const rights = granted(now);
    this.#mode = mode;
    this.#rights = rights;
    this.#paused = paused ? this.#paused || Date.now() : 0;
    const may = rights.includes('navigate');
    this.#askButton.hidden = mode === 'shared' || paused;
    this.#askButton.disabled = false;
    fill(this.#modeLabel, icon(mode === 'shared' ? 'pointer' : 'eye'), h('span', { class: 'short' }, shortMode(mode)));
    this.#modeLabel.title = ownRights(this.visitor, mode);
    this.#modeLabel.setAttribute('data-mode', mode);
    this.#history.enable(may, rights.includes('tabs'));
    this.#tools.button.disabled = !rights.includes('draw');
    this.#showing.button.disabled = !rights.includes('lead');
    this.#address.readOnly = !may;
    this.#showStrip();
    this.#address.title = may ? t('console.address-may') : t('console.address-may-not', { visitor: this.visitor });
  }

  /** The answer is a change of the mode, or a refusal. */
  #ask(): void {
    this.#link.send({ type: 'ask' });
    this.#askButton.disabled = true;
    this.#toasts.show(t('console.asked', { visitor: this.visitor }));
  }

  #modeChanged(now: { mode: Mode; paused: boolean; rights?: Right[] }): void {
    const before = { mode: this.#mode, rights: this.#rights };
    this.setMode(now);
    this.#showStatus();
    if (now.mode !== before.mode) return this.#toasts.show(t('rights.own-told', { what: ownRights(this.visitor, now.mode) }));
    if (now.paused) return;
    for (const right of allRights) {
      const may = this.#rights.includes(right);
      if (may !== before.rights.includes(right)) this.#toasts.show(rightTold(right, may, this.visitor));
    }
  }

  message(message: ToAgent): void {
    switch (message.type) {
      case 'chat': return this.#chat.add(message);
      case 'typing': return this.#chat.typing(message.from, message.on);
      case 'mode': this.#modeChanged(message); break;
      case 'beat': return this.#beat(message.hidden ?? false);
      case 'people': return this.people(message.people);
      case 'tabs': this.#tabs(message.tabs); break;
      case 'loading':
        this.#loading = message.on;
        return this.#showStatus();
      case 'leader': return this.#leaderChanged(message.online, message.since);
      case 'refused': this.#refused(message.n, message.what, message.why); break;
      case 'done': this.#done(message.n, message.ok, message.why ?? ''); break;
      case 'showing': return this.#showing.told(message);
      case 'want': return this.#files.wanted(message);
      case 'take': return this.#files.taken(message);
      case 'got': return this.#files.got(message);
      case 'placed': return this.#files.placed(message);
      case 'copied': return this.#copied(message.text);
      case 'notice': return this.#toasts.show(noticeOf(message));
      case 'dialog': return this.#asked(message.doc, message.kind, message.text);
      case 'answered': return this.#answered(message.doc, message.ok);
      case 'gone': this.#answered(message.doc, undefined); break;
      case 'passed': return this.#toasts.show(t('copy.here', { visitor: this.visitor, file: fileWords(message.name, message.bytes) }),
        { label: t('copy.save'), name: 'fetch', press: () => void this.#fetches(message.n, message.name) });
      case 'download': return this.#toasts.show(t('download.other', { visitor: this.visitor, file: fileWords(message.name, message.bytes) }));
    }
    const forward = 'n' in message && message.n !== undefined ? { ...message, n: message.n - this.#inputBase } : message;
    this.#renderer?.postMessage(forward);
  }

  people(people: readonly Person[]): void {
    this.#present = people;
    this.#presence.update(people, this.#you);
    this.#people.show(people, this.#you, () => '');
    // The renderer labels cursors with these.
    this.#renderer?.postMessage({ type: 'people', people });
  }

  /** The visitor is asked something by the page, which stands still meanwhile. */
  #asked(doc: number, kind: string, text: string): void {
    this.#answered(doc, undefined);
    const card = h('section', { 'data-tandem': 'dialog', 'aria-live': 'assertive' },
      h('h2', {}, dialogTitle(kind, this.visitor)), text && h('p', { class: 'said' }, text),
      h('p', { class: 'small' }, t('dialog.only-visitor', { visitor: this.visitor })));
    this.#dialogs.set(doc, card);
    this.#asks.append(card);
    this.#showStatus();
  }

  /** Saves a copy of a file that the visitor passes on. */
  async #fetches(n: number, name: string): Promise<void> {
    try {
      const copy = URL.createObjectURL(await fetchCopy(session, n));
      h('a', { href: copy, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(copy), 60_000);
    } catch {
      this.#toasts.show(t('copy.gone'));
    }
  }

  #answered(doc: number, ok: boolean | undefined): void {
    const card = this.#dialogs.get(doc);
    if (!card) return;
    this.#dialogs.delete(doc);
    card.remove();
    this.#heard = Date.now();
    this.#showStatus();
    const answer = answerOf(this.visitor, ok);
    if (answer) this.#toasts.show(answer);
  }

  linkChanged(state: LinkState): void {
    this.#linkState = state;
    this.#showStatus();
    void this.#measure();
  }

  #fromRenderer(message: FromRenderer): void {
    if (message.type === 'pointer' || message.type === 'scroll') {
      this.#link.sendLossy(message.type === 'pointer' ? 'pointer' : `scroll ${message.doc} ${message.node}`, message);
    } else if (message.type === 'input') {
      this.#lastInput = Math.max(this.#lastInput, this.#inputBase + message.n);
      this.#inputSent.set(this.#inputBase + message.n, { at: performance.now(), kind: (message.input as { kind?: unknown }).kind });
      this.#link.send({ ...message, n: this.#inputBase + message.n });
    } else if (message.type === 'explain') {
      this.#toasts.show(t(`mirror.${message.why}`));
    } else if (message.type === 'drop') {
      const { doc, node, fx, fy, files } = message;
      this.#files.offer({ doc, want: 0, node, fx, fy }, files);
    } else if (message.type === 'select') {
      this.#link.send({ ...message, sel: message.sel ?? null });
    } else {
      this.#link.send(message);
    }
  }

  /** What the page copied for the agent. Browsers let a page copy only in answer to a press. */
  #copied(text: string): void {
    this.#toasts.show(t('console.copied'), {
      label: t('invitation.copy'), name: 'copy',
      press: () => void navigator.clipboard.writeText(text).catch(() => this.#toasts.show(t('console.not-copied'))),
    });
  }

  #done(n: number, ok: boolean, why: string): void {
    const sent = this.#inputSent.get(n);
    this.#inputSent.delete(n);
    if (sent === undefined) return;
    // What goes with every move of the pointer or the focus matters too little to speak of.
    if (!ok && !quiet.has(sent.kind)) this.#toasts.show(reason(why, this.visitor));
    this.#reaction = performance.now() - sent.at;
    this.#showDelay(this.#reaction);
  }

  #refused(n: number | undefined, what: string, why: string): void {
    const kind = n !== undefined && this.#inputSent.get(n)?.kind;
    if (n !== undefined) this.#inputSent.delete(n);
    if (why === 'gone' && quiet.has(kind)) return; // a hand that rests on what is still shown of a page
    if (what === 'ask') this.#askButton.disabled = false;
    if (what === 'offer' || what === 'piece') this.#files.stop();
    this.#toasts.show(reason(why, this.visitor));
  }

  #showDelay(ms: number): void {
    say(this.#delay, ms < 1000 ? t('delay.milliseconds', { n: Math.round(ms) }) : t('delay.seconds', { n: number(ms / 1000, 1) }));
  }

  /** Also finds a connection that failed without saying so. */
  async #measure(): Promise<void> {
    if (this.#linkState.is !== 'open' || document.hidden) return;
    const start = performance.now();
    try {
      await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(measure.within) });
      if (!this.#reaction) this.#showDelay(performance.now() - start);
    } catch {
      if (this.#linkState.is === 'open') this.#link.lost();
    }
  }

  // --- address and tabs ---

  #showStrip(): void {
    const may = this.#rights.includes('tabs');
    this.#strip.show(this.#list, { closable: may, enabled: may });
  }

  #tabs(tabs: TabState[]): void {
    this.#tab = tabs.find(t => t.active) ?? tabs[0] ?? null;
    this.#list = tabs;
    this.#history.show(this.#tab?.loading ?? false);
    this.#showStatus();
    this.#showStrip();
    this.#showAddress();
    document.title = t('console.page-of', { page: this.#tab?.title || readable(this.#tab?.url ?? '')?.host || t('console.unnamed'), visitor: this.visitor });
  }

  #showAddress(anyway = false): void {
    if (!anyway && document.activeElement === this.#address && this.#mode === 'shared') return; // being edited
    this.#address.value = this.#tab?.url ?? '';
  }

  #leaveAddress(): void {
    this.#showAddress(true);
    this.#stage.querySelector('iframe')?.focus();
  }

  #navigate(): void {
    const typed = this.#address.value.trim();
    if (!typed || !this.#tab || this.#address.readOnly) return;
    const url = complete(typed);
    if (!url) {
      this.#toasts.show(t('shell.no-address'));
      return;
    }
    this.#link.send({ type: 'navigate', tab: this.#tab.tab, url });
    this.#address.blur();
    this.#address.value = url;
  }

  #zoom(fit: boolean): void {
    this.#fit = fit;
    fill(this.#fitButton, icon('fit'), h('span', {}, t(fit ? 'console.fit' : 'console.actual')));
    this.#fitButton.classList.toggle('on', fit); // where there is no room for words
    this.#fitButton.setAttribute('aria-label', t(fit ? 'console.fit-label' : 'console.actual-label'));
    this.#fitButton.title = t(fit ? 'console.show-actual' : 'console.make-fit');
    this.#renderer?.postMessage({ type: 'zoom', fit });
  }

  /** Scrolls together with the visitor, or lets the agent look around alone. */
  #follow(on: boolean): void {
    this.#following = on;
    const label = t(on ? 'console.following' : 'console.alone');
    this.#followButton.title = label;
    this.#followButton.setAttribute('aria-label', label);
    this.#followButton.setAttribute('aria-pressed', String(on));
    this.#renderer?.postMessage({ type: 'follow', on });
  }

  // --- what is live and what is not ---

  #leaderChanged(online: boolean, since: unknown): void {
    const time = typeof since === 'number' ? since : typeof since === 'string' ? Date.parse(since) : NaN;
    const at = Number.isFinite(time) && time > 0 ? Math.min(time, Date.now()) : Date.now();
    if (!online) this.#heard = 0;
    else if (!this.#leader.online || this.#leader.since !== at || this.#heard === 0) this.#heard = Date.now(); // its silence counts from here
    this.#leader = { online, since: at };
    this.#showStatus();
  }

  #showStatus(): void {
    const state = this.#linkState;
    if (state.is === 'blocked') {
      this.#say('busy', t('blocked.status'));
      this.#cover.show(t('blocked.title'), blockedDetail(location.host), state.since);
    } else if (state.is === 'away') {
      this.#say('busy', t('status.reconnecting'));
      this.#cover.show(t('console.not-connected'), t('console.not-connected-detail'), state.since);
    } else if (state.is !== 'open') {
      this.#say('busy', t('status.connecting'));
    } else if (!this.#leader.online) {
      this.#say('busy', t('console.away', { visitor: this.visitor }));
      this.#cover.show(t('console.away', { visitor: this.visitor }), t('console.away-detail'), this.#leader.since);
    } else if (this.#paused) {
      this.#say('busy', t('status.paused'));
      this.#cover.show(t('console.paused', { visitor: this.visitor }), t('console.paused-detail'), this.#paused);
    } else if (this.#dialogs.size > 0) {
      this.#say('busy', t('dialog.confirm', { visitor: this.visitor }));
      this.#cover.hide();
    } else if (this.#heard > 0 && Date.now() - this.#heard > silent.after) {
      this.#say('busy', t('console.not-live'));
      this.#cover.show(t('console.silent', { visitor: this.visitor }), t('console.silent-detail'), this.#heard, true);
    } else {
      this.#say('good', t(this.#loading || this.#tab?.loading ? 'console.loading' : this.#hidden ? 'console.background' : 'console.live'));
      this.#status.title = this.#hidden ? t('console.background-detail', { visitor: this.visitor }) : '';
      this.#cover.hide();
    }
  }

  #beat(hidden: boolean): void {
    this.#heard = Date.now();
    this.#hidden = hidden;
    this.#showStatus();
  }

  #say(tone: string, text: string): void {
    this.#status.className = `status ${tone}`;
    if (this.#status.textContent !== text) fill(this.#status, h('span', { class: 'words' }, text));
  }
}

function whyGone(error: unknown): 'ended' | 'refused' | null {
  if (!(error instanceof ApiError)) return null;
  if (['session_ended', 'declined', 'link_expired'].includes(error.code)) return 'ended';
  return ['not_joined', 'not_found'].includes(error.code) ? 'refused' : null;
}

/** What the agent who waits is told of the invitation. */
function waitingFor(visitor: string, status: Invited, expires: Date): string {
  const until = Number.isNaN(expires.getTime()) ? t('console.a-while') : moment(expires);
  switch (status) {
    case 'opened': return t('console.status-opened', { visitor, time: until });
    case 'revoked': return t('console.status-revoked', { visitor });
    default: return t('console.status-sent', { visitor, time: until });
  }
}

/** A time of today, or a day and a time. */
function moment(at: Date): string {
  return at.toDateString() === new Date().toDateString() ? time(at) : dateAndTime(at);
}

/** What the visitor's browser or the server tells of. */
function noticeOf({ what, about = '' }: ToAgent & { type: 'notice' }): string {
  switch (what) {
    case 'no-room': return t('shell.no-room');
    case 'left-out': return t('shell.left-out', { host: about });
    default: return t(`notice.${what}`);
  }
}

const quiet = new Set<unknown>(['hover', 'wheel', 'focus', 'selection', 'drag']);

async function main(): Promise<void> {
  document.body.classList.add('ready');
  if (tooOld()) return notice(byId('main'), oldBrowser());
  const secret = location.hash.slice(1);
  try {
    const joined = secret ? await join({ session, secret }) : await read(session, 'agent');
    // The cookie lets this browser in from now on; the secret need not stay on a screen that may be shown around.
    if (secret) history.replaceState(null, '', location.pathname);
    new Console(joined).start();
  } catch (error) {
    notice(byId('main'), trouble(error instanceof ApiError ? error : { code: 'failed', message: t('unexpected') }, 'agent'));
  }
}

if (document.documentElement.dataset['view']) void main();
