// Names of custom elements, so that :defined matches where it does here.

import * as is from '../ops';
import type { Op } from '../ops';
import { DOCUMENT, nodeType } from './dom';
import type { Entry } from './nodes';
import type { Part } from './tree';

export class Definitions implements Part {
  private readonly names: string[] = [];
  private sent = 0;

  defined(name: string): void {
    this.names.push(name);
  }

  added(entry: Entry): void {
    if (nodeType(entry.node) === DOCUMENT) this.sent = 0;
  }

  get dirty(): boolean {
    return this.sent < this.names.length;
  }

  collect(ops: Op[]): void {
    if (!this.dirty) return;
    ops.push([is.DEFINE, ...this.names.slice(this.sent)]);
    this.sent = this.names.length;
  }
}
