// What the agent gives the visitor: a link to send, or a code to say. It is shown once, as the server keeps neither.

import type { Invitation } from '../protocol';
import { h, say } from './dom';

export function invitationCard(made: Invitation): HTMLElement {
  const half = made.code.length / 2;
  const front = new URL(made.visitor_url).origin;
  const link = h('input', { class: 'plain', type: 'text', readonly: true, value: made.visitor_url, 'aria-label': 'The visitor’s link', 'data-tandem': 'visitor-link', focus: () => link.select() });
  const copy = h('button', { type: 'button', class: 'button', 'data-tandem': 'copy' }, 'Copy');
  copy.addEventListener('click', () => {
    link.select();
    void navigator.clipboard?.writeText(made.visitor_url).then(() => say(copy, 'Copied'), () => {});
  });
  return h('div', { class: 'fresh' },
    h('p', {}, 'Send this link to the visitor, and to nobody else. It is shown only now.'),
    h('div', { class: 'field' }, link, copy),
    h('p', {}, 'Or have them open ', h('strong', {}, front), ' and say this code, which is good for 15 minutes: ',
      h('strong', { class: 'spoken', 'data-tandem': 'code' }, `${made.code.slice(0, half)} ${made.code.slice(half)}`)));
}
