// The page that shows a PDF: browsers' own viewers run no script of ours, so nobody who follows would see more than an
// empty frame. The pages are pictures with their text over them, by pdf.js, and so are mirrored, scrolled and pointed
// at like any other page.
//
// The file is hostile. The policy of this document (proxy/files.go) lets nothing run but what the server has for it,
// and nothing be fetched but that; pdf.js compiles no code and runs no scripts of a PDF.

import { t } from './ui/catalogue';
import { fill, h } from './ui/dom';

/** What is used of pdf.js. */
interface PDFLibrary {
  getDocument(from: object): { promise: Promise<PDFDocument>; onPassword: ((answer: (password: string) => void, reason: number) => void) | null };
  TextLayer: new (of: { textContentSource: unknown; container: HTMLElement; viewport: Viewport }) => { render(): Promise<void> };
  PDFWorker: new (of: { port: Worker; verbosity: number }) => object;
}
interface PDFDocument {
  numPages: number;
  getPage(n: number): Promise<PDFPage>;
  getDestination(name: string): Promise<unknown[] | null>;
  getPageIndex(ref: object): Promise<number>;
}
interface PDFPage {
  getViewport(of: { scale: number }): Viewport;
  render(of: { canvas: HTMLCanvasElement; viewport: Viewport }): { promise: Promise<void>; cancel(): void };
  streamTextContent(): unknown;
  getAnnotations(of: { intent: 'display' }): Promise<Annotation[]>;
  cleanup(): void;
}
interface Viewport {
  width: number;
  height: number;
  convertToViewportPoint(x: number, y: number): [number, number];
}
interface Annotation {
  subtype: string;
  rect: number[];
  url?: string;
  dest?: string | unknown[];
}

// This script runs before the sync script hooks these: they are for the viewer, and no page's.
const NativeWorker = Worker;
const NativeFontFace = FontFace;
const createURL = URL.createObjectURL;

/** More pages are not shown. */
const MOST_PAGES = 2000;
/** A picture of a page has no more pixels than this. */
const MOST_PIXELS = 6_000_000;
/** A page is drawn while it is no further from what is seen than so many times the height of the window. */
const NEAR = 1;
/** The size of pages at first: CSS pixels for each point of the file, when there is room. */
const NATURAL = 1.5;
const MARGIN_PX = 16;

interface Sheet {
  n: number;
  box: HTMLElement;
  page: PDFPage | null;
  /** What draws it at the moment, or has drawn it; ends when the page is far away. */
  drawn: { end: boolean } | null;
}

addEventListener('DOMContentLoaded', () => {
  const { library, worker, wasm, name } = document.body.dataset as { library: string; worker: string; wasm: string; name: string };
  const file = document.querySelector('#file');
  const whole = document.querySelector('#whole') !== null;
  const bytes = Uint8Array.from(atob(file?.textContent ?? ''), (c) => c.charCodeAt(0));
  file?.remove();
  const viewer = new Viewer(name, bytes);
  if (whole) viewer.open(library, worker, wasm).catch(() => viewer.say(t('pdf.broken')));
  else viewer.say(t('pdf.cut'));
});

class Viewer {
  #bar = h('header', {});
  #main = h('main', {});
  #sheets: Sheet[] = [];
  #zoom = 1;
  #library!: PDFLibrary;
  #document!: PDFDocument;

  constructor(name: string, private bytes: Uint8Array<ArrayBuffer>) {
    const save = h('a', { download: name, class: 'save' }, t('pdf.save'));
    save.href = createURL.call(URL, new Blob([bytes], { type: 'application/pdf' }));
    const zoom = (label: string, sign: string, by: number) =>
      h('button', { type: 'button', 'aria-label': label, title: label, click: () => this.#resize(this.#zoom * by) }, sign);
    fill(this.#bar, h('bdi', { class: 'name' }, name), h('span', { class: 'pages' }), zoom(t('pdf.smaller'), '−', 0.8), zoom(t('pdf.larger'), '+', 1.25), save);
    document.body.append(this.#bar, this.#main);
  }

  async open(library: string, worker: string, wasm: string): Promise<void> {
    globalThis.FontFace = NativeFontFace; // followers see pictures, and need no fonts
    this.#library = await import(new URL(library, location.href).href) as PDFLibrary;
    const port = new NativeWorker(worker, { type: 'module' });
    const failed = new Promise<never>((_, reject) => port.addEventListener('error', reject));
    const task = this.#library.getDocument({
      data: this.bytes, worker: new this.#library.PDFWorker({ port, verbosity: 0 }), wasmUrl: new URL(wasm, origin).href,
      useWorkerFetch: true, isEvalSupported: false, enableXfa: false, verbosity: 0,
    });
    task.onPassword = (answer, reason) => this.#unlock(answer, reason === 2);
    this.#document = await Promise.race([task.promise, failed]);
    await this.#show();
  }

  /** A sentence in place of the pages. */
  say(text: string): void {
    fill(this.#main, h('p', { class: 'says', role: 'status' }, text));
  }

  #unlock(answer: (password: string) => void, wrong: boolean): void {
    const field = h('input', { type: 'password', 'aria-label': t('pdf.password'), autocomplete: 'off' });
    fill(this.#main, h('form', { class: 'says', submit: (event: Event) => { event.preventDefault(); answer(field.value); } },
      h('p', {}, wrong ? t('pdf.wrong') : t('pdf.locked')), field, h('button', {}, t('pdf.open'))));
    field.focus();
  }

  async #show(): Promise<void> {
    const count = this.#document.numPages;
    const first = await this.#document.getPage(1);
    this.#bar.querySelector('.pages')!.textContent = t('pdf.pages', { n: count });
    fill(this.#main);
    for (let n = 1; n <= Math.min(count, MOST_PAGES); n++) {
      const box = h('section', { class: 'page', id: `page=${n}`, 'aria-label': t('pdf.page', { n, of: count }) });
      this.#sheets.push({ n, box, page: null, drawn: null });
      this.#main.append(box);
      this.#measure(box, first); // until its own size is known
    }
    if (count > MOST_PAGES) this.#main.append(h('p', { class: 'says' }, t('pdf.more', { n: MOST_PAGES })));
    const near = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const sheet = this.#sheets.find((each) => each.box === target)!;
        if (isIntersecting) void this.#draw(sheet);
        else this.#clear(sheet);
      }
    }, { rootMargin: `${NEAR * 100}% 0px` });
    for (const { box } of this.#sheets) near.observe(box);
    let width = innerWidth;
    addEventListener('resize', () => {
      if (innerWidth !== width) this.#resize(this.#zoom);
      width = innerWidth;
    });
  }

  #scale(page: PDFPage): number {
    const { width } = page.getViewport({ scale: 1 });
    return Math.min(NATURAL, (innerWidth - 2 * MARGIN_PX) / width) * this.#zoom;
  }

  #measure(box: HTMLElement, page: PDFPage): void {
    const scale = this.#scale(page);
    const { width, height } = page.getViewport({ scale });
    box.style.width = `${width}px`;
    box.style.height = `${height}px`;
    box.style.setProperty('--total-scale-factor', `${scale}`);
  }

  async #draw(sheet: Sheet): Promise<void> {
    if (sheet.drawn !== null) return;
    const drawn = sheet.drawn = { end: false };
    try {
      const page = sheet.page ??= await this.#document.getPage(sheet.n);
      if (drawn.end) return;
      this.#measure(sheet.box, page);
      const viewport = page.getViewport({ scale: this.#scale(page) });
      const canvas = await this.#picture(page, viewport);
      if (drawn.end) return;
      const text = h('div', { class: 'textLayer' });
      fill(sheet.box, canvas, text, ...await this.#links(page, viewport));
      await new this.#library.TextLayer({ textContentSource: page.streamTextContent(), container: text, viewport }).render();
    } catch {
      if (!drawn.end) fill(sheet.box, h('p', { class: 'says' }, t('pdf.broken')));
    }
  }

  async #picture(page: PDFPage, { width, height }: Viewport): Promise<HTMLCanvasElement> {
    const dense = Math.min(devicePixelRatio, 2, Math.sqrt(MOST_PIXELS / (width * height)));
    const canvas = h('canvas', {});
    canvas.width = Math.floor(width * dense);
    canvas.height = Math.floor(height * dense);
    // It is put into the page when it is complete, so that followers are sent one picture.
    await page.render({ canvas, viewport: page.getViewport({ scale: this.#scale(page) * dense }) }).promise;
    return canvas;
  }

  #clear(sheet: Sheet): void {
    if (sheet.drawn !== null) sheet.drawn.end = true;
    sheet.drawn = null;
    fill(sheet.box);
    sheet.page?.cleanup();
  }

  #resize(zoom: number): void {
    this.#zoom = Math.min(Math.max(zoom, 0.25), 5);
    const from = document.documentElement;
    const place = from.scrollTop / from.scrollHeight;
    for (const sheet of this.#sheets) {
      const shown = sheet.drawn !== null;
      if (sheet.page !== null) this.#measure(sheet.box, sheet.page);
      else void this.#document.getPage(1).then((page) => sheet.page === null && this.#measure(sheet.box, page));
      if (!shown) continue;
      this.#clear(sheet);
      void this.#draw(sheet);
    }
    from.scrollTop = place * from.scrollHeight;
  }

  async #links(page: PDFPage, viewport: Viewport): Promise<HTMLElement[]> {
    const links: HTMLElement[] = [];
    for (const { subtype, rect, url, dest } of await page.getAnnotations({ intent: 'display' })) {
      const to = url !== undefined && /^(https?|mailto):/i.test(url) ? url : dest ? await this.#target(dest) : null;
      if (subtype !== 'Link' || to === null) continue;
      const [x1, y1] = viewport.convertToViewportPoint(rect[0]!, rect[1]!);
      const [x2, y2] = viewport.convertToViewportPoint(rect[2]!, rect[3]!);
      const link = h('a', { href: to, class: 'link', rel: 'noreferrer' });
      Object.assign(link.style, { left: `${Math.min(x1, x2)}px`, top: `${Math.min(y1, y2)}px`, width: `${Math.abs(x1 - x2)}px`, height: `${Math.abs(y1 - y2)}px` });
      links.push(link);
    }
    return links;
  }

  /** The address of a place in the file. */
  async #target(dest: string | unknown[]): Promise<string | null> {
    try {
      const place = typeof dest === 'string' ? await this.#document.getDestination(dest) : dest;
      const page = place?.[0];
      if (typeof page === 'number') return `#page=${page + 1}`;
      return typeof page === 'object' && page !== null ? `#page=${await this.#document.getPageIndex(page) + 1}` : null;
    } catch {
      return null;
    }
  }
}
