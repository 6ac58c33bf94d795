// The mirror's style sheets as scripts of the page changed them.

import type { Id } from '../ops';
import type { Addresses } from './addresses';
import { Invalid } from './build';
import { digestOfRules } from '../ruledigest';
import type { MirrorOptions } from './mirror';
import { choosePictures } from './imagesets';
import { adapt, ask, askingFor } from './states';

type Window = globalThis.Window & typeof globalThis;

/** What stands where the follower sees nothing, in the follower's language. */
export interface Labels {
  unseen: string;
  film: string;
  hidden: string;
  direction: string;
}

/** What every mirrored document and shadow root starts with. Where no script runs, noscript and controls would show. */
const base = ({ unseen, film, hidden, direction }: Labels): string => `
noscript { display: none !important; }
video:not([controls])::-webkit-media-controls { display: none !important; }
embed:not([src]), object:not([data], :has(> :not(param))) {
  content: ${picture(`<svg xmlns='http://www.w3.org/2000/svg'><rect width='100%' height='100%' fill='#eee'/>${words(unseen, direction, "x='50%' y='50%' dominant-baseline='middle' font-size='12' fill='#555'")}</svg>`)};
}
video[data-tandem-unavailable]:not([poster]) {
  background: #222 ${picture(`<svg xmlns='http://www.w3.org/2000/svg' width='${8 * film.length}' height='20'>${words(film, direction, "x='50%' y='14' font-size='12' fill='#ccc'")}</svg>`)} no-repeat center !important;
}
[data-tandem-fullscreen] {
  position: fixed !important; inset: 0 !important; margin: 0 !important; box-sizing: border-box !important; z-index: 2147483647 !important;
  width: 100% !important; height: 100% !important; min-width: 0 !important; max-width: none !important; min-height: 0 !important;
  max-height: none !important; transform: none !important; object-fit: contain;
}
@layer tandem {
  [data-tandem-focus-visible]:not(html, body, iframe, embed, object) { outline: auto 1px -webkit-focus-ring-color; }
  [data-tandem-focus]:not([data-tandem-focus-visible]) { outline: none; }
}
[data-tandem-masked] { cursor: not-allowed !important; }
[data-tandem-masked~=type] { cursor: auto !important; }
[data-tandem-masked~=private], [data-tandem-masked~=all] { color: #6b7280 !important; text-shadow: none !important; }
[data-tandem-masked~=all], [data-tandem-masked~=box] { background: #d3d7de !important; border-color: #b3b9c4 !important; }
[data-tandem-masked~=all] { color: #4b5563 !important; }
[data-tandem-masked~=box] {
  background: #d3d7de repeating-linear-gradient(135deg, #0000 0 10px, #c3c8d1 10px 20px) !important;
  color: transparent !important; border-radius: 3px; object-position: -99999px !important; fill: none !important; stroke: none !important;
}
img[data-tandem-masked~=box] { content: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"); }
[data-tandem-masked=""], [data-tandem-masked=type] {
  background-image: ${picture(`<svg xmlns='http://www.w3.org/2000/svg' width='${16 + 6 * hidden.length}' height='16'><rect width='100%' height='16' rx='8' fill='#555'/>${words(hidden, direction, "x='50%' y='11.5' font-size='10' fill='#fff'")}</svg>`)} !important;
  background-repeat: no-repeat !important;
  background-position: right 6px center !important;
}`;

const picture = (svg: string): string => `url("data:image/svg+xml,${encodeURIComponent(svg)}")`;

/** Words in the middle of a picture. */
function words(text: string, direction: string, attributes: string): string {
  const escaped = text.replace(/[<&]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<text direction='${direction}' text-anchor='middle' font-family='system-ui,sans-serif' ${attributes}>${escaped}</text>`;
}

/** So often a sheet is wanted again without becoming alike. A browser of another make may never have the like. */
const VAIN = 3;

type Change = (sheet: CSSStyleSheet) => void;

type SheetsOptions = Pick<MirrorOptions, 'answer' | 'pictures' | 'choosesOtherwise' | 'labels'>;

export class Sheets {
  private readonly answer = (media: string): string => this.options.answer(media);
  private readonly made = new Map<Id, CSSStyleSheet>();
  private readonly roots = new Map<Document | ShadowRoot, Id[]>();
  /** Changes to sheets which have not loaded yet. */
  private readonly waiting = new Map<Element, Change[]>();
  /** The sheets that were wanted again: for which digest of the leader's, and how often since they were last alike. */
  private readonly wanted = new Map<Id | Element, { told: string; times: number }>();
  private base: CSSStyleSheet;
  constructor(private window: Window, private readonly addresses: () => Addresses, private readonly options: SheetsOptions) {
    this.base = this.make(base(this.options.labels));
  }

  private make(text: string): CSSStyleSheet {
    const sheet = new this.window.CSSStyleSheet();
    sheet.replaceSync(text);
    this.adapt(sheet);
    return sheet;
  }

  /** Makes the rules of a sheet that has come ask for the leader's states and media. */
  adapt(sheet: CSSStyleSheet | null | undefined): void {
    if (!sheet) return;
    ask(sheet.media, this.answer);
    try {
      for (const rule of sheet.cssRules) adapt(rule, this.answer);
      if (this.options.choosesOtherwise()) for (const rule of sheet.cssRules) choosePictures(rule, (css) => this.options.pictures(css));
    } catch { /* it has not loaded, or came from nowhere */ }
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
    this.wanted.clear();
  }

  /** Nothing adopts a constructed sheet any more, or an element or root has gone. */
  forget(gone: Id | Node): void {
    if (typeof gone === 'number') this.made.delete(gone);
    else {
      this.roots.delete(gone as ShadowRoot);
      this.waiting.delete(gone as Element);
    }
    this.wanted.delete(gone as Id | Element);
  }

  /** Whether a sheet is known to have other rules than the leader's, and it is not in vain to ask for these. */
  differs(target: Id | Element, told: string): boolean {
    const sheet = typeof target === 'number' ? this.made.get(target) : this.waiting.has(target) ? undefined : (target as HTMLStyleElement).sheet;
    if (!sheet) return false;
    if (digestOfRules(sheet) === told) {
      this.wanted.delete(target);
      return false;
    }
    const { told: before, times } = this.wanted.get(target) ?? { told: '', times: 0 };
    if (before === told || times >= VAIN) return false;
    this.wanted.set(target, { told, times: times + 1 });
    return true;
  }

  /** Moves to another window, where sheets have to be made anew. */
  move(window: Window): void {
    const texts = [...this.made].map(([id, sheet]) => [id, rulesOf(sheet)] as const);
    this.window = window;
    this.base = this.make(base(this.options.labels));
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
  rule(target: Id | Element, [kind, ...operands]: unknown[]): void {
    if (kind === 'x') return this.forget(target);
    const change = this.change(kind, operands);
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

  media(target: Id | Element, text: string): void {
    const set = (sheet: CSSStyleSheet): void => void (sheet.media.mediaText = this.answer(text));
    if (typeof target !== 'number') return this.owned(target, set);
    const sheet = this.made.get(target);
    if (sheet !== undefined) set(sheet);
  }

  /** An element's sheet has loaded. */
  loaded(element: Element): void {
    const changes = this.waiting.get(element);
    const sheet = (element as HTMLLinkElement).sheet;
    this.adapt(sheet);
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

  private change(kind: unknown, operands: unknown[]): Change {
    const css = (text: unknown): string => {
      if (typeof text !== 'string') throw new Invalid('rule');
      return this.addresses().css(text);
    };
    if (kind === 'r') {
      const text = css(operands[0]);
      return (sheet) => this.replace(sheet, text);
    }
    const path = pathIn(operands[0]);
    const last = path.pop()!;
    const within = (run: (list: CSSRuleList, owner: Owner) => void): Change => (sheet) => {
      const owner = ownerAt(sheet, path);
      if (owner !== null) run(owner.cssRules, owner);
    };
    const rule = (run: (rule: CSSStyleRule) => void): Change => within((list) => list[last] && run(list[last] as CSSStyleRule));
    const text = kind === 'd' ? '' : kind === 'p' ? css(operands[2]) : css(operands[1]);
    switch (kind) {
      case 'i':
        return within((list, owner) => {
          const at = Math.min(last, list.length);
          insert(owner, text, at);
          if (list[at]) adapt(list[at], this.answer);
        });
      case 'd':
        return within((list, owner) => remove(owner, last, list));
      case 's':
        return rule((at) => this.head(at, text));
      case 'c':
        return rule((at) => at.style && (at.style.cssText = text));
      case 'p':
        return rule((at) => at.style?.setProperty(String(operands[1]), text, String(operands[3])));
    }
    throw new Invalid('rule');
  }

  /** Sets what is before a rule's braces. */
  private head(rule: CSSRule, text: string): void {
    const { media, selectorText, keyText } = rule as CSSMediaRule & CSSStyleRule & CSSKeyframeRule;
    if (media) media.mediaText = this.answer(text);
    else if (selectorText !== undefined) (rule as CSSStyleRule).selectorText = askingFor(text);
    else if (keyText !== undefined) (rule as CSSKeyframeRule).keyText = text;
    else if ('findRule' in rule) (rule as CSSKeyframesRule).name = text;
  }

  private replace(sheet: CSSStyleSheet, text: string): void {
    if (sheet.ownerNode === null) {
      sheet.replaceSync(text);
      return this.adapt(sheet);
    }
    while (sheet.cssRules.length > 0) sheet.deleteRule(0);
    for (const rule of rulesOf(this.make(text))) insert(sheet, rule, sheet.cssRules.length);
  }
}

type Owner = CSSStyleSheet | CSSGroupingRule;

function pathIn(path: unknown): number[] {
  const list = typeof path === 'number' ? [path] : path;
  if (!Array.isArray(list) || list.length === 0 || !list.every((n) => Number.isSafeInteger(n) && n >= 0)) throw new Invalid('rule');
  return [...list] as number[];
}

/** The sheet or rule that a path leads to; null where this browser has none there. */
function ownerAt(sheet: CSSStyleSheet, path: number[]): Owner | null {
  let at: Owner = sheet;
  for (const index of path) {
    const next = at.cssRules[index] as CSSGroupingRule | undefined;
    if (next?.cssRules === undefined) return null;
    at = next;
  }
  return at;
}

const rulesOf = (sheet: CSSStyleSheet): string[] => Array.from(sheet.cssRules, (rule) => rule.cssText);

/** A rule that only the leader's browser understands takes its place all the same, since later ones are counted. */
function insert(owner: Owner, text: string, at: number): void {
  if ('appendRule' in owner) return (owner as unknown as CSSKeyframesRule).appendRule(text);
  try {
    owner.insertRule(text, at);
  } catch {
    owner.insertRule('tandem-none {}', at);
  }
}

function remove(owner: Owner, index: number, list: CSSRuleList): void {
  if (index >= list.length) return;
  if ('findRule' in owner) (owner as unknown as CSSKeyframesRule).deleteRule((list[index] as CSSKeyframeRule).keyText);
  else owner.deleteRule(index);
}
