// The mirror's style sheets as scripts of the page changed them.

import type { Id } from '../ops';
import type { Addresses } from './addresses';
import { Invalid } from './build';

type Window = globalThis.Window & typeof globalThis;

/** What every mirrored document and shadow root starts with. Where no script runs, noscript and controls would show. */
const BASE = `
noscript { display: none !important; }
video:not([controls])::-webkit-media-controls { display: none !important; }
[data-tandem-masked] {
  cursor: not-allowed !important;
  background-image: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='52' height='16'%3E%3Crect width='52' height='16' rx='8' fill='%23555'/%3E%3Ctext x='26' y='11.5' font-family='system-ui,sans-serif' font-size='10' fill='%23fff' text-anchor='middle'%3Ehidden%3C/text%3E%3C/svg%3E") !important;
  background-repeat: no-repeat !important;
  background-position: right 6px center !important;
}`;

type Change = (sheet: CSSStyleSheet) => void;

export class Sheets {
  private readonly made = new Map<Id, CSSStyleSheet>();
  private readonly roots = new Map<Document | ShadowRoot, Id[]>();
  /** Changes to sheets which have not loaded yet. */
  private readonly waiting = new Map<Element, Change[]>();
  private base: CSSStyleSheet;

  constructor(private window: Window, private readonly addresses: () => Addresses) {
    this.base = this.make(BASE);
  }

  private make(text: string): CSSStyleSheet {
    const sheet = new this.window.CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  }

  /** A root that may have sheets of its own. */
  root(root: Document | ShadowRoot): void {
    this.adopt(root, this.roots.get(root) ?? []);
  }

  /** Forgets everything, for a snapshot. */
  clear(): void {
    this.made.clear();
    this.roots.clear();
    this.waiting.clear();
  }

  /** Moves to another window, where sheets have to be made anew. */
  move(window: Window): void {
    const texts = [...this.made].map(([id, sheet]) => [id, rulesOf(sheet)] as const);
    this.window = window;
    this.base = this.make(BASE);
    for (const [id, rules] of texts) this.made.set(id, this.make(rules.join('\n')));
    for (const [root, ids] of this.roots) if ('host' in root) this.adopt(root, ids);
  }

  adopt(root: Document | ShadowRoot, ids: Id[]): void {
    const sheets = ids.map((id) => {
      const sheet = this.made.get(id);
      if (sheet === undefined) throw new Invalid('sheet');
      return sheet;
    });
    this.roots.set(root, ids);
    root.adoptedStyleSheets = [this.base, ...sheets];
  }

  /** Applies a rule operation to a constructed sheet (by its negative id) or to an element's. */
  rule(target: Id | Element, kind: unknown, a: unknown, b: unknown): void {
    const change = this.change(kind, a, b);
    if (typeof target !== 'number') return this.owned(target, change);
    if (kind === 'r' && !this.made.has(target)) this.made.set(target, this.make(''));
    const sheet = this.made.get(target);
    if (sheet === undefined) throw new Invalid('sheet');
    change(sheet);
  }

  disable(target: Id | Element, disabled: boolean): void {
    if (typeof target !== 'number') return this.owned(target, (sheet) => void (sheet.disabled = disabled));
    const sheet = this.made.get(target);
    if (sheet !== undefined) sheet.disabled = disabled;
  }

  /** An element's sheet has loaded. */
  loaded(element: Element): void {
    const changes = this.waiting.get(element);
    const sheet = (element as HTMLLinkElement).sheet;
    if (changes === undefined || !sheet) return;
    this.waiting.delete(element);
    for (const change of changes) change(sheet);
  }

  private owned(element: Element, change: Change): void {
    const sheet = (element as HTMLLinkElement).sheet;
    if (sheet) return change(sheet);
    const changes = this.waiting.get(element);
    if (changes === undefined) this.waiting.set(element, [change]);
    else changes.push(change);
  }

  private change(kind: unknown, a: unknown, b: unknown): Change {
    if (kind === 'i' && typeof a === 'number' && typeof b === 'string') return (sheet) => insert(sheet, this.addresses().css(b), a);
    if (kind === 'd' && typeof a === 'number') return (sheet) => remove(sheet, a);
    if (kind === 'r' && typeof a === 'string') return (sheet) => this.replace(sheet, this.addresses().css(a));
    throw new Invalid('rule');
  }

  private replace(sheet: CSSStyleSheet, text: string): void {
    if (sheet.ownerNode === null) return sheet.replaceSync(text);
    while (sheet.cssRules.length > 0) sheet.deleteRule(0);
    for (const rule of rulesOf(this.make(text))) insert(sheet, rule, sheet.cssRules.length);
  }
}

const rulesOf = (sheet: CSSStyleSheet): string[] => Array.from(sheet.cssRules, (rule) => rule.cssText);

/** A rule that only the leader's browser understands takes its place all the same, since later ones are counted. */
function insert(sheet: CSSStyleSheet, text: string, index: number): void {
  const at = Math.min(index, sheet.cssRules.length);
  try {
    sheet.insertRule(text, at);
  } catch {
    sheet.insertRule('tandem-none {}', at);
  }
}

function remove(sheet: CSSStyleSheet, index: number): void {
  if (index < sheet.cssRules.length) sheet.deleteRule(index);
}
