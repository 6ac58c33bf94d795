// Files that others have for the visitor's page. The visitor is asked; what they take is put together here, in
// memory, and handed to the page when all of it has come.

import type { Person, ToVisitor } from '../protocol';
import { t } from '../ui/catalogue';
import { fill, h } from '../ui/dom';
import { bytes, called } from '../ui/words';

type Offer = ToVisitor & { type: 'offer' };

export interface FilesOptions {
  person(id: string): Person | undefined;
  tell(message: { type: 'take'; n: number; ok: boolean } | { type: 'got'; n: number; bytes: number } | { type: 'placed'; n: number; ok: boolean; why?: string }): void;
  /** Hands all files of an offer to the page; false when it has gone. */
  give(offer: Offer, files: File[]): boolean;
}

interface Coming {
  offer: Offer;
  question: HTMLElement;
  taken: boolean;
  /** What has come of the file that is next, and the files before it. */
  parts: Uint8Array<ArrayBuffer>[];
  size: number;
  files: File[];
}

/** Whoever is about to press something else when a question appears has not answered it. */
const ARMED_MS = 500;

export class Files {
  #coming = new Map<number, Coming>();

  constructor(private options: FilesOptions) {}

  /** Asks the visitor. */
  offered(offer: Offer): void {
    const question = this.#ask(offer);
    this.#coming.set(offer.n, { offer, question, taken: false, parts: [], size: 0, files: [] });
    document.body.append(question);
  }

  piece({ n, data }: ToVisitor & { type: 'piece' }): void {
    const coming = this.#coming.get(n);
    if (!coming?.taken) return;
    const part = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    coming.parts.push(part);
    coming.size += part.length;
    this.options.tell({ type: 'got', n, bytes: part.length });
    this.#complete(n, coming);
  }

  /** The others have gone, or may not act any more. */
  withdrawn(n: number): void {
    this.#coming.get(n)?.question.remove();
    this.#coming.delete(n);
  }

  /** The page has the files, or says why not. */
  placed(n: number, ok: boolean, why?: string): void {
    if (!this.#coming.delete(n)) return;
    this.options.tell({ type: 'placed', n, ok, ...(why !== undefined && { why }) });
  }

  /** The link was lost for good, and with it all that was under way. */
  clear(): void {
    for (const n of this.#coming.keys()) this.withdrawn(n);
  }

  #ask(offer: Offer): HTMLElement {
    const { n, from, files } = offer;
    const answer = (ok: boolean) => {
      const coming = this.#coming.get(n);
      if (!coming || coming.taken) return;
      coming.question.remove();
      coming.taken = ok;
      this.options.tell({ type: 'take', n, ok });
      if (ok) this.#complete(n, coming);
      else this.#coming.delete(n);
    };
    const yes = h('button', { type: 'button', class: 'button primary', 'data-tandem': 'take', disabled: true, click: () => answer(true) }, t('allow'));
    const no = h('button', { type: 'button', class: 'button', 'data-tandem': 'refuse', disabled: true, click: () => answer(false) }, t('decline'));
    setTimeout(() => { yes.disabled = no.disabled = false; }, ARMED_MS);
    const who = called(this.options.person(from));
    return fill(h('div', { class: 'about question', role: 'alert' }),
      h('p', {}, t(files.length === 1 ? 'files.one' : 'files.several', { who })),
      h('ul', {}, ...files.map((file) => h('li', {}, h('bdi', {}, file.name), ` (${bytes(file.size)})`))),
      h('div', { class: 'actions' }, yes, no));
  }

  /** Makes files of what has come, and gives them to the page when there are as many as were offered. */
  #complete(n: number, coming: Coming): void {
    const { offer, files } = coming;
    for (let next = offer.files[files.length]; next !== undefined && coming.size >= next.size; next = offer.files[files.length]) {
      files.push(new File(coming.parts, next.name, { type: next.mime }));
      coming.parts = [];
      coming.size = 0;
    }
    if (files.length === offer.files.length && !this.options.give(offer, files)) this.placed(n, false, 'gone');
  }
}
