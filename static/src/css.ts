// Finds the URLs in style text: url() in any spelling, the strings of @import, image-set() and src(). Everything
// else is copied byte by byte. Relative URLs need no change, so most text has nothing to do (CSS Syntax §4.3).

import { charCodeAt, fromCodePoint, includes, indexOf, numberToString, parseInteger, slice, toLowerCase } from './natives';

/** Rewrites the URLs of a style sheet, of a rule, of declarations or of one value. */
export function rewriteCSS(text: string, map: (url: string) => string): string {
  if (!includes(text, '//') && !includes(text, '\\')) return text;
  return new Scanner(text, map).run();
}

/** Maps every URL of a style text, relative ones too. */
export function mapCSS(text: string, map: (url: string) => string): string {
  return new Scanner(text, map).run();
}

/** What a string or name with escapes stands for. */
export const unescapeCSS = (text: string): string => new Scanner(text, (url) => url).unescaped();

const STRING_FUNCTIONS = ' image-set( -webkit-image-set( src( image( cross-fade( ';

class Scanner {
  private at = 0;
  private done = 0;
  private out = '';
  /** Open brackets; `s` where strings are URLs. */
  private open = '';
  private importing = false;

  constructor(private readonly text: string, private readonly map: (url: string) => string) {}

  run(): string {
    const { text } = this;
    while (this.at < text.length) this.step(charCodeAt(text, this.at));
    return this.done ? this.out + slice(text, this.done) : text;
  }

  unescaped(): string {
    let out = '';
    while (this.at < this.text.length) out += this.text[this.at] === '\\' ? this.escape() : this.text[this.at++];
    return out;
  }

  private step(c: number): void {
    const { text } = this;
    if (c === 0x2f && text[this.at + 1] === '*') return this.skipTo('*/', 2);
    if (c === 0x22 || c === 0x27) return this.string(c);
    if (c === 0x40) return this.atKeyword();
    if (isNameCode(c) || (c === 0x5c && text[this.at + 1] !== '\n')) return this.name();
    if (c === 0x28) this.open += '(';
    else if (c === 0x29) this.open = slice(this.open, 0, -1);
    else if (c === 0x3b || c === 0x7b || c === 0x7d) this.importing = false;
    this.at++;
  }

  private skipTo(end: string, from: number): void {
    const found = indexOf(this.text, end, this.at + from);
    this.at = found < 0 ? this.text.length : found + end.length;
  }

  private atKeyword(): void {
    this.at++;
    this.importing = toLowerCase(this.ident()) === 'import';
  }

  private name(): void {
    const name = toLowerCase(this.ident());
    if (this.text[this.at] !== '(') return;
    this.at++;
    if (name === 'url') return this.url();
    this.open += includes(STRING_FUNCTIONS, ` ${name}( `) ? 's' : '(';
  }

  /** An identifier with its escapes decoded. */
  private ident(): string {
    const { text } = this;
    let name = '';
    while (this.at < text.length) {
      const c = charCodeAt(text, this.at);
      if (c === 0x5c) name += this.escape();
      else if (isNameCode(c)) name += text[this.at++];
      else break;
    }
    return name;
  }

  /** The character of an escape, or nothing for an escaped line end. */
  private escape(): string {
    const { text } = this;
    this.at++;
    const start = this.at;
    while (this.at < start + 6 && isHex(charCodeAt(text, this.at))) this.at++;
    if (this.at === start) {
      const c = text[this.at] ?? '';
      this.at++;
      return c === '\n' || c === '\r' || c === '\f' ? '' : c;
    }
    const code = parseInteger(slice(text, start, this.at), 16);
    if (isSpace(charCodeAt(text, this.at))) this.at++;
    return code === 0 || code > 0x10ffff ? '\ufffd' : fromCodePoint(code);
  }

  private string(quote: number): void {
    const { start, value } = this.readString(quote);
    const wanted = this.importing || this.open[this.open.length - 1] === 's';
    if (this.importing) this.importing = false;
    if (wanted) this.replace(start, value);
  }

  private readString(quote: number): { start: number; value: string } {
    const { text } = this;
    const start = this.at++;
    let value = '';
    while (this.at < text.length) {
      const c = charCodeAt(text, this.at);
      if (c === 0x5c) {
        value += this.escape();
        continue;
      }
      if (c === 0x0a) return { start, value }; // a bad string ends at the line
      this.at++;
      if (c === quote) break;
      value += text[this.at - 1];
    }
    return { start, value };
  }

  private url(): void {
    const { text } = this;
    while (isSpace(charCodeAt(text, this.at))) this.at++;
    const c = charCodeAt(text, this.at);
    if (c === 0x22 || c === 0x27) {
      const { start, value } = this.readString(c);
      this.replace(start, value);
      this.open += '(';
      return;
    }
    const start = this.at;
    let value = '';
    while (this.at < text.length) {
      const d = charCodeAt(text, this.at);
      if (d === 0x29 || isSpace(d)) break;
      if (d === 0x5c && isSpace(charCodeAt(text, this.at + 1)) && text[this.at + 1] !== ' ' && text[this.at + 1] !== '\t') return this.badURL();
      value += d === 0x5c ? this.escape() : text[this.at++];
    }
    this.replace(start, value);
    this.open += '(';
  }

  /** What is no URL ends at its parenthesis. */
  private badURL(): void {
    const end = indexOf(this.text, ')', this.at);
    this.at = end < 0 ? this.text.length : end;
    this.open += '(';
  }

  /** Puts the mapped URL where [start, at) was, if it differs; quoted where it has to be. */
  private replace(start: number, url: string): void {
    this.importing = false;
    const mapped = this.map(url);
    if (mapped === url) return;
    const mark = this.text[start];
    const bare = mark !== '"' && mark !== "'" && isBare(mapped);
    this.out += slice(this.text, this.done, start) + (bare ? mapped : quote(mapped, mark === "'" ? "'" : '"'));
    this.done = this.at;
  }
}

/** Whether a URL may stand in url() without quotes. */
function isBare(url: string): boolean {
  for (let i = 0; i < url.length; i++) {
    const c = charCodeAt(url, i);
    if (c <= 0x20 || c === 0x22 || c === 0x27 || c === 0x28 || c === 0x29 || c === 0x5c || c === 0x7f) return false;
  }
  return true;
}

/** A string in the quotes given. */
export function quote(url: string, mark: string): string {
  let out = mark;
  for (let i = 0; i < url.length; i++) {
    const c = charCodeAt(url, i);
    if (c < 0x20 || c === 0x7f) out += `\\${numberToString(c, 16)} `;
    else out += url[i] === mark || c === 0x5c ? '\\' + url[i] : url[i];
  }
  return out + mark;
}

function isNameCode(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || (c >= 0x30 && c <= 0x39) || c === 0x2d || c === 0x5f || c >= 0x80;
}

const isHex = (c: number): boolean => (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66);
const isSpace = (c: number): boolean => c === 0x20 || c === 9 || c === 10 || c === 12 || c === 13;
