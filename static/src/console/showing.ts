// "Let me show you": the agent asks the visitor to watch a page, which the agent then leads in a window of its own.

import type { Person, ToAgent } from '../protocol';
import { complete } from '../ui/addresses';
import { t } from '../ui/catalogue';
import { fill, h } from '../ui/dom';
import { icon } from '../ui/icons';
import { called, readable } from '../ui/words';

export interface ShowingOptions {
  visitor: string;
  you(): string;
  person(id: string): Person | undefined;
  tell(message: { type: 'show'; url: string } | { type: 'unshow' }): void;
  said(text: string): void;
}

export class Showing {
  readonly panel = h('div', { class: 'about', id: 'showing', popover: 'auto', 'data-tandem': 'showing' });
  readonly button = h('button', {
    type: 'button', class: 'tool', 'data-tandem': 'show', popovertarget: 'showing', title: t('showing.begin'), 'aria-label': t('showing.begin'),
  }, icon('show'));

  constructor(private options: ShowingOptions) {
    this.#form();
  }

  /** How it is with what this agent or another shows. */
  told({ session, by, site, state }: ToAgent & { type: 'showing' }): void {
    const { visitor } = this.options;
    const host = readable(site)?.host ?? site;
    if (by !== this.options.you()) {
      if (state === 'active') this.options.said(t('showing.other', { agent: called(this.options.person(by)), visitor, host }));
      return;
    }
    this.button.setAttribute('aria-pressed', String(state === 'waiting' || state === 'active'));
    switch (state) {
      case 'waiting': return this.#draw(t('showing.asked', { visitor, host }), this.#stop(t('showing.cancel')));
      case 'active':
        this.#draw(t('showing.watched', { visitor, host }),
          h('a', { class: 'button primary', href: `/j/${session}`, target: '_blank', rel: 'noopener', 'data-tandem': 'lead' }, t('showing.open')),
          this.#stop(t('showing.stop')));
        return this.panel.showPopover();
      case 'declined': this.options.said(t('showing.declined', { visitor })); break;
      case 'expired': this.options.said(t('showing.expired', { visitor })); break;
      case 'ended': this.options.said(t('showing.over', { visitor })); break;
    }
    this.#form();
  }

  #form(): void {
    const { visitor } = this.options;
    const field = h('input', {
      class: 'plain', type: 'text', inputmode: 'url', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off',
      'aria-label': t('showing.address'), placeholder: t('showing.address'), 'data-tandem': 'show-address', autofocus: true,
    });
    const submit = (event: Event) => {
      event.preventDefault();
      const url = complete(field.value.trim());
      if (url) this.options.tell({ type: 'show', url });
      else this.options.said(t('shell.no-address'));
    };
    fill(this.panel, h('h2', {}, t('showing.begin')), h('p', {}, t('showing.what', { visitor })),
      h('form', { submit }, field, h('div', { class: 'actions' },
        h('button', { type: 'submit', class: 'button primary', 'data-tandem': 'show-ask' }, t('showing.ask', { visitor })))));
  }

  #draw(text: string, ...actions: HTMLElement[]): void {
    fill(this.panel, h('h2', {}, text), h('p', {}, t('showing.hidden', { visitor: this.options.visitor })), h('div', { class: 'actions' }, ...actions));
  }

  #stop(label: string): HTMLElement {
    return h('button', { type: 'button', class: 'button', 'data-tandem': 'unshow', click: () => this.options.tell({ type: 'unshow' }) }, label);
  }
}
