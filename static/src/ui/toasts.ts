// Short notices at the lower edge, read out politely, gone after a while.

import { h } from './dom';

const shownFor = 6000;
const most = 3;

export class Toasts extends HTMLElement {
  connectedCallback(): void {
    this.setAttribute('role', 'status');
  }

  show(text: string): void {
    const same = [...this.children].find(c => c.textContent === text);
    same?.remove();
    while (this.children.length >= most) this.firstElementChild!.remove();
    const toast = h('p', {}, text);
    this.append(toast);
    setTimeout(() => toast.remove(), shownFor);
  }
}

customElements.define('tandem-toasts', Toasts);
