// The documents of the session: every page and frame the visitor has open, each with the port it handed over when
// it started. Who a document is, is taken from the browser (the message's origin and source), never from what it
// says; the rest is the word of a page and may be forged by it, so it is bounded and can only describe that page.

import { Invalid, bool, fromDocument, list, object, oneOf, parseMessage, text, type FromDocument, type Place } from '../protocol';
import { Urls, originString, parseOrigin } from '../url';
import type { Box, ToDocument } from '../port';
import type { DocumentRule } from '../pages';

export interface Doc {
  readonly id: number;
  readonly window: MessageEventSource;
  readonly tab: number;
  /** The document the frame it lives in belongs to; null for a tab's own document. */
  readonly parent: Doc | null;
  /** The real site's origin, or "null" for an opaque one. */
  readonly origin: string;
  /** Its origin as the browser has it. */
  readonly home: string;
  readonly port: MessagePort;
  /** The frame element in the parent, by the parent's node ids, once the parent has said so. */
  frameNode: number;
  url: string;
  /** What the server has of this document is unknown: nothing but a new snapshot helps. */
  stale: boolean;
  /** It was told to keep what is new to itself. */
  held: boolean;
  leaving: boolean;
  /** Others have been told that it is there. */
  announced: boolean;
  /** It is in something hidden. */
  surrounded: boolean;
}

export interface DocumentsOptions {
  urls: Urls;
  scheme: string; // of content hosts
  paused: () => boolean;
  /** The operator's rules for a document, by its address and those around it. */
  rules: (urls: string[]) => DocumentRule[];
  /** What documents of a site have masked so far. */
  secrets: (origin: string) => string[];
  /** The tab whose frame a window is in, and whether the window is that frame's own. */
  tabOf(window: MessageEventSource): { tab: number; main: boolean } | null;
  onStart(doc: Doc): void;
  onMessage(doc: Doc, message: FromDocument): void;
  onGone(doc: Doc): void;
}

const hello = object({ tandem: oneOf('hello'), url: text(65536), main: bool });
const box = object({ x: finite, y: finite, width: finite, height: finite });
function finite(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Invalid('number');
  return value;
}

/** More documents than any page needs; a page that makes more is left out of the mirror. */
const most = 500;
const locateWithin = 400; // ms

type Answer = FromDocument & { type: 'located' | 'boxes' };
interface Located { x: number; y: number; box: Box | null }

export class Documents {
  #options: DocumentsOptions;
  #byId = new Map<number, Doc>();
  #byWindow = new Map<MessageEventSource, Doc>();
  #asked = new Map<number, { doc: Doc; answer: (message: Answer | null) => void }>();
  #lastAsked = 0;
  /** What documents called their address when they began; one without an origin may name the site's. */
  #addresses = new WeakMap<Doc, string>();
  // Begins anywhere, so that an input meant for a document of an earlier visit to this page cannot hit a new one.
  #lastId = crypto.getRandomValues(new Uint32Array(1))[0]! >>> 3;

  constructor(options: DocumentsOptions) {
    this.#options = options;
    addEventListener('message', this.#hello);
  }

  get(id: number): Doc | undefined { return this.#byId.get(id); }
  all(): Doc[] { return [...this.#byId.values()]; }
  main(tab: number): Doc | undefined { return this.all().find(d => d.tab === tab && !d.parent); }

  /** A number that no document has. */
  number(): number { return ++this.#lastId; }

  send(doc: Doc, message: ToDocument): void { doc.port.postMessage(message); }

  /** Answers a wish. A press of the visitor's, which has just been, goes with a yes where browsers can hand it on. */
  grant(doc: Doc, id: number, kind: 'print' | 'fullscreen' | 'copy', yes: boolean): void {
    if (!yes || kind !== 'fullscreen' || doc.home === 'null') return this.send(doc, { type: 'granted', id, yes });
    const options: WindowPostMessageOptions & { delegate: string } = { targetOrigin: doc.home, delegate: 'fullscreen' };
    (doc.window as Window).postMessage({ tandem: 'granted', id }, options);
  }

  /** Where a place in a document is in its tab's viewport now; null when it cannot be said. */
  async locate(doc: Doc, place: Pick<Place, 'node' | 'fx' | 'fy'>): Promise<{ x: number; y: number } | null> {
    const at = await this.#place(doc, place);
    const offset = at && await this.offset(doc);
    return at && offset ? { x: at.x + offset.x, y: at.y + offset.y } : null;
  }

  /** The box of an element; null when it has none now. */
  async box(doc: Doc, node: number): Promise<Box | null> {
    const [from, to] = [await this.locate(doc, { node, fx: 0, fy: 0 }), await this.locate(doc, { node, fx: 1, fy: 1 })];
    return from && to && { ...from, width: to.x - from.x, height: to.y - from.y };
  }

  /** The boxes of a selected text. */
  async boxes(doc: Doc, sel: number[]): Promise<Box[]> {
    const answer = await this.#ask(doc, id => ({ type: 'boxes', id, sel }));
    const offset = answer?.type === 'boxes' ? await this.offset(doc) : null;
    if (answer?.type !== 'boxes' || !offset) return [];
    return boxes(answer.boxes).map(b => ({ ...b, x: b.x + offset.x, y: b.y + offset.y }));
  }

  /** Where a document's viewport begins in its tab's. */
  async offset(doc: Doc): Promise<{ x: number; y: number } | null> {
    let [x, y] = [0, 0];
    for (let inner: Doc = doc; inner.parent; inner = inner.parent) {
      const frame = inner.frameNode ? await this.#place(inner.parent, { node: inner.frameNode, fx: 0, fy: 0 }) : null;
      if (!frame?.box) return null;
      x += frame.box.x;
      y += frame.box.y;
    }
    return { x, y };
  }

  /** Notes which frame element shows which document, as the parent recorded it. */
  framed(parent: Doc, node: number, id: number): void {
    const child = this.#byId.get(id);
    if (child?.parent === parent) child.frameNode = node;
  }

  /** Ends a document and those in its frames. */
  gone(doc: Doc): void {
    if (this.#byId.get(doc.id) !== doc) return;
    for (const other of this.all()) if (other.parent === doc) this.gone(other);
    this.#byId.delete(doc.id);
    if (this.#byWindow.get(doc.window) === doc) this.#byWindow.delete(doc.window);
    for (const [id, asked] of this.#asked) {
      if (asked.doc !== doc) continue;
      this.#asked.delete(id);
      asked.answer(null);
    }
    doc.port.close();
    this.#options.onGone(doc);
  }

  /** What is to be hidden in a document, and of what around it. */
  rules(doc: Doc): DocumentRule[] {
    const urls: string[] = [];
    for (let at: Doc | null = doc; at; at = at.parent) urls.push(this.#addresses.get(at) ?? at.url);
    return this.#options.rules(urls);
  }

  /** Tells every document to stop and forgets it. */
  stop(): void {
    removeEventListener('message', this.#hello);
    for (const doc of this.all()) this.send(doc, { type: 'stop' });
    for (const doc of this.all()) this.gone(doc);
  }

  #hello = (event: MessageEvent): void => {
    const { source, ports: [port] } = event;
    if (!source || !port || source === window) return;
    let url: string;
    let main: boolean;
    try {
      ({ url, main } = hello(event.data));
    } catch {
      return; // a page talking to what it thinks is its top window
    }
    const origin = this.#siteOrigin(event.origin, url);
    const place = origin && this.#options.tabOf(source);
    const parent = place && !place.main ? this.#byWindow.get((source as Window).parent) : null;
    if (!place || (!place.main && !parent)) return;
    // Firefox takes an empty frame that is on its way to another document for the window around it.
    if (place.main && !main) return;
    const before = this.#byWindow.get(source);
    if (before) this.gone(before);
    if (this.#byId.size >= most) return;
    const doc: Doc = {
      id: this.number(), window: source, tab: place.tab, parent: parent ?? null, origin, home: event.origin, port, frameNode: 0,
      url: ownAddress(url, origin), stale: false, held: false, leaving: false, announced: false, surrounded: false,
    };
    this.#byId.set(doc.id, doc);
    this.#byWindow.set(source, doc);
    port.onmessage = message => this.#message(doc, message.data);
    this.#options.onStart(doc);
    this.#addresses.set(doc, url);
    this.send(doc, { type: 'start', doc: doc.id, tab: `${doc.tab}`, paused: this.#options.paused(), rules: this.rules(doc), secrets: origin === 'null' ? [] : this.#options.secrets(origin) });
  };

  /** The site behind a content host of this session; "" for any other origin. */
  #siteOrigin(origin: string, url: string): string {
    if (origin === 'null') return 'null';
    const prefix = `${this.#options.scheme}://`;
    if (!origin.startsWith(prefix)) return '';
    this.#options.urls.map(url); // a long name's host can be recognised only after its origin was named
    const site = this.#options.urls.originOf(origin.slice(prefix.length));
    return site ? originString(site) : '';
  }

  #message(doc: Doc, data: unknown): void {
    let message: FromDocument | null;
    try {
      message = parseMessage(fromDocument, data);
    } catch {
      return;
    }
    if (!message || this.#byId.get(doc.id) !== doc) return;
    if (message.type === 'located' || message.type === 'boxes') this.#answered(doc, message);
    else this.#options.onMessage(doc, message);
  }

  #ask(doc: Doc, question: (id: number) => ToDocument): Promise<Answer | null> {
    return new Promise(resolve => {
      const id = ++this.#lastAsked;
      const timer = setTimeout(() => answer(null), locateWithin);
      const answer = (message: Answer | null) => {
        clearTimeout(timer);
        this.#asked.delete(id);
        resolve(message);
      };
      this.#asked.set(id, { doc, answer });
      this.send(doc, question(id));
    });
  }

  #answered(doc: Doc, message: Answer): void {
    const asked = this.#asked.get(message.id);
    if (asked?.doc === doc) asked.answer(message);
  }

  async #place(doc: Doc, place: Pick<Place, 'node' | 'fx' | 'fy'>): Promise<Located | null> {
    const at = await this.#ask(doc, id => ({ type: 'locate', id, node: place.node, fx: place.fx, fy: place.fy }));
    if (at?.type !== 'located') return null;
    let frame: Box | null = null;
    try {
      frame = box(at.box);
    } catch { /* not a frame */ }
    return { x: at.x, y: at.y, box: frame };
  }
}

/** The boxes that a page says a text has; none when it says something else. */
function boxes(value: unknown): Box[] {
  try {
    return list(box, 200)(value);
  } catch {
    return [];
  }
}

/** What a document may call its address: anything at its own origin. */
export function ownAddress(claimed: string, origin: string): string {
  if (origin === 'null') return /^(about|blob|data):/.test(claimed) ? claimed.split(/[,?#]/)[0]! : 'about:blank';
  const site = parseOrigin(claimed);
  return site && originString(site) === origin ? claimed : `${origin}/`;
}
