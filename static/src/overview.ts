// The console: an agent signs in, invites visitors, and sees live what becomes of the invitations. Which sessions are
// shown, and what may be done to them, is decided by the server.

import { ApiError, create, end, invite, overview, revoke, signIn, signInWays, signOut, whoAmI } from './api';
import { complete } from './ui/addresses';
import type { Invitation, Me, Mode, Summary } from './protocol';
import { tooOld } from './ui/browser';
import { byId, fill, h, say } from './ui/dom';
import { icon } from './ui/icons';
import { invitationCard } from './ui/invitation';
import { notice } from './ui/notice';
import { oldBrowser, trouble } from './ui/trouble';
import { readable } from './ui/words';

const main = byId('main');

/** News come as soon as there are any, but not more often than people can read them. */
const pace = { atMost: 300, afterError: 2000 }; // ms

/** Where somebody wanted to go who had to sign in first: a session, never another place. */
const goal = /^\/a\/[a-z2-7]{12}$/.exec(new URLSearchParams(location.search).get('to') ?? '')?.[0];

const roles = { agent: 'Agent', supervisor: 'Supervisor', admin: 'Admin' } as const;

const refusals: Record<string, string> = {
  refused: 'This opens nothing. A link works once and for 15 minutes; a key until it expires or is taken back.',
  too_many_tries: 'Too many tries. Wait a few minutes, then try again.',
  offline: 'The server does not answer. Check your connection and try again.',
};

/** What a failed sign-in at the provider comes back with. */
const failures: Record<string, string> = {
  unknown: 'You are signed in there, but are no agent here. Ask whoever runs this server to add you.',
  disabled: 'You can no longer use this server.',
  failed: 'The sign-in did not work. Try again.',
};

async function start(): Promise<void> {
  const secret = location.hash.slice(1);
  // One press, so that nobody is signed in unawares and no preview of the link uses it up.
  if (secret) return byLink(secret);
  try {
    signedIn(await whoAmI());
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not_signed_in') await entrance();
    else fail(error);
  }
}

function byLink(link: string): void {
  history.replaceState(null, '', location.pathname);
  const status = h('p', { class: 'error', role: 'alert' });
  const button = h('button', { type: 'button', class: 'button primary', 'data-tandem': 'sign-in' }, 'Sign in');
  button.addEventListener('click', () => {
    button.disabled = true;
    signIn({ link }).then(signedIn, error => say(status, why(error)));
  });
  fill(main, h('h1', {}, 'Sign in to the console'),
    h('p', {}, 'This link signs you in, in this browser. Use it only if it was made for you.'),
    h('div', { class: 'actions spaced' }, button), status);
}

async function entrance(): Promise<void> {
  const { provider } = await signInWays().catch(() => ({ provider: '' }));
  const status = h('p', { class: 'error', role: 'alert' });
  const field = h('input', { id: 'key', class: 'plain', type: 'password', autocomplete: 'current-password', spellcheck: 'false', required: true });
  const form = h('form', { novalidate: true }, h('label', { for: 'key' }, 'Key'),
    h('div', { class: 'field' }, field, h('button', { class: 'button primary', 'data-tandem': 'sign-in' }, 'Sign in')), status);
  form.addEventListener('submit', event => {
    event.preventDefault();
    const key = field.value.trim();
    if (key) signIn({ key }).then(signedIn, error => say(status, why(error)));
  });
  fill(main, h('h1', {}, 'Sign in to the console'),
    h('p', {}, 'For people who help. Have you been given a link? Open it. Have you been given a key? Enter it here.'),
    provider ? h('div', { class: 'actions spaced' }, h('a', {
      class: 'button primary', 'data-tandem': 'provider', href: `/api/sign-in/provider${goal ? `?to=${encodeURIComponent(goal)}` : ''}`,
    }, `Sign in with ${provider}`)) : null,
    form,
    h('p', { class: 'small' }, 'Are you a visitor? ', h('a', { href: '/' }, 'Enter your code'), '.'));
  const failure = failures[new URLSearchParams(location.search).get('error') ?? ''];
  if (failure) say(status, failure);
  field.focus();
}

function why(error: unknown): string {
  return error instanceof ApiError ? refusals[error.code] ?? error.message : 'This did not work. Try again.';
}

function signedIn(me: Me): void {
  if (goal) location.assign(goal);
  else void new Overview(me).follow();
}

class Overview {
  #status = h('p', { class: 'status', role: 'status', 'data-tandem': 'status' });
  #fresh = h('div', { 'data-tandem': 'fresh' });
  #list = h('div', { class: 'sessions', 'data-tandem': 'sessions' });

  constructor(private me: Me) {
    document.title = 'Console – Tandem';
    document.body.classList.add('wide');
    main.className = '';
    fill(main,
      h('header', { class: 'who' },
        h('div', {}, h('strong', { 'data-tandem': 'me' }, me.full_name), h('span', { class: 'site-label' }, roles[me.role])),
        h('button', { type: 'button', class: 'button', 'data-tandem': 'sign-out', click: () => void this.#leave() }, 'Sign out')),
      h('section', { class: 'card' }, h('h1', {}, 'Invite a visitor'), this.#form(), this.#fresh),
      h('section', { class: 'card' }, h('h2', {}, me.role === 'agent' ? 'Your sessions' : 'All sessions'), this.#status, this.#list));
  }

  /** Shows the list, and again whenever something has changed. */
  async follow(): Promise<void> {
    let version: number | undefined;
    for (;;) {
      try {
        const news = await overview(version);
        version = news.version;
        this.#show(news.sessions);
        say(this.#status, '');
        await pause(pace.atMost);
      } catch (error) {
        if (error instanceof ApiError && error.code === 'not_signed_in') return location.reload();
        say(this.#status, 'The list may be old: the server does not answer.');
        version = undefined;
        await pause(pace.afterError);
      }
    }
  }

  #form(): HTMLElement {
    const address = h('input', { id: 'address', class: 'plain', type: 'text', inputmode: 'url', spellcheck: 'false', autocapitalize: 'off', placeholder: 'https://shop.example/', required: true });
    const visitor = h('input', { id: 'visitor', class: 'plain', type: 'text', autocomplete: 'off', maxlength: 60, placeholder: 'Visitor' });
    const mode = h('select', { id: 'mode', class: 'plain' },
      h('option', { value: 'shared' }, 'Both click and type'), h('option', { value: 'view' }, 'You look and point'));
    const minutes = h('select', { id: 'minutes', class: 'plain' },
      ...([[15, '15 minutes'], [60, '1 hour'], [480, '8 hours'], [1440, '24 hours']] as const).map(([n, label]) =>
        h('option', { value: n, selected: n === 60 }, label)));
    const status = h('p', { class: 'error', role: 'alert' });
    const form = h('form', { class: 'grid', novalidate: true },
      labelled('Address of the site', address), labelled('Visitor’s name', visitor), labelled('What you may do', mode), labelled('Good for', minutes),
      h('div', { class: 'actions' }, h('button', { class: 'button primary', 'data-tandem': 'create' }, 'Make the invitation')), status);
    form.addEventListener('submit', event => {
      event.preventDefault();
      const url = complete(address.value.trim());
      say(status, url ? '' : 'Enter the address of a page, such as https://shop.example/.');
      if (!url) return address.focus();
      create({ url, mode: mode.value as Mode, visitor_name: visitor.value, minutes: Number(minutes.value) })
        .then(made => this.#invited(made), error => say(status, why(error)));
    });
    return form;
  }

  #invited(made: Invitation): void {
    fill(this.#fresh, invitationCard(made), h('div', { class: 'actions spaced' }, h('a', { class: 'button', href: `/a/${made.id}`, target: '_blank' }, 'Open the session')));
    this.#fresh.scrollIntoView({ block: 'nearest' });
  }

  #show(list: Summary[]): void {
    const focused = document.activeElement?.getAttribute('data-key');
    fill(this.#list, ...list.map(s => this.#row(s)), list.length ? null : h('p', { class: 'small' }, 'There are no sessions yet.'));
    if (focused) this.#list.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  #row(s: Summary): HTMLElement {
    const waiting = s.state === 'waiting';
    const going = waiting || s.state === 'active';
    const act = (name: string, label: string, what: () => Promise<unknown>) => h('button', {
      type: 'button', class: 'button small-button', 'data-tandem': name, 'data-key': `${name} ${s.id}`,
      click: () => void what().catch(error => say(this.#status, why(error))),
    }, label);
    return h('article', { class: 'row', 'data-session': s.id, 'data-state': s.state, 'data-invitation': s.invitation },
      h('div', { class: 'what' },
        h('strong', {}, s.visitor || 'A session that is over'),
        h('span', { class: 'site-label' }, [readable(s.url ?? '')?.host, this.me.role !== 'agent' && (s.agent || s.owner), moment(s.created_at)].filter(Boolean).join(' · '))),
      h('span', { class: `badge ${s.state}` }, icon(badge(s).icon), badge(s).text),
      h('div', { class: 'actions' },
        going ? h('a', { class: 'button small-button', href: `/a/${s.id}`, target: '_blank', 'data-tandem': 'open', 'data-key': `open ${s.id}` }, 'Open') : null,
        waiting ? act('invite', 'New link', async () => this.#invited(await invite(s.id))) : null,
        waiting && s.invitation !== 'revoked' ? act('revoke', 'Take back', () => revoke(s.id)) : null,
        going ? act('end', 'End', () => end(s.id)) : null));
  }

  async #leave(): Promise<void> {
    await signOut().catch(() => {});
    location.assign('/console');
  }
}

/** How a session stands, in a word or two. */
function badge(s: Summary): { icon: 'check' | 'wait' | 'eye' | 'close' | 'together'; text: string } {
  if (s.state === 'active') {
    const here = [s.visitor_online && 'visitor', s.agent_online && 'agent'].filter(Boolean);
    return { icon: 'together', text: here.length === 2 ? 'Together now' : here.length ? `Only the ${here[0]} is here` : 'Nobody is here' };
  }
  if (s.state === 'ended' && s.invitation === 'accepted') return { icon: 'check', text: 'Ended' };
  switch (s.invitation) {
    case 'sent': return { icon: 'wait', text: 'Sent' };
    case 'opened': return { icon: 'eye', text: 'Opened' };
    case 'declined': return { icon: 'close', text: 'Declined' };
    case 'expired': return { icon: 'wait', text: 'Expired' };
    case 'revoked': return { icon: 'close', text: s.state === 'ended' ? 'Cancelled' : 'Taken back' };
    case 'accepted': return { icon: 'check', text: 'Accepted' };
  }
}

function labelled(text: string, field: HTMLElement): HTMLElement {
  return h('div', {}, h('label', { for: field.id }, text), field);
}

function moment(at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

function fail(error: unknown): void {
  notice(main, trouble(error instanceof ApiError ? error : { code: 'failed', message: 'Something unexpected happened.' }, 'agent'));
}

// Another link, opened in this window.
addEventListener('hashchange', () => { if (location.hash) location.reload(); });

document.body.classList.add('ready');
if (tooOld()) notice(main, oldBrowser());
else void start();
