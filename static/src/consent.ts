// The visitor's invitation: who invites, which site, what they may do, what stays hidden. Nothing is shared before
// a deliberate press of Accept: the buttons take only the browser's own clicks, and only after the page has had the
// reader's attention for a moment, so that neither a script nor a double click meant for something else can agree.

import { accept, ApiError, decline, enter, join, read, type Entrance } from './api';
import type { Joined } from './protocol';
import { tooOld } from './ui/browser';
import { byId, fill, h } from './ui/dom';
import { icon, type Icon } from './ui/icons';
import { notice } from './ui/notice';
import { oldBrowser, trouble } from './ui/trouble';
import { called, readable } from './ui/words';

const attentionFor = 700; // ms

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
  show(invitation);
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
    case 'active': return goOn(invitation);
    case 'declined': return notice(main, trouble({ code: 'declined', message: '' }, 'visitor'));
    case 'expired': return notice(main, trouble({ code: 'link_expired', message: '' }, 'visitor'));
    case 'ended': return notice(main, trouble({ code: 'session_ended', message: '' }, 'visitor'));
  }
}

function invite(invitation: Joined): void {
  const agent = called({ name: invitation.agent, role: 'agent' }, 'Somebody');
  const heading = h('h1', { tabindex: -1 }, `${agent} invites you to browse together`);
  const actions = h('div', { class: 'actions tall' });
  const status = h('p', { class: 'status', role: 'status', 'data-tandem': 'status' });
  fill(main, h('section', { class: 'invitation' }, heading,
    site(invitation),
    h('div', { class: 'terms' }, ...terms(invitation, agent)),
    actions, status,
    h('p', { class: 'small' }, `Accept only if you expect this, for example because you are speaking with ${agent} now.`)));
  document.title = `${agent} invites you to browse together – Tandem`;
  heading.focus({ preventScroll: true });

  const yes = h('button', { type: 'button', class: 'button primary', 'data-tandem': 'accept' }, 'Accept and open the site');
  const no = h('button', { type: 'button', class: 'button', 'data-tandem': 'decline' }, 'Decline');
  const armed = arm(() => fill(actions, yes, no));
  const press = (button: HTMLButtonElement, what: () => Promise<void>) => button.addEventListener('click', event => {
    if (!event.isTrusted) return;
    if (!armed()) {
      status.textContent = 'Please press once more.';
      return;
    }
    yes.disabled = no.disabled = true;
    status.textContent = button === yes ? 'Opening the site…' : '';
    what().catch(fail);
  });
  press(yes, async () => go(await accept(invitation.session)));
  press(no, async () => {
    await decline(invitation.session);
    notice(main, {
      icon: 'check', title: 'You declined',
      detail: [`Nothing was shared, and ${agent} has been told. The link no longer works.`, 'You can close this window.'],
    });
  });
}

function site(invitation: Joined): HTMLElement {
  const address = readable(invitation.url);
  return h('div', { class: 'site' },
    icon(address?.secure ? 'lock' : 'globe'),
    h('div', {},
      h('span', { class: 'site-label' }, 'Site'),
      h('strong', { 'data-tandem': 'address' }, invitation.origin),
      address && !address.secure && !/(^|\.)localhost(:|$)/.test(address.host) ? h('span', { class: 'site-label' }, 'This site does not use encryption') : null));
}

function terms(invitation: Joined, agent: string): HTMLElement[] {
  const shared = invitation.mode === 'shared';
  const hidden = invitation.masked?.length ? invitation.masked : ['Passwords', 'Card numbers', 'One-time codes'];
  return [
    term(shared ? 'pointer' : 'eye', shared ? 'You both use the page' : `${agent} only looks and points`, 'mode',
      shared
        ? [`${agent} can see this site as you see it, and click and type with you.`]
        : [`${agent} can see this site as you see it, scroll and point. Only you click and type.`]),
    term('hidden', `Hidden from ${agent}`, null, null, h('ul', {}, ...hidden.map(what => h('li', {}, what)),
      h('li', {}, 'Everything outside this page: other tabs, windows and files'))),
    term('stop', 'You stay in charge', null, ['Nothing is recorded. One press on Stop sharing at the top of the page ends it at once.']),
  ];
}

function term(sign: Icon, title: string, name: string | null, lines: string[] | null, more?: HTMLElement): HTMLElement {
  return h('div', { class: 'term', 'data-tandem': name }, icon(sign),
    h('div', {}, h('h2', {}, title), ...(lines ?? []).map(line => h('p', {}, line)), more));
}

/** Somebody who accepted before comes back, by the link or by the Back button. */
function goOn(invitation: Joined): void {
  const agent = called({ name: invitation.agent, role: 'agent' });
  const button = h('button', { type: 'button', class: 'button primary', 'data-tandem': 'accept', disabled: true }, 'Back to the shared page');
  notice(main, {
    icon: 'eye', title: `You are sharing with ${agent}`,
    detail: [`The session on ${readable(invitation.url)?.host ?? invitation.origin} goes on. If it is open in another window, this one takes over.`],
    actions: [button],
  });
  const armed = arm(() => { button.disabled = false; });
  button.addEventListener('click', event => {
    if (!event.isTrusted || !armed()) return;
    button.disabled = true;
    enter(invitation.session).then(go, fail);
  });
}

/**
 * Calls ready once the window has had attention for a moment, and from then on answers whether it still has.
 * Focus counts, and so does a pointer or key: a window can be used without being focused.
 */
function arm(ready: () => void): () => boolean {
  let since = 0;
  let timer = 0;
  let first = true;
  const attend = () => {
    if (since) return;
    since = performance.now();
    timer = setTimeout(() => {
      if (first) ready();
      first = false;
    }, attentionFor);
  };
  const lose = () => {
    since = 0;
    clearTimeout(timer);
  };
  addEventListener('blur', lose);
  addEventListener('focus', attend);
  addEventListener('pointermove', attend);
  addEventListener('pointerdown', attend);
  addEventListener('keydown', attend);
  document.addEventListener('visibilitychange', () => { if (document.hidden) lose(); });
  if (document.hasFocus()) attend();
  return () => since > 0 && performance.now() - since >= attentionFor;
}

/** Carries the ticket to the shell's host by a form, so that it stands in no address. */
function go({ enter: address, ticket }: Entrance): void {
  if (new URL(address).origin !== shellOrigin) throw new Error('the ticket is for another place');
  const form = h('form', { method: 'post', action: address, hidden: true }, h('input', { type: 'hidden', name: 'ticket', value: ticket }));
  document.body.append(form);
  form.submit();
}

function fail(error: unknown): void {
  notice(main, trouble(error instanceof ApiError ? error : { code: 'failed', message: 'Something unexpected happened.' }, 'visitor'));
}

// A page restored by the Back button shows an old state; ask again.
addEventListener('pageshow', event => { if (event.persisted) location.reload(); });

document.body.classList.add('ready');
if (tooOld()) notice(main, oldBrowser());
else void start();
