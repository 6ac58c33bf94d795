// The strip of the session's tabs. It appears when there is more than one.

import type { TabState } from '../protocol';
import { t } from './catalogue';
import { h } from './dom';
import { icon } from './icons';
import { readable } from './words';

const id = (tab: TabState): string => `tandem-tab-${tab.tab}`;

/** Fires "choose" and, when closable, "dismiss" with the tab's number as detail. */
export class Tabs extends HTMLElement {
  #shown = '';

  connectedCallback(): void {
    this.setAttribute('role', 'region');
    this.setAttribute('aria-label', t('tabs.title'));
  }

  show(tabs: readonly TabState[], options: { closable: boolean; enabled: boolean }): void {
    const now = JSON.stringify([tabs, options]);
    if (now === this.#shown) return;
    this.#shown = now;
    const focused = this.contains(document.activeElement);
    this.hidden = tabs.length < 2;
    // A list of tabs may hold nothing else (WAI-ARIA 1.2), and beside each is the button that closes it.
    this.replaceChildren(h('div', { role: 'tablist', 'aria-owns': tabs.map(id).join(' ') }),
      h('div', { class: 'strip', keydown: this.#move }, ...tabs.map(tab => this.#item(tab, options))));
    if (focused) this.querySelector<HTMLElement>('[aria-selected=true]')?.focus();
  }

  #item(tab: TabState, options: { closable: boolean; enabled: boolean }): HTMLElement {
    const label = tab.title?.trim() || readable(tab.url)?.host || t('tabs.new');
    const choose = h('button', {
      type: 'button', role: 'tab', id: id(tab), class: 'choose', 'aria-selected': tab.active ? 'true' : 'false',
      tabindex: tab.active ? 0 : -1, title: label, 'aria-busy': tab.loading ? 'true' : null, disabled: !options.enabled,
      click: () => this.#tell('choose', tab.tab),
    }, label);
    const item = h('span', { class: `item${tab.active ? ' active' : ''}${tab.loading ? ' loading' : ''}${tab.shown ? ' shown' : ''}`, role: 'presentation' }, choose);
    if (options.closable) {
      item.append(h('button', {
        type: 'button', class: 'dismiss', 'aria-label': t('tabs.close-one', { page: label }), title: t('tabs.close'),
        click: () => this.#tell('dismiss', tab.tab),
      }, icon('close')));
    }
    return item;
  }

  /** Arrow keys move between tabs, as the ARIA pattern for tabs says. */
  #move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = [...this.querySelectorAll<HTMLElement>('[role=tab]')];
    const at = all.indexOf(document.activeElement as HTMLElement);
    if (at < 0) return;
    event.preventDefault();
    all[(at + step + all.length) % all.length]!.focus();
  };

  #tell(what: 'choose' | 'dismiss', tab: number): void {
    this.dispatchEvent(new CustomEvent(what, { detail: tab }));
  }
}

customElements.define('tandem-tabs', Tabs);
