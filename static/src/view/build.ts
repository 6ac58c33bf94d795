// Builds mirrored nodes. Everything comes from createElementNS and the like,
// never from a string of HTML, and every form is checked as it is read.

import { MASKED, type Id, type Ids } from '../ops';
import type { Addresses } from './addresses';
import { HTML, MATHML, setAttribute, SVG } from './attributes';

/** An operation that does not fit the document it is for. */
export class Invalid extends Error {}

const DEEPEST = 1000;

/** Hands out the ids of a run of nodes, in the order in which they are built. */
export class Numbers {
  private at = 0;

  constructor(private readonly ids: Ids) {
    if (typeof ids === 'number' ? !isId(ids) : !Array.isArray(ids) || !ids.every(isId)) throw new Invalid('ids');
  }

  next(): Id {
    const at = this.at++;
    const id = typeof this.ids === 'number' ? this.ids + at : this.ids[at];
    if (id === undefined) throw new Invalid('too few ids');
    return id;
  }
}

export const isId = (v: unknown): v is Id => Number.isSafeInteger(v) && (v as number) >= 1;

export interface BuildContext {
  document: Document;
  addresses: Addresses;
  /** Takes a new node with its id. */
  enter(id: Id, node: Node): void;
  /** Style text as the leader has it, to which later changes refer. */
  source(text: Text, data: string): void;
  /** A base element and its address, which the mirror's own does not get. */
  base(element: Element, href: string): void;
}

/** Builds a form below `parent`, which is not shown yet or may show it at once. Null for what has no node here. */
export function build(ctx: BuildContext, form: unknown, numbers: Numbers, parent: Node, depth = 0): Node | null {
  const id = numbers.next();
  if (typeof form === 'string') return enter(ctx, id, text(ctx, form, parent));
  if (!Array.isArray(form) || depth > DEEPEST) throw new Invalid('node');
  if (form[0] === 0) return special(ctx, form, id, numbers, parent, depth);
  if (typeof form[0] !== 'string') throw new Invalid('tag');
  const element = create(ctx.document, form[0]);
  enter(ctx, id, element);
  prepare(element);
  attributes(ctx, element, form[1]);
  children(ctx, element, form, 2, numbers, depth);
  return element;
}

function enter<T extends Node>(ctx: BuildContext, id: Id, node: T): T {
  ctx.enter(id, node);
  return node;
}

function text(ctx: BuildContext, data: string, parent: Node): Text {
  if (!isStyle(parent)) return ctx.document.createTextNode(data);
  const node = ctx.document.createTextNode(ctx.addresses.css(data));
  ctx.source(node, data);
  return node;
}

export const isStyle = (node: Node | null): boolean => node !== null && (node as Element).localName === 'style';

function special(ctx: BuildContext, form: unknown[], id: Id, numbers: Numbers, parent: Node, depth: number): Node | null {
  if (form[1] === '!') {
    // The document's mode was settled when its frame was made, so its doctype only takes up the id.
    ctx.enter(id, ctx.document.createComment(''));
    return null;
  }
  if (form[1] !== '#' || parent.nodeType !== Node.ELEMENT_NODE) throw new Invalid('node');
  const root = enter(ctx, id, fragment(parent as Element, String(form[2])));
  children(ctx, root, form, 3, numbers, depth);
  return null;
}

/** A template's content, or a shadow root. Closed ones are open here: no script of the page could look inside. */
function fragment(host: Element, mode: string): DocumentFragment {
  if (mode === 'template') {
    if (host.localName !== 'template' || host.namespaceURI !== HTML) throw new Invalid('template');
    return (host as HTMLTemplateElement).content;
  }
  try {
    return host.shadowRoot ?? host.attachShadow({ mode: 'open', slotAssignment: mode.endsWith(' manual') ? 'manual' : 'named' });
  } catch {
    throw new Invalid('shadow root');
  }
}

function create(document: Document, tag: string): Element {
  const [namespace, name] = tag.startsWith('svg:') ? [SVG, tag.slice(4)] : tag.startsWith('math:') ? [MATHML, tag.slice(5)] : [HTML, tag];
  try {
    return document.createElementNS(namespace, name);
  } catch {
    return document.createElementNS(namespace, 'tandem-odd'); // a parser takes names that createElement does not
  }
}

/** Settings that keep the follower's browser from offering its own help. */
function prepare(element: Element): void {
  if (element.namespaceURI !== HTML) return;
  switch (element.localName) {
    case 'form':
    case 'textarea':
    case 'select':
    case 'input':
      element.setAttribute('autocomplete', 'off');
      break;
    case 'audio':
    case 'video':
      (element as HTMLMediaElement).muted = true;
      (element as HTMLMediaElement).preload = 'metadata';
  }
}

function attributes(ctx: BuildContext, element: Element, list: unknown): void {
  if (list === 0) return;
  if (!Array.isArray(list) || list.length % 2 !== 0) throw new Invalid('attributes');
  // A link must know that it is a style sheet before it gets an address.
  for (let i = 0; i < list.length; i += 2) if (list[i] === 'rel') attribute(ctx, element, list[i], list[i + 1]);
  for (let i = 0; i < list.length; i += 2) if (list[i] !== 'rel') attribute(ctx, element, list[i], list[i + 1]);
}

export function attribute(ctx: BuildContext, element: Element, name: unknown, value: unknown): void {
  if (typeof name !== 'string' || (typeof value !== 'string' && value !== null)) throw new Invalid('attribute');
  if (name === 'autocomplete' || name === holderOf(element)) return; // stay as we have them
  if (name === 'href' && element.localName === 'base' && value !== null) ctx.base(element, value);
  setAttribute(element, name, value, ctx.addresses);
  // Password managers heed nothing else.
  if (name === 'type' && element.localName === 'input' && value === 'password') element.setAttribute('autocomplete', 'new-password');
}

/** The attribute by which an element that is no frame shows a document. */
export function holderOf(element: Element): 'src' | 'data' | null {
  if (element.namespaceURI !== HTML) return null;
  return element.localName === 'embed' ? 'src' : element.localName === 'object' ? 'data' : null;
}

function children(ctx: BuildContext, parent: Node, form: unknown[], from: number, numbers: Numbers, depth: number): void {
  for (let i = from; i < form.length; i++) {
    const child = build(ctx, form[i], numbers, parent, depth + 1);
    if (child !== null) parent.appendChild(child);
  }
}

export const isMasked = (node: Node): boolean => node.nodeType === Node.ELEMENT_NODE && (node as Element).hasAttribute(MASKED);

/** Whether an element stands for something hidden; on a private page all does. */
export const standsFor = (node: Node): boolean => isMasked(node) && !/^private\b/.test((node as Element).getAttribute(MASKED)!);

/** Whether a masked element may be filled in all the same. */
export const takesText = (node: Node): boolean => isMasked(node) && /(?:^| )type$/.test((node as Element).getAttribute(MASKED)!);
