// Fields of the mirror that a follower types in.

import { isMasked, takesText } from '../view/build';
import { caretToEnd } from './caret';
import { isTextControl } from './kinds';
import { difference, hash, shift, type Input, type Pressed } from './messages';

export interface FieldsContext {
  id(node: Node): number;
}

/**
 * Text controls the follower types in. A field shows the follower's own text
 * until the leader has performed all of it; then it takes the leader's value,
 * with the caret kept at its place.
 */
export class Fields {
  /** What was last sent or taken over, by control. */
  private readonly known = new WeakMap<Element, string>();
  private readonly pending = new Map<number, Element>();
  /** The leader's last word on a control's value. */
  private readonly leads = new WeakMap<Element, string>();

  constructor(
    private readonly ctx: FieldsContext,
    private readonly send: (input: Input) => number,
  ) {}

  enter(target: Element): void {
    if (!isTextControl(target) || this.waits(target)) return;
    this.leads.set(target, textOf(target));
    // What is written here takes the place of what nobody here can read.
    if (isMasked(target) && takesText(target)) (target as HTMLInputElement).value = '';
    this.known.set(target, textOf(target));
  }

  /** What was written unseen is not to be read here either. */
  leave(target: Element): void {
    if (isTextControl(target) && takesText(target)) this.take(target, this.leads.get(target) ?? '');
  }

  /** Tells of what was typed into a control; false when that is nothing. */
  typed(control: Element, inputType: string, key: Pressed | null): boolean {
    const before = this.known.get(control) ?? '';
    const after = textOf(control);
    if (after === before) return false;
    this.known.set(control, after);
    if (isMasked(control)) {
      this.pending.set(this.send({ kind: 'value', node: this.ctx.id(control), value: after }), control);
      return true;
    }
    const edit = difference(before, after, caretOf(control));
    const n = this.send({ kind: 'text', node: this.ctx.id(control), edit, base: hash(before), ...(inputType && { inputType }), ...key });
    this.pending.set(n, control);
    return true;
  }

  done(n: number): void {
    const control = this.pending.get(n);
    if (control === undefined) return;
    this.pending.delete(n);
    const value = isMasked(control) ? undefined : this.leads.get(control);
    if (value !== undefined && !this.waits(control)) this.take(control, value);
  }

  value(control: Element, value: string): void {
    this.leads.set(control, value);
    if (isMasked(control) && takesText(control) && (control.getRootNode() as Document | ShadowRoot).activeElement === control) return; // being written
    if (!this.waits(control)) this.take(control, value);
  }

  private waits(control: Element): boolean {
    for (const other of this.pending.values()) if (other === control) return true;
    return false;
  }

  private take(control: Element, value: string): void {
    this.known.set(control, value);
    const field = control as HTMLInputElement | HTMLTextAreaElement;
    const before = field.value;
    if (before === value) return;
    const active = (field.getRootNode() as Document | ShadowRoot).activeElement === field;
    const start = active ? field.selectionStart : null;
    const end = active ? field.selectionEnd : null;
    field.value = value;
    caretToEnd(field);
    if (start !== null && end !== null) field.setSelectionRange(shift(start, before, value), shift(end, before, value));
  }
}

function textOf(control: Element): string {
  return (control as HTMLInputElement | HTMLTextAreaElement).value;
}

/** The end of what has just been typed; of the text, where the browser does not tell (email, number). */
function caretOf(control: Element): number {
  const field = control as HTMLInputElement | HTMLTextAreaElement;
  return field.selectionEnd ?? field.value.length;
}
