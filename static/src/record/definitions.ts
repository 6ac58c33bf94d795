// Names of custom elements, so that :defined matches where it does here, and
// custom properties that scripts registered.

import * as is from '../ops';
import type { Op } from '../ops';
import type { Part } from './tree';
import { WHOLE } from './tags';

export class Definitions implements Part {
  private readonly names: string[] = [];
  private readonly properties: PropertyDefinition[] = [];
  private sent = 0;
  private sentProperties = 0;

  defined(name: string): void {
    this.names.push(name);
  }

  registered({ name, syntax, inherits, initialValue }: PropertyDefinition): void {
    const definition: PropertyDefinition = { name: String(name), syntax: syntax === undefined ? '*' : String(syntax), inherits };
    if (initialValue !== undefined) definition.initialValue = String(initialValue);
    this.properties.push(definition);
  }

  hears(tag: string): boolean {
    return tag === WHOLE;
  }

  added(): void {
    this.sent = this.sentProperties = 0;
  }

  collect(ops: Op[]): void {
    for (const { name, syntax, inherits, initialValue } of this.properties.slice(this.sentProperties)) {
      const op: Op = [is.REGISTER, name, syntax ?? '*', inherits];
      if (initialValue !== undefined) op.push(initialValue);
      ops.push(op);
    }
    this.sentProperties = this.properties.length;
    if (this.sent === this.names.length) return;
    ops.push([is.DEFINE, ...this.names.slice(this.sent)]);
    this.sent = this.names.length;
  }
}
