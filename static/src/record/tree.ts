// Keeps followers' copy of the tree in step. Mutation records only say what
// may have changed; what is sent is the difference between what followers have
// and the final state at the flush, so a node that went and came back in
// between costs nothing and keeps its id.

import * as is from '../ops';
import type { ElementForm, Id, Ids, NodeForm, Op, ShadowForm } from '../ops';
import { attributes, mirrored, qualified, type AttributeContext } from './attributes';
import {
  CDATA, compatMode, contentOf, dataOf, DOCTYPE, doctypeName, doctypePublic, doctypeSystem, ELEMENT, findAll, firstChild, FRAGMENT, getter, guard, isElement,
  isShadow, localName, method, nextSibling, nodeType, shadowMode, shadowOf, slotAssignment, TEXT_NODE, up,
} from './dom';
import { BLOCKED, hiddenText, OPEN, PRIVATE, type Level } from './mask';
import { Nodes, type Entry } from './nodes';
import { DOCTYPE_TAG, ROOT, tagOf, TEXT, WHOLE } from './tags';

/** Watches one kind of state that is not in the tree. */
export interface Part {
  /** Whether nodes of a tag (see tagOf) that come and go are its business; all are, when this is missing. */
  hears?(tag: string): boolean;
  /** Followers get an element, a shadow root or (id 0, a snapshot) the document. */
  added?(entry: Entry): void;
  removed?(entry: Entry): void;
  /** An attribute changed; '' when the element's mask did. */
  attribute?(entry: Entry, name: string): void;
  /** Children of a known element were added, removed or moved, or their text changed. */
  children?(entry: Entry): void;
  /** Adds what followers do not know yet. The tree is in step by now. */
  collect(ops: Op[]): void;
}

export interface TreeContext extends AttributeContext {
  document: Document;
  parts: Part[];
  /** A shadow root is about to be mirrored: observe it. */
  root(root: ShadowRoot): void;
  /** What is below a node is told no longer: it has become a box. */
  boxed(entry: Entry): void;
}

/** Of how many tags is remembered who hears of them. */
const MANY_TAGS = 500;

type Told = 'added' | 'removed' | 'children';

/** New children of a known node that followers get later: too much was new at once. */
interface Rest {
  parent: Entry;
  nodes: Node[];
  from: number;
  end: number;
  /** The known child before which they belong; null for the end. */
  before: Entry | null;
}

const composedRoot = method<[GetRootNodeOptions], Node>(Node.prototype, 'getRootNode');
const addedIn = getter<NodeList>(MutationRecord.prototype, 'addedNodes');
const nodeCount = getter<number>(NodeList.prototype, 'length');
const nodeAt = method<[number], Node | null>(NodeList.prototype, 'item');
const recordType = (r: MutationRecord): string => r.type;

export class Tree {
  readonly nodes = new Nodes();
  private readonly parents = new Set<Node>();
  private readonly changedAttributes = new Map<Node, Set<string>>();
  /** Text nodes, with what they were at the last flush. */
  private readonly texts = new Map<Node, string | null>();
  /** New elements that take in known nodes. */
  private readonly taking: Entry[] = [];
  private readonly left: Entry[] = [];
  private rests: Rest[] = [];
  /** Elements of which less is told than followers have. */
  private readonly tightened = new Set<Entry>();
  private readonly shadows = new Set<Entry>();
  /** How many new nodes may still be told in this flush. */
  private room = Infinity;
  private flushes = 0;

  /** The parts that hear what happens to nodes of a tag. */
  private readonly hearing: Record<Told, Map<string, Part[]>> = { added: new Map(), removed: new Map(), children: new Map() };

  constructor(readonly ctx: TreeContext) {}

  get dirty(): boolean {
    return this.parents.size > 0 || this.changedAttributes.size > 0 || this.texts.size > 0;
  }

  /** Whether followers have every node there is. */
  get complete(): boolean {
    return this.rests.length === 0;
  }

  mark(records: MutationRecord[]): void {
    for (let i = 0; i < records.length; i++) {
      const record = records[i]!;
      const target = record.target;
      switch (recordType(record)) {
        case 'childList':
          this.parents.add(target);
          if (this.ctx.masks.hides) this.keepAdded(record);
          break;
        case 'characterData':
          if (!this.texts.has(target)) this.texts.set(target, record.oldValue);
          break;
        case 'attributes':
          this.noteAttribute(target as Element, record);
      }
    }
  }

  /** What comes into something hidden stays hidden, even if it has left again by now. */
  private keepAdded(record: MutationRecord): void {
    const level = this.nodes.of(record.target)?.level ?? OPEN;
    if (level < PRIVATE) return;
    const added = addedIn(record);
    for (let i = 0; i < nodeCount(added); i++) this.ctx.masks.keep(nodeAt(added, i)!, level);
  }

  /** Sends a known element's attribute again. */
  touch(element: Element, name: string): void {
    let names = this.changedAttributes.get(element);
    if (names === undefined) this.changedAttributes.set(element, (names = new Set()));
    names.add(name);
  }

  /** Compares a known node's children again. */
  touchChildren(node: Node): void {
    this.parents.add(node);
  }

  touchText(node: Node): void {
    if (!this.texts.has(node)) this.texts.set(node, null);
  }

  private noteAttribute(element: Element, record: MutationRecord): void {
    const local = record.attributeName!;
    if (local === 'type' && record.oldValue?.toLowerCase() === 'password' && localName(element) === 'input') {
      this.ctx.masks.stick(element);
    }
    this.touch(element, qualified(element, record.attributeNamespace, local));
    if ((local === 'srcset' || local === 'sizes') && localName(element) === 'img') this.touch(element, 'src');
  }

  /** The whole document as it is now, or about as many nodes of it as there is room for. */
  snapshot(room = Infinity): Op[] {
    this.forgetMarks();
    this.room = room;
    this.rests = [];
    this.flushes++;
    this.nodes.clear(this.lost);
    const root = this.nodes.add(this.ctx.document, null, this.flushes);
    this.tell('added', root);
    const ids: Id[] = [];
    const forms = this.forms(kidsOf(this.ctx.document, root.tag), root, ids);
    const mode = compatMode(this.ctx.document) === 'BackCompat' ? 'quirks' : 'standards';
    const ops: Op[] = [[is.SNAPSHOT, compact(ids), mode, ...forms]];
    this.collect(ops);
    return ops;
  }

  /**
   * What changed since the last flush, as ops; a snapshot when the document has a new root. Of what is new, about as
   * many nodes as there is room for: until the tree is complete, the rest comes with the next flushes.
   */
  flush(room = Infinity): Op[] {
    const document = this.nodes.of(this.ctx.document);
    if (document === undefined) return [];
    if (this.parents.has(this.ctx.document) && !same(kidsOf(this.ctx.document, document.tag), document.kids)) return this.snapshot(room);
    this.flushes++;
    this.room = room;
    const ops: Op[] = [];
    this.judge();
    this.search();
    this.flushParents(ops);
    this.flushRests(ops);
    this.removeLeft(ops);
    this.flushAttributes(ops);
    this.flushTexts(ops);
    this.flushTightened(ops);
    this.collect(ops);
    return ops;
  }

  /** An element again, with all below it, to those who have something else. */
  again(id: Id): Op[] {
    const ops = this.flush();
    const entry = this.nodes.byNumber(id);
    if (entry === undefined || !isElement(entry.node)) return ops; // it has gone meanwhile, with what was wrong about it
    this.retell(entry, ops);
    this.collect(ops);
    return ops;
  }

  private retell(entry: Entry, ops: Op[]): void {
    const element = entry.node as Element;
    this.flushes++;
    this.room = Infinity;
    this.tell('removed', entry);
    entry.level = this.ctx.masks.level(element, this.around(entry));
    if (entry.level === BLOCKED) this.ctx.boxed(entry);
    for (const kid of entry.kids) this.nodes.forget(kid, this.lost);
    entry.kids = [];
    entry.flush = this.flushes;
    this.tell('added', entry);
    const ids: Id[] = [];
    const forms = this.forms(this.kids(element, entry.level), entry, ids);
    ops.push([is.AGAIN, entry.id, attributes(this.ctx, element, entry.level), compact(ids), ...forms]);
  }

  /** How much is told of what is around a node. */
  private around(entry: Entry): Level {
    return entry.parent === null || entry.parent.parent === null ? this.ctx.masks.base : entry.parent.level;
  }

  /** The level of a node, whether or not followers have it. */
  level(node: Node): Level {
    return this.nodes.of(node)?.level ?? this.ctx.masks.of(node);
  }

  /** A node's children as followers get them. */
  kids(node: Node, level = this.nodes.of(node)?.level): Node[] {
    return level === BLOCKED ? [] : kidsOf(node, this.nodes.of(node)?.tag ?? tagOf(node));
  }

  /** Before anything is told: which elements are hidden because of their own attributes. */
  private judge(): void {
    for (const node of this.changedAttributes.keys()) {
      const entry = this.nodes.of(node);
      if (entry !== undefined) this.tighten(entry);
    }
  }

  /** An element may be hidden now. What is new in it is told as that, and what followers have is told again. */
  private tighten(entry: Entry): void {
    const level = this.ctx.masks.level(entry.node as Element, this.around(entry));
    if (level < PRIVATE || level <= entry.level) return;
    this.spread(entry, level);
    this.tightened.add(entry);
  }

  private spread(entry: Entry, level: Level): void {
    entry.level = level;
    for (const kid of entry.kids) {
      if (kid.parent !== entry || kid.level >= level) continue;
      this.spread(kid, isElement(kid.node) ? this.ctx.masks.level(kid.node, level) : this.ctx.masks.text(kid.node, level));
    }
  }

  /** Finds what rules select because of something else that has changed. */
  private search(): void {
    const selector = this.ctx.masks.contextual;
    if (selector === '') return;
    this.searchIn(this.ctx.document, selector);
    for (const shadow of this.shadows) this.searchIn(shadow.node, selector);
  }

  private searchIn(root: Node, selector: string): void {
    const found = this.ctx.masks.timed(() => findAll(root, selector));
    for (let i = 0; i < found.length; i++) {
      const entry = this.nodes.of(found[i]!);
      if (entry !== undefined) this.tighten(entry);
    }
  }

  private flushTightened(ops: Op[]): void {
    for (const entry of this.tightened) if (!entry.gone) this.retell(entry, ops);
    this.tightened.clear();
  }

  /** Parts speak of nodes that followers have, and so when they have all. */
  private collect(ops: Op[]): void {
    if (!this.complete) return;
    for (const part of this.ctx.parts) guard(() => part.collect(ops), undefined); // one may fail without the others
  }

  private tell(what: Told, entry: Entry): void {
    if (entry.tag === TEXT) return;
    const hearing = this.hearing[what].get(entry.tag) ?? this.hear(what, entry.tag);
    for (let i = 0; i < hearing.length; i++) hearing[i]![what]!(entry);
  }

  private hear(what: Told, tag: string): Part[] {
    const known = this.hearing[what];
    if (known.size > MANY_TAGS) known.clear(); // a page may call elements what it likes
    const hearing = this.ctx.parts.filter((part) => part[what] !== undefined && (what === 'children' || part.hears?.(tag) !== false));
    known.set(tag, hearing);
    return hearing;
  }

  /** Nothing may hold what is no longer in the document. */
  private readonly lost = (entry: Entry): void => {
    this.shadows.delete(entry);
    this.tell('removed', entry);
  };

  private forgetMarks(): void {
    this.parents.clear();
    this.changedAttributes.clear();
    this.texts.clear();
    this.tightened.clear();
  }

  // Parents are put right from the top down. Whatever is above a parent is then where it belongs, so moving a node
  // to it can never close a circle; and because removals come last, nodes leave a removed ancestor before it goes.
  private flushParents(ops: Op[]): void {
    const order: { entry: Entry; depth: number }[] = [];
    for (const node of this.parents) {
      const entry = this.nodes.of(node);
      if (entry !== undefined && rootOf(node) === this.ctx.document) {
        order.push({ entry, depth: depthOf(node) });
      }
    }
    this.parents.clear();
    order.sort((a, b) => a.depth - b.depth);
    for (const { entry } of order) this.reconcile(entry, ops);
  }

  /** Goes on where there was no room before. Where children changed meanwhile they were compared again instead. */
  private flushRests(ops: Op[]): void {
    while (this.rests.length > 0 && this.room > 0) {
      const { parent, nodes, from, end, before } = this.rests.shift()!;
      if (parent.gone) continue;
      const later = this.rests.splice(0);
      const found: Entry[] = [];
      this.insert(parent, before, nodes, from, end, found, ops);
      const kids = parent.kids;
      const at = before === null ? kids.length : kids.indexOf(before);
      parent.kids = kids.slice(0, at).concat(present(found), kids.slice(at));
      this.tell('children', parent);
      this.rests.push(...later);
      this.takeIn(ops);
    }
  }

  private removeLeft(ops: Op[]): void {
    const gone = this.left.filter((entry) => entry.at < 0 && !entry.gone);
    this.left.length = 0;
    const removed: Id[] = [];
    for (const entry of gone) {
      if (entry.gone || entry.at >= 0) continue;
      removed.push(entry.id);
      this.nodes.forget(entry, this.lost);
    }
    if (removed.length > 0) ops.push([is.REMOVE, ...removed]);
  }

  private reconcile(parent: Entry, ops: Op[]): void {
    const live = this.kids(parent.node, parent.level);
    if (this.rests.length > 0) this.rests = this.rests.filter((rest) => rest.parent !== parent);
    if (same(live, parent.kids)) return;
    const before = parent.kids;
    for (let i = 0; i < before.length; i++) if (before[i]!.parent === parent) before[i]!.at = i;
    const known = live.map((node) => this.nodes.of(node));
    const stays = staying(known, parent);
    const after: Entry[] = new Array(live.length);
    let next: Entry | null = null;
    for (let end = live.length; end > 0; ) {
      const last = known[end - 1];
      let start = end - 1;
      if (last === undefined) {
        while (start > 0 && known[start - 1] === undefined) start--;
        next = this.insert(parent, next, live, start, end, after, ops);
      } else if (stays.has(last)) {
        next = last;
        after[start] = last;
      } else {
        while (start > 0 && known[start - 1] !== undefined && !stays.has(known[start - 1]!)) start--;
        next = this.move(parent, next, known as Entry[], start, end, after, ops);
      }
      end = start;
    }
    for (const kid of before) {
      if (kid.parent !== parent) continue;
      kid.at = -1; // until it is found below, or below another parent
      this.left.push(kid);
    }
    parent.kids = present(after);
    for (const kid of parent.kids) kid.at = 0;
    this.tell('children', parent);
    this.takeIn(ops);
  }

  private takeIn(ops: Op[]): void {
    for (let taker = this.taking.pop(); taker !== undefined; taker = this.taking.pop()) this.reconcile(taker, ops);
  }

  /** Tells a run of new nodes, as far as there is room; returns the first, or what comes after when there was no room. */
  private insert(parent: Entry, next: Entry | null, live: Node[], start: number, end: number, after: Entry[], ops: Op[]): Entry | null {
    const ids: Id[] = [];
    const forms: NodeForm[] = [];
    for (let i = start; i < end; i++) {
      if (this.full(live[i]!)) {
        this.rests.push({ parent, nodes: live, from: i, end, before: next });
        break;
      }
      const entry = this.nodes.add(live[i]!, parent, this.flushes);
      after[i] = entry;
      forms.push(this.form(entry, ids));
    }
    if (forms.length === 0) return next;
    ops.push([is.INSERT, parent.id, next?.id ?? 0, compact(ids), ...forms]);
    return after[start]!;
  }

  /** What is not an element goes with its parent. */
  private full(node: Node): boolean {
    return this.room <= 0 && isElement(node);
  }

  private move(parent: Entry, next: Entry | null, known: Entry[], start: number, end: number, after: Entry[], ops: Op[]): Entry {
    const moved: Id[] = [];
    for (let i = start; i < end; i++) {
      const entry = known[i]!;
      if (entry.parent !== null && entry.parent !== parent) this.tell('children', entry.parent);
      entry.parent = parent;
      entry.at = 0;
      if (parent.level >= PRIVATE && parent.level > entry.level) this.movedIn(entry, parent.level);
      after[i] = entry;
      moved.push(entry.id);
    }
    ops.push([is.MOVE, parent.id, next?.id ?? 0, ...moved]);
    return known[start]!;
  }

  /** A node that followers have has come into something hidden. */
  private movedIn(entry: Entry, level: Level): void {
    if (isElement(entry.node)) return this.tighten(entry);
    entry.level = this.ctx.masks.text(entry.node, level);
    this.touchText(entry.node);
  }

  private forms(nodes: Node[], parent: Entry, ids: Id[]): NodeForm[] {
    const out: NodeForm[] = [];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!;
      if (this.nodes.of(node) !== undefined) {
        if (this.taking.at(-1) !== parent) this.taking.push(parent);
        continue;
      }
      if (this.full(node) && parent.parent !== null) {
        this.rests.push({ parent, nodes, from: i, end: nodes.length, before: null });
        break;
      }
      const entry = this.nodes.add(node, parent, this.flushes);
      parent.kids.push(entry);
      out.push(this.form(entry, ids));
    }
    return out;
  }

  private form(entry: Entry, ids: Id[]): NodeForm {
    const node = entry.node;
    this.room--;
    ids.push(entry.id);
    const around = this.around(entry);
    if (entry.tag === TEXT) {
      entry.level = this.ctx.masks.text(node, around);
      return this.text(entry) ?? '';
    }
    if (entry.tag === DOCTYPE_TAG) return [0, DOCTYPE_TAG, doctypeName(node), doctypePublic(node), doctypeSystem(node)];
    if (entry.tag === ROOT) {
      this.ctx.root(node as ShadowRoot);
      entry.level = around;
      this.shadows.add(entry);
      this.tell('added', entry);
      const shadow: ShadowForm = [0, ROOT, modeOf(node)];
      return append(shadow, this.forms(kidsOf(node, entry.tag), entry, ids));
    }
    const element = node as Element;
    entry.level = this.ctx.masks.level(element, around);
    const form: ElementForm = [entry.tag, attributes(this.ctx, element, entry.level)];
    this.tell('added', entry);
    return append(form, this.forms(entry.level === BLOCKED ? [] : kidsOf(element, entry.tag), entry, ids));
  }

  private flushAttributes(ops: Op[]): void {
    for (const [node, names] of this.changedAttributes) {
      const entry = this.nodes.of(node);
      if (entry === undefined || entry.flush === this.flushes) continue;
      const element = node as Element;
      if (this.tightened.has(entry)) continue;
      this.flushMask(entry, element, names);
      for (const name of names) {
        ops.push([is.ATTRIBUTE, entry.id, name, mirrored(this.ctx, element, name, entry.level)]);
        for (const part of this.ctx.parts) part.attribute?.(entry, name);
      }
    }
    this.changedAttributes.clear();
  }

  /** When a field becomes masked or is no longer, all its attributes are judged again. */
  private flushMask(entry: Entry, element: Element, names: Set<string>): void {
    const level = this.ctx.masks.level(element, this.around(entry));
    if (level === entry.level || entry.level >= PRIVATE) return;
    entry.level = level;
    names.add(is.MASKED);
    names.add('value');
    const list = attributes(this.ctx, element, level);
    if (list !== 0) for (let i = 0; i < list.length; i += 2) names.add(list[i]!);
    for (const part of this.ctx.parts) part.attribute?.(entry, '');
  }

  private flushTexts(ops: Op[]): void {
    for (const [node, old] of this.texts) {
      const entry = this.nodes.of(node);
      if (entry === undefined || entry.flush === this.flushes) continue;
      const data = this.text(entry);
      if (data !== null) ops.push(textOp(entry.id, data === dataOf(node) ? old : null, data));
      if (entry.parent !== null) this.tell('children', entry.parent);
    }
    this.texts.clear();
  }

  /** A text as followers have it, which of one they do not have is nothing. */
  told(node: Node): string {
    const entry = this.nodes.of(node);
    return entry === undefined ? '' : (this.text(entry) ?? '');
  }

  /** A text node's data; null while an address in it is not known yet. */
  private text({ node, parent, level }: Entry): string | null {
    const data = dataOf(node);
    switch (parent!.tag) {
      case ROOT:
        return level >= PRIVATE ? hiddenText(data) : this.ctx.secrets.hide(data);
      case 'textarea':
        if (parent!.level !== OPEN) return '';
        break;
      case 'style':
      case 'svg:style':
        return this.ctx.restore(data, parent!.node as Element, '');
    }
    if (level < PRIVATE) return this.ctx.secrets.hide(data);
    this.ctx.secrets.saw(data, level);
    return hiddenText(data);
  }
}

/** The children followers get of a node with a tag. Scripts and frames keep theirs to themselves; a shadow root comes first. */
export function kidsOf(node: Node, tag: string): Node[] {
  const out: Node[] = [];
  if (OPAQUE.has(tag)) return out;
  if (tag !== WHOLE && tag !== ROOT) {
    const element = node as Element;
    if (tag === 'template') out.push(contentOf(element));
    const shadow = shadowOf(element);
    if (shadow !== null) out.push(shadow);
  }
  for (let kid = firstChild(node); kid !== null; kid = nextSibling(kid)) {
    const kind = nodeType(kid);
    if (kind === ELEMENT || (tag === WHOLE ? kind === DOCTYPE : kind === TEXT_NODE || kind === CDATA)) out.push(kid);
  }
  return out;
}

const OPAQUE = new Set(['script', 'svg:script', 'noscript', 'iframe']);

/** The kind of a shadow root, or a template's content. */
function modeOf(root: Node): string {
  if (!isShadow(root)) return 'template';
  return shadowMode(root) + (slotAssignment(root) === 'manual' ? ' manual' : '');
}

/** The document that a node shows in, or the top of what it is in instead. */
function rootOf(node: Node): Node {
  for (let at = composedRoot(node, { composed: true }); ; ) {
    const above = nodeType(at) === FRAGMENT ? up(at) : null; // a template's content
    if (above === null) return at;
    at = composedRoot(above, { composed: true });
  }
}

function same(live: Node[], kids: Entry[]): boolean {
  if (live.length !== kids.length) return false;
  for (let i = 0; i < live.length; i++) if (kids[i]!.gone || kids[i]!.node !== live[i]) return false;
  return true;
}

/** The entries of a list that has holes for nodes followers do not have yet. */
const present = (entries: Entry[]): Entry[] => entries.filter(() => true);

/** The kids that need not move: a longest run of those whose order did not change. */
function staying(known: (Entry | undefined)[], parent: Entry): Set<Entry> {
  const candidates = known.filter((entry): entry is Entry => entry !== undefined && entry.parent === parent);
  const tails: number[] = []; // tails[n]: index of the smallest last item of a run of n + 1
  const previous: number[] = [];
  for (let i = 0; i < candidates.length; i++) {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (candidates[tails[middle]!]!.at < candidates[i]!.at) low = middle + 1;
      else high = middle;
    }
    previous[i] = low > 0 ? tails[low - 1]! : -1;
    tails[low] = i;
  }
  const out = new Set<Entry>();
  for (let i = tails.at(-1) ?? -1; i >= 0; i = previous[i]!) out.add(candidates[i]!);
  return out;
}

function depthOf(node: Node): number {
  let depth = 0;
  for (let at = up(node); at !== null; at = up(at)) depth++;
  return depth;
}

function append<T extends ElementForm | ShadowForm>(form: T, kids: NodeForm[]): T {
  for (let i = 0; i < kids.length; i++) form.push(kids[i]!);
  return form;
}

function compact(ids: Id[]): Ids {
  for (let i = 1; i < ids.length; i++) if (ids[i] !== ids[0]! + i) return ids;
  return ids[0] ?? 1;
}

/** One replacement instead of the whole text where that is shorter. */
function textOp(id: Id, old: string | null, data: string): Op {
  if (old === null || data.length < 40) return [is.TEXT, id, data];
  const most = Math.min(old.length, data.length);
  let start = 0;
  while (start < most && old[start] === data[start]) start++;
  let tail = 0;
  while (tail < most - start && old[old.length - 1 - tail] === data[data.length - 1 - tail]) tail++;
  if (start + tail < data.length / 2) return [is.TEXT, id, data];
  return [is.TEXT, id, start, old.length - start - tail, data.slice(start, data.length - tail)];
}
