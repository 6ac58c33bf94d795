// blob: addresses mean nothing outside the visitor's browser. What a page
// shows from one is sent once, and followers are given a name for it.

import type { FromDocument } from '../port';
import { getter, guard, method } from './dom';

/** Bigger ones are not sent. */
const MOST = 4 << 20;
const SHOWN = /^(?:image|font|audio|video)\/|^application\/(?:font|x-font|vnd\.ms-fontobject)|^text\/css/;
const ADDRESS = /blob:(?:null|[a-z]+:\/\/[^/\s"'()<>]+)\/[\w-]+/g;

const blobType = getter<string>(Blob.prototype, 'type');
const blobSize = getter<number>(Blob.prototype, 'size');
const Reader = FileReader;
const readAsDataURL = method<[Blob], void>(FileReader.prototype, 'readAsDataURL');
const resultOf = getter<string | null>(FileReader.prototype, 'result');
const addListener = method<[string, () => void], void>(EventTarget.prototype, 'addEventListener');
const random = crypto.getRandomValues(new Uint32Array(2));
const prefix = 'b' + random[0]!.toString(36) + random[1]!.toString(36);

/** The last part of such an address tells it from all others; before it is an origin, as the page or the browser has it. */
const nameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

/** What the page made addresses for, in all realms we hook. */
const sources = new Map<string, Blob>();

export function noteAddress(url: string, object: unknown): void {
  if (guard(() => blobSize(object as Blob) <= MOST && SHOWN.test(blobType(object as Blob)), false)) sources.set(nameOf(url), object as Blob);
}

/** Whether followers can have what is at such an address. */
export const hasAddress = (url: string): boolean => sources.has(nameOf(url));

export const forgetAddress = (url: string): void => void sources.delete(nameOf(url));

interface Wanted {
  id: string;
  ready: boolean;
  waiting: (() => void)[];
}

export class Blobs {
  private readonly wanted = new Map<string, Wanted>();
  private readonly named = new WeakMap<Blob, Wanted>();
  private count = 0;

  constructor(private readonly send: (message: FromDocument) => void) {}

  /**
   * A text with followers' names for the blobs in it; null while one of them
   * is being read, and then calls `again`. A blob that can't be sent is left out.
   */
  restore(text: string, again: () => void): string | null {
    if (!text.includes('blob:')) return text;
    let waiting = false;
    const out = text.replace(ADDRESS, (url) => {
      const wanted = this.want(url);
      if (wanted === null) return '';
      if (wanted.ready) return 'blob:' + wanted.id;
      wanted.waiting.push(again);
      waiting = true;
      return '';
    });
    return waiting ? null : out;
  }

  /** The name of a blob that has no address; null while it is being read, and then calls `again`. */
  name(blob: Blob, again: () => void): string | null {
    let wanted = this.named.get(blob);
    if (wanted === undefined) this.named.set(blob, (wanted = this.read(blob)));
    if (wanted.ready) return wanted.id;
    wanted.waiting.push(again);
    return null;
  }

  private want(url: string): Wanted | null {
    const name = nameOf(url);
    const known = this.wanted.get(name);
    if (known !== undefined) return known;
    const blob = sources.get(name);
    if (blob === undefined) return null;
    const wanted = this.read(blob);
    this.wanted.set(name, wanted);
    return wanted;
  }

  private read(blob: Blob): Wanted {
    const wanted: Wanted = { id: prefix + (this.count++).toString(36), ready: false, waiting: [] };
    const reader = new Reader();
    addListener(reader, 'load', () => this.loaded(wanted, blob, resultOf(reader) ?? ''));
    readAsDataURL(reader, blob);
    return wanted;
  }

  private loaded(wanted: Wanted, blob: Blob, result: string): void {
    this.send({ type: 'blob', id: wanted.id, mime: blobType(blob), data: result.slice(result.indexOf(',') + 1) });
    wanted.ready = true;
    for (const again of wanted.waiting) again();
    wanted.waiting = [];
  }
}
