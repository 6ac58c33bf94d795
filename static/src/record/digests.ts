// Compares, a little at a time, what the page is with what followers were
// told: the server and followers compute the same digests of what they have,
// and ask for an element again where they differ.

import { digestOf, type Seen } from '../digest';
import { DIGEST, type Id, type Op } from '../ops';
import { digestOfRules } from '../ruledigest';
import { attributeAt, attributeCount, attributesOf, attrName, documentElement, ELEMENT, isElement, isText, localName, nodeType, now } from './dom';

/** How long one look may take. */
const SLICE_MS = 4;
/** Between two rounds; more for a large page, so that one at rest costs half a kbit a second at most. */
const ROUND_MS = 5000;
const EACH_MS = 250;
/** Nodes that one digest is of. A long list is not taken apart. */
const MOST = 200;
const MOST_LISTED = 4000;
const LISTED = 64;

export interface DigestsContext {
  document: Document;
  id(node: Node): number;
  /** The children, names of attributes and texts as followers have them. */
  kids(node: Node): Node[];
  names(element: Element, own: string[]): string[];
  text(node: Node): string;
  /** An attribute as followers have it. */
  mirrored(element: Element, name: string): string | null;
  /** The sheets that scripts changed, as followers know them. */
  sheets(): [id: Id, sheet: CSSStyleSheet][];
  /** What followers were told of an element's state. */
  state(element: Element): ReturnType<Seen['state']>;
}

export class Digests {
  private queue: Element[] = [];
  private sheets: [id: Id, sheet: CSSStyleSheet][] = [];
  private told = 0;
  private next = now() + ROUND_MS;
  private readonly seen: Seen;

  constructor(private readonly ctx: DigestsContext) {
    this.seen = {
      id: (node) => ctx.id(node),
      kids: (node) => ctx.kids(node),
      tag: (node) => (isText(node) ? undefined : isElement(node) ? localName(node) : null),
      text: (node) => ctx.text(node),
      attributeNames: (element) => ctx.names(element, names(element)),
      attribute: (element, name) => ctx.mirrored(element, name),
      state: (element) => ctx.state(element),
    };
  }

  /** Begins anew: the document was told whole. */
  restart(): void {
    this.queue = [];
    this.sheets = [];
    this.next = now() + ROUND_MS;
  }

  /** Adds digests to find out what below an element differs; none when it should be told again as it is. */
  narrow(element: Element, ops: Op[]): void {
    const kids = localName(element) === 'template' ? [] : this.ctx.kids(element);
    const elements = kids.filter((kid) => nodeType(kid) === ELEMENT) as Element[];
    const odd = kids.length - elements.length - kids.filter(isText).length; // a shadow root has no digest of its own
    if (odd > 0 || elements.length === 0 || elements.length > LISTED || kids.some((kid) => this.ctx.id(kid) === 0)) return;
    ops.push([DIGEST, this.ctx.id(element), digestOf(this.seen, element, false)]);
    for (const kid of elements) ops.push([DIGEST, this.ctx.id(kid), digestOf(this.seen, kid, true)]);
  }

  /** Adds the digests of a whole round at once. */
  round(ops: Op[]): void {
    this.restart();
    this.next = 0;
    do this.collect(ops); while (this.queue.length > 0 || this.sheets.length > 0);
  }

  /** Whether the next slice begins a round. */
  get due(): boolean {
    return this.queue.length === 0 && this.sheets.length === 0 && now() >= this.next;
  }

  /** Adds digests for as long as a slice allows. Everything must have been told before. */
  collect(ops: Op[]): void {
    const begun = now();
    if (this.queue.length === 0 && this.sheets.length === 0) {
      const root = documentElement(this.ctx.document);
      if (!this.due || root === null) return;
      this.queue = [root];
      this.sheets = this.ctx.sheets();
      this.told = 0;
    }
    while (this.queue.length > 0 && now() - begun < SLICE_MS) {
      const element = this.queue.pop()!;
      const id = this.ctx.id(element);
      if (id === 0) continue; // it has gone meanwhile
      const kids = this.ctx.kids(element);
      const deep = this.size(element, kids.length > LISTED ? MOST_LISTED : MOST) >= 0;
      ops.push([DIGEST, id, digestOf(this.seen, element, deep)]);
      this.told++;
      if (!deep) this.push(kids);
    }
    while (this.queue.length === 0 && this.sheets.length > 0 && now() - begun < SLICE_MS) this.sheet(this.sheets.pop()!, ops);
    if (this.queue.length === 0 && this.sheets.length === 0) this.next = now() + Math.max(ROUND_MS, this.told * EACH_MS);
  }

  private sheet([id, sheet]: [id: Id, sheet: CSSStyleSheet], ops: Op[]): void {
    const digest = digestOfRules(sheet);
    if (digest === null) return;
    ops.push([DIGEST, id, digest]);
    this.told++;
  }

  /** What is left of `most` after the nodes below; negative when that is not enough. */
  private size(node: Node, most: number): number {
    for (const kid of this.ctx.kids(node)) {
      most = isText(kid) ? most - 1 : this.size(kid, most - 1);
      if (most < 0) break;
    }
    return most;
  }

  /** A shadow root has no digest of its own, so its children follow. */
  private push(kids: Node[]): void {
    for (const kid of kids) {
      if (nodeType(kid) === ELEMENT) this.queue.push(kid as Element);
      else if (!isText(kid)) this.push(this.ctx.kids(kid));
    }
  }
}

function names(element: Element): string[] {
  const map = attributesOf(element);
  const out: string[] = [];
  for (let i = attributeCount(map) - 1; i >= 0; i--) out.push(attrName(attributeAt(map, i)!));
  return out;
}

