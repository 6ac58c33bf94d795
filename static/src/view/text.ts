// What changes how text looks beyond the style sheets: marked ranges and fonts.

import type { Id } from '../ops';
import type { Addresses } from './addresses';
import { Invalid } from './build';

type Window = globalThis.Window & typeof globalThis;

interface HighlightSet {
  priority: number;
  type: string;
}
type Highlighting = { Highlight: new (...ranges: Range[]) => HighlightSet; CSS: { highlights?: Map<string, HighlightSet> } };

/** Sets, changes or (no operands) removes a highlight. */
export function highlight(window: Window, node: (id: Id) => Node, name: unknown, rest: unknown[]): void {
  if (typeof name !== 'string') throw new Invalid('highlight');
  const { Highlight, CSS } = window as unknown as Highlighting;
  if (CSS.highlights === undefined) return;
  if (rest.length === 0) return void CSS.highlights.delete(name);
  const [priority, type, ...places] = rest;
  const ranges: Range[] = [];
  for (let i = 0; i + 3 < places.length; i += 4) {
    const [start, from, end, to] = places.slice(i, i + 4) as [Id, number, Id, number];
    const range = window.document.createRange();
    try {
      range.setStart(node(start), from);
      range.setEnd(node(end), to);
      ranges.push(range);
    } catch (error) {
      if (error instanceof Invalid) throw error; // a place that has just gone
    }
  }
  const made = new Highlight(...ranges);
  made.priority = Number(priority);
  made.type = String(type);
  CSS.highlights.set(name, made);
}

const DESCRIPTORS = new Set([
  'style', 'weight', 'stretch', 'unicodeRange', 'variant', 'featureSettings', 'display', 'ascentOverride', 'descentOverride',
  'lineGapOverride', 'sizeAdjust',
]);

/** Fonts that the leader's scripts added. */
export class Fonts {
  private readonly faces = new Map<number, FontFace>();

  set(window: Window, addresses: Addresses, id: unknown, rest: unknown[]): void {
    if (typeof id !== 'number') throw new Invalid('font');
    const before = this.faces.get(id);
    if (before !== undefined) window.document.fonts.delete(before);
    this.faces.delete(id);
    if (rest.length === 0) return;
    const [family, source, ...list] = rest.map(String);
    const descriptors: Record<string, string> = {};
    for (let i = 0; i + 1 < list.length; i += 2) if (DESCRIPTORS.has(list[i]!)) descriptors[list[i]!] = list[i + 1]!;
    const face = new window.FontFace(family!, addresses.css(source!), descriptors);
    this.faces.set(id, face);
    window.document.fonts.add(face);
    face.load().catch(() => undefined); // the text shows in another font, as it does where the leader's fails
  }

  clear(window: Window): void {
    for (const face of this.faces.values()) window.document.fonts.delete(face);
    this.faces.clear();
  }
}
