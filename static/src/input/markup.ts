// HTML that a follower pastes. It may hold anything, and the page may put it into itself as it is: what is handed on is
// written anew from texts, and from elements and attributes that say how a text is laid out and do nothing.

import { method } from '../natives';
import { ownHTML } from '../trusted';
import { attribute, isElement, localName } from './dom';

const parse = method(DOMParser.prototype, 'parseFromString') as (parser: DOMParser, text: unknown, type: string) => Document;
const ParserNative = DOMParser;

/** What is kept, with the attributes that are. Of other elements what is in them is. */
const KEPT: Record<string, string> = {
  a: 'href', abbr: 'title', ol: 'start', td: 'colspan rowspan', th: 'colspan rowspan', img: 'src alt width height',
};
for (const name of ('b strong i em u s del ins sub sup small mark code kbd samp pre q cite br hr p div span h1 h2 h3 h4 h5 h6 blockquote ul li dl dt dd ' +
  'table caption thead tbody tfoot tr').split(' ')) KEPT[name] = '';
/** Of these nothing is. */
const DROPPED = new Set((
  'head script style template noscript noframes iframe frame object embed applet svg math textarea select title xmp plaintext canvas audio video'
).split(' '));
const EMPTY = new Set(['br', 'hr', 'img']);
const DEEPEST = 100;

/** The harmless part of a piece of HTML. map makes of the addresses of links what they are in the page. */
export function harmless(html: string, map: (url: string) => string = (url) => url): string {
  const { body } = parse(new ParserNative(), ownHTML(html), 'text/html');
  return inside(body, map, 0);
}

function inside(parent: Node, map: (url: string) => string, depth: number): string {
  let out = '';
  for (let node = parent.firstChild; node !== null && depth < DEEPEST; node = node.nextSibling) {
    if (node.nodeType === Node.TEXT_NODE) out += escaped(node.nodeValue ?? '');
    else if (isElement(node)) out += written(node, map, depth);
  }
  return out;
}

function written(element: Element, map: (url: string) => string, depth: number): string {
  const name = localName(element);
  if (DROPPED.has(name)) return '';
  const within = EMPTY.has(name) ? '' : inside(element, map, depth + 1);
  if (!Object.hasOwn(KEPT, name)) return within;
  let tag = `<${name}`;
  for (const key of ['dir', 'lang', ...KEPT[name]!.split(' ')]) {
    const value = key === '' ? null : attribute(element, key);
    const kept = value === null ? null : key === 'href' ? address(value, map) : key === 'src' ? picture(value) : value;
    if (key === 'src' && kept === null) return '';
    if (kept !== null) tag += ` ${key}="${escaped(kept)}"`;
  }
  return EMPTY.has(name) ? `${tag}>` : `${tag}>${within}</${name}>`;
}

/** A link may lead to the web; a picture may not be fetched from there. */
const address = (url: string, map: (url: string) => string): string | null => (/^(https?:\/\/|mailto:)/i.test(url) ? map(url) : null);
const picture = (url: string): string | null => (/^data:image\/(png|jpeg|gif|webp);base64,[\w+/=]*$/i.test(url) ? url : null);

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
