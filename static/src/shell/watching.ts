// What an agent shows the visitor: a page that the agent leads, in a session of its own, and that is followed here in
// a tab beside the visitor's. The visitor is asked first, and closes it when they like.

import { Link, type LinkState } from '../link';
import { parseMessage, toAgent, type FromRenderer, type Person, type TabState, type ToAgent, type ToVisitor, type Welcome } from '../protocol';
import { t } from '../ui/catalogue';
import { Cover, silent } from '../ui/cover';
import { fill, h } from '../ui/dom';
import { icon } from '../ui/icons';
import { renderer, type RendererFrame } from '../ui/renderer';
import type { Tool } from '../ui/tools';
import { blockedDetail, called, readable, reason } from '../ui/words';

/** The number of its tab, which no tab of the visitor's has. */
export const watchedTab = 0;
/** Whoever is about to press something else when the question appears has not answered it. */
const ARMED_MS = 500;

export interface WatchingOptions {
  stage: HTMLElement;
  question: HTMLElement;
  person(id: string): Person | undefined;
  tell(message: { type: 'watch'; yes: boolean }): void;
  /** What the strip and the address show is different now. */
  changed(): void;
  said(text: string): void;
}

export class Watching {
  #session = '';
  #you = '';
  #by = '';
  #site = '';
  #front = false;
  #link: Link<ToAgent> | null = null;
  #renderer: RendererFrame | null = null;
  #place = h('div', { class: 'place' });
  #label = h('p', { class: 'label' });
  #layer = h('section', { class: 'watched', 'data-tandem': 'watched' },
    h('header', {}, icon('eye'), this.#label,
      h('button', { type: 'button', class: 'button', 'data-tandem': 'unwatch', click: () => this.close() }, t('watching.close'))),
    this.#place);
  #cover = new Cover(this.#place);
  #tab: TabState | undefined;
  #leader = { online: true, since: 0 };
  #heard = 0;
  #paused = 0;
  #watching = 0;

  constructor(private options: WatchingOptions) {}

  /** Whether it is what the visitor looks at. */
  get front(): boolean { return this.#front && this.#link !== null; }
  get url(): string { return this.#tab?.url || this.#site; }

  /** Its tab, if there is one. */
  states(): TabState[] {
    if (!this.#link) return [];
    const title = t('watching.tab', { agent: this.#name(), title: this.#tab?.title?.trim() || readable(this.url)?.host || '' });
    return [{ tab: watchedTab, url: this.url, title, active: this.front, shown: true }];
  }

  /** How it is with what an agent shows. */
  told({ session, by, site, state }: ToVisitor & { type: 'showing' }): void {
    this.#answered();
    if (state === 'waiting') return this.#ask(by, site);
    if (state === 'active') return this.#open(session, by, site);
    if (this.#link) this.options.said(t('watching.over', { agent: this.#name() }));
    this.stop();
  }

  show(front: boolean): void {
    if (front === this.#front) return;
    this.#front = front;
    this.#layer.hidden = !this.front;
    this.options.changed();
  }

  /** The visitor has seen enough. */
  close(): void {
    this.stop();
    this.options.tell({ type: 'watch', yes: false });
  }

  /** Nothing more is shown, whatever the way to the server is like. */
  stop(): void {
    this.#answered();
    this.#session = '';
    const link = this.#link;
    if (!link) return;
    this.#link = null; // closing it comes back here
    link.close();
    clearInterval(this.#watching);
    this.#renderer?.port.close();
    this.#renderer = null;
    this.#layer.remove();
    this.#cover.hide();
    fill(this.#place);
    this.options.changed();
  }

  /** Draws over it, or puts frames around elements, as anybody does who follows. */
  use(tool: Tool | null, fade: boolean): void {
    this.#renderer?.port.postMessage({ type: 'tool', tool, fade });
  }

  /** Takes away all that was drawn over it. */
  erase(): void {
    this.#renderer?.port.postMessage({ type: 'erase', from: this.#you });
    this.#link?.send({ type: 'erase' });
  }

  #name(): string { return called(this.options.person(this.#by)); }

  #ask(by: string, site: string): void {
    const { question } = this.options;
    const name = called(this.options.person(by));
    const answer = (yes: boolean) => {
      this.#answered();
      this.options.tell({ type: 'watch', yes });
    };
    const yes = h('button', { type: 'button', class: 'button primary', 'data-tandem': 'watch', disabled: true, click: () => answer(true) }, t('watching.yes'));
    const no = h('button', { type: 'button', class: 'button', 'data-tandem': 'watch-not', disabled: true, click: () => answer(false) }, t('watching.no'));
    fill(question, h('p', {}, t('watching.question', { agent: name, host: readable(site)?.host ?? site })), h('p', { class: 'small' }, t('watching.what', { agent: name })),
      h('div', { class: 'actions' }, yes, no));
    question.hidden = false;
    setTimeout(() => { yes.disabled = no.disabled = false; }, ARMED_MS);
  }

  #answered(): void {
    this.options.question.hidden = true;
    fill(this.options.question);
  }

  #open(session: string, by: string, site: string): void {
    if (session === this.#session) return; // told again after a connection was lost
    this.stop();
    this.#session = session;
    this.#by = by;
    this.#site = site;
    this.#tab = undefined;
    this.#heard = this.#paused = 0;
    this.#leader = { online: true, since: 0 };
    fill(this.#label, t('watching.label', { agent: this.#name() }));
    this.#link = new Link<ToAgent>({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/.tandem/shown`,
      parse: value => parseMessage(toAgent, value),
      onWelcome: state => this.#welcome(state),
      onMessage: message => this.#message(message),
      onState: state => this.#linkChanged(state),
    });
    this.#watching = setInterval(() => this.#look(), silent.look);
    this.#front = true;
    this.#layer.hidden = false;
    this.options.stage.append(this.#layer);
    this.#link.connect();
    this.options.changed();
  }

  #welcome(state: Welcome): void {
    if (state.resumed) return;
    this.#you = state.you.id;
    this.#renderer?.port.close();
    this.#heard = 0;
    this.#paused = state.paused ? Date.now() : 0;
    this.#renderer = renderer(state, state.view ?? '', t('watching.label', { agent: this.#name() }), message => this.#fromRenderer(message));
    fill(this.#place, this.#renderer.frame, this.#cover.element);
    this.#renderer.port.postMessage({ type: 'zoom', fit: true });
    this.#renderer.port.postMessage({ type: 'people', people: state.people });
  }

  #message(message: ToAgent): void {
    switch (message.type) {
      case 'beat':
        this.#heard = Date.now();
        break;
      case 'leader':
        this.#leader = { online: message.online, since: typeof message.since === 'number' ? message.since : Date.now() };
        this.#heard = message.online ? Date.now() : 0;
        break;
      case 'mode':
        this.#paused = message.paused ? this.#paused || Date.now() : 0;
        break;
      case 'tabs':
        this.#tab = message.tabs.find(tab => tab.active) ?? message.tabs[0];
        this.options.changed();
        break;
      case 'ended': return this.stop();
      case 'refused': return this.options.said(reason(message.why, this.#name()));
    }
    this.#look();
    this.#renderer?.port.postMessage(message);
  }

  #fromRenderer(message: FromRenderer): void {
    switch (message.type) {
      case 'pointer': return this.#link?.sendLossy('pointer', message);
      case 'scroll': return this.#link?.sendLossy(`scroll ${message.doc} ${message.node}`, message);
      case 'select': return this.#link?.send({ ...message, sel: message.sel ?? null });
      case 'mark':
      case 'draw':
      case 'resync': return this.#link?.send(message);
    }
  }

  #linkChanged(state: LinkState): void {
    if (state.is === 'closed') return this.stop();
    this.#look();
  }

  /** Says over the page when it is not live. */
  #look(): void {
    const name = this.#name();
    const state = this.#link?.state;
    if (state?.is === 'blocked') this.#cover.show(t('blocked.title'), blockedDetail(location.host), state.since);
    else if (state?.is === 'away') this.#cover.show(t('console.not-connected'), t('console.not-connected-detail'), state.since);
    else if (!this.#leader.online && this.#tab) this.#cover.show(t('console.away', { visitor: name }), t('console.away-detail'), this.#leader.since);
    else if (!this.#leader.online) this.#cover.show(t('watching.opening', { agent: name }), t('watching.opening-detail'), this.#leader.since);
    else if (this.#paused) this.#cover.show(t('console.paused', { visitor: name }), t('console.paused-detail'), this.#paused);
    else if (this.#heard > 0 && Date.now() - this.#heard > silent.after) this.#cover.show(t('console.silent', { visitor: name }), t('console.silent-detail'), this.#heard, true);
    else this.#cover.hide();
  }
}
