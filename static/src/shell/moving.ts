// Going on with another device of the visitor's: a link, as a code to be scanned, and the question whether the browser
// that opened it is theirs.

import { t } from '../ui/catalogue';
import { fill, h } from '../ui/dom';
import { icon } from '../ui/icons';
import { handIn } from './storage';

const ARMED_MS = 500;
const LASTS_MS = 120_000;
const SVG = 'http://www.w3.org/2000/svg';

export interface MovingOptions {
  place: HTMLElement;
  tell(message: { type: 'move' } | { type: 'hand-over'; yes: boolean }): void;
  /** Some of what pages keep here does not go along. */
  leftBehind(): void;
}

export class Moving {
  #timer = 0;
  /** Which hosts keep something in this browser. */
  #hosts: readonly string[] = [];

  constructor(private options: MovingOptions) {}

  begin(): void {
    this.options.tell({ type: 'move' });
  }

  offered(url: string, size: number, path: string): void {
    const address = h('input', { class: 'link', dir: 'ltr', readonly: true, 'aria-label': t('move.link'), 'data-tandem': 'move-link', focus: () => address.select() });
    address.value = url;
    this.#show(h('h2', {}, t('move.begin')), h('p', {}, t('move.how')), size > 0 && code(size, path), address,
      h('div', { class: 'actions' }, h('button', { type: 'button', class: 'button', click: () => void this.#answer(false) }, t('move.cancel'))));
  }

  asked(check: string, hosts: readonly string[]): void {
    this.#hosts = hosts;
    const yes = h('button', { type: 'button', class: 'button primary', 'data-tandem': 'hand-over', disabled: true, click: () => void this.#answer(true) }, t('move.yes'));
    const no = h('button', { type: 'button', class: 'button', disabled: true, click: () => void this.#answer(false) }, t('move.no'));
    this.#show(h('p', {}, t('move.asks', { check })), h('p', { class: 'small' }, t('move.left')), h('div', { class: 'actions' }, yes, no));
    setTimeout(() => { yes.disabled = no.disabled = false; }, ARMED_MS);
  }

  /** With a yes, what pages keep here goes first: when the other device is let in, this one is not any more. */
  async #answer(yes: boolean): Promise<void> {
    this.#hide();
    if (yes && !(await handIn(this.#hosts).catch(() => false))) this.options.leftBehind();
    this.options.tell({ type: 'hand-over', yes });
  }

  #show(...content: (Node | false)[]): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#hide(), LASTS_MS);
    fill(this.options.place, ...content);
    this.options.place.hidden = false;
  }

  #hide(): void {
    clearTimeout(this.#timer);
    this.options.place.hidden = true;
    fill(this.options.place);
  }
}

/** The button that begins it. */
export const moveButton = (click: () => void): HTMLElement =>
  h('button', { type: 'button', class: 'choice', 'data-tandem': 'move', click }, icon('copy'), t('move.begin'));

function code(size: number, path: string): Element {
  const svg = document.createElementNS(SVG, 'svg');
  const quiet = 4; // modules around it, as readers need
  svg.setAttribute('viewBox', `${-quiet} ${-quiet} ${size + 2 * quiet} ${size + 2 * quiet}`);
  svg.setAttribute('class', 'code');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', t('move.code'));
  svg.setAttribute('shape-rendering', 'crispEdges');
  const dark = document.createElementNS(SVG, 'path');
  dark.setAttribute('d', path);
  svg.append(dark);
  return svg;
}
