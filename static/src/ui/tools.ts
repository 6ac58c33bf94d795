// The tools that people point things out with: a button of the bar, and the palette it opens below.

import { t } from './catalogue';
import { h, fill } from './dom';
import { icon, type Icon } from './icons';
import type { StrokeKind } from './marks';

export type Tool = StrokeKind | 'frame';

export interface ToolsOptions {
  /** Another tool is in use, or none. */
  use(tool: Tool | null, fade: boolean): void;
  erase(): void;
}

const all: [Tool, Icon][] = [['frame', 'frame'], ['ink', 'pen'], ['box', 'box'], ['arrow', 'arrow']];

export class Tools {
  readonly button = h('button', {
    type: 'button', class: 'tool', 'data-tandem': 'tools', 'aria-expanded': 'false', title: t('tools.title'), 'aria-label': t('tools.title'),
    click: () => this.#open(!this.#opened),
  }, icon('pen'));
  readonly palette = h('div', { class: 'palette', role: 'toolbar', 'aria-label': t('tools.title'), hidden: true, keydown: this.#key.bind(this) });
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
      ...all.map(([tool, sign]) => h('button', {
        type: 'button', class: 'tool', 'data-tool': tool, 'aria-pressed': String(this.#tool === tool), title: t(`tools.${tool}`), 'aria-label': t(`tools.${tool}`),
        click: () => this.#use(this.#tool === tool ? null : tool),
      }, icon(sign))),
      h('button', {
        type: 'button', class: 'tool text', 'data-tool': 'fade', 'aria-pressed': String(this.#fade), title: t('tools.fades-detail'),
        click: () => { this.#fade = !this.#fade; this.#use(this.#tool); },
      }, t('tools.fades')),
      h('button', { type: 'button', class: 'tool text', 'data-tool': 'erase', title: t('tools.clear-detail'), click: () => this.options.erase() }, t('tools.clear')),
      h('button', { type: 'button', class: 'tool', 'data-tool': 'close', title: t('tools.close'), 'aria-label': t('tools.close'), click: () => this.#shut() }, icon('close')));
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
