// What the visitor decides: whether the agent may act or only look, whether anything is shown at all, and what an
// agent who asks for more is told. Sharing less holds here at once, whatever the way to the server is like; sharing
// more holds when the server has said so.

import { allRights, granted, type Mode, type Person, type Right } from '../protocol';
import { t } from '../ui/catalogue';
import { fill, h } from '../ui/dom';
import { moveButton } from './moving';
import { icon } from '../ui/icons';
import { called, rights, shortMode } from '../ui/words';

export interface Decision {
  mode: Mode;
  paused: boolean;
  rights: readonly Right[];
}

export interface SharingOptions {
  button: HTMLElement;
  pause: HTMLElement;
  about: HTMLElement;
  question: HTMLElement;
  tell(message: { type: 'mode' } & Decision | { type: 'deny' }): void;
  changed(before: Decision): void;
  /** Tints what is hidden. */
  tint: HTMLElement;
  move(): void;
}

/** Whoever is about to press something else when a question appears has not answered it. */
const ARMED_MS = 500;

export class Sharing {
  #now: Decision = { mode: 'view', paused: false, rights: [] };
  /** What there is to choose from. */
  #offered: readonly Right[] = allRights;
  /** What the server was told and has not confirmed. */
  #said: Decision | null = null;
  #agent: Person | undefined;
  /** An agent leads here, and shows a page. */
  #showing = false;
  #asks: Person | null = null;

  constructor(private options: SharingOptions) {
    options.pause.addEventListener('click', () => this.pause(!this.paused));
  }

  get mode(): Mode { return this.#now.mode; }
  get paused(): boolean { return this.#now.paused; }

  /** The link is up, and how things stand according to the server. */
  welcomed(state: Decision, offered: readonly Right[], resumed: boolean, showing: boolean): void {
    this.#offered = offered;
    this.#showing = showing;
    if (!this.#said) this.#adopt(state);
    else if (!resumed) this.options.tell({ type: 'mode', ...this.#said });
  }

  /** The server says how things stand now. */
  confirmed(state: Decision): void {
    if (this.#said && !same(this.#said, state)) return; // overtaken
    this.#said = null;
    this.#adopt(state);
  }

  /** The server could not do what it was told. */
  failed(): void {
    this.#said = null;
  }

  pause(paused: boolean): void {
    this.#decide({ paused });
  }

  /** Somebody would like to click and type as well. */
  asked(person: Person | undefined): void {
    if (!person || this.mode === 'shared') return;
    this.#asks = person;
    this.#drawQuestion();
  }

  show(agent: Person | undefined): void {
    this.#agent = agent;
    this.#draw();
  }

  #decide(change: Partial<Decision>): void {
    const next = { ...this.#now, ...this.#said, ...change };
    this.#said = next;
    this.options.tell({ type: 'mode', ...next });
    if (!more(this.#now, next)) this.#adopt(next);
  }

  #adopt(next: Decision): void {
    const before = this.#now;
    if (same(before, next)) return;
    this.#now = { mode: next.mode, paused: next.paused, rights: next.rights };
    if (next.mode === 'shared') this.#answered();
    this.options.changed(before);
    this.#draw();
  }

  #answered(): void {
    this.#asks = null;
    this.options.question.hidden = true;
  }

  #draw(): void {
    const { button, pause, about } = this.options;
    const { mode, paused } = this.#now;
    const agent = called(this.#agent);
    const short = paused ? t('status.paused') : shortMode(mode);
    const sentence = paused ? t('rights.paused', { agent }) : rights(agent, mode);
    fill(button, icon(paused ? 'hidden' : mode === 'shared' ? 'pointer' : 'eye'),
      h('span', { class: 'long' }, sentence), h('span', { class: 'short' }, short));
    button.setAttribute('data-mode', mode);
    button.setAttribute('aria-label', t('rights.change', { short, what: sentence }));
    const label = t(paused ? 'rights.resume' : 'rights.pause');
    fill(pause, icon(paused ? 'play' : 'pause'));
    pause.title = label;
    pause.setAttribute('aria-label', label);
    pause.setAttribute('aria-pressed', String(paused));
    fill(about, h('h2', { id: 'about-title' }, sentence),
      h('p', {}, t('rights.hidden', { agent })),
      h('div', { class: 'choices' },
        !this.#showing && h('button', {
          type: 'button', class: 'choice', 'data-tandem': mode === 'shared' ? 'restrict' : 'grant',
          click: () => this.#decide({ mode: mode === 'shared' ? 'view' : 'shared' }),
        }, icon(mode === 'shared' ? 'eye' : 'pointer'), t(mode === 'shared' ? 'rights.restrict' : 'rights.grant', { agent })),
        h('button', { type: 'button', class: 'choice', click: () => this.pause(!paused) }, icon(paused ? 'play' : 'pause'), label),
        this.options.tint,
        !this.#showing && moveButton(() => {
          about.hidePopover();
          this.options.move();
        })),
      this.#rightsList(agent),
      h('p', {}, t('rights.note')));
  }

  /** One box for each thing that the mode allows, to take it away and give it back. */
  #rightsList(agent: string): HTMLElement | null {
    const possible = granted({ mode: this.mode, rights: this.#offered });
    if (possible.length === 0) return null;
    const { rights } = this.#now;
    return h('fieldset', { class: 'rights' }, h('legend', {}, t('rights.list', { agent })), ...possible.map(right => h('label', {},
      h('input', {
        type: 'checkbox', checked: rights.includes(right), 'data-right': right,
        change: () => this.#decide({ rights: this.#offered.filter(r => (r === right) !== rights.includes(r)) }),
      }), t(`right.${right}.name`))));
  }

  #drawQuestion(): void {
    const { question } = this.options;
    const asker = called(this.#asks ?? undefined);
    const yes = h('button', {
      type: 'button', class: 'button primary', 'data-tandem': 'allow', disabled: true, click: () => this.#decide({ mode: 'shared' }),
    }, t('allow'));
    const no = h('button', {
      type: 'button', class: 'button', 'data-tandem': 'deny', disabled: true,
      click: () => {
        this.#answered();
        this.options.tell({ type: 'deny' });
      },
    }, t('not-now'));
    fill(question, h('p', {}, t('rights.asks', { who: asker })),
      h('div', { class: 'actions' }, yes, no));
    question.hidden = false;
    setTimeout(() => { yes.disabled = no.disabled = false; }, ARMED_MS);
  }
}

const same = (a: Decision, b: Decision): boolean => a.mode === b.mode && a.paused === b.paused && `${a.rights}` === `${b.rights}`;
const more = (before: Decision, next: Decision): boolean =>
  (before.paused && !next.paused) || (before.mode === 'view' && next.mode === 'shared') || next.rights.some(r => !before.rights.includes(r));
