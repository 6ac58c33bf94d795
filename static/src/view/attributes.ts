// Which attributes the mirror gets, and as what. The server and the leader
// have judged them before; nothing here relies on that.

import type { Addresses } from './addresses';

export const HTML = 'http://www.w3.org/1999/xhtml';
export const SVG = 'http://www.w3.org/2000/svg';
export const MATHML = 'http://www.w3.org/1998/Math/MathML';
const XLINK = 'http://www.w3.org/1999/xlink';
const XML = 'http://www.w3.org/XML/1998/namespace';

/** They act, load, or ask the follower's browser for something of its own. */
const NEVER = new Set([
  'srcdoc', 'srcset', 'imagesrcset', 'imagesizes', 'nonce', 'integrity', 'autofocus', 'autoplay', 'ping', 'target', 'action', 'formaction',
  'http-equiv', 'is', 'download', 'accesskey', 'crossorigin', 'referrerpolicy', 'loading', 'manifest', 'autocomplete', 'attributionsrc', 'sandbox',
  'allow', 'csp', 'data', 'codebase', 'archive', 'classid', 'longdesc', 'cite', 'profile', 'popovertarget', 'command', 'commandfor',
  'xmlns', 'shadowrootmode', 'background',
]);

/** Elements that show what their src is. */
const SHOWN = new Set(['img', 'source', 'audio', 'video', 'track', 'input']);

/** Sets, changes or (null) removes an attribute as far as the mirror may have it. */
export function setAttribute(element: Element, name: string, value: string | null, addresses: Addresses): void {
  const shown = value === null ? null : judge(element, name.toLowerCase(), value, addresses);
  if (shown === null) remove(element, name);
  else write(element, name, shown);
  if (element.localName === 'body' && name.toLowerCase() === 'background') backdrop(element as HTMLElement, value, addresses);
}

/** The mirror's value for an attribute, or null when it gets none. */
function judge(element: Element, name: string, value: string, addresses: Addresses): string | null {
  if (name.startsWith('on') || name.startsWith('xmlns:') || NEVER.has(name)) return null;
  const tag = element.localName;
  const html = element.namespaceURI === HTML;
  if (html && (tag === 'script' || tag === 'base')) return name === 'type' || name === 'id' || name === 'class' ? value : null;
  switch (name) {
    case 'style':
      return addresses.css(value);
    case 'src':
      return html && SHOWN.has(tag) ? addresses.asset(value) || null : null;
    case 'poster':
      return addresses.asset(value) || null;
    case 'href':
    case 'xlink:href':
      return link(element, tag, html, value, addresses);
    case 'rel':
      return tag === 'link' ? relation(value) : value;
    case 'type':
      // A sandbox has no plug-ins; a document it shows without being told of a type.
      return tag === 'embed' || tag === 'object' ? null : value;
    case 'popover':
      return 'manual'; // opens and closes when the leader's does, and by nothing else
    case 'content':
      return /refresh|url\s*=/i.test(value) ? null : value;
    case 'preload':
      return 'metadata';
  }
  return !html && /url\s*\(/i.test(value) ? addresses.css(value) : value;
}

function link(element: Element, tag: string, html: boolean, value: string, addresses: Addresses): string | null {
  if (tag === 'a' || tag === 'area') return /^[\s\0-\x1f]*(?:javascript|data|vbscript|blob|file):/i.test(value) ? '#' : value;
  if (html) return tag === 'link' ? addresses.asset(value) || null : null;
  return tag === 'script' ? null : addresses.reference(value) || null;
}

/** A link may bring a style sheet. Every other kind would only load what nobody looks at. */
function relation(value: string): string {
  const words = value.toLowerCase().split(/\s+/);
  return words.includes('stylesheet') ? words.filter((w) => w === 'stylesheet' || w === 'alternate').join(' ') : 'tandem-' + words.join('-');
}

function backdrop(body: HTMLElement, value: string | null, addresses: Addresses): void {
  const url = value === null ? '' : addresses.asset(value);
  body.style.backgroundImage = url === '' ? '' : `url(${JSON.stringify(url)})`;
}

function namespaceOf(element: Element, name: string): string | null {
  if (element.namespaceURI === HTML) return null;
  if (name.startsWith('xlink:')) return XLINK;
  return name.startsWith('xml:') ? XML : null;
}

function remove(element: Element, name: string): void {
  const namespace = namespaceOf(element, name);
  if (namespace === null) element.removeAttribute(name);
  else element.removeAttributeNS(namespace, name.slice(name.indexOf(':') + 1));
}

function write(element: Element, name: string, value: string): void {
  const namespace = namespaceOf(element, name);
  if (namespace !== null) return element.setAttributeNS(namespace, name, value);
  if (element.getAttribute(name) === value) return; // writing an address again would load it again
  try {
    element.setAttribute(name, value);
  } catch {
    writeOdd(element, name, value);
  }
}

/** Frameworks write names like `@click` and `[hidden]`, which a parser takes and setAttribute does not. */
function writeOdd(element: Element, name: string, value: string): void {
  if (/[\s"'<>/=\0]/.test(name)) return;
  const parsed = new DOMParser().parseFromString(`<p ${name}>`, 'text/html').querySelector('p');
  const attr = parsed?.attributes[0];
  if (!attr || attr.name.toLowerCase() !== name.toLowerCase()) return;
  parsed!.removeAttributeNode(attr);
  attr.value = value;
  element.setAttributeNode(element.ownerDocument.adoptNode(attr));
}
