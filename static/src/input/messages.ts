// What a follower asks the leader's browser to do. Offsets are UTF-16 units;
// fx and fy are fractions of the node's box; mods are the bits below.

export const ALT = 1;
export const CTRL = 2;
export const META = 4;
export const SHIFT = 8;

/** Anchor node, anchor offset, focus node, focus offset. */
export type SelectionIds = [number, number, number, number];

/**
 * Where a caret or selection is: offsets in a control's value, or places in what is edited. Those are told by characters
 * as well, for when the page has made the text anew meanwhile: the line's number in the host, the characters before, and
 * the line's text, named by its hash; for a selection the same of its other end.
 */
export type Caret = { start: number; end: number } | EditedCaret;
export interface EditedCaret {
  sel: SelectionIds;
  at?: number[];
}

/** The key that somebody pressed; what is pasted or composed has none. */
export interface Pressed {
  key: string;
  code: string;
  mods: number;
}

/** The rights to act in pages: to press, and to write in fields. */
export type Way = 'click' | 'fill';

/** How the keys that move a caret do it: which way and how far, and how far with Ctrl. */
export const MOVES: { readonly [key: string]: readonly [way: string, by: string, farther: string] } = {
  ArrowLeft: ['left', 'character', 'word'],
  ArrowRight: ['right', 'character', 'word'],
  ArrowUp: ['backward', 'line', 'paragraph'],
  ArrowDown: ['forward', 'line', 'paragraph'],
  Home: ['backward', 'lineboundary', 'documentboundary'],
  End: ['forward', 'lineboundary', 'documentboundary'],
};

/** Whether a key moves a caret that nobody sees yet. */
export function isMove({ key, mods }: Pressed): boolean {
  return Object.hasOwn(MOVES, key) && (mods & (ALT | META)) === 0;
}

export type Input =
  | { kind: 'click'; node: number; fx: number; fy: number; button: number; detail: number; mods: number }
  /** A button that stays down; the two after it say how far from there the pointer is, in CSS px. */
  | { kind: 'press'; node: number; fx: number; fy: number; mods: number }
  | { kind: 'drag'; node: number; dx: number; dy: number }
  | { kind: 'release'; node: number; dx: number; dy: number; mods: number }
  /** A wheel that was turned so far, for pages that do more than scroll. */
  | { kind: 'wheel'; node: number; fx: number; fy: number; dx: number; dy: number; mods: number }
  | { kind: 'hover'; node: number; fx: number; fy: number }
  /** With a caret it is where the key took the follower's: the leader's goes there, unless the page does something else. */
  | ({ kind: 'key'; node: number } & Pressed & Partial<Caret>)
  /** Replace [start, end) of the value the follower saw, named by its hash. */
  | ({ kind: 'text'; node: number; edit: [number, number, string]; base: number; inputType?: string } & Partial<Pressed>)
  /** html is what is pasted besides the text. */
  | ({ kind: 'edit'; node: number; inputType: string; data: string | null; html?: string } & Partial<EditedCaret & Pressed>)
  | { kind: 'select'; node: number; options: number[] }
  | { kind: 'value'; node: number; value: string }
  /** What the follower made a film or sound do. */
  | ({ kind: 'media'; node: number } & Playing)
  | { kind: 'focus'; node: number }
  | ({ kind: 'selection'; node: number } & Caret);

export interface Playing {
  paused: boolean;
  time: number;
  volume: number;
  rate: number;
}

/** FNV-1a over UTF-16 units: names a value both sides may hold, and protects nothing. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/**
 * One replacement that turns `before` into `after`: [start, end, text]. Of several it is the one that ends at `caret`,
 * an offset in `after`, for people to whom it is not the same which of two equal letters is new.
 */
export function difference(before: string, after: string, caret: number): [number, number, string] {
  const most = Math.min(before.length, after.length);
  let tail = 0;
  const same = (i: number) => before.charCodeAt(before.length - 1 - i) === after.charCodeAt(after.length - 1 - i);
  while (tail < Math.min(most, after.length - caret) && same(tail)) tail++;
  let start = 0;
  while (start < most - tail && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  while (tail < most - start && same(tail)) tail++;
  return [start, before.length - tail, after.slice(start, after.length - tail)];
}

/**
 * Moves an offset in `before` to where the same place is in `after`. At the
 * edge of a change it stays left of it; inside what was replaced it goes to
 * the end of the replacement.
 */
export function shift(offset: number, before: string, after: string): number {
  if (before === after) return Math.min(offset, after.length);
  const [start, end, text] = difference(before, after, after.length);
  if (offset <= start) return offset;
  if (offset >= end) return offset + text.length - (end - start);
  return start + text.length;
}
