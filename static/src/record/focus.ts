// What has the focus, and where the caret or selection is in it.

import * as is from '../ops';
import type { Op } from '../ops';
import {
  activeElement, anchorNode, anchorOffset, areaEnd, areaStart, focusNode, focusOffset, getter, inputEnd, inputStart, isHTML,
  isText, localName, selectionOf, shadowActive, shadowOf,
} from './dom';
import { OPEN, type Level } from './mask';
import type { Entry } from './nodes';
import type { Part } from './tree';
import { WHOLE } from './tags';

const isEditable = getter<boolean>(HTMLElement.prototype, 'isContentEditable');

export class Focus implements Part {
  private dirty = false;
  private sent = '';

  constructor(
    private readonly document: Document,
    private readonly level: (node: Node) => Level,
    private readonly entry: (node: Node) => Entry | undefined,
  ) {}

  touch(): void {
    this.dirty = true;
  }

  hears(tag: string): boolean {
    return tag === WHOLE;
  }

  added(): void {
    this.dirty = true;
    this.sent = '0'; // what a follower starts with
  }

  collect(ops: Op[]): void {
    if (!this.dirty) return;
    this.dirty = false;
    const op = this.state();
    const text = op.slice(1).join();
    if (text === this.sent) return;
    this.sent = text;
    ops.push(op);
  }

  private state(): [typeof is.FOCUS, number, number?, number?] {
    const element = this.focused();
    const entry = element && this.entry(element);
    if (!element || !entry) return [is.FOCUS, 0];
    if (this.level(element) !== OPEN) return [is.FOCUS, entry.id]; // a caret tells how long the text is
    const range = isHTML(element) ? (controlRange(element) ?? this.editedRange(element)) : null;
    return range ?? [is.FOCUS, entry.id];

    function controlRange(control: Element): [typeof is.FOCUS, number, number, number] | null {
      const name = localName(control);
      if (name !== 'input' && name !== 'textarea') return null;
      const start = name === 'input' ? inputStart(control) : areaStart(control);
      const end = name === 'input' ? inputEnd(control) : areaEnd(control);
      return start === null || end === null ? null : [is.FOCUS, entry!.id, start, end];
    }
  }

  /** A selection within one text node of an edited element; followers have no use for others. */
  private editedRange(element: Element): [typeof is.FOCUS, number, number, number] | null {
    if (!isEditable(element)) return null;
    const selection = selectionOf(this.document);
    const node = selection && anchorNode(selection);
    if (!node || !isText(node) || focusNode(selection) !== node || this.level(node) !== OPEN) return null;
    const entry = this.entry(node);
    return entry ? [is.FOCUS, entry.id, anchorOffset(selection), focusOffset(selection)] : null;
  }

  private focused(): Element | null {
    let at = activeElement(this.document);
    if (at !== null && localName(at) === 'body') return null;
    for (let depth = 0; at !== null && depth < 64; depth++) {
      const root = shadowOf(at);
      const inner = root === null ? null : shadowActive(root);
      if (inner === null) return at;
      at = inner;
    }
    return at;
  }
}
