// The console: an agent signs in, invites visitors, and sees live what becomes of the invitations. Which sessions are
// shown, and what may be done to them, is decided by the server.

import { ApiError, create, end, invite, letIn, letOut, overview, revoke, signIn, signInWays, signOut, whoAmI } from './api';
import { complete } from './ui/addresses';
import { allRights, type Invitation, type Me, type Mode, type Right, type Summary } from './protocol';
import { tooOld } from './ui/browser';
import { dateAndTime, rich, t } from './ui/catalogue';
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

/** What a failed sign-in at the provider comes back with. */
const failures = ['unknown', 'disabled', 'failed'] as const;

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
  const button = h('button', { type: 'button', class: 'button primary', 'data-tandem': 'sign-in' }, t('sign-in'));
  button.addEventListener('click', () => {
    button.disabled = true;
    signIn({ link }).then(signedIn, error => say(status, why(error)));
  });
  fill(main, h('h1', {}, t('overview.sign-in')),
    h('p', {}, t('overview.by-link')),
    h('div', { class: 'actions spaced' }, button), status);
}

async function entrance(): Promise<void> {
  const { provider } = await signInWays().catch(() => ({ provider: '' }));
  const status = h('p', { class: 'error', role: 'alert' });
  const field = h('input', { id: 'key', class: 'plain', type: 'password', autocomplete: 'current-password', spellcheck: 'false', required: true });
  const form = h('form', { novalidate: true }, h('label', { for: 'key' }, t('overview.key')),
    h('div', { class: 'field' }, field, h('button', { class: 'button primary', 'data-tandem': 'sign-in' }, t('sign-in'))), status);
  form.addEventListener('submit', event => {
    event.preventDefault();
    const key = field.value.trim();
    if (key) signIn({ key }).then(signedIn, error => say(status, why(error)));
  });
  fill(main, h('h1', {}, t('overview.sign-in')),
    h('p', {}, t('overview.for-helpers')),
    provider ? h('div', { class: 'actions spaced' }, h('a', {
      class: 'button primary', 'data-tandem': 'provider', href: `/api/sign-in/provider${goal ? `?to=${encodeURIComponent(goal)}` : ''}`,
    }, t('overview.provider', { provider }))) : null,
    form,
    h('p', { class: 'small' }, ...rich('overview.visitor-question', { link: h('a', { href: '/' }, t('overview.visitor-link')) })));
  const error = new URLSearchParams(location.search).get('error');
  const failure = failures.find(known => known === error);
  if (failure) say(status, t(`overview.failure-${failure}`));
  field.focus();
}

function why(error: unknown): string {
  switch (error instanceof ApiError ? error.code : '') {
    case 'refused': return t('overview.refused');
    case 'too_many_tries': return t('too-many-tries');
    case 'offline': return t('offline');
    case 'origin_not_allowed': return t('overview.not-allowed');
    case 'unavailable': return t('unavailable');
    default: return t('did-not-work');
  }
}

function signedIn(me: Me): void {
  if (goal) location.assign(goal);
  else void new Overview(me).follow();
}

class Overview {
  #status = h('p', { class: 'status', role: 'status', 'data-tandem': 'status' });
  #fresh = h('div', { 'data-tandem': 'fresh' });
  #list = h('div', { class: 'sessions', 'data-tandem': 'sessions' });
  /** The rows of the list by what they show. */
  #rows = new Map<string, HTMLElement>();

  constructor(private me: Me) {
    document.title = t('title', { what: t('overview.page') });
    document.body.classList.add('wide');
    main.className = '';
    fill(main,
      h('header', { class: 'signed-in' },
        h('div', {}, h('strong', { 'data-tandem': 'me' }, me.full_name), h('span', { class: 'site-label' }, t(`role.${me.role}`))),
        h('button', { type: 'button', class: 'button', 'data-tandem': 'sign-out', click: () => void this.#leave() }, t('overview.sign-out'))),
      h('section', { class: 'card' }, h('h1', {}, t('overview.invite')), this.#form(), this.#fresh),
      h('section', { class: 'card' }, h('h2', {}, t(me.role === 'agent' ? 'overview.own' : 'overview.all')), this.#status, this.#list));
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
        say(this.#status, t('overview.stale'));
        version = undefined;
        await pause(pace.afterError);
      }
    }
  }

  #form(): HTMLElement {
    const address = h('input', { id: 'address', class: 'plain', type: 'text', inputmode: 'url', spellcheck: 'false', autocapitalize: 'off', dir: 'ltr', placeholder: 'https://shop.example/', required: true });
    const visitor = h('input', { id: 'visitor', class: 'plain', type: 'text', autocomplete: 'off', maxlength: 60, placeholder: t('name.visitor') });
    const mode = h('select', { id: 'mode', class: 'plain' },
      h('option', { value: 'shared' }, t('overview.mode-shared')), h('option', { value: 'view' }, t('overview.mode-view')));
    const minutes = h('select', { id: 'minutes', class: 'plain' },
      ...[15, 60, 480, 1440].map(n =>
        h('option', { value: n, selected: n === 60 }, n < 60 ? t('overview.minutes', { n }) : t('overview.hours', { n: n / 60 }))));
    const rights = allRights.map(right => h('input', { type: 'checkbox', checked: true, value: right, 'data-right': right }));
    const status = h('p', { class: 'error', role: 'alert' });
    const form = h('form', { class: 'grid', novalidate: true },
      labelled(t('overview.address'), address), labelled(t('overview.visitor'), visitor), labelled(t('overview.mode'), mode), labelled(t('overview.good-for'), minutes),
      h('details', {}, h('summary', {}, t('overview.rights')), h('p', { class: 'small' }, t('overview.rights-how')),
        h('div', { class: 'rights', role: 'group', 'aria-label': t('overview.rights') }, ...rights.map(box => h('label', {}, box, rightOffered(box.value as Right))))),
      h('div', { class: 'actions' }, h('button', { class: 'button primary', 'data-tandem': 'create' }, t('overview.make'))), status);
    form.addEventListener('submit', event => {
      event.preventDefault();
      const url = complete(address.value.trim());
      say(status, url ? '' : t('overview.no-address'));
      if (!url) return address.focus();
      create({ url, mode: mode.value as Mode, visitor_name: visitor.value, minutes: Number(minutes.value), rights: rights.filter(box => box.checked).map(box => box.value as Right) })
        .then(made => this.#invited(made), error => say(status, why(error)));
    });
    return form;
  }

  #invited(made: Invitation): void {
    fill(this.#fresh, invitationCard(made), h('div', { class: 'actions spaced' }, h('a', { class: 'button', href: `/a/${made.id}`, target: '_blank' }, t('overview.open-session'))));
    this.#fresh.scrollIntoView({ block: 'nearest' });
  }

  /** Asks for a colleague's name, apart from the list: that is shown anew while somebody types. */
  #letIn(s: Summary): void {
    const field = h('input', { id: 'colleague', class: 'plain', type: 'text', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off', maxlength: 32, required: true });
    const status = h('p', { class: 'error', role: 'alert' });
    const form = h('form', { novalidate: true, 'data-tandem': 'colleague' }, h('label', { for: 'colleague' }, t('overview.colleague')),
      h('div', { class: 'field' }, field, h('button', { class: 'button primary', 'data-tandem': 'let-in-colleague' }, t('overview.let-in'))),
      h('p', { class: 'small' }, t('overview.colleague-how')), status);
    form.addEventListener('submit', event => {
      event.preventDefault();
      const name = field.value.trim();
      if (name) letIn(s.id, name).then(() => fill(this.#fresh), error => say(status, error instanceof ApiError && error.code === 'not_found' ? t('overview.no-colleague') : why(error)));
    });
    fill(this.#fresh, form);
    form.scrollIntoView({ block: 'nearest' });
    field.focus();
  }

  /** What has not changed stays where it is: somebody may be pressing a button of it. */
  #show(list: Summary[]): void {
    const focused = document.activeElement?.getAttribute('data-key');
    const before = this.#rows;
    this.#rows = new Map(list.map(s => [JSON.stringify(s), before.get(JSON.stringify(s)) ?? this.#row(s)]));
    const rows: Element[] = list.length ? [...this.#rows.values()] : [h('p', { class: 'small' }, t('overview.none'))];
    for (const old of [...this.#list.children]) if (!rows.includes(old)) old.remove();
    let at = this.#list.firstElementChild;
    for (const row of rows) {
      if (row === at) at = at.nextElementSibling;
      else this.#list.insertBefore(row, at);
    }
    if (focused) this.#list.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  #row(s: Summary): HTMLElement {
    const waiting = s.state === 'waiting';
    const going = waiting || s.state === 'active';
    // Colleagues who were let in only take part.
    const mine = this.me.role !== 'agent' || s.owner === this.me.name;
    const act = (name: string, label: string, what: () => Promise<unknown>) => h('button', {
      type: 'button', class: 'button small-button', 'data-tandem': name, 'data-key': `${name} ${s.id}`,
      click: () => void what().catch(error => say(this.#status, why(error))),
    }, label);
    return h('article', { class: 'row', 'data-session': s.id, 'data-state': s.state, 'data-invitation': s.invitation },
      h('div', { class: 'what' },
        h('strong', {}, s.visitor || t('overview.over')),
        h('span', { class: 'site-label' }, [readable(s.url ?? '')?.host, (this.me.role !== 'agent' || !mine) && (s.agent || s.owner), moment(s.created_at)].filter(Boolean).join(' · '))),
      h('span', { class: `badge ${s.state}` }, icon(badge(s).icon), badge(s).text),
      h('div', { class: 'actions' },
        going ? h('a', { class: 'button small-button', href: `/a/${s.id}`, target: '_blank', 'data-tandem': 'open', 'data-key': `open ${s.id}` }, t('overview.open')) : null,
        mine && (waiting || s.state === 'expired') ? act('invite', t('overview.new-link'), async () => this.#invited(await invite(s.id))) : null,
        mine && waiting && s.invitation !== 'revoked' ? act('revoke', t('overview.take-back'), () => revoke(s.id)) : null,
        mine && going && s.owner ? act('let-in', t('overview.let-in'), async () => this.#letIn(s)) : null,
        ...(mine && going ? s.colleagues ?? [] : []).map(name => act(`let-out-${name}`, t('overview.let-out', { name }), () => letOut(s.id, name))),
        mine && going ? act('end', t('overview.end'), () => end(s.id)) : null));
  }

  async #leave(): Promise<void> {
    await signOut().catch(() => {});
    location.assign('/console');
  }
}

/** How a session stands, in a word or two. */
function badge(s: Summary): { icon: 'check' | 'wait' | 'eye' | 'close' | 'together'; text: string } {
  if (s.state === 'active') return { icon: 'together', text: t(together(s)) };
  if (s.state === 'ended' && s.invitation === 'accepted') return { icon: 'check', text: t('badge.ended') };
  if (s.state === 'ended' && s.invitation === 'revoked') return { icon: 'close', text: t('badge.cancelled') };
  return { icon: signs[s.invitation], text: t(`badge.${s.invitation}`) };
}

const signs = { sent: 'wait', opened: 'eye', declined: 'close', expired: 'wait', revoked: 'close', accepted: 'check' } as const;

function together({ visitor_online, agent_online }: Summary) {
  if (visitor_online) return agent_online ? 'badge.together' : 'badge.only-visitor';
  return agent_online ? 'badge.only-agent' : 'badge.nobody';
}

/** A right as those read it who will have it; the other names are the same for everybody. */
const rightOffered = (right: Right): string => t(right === 'lead' ? 'overview.right-lead' : `right.${right}.name`);

function labelled(text: string, field: HTMLElement): HTMLElement {
  return h('div', {}, h('label', { for: field.id }, text), field);
}

function moment(at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '' : dateAndTime(date);
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

function fail(error: unknown): void {
  notice(main, trouble(error instanceof ApiError ? error : { code: 'failed', message: t('unexpected') }, 'agent'));
}

// Another link, opened in this window.
addEventListener('hashchange', () => { if (location.hash) location.reload(); });

document.body.classList.add('ready');
if (tooOld()) notice(main, oldBrowser());
else void start();
