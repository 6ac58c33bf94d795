// What CSS asks about an element and the leader's browser answered: told to
// the mirror's style sheets by attributes, for which their selectors are
// changed to ask. An attribute counts in a selector as a pseudo-class does.

import { STATES, type StateName } from '../ops';
import { HTML } from './attributes';

const PREFIX = 'data-tandem-';

/** The follower's own answer counts beside the leader's. */
const EITHER = new Set(['hover', 'active', 'focus', 'focus-within']);
/** Only the leader's counts. */
const LEADER = new Set(['focus-visible', 'target', 'fullscreen', 'user-valid', 'user-invalid', 'autofill', '-webkit-autofill', '-webkit-full-screen']);
const ASKED = /:(?:hover|active|focus|target|fullscreen|user-|autofill|-webkit-autofill|-webkit-full)/;

/** Sets and removes the attributes. */
export class States {
  private readonly marked = new Map<string, Element[]>();

  /** An element is in a state, or (null) none is any more. */
  set(name: StateName, element: Element | null): void {
    switch (name) {
      case 'hover':
      case 'active':
        return this.mark(name, element === null ? [] : around(element));
      default:
        this.mark(name, element === null ? [] : [element]);
    }
  }

  /** The leader's focus is on an element. */
  focus(element: Element | null): void {
    this.mark('focus', element === null ? [] : [element]);
    this.mark('focus-within', element === null ? [] : around(element));
  }

  /** An element is or is not in a state that any number may be in. */
  one(name: 'user-valid' | 'user-invalid' | 'autofill', element: Element, is: boolean): void {
    element.toggleAttribute(PREFIX + name, is);
  }

  private mark(name: string, elements: Element[]): void {
    const before = this.marked.get(name) ?? [];
    for (const element of before) if (!elements.includes(element)) element.removeAttribute(PREFIX + name);
    for (const element of elements) element.setAttribute(PREFIX + name, '');
    this.marked.set(name, elements);
  }

  clear(): void {
    this.marked.clear();
  }
}

export const isState = (name: unknown): name is StateName => STATES.includes(name as StateName);

/** An element with all it is in, in the flat tree. A label's control is pointed at with the label. */
function around(element: Element): Element[] {
  const out: Element[] = [];
  for (let at: Node | null = element; at !== null; at = (at as Element).assignedSlot ?? (at.nodeType === Node.DOCUMENT_FRAGMENT_NODE ? (at as ShadowRoot).host : at.parentNode)) {
    if (at.nodeType !== Node.ELEMENT_NODE) continue;
    out.push(at as Element);
    const control = at.nodeName === 'LABEL' && (at as Element).namespaceURI === HTML ? (at as HTMLLabelElement).control : null;
    if (control) out.push(control);
  }
  return out;
}

/** A selector that asks for the leader's states as well. */
export function askingFor(selector: string): string {
  if (!ASKED.test(selector) || selector.includes('[' + PREFIX)) return selector; // the latter: it does already
  let out = '';
  let element = false; // a pseudo-element came: nothing but plain pseudo-classes may follow
  for (let i = 0; i < selector.length;) {
    const c = selector[i]!;
    if (c === '"' || c === "'") {
      const end = stringEnd(selector, i);
      out += selector.slice(i, end);
      i = end;
    } else if (c === '\\') {
      out += selector.slice(i, i + 2);
      i += 2;
    } else if (c === ':' && selector[i + 1] === ':') {
      element = true;
      out += '::';
      i += 2;
    } else if (c === ':') {
      const name = /^[-\w]+/.exec(selector.slice(i + 1))?.[0] ?? '';
      const next = selector[i + 1 + name.length];
      out += element || next === '(' ? ':' + name : asked(name);
      i += 1 + name.length;
    } else {
      if (/[\s,>+~()&]/.test(c)) element = false;
      out += c;
      i++;
    }
  }
  return out;
}

function asked(name: string): string {
  if (EITHER.has(name)) return `:is(:${name}, [${PREFIX}${name}])`;
  if (name === '-webkit-autofill') return `[${PREFIX}autofill]`;
  if (name === '-webkit-full-screen') return `[${PREFIX}fullscreen]`;
  return LEADER.has(name) ? `[${PREFIX}${name}]` : ':' + name;
}

function stringEnd(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === text[from]) return i + 1;
  }
  return text.length;
}

/** Puts the leader's answers in the place of media queries. */
export function ask(list: MediaList, media: (text: string) => string): void {
  const shown = media(list.mediaText);
  if (shown !== list.mediaText) list.mediaText = shown;
}

/** Makes a rule, and those within it, ask for the leader's states and media. */
export function adapt(rule: CSSRule, media: (text: string) => string): void {
  const { selectorText, media: list, styleSheet } = rule as CSSStyleRule & CSSMediaRule & CSSImportRule;
  if (typeof selectorText === 'string' && ASKED.test(selectorText)) {
    const asking = askingFor(selectorText);
    if (asking !== selectorText) (rule as CSSStyleRule).selectorText = asking;
  }
  if (list) ask(list, media);
  const { cssRules } = (styleSheet ?? rule) as CSSGroupingRule;
  if (cssRules && !(rule as CSSKeyframesRule & { findRule?: unknown }).findRule) for (const inner of cssRules) adapt(inner, media);
}
