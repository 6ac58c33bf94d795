// Who is here: one chip per person with their colour and, for those who read it, what they may do.

import type { Person } from '../protocol';
import { textOn } from './color';
import { h } from './dom';

export class People extends HTMLElement {
  #shown = '';

  /** Shows the people; `you` is the reader's own id. */
  show(people: readonly Person[], you: string, note: (person: Person) => string): void {
    const now = JSON.stringify([people, you, people.map(note)]);
    if (now === this.#shown) return;
    this.#shown = now;
    const others = people.filter(p => p.id !== you);
    const own = people.filter(p => p.id === you);
    this.replaceChildren(h('ul', { 'aria-label': 'Who is here' },
      ...[...others, ...own].map(p => chip(p, p.id === you, note(p)))));
  }
}

function chip(person: Person, own: boolean, note: string): HTMLElement {
  const name = person.name.trim() || (person.role === 'visitor' ? 'Visitor' : 'Helper');
  const initial = h('span', { class: 'initial', 'aria-hidden': 'true' }, [...name][0]!.toUpperCase());
  initial.style.background = person.color;
  initial.style.color = textOn(person.color);
  const about = own ? 'you' : person.online ? note : 'not here';
  const item = h('li', { class: 'person', title: about ? `${name} (${about})` : name }, initial,
    h('span', { class: 'name' }, name), about ? h('span', { class: 'does' }, about) : null);
  if (!person.online) item.classList.add('offline');
  return item;
}

customElements.define('tandem-people', People);
