// Who is here: one chip per person with their colour and, for those who read it, what they may do.

import type { Person } from '../protocol';
import { t } from './catalogue';
import { textOn } from './color';
import { h } from './dom';
import { icon } from './icons';
import { came, connection, left } from './words';

export class People extends HTMLElement {
  #shown = '';

  /** Shows the people; `you` is the reader's own id. */
  show(people: readonly Person[], you: string, note: (person: Person) => string): void {
    const now = JSON.stringify([people, you, people.map(note)]);
    if (now === this.#shown) return;
    this.#shown = now;
    const others = people.filter(p => p.id !== you);
    const own = people.filter(p => p.id === you);
    this.replaceChildren(h('ul', { 'aria-label': t('people.list') },
      ...[...others, ...own].map(p => chip(p, p.id === you, note(p)))));
  }
}

/** Who goes for a moment, as when a page is loaded anew, has not left. */
const LEFT_AFTER = 4000; // ms

/** Says who comes and goes. */
export class Presence {
  #here = new Map<string, boolean>();
  #leaving = new Map<string, number>();
  #known = false;

  constructor(private say: (text: string) => void) {}

  update(people: readonly Person[], you: string): void {
    for (const person of people) {
      const was = this.#here.get(person.id) ?? false;
      this.#here.set(person.id, person.online);
      if (person.id === you || was === person.online || !this.#known) continue;
      const leaving = this.#leaving.get(person.id);
      clearTimeout(leaving);
      this.#leaving.delete(person.id);
      if (!person.online) this.#leaving.set(person.id, setTimeout(() => this.#left(person), LEFT_AFTER));
      else if (leaving === undefined) this.say(came(person));
    }
    this.#known = true;
  }

  #left(person: Person): void {
    this.#leaving.delete(person.id);
    this.say(left(person));
  }
}

function chip(person: Person, own: boolean, note: string): HTMLElement {
  const name = person.name.trim() || t(person.role === 'visitor' ? 'name.visitor' : 'name.helper');
  const initial = h('span', { class: 'initial', 'aria-hidden': 'true' }, [...name][0]!.toUpperCase());
  initial.style.background = person.color;
  initial.style.color = textOn(person.color);
  const about = own ? t('people.you') : person.online ? note : t('people.away');
  const quality = person.online && person.delay ? connection(person.delay) : null;
  const item = h('li', { class: 'person', title: [about ? t('people.about', { name, about }) : name, quality?.sentence].filter(Boolean).join('\n') }, initial,
    h('span', { class: 'name' }, name), about ? h('span', { class: 'does' }, about) : null,
    quality ? h('span', { class: `quality ${quality.level}` }, icon('bars'), h('span', {}, quality.short))
      : person.online && h('span', { class: 'quality unknown' }, icon('bars')));
  item.classList.toggle('own', own);
  item.classList.toggle('offline', !person.online);
  return item;
}

customElements.define('tandem-people', People);
