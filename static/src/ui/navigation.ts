// Where a page is, and the buttons that go elsewhere: back, forward, reload or stop, and a new tab.

import type { Action } from '../protocol';
import { complete } from './addresses';
import { t } from './catalogue';
import { fill, h } from './dom';
import { icon } from './icons';
import { readable } from './words';

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
    const label = t(`navigation.${name}`);
    fill(this.#reload, icon(loading ? 'close' : 'reload'));
    this.#reload.title = label;
    this.#reload.setAttribute('aria-label', label);
    this.#reload.setAttribute('data-tandem', name);
  }

  enable(history: boolean, tabs: boolean): void {
    for (const button of [this.#back, this.#forward, this.#reload]) button.disabled = !history;
    this.#open.disabled = !tabs;
  }

  #button(name: 'back' | 'forward' | 'reload' | 'plus', click: () => void): HTMLButtonElement {
    const label = t(`navigation.${name}`);
    return h('button', {
      type: 'button', class: 'tool', 'data-tandem': name === 'plus' ? 'new-tab' : name, title: label, 'aria-label': label, click,
    }, icon(name));
  }
}

/** The address as it is read, with its host set off; pressed, it can be changed. */
export class AddressBar {
  #url = '';
  #fixed = false;
  #field: HTMLInputElement | null = null;

  constructor(private place: HTMLElement, private options: { go(url: string): void; wrong(): void }) {}

  /** A fixed address can only be read. */
  show(url: string, fixed = false): void {
    if (url === this.#url && fixed === this.#fixed) return;
    this.#url = url;
    this.#fixed = fixed;
    if (!this.#field || fixed) this.#read();
  }

  #read(): void {
    this.#field = null;
    const address = readable(this.#url);
    fill(this.place, h('button', {
      type: 'button', class: 'shown', title: this.#url, 'aria-label': t('navigation.change', { address: this.#url }), disabled: this.#fixed, click: () => this.#edit(),
    }, icon(address?.secure ? 'lock' : 'globe'),
    h('span', { class: 'host' }, address?.host ?? this.#url), h('span', { class: 'rest' }, address?.rest ?? '')));
  }

  #edit(): void {
    const field = h('input', {
      type: 'text', inputmode: 'url', dir: 'ltr', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off', 'aria-label': t('navigation.address'), enterkeyhint: 'go',
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
