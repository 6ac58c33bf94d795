// What the agent gives the visitor: a link to send, or a code to say. It is shown once, as the server keeps neither.

import type { Invitation } from '../protocol';
import { rich, t } from './catalogue';
import { h, say } from './dom';

export function invitationCard(made: Invitation): HTMLElement {
  const half = made.code.length / 2;
  const front = new URL(made.visitor_url).origin;
  const link = h('input', { class: 'plain', type: 'text', dir: 'ltr', readonly: true, value: made.visitor_url, 'aria-label': t('invitation.link'), 'data-tandem': 'visitor-link', focus: () => link.select() });
  const copy = h('button', { type: 'button', class: 'button', 'data-tandem': 'copy' }, t('invitation.copy'));
  copy.addEventListener('click', () => {
    link.select();
    void navigator.clipboard?.writeText(made.visitor_url).then(() => say(copy, t('invitation.copied')), () => {});
  });
  return h('div', { class: 'fresh' },
    h('p', {}, t('invitation.send')),
    h('div', { class: 'field' }, link, copy),
    h('p', {}, ...rich('invitation.say', {
      front: h('strong', {}, h('bdi', { dir: 'ltr' }, front)),
      code: h('strong', { class: 'spoken', dir: 'ltr', 'data-tandem': 'code' }, `${made.code.slice(0, half)} ${made.code.slice(half)}`),
    })));
}
