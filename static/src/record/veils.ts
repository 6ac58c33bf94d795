// Where in the viewport something is hidden from followers. Only the visitor's shell is told, which shows it to the
// visitor; nothing of it is in the page.

import type { Box, FromDocument } from '../port';
import { box, getter, guard, isElement, later, method, now, up } from './dom';
import { OPEN, PRIVATE, type Level } from './mask';
import type { Entry } from './nodes';
import type { Part } from './tree';

const PERIOD_MS = 250;
const SOON_MS = 30;
/** More are not shown. */
const MOST = 100;

const styleOf = method<[Element], CSSStyleDeclaration>(globalThis, 'getComputedStyle');
const valueOf = method<[string], string>(CSSStyleDeclaration.prototype, 'getPropertyValue');
const isVisible = method<[object], boolean>(Element.prototype, 'checkVisibility');
const width = getter<number>(globalThis, 'innerWidth');
const height = getter<number>(globalThis, 'innerHeight');

export class Veils implements Part {
  /** Whose treatment differs from that of what is around them. */
  private readonly borders = new Set<Entry>();
  private told = '[]';
  private looked = 0;
  private waiting = false;

  constructor(
    private readonly window: () => object,
    private readonly base: () => Level,
    private readonly send: (message: FromDocument & { type: 'hidden' }) => void,
  ) {}

  added(entry: Entry): void {
    if (!isElement(entry.node)) return;
    const around = entry.parent?.parent ? entry.parent.level : this.base();
    if (around === PRIVATE ? entry.level === OPEN : around < PRIVATE && entry.level !== OPEN) this.borders.add(entry);
    else this.borders.delete(entry);
  }

  removed(entry: Entry): void {
    this.borders.delete(entry);
  }

  attribute(entry: Entry, name: string): void {
    if (name === '') this.added(entry);
  }

  collect(): void {
    this.soon();
  }

  /** Something may have moved. */
  soon(): void {
    if (this.waiting || (this.borders.size === 0 && this.told === '[]' && this.base() < PRIVATE)) return;
    this.waiting = true;
    later(() => guard(() => this.look(), undefined), SOON_MS);
  }

  sweep(): void {
    if (now() - this.looked > PERIOD_MS) this.soon();
  }

  private look(): void {
    this.waiting = false;
    this.looked = now();
    const view = this.view();
    const whole = this.base() >= PRIVATE;
    const hidden: Box[] = whole ? [view] : [];
    const shown: Box[] = [];
    let left = MOST;
    for (const { node, level } of this.borders) {
      const list = level === OPEN ? shown : whole ? null : hidden;
      const seen = list === null ? null : this.seen(node as Element, view);
      if (seen === null || list === null) continue;
      list.push(seen);
      if (--left === 0) break;
    }
    const text = JSON.stringify([hidden, shown]);
    if (text === this.told || (text === '[[],[]]' && this.told === '[]')) return;
    this.told = text;
    this.send({ type: 'hidden', hidden, shown, whole });
  }

  private view(): Box {
    return { x: 0, y: 0, width: width(this.window()), height: height(this.window()) };
  }

  /** The part of an element that can be seen; null for none. */
  private seen(element: Element, view: Box): Box | null {
    let seen = meet(rounded(box(element)), view);
    if (seen === null || !isVisible(element, { visibilityProperty: true, opacityProperty: true })) return null;
    for (let at = up(element); at !== null && seen !== null; at = up(at)) {
      if (isElement(at) && clips(at)) seen = meet(rounded(box(at)), seen);
    }
    return seen;
  }
}

const clips = (element: Element): boolean => !/^visible\b/.test(valueOf(styleOf(globalThis, element), 'overflow'));

const rounded = ({ left, top, right, bottom }: DOMRect): Box => {
  const [x, y] = [Math.round(left), Math.round(top)];
  return { x, y, width: Math.round(right) - x, height: Math.round(bottom) - y };
};

function meet(a: Box, b: Box): Box | null {
  const [x, y] = [Math.max(a.x, b.x), Math.max(a.y, b.y)];
  const [right, bottom] = [Math.min(a.x + a.width, b.x + b.width), Math.min(a.y + a.height, b.y + b.height)];
  return right > x && bottom > y ? { x, y, width: right - x, height: bottom - y } : null;
}
