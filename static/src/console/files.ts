// The agent's files for the visitor's page: chosen when the page asks for some, or dropped on it. The visitor is
// asked; when they take them, the files are sent in pieces, no faster than they arrive.

import type { ToAgent } from '../protocol';
import { t } from '../ui/catalogue';
import { h } from '../ui/dom';
import type { Toasts } from '../ui/toasts';
import { bytes, reason } from '../ui/words';

export interface Destination {
  doc: number;
  want: number;
  node: number;
  fx: number;
  fy: number;
}

export interface FilesOptions {
  visitor: string;
  toasts: Toasts;
  send(message: object): void;
}

/** What the server takes. */
const most = { files: 10, size: 10 << 20, piece: 128 << 10, under: 4 * (128 << 10) };

interface Sending {
  n: number;
  files: File[];
  /** The place of the next piece. */
  file: number;
  at: number;
  under: number;
  reading: boolean;
}

export class Files {
  #sending: Sending | null = null;
  #last = Date.now();

  constructor(private options: FilesOptions) {}

  /** The page asks for files. Browsers let a page choose some only in answer to a press. */
  wanted({ doc, want, accept, multiple }: ToAgent & { type: 'want' }): void {
    const choose = () => {
      const input = h('input', { type: 'file', accept: accept || null, multiple: multiple ?? false });
      input.addEventListener('change', () => this.offer({ doc, want, node: 0, fx: 0, fy: 0 }, [...input.files ?? []]));
      input.click();
    };
    if (navigator.userActivation?.isActive) choose();
    else this.options.toasts.show(t('files.wanted'), { label: t('files.choose'), name: 'choose', press: choose });
  }

  offer(to: Destination, files: File[]): void {
    const { toasts, visitor } = this.options;
    if (files.length === 0) return;
    if (this.#sending) return toasts.show(t('files.under-way'));
    if (files.length > most.files) return toasts.show(t('files.too-many', { n: most.files }));
    const large = files.find((file) => file.size > most.size);
    if (large) return toasts.show(t('files.too-large', { file: large.name, size: bytes(most.size) }));
    const n = ++this.#last;
    this.#sending = { n, files, file: 0, at: 0, under: 0, reading: false };
    this.options.send({ type: 'offer', n, ...to, files: files.map(({ name, size, type }) => ({ name, size, mime: type })) });
    toasts.show(files.length === 1 ? t('files.asked-one', { visitor, file: files[0]!.name }) : t('files.asked-several', { visitor, n: files.length }));
  }

  taken({ n, ok }: ToAgent & { type: 'take' }): void {
    if (this.#sending?.n !== n) return;
    if (ok) return void this.#go(this.#sending);
    this.#sending = null;
    this.options.toasts.show(t('files.refused', { visitor: this.options.visitor }));
  }

  got({ n, bytes }: ToAgent & { type: 'got' }): void {
    if (this.#sending?.n !== n) return;
    this.#sending.under -= bytes;
    void this.#go(this.#sending);
  }

  placed({ n, ok, why }: ToAgent & { type: 'placed' }): void {
    if (this.#sending?.n !== n) return;
    const [first] = this.#sending.files;
    const one = this.#sending.files.length === 1;
    this.#sending = null;
    this.options.toasts.show(!ok ? reason(why ?? '', this.options.visitor) : one ? t('files.has-one', { file: first!.name }) : t('files.has-several'));
  }

  /** The server refused an offer, or begins anew. */
  stop(): void {
    this.#sending = null;
  }

  async #go(sending: Sending): Promise<void> {
    if (sending.reading) return;
    sending.reading = true;
    try {
      while (this.#sending === sending && sending.under < most.under) {
        const file = sending.files[sending.file];
        if (!file) return;
        const part = file.slice(sending.at, sending.at + Math.min(most.piece, most.under - sending.under));
        sending.at += part.size;
        sending.under += part.size;
        if (sending.at >= file.size) {
          sending.file++;
          sending.at = 0;
        }
        if (part.size > 0) this.options.send({ type: 'piece', n: sending.n, data: await base64(part) });
      }
    } catch {
      this.#sending = null;
      this.options.toasts.show(t('files.unreadable'));
    } finally {
      sending.reading = false;
    }
  }
}

function base64(part: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).split(',', 2)[1] ?? '');
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(part);
  });
}
