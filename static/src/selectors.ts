// Selectors of attributes by an address, or for *= by a part of a host, match what the tree holds as well: twin of
// rewrite/selector.go. And back: pages read the selectors that they wrote.

import { quote, unescapeCSS } from './css';
import { apply, includes, indexOf, slice, type Native } from './natives';

type Map = (url: string) => string;

const exec = RegExp.prototype.exec as Native;
const match = (re: RegExp, text: string): RegExpExecArray | null => apply(exec, re, [text]);
const test = (re: RegExp, text: string): boolean => match(re, text) !== null;

/** Whether a text could have such a selector: asked first, as few have. */
const mayHave = (text: string): boolean => includes(text, '="') || includes(text, "='") || includes(text, '= ');

/** Each such selector in a text gets an alternative. */
export function mapSelectors(text: string, map: Map): string {
  if (!mayHave(text)) return text;
  let out = '', done = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"' || text[at] === "'") at = stringEnd(text, at);
    else if (text[at] === '/' && text[at + 1] === '*') at = commentEnd(text, at);
    if (text[at] !== '[') continue;
    const selector = attributeAt(text, at);
    if (!selector) continue;
    const mapped = alternative(selector, map);
    if (mapped !== undefined) {
      out += slice(text, done, at) + `:is(${selector.text},${mapped})`;
      done = at + selector.text.length;
    }
    at += selector.text.length - 1;
  }
  return out + slice(text, done);
}

/** Takes the alternatives away again. */
export function authorSelectors(text: string, map: Map): string {
  let out = '', done = 0;
  for (let at = indexOf(text, ':is(['); at >= 0; at = indexOf(text, ':is([', at + 1)) {
    const first = attributeAt(text, at + 4);
    if (!first) continue;
    let next = at + 4 + first.text.length;
    if (text[next++] !== ',') continue;
    if (text[next] === ' ') next++; // as browsers write it
    const mapped = alternative(first, map);
    if (mapped === undefined || slice(text, next, next + mapped.length + 1) !== mapped + ')') continue;
    out += slice(text, done, at) + first.text;
    done = next + mapped.length + 1;
  }
  return out + slice(text, done);
}

interface Selector {
  text: string;
  before: string;
  quote: string;
  value: string;
  after: string;
}

/** The selector of an attribute by a string that begins there, if one does. */
function attributeAt(text: string, at: number): Selector | undefined {
  let end = at + 1;
  while (end < text.length && text[end] !== ']') end = text[end] === '"' || text[end] === "'" ? stringEnd(text, end) + 1 : end + 1;
  const whole = slice(text, at, end + 1);
  const found = match(ATTRIBUTE, whole);
  return found ? { text: whole, before: found[1]!, quote: found[2]!, value: found[3]!, after: found[4]! } : undefined;
}

const ATTRIBUTE = /^(\[[\w\s|*\x80-\uffff-]*[~^$]?=\s*)(["'])((?:[^\\\n\r\f]|\\[^])*)\2(\s*[a-zA-Z]?\s*\])$/;

/** The same selector by the mapped value; undefined where nothing is mapped. */
function alternative(s: Selector, map: Map): string | undefined {
  const value = includes(s.value, '\\') ? unescapeCSS(s.value) : s.value;
  const mapped = mapAddress(value, map, includes(s.before, '*='));
  return mapped === value ? undefined : s.before + quote(mapped, s.quote) + s.after;
}

function mapAddress(value: string, map: Map, part: boolean): string {
  if (includes(value, '//')) return map(value);
  const slash = indexOf(value, '/'), host = slash < 0 ? value : slice(value, 0, slash);
  if (!part || !test(/^[a-z0-9.-]+$/, host) || !test(/[^]\./, host) || includes(host, '..')) return value;
  return slash < 0 ? hyphenated(host) : slice(map('//' + value), 2);
}

/** A part of a host name as it stands in a label (url.ts). */
function hyphenated(host: string): string {
  let out = '';
  for (let i = 0; i < host.length; i++) out += host[i] === '.' ? '-' : host[i] === '-' ? '--' : host[i];
  return out;
}

function commentEnd(text: string, at: number): number {
  const end = indexOf(text, '*/', at + 2);
  return end < 0 ? text.length : end + 1;
}

/** Where the string that begins there ends: at its closing quote. */
export function stringEnd(text: string, at: number): number {
  const mark = text[at];
  for (at++; at < text.length && text[at] !== mark; at++) if (text[at] === '\\') at++;
  return at;
}
