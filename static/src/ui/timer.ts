// A time that counts up, for "Reconnecting… 0:12". Screen readers get the sentence without the seconds.

import { say } from './dom';
import { clock } from './words';

export class Since extends HTMLElement {
  #since = 0;
  #tick = 0;

  set since(time: number) {
    this.#since = time;
    this.#show();
  }

  connectedCallback(): void {
    this.setAttribute('aria-hidden', 'true');
    this.#tick = setInterval(() => this.#show(), 500);
    this.#show();
  }

  disconnectedCallback(): void {
    clearInterval(this.#tick);
  }

  #show(): void {
    if (this.#since) say(this, clock(Date.now() - this.#since));
  }
}

customElements.define('tandem-since', Since);
