// The conversation beside the page: a button of the bar with the number of unread lines, and the panel it opens.

import type { Person } from '../protocol';
import { number, t, time } from './catalogue';
import { fill, h, say } from './dom';
import { icon } from './icons';
import { writes } from './words';

export interface Line {
  n: number;
  from: string;
  at: number; // Unix milliseconds
  text: string;
}

export interface ChatOptions {
  send(text: string): void;
  /** Somebody here began to write, or stopped. */
  typing(on: boolean): void;
  person(id: string): Person | undefined;
  you(): string;
  /** A line came that nobody is looking at. */
  unseen(who: string, text: string): void;
}

const longest = 2000; // characters
/** How often writing is told of, and how long that holds. */
const typingEvery = 3000; // ms
const typingLasts = 7000;

export class Chat {
  #count = h('span', { class: 'count', hidden: true });
  readonly button = h('button', {
    type: 'button', class: 'tool', 'data-tandem': 'chat', 'aria-expanded': 'false', title: t('chat.title'), 'aria-label': t('chat.title'), click: () => this.#open(!this.#opened),
  }, icon('chat'), this.#count);
  #writes = h('p', { class: 'writes', role: 'status' });
  #writing = new Map<string, number>();
  #saidTyping = 0;
  #stopped = 0;
  #list = h('ol', { class: 'lines' });
  #log = h('div', { class: 'log', role: 'log', tabindex: 0, 'aria-label': t('chat.said') }, this.#list);
  #field = h('textarea', {
    input: () => this.#types(),
    rows: 2, maxlength: longest, placeholder: t('chat.placeholder'), 'aria-label': t('chat.message'),
    keydown: (event: KeyboardEvent) => {
      event.stopPropagation();
      if (event.key === 'Escape') this.#shut();
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    },
  });
  readonly panel = h('section', { class: 'chat', 'aria-label': t('chat.title'), hidden: true },
    h('header', {}, h('h2', {}, t('chat.title')), h('button', { type: 'button', class: 'tool', 'aria-label': t('chat.close'), click: () => this.#shut() }, icon('close'))),
    this.#log, this.#writes,
    h('form', { submit: (event: Event) => { event.preventDefault(); this.#send(); } },
      this.#field, h('button', { type: 'submit', class: 'button primary' }, t('chat.send'))),
    h('p', { class: 'small' }, t('chat.kept')));
  #opened = false;
  #unread = 0;
  #last = 0;
  #old = 0;

  constructor(private options: ChatOptions) {}

  /** Everything is going to be told again: that many lines are not new. */
  restart(said: number): void {
    this.#last = 0;
    this.#old = said;
    fill(this.#list);
    this.#mark(0);
  }

  add(line: Line): void {
    if (line.n <= this.#last) return;
    this.#last = line.n;
    this.typing(line.from, false);
    const own = line.from === this.options.you();
    const person = this.options.person(line.from);
    const name = own ? t('name.you') : person?.name.trim() || t('name.somebody');
    const item = h('li', { class: own ? 'line own' : 'line' },
      h('span', { class: 'who' }, name, ' ', h('time', { datetime: new Date(line.at).toISOString() }, time(new Date(line.at)))),
      h('span', { class: 'said' }, line.text));
    if (person && !own) item.style.setProperty('--who', person.color);
    const log = this.#log;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    this.#list.append(item);
    if (atEnd || own) log.scrollTop = log.scrollHeight;
    if (this.#opened || own || line.n <= this.#old) return;
    this.#mark(this.#unread + 1);
    this.options.unseen(name, line.text);
  }

  /** Somebody else writes, or stopped. Who does not go on saying so has stopped, too. */
  typing(from: string, on: boolean): void {
    clearTimeout(this.#writing.get(from));
    this.#writing.delete(from);
    if (on) this.#writing.set(from, setTimeout(() => this.typing(from, false), typingLasts));
    const [first] = this.#writing.keys();
    say(this.#writes, first === undefined ? '' : writes(this.options.person(first)));
    this.button.classList.toggle('busy', first !== undefined);
    this.button.title = first === undefined ? t('chat.title') : writes(this.options.person(first));
  }

  #types(): void {
    clearTimeout(this.#stopped);
    this.#stopped = setTimeout(() => this.#typesNoMore(), typingEvery);
    if (Date.now() - this.#saidTyping < typingEvery) return;
    this.#saidTyping = Date.now();
    this.options.typing(true);
  }

  #typesNoMore(): void {
    clearTimeout(this.#stopped);
    if (this.#saidTyping > 0) this.options.typing(false);
    this.#saidTyping = 0;
  }

  #open(opened: boolean): void {
    this.#opened = opened;
    this.panel.hidden = !opened;
    this.button.setAttribute('aria-expanded', String(opened));
    if (!opened) return;
    this.#mark(0);
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#field.focus();
  }

  #shut(): void {
    this.#open(false);
    this.button.focus();
  }

  #send(): void {
    const text = this.#field.value.trim();
    if (!text) return;
    this.#typesNoMore();
    this.options.send(text);
    this.#field.value = '';
  }

  #mark(unread: number): void {
    this.#unread = unread;
    this.#count.hidden = unread === 0;
    say(this.#count, unread > 9 ? t('chat.many', { n: 9 }) : number(unread));
    this.button.setAttribute('aria-label', unread === 0 ? t('chat.title') : t('chat.unread', { n: unread }));
  }
}
