// What people and scripts put into form controls. Followers are told what
// differs from what they have, which starts as what the attributes say.

import { TOLD, type Told } from '../digest';
import * as is from '../ops';
import type { Id, Op } from '../ops';
import {
  areaDefault, areaValue, attribute, customValidity, guard, hasAttribute, inputChecked, inputFiles, inputIndeterminate, inputType,
  inputValue, isElement, isHTML, localName, matches, now, optionSelected, selectOptions, up,
} from './dom';
import type { Secrets } from '../secrets';
import { MASK } from '../ops';
import { FIELD, hidden, isTelling, OPEN, PRIVATE, type Level } from './mask';
import type { Entry } from './nodes';
import type { Part } from './tree';

/** What followers have of one control. A field that may be anything is undefined. */
interface Sent {
  value?: string | undefined;
  checked?: boolean | undefined;
  indeterminate?: boolean;
  selected?: string | undefined;
  files?: string;
  validity?: string;
  judged?: string;
  autofilled?: boolean;
  /** What was last said of it, which is all the server knows. */
  told?: Partial<Record<Told, string>>;
}

/** A full look at all controls at least this often finds what no event tells of, such as autofill. */
const SWEEP_MS = 400;
/** Controls looked at in one sweep. */
const SWEEP_MOST = 300;

export class Controls implements Part {
  private readonly all = new Map<Entry, Sent>();
  private readonly touched = new Set<Entry>();
  private readonly masked = new Set<Entry>();
  private sweepFrom: Iterator<Entry> | null = null;
  private swept = 0;

  constructor(
    private readonly secrets: Secrets,
    private readonly entry: (node: Node) => Entry | undefined,
    /** Hears how an address may name what a field holds. */
    private readonly named: (name: string) => void,
  ) {}

  hears(tag: string): boolean {
    return tag === 'input' || tag === 'textarea' || tag === 'select';
  }

  added(entry: Entry): void {
    if (!isControl(entry.node)) return;
    this.all.set(entry, initial(entry.node as Element));
    if (entry.level !== OPEN) this.masked.add(entry);
    this.nameIn(entry);
    this.touched.add(entry);
  }

  removed(entry: Entry): void {
    this.all.delete(entry);
    this.touched.delete(entry);
    this.masked.delete(entry);
  }

  attribute(entry: Entry, name: string): void {
    const owner = this.owner(entry.node);
    const sent = owner && this.all.get(owner);
    if (owner === undefined || sent === undefined) return;
    if (owner.level !== OPEN) this.masked.add(owner);
    // A browser lets attributes show through only until a control was used; followers may differ in that.
    if (name === 'value' || name === 'type' || name === '') sent.value = undefined;
    if (name === 'checked' || name === 'type') sent.checked = undefined;
    if (name === 'selected' || name === 'multiple' || name === 'size' || name === '') sent.selected = undefined;
    this.touched.add(owner);
  }

  children(entry: Entry): void {
    const owner = this.owner(entry.node);
    const sent = owner && this.all.get(owner);
    if (owner === undefined || sent === undefined) return;
    sent.selected = undefined;
    if (localName(owner.node as Element) === 'textarea') sent.value = undefined;
    this.touched.add(owner);
  }

  /** A control may have changed. */
  touch(node: Node): void {
    const entry = this.entry(node);
    if (entry === undefined || !this.all.has(entry)) return;
    this.touched.add(entry);
    if (isRadio(node)) for (const other of this.all.keys()) if (isRadio(other.node)) this.touched.add(other);
  }

  /** Forms may send by address what nobody is told. */
  private nameIn({ node, level }: Entry): void {
    const field = node as Element;
    const name = attribute(field, 'name');
    if (!name || (level === OPEN && !(localName(field) === 'input' && inputType(field) === 'hidden'))) return;
    for (let at = up(field); at !== null; at = up(at)) {
      if (!isElement(at) || localName(at) !== 'form') continue;
      if ((attribute(at, 'method') ?? '').toLowerCase() !== 'post') this.named(name);
      return;
    }
  }

  /** Takes note of what masked fields hold, so that it is known wherever else it turns up. */
  recall(): void {
    for (const { node, level } of this.masked) {
      const name = localName(node as Element);
      if (name === 'select' || !typed(node as Element) || (level === FIELD && !isTelling(node as Element))) continue;
      this.secrets.holds(node, name === 'input' ? inputValue(node) : areaValue(node));
    }
  }

  /** All of a form's controls may have changed. */
  touchAll(): void {
    for (const entry of this.all.keys()) this.touched.add(entry);
  }

  /** Looks at some controls nobody spoke of; true when one has changed. */
  sweep(): boolean {
    if (now() - this.swept < SWEEP_MS) return false;
    this.swept = now();
    let found = false;
    this.sweepFrom ??= this.all.keys();
    for (let i = 0; i < SWEEP_MOST; i++) {
      const next = this.sweepFrom.next();
      if (next.done === true) {
        this.sweepFrom = null;
        break;
      }
      if (this.compare(next.value, []) > 0) {
        this.touched.add(next.value);
        found = true;
      }
    }
    return found;
  }

  collect(ops: Op[]): void {
    for (const entry of this.touched) {
      const news: Op[] = [];
      this.compare(entry, news, true);
      for (const op of news) ops.push(op);
    }
    this.touched.clear();
  }

  private compare(entry: Entry, ops: Op[], remember = false): number {
    const sent = this.all.get(entry);
    if (sent === undefined) return 0;
    const fresh = current(entry.node as Element, entry.level, this.secrets);
    difference(entry.id, sent, fresh, ops);
    if (!remember) return ops.length;
    fresh.told = sent.told ?? {};
    for (const op of ops) if (TOLD.includes(op[2] as Told)) fresh.told[op[2] as Told] = spelt(op[3]);
    this.all.set(entry, fresh);
    return ops.length;
  }

  /** What followers were told of a control since they got it. */
  told(control: Element): Partial<Record<Told, string>> {
    const entry = this.entry(control);
    return (entry && this.all.get(entry)?.told) ?? {};
  }

  /** The control a node belongs to: itself, or an option's select. */
  private owner(node: Node): Entry | undefined {
    for (let at: Node | null = node, depth = 0; at !== null && depth < 4; at = up(at), depth++) {
      if (isControl(at)) return this.entry(at);
      if (!isElement(at)) return undefined;
    }
    return undefined;
  }
}

function isControl(node: Node): boolean {
  if (!isElement(node) || !isHTML(node)) return false;
  const name = localName(node);
  return name === 'input' || name === 'textarea' || name === 'select';
}

const spelt = (value: unknown): string => (typeof value === 'object' ? `[${(value as number[]).join()}]` : `${value}`);

const isRadio = (node: Node): boolean => localName(node as Element) === 'input' && inputType(node) === 'radio';

/** What a follower has of a control that was just built from its attributes. */
function initial(control: Element): Sent {
  const sent: Sent = { indeterminate: false, files: '[]', validity: '' };
  switch (localName(control)) {
    case 'input':
      sent.value = attribute(control, 'value') ?? '';
      sent.checked = hasAttribute(control, 'checked');
      break;
    case 'textarea':
      sent.value = areaDefault(control);
  }
  return sent;
}

function current(control: Element, level: Level, secrets: Secrets): Sent {
  const now = values(control, level);
  if (level === OPEN && now.value !== undefined) now.value = secrets.hide(now.value);
  if (now.validity) now.validity = secrets.hide(now.validity);
  return { ...now, judged: judgement(control), autofilled: matching(control, ':autofill') };
}

/** Whether the browser shows a control as valid or not, which depends on what the visitor did so far. */
function judgement(control: Element): string {
  return matching(control, ':user-invalid') ? 'invalid' : matching(control, ':user-valid') ? 'valid' : '';
}

const matching = (control: Element, state: string): boolean => guard(() => matches(control, state), false);

function values(control: Element, level: Level): Sent {
  const masked = level !== OPEN;
  const message = customValidity(control);
  const validity = masked ? hidden(message) : message;
  switch (localName(control)) {
    case 'input':
      return inputState(control, level, validity);
    case 'textarea': {
      const value = areaValue(control);
      return { value: masked ? hidden(value) : value, validity };
    }
  }
  return { selected: masked ? '[]' : selectedIndexes(control), validity };
}

/** What people write into, other than by choosing. */
const typed = (control: Element): boolean =>
  localName(control) !== 'input' || !/^(?:checkbox|radio|file|image|submit|reset|button|range|color|hidden)$/.test(inputType(control));

function inputState(control: Element, level: Level, validity: string): Sent {
  switch (inputType(control)) {
    case 'checkbox':
    case 'radio':
      if (level >= PRIVATE) return { checked: false, validity };
      return { checked: inputChecked(control), indeterminate: inputIndeterminate(control), validity };
    case 'file':
      return { files: level >= FIELD && inputFiles(control)?.length ? MASK : fileNames(control), validity };
    case 'hidden':
      return {}; // nobody sees it, and it often is a token
    case 'image':
    case 'submit':
    case 'reset':
    case 'button':
      return { validity }; // their value is the attribute
  }
  const value = inputValue(control);
  return { value: level !== OPEN ? hidden(value) : value, validity };
}

function selectedIndexes(select: Element): string {
  const options = selectOptions(select);
  const indexes: number[] = [];
  for (let i = 0; i < options.length; i++) if (optionSelected(options[i]!)) indexes.push(i);
  return '[' + indexes.join(',') + ']';
}

function fileNames(input: Element): string {
  const files = inputFiles(input);
  let names = '';
  for (let i = 0; files !== null && i < files.length; i++) names += (i === 0 ? '' : '\0') + files[i]!.name;
  return names === '' ? '[]' : names;
}

function difference(id: Id, sent: Sent, fresh: Sent, ops: Op[]): void {
  if (fresh.checked !== undefined && fresh.checked !== sent.checked) ops.push([is.PROPERTY, id, 'checked', fresh.checked]);
  if (fresh.indeterminate !== undefined && fresh.indeterminate !== (sent.indeterminate ?? false)) {
    ops.push([is.PROPERTY, id, 'indeterminate', fresh.indeterminate]);
  }
  if (fresh.value !== undefined && fresh.value !== sent.value) ops.push([is.PROPERTY, id, 'value', fresh.value]);
  if (fresh.selected !== undefined && fresh.selected !== sent.selected) {
    ops.push([is.PROPERTY, id, 'selected', JSON.parse(fresh.selected) as number[]]);
  }
  if (fresh.files !== undefined && fresh.files !== (sent.files ?? '[]')) {
    ops.push([is.PROPERTY, id, 'files', fresh.files === '[]' ? [] : fresh.files.split('\0')]);
  }
  const judged = fresh.judged ?? '';
  if (judged !== (sent.judged ?? '')) ops.push([is.PROPERTY, id, 'userValidity', judged]);
  const filled = fresh.autofilled ?? false;
  if (filled !== (sent.autofilled ?? false)) ops.push([is.PROPERTY, id, 'autofilled', filled]);
  const validity = fresh.validity ?? '';
  if (validity !== (sent.validity ?? '')) ops.push([is.PROPERTY, id, 'customValidity', validity]);
}
