// What lies over a followed page that is not live, and says why.

import { h } from './dom';
import { Since } from './timer';

/** The leader's page shows every 3 s that it lives. After this long without it, what is shown may be old. */
export const silent = { after: 10_000, look: 1000 }; // ms

export class Cover {
  #element: HTMLElement | null = null;
  #says = '';

  constructor(private place: HTMLElement) {}

  /** What is in the place is about to be replaced; this stays. */
  get element(): HTMLElement | null { return this.#element; }

  /** A banner lets people go on. */
  show(title: string, detail: string, since: number, banner = false): void {
    const says = `${title} ${since}`;
    if (says === this.#says) return;
    this.hide();
    this.#says = says;
    const timer = new Since();
    this.#element = h('div', { class: banner ? 'veil banner' : 'veil' }, h('div', {}, h('strong', {}, title, ' ', timer), h('p', {}, detail)));
    this.place.append(this.#element);
    timer.since = since;
  }

  hide(): void {
    this.#element?.remove();
    this.#element = null;
    this.#says = '';
  }
}
