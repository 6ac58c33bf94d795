// What stays in the visitor's browser. Decided here, before anything is queued; the server checks what it can again.
//
// Always: what password, card and one-time-code fields hold. By the site's attributes or the operator's rules: all
// within an element, or the element itself. What once was hidden stays so, wherever it is moved and whatever becomes
// of the attribute or rule. A rule that the browser does not understand hides the whole document, and so do rules that
// take long to match in it: the visitor's page must not stand still.

import { MASK } from '../ops';
import { matchesPath, type DocumentRule } from '../pages';
import {
  attribute, areaValue, guard, hasAttribute, inputType, inputValue, isElement, isHTML, localName, matches, namespaceOf, newElement, now, SVG, up,
} from './dom';

/** How much of an element is told. */
export type Level = 0 | 1 | 2 | 3 | 4;
export const OPEN = 0;
/** Not what the field holds. */
export const FIELD = 1;
/** No text, value or picture, unless a site or rule allows it. */
export const PRIVATE = 2;
/** No text, value or picture. */
export const HIDDEN = 3;
/** A box of its size. */
export const BLOCKED = 4;

const HIDE = 'data-tandem-mask';
const BLOCK = 'data-tandem-block';
const ALLOW = 'data-tandem-allow';

/** What rules that apply now select; '' for nothing. */
interface Selected {
  mask: string;
  block: string;
  allow: string;
  protect: string;
  types: string;
}

const NOTHING: Selected = { mask: '', block: '', allow: '', protect: '', types: '' };

/** How long looking for what rules select may take: at once, and of all the time that passes. */
const PATIENCE = 1000; // ms
const SHARE = 0.1;

export class Masks {
  private readonly once = new WeakSet<Element>();
  /** Names and ids of password fields, for pages that swap in a text field to show a password. */
  private readonly names = new Set<string>();
  /** What was hidden, with all that was in it. */
  private readonly kept = new WeakMap<Node, Level>();
  private all: DocumentRule[] = [];
  private selected = NOTHING;
  private typesAll = false;
  /** Any of them, for one look at each element. */
  private any = anyOf(NOTHING);
  /** There are selectors among them. */
  private ruled = false;
  private path: string | null = null;
  /** Of the document as a whole. */
  private ground: Level = OPEN;
  private around: Level = OPEN;
  /** Something was hidden besides fields. */
  hides = false;
  /** Looking took too long, so all is hidden from then on and nothing looked for. */
  private tooSlow = false;
  private spent = 0;
  private looked = 0;

  /** `gaveUp` hears, once, that all is hidden, and more of it than was. */
  constructor(private readonly gaveUp: () => void = () => undefined, private readonly clock: () => number = now) {}

  /** Runs a search for what rules select, on the clock. */
  timed<T>(search: () => T): T {
    const began = this.clock();
    const found = search();
    this.spend(began);
    return found;
  }

  private spend(began: number): void {
    const ended = this.clock();
    this.spent = Math.max(0, this.spent - SHARE * (began - this.looked)) + ended - began;
    this.looked = ended;
    if (this.spent > PATIENCE && !this.tooSlow) {
      this.tooSlow = this.hides = true;
      this.ground = HIDDEN;
      this.selected = NOTHING;
      this.any = anyOf(NOTHING);
      this.ruled = false;
      this.gaveUp();
    }
  }

  private selects(element: Element, selector: string): boolean {
    if (selector === '') return false;
    const began = this.clock();
    const found = matches(element, selector);
    this.spend(began);
    return found;
  }

  /** How the document's root is treated before anything else is known of it. */
  get base(): Level {
    return this.ground > this.around ? this.ground : this.around;
  }

  /** The document is in a frame that is treated so. True when that changes something. */
  surround(level: Level): boolean {
    if (level <= this.around || level <= FIELD) return false;
    const before = this.base;
    this.around = level;
    this.hides = true;
    return this.base !== before;
  }

  /** Takes the operator's rules. True when that changes something. */
  rules(rules: DocumentRule[]): boolean {
    this.all = rules;
    return this.apply();
  }

  /** The document is at a path, or at none. True when other rules are for it. */
  at(path: string | null): boolean {
    if (path === this.path) return false;
    this.path = path;
    return this.apply();
  }

  private apply(): boolean {
    if (this.tooSlow) return false;
    const [selected, base] = [this.selected, this.ground];
    const now = this.all.filter((rule) => this.path === null || matchesPath(rule.path, this.path));
    const of = (treatment: string, only = (_: DocumentRule) => true) =>
      now.filter((rule) => rule.treatment === treatment && only(rule)).map((rule) => rule.selector).join();
    this.selected = {
      mask: of('mask'), block: of('block'), allow: of('allow'), protect: of('protect'), types: of('mask', (rule) => rule.types),
    };
    const secret = now.filter((rule) => rule.treatment === 'private');
    this.typesAll = secret.some((rule) => rule.types);
    if (secret.length > 0 && this.ground < PRIVATE) this.ground = PRIVATE;
    if (!understood(this.selected)) {
      this.ground = HIDDEN;
      this.selected = NOTHING;
    }
    if (this.ground >= PRIVATE || this.selected.mask + this.selected.block !== '') this.hides = true;
    this.any = anyOf(this.selected);
    this.ruled = this.selected.mask + this.selected.block + this.selected.allow !== '';
    const same = (Object.keys(NOTHING) as (keyof Selected)[]).every((key) => selected[key] === this.selected[key]);
    return !same || base !== this.ground;
  }

  /** What may come to be hidden by a change elsewhere; '' for nothing. */
  get contextual(): string {
    const { mask, block } = this.selected;
    const both = mask && block ? `${mask},${block}` : mask + block;
    return /[\s>+~:]/.test(both) ? both : '';
  }

  /** An element's level in what has a level; remembered when it hides. */
  level(element: Element, around: Level): Level {
    let level: Level = around === FIELD ? OPEN : around;
    let own: Level = (this.hides ? this.kept.get(element) : OPEN) ?? OPEN;
    if (this.ruled ? this.selects(element, this.any) : matches(element, this.any)) {
      const { mask, block, allow } = this.selected;
      if (level === PRIVATE && (hasAttribute(element, ALLOW) || this.selects(element, allow))) level = OPEN;
      if (hasAttribute(element, BLOCK) || this.selects(element, block)) own = BLOCKED;
      else if (own < HIDDEN && (hasAttribute(element, HIDE) || this.selects(element, mask))) own = HIDDEN;
    }
    if (this.tooSlow && own < HIDDEN) own = HIDDEN;
    if (own > level) level = own;
    if (level < PRIVATE) return this.field(element) ? FIELD : level;
    if (level < BLOCKED && isPicture(element)) level = BLOCKED;
    this.keep(element, level);
    return level;
  }

  /** A text's level in what has a level. */
  text(node: Node, around: Level): Level {
    if (this.tooSlow && around < HIDDEN) around = HIDDEN;
    if (around >= PRIVATE) this.keep(node, around);
    else if (this.hides) return this.kept.get(node) ?? around;
    return around;
  }

  /** Hides a node for good. */
  keep(node: Node, level: Level): void {
    this.hides = true;
    if ((this.kept.get(node) ?? OPEN) < level) this.kept.set(node, level);
  }

  /** The level of a node wherever it is. */
  of(node: Node): Level {
    if (!isElement(node)) {
      const above = up(node);
      return above === null ? this.base : this.text(node, this.of(above));
    }
    const above = up(node);
    return this.level(node, above === null || !this.inside(node) ? this.base : this.of(above));
  }

  private inside(node: Node): boolean {
    const above = up(node);
    return above !== null && (isElement(above) || up(above) !== null);
  }

  masked(node: Node): boolean {
    return this.of(node) !== OPEN;
  }

  /** Whether followers may fill in what they cannot see. */
  types(node: Node): boolean {
    if (!isElement(node)) return false;
    if (this.tooSlow) return false;
    return this.selects(node, this.selected.types) || (this.typesAll && this.of(node) === PRIVATE);
  }

  /** Whether a rule keeps an element for the visitor. */
  protects(element: Element): boolean {
    return this.selects(element, this.selected.protect) || this.tooSlow;
  }

  /** Marks an element for good, because it is or was a password field. */
  stick(element: Element): void {
    this.once.add(element);
    for (const key of keys(element)) if (this.names.size < 1000) this.names.add(key);
  }

  /** Whether an element is a field whose value is nobody else's business. */
  field(element: Element): boolean {
    if (!isHTML(element)) return false;
    switch (localName(element)) {
      case 'input':
        return this.password(element) || secretPurpose(element);
      case 'textarea':
      case 'select':
        return secretPurpose(element);
    }
    return false;
  }

  private password(input: Element): boolean {
    if (this.once.has(input)) return true;
    const type = inputType(input);
    if (type === 'password' || (type === 'text' && keys(input).some((key) => this.names.has(key)))) {
      this.stick(input);
      return true;
    }
    return false;
  }
}

function anyOf({ mask, block, allow }: Selected): string {
  return [`[${HIDE}]`, `[${BLOCK}]`, `[${ALLOW}]`, mask, block, allow].filter((each) => each !== '').join();
}

/** Whether the browser understands all of it: one selector that it does not would switch off the others. */
function understood(selected: Selected): boolean {
  const probe = newElement('p');
  return guard(() => {
    for (const selector of Object.values(selected) as string[]) if (selector !== '') matches(probe, selector);
    return true;
  }, false);
}

/** What shows something by itself, not by text in it. */
function isPicture(element: Element): boolean {
  if (namespaceOf(element) === SVG) return localName(element) === 'svg';
  if (!isHTML(element)) return false;
  switch (localName(element)) {
    case 'img':
    case 'canvas':
    case 'video':
    case 'audio':
    case 'object':
    case 'embed':
    case 'picture':
    case 'meter':
    case 'progress':
      return true;
    case 'input':
      return inputType(element) === 'image' || inputType(element) === 'color' || inputType(element) === 'range';
  }
  return false;
}

function keys(element: Element): string[] {
  const out: string[] = [];
  for (const name of ['name', 'id']) {
    const value = attribute(element, name);
    if (value) out.push(name + '=' + value);
  }
  return out;
}

function secretPurpose(element: Element): boolean {
  const tokens = (attribute(element, 'autocomplete') ?? '').toLowerCase().split(/\s+/);
  return tokens.some((t) => t.startsWith('cc-') || t === 'one-time-code' || t.endsWith('-password'));
}

/** Whether what a masked field holds is a secret wherever it stands. A card's owner and date are also those of others. */
export const isTelling = (field: Element): boolean => !/(?:^|\s)cc-(?!number|csc)/.test((attribute(field, 'autocomplete') ?? '').toLowerCase());

/** What followers are told in place of a value. */
export const hidden = (value: string): string => (value === '' ? '' : MASK);

/** What followers are told in place of a text: where there are only blanks, there still are. */
export const hiddenText = (text: string): string => (/^\s*$/.test(text) ? text : MASK);

/** What a hidden element keeps besides its place: how it is laid out and what it is, not what it says. */
const KEPT = new Set((
  'id class slot part dir type role hidden disabled readonly required multiple open rows cols size colspan rowspan span width height align ' +
  'valign for form tabindex contenteditable inert popover reversed start wrap exportparts xmlns'
).split(' '));

/**
 * An attribute of a masked element, without its value: pages copy what is typed to `data-value`, `title` or
 * `aria-valuetext`. Null when it is not told.
 */
export function maskedAttribute(element: Element, level: Level, name: string, value: string): string | null {
  if (level >= PRIVATE) {
    if (name === 'value') return localName(element) === 'input' || localName(element) === 'button' ? hidden(value) : null;
    if (name === 'style') return level === BLOCKED || /url\(|--|["'\\]|image\(/i.test(value) ? null : value;
    return KEPT.has(name) ? value : null;
  }
  if (name === 'value') return hidden(value);
  const secret = localName(element) === 'input' ? inputValue(element) : localName(element) === 'textarea' ? areaValue(element) : '';
  const leaks = secret.length > 2 ? value.includes(secret) : secret !== '' && value === secret;
  return leaks ? MASK : value;
}

/** What a document's style sheets write into its pages, by `content` and by what it may be made of. */
export function hiddenStyles(css: string): string {
  return css.replace(/((?:^|[;{\s])(?:content|--[\w-]+)\s*:)([^;}]*)/gi, (_, name: string, value: string) =>
    name + value.replace(/"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'/g, (text) => (/[\p{L}\p{N}]{2}/u.test(text.replace(/\\[0-9a-f]{1,6}\s?/gi, '')) && !/font/i.test(name) ? `"${MASK}"` : text)));
}
