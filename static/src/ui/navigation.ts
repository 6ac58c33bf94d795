// Where a page is, and the buttons that go elsewhere: back, forward, reload or stop, and a new tab.

import type { Action } from '../protocol';
import { complete } from './addresses';
import { fill, h } from './dom';
import { icon, type Icon } from './icons';
import { readable } from './words';

const labels = { back: 'Back', forward: 'Forward', reload: 'Reload', stop: 'Stop loading', plus: 'New tab' } as const;

export class HistoryButtons {
  #back = this.#button('back', () => this.options.go('back'));
  #forward = this.#button('forward', () => this.options.go('forward'));
  #reload = this.#button('reload', () => this.options.go(this.#loading ? 'stop' : 'reload'));
  #open = this.#button('plus', () => this.options.open());
  readonly buttons = [this.#back, this.#forward, this.#reload, this.#open];
  #loading = false;

  constructor(private options: { go(action: Action): void; open(): void }) {}

  /** What reloads stops while a page is on its way. */
  show(loading: boolean): void {
    if (loading === this.#loading) return;
    this.#loading = loading;
    const name = loading ? 'stop' : 'reload';
    fill(this.#reload, icon(loading ? 'close' : 'reload'));
    this.#reload.title = labels[name];
    this.#reload.setAttribute('aria-label', labels[name]);
    this.#reload.setAttribute('data-tandem', name);
  }

  enable(history: boolean, tabs: boolean): void {
    for (const button of [this.#back, this.#forward, this.#reload]) button.disabled = !history;
    this.#open.disabled = !tabs;
  }

  #button(name: keyof typeof labels & Icon, click: () => void): HTMLButtonElement {
    return h('button', {
      type: 'button', class: 'tool', 'data-tandem': name === 'plus' ? 'new-tab' : name, title: labels[name], 'aria-label': labels[name], click,
    }, icon(name));
  }
}

/** The address as it is read, with its host set off; pressed, it can be changed. */
export class AddressBar {
  #url = '';
  #field: HTMLInputElement | null = null;

  constructor(private place: HTMLElement, private options: { go(url: string): void; wrong(): void }) {}

  show(url: string): void {
    if (url === this.#url) return;
    this.#url = url;
    if (!this.#field) this.#read();
  }

  #read(): void {
    this.#field = null;
    const address = readable(this.#url);
    fill(this.place, h('button', {
      type: 'button', class: 'shown', title: this.#url, 'aria-label': `Address: ${this.#url}. Change it`, click: () => this.#edit(),
    }, icon(address?.secure ? 'lock' : 'globe'),
    h('span', { class: 'host' }, address?.host ?? this.#url), h('span', { class: 'rest' }, address?.rest ?? '')));
  }

  #edit(): void {
    const field = h('input', {
      type: 'text', inputmode: 'url', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off', 'aria-label': 'Address', enterkeyhint: 'go',
      blur: () => this.#read(),
      keydown: (event: KeyboardEvent) => {
        event.stopPropagation();
        if (event.key === 'Escape') field.blur();
        if (event.key === 'Enter' && !event.isComposing) this.#go(field.value.trim());
      },
    });
    field.value = this.#url;
    this.#field = field;
    fill(this.place, field);
    field.select();
    field.focus();
  }

  #go(typed: string): void {
    const url = complete(typed);
    this.#field?.blur();
    if (url) this.options.go(url);
    else if (typed) this.options.wrong();
  }
}
