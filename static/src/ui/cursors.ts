// The others' labelled cursors and the rings that show where they clicked. The element covers the content
// without taking part in it. It has a shadow root and a sheet of its own, because the renderer uses it as well,
// on a page whose style is not ours.

import { textOn } from './color';

const sheet = `
:host { position: absolute; inset: 0; overflow: hidden; pointer-events: none; contain: strict; direction: ltr; z-index: 2; }
.cursor { position: absolute; left: 0; top: 0; display: flex; align-items: flex-start; will-change: transform;
  transition: transform 60ms linear, opacity 150ms; }
.cursor.still { opacity: .55; }
.cursor[hidden] { display: none; }
svg { width: 20px; height: 22px; flex: none; filter: drop-shadow(0 1px 1px rgb(0 0 0 / .35)); }
.label { margin: 15px 0 0 -5px; padding: 1px 7px 2px; border-radius: 9px; max-width: 12em; overflow: hidden;
  font: 600 12px/1.4 system-ui, sans-serif; white-space: nowrap; text-overflow: ellipsis; unicode-bidi: plaintext;
  box-shadow: 0 0 0 1px rgb(255 255 255 / .8), 0 1px 3px rgb(0 0 0 / .3); }
.cursor.left .label { order: -1; margin: 15px -8px 0 0; transform: translateX(-100%); position: absolute; left: 0; }
.ring { position: absolute; width: 44px; height: 44px; margin: -22px 0 0 -22px; border-radius: 50%; box-sizing: border-box;
  background: rgb(255 214 10 / .35); border: 3px solid #ffd60a; box-shadow: 0 0 0 1px rgb(0 0 0 / .6), inset 0 0 0 1px rgb(0 0 0 / .35);
  animation: fade 900ms ease-out forwards; }
@keyframes fade { 0%, 55% { opacity: 1; } 100% { opacity: 0; } }
@media (prefers-reduced-motion: reduce) { .cursor { transition: none; } }
`;

interface Cursor {
  element: HTMLElement;
  label: HTMLElement;
  arrow: SVGPathElement;
  idle: number;
}

/** After this many ms without a move a cursor fades a little. */
const stillAfter = 5000;
const ringFor = 900;

export interface Pointing {
  name: string;
  color: string; // #rrggbb
  x: number; // CSS pixels from the element's top left
  y: number;
}

export class Cursors extends HTMLElement {
  #root = this.attachShadow({ mode: 'closed' });
  #cursors = new Map<string, Cursor>();

  constructor() {
    super();
    const style = new CSSStyleSheet();
    style.replaceSync(sheet);
    this.#root.adoptedStyleSheets = [style];
  }

  connectedCallback(): void {
    this.setAttribute('aria-hidden', 'true');
  }

  /** Shows somebody's cursor at a point, or moves it there. */
  point(id: string, at: Pointing): void {
    const cursor = this.#cursors.get(id) ?? this.#add(id);
    const { element, label, arrow } = cursor;
    if (label.textContent !== at.name) label.textContent = at.name;
    label.style.background = at.color;
    label.style.color = textOn(at.color);
    arrow.style.fill = at.color;
    element.hidden = false;
    element.style.transform = `translate(${Math.round(at.x)}px, ${Math.round(at.y)}px)`;
    element.classList.toggle('left', at.x > this.clientWidth - 110);
    element.classList.remove('still');
    clearTimeout(cursor.idle);
    cursor.idle = setTimeout(() => element.classList.add('still'), stillAfter);
  }

  hide(id: string): void {
    const cursor = this.#cursors.get(id);
    if (cursor) cursor.element.hidden = true;
  }

  /** Forgets everybody not in ids. */
  keep(ids: readonly string[]): void {
    for (const [id, cursor] of this.#cursors) {
      if (ids.includes(id)) continue;
      clearTimeout(cursor.idle);
      cursor.element.remove();
      this.#cursors.delete(id);
    }
  }

  /** Shows that somebody clicked at a point. */
  ring(x: number, y: number): void {
    const ring = document.createElement('div');
    ring.className = 'ring';
    ring.style.left = `${Math.round(x)}px`;
    ring.style.top = `${Math.round(y)}px`;
    this.#root.prepend(ring); // below the cursors
    setTimeout(() => ring.remove(), ringFor);
  }

  #add(id: string): Cursor {
    const element = document.createElement('div');
    element.className = 'cursor';
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 20 22');
    const arrow = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    arrow.setAttribute('d', 'M1 1l5.2 16.5 3.4-6.7 7.2-2.3z');
    arrow.setAttribute('stroke', '#fff');
    arrow.setAttribute('stroke-width', '1.6');
    arrow.setAttribute('stroke-linejoin', 'round');
    svg.append(arrow);
    const label = document.createElement('span');
    label.className = 'label';
    element.append(svg, label);
    this.#root.append(element);
    const cursor = { element, label, arrow, idle: 0 };
    this.#cursors.set(id, cursor);
    return cursor;
  }
}

customElements.define('tandem-cursors', Cursors);
