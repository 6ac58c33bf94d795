// Short notices at the lower edge, read out politely, gone after a while.

import { h } from './dom';

const shownFor = 6000;
/** Who is to press something needs longer than who is to read. */
const offeredFor = 30_000;

/** Something to press in a notice; name is what tests know it by. */
export interface Offer {
  label: string;
  name: string;
  press(): void;
}
const most = 3;

export class Toasts extends HTMLElement {
  connectedCallback(): void {
    this.setAttribute('role', 'status');
  }

  show(text: string, offer?: Offer): void {
    const toast = h('p', {}, text);
    if (offer) {
      const press = () => {
        toast.remove();
        offer.press();
      };
      toast.append(' ', h('button', { type: 'button', class: 'link', 'data-tandem': offer.name, click: press }, offer.label));
    }
    const same = [...this.children].find(c => c.textContent === toast.textContent);
    same?.remove();
    while (this.children.length >= most) this.firstElementChild!.remove();
    this.append(toast);
    setTimeout(() => toast.remove(), offer ? offeredFor : shownFor);
  }
}

customElements.define('tandem-toasts', Toasts);
