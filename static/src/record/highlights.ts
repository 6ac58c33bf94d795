// Ranges that a page marks by name for ::highlight().

import * as is from '../ops';
import type { Id, Op } from '../ops';
import { ELEMENT, firstChild, getter, isElement, isText, method, nextSibling, nodeType } from './dom';
import { OPEN } from './mask';
import type { Entry } from './nodes';
import type { Part } from './tree';
import { WHOLE } from './tags';

/** More ranges of one name are left out. */
const MOST = 1000;

type Each<T> = (self: object, each: (value: T, key: string) => void) => void;
const registry = (globalThis as { HighlightRegistry?: { prototype: object } }).HighlightRegistry?.prototype;
const highlight = (globalThis as { Highlight?: { prototype: object } }).Highlight?.prototype;
const eachHighlight = registry && (method(registry, 'forEach') as unknown as Each<object>);
const eachRange = highlight && (method(highlight, 'forEach') as unknown as Each<AbstractRange>);
const sizeOf = registry && getter<number>(registry, 'size');
const priorityOf = highlight && getter<number>(highlight, 'priority');
const typeOf = highlight && getter<string>(highlight, 'type');
export class Highlights implements Part {
  private readonly sent = new Map<string, string>();
  private dirty = false;

  constructor(
    private readonly of: () => object | undefined,
    private readonly entry: (node: Node) => Entry | undefined,
  ) {}

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

  /** Ranges go with the tree, so all are looked at again as long as there are any. */
  collect(ops: Op[]): void {
    const all = this.dirty || this.sent.size > 0 ? this.of() : undefined;
    this.dirty = false;
    if (all === undefined || eachHighlight === undefined || (sizeOf!(all) === 0 && this.sent.size === 0)) return;
    const gone = new Set(this.sent.keys());
    eachHighlight(all, (each, name) => {
      gone.delete(name);
      const op: Op = [is.HIGHLIGHT, name, priorityOf!(each), typeOf!(each), ...this.ranges(each)];
      const text = op.join();
      if (text === this.sent.get(name)) return;
      this.sent.set(name, text);
      ops.push(op);
    });
    for (const name of gone) {
      this.sent.delete(name);
      ops.push([is.HIGHLIGHT, name]);
    }
  }

  private ranges(of: object): number[] {
    const out: number[] = [];
    eachRange!(of, (range) => {
      if (out.length >= 4 * MOST) return;
      // Properties of the range itself in Chromium; whatever a page puts there instead has to be a node that followers have.
      const start = this.place(range.startContainer, range.startOffset);
      const end = this.place(range.endContainer, range.endOffset);
      if (start !== null && end !== null) out.push(...start, ...end);
    });
    return out;
  }

  /** Followers have no comments to count. */
  private place(node: Node, offset: number): [Id, number] | null {
    const entry = this.entry(node);
    if (entry === undefined || entry.level !== OPEN) return null; // an offset tells how long a text is
    if (isText(node)) return [entry.id, offset];
    if (!isElement(node)) return null;
    let at = 0;
    let child = firstChild(node);
    for (let i = 0; i < offset && child !== null; i++, child = nextSibling(child)) {
      if (nodeType(child) === ELEMENT || isText(child)) at++;
    }
    return [entry.id, at];
  }
}
