// Fonts that scripts add, by address or as bytes.

import * as is from '../ops';
import type { Op } from '../ops';
import { getter, method } from './dom';
import type { Part } from './tree';
import { WHOLE } from './tags';

const MOST = 200;

const setOf = getter<FontFaceSet>(Document.prototype, 'fonts');
const each = method<[(face: FontFace) => void], void>(FontFaceSet.prototype, 'forEach');
const familyOf = getter<string>(FontFace.prototype, 'family');
const DESCRIPTORS = [
  'style', 'weight', 'stretch', 'unicodeRange', 'variant', 'featureSettings', 'display', 'ascentOverride', 'descentOverride',
  'lineGapOverride', 'sizeAdjust',
] as const;
const readers = DESCRIPTORS.map((name) => getter<string>(FontFace.prototype, name) as ((face: FontFace) => string) | undefined);

/** Where the fonts that scripts made are from: CSS text, or their bytes. */
const sources = new WeakMap<FontFace, string | Blob>();

/** Remembers what a font was made of, which it does not tell. */
export function noteFont(face: FontFace, source: unknown): void {
  if (typeof source === 'string') sources.set(face, source);
  else if (source instanceof ArrayBuffer || ArrayBuffer.isView(source) || Object.prototype.toString.call(source) === '[object ArrayBuffer]') {
    sources.set(face, new Blob([source as ArrayBuffer], { type: 'font/sfnt' }));
  }
}

export interface FontsContext {
  document: Document;
  restore(text: string): string;
  /** The name under which followers get bytes; null while they are under way, and then `again` is called. */
  blob(bytes: Blob, again: () => void): string | null;
  again(): void;
}

export class Fonts implements Part {
  private readonly ids = new WeakMap<FontFace, number>();
  private readonly sent = new Set<number>();
  private dirty = false;
  private next = 1;

  constructor(private readonly ctx: FontsContext) {}

  touch(): void {
    this.dirty = true;
  }

  hears(tag: string): boolean {
    return tag === WHOLE;
  }

  added(): void {
    this.sent.clear();
    this.dirty = true;
  }

  collect(ops: Op[]): void {
    if (!this.dirty) return;
    this.dirty = false;
    const gone = new Set(this.sent);
    each(setOf(this.ctx.document), (face) => {
      const source = sources.get(face);
      if (source === undefined || this.sent.size >= MOST) return; // a style sheet's
      let id = this.ids.get(face);
      if (id === undefined) this.ids.set(face, (id = this.next++));
      gone.delete(id);
      if (this.sent.has(id)) return;
      const text = typeof source === 'string' ? this.ctx.restore(source) : this.bytes(source);
      if (text === null) return;
      this.sent.add(id);
      ops.push([is.FONT, id, familyOf(face), text, ...descriptors(face)]);
    });
    for (const id of gone) {
      this.sent.delete(id);
      ops.push([is.FONT, id]);
    }
  }

  private bytes(source: Blob): string | null {
    const name = this.ctx.blob(source, () => {
      this.dirty = true;
      this.ctx.again();
    });
    return name === null ? null : `url(blob:${name})`;
  }
}

function descriptors(face: FontFace): string[] {
  const out: string[] = [];
  DESCRIPTORS.forEach((name, i) => {
    const value = readers[i]?.(face);
    if (typeof value === 'string' && value !== 'normal' && value !== 'auto' && value !== 'U+0-10FFFF') out.push(name, value);
  });
  return out;
}
