// A finished view: what happened, and what can be done now. It takes the place of everything else on a page.

import { t } from './catalogue';
import { fill, h } from './dom';
import { icon, type Icon } from './icons';

export interface Notice {
  icon: Icon;
  tone?: 'calm' | 'bad' | 'good';
  title: string;
  /** Sentences, each its own paragraph. */
  detail: string[];
  actions?: (HTMLElement | null)[];
}

export function notice(parent: Element, what: Notice): void {
  const heading = h('h1', { tabindex: -1 }, what.title);
  fill(parent, h('section', { class: `notice ${what.tone ?? 'calm'}` },
    h('div', { class: 'sign' }, icon(what.icon)), heading,
    ...what.detail.map(line => h('p', {}, line)),
    what.actions?.some(Boolean) ? h('div', { class: 'actions' }, ...what.actions) : null));
  document.title = t('title', { what: what.title });
  heading.focus({ preventScroll: true });
}

/** Clears the whole page for a notice. */
export function finish(what: Notice): void {
  const main = h('main', { class: 'card' });
  document.body.className = 'desk ready';
  fill(document.body, main);
  notice(main, what);
}
