// The tools that people point things out with: a button of the bar, and the palette it opens below.

import { h, fill } from './dom';
import { icon, type Icon } from './icons';
import type { StrokeKind } from './marks';

export type Tool = StrokeKind | 'frame';

export interface ToolsOptions {
  /** Another tool is in use, or none. */
  use(tool: Tool | null, fade: boolean): void;
  erase(): void;
}

const all: [Tool, Icon, string][] = [
  ['frame', 'frame', 'Highlight: press on something'],
  ['ink', 'pen', 'Pen'],
  ['box', 'box', 'Rectangle'],
  ['arrow', 'arrow', 'Arrow'],
];

export class Tools {
  readonly button = h('button', {
    type: 'button', class: 'tool', 'data-tandem': 'tools', 'aria-expanded': 'false', title: 'Highlight and draw', 'aria-label': 'Highlight and draw',
    click: () => this.#open(!this.#opened),
  }, icon('pen'));
  readonly palette = h('div', { class: 'palette', role: 'toolbar', 'aria-label': 'Highlight and draw', hidden: true, keydown: this.#key.bind(this) });
  #opened = false;
  #tool: Tool | null = null;
  #fade = true;

  constructor(private options: ToolsOptions) {
    this.#draw();
  }

  /** Puts the tools away, as when they may not be used. */
  close(): void {
    this.#open(false);
  }

  #open(opened: boolean): void {
    this.#opened = opened;
    this.palette.hidden = !opened;
    this.button.setAttribute('aria-expanded', String(opened));
    this.#use(opened ? 'frame' : null);
    if (opened) this.palette.querySelector('button')?.focus();
  }

  #use(tool: Tool | null): void {
    this.#tool = tool;
    this.options.use(tool, this.#fade);
    this.#draw();
  }

  #draw(): void {
    const focused = this.palette.querySelector(':focus')?.getAttribute('data-tool');
    fill(this.palette,
      ...all.map(([tool, sign, label]) => h('button', {
        type: 'button', class: 'tool', 'data-tool': tool, 'aria-pressed': String(this.#tool === tool), title: label, 'aria-label': label,
        click: () => this.#use(this.#tool === tool ? null : tool),
      }, icon(sign))),
      h('button', {
        type: 'button', class: 'tool text', 'data-tool': 'fade', 'aria-pressed': String(this.#fade), title: 'What is drawn goes away by itself',
        click: () => { this.#fade = !this.#fade; this.#use(this.#tool); },
      }, 'Fades'),
      h('button', { type: 'button', class: 'tool text', 'data-tool': 'erase', title: 'Take away all that was drawn', click: () => this.options.erase() }, 'Clear'),
      h('button', { type: 'button', class: 'tool', 'data-tool': 'close', title: 'Put the tools away', 'aria-label': 'Put the tools away', click: () => this.#shut() }, icon('close')));
    if (focused) this.palette.querySelector<HTMLElement>(`[data-tool=${focused}]`)?.focus();
  }

  #shut(): void {
    this.close();
    this.button.focus();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.#shut();
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const buttons = [...this.palette.querySelectorAll('button')];
    const at = buttons.findIndex(b => b === document.activeElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  }
}
