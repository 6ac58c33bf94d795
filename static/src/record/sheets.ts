// Style sheets that scripts change. A sheet nobody touched is its own text or
// address; what the CSSOM did to it goes as rule operations, word for word as
// the page passed them, since a browser cannot write back every rule it reads
// (a shorthand with var() comes out empty). What is set in a rule goes with the
// place of the rule.

import * as is from '../ops';
import type { Id, Op } from '../ops';
import {
  adopted, attribute, DOCUMENT, FRAGMENT, isElement, isShadow, localName, nodeType, now, ownerNode, ruleAt, ruleCount, ruleSheet, rulesOf, ruleText,
  sheetDisabled, sheetMedia, sheetOf,
} from './dom';
import type { Entry } from './nodes';
import { mediaText, pathTo, Suspects, type RuleOp } from './rules';
import type { Part } from './tree';
import { ROOT, WHOLE } from './tags';

/** Sheets with more rules are not compared; what was passed to insertRule still arrives. */
const MOST_RULES = 4000;
/** Longer histories are told as the rules they led to. */
const MOST_LOGGED = 4000;
const SWEEP_MS = 250;
const SPARE = 64;
/** What a browser writes for a shorthand with var() of which a part was set anew: nothing. */
const LOST = /: ;/;

export interface SheetsContext {
  entry(node: Node): Entry | undefined;
  restore(text: string): string;
}

/** What scripts did to a sheet since it was parsed or made; null when that became too long to tell. */
const logs = new WeakMap<CSSStyleSheet, RuleOp[] | null>();

function log(sheet: CSSStyleSheet, op: RuleOp): void {
  const before = logs.get(sheet);
  const last = before?.at(-1);
  if (op[0] === 'r') logs.set(sheet, [op]);
  else if (op[0] === 'p' && last?.[0] === 'p' && `${op[1]}` === `${last[1]}` && op[2] === last[2]) before![before!.length - 1] = op;
  else if (before === undefined) logs.set(sheet, [op]);
  else if (before !== null && before.length < MOST_LOGGED) before.push(op);
  else logs.set(sheet, null);
}

export class Sheets implements Part {
  private readonly roots = new Map<Entry, Id[]>();
  private readonly owners = new Map<Entry, CSSStyleSheet | null>();
  private readonly constructed = new Map<CSSStyleSheet, Id>();
  private readonly switchable = new Set<CSSStyleSheet>();
  private readonly off = new Set<CSSStyleSheet>();
  private readonly media = new Map<CSSStyleSheet, string>();
  private readonly suspects = new Suspects();
  private readonly check = new Set<Entry>();
  private pending: { sheet: CSSStyleSheet; op: RuleOp }[] = [];
  private nextId = -1;
  /** Constructed sheets from which on those that nothing adopts are forgotten. */
  private room = SPARE;
  private swept = 0;

  constructor(private readonly ctx: SheetsContext) {}

  hears(tag: string): boolean {
    return tag === WHOLE || tag === ROOT || /(?:^|:)(?:style|link)$/.test(tag);
  }

  added(entry: Entry): void {
    const type = nodeType(entry.node);
    if (type === DOCUMENT) this.restart();
    if (type === DOCUMENT || (type === FRAGMENT && isShadow(entry.node))) this.roots.set(entry, []);
    else if (type === FRAGMENT) return;
    else if (mayOwnSheet(entry.node)) this.check.add(entry);
  }

  /** For a snapshot everything is told again. */
  private restart(): void {
    this.pending = [];
    this.roots.clear();
    this.constructed.clear();
    this.off.clear();
    this.media.clear();
  }

  removed(entry: Entry): void {
    this.roots.delete(entry);
    this.owners.delete(entry);
    this.check.delete(entry);
  }

  children(entry: Entry): void {
    if (mayOwnSheet(entry.node)) this.check.add(entry);
  }

  attribute(entry: Entry): void {
    if (mayOwnSheet(entry.node)) this.check.add(entry);
  }

  /** An element's sheet may be another one: it was moved or has loaded. */
  touch(node: Node): void {
    const entry = this.ctx.entry(node);
    if (entry !== undefined && mayOwnSheet(node)) this.check.add(entry);
  }

  /** A script has changed a sheet's rules. */
  changed(sheet: CSSStyleSheet, op: RuleOp): void {
    log(sheet, op);
    if (op[0] === 'r') this.pending = this.pending.filter((p) => p.sheet !== sheet);
    this.pending.push({ sheet, op });
  }

  /** A script has got hold of a rule's declarations. */
  suspect(rule: CSSRule): void {
    this.suspects.add(rule);
  }

  /** A script has changed a rule, and nobody else needs to find out. */
  ruleChanged(rule: CSSRule, op: (path: number[]) => RuleOp): void {
    const path = pathTo(rule);
    const sheet = ruleSheet(rule);
    if (path === null || sheet === null) return;
    const change = op(path);
    // Of a suspect's declarations all is told together, in order: some of it nobody saw.
    if ((change[0] === 'p' || change[0] === 'c') && this.suspects.has(rule)) return;
    this.changed(sheet, change);
  }

  /** Somebody switched a sheet on or off. */
  switched(sheet: CSSStyleSheet): void {
    this.switchable.add(sheet);
  }

  /** True when something changed that no hook saw. */
  sweep(): boolean {
    if (now() - this.swept < SWEEP_MS) return false;
    this.swept = now();
    for (const [entry, ids] of this.roots) if (!this.sameAdopted(entry, ids)) return true;
    this.suspects.recall();
    return this.suspects.changed;
  }

  collect(ops: Op[]): void {
    // An element that was moved has another sheet, even if it is back in its place.
    for (const [entry, sheet] of this.owners) if (sheetOf(entry.node as Element) !== sheet) this.check.add(entry);
    for (const entry of this.check) this.collectOwned(entry, ops);
    this.check.clear();
    for (const [entry, ids] of this.roots) this.collectAdopted(entry, ids, ops);
    this.suspects.compare((sheet, op) => this.changed(sheet, op));
    for (const { sheet, op } of this.pending) this.tell(this.idOf(sheet), op, ops);
    this.pending = [];
    this.collectSwitched(ops);
    this.forgetUnused(ops);
  }

  /** Some pages make a sheet for everything they ever show. */
  private forgetUnused(ops: Op[]): void {
    if (this.constructed.size <= this.room) return;
    const used = new Set<Id>();
    for (const ids of this.roots.values()) for (const id of ids) used.add(id);
    for (const [sheet, id] of this.constructed) {
      if (used.has(id)) continue;
      this.constructed.delete(sheet);
      this.switchable.delete(sheet);
      this.off.delete(sheet);
      this.media.delete(sheet);
      ops.push([is.RULE, id, 'x']);
    }
    this.room = 2 * used.size + SPARE;
  }

  private tell(id: Id, op: RuleOp, ops: Op[]): void {
    if (id === 0) return;
    if (op[0] === 'd') ops.push([is.RULE, id, 'd', op[1]]);
    else if (op[0] === 'r') ops.push([is.RULE, id, 'r', this.ctx.restore(op[1])]);
    else if (op[0] === 'p') ops.push([is.RULE, id, 'p', op[1], op[2], this.ctx.restore(op[3]), op[4]]);
    else ops.push([is.RULE, id, op[0], op[1], this.ctx.restore(op[2])] as Op);
  }

  /** All rules of a sheet, for a follower that has none of them or the wrong ones. */
  private tellAll(id: Id, sheet: CSSStyleSheet, ops: Op[]): void {
    const rules = textsOf(sheet);
    if (rules !== null) this.tell(id, ['r', rules.join('\n')], ops);
  }

  /** The sheets that scripts changed or made. */
  changedOnes(): [id: Id, sheet: CSSStyleSheet][] {
    const all: [id: Id, sheet: CSSStyleSheet][] = [];
    for (const [entry, sheet] of this.owners) if (sheet !== null && logs.has(sheet)) all.push([entry.id, sheet]);
    for (const [sheet, id] of this.constructed) all.push([id, sheet]);
    return all;
  }

  /** A sheet as it is, for followers who have something else; null when its element has to be told again instead. */
  again(id: Id): Op[] | null {
    const found = this.changedOnes().find(([of]) => of === id);
    if (found === undefined) return [];
    const [, sheet] = found;
    const ops: Op[] = [];
    const rules = textsOf(sheet)?.join('\n') ?? null;
    if (rules !== null && !LOST.test(rules)) {
      log(sheet, ['r', rules]);
      this.tell(id, ['r', rules], ops);
    } else if (id > 0) return null;
    else for (const op of logs.get(sheet) ?? []) this.tell(id, op, ops);
    return ops;
  }

  private forgetPending(sheet: CSSStyleSheet): void {
    this.pending = this.pending.filter((p) => p.sheet !== sheet);
  }

  private collectOwned(entry: Entry, ops: Op[]): void {
    const sheet = sheetOf(entry.node as Element);
    const before = this.owners.get(entry);
    if (sheet === before) return;
    this.owners.set(entry, sheet);
    const told = before !== undefined && before !== null && logs.has(before);
    const history = sheet === null ? undefined : logs.get(sheet);
    if (sheet === null || (history === undefined && !told)) return;
    this.forgetPending(sheet);
    // A follower that kept the old sheet has rules which went with it here.
    if (told || !history) this.tellAll(entry.id, sheet, ops);
    else for (const op of history) this.tell(entry.id, op, ops);
  }

  private sameAdopted(entry: Entry, ids: Id[]): boolean {
    const sheets = adopted(entry.node);
    if (sheets.length !== ids.length) return false;
    for (let i = 0; i < ids.length; i++) if (this.constructed.get(sheets[i]!) !== ids[i]) return false;
    return true;
  }

  private collectAdopted(entry: Entry, ids: Id[], ops: Op[]): void {
    if (this.sameAdopted(entry, ids)) return;
    const sheets = adopted(entry.node);
    const next: Id[] = [];
    for (let i = 0; i < sheets.length; i++) next.push(this.constructedId(sheets[i]!, ops));
    this.roots.set(entry, next);
    ops.push([is.ADOPT, entry.id, ...next]);
  }

  private constructedId(sheet: CSSStyleSheet, ops: Op[]): Id {
    const known = this.constructed.get(sheet);
    if (known !== undefined) return known;
    const id = this.nextId--;
    this.constructed.set(sheet, id);
    this.switchable.add(sheet); // it may have been made for some media, or disabled
    this.forgetPending(sheet);
    const history = logs.get(sheet);
    if (!history) this.tellAll(id, sheet, ops);
    else {
      if (history[0]?.[0] !== 'r') this.tell(id, ['r', ''], ops);
      for (const op of history) this.tell(id, op, ops);
    }
    return id;
  }

  private collectSwitched(ops: Op[]): void {
    for (const sheet of this.switchable) {
      const off = sheetDisabled(sheet);
      const id = this.idOf(sheet);
      if (id === 0) continue;
      const media = mediaText(sheetMedia(sheet));
      if (media !== (this.media.get(sheet) ?? initialMedia(sheet))) ops.push([is.PROPERTY, id, 'sheetMedia', media]);
      this.media.set(sheet, media);
      if (off === this.off.has(sheet)) continue;
      if (off) this.off.add(sheet);
      else this.off.delete(sheet);
      ops.push([is.PROPERTY, id, 'disabledSheet', off]);
    }
  }

  private idOf(sheet: CSSStyleSheet): Id {
    const constructed = this.constructed.get(sheet);
    if (constructed !== undefined) return constructed;
    const owner = ownerNode(sheet);
    return (owner !== null && this.ctx.entry(owner)?.id) || 0;
  }
}

/** What followers take a sheet to be for that nobody spoke of. */
function initialMedia(sheet: CSSStyleSheet): string {
  const owner = ownerNode(sheet);
  return (owner !== null && isElement(owner) && attribute(owner, 'media')) || '';
}

function mayOwnSheet(node: Node): boolean {
  return isElement(node) && (localName(node) === 'style' || localName(node) === 'link');
}

/** The texts of a sheet's rules; null when they may not be read or are too many. */
function textsOf(sheet: CSSStyleSheet): string[] | null {
  try {
    const rules = rulesOf(sheet);
    const count = ruleCount(rules);
    if (count > MOST_RULES) return null;
    const out: string[] = [];
    for (let i = 0; i < count; i++) out.push(ruleText(ruleAt(rules, i)!));
    return out;
  } catch {
    return null; // another origin's, as the site's own scripts find too
  }
}
