// Finds what has to change in HTML that a script hands to the browser, and splices it: attribute values, and the
// text of scripts and styles. Nothing is parsed into a tree and nothing else changes by a byte. The tokenizer
// knows the states that matter for finding tags (HTML §13.2.5): comments, raw text, and that svg and math have none.

import { attributes, type AttributeKind as Listed } from './attrs';
import {
  charCodeAt, defineProperty, hasOwn, includes, indexOf, NativeMap, mapGet, mapSet, ownKeys, slice, startsWith, toLowerCase,
  trim,
} from './natives';

/** What an attribute's value is. What those of meta are depends on each other and is decided where they are used. */
export type AttributeKind = Listed | 'handler' | 'refresh' | 'policy' | 'equiv';

/** How values are rewritten. Each gets decoded text and gives back the same string for no change. */
export interface HTMLSinks {
  value(kind: AttributeKind, value: string, tag: string, saved: boolean): string;
  style(text: string): string;
  /** Undefined where scripts do not run. */
  script?: (text: string, type: string | null) => string;
  /** Decodes character references as an attribute value does. */
  decode(raw: string): string;
  /** Whether templates may declare shadow roots. */
  roots?: boolean;
  /** Told where a script or style begins whose end is not there. */
  unfinished?: (at: number) => void;
  /** Told what a script that runs, or a link, demands of its address. */
  integrity?: (url: string, metadata: string) => void;
}

const kinds = new NativeMap<string, Record<string, AttributeKind>>();
{
  const names = ownKeys(attributes) as string[];
  for (let i = 0; i < names.length; i++) {
    const byTag = attributes[names[i]!]!;
    defineProperty(byTag, '__proto__', { value: null });
    mapSet(kinds, names[i]!, byTag);
  }
}

/** What an attribute of an element holds, if it is anything to us. Both names in lower case. */
export function attributeKind(name: string, tag: string): AttributeKind | undefined {
  if (tag === 'meta') return metaKind(name);
  const byTag = mapGet(kinds, name);
  if (byTag) return hasOwn(byTag, tag) ? byTag[tag] : hasOwn(byTag, '*') ? byTag['*'] : undefined;
  return charCodeAt(name, 0) === 0x6f && charCodeAt(name, 1) === 0x6e && name.length > 4 ? 'handler' : undefined;
}

const metaKind = (name: string): AttributeKind | undefined =>
  name === 'content' ? 'refresh' : name === 'http-equiv' ? 'equiv' : undefined;

/** Whether a pragma says that the element holds a policy (HTML §4.2.5.3). */
export const isPolicy = (pragma: string): boolean => toLowerCase(trim(pragma)) === 'content-security-policy';

/** Whether any element's attribute of that name matters, a cheap question for the hot path. */
export const mayMatter = (name: string): boolean =>
  mapGet(kinds, name) !== undefined || metaKind(name) !== undefined || (charCodeAt(name, 0) | 0x20) === 0x6f;

/** Put before the name of an attribute that must have no effect; reading undoes it. */
export const ASIDE = 'data-tandem-';

/** Whether attributes of that name are set aside, of some element. */
export function isAside(name: unknown): boolean {
  const byTag = typeof name === 'string' ? mapGet(kinds, toLowerCase(name)) : undefined;
  return byTag !== undefined && byTag[ownKeys(byTag)[0] as string] === 'aside';
}

/** The name by which a page knows an attribute. */
export const withoutAside = (name: string): string => (startsWith(name, ASIDE) ? slice(name, ASIDE.length) : name);

/** Goes first into a closed shadow root that markup declares, as the server writes it, too; see record/roots.ts. */
export const ROOT_TAG = 'tandem-root';
export const ROOT_MARK = `<${ROOT_TAG}></${ROOT_TAG}>`;

const HINTS = ['//', '\\', '&', 'srcdoc', 'javascript:', 'http-equiv', 'location', 'top', 'eval', 'import', 'postMessage', 'integrity', 'pdf', 'credentialless', 'csp', 'shadowrootmode'];

/** Whether rewriting could change anything; most strings that pages insert have nothing of it. */
function mayChange(html: string): boolean {
  if (!includes(html, '<')) return false;
  for (let i = 0; i < HINTS.length; i++) if (includes(html, HINTS[i]!)) return true;
  const lower = toLowerCase(html);
  return lower !== html && (includes(lower, 'srcdoc') || includes(lower, 'pdf') || includes(lower, 'shadowrootmode') || includes(lower, 'http-equiv') || includes(lower, 'javascript:'));
}

export function rewriteHTML(html: string, sinks: HTMLSinks): string {
  return sinks.unfinished || mayChange(html) ? new Splicer(html, sinks).run() : html;
}

interface Attribute {
  name: string;
  raw: string;
  /** Where the name begins. */
  start: number;
  /** Of the value with its quotes; both 0 when there is none. */
  from: number;
  to: number;
}

const RAW_TEXT = ' style script xmp iframe noembed noframes noscript textarea title plaintext ';

class Splicer {
  private at = 0;
  private done = 0;
  private out = '';
  /** Depth of open svg and math elements, in which raw text elements are ordinary ones. */
  private foreign = 0;

  constructor(private readonly html: string, private readonly sinks: HTMLSinks) {}

  run(): string {
    const { html } = this;
    for (;;) {
      const open = indexOf(html, '<', this.at);
      if (open < 0) break;
      this.at = open + 1;
      this.markup(charCodeAt(html, this.at));
    }
    return this.done ? this.out + slice(html, this.done) : html;
  }

  private markup(c: number): void {
    const { html } = this;
    if (isLetter(c)) return this.startTag();
    if (c === 0x2f) {
      if (isLetter(charCodeAt(html, this.at + 1))) this.endTag();
      else this.skipPast('>');
    } else if (startsWith(html, '!--', this.at)) {
      this.comment();
    } else if (this.foreign && startsWith(html, '![CDATA[', this.at)) {
      this.skipPast(']]>');
    } else if (c === 0x21 || c === 0x3f) {
      this.skipPast('>');
    }
  }

  private skipPast(end: string): void {
    const found = indexOf(this.html, end, this.at);
    this.at = found < 0 ? this.html.length : found + end.length;
  }

  /** `<!-->` and `<!--->` are whole comments; `--!>` ends one too. */
  private comment(): void {
    const { html } = this;
    this.at += 3;
    if (html[this.at] === '>') return void this.at++;
    if (startsWith(html, '->', this.at)) return void (this.at += 2);
    const plain = indexOf(html, '-->', this.at), odd = indexOf(html, '--!>', this.at);
    if (plain < 0 && odd < 0) this.at = html.length;
    else this.at = odd < 0 || (plain >= 0 && plain < odd) ? plain + 3 : odd + 4;
  }

  private endTag(): void {
    this.at++;
    const name = this.tagName();
    if (this.foreign && (name === 'svg' || name === 'math')) this.foreign--;
    this.attributes();
  }

  private tagName(): string {
    const { html } = this;
    const start = this.at;
    while (this.at < html.length && !isTagEnd(charCodeAt(html, this.at))) this.at++;
    return toLowerCase(slice(html, start, this.at));
  }

  private startTag(): void {
    const start = this.at - 1;
    const tag = this.tagName();
    const list = this.attributes();
    if (!list) return; // the tag never ends, so the browser drops it
    const closed = this.html[this.at - 2] === '/';
    const saved = (tag === 'a' || tag === 'area') && this.find(list, 'download') !== null;
    const policy = tag === 'meta' && this.isPolicy(list);
    if (tag === 'script' && this.sinks.script || tag === 'link') this.demand(list, tag === 'link' ? 'href' : 'src');
    for (let i = 0; i < list.length; i++) this.attribute(tag, list[i]!, saved, policy);
    if (tag === 'template' && this.sinks.roots && !this.foreign && this.declaresClosed(list)) this.replace(this.at, this.at, ROOT_MARK);
    if (tag === 'svg' || tag === 'math') {
      if (!closed) this.foreign++;
    } else if (!this.foreign && includes(RAW_TEXT, ` ${tag} `)) {
      this.rawText(tag, list);
      if (this.at === this.html.length && (tag === 'script' || tag === 'style')) this.sinks.unfinished?.(start);
    }
  }

  private attribute(tag: string, { name, raw, start, from, to }: Attribute, saved: boolean, policy: boolean): void {
    const kind = policy && name === 'content' ? 'policy' : attributeKind(name, tag);
    if (kind === 'aside') return this.replace(start, start, ASIDE);
    if (!kind || from === to) return;
    const { sinks } = this;
    const value = includes(raw, '&') ? sinks.decode(raw) : raw;
    const result = sinks.value(kind, value, tag, saved);
    if (result !== value) this.replace(from, to, `"${escape(result)}"`);
  }

  /** Tells what integrity a script or link demands. */
  private demand(list: Attribute[], address: string): void {
    const { integrity, decode } = this.sinks;
    const url = this.find(list, address), metadata = this.find(list, 'integrity');
    if (integrity && url && metadata) integrity(decode(url), decode(metadata));
  }

  private isPolicy(list: Attribute[]): boolean {
    const pragma = this.find(list, 'http-equiv') ?? '';
    return isPolicy(includes(pragma, '&') ? this.sinks.decode(pragma) : pragma);
  }

  private declaresClosed(list: Attribute[]): boolean {
    const mode = this.find(list, 'shadowrootmode');
    return mode !== null && toLowerCase(includes(mode, '&') ? this.sinks.decode(mode) : mode) === 'closed';
  }

  private replace(from: number, to: number, text: string): void {
    this.out += slice(this.html, this.done, from) + text;
    this.done = to;
  }

  /** Reads to the end of the tag; undefined when there is none. */
  private attributes(): Attribute[] | undefined {
    const { html } = this;
    const list: Attribute[] = [];
    for (;;) {
      while (this.at < html.length && (isSpace(charCodeAt(html, this.at)) || html[this.at] === '/')) this.at++;
      if (this.at >= html.length) return undefined;
      if (html[this.at] === '>') {
        this.at++;
        return list;
      }
      const found = this.readAttribute();
      if (!found) return undefined;
      defineProperty(list, list.length, { value: found, writable: true, enumerable: true, configurable: true });
    }
  }

  private readAttribute(): Attribute | undefined {
    const { html } = this;
    const start = this.at++;
    while (this.at < html.length && !isTagEnd(charCodeAt(html, this.at)) && html[this.at] !== '=') this.at++;
    const name = toLowerCase(slice(html, start, this.at));
    let next = this.at;
    while (isSpace(charCodeAt(html, next))) next++;
    if (html[next] !== '=') return { name, raw: '', start, from: 0, to: 0 };
    next++;
    while (isSpace(charCodeAt(html, next))) next++;
    const mark = html[next];
    if (mark === '"' || mark === "'") {
      const end = indexOf(html, mark, next + 1);
      if (end < 0) return undefined;
      this.at = end + 1;
      return { name, raw: slice(html, next + 1, end), start, from: next, to: this.at };
    }
    this.at = next;
    while (this.at < html.length && !isSpace(charCodeAt(html, this.at)) && html[this.at] !== '>') this.at++;
    return { name, raw: slice(html, next, this.at), start, from: next, to: this.at };
  }

  /** Skips (or rewrites) what follows a tag whose content is text up to its end tag. */
  private rawText(tag: string, list: Attribute[]): void {
    const from = this.at;
    const to = tag === 'plaintext' ? this.html.length : this.endOf(tag, from);
    this.at = to;
    const text = slice(this.html, from, to);
    let result = text;
    if (tag === 'style') result = this.sinks.style(text);
    else if (tag === 'script' && this.sinks.script && text) result = this.sinks.script(text, this.find(list, 'type'));
    if (result !== text) this.replace(from, to, result);
  }

  private endOf(tag: string, from: number): number {
    const { html } = this;
    for (let at = indexOf(html, '</', from); at >= 0; at = indexOf(html, '</', at + 2)) {
      const end = at + 2 + tag.length;
      if (toLowerCase(slice(html, at + 2, end)) === tag && (end >= html.length || isTagEnd(charCodeAt(html, end)))) return at;
    }
    return html.length;
  }

  private find(list: Attribute[], name: string): string | null {
    for (let i = 0; i < list.length; i++) if (list[i]!.name === name) return list[i]!.raw;
    return null;
  }
}

/** Text as the value of a double-quoted attribute. */
export function escape(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) out += text[i] === '&' ? '&amp;' : text[i] === '"' ? '&quot;' : text[i];
  return out;
}

/** The URLs of a srcset, each mapped, all else kept (HTML §4.8.4.4: a URL may hold commas but not end with one). */
export function rewriteSrcset(text: string, map: (url: string) => string): string {
  if (!includes(text, '//') && !includes(text, '\\')) return text;
  let out = '', done = 0, at = 0;
  while (at < text.length) {
    while (at < text.length && (isSpace(charCodeAt(text, at)) || text[at] === ',')) at++;
    const start = at;
    while (at < text.length && !isSpace(charCodeAt(text, at))) at++;
    let end = at;
    while (end > start && text[end - 1] === ',') end--;
    out += slice(text, done, start) + map(slice(text, start, end));
    done = end;
    if (end < at) continue; // a comma behind the URL: no descriptor
    for (let depth = 0; at < text.length && (depth || text[at] !== ','); at++) {
      if (text[at] === '(') depth++;
      else if (text[at] === ')' && depth) depth--;
    }
  }
  return out + slice(text, done);
}

/** A list of URLs and other words, parted by white space, commas or semicolons. */
export function rewriteList(text: string, map: (url: string) => string): string {
  let out = '';
  for (let at = 0; at < text.length;) {
    const start = at;
    while (at < text.length && isSeparator(charCodeAt(text, at))) at++;
    out += slice(text, start, at);
    const word = at;
    while (at < text.length && !isSeparator(charCodeAt(text, at))) at++;
    if (at > word) out += map(slice(text, word, at));
  }
  return out;
}

/** The URL of a refresh (HTML §4.2.5.3): `5; url='…'`. */
export function rewriteRefresh(text: string, map: (url: string) => string): string {
  let at = 0;
  while (at < text.length && (isSpace(charCodeAt(text, at)) || text[at] === '.' || isDigit(charCodeAt(text, at)))) at++;
  if (at === 0 || (text[at] !== ';' && text[at] !== ',')) return text;
  at++;
  while (isSpace(charCodeAt(text, at))) at++;
  if (toLowerCase(slice(text, at, at + 3)) === 'url') {
    let next = at + 3;
    while (isSpace(charCodeAt(text, next))) next++;
    if (text[next] === '=') {
      at = next + 1;
      while (isSpace(charCodeAt(text, at))) at++;
    }
  }
  const mark = text[at];
  let end = text.length;
  if (mark === '"' || mark === "'") {
    at++;
    const close = indexOf(text, mark, at);
    if (close >= 0) end = close;
  }
  return slice(text, 0, at) + map(slice(text, at, end)) + slice(text, end);
}

const isLetter = (c: number): boolean => (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;
const isSpace = (c: number): boolean => c === 0x20 || c === 9 || c === 10 || c === 12 || c === 13;
const isSeparator = (c: number): boolean => isSpace(c) || c === 0x2c || c === 0x3b;
const isTagEnd = (c: number): boolean => isSpace(c) || c === 0x2f || c === 0x3e;
