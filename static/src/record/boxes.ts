// The sizes of what followers get a box for.

import * as is from '../ops';
import type { Op } from '../ops';
import { box, getter, isElement, isHTML, method, now } from './dom';
import { BLOCKED } from './mask';
import type { Entry } from './nodes';
import type { Part } from './tree';

const PERIOD_MS = 250;

const offsetWidth = getter<number>(HTMLElement.prototype, 'offsetWidth');
const offsetHeight = getter<number>(HTMLElement.prototype, 'offsetHeight');
const styleOf = method<[Element], CSSStyleDeclaration>(globalThis, 'getComputedStyle');
const valueOf = method<[string], string>(CSSStyleDeclaration.prototype, 'getPropertyValue');

export class Boxes implements Part {
  private readonly boxed = new Set<Entry>();
  /** As followers have them. */
  private readonly told = new WeakMap<Element, string>();
  private last = 0;

  added(entry: Entry): void {
    if (entry.level === BLOCKED && isElement(entry.node)) this.boxed.add(entry);
  }

  removed(entry: Entry): void {
    this.boxed.delete(entry);
  }

  style(element: Element): string {
    let style = this.told.get(element);
    if (style === undefined) this.told.set(element, (style = measure(element)));
    return style;
  }

  /** True when a size has changed and it is time. */
  due(): boolean {
    if (this.boxed.size === 0 || now() - this.last < PERIOD_MS) return false;
    this.last = now();
    for (const { node } of this.boxed) if (measure(node as Element) !== this.told.get(node as Element)) return true;
    return false;
  }

  collect(ops: Op[]): void {
    for (const { id, node } of this.boxed) {
      const style = measure(node as Element);
      if (style === this.told.get(node as Element)) continue;
      this.told.set(node as Element, style);
      ops.push([is.ATTRIBUTE, id, 'style', style]);
    }
  }
}

function measure(element: Element): string {
  const display = valueOf(styleOf(globalThis, element), 'display');
  if (display === 'none' || display === 'contents' || display === '') return '';
  const { width, height } = isHTML(element) ? { width: offsetWidth(element), height: offsetHeight(element) } : box(element);
  const inline = display === 'inline' ? ';display:inline-block!important' : '';
  const [w, h] = [Math.round(width), Math.round(height)];
  return `box-sizing:border-box!important;width:${w}px!important;min-width:${w}px!important;height:${h}px!important;min-height:${h}px!important${inline}`;
}
