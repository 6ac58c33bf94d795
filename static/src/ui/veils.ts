// Shows the visitor what the others do not see: a tint over it, and a word. It lies over the shared page and is no part
// of it.

import { icon } from './icons';
import { t } from './catalogue';

export interface Rect { x: number; y: number; width: number; height: number }

/** What is hidden of a document, and what is shown in that; CSS pixels of the tab's viewport. */
export interface Hidden {
  hidden: Rect[];
  shown: Rect[];
}

const sheet = `
:host { position: absolute; inset: 0; overflow: hidden; pointer-events: none; contain: strict; direction: ltr; z-index: 1; }
:host([hidden]) { display: none; }
.all { position: absolute; inset: 0; width: 100%; height: 100%; }
path.tint { fill: url(#stripes); }
path.edge { fill: none; stroke: #5b3fb5; stroke-opacity: .75; stroke-width: 1.5; stroke-dasharray: 5 3; }
span {
  position: absolute; max-width: 160px; padding: 0 6px; overflow: hidden; border-radius: 0 0 0 6px; background: #5b3fb5; color: #fff;
  font: 600 11px/16px system-ui, sans-serif; white-space: nowrap; text-overflow: ellipsis; unicode-bidi: plaintext;
}
.icon { display: block; width: 12px; height: 14px; margin: 0 -3px; fill: none; stroke: currentColor; stroke-width: 1.6; }
`;

const SVG = 'http://www.w3.org/2000/svg';
/** A label in less room would hide what it is about; there is a sign instead. */
const roomy = { width: 240, height: 44 };
const small = { width: 40, height: 14 };

const path = (rects: Rect[]): string =>
  rects.map(({ x, y, width, height }) => `M${x} ${y}h${width}v${height}h${-width}Z`).join('');
/** The other way round, which takes away what lies below. */
const hole = (rects: Rect[]): string =>
  rects.map(({ x, y, width, height }) => `M${x} ${y}v${height}h${width}v${-height}Z`).join('');

export class Veils extends HTMLElement {
  #root = this.attachShadow({ mode: 'closed' });
  #svg = document.createElementNS(SVG, 'svg');
  #tint = document.createElementNS(SVG, 'path');
  #edge = document.createElementNS(SVG, 'path');
  #labels: HTMLElement[] = [];

  constructor() {
    super();
    const style = new CSSStyleSheet();
    style.replaceSync(sheet);
    this.#root.adoptedStyleSheets = [style];
    const pattern = document.createElementNS(SVG, 'pattern');
    for (const [name, value] of Object.entries({ id: 'stripes', width: '8', height: '8', patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' })) pattern.setAttribute(name, value);
    for (const [x, opacity] of [['0', '.26'], ['4', '.14']] as const) {
      const stripe = document.createElementNS(SVG, 'rect');
      for (const [name, value] of Object.entries({ x, width: '4', height: '8', fill: '#6b4fd0', 'fill-opacity': opacity })) stripe.setAttribute(name, value);
      pattern.append(stripe);
    }
    this.#tint.setAttribute('class', 'tint');
    this.#edge.setAttribute('class', 'edge');
    this.#svg.setAttribute('class', 'all');
    this.#svg.append(pattern, this.#tint, this.#edge);
    this.#root.append(this.#svg);
  }

  connectedCallback(): void {
    this.setAttribute('aria-hidden', 'true');
  }

  show(all: Hidden[], agent: string): void {
    const outline = all.map(({ hidden, shown }) => path(hidden) + hole(shown)).join('');
    this.#tint.setAttribute('d', outline);
    this.#edge.setAttribute('d', outline);
    for (const label of this.#labels) label.remove();
    this.#labels = all.flatMap(({ hidden }) => hidden).filter(({ width, height }) => width >= small.width && height >= small.height).map(rect => {
      const label = document.createElement('span');
      if (rect.width >= roomy.width || (rect.height >= roomy.height && rect.width >= roomy.width / 2)) label.textContent = t('veil.short', { agent });
      else label.append(icon('hidden'));
      label.style.top = `${rect.y}px`;
      label.style.left = `${rect.x + rect.width}px`;
      label.style.transform = 'translateX(-100%)';
      return label;
    });
    this.#root.append(...this.#labels);
  }
}

customElements.define('tandem-veils', Veils);
