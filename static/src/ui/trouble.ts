// What to tell somebody whose invitation or session cannot be opened.

import { t } from './catalogue';
import { h } from './dom';
import type { Notice } from './notice';

const again = () => h('button', { type: 'button', class: 'button primary', click: () => location.reload() }, t('try-again'));
const code = () => h('a', { class: 'button', href: '/' }, t('enter-code'));

/** A view for an error code of the API. `who` is the reader's part in the session. */
export function trouble(error: { code: string; message: string }, who: 'visitor' | 'agent'): Notice {
  const known = table[error.code];
  if (known) return known(who);
  return {
    icon: 'stop', tone: 'bad', title: t('trouble.title'),
    detail: [error.code === 'unavailable' ? t('unavailable') : t('server-could-not'), t('trouble.later')], actions: [again()],
  };
}

const gone = (who: string) => t(who === 'visitor' ? 'trouble.ask-visitor' : 'trouble.ask-agent');

const table: Record<string, (who: string) => Notice> = {
  link_used: who => ({
    icon: 'lock', tone: 'bad', title: t('trouble.used'),
    detail: [
      t('trouble.used-why'),
      t('trouble.used-do'),
    ],
    actions: [who === 'visitor' ? code() : null],
  }),
  link_expired: who => ({
    icon: 'wait', title: t('trouble.expired'),
    detail: [t('trouble.expired-why'), gone(who)],
    actions: [who === 'visitor' ? code() : null],
  }),
  link_revoked: who => ({
    icon: 'close', title: t('trouble.revoked'),
    detail: [t('trouble.revoked-why'), gone(who)],
    actions: [who === 'visitor' ? code() : null],
  }),
  terms_changed: () => ({
    icon: 'wait', title: t('trouble.changed'),
    detail: [t('trouble.changed-why')], actions: [again()],
  }),
  session_ended: who => ({
    icon: 'check', title: t('trouble.ended'),
    detail: [t('trouble.ended-why'), gone(who)],
  }),
  declined: who => ({
    icon: 'close', title: t('trouble.declined'),
    detail: [t('trouble.declined-why'), gone(who)],
  }),
  not_found: who => ({
    icon: 'stop', tone: 'bad', title: t('trouble.unknown'),
    detail: [t('trouble.unknown-why'),
      who === 'visitor' ? t('trouble.unknown-visitor') : t('trouble.unknown-agent')],
    actions: [who === 'visitor' ? code() : null],
  }),
  forbidden: who => ({
    icon: 'lock', tone: 'bad', title: t('trouble.forbidden'),
    detail: [who === 'visitor'
      ? t('trouble.forbidden-visitor')
      : t('trouble.forbidden-agent')],
    actions: [who === 'agent' ? h('a', { class: 'button primary', href: `/console?to=${encodeURIComponent(location.pathname)}` }, t('sign-in')) : null],
  }),
  too_many_tries: () => ({
    icon: 'wait', tone: 'bad', title: t('trouble.tries'),
    detail: [t('trouble.tries-why')],
    actions: [again()],
  }),
  already_active: () => ({
    icon: 'eye', title: t('trouble.already'),
    detail: [t('trouble.already-why')], actions: [again()],
  }),
  offline: () => ({
    icon: 'stop', tone: 'bad', title: t('trouble.offline'),
    detail: [t('trouble.offline-why')], actions: [again()],
  }),
};
table['not_joined'] = table['forbidden']!;

export function oldBrowser(): Notice {
  return {
    icon: 'stop', tone: 'bad', title: t('trouble.old'),
    detail: [t('trouble.old-why')],
  };
}
