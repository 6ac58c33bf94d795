// What to tell somebody whose invitation or session cannot be opened.

import { h } from './dom';
import type { Notice } from './notice';

const again = () => h('button', { type: 'button', class: 'button primary', click: () => location.reload() }, 'Try again');
const code = () => h('a', { class: 'button', href: '/' }, 'Enter a code');

/** A view for an error code of the API. `who` is the reader's part in the session. */
export function trouble(error: { code: string; message: string }, who: 'visitor' | 'agent'): Notice {
  const known = table[error.code];
  if (known) return known(who);
  return {
    icon: 'stop', tone: 'bad', title: 'This did not work',
    detail: [error.message, 'Please try again in a moment.'], actions: [again()],
  };
}

const gone = (who: string) => (who === 'visitor' ? 'Ask the person who invited you for a new link.' : 'Make a new session to go on.');

const table: Record<string, (who: string) => Notice> = {
  link_used: who => ({
    icon: 'lock', tone: 'bad', title: 'This link has already been used',
    detail: [
      'An invitation works in one browser only, and this one was opened in another.',
      'If that was you, go back to that window. If not, tell the person who invited you and ask for a new link.',
    ],
    actions: [who === 'visitor' ? code() : null],
  }),
  link_expired: who => ({
    icon: 'wait', title: 'This invitation has expired',
    detail: ['It was not accepted in time, so the link no longer works. Nothing was shared.', gone(who)],
    actions: [who === 'visitor' ? code() : null],
  }),
  link_revoked: who => ({
    icon: 'close', title: 'This invitation was taken back',
    detail: ['The person who sent it has made it invalid. Nothing was shared.', gone(who)],
    actions: [who === 'visitor' ? code() : null],
  }),
  terms_changed: () => ({
    icon: 'wait', title: 'The invitation has changed',
    detail: ['What you are asked is no longer what you have read. Please read it once more.'], actions: [again()],
  }),
  session_ended: who => ({
    icon: 'check', title: 'This session has ended',
    detail: ['Sharing is over and the link no longer works. Nothing was recorded.', gone(who)],
  }),
  declined: who => ({
    icon: 'close', title: 'This invitation was declined',
    detail: ['Nothing was shared, and the link no longer works.', gone(who)],
  }),
  not_found: who => ({
    icon: 'stop', tone: 'bad', title: 'We do not know this link',
    detail: ['It may have been copied only in part, or the session is long over.',
      who === 'visitor' ? 'Open the whole link again, or enter the code you were told.' : 'Open the whole link again.'],
    actions: [who === 'visitor' ? code() : null],
  }),
  forbidden: who => ({
    icon: 'lock', tone: 'bad', title: 'This browser has not been let in',
    detail: [who === 'visitor'
      ? 'Open the link you were sent in this browser. If you were in the session before, it may have been in another browser or a private window.'
      : 'Open your whole agent link in this browser, including the part after the # sign, or sign in as the agent whose session it is.'],
    actions: [who === 'agent' ? h('a', { class: 'button primary', href: `/console?to=${encodeURIComponent(location.pathname)}` }, 'Sign in') : null],
  }),
  too_many_tries: () => ({
    icon: 'wait', tone: 'bad', title: 'Too many tries',
    detail: ['To keep sessions safe we accept only a few wrong tries. Wait a few minutes, then try again.'],
    actions: [again()],
  }),
  already_active: () => ({
    icon: 'eye', title: 'You have accepted already',
    detail: ['The session has begun. Open it, and use Stop sharing to end it.'], actions: [again()],
  }),
  offline: () => ({
    icon: 'stop', tone: 'bad', title: 'The server does not answer',
    detail: ['Check that you are connected to the internet, then try again.'], actions: [again()],
  }),
};
table['not_joined'] = table['forbidden']!;

export function oldBrowser(): Notice {
  return {
    icon: 'stop', tone: 'bad', title: 'This browser is too old',
    detail: ['Browsing together needs a newer one. Update this browser, or open the link in a current Chrome, Edge, Firefox or Safari.'],
  };
}
