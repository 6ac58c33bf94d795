// What a page may do only upon a press of the visitor: when an agent pressed its button, or nobody did, the visitor is
// asked here. One wish at a time; a page whose wish was turned down is not heard again for a while.

import { t } from '../ui/catalogue';
import { h, fill } from '../ui/dom';
import type { Doc, Documents } from './documents';

export type Wish = 'print' | 'fullscreen' | 'copy';

const ARMED_MS = 500;
const QUIET_MS = 30_000;
const SHOWN_CHARACTERS = 120;

export interface WishesOptions {
  place: HTMLElement;
  documents: Documents;
  /** The visitor is asked, or has decided. */
  asked(kind: Wish): void;
  failed(text: string): void;
}

export class Wishes {
  #open: { doc: Doc; id: number; kind: Wish } | null = null;
  #refused = new WeakMap<Doc, number>();

  constructor(private options: WishesOptions) {}

  ask(doc: Doc, id: number, kind: Wish, text: string): void {
    const { documents, failed } = this.options;
    if (Date.now() - (this.#refused.get(doc) ?? -QUIET_MS) < QUIET_MS) return documents.grant(doc, id, kind, false);
    if (kind === 'fullscreen' && !delegates()) {
      failed(t('wish.press-yourself'));
      return documents.grant(doc, id, kind, false);
    }
    this.#settle(false);
    this.#open = { doc, id, kind };
    this.#draw(kind, text);
    this.options.asked(kind);
  }

  /** A document that went needs no answer. */
  gone(doc: Doc): void {
    if (this.#open?.doc === doc) this.#close();
  }

  #draw(kind: Wish, text: string): void {
    const yes = h('button', { type: 'button', class: 'button primary', 'data-tandem': 'grant-wish', disabled: true, click: () => void this.#yes(kind, text) }, t(`wish.${kind}.yes`));
    const no = h('button', { type: 'button', class: 'button', 'data-tandem': 'refuse-wish', disabled: true, click: () => this.#no() }, t('not-now'));
    fill(this.options.place, h('p', {}, t(`wish.${kind}.question`)),
      kind === 'copy' && h('p', { class: 'quote' }, text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text),
      h('div', { class: 'actions' }, yes, no));
    this.options.place.hidden = false;
    // Nobody could see the question below a page that fills the screen.
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    // Whoever is about to press something else has not answered it.
    setTimeout(() => { yes.disabled = no.disabled = false; }, ARMED_MS);
  }

  async #yes(kind: Wish, text: string): Promise<void> {
    if (kind !== 'copy') return this.#settle(true);
    try {
      await navigator.clipboard.writeText(text);
      this.#settle(true);
    } catch {
      this.#settle(false);
      this.options.failed(t('wish.not-copied'));
    }
  }

  #no(): void {
    if (this.#open) this.#refused.set(this.#open.doc, Date.now());
    this.#settle(false);
  }

  #settle(yes: boolean): void {
    const open = this.#open;
    this.#close();
    if (open) this.options.documents.grant(open.doc, open.id, open.kind, yes);
  }

  #close(): void {
    this.#open = null;
    this.options.place.hidden = true;
    fill(this.options.place);
  }
}

/** Whether this browser can hand a press on to a frame. */
function delegates(): boolean {
  let asked = false;
  const options = { targetOrigin: '/', get delegate() { asked = true; return undefined; } };
  try {
    window.postMessage(null, options);
  } catch { /* it looked, at least */ }
  return asked;
}
