// The visitor's invitation: who invites, which site, what they may do, what stays hidden. Nothing is shared before
// a deliberate press of Accept: see Intent. With it the server is told what was read: a name for the terms, as it
// gave it, so that nobody agrees to what has changed meanwhile, and the words on the page.

import { accept, ApiError, decline, enter, join, read, type Entrance } from './api';
import { granted, type Joined } from './protocol';
import { tooOld } from './ui/browser';
import { byId, fill, h } from './ui/dom';
import { icon, type Icon } from './ui/icons';
import { notice } from './ui/notice';
import { oldBrowser, trouble } from './ui/trouble';
import { language, t } from './ui/catalogue';
import { called, readable, treated } from './ui/words';

const attentionFor = 700; // ms

/** How often a page that waits for its reader asks whether it still may. */
const askEvery = 3000; // ms

const main = byId('main');
const session = document.documentElement.dataset['session'] ?? '';
const shellOrigin = document.documentElement.dataset['shell'] ?? '';

async function start(): Promise<void> {
  const secret = location.hash.slice(1);
  let invitation: Joined;
  try {
    invitation = secret ? await joinOrReturn(secret) : await read(session, 'visitor');
  } catch (error) {
    fail(error);
    return;
  }
  // The secret works once and has done so; it need not stay in the address bar or in the history.
  if (secret) history.replaceState(null, '', location.pathname);
  if (invitation.check) return wait(invitation, invitation.check);
  show(invitation);
}

const confirmedEvery = 1500; // ms

/** Another device of the visitor's: where the session is, they are asked whether this is it. */
function wait(invitation: Joined, check: string): void {
  const number = h('strong', { class: 'check', 'data-tandem': 'check' }, check);
  notice(main, {
    icon: 'wait', title: t('consent.here'), detail: [t('consent.here-detail')],
    actions: [number],
  });
  const ask = (): void => {
    read(session, 'visitor').then(show, (error: unknown) => {
      if (error instanceof ApiError && (error.code === 'pending' || error.code === 'offline')) setTimeout(ask, confirmedEvery);
      else notice(main, { icon: 'close', title: t('consent.not-moved'), detail: [t('consent.not-moved-detail')] });
    });
  };
  setTimeout(ask, confirmedEvery);
}

/** A link that was used is no obstacle for the browser that used it. */
async function joinOrReturn(secret: string): Promise<Joined> {
  try {
    return await join({ session, secret });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'link_used') throw error;
    return read(session, 'visitor').catch(() => { throw error; });
  }
}

function show(invitation: Joined): void {
  switch (invitation.state) {
    case 'waiting': return invite(invitation);
    case 'active': return invitation.showing ? void enter(invitation.session).then(go, fail) : goOn(invitation);
    case 'declined': return notice(main, trouble({ code: 'declined', message: '' }, 'visitor'));
    case 'expired': return notice(main, trouble({ code: 'link_expired', message: '' }, 'visitor'));
    case 'ended': return notice(main, trouble({ code: 'session_ended', message: '' }, 'visitor'));
  }
}

function invite(invitation: Joined): void {
  const agent = called({ name: invitation.agent, role: 'agent' }, t('name.somebody'));
  const heading = h('h1', { tabindex: -1 }, t('consent.title', { agent }));
  const actions = h('div', { class: 'actions tall' });
  const status = h('p', { class: 'status', role: 'status', 'data-tandem': 'status' });
  const shown = [heading, site(invitation), h('div', { class: 'terms' }, ...terms(invitation, agent))];
  fill(main, h('section', { class: 'invitation' }, ...shown, h('div', { class: 'decide' },
    h('p', { class: 'small' }, t('consent.expect', { agent })), actions, status)));
  document.title = t('title', { what: t('consent.title', { agent }) });
  heading.focus({ preventScroll: true });

  const yes = h('button', { type: 'button', class: 'button primary', 'data-tandem': 'accept' }, t('consent.accept'));
  const no = h('button', { type: 'button', class: 'button', 'data-tandem': 'decline' }, t('decline'));
  const intent = new Intent(() => fill(actions, yes, no));
  const waiting = new AbortController();
  const press = (button: HTMLButtonElement, what: () => Promise<void>) => intent.of(button, meant => {
    if (!meant) {
      status.textContent = t('consent.once-more');
      return;
    }
    waiting.abort();
    yes.disabled = no.disabled = true;
    status.textContent = button === yes ? t('consent.opening-site') : '';
    what().catch(fail);
  });
  void watch(invitation, waiting.signal);
  press(yes, async () => go(await accept(invitation.session, { terms: invitation.terms, words: shown.map(part => part.innerText).join('\n'), language: language() })));
  press(no, async () => {
    await decline(invitation.session);
    notice(main, {
      icon: 'check', title: t('consent.declined'),
      detail: [t('consent.declined-detail', { agent }), t('close-window')],
    });
  });
}

/** Tells the reader when the invitation is taken back, is out of time, or asks for something else now. */
async function watch(invitation: Joined, until: AbortSignal): Promise<void> {
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, askEvery));
    if (until.aborted) return;
    if (document.hidden) continue;
    let now: Joined;
    try {
      now = await read(invitation.session, 'visitor');
    } catch (error) {
      if (error instanceof ApiError && error.code === 'offline') continue;
      if (!until.aborted) fail(error);
      return;
    }
    if (until.aborted) return;
    if (now.terms !== invitation.terms || now.state !== 'waiting') return show(now);
  }
}

function site(invitation: Joined): HTMLElement {
  const address = readable(invitation.url);
  return h('div', { class: 'site' },
    icon(address?.secure ? 'lock' : 'globe'),
    h('div', {},
      h('span', { class: 'site-label' }, t('consent.site')),
      h('strong', { 'data-tandem': 'address' }, invitation.origin),
      address && !address.secure && !/(^|\.)localhost(:|$)/.test(address.host) ? h('span', { class: 'site-label' }, t('consent.not-encrypted')) : null));
}

function terms(invitation: Joined, agent: string): HTMLElement[] {
  const shared = invitation.mode === 'shared';
  const hidden = invitation.masked.map(what => t(`masked.${what}`));
  return [
    term(shared ? 'pointer' : 'eye', shared ? t('consent.both') : t('consent.only-looks', { agent }), 'mode',
      [t(shared ? 'consent.both-detail' : 'consent.only-looks-detail', { agent })],
      shared && invitation.treated?.includes('protect') ? h('p', {}, t('treated.kept', { agent })) : undefined),
    term('check', t('consent.may', { agent }), 'rights', null,
      h('ul', {}, ...granted(invitation).map(right => h('li', {}, t(`right.${right}.name`))))),
    term('hidden', t('consent.hidden', { agent }), null, null, h('ul', {}, ...[...hidden, ...treated(invitation.treated ?? [])].map(what => h('li', {}, what)),
      h('li', {}, t('consent.outside')))),
    term('people', t('consent.others'), 'others', [t('consent.others-detail', { agent })]),
    term('stop', t('consent.in-charge'), null, [t('consent.in-charge-detail')]),
  ];
}

function term(sign: Icon, title: string, name: string | null, lines: string[] | null, more?: HTMLElement): HTMLElement {
  return h('div', { class: 'term', 'data-tandem': name }, icon(sign),
    h('div', {}, h('h2', {}, title), ...(lines ?? []).map(line => h('p', {}, line)), more));
}

/** Somebody who accepted before comes back, by the link or by the Back button. */
function goOn(invitation: Joined): void {
  const agent = called({ name: invitation.agent, role: 'agent' });
  const button = h('button', { type: 'button', class: 'button primary', 'data-tandem': 'accept', disabled: true }, t('consent.back'));
  notice(main, {
    icon: 'eye', title: t('consent.sharing', { agent }),
    detail: [t('consent.sharing-detail', { host: readable(invitation.url)?.host ?? invitation.origin })],
    actions: [button],
  });
  new Intent(() => { button.disabled = false; }).of(button, meant => {
    if (!meant) return;
    button.disabled = true;
    enter(invitation.session).then(go, fail);
  });
}

/**
 * Tells a press that is meant from one made by a script, meant for another window, or begun before this page could be
 * read. The window must have had attention for a moment (focus, or a pointer or key: it can be used without focus); the
 * whole press, down and up, must be on the button; a mouse must have moved in this page, and a key held down is no press.
 */
class Intent {
  #since = 0;
  #timer = 0;
  #sought = false;

  constructor(private ready: () => void) {
    const attend = () => this.#attend();
    addEventListener('blur', () => this.#lose());
    document.addEventListener('visibilitychange', () => { if (document.hidden) this.#lose(); });
    for (const kind of ['focus', 'pointermove', 'pointerdown', 'keydown']) addEventListener(kind, attend);
    addEventListener('pointermove', event => { if (event.isTrusted) this.#sought = true; });
    if (document.hasFocus()) attend();
  }

  /** Calls then for each press of a button that the browser vouches for. */
  of(button: HTMLButtonElement, then: (meant: boolean) => void): void {
    let meant = false;
    button.addEventListener('pointerdown', event => {
      meant = event.isTrusted && this.#attentive() && (event.pointerType !== 'mouse' || this.#sought);
    });
    button.addEventListener('keydown', event => {
      if (event.repeat) event.preventDefault();
      else if (event.key === 'Enter' || event.key === ' ') meant = event.isTrusted && this.#attentive();
    });
    // A screen reader presses without either, on a button it has led to before.
    button.addEventListener('focus', () => setTimeout(() => {
      if (document.activeElement === button) this.#sought = true;
    }, attentionFor));
    button.addEventListener('click', event => {
      if (!event.isTrusted) return;
      const was = meant;
      meant = false;
      then(was);
    });
  }

  #attentive(): boolean {
    return this.#since > 0 && performance.now() - this.#since >= attentionFor;
  }

  #attend(): void {
    if (this.#since) return;
    this.#since = performance.now();
    this.#timer = setTimeout(() => {
      this.ready();
      this.ready = () => {};
    }, attentionFor);
  }

  #lose(): void {
    this.#since = 0;
    this.#sought = false;
    clearTimeout(this.#timer);
  }
}

/** Carries the ticket to the shell's host by a form, so that it stands in no address. */
function go({ enter: address, ticket }: Entrance): void {
  if (new URL(address).origin !== shellOrigin) throw new Error('the ticket is for another place');
  const form = h('form', { method: 'post', action: address, hidden: true }, h('input', { type: 'hidden', name: 'ticket', value: ticket }));
  document.body.append(form);
  form.submit();
}

function fail(error: unknown): void {
  notice(main, trouble(error instanceof ApiError ? error : { code: 'failed', message: t('unexpected') }, 'visitor'));
}

// A newer link to the same session, opened in this window, is told by nothing else.
addEventListener('hashchange', () => { if (location.hash) location.reload(); });

// A page restored by the Back button shows an old state; ask again.
addEventListener('pageshow', event => { if (event.persisted) location.reload(); });

document.body.classList.add('ready');
if (tooOld()) notice(main, oldBrowser());
else void start();
