// Everything a hook may want rewritten, by what it is.

import { rewriteCSS } from '../css';
import { escape, rewriteHTML, rewriteList, rewriteRefresh, rewriteSrcset, type AttributeKind, type HTMLSinks } from '../html';
import { arrayIndexOf, guard, includes, indexOf, slice, toJSON, toLowerCase, trim, type Any } from '../natives';
import type { Realm } from '../realm';
import { markFrame } from '../framemarks';
import { hideAddress, hideType } from '../papers';
import { authorSelectors, mapSelectors } from '../selectors';
import { navigationURL, rewriteScript, rewriteScriptURL, scriptKind } from '../script';
import { ownHTML } from '../trusted';
import * as dom from './dom';
import { demandIntegrity, demandMapped } from './integrity';
import { mapPolicy } from './policy';

/** What becomes of HTML: markup only, also with shadow roots; a fragment whose scripts will run; a document, where both is so. */
export type HTMLUse = 'inert' | 'declares' | 'runs' | 'document';

export const css = (realm: Realm, text: string): string =>
  guard(() => {
    const map = (url: string) => realm.urls.map(url);
    return mapSelectors(rewriteCSS(text, map), map);
  }, text);

/** A style sheet, or a text that may hold one, as its author wrote it. */
export const authorCSS = (realm: Realm, text: string): string =>
  realm.urls.unmapText(authorSelectors(text, (url) => realm.urls.map(url)));

const NAVIGATING = ['iframe', 'frame', 'a', 'area', 'form', 'button', 'input', 'portal', 'fencedframe'];

/** HTML as the browser may have it. Never throws. */
export function html(realm: Realm, text: string, use: HTMLUse): string {
  return guard(() => rewriteHTML(text, sinks(realm, use)), text);
}

/** The same for HTML that comes in pieces: what of it cannot be told yet is left. */
export function htmlSoFar(realm: Realm, text: string): { ready: string; left: string } {
  return guard(() => {
    let end = text.length;
    const ready = rewriteHTML(text, { ...sinks(realm, 'document'), unfinished: (at) => { end = at; } });
    if (end === text.length) return { ready, left: '' };
    return { ready: html(realm, slice(text, 0, end), 'document'), left: slice(text, end) };
  }, { ready: text, left: '' });
}

function sinks(realm: Realm, use: HTMLUse): HTMLSinks {
  return {
    value: (kind, value, tag, saved) => rewriteValue(realm, kind, value, tag, saved),
    style: (text) => css(realm, text),
    integrity: (url, metadata) => demandIntegrity(realm, url, metadata),
    roots: use === 'declares' || use === 'document',
    script: use === 'inert' || use === 'declares' ? undefined : (text, type) => {
      const kind = scriptKind(type);
      if (kind === 'importmap') demandMapped(realm, text);
      return kind ? rewriteScript(realm, text, kind) : text;
    },
    decode,
  };
}

const scope = globalThis as Any;
const decoder: Document | undefined = scope.document && scope.document.implementation.createHTMLDocument('');
const holder: Element | undefined = decoder && dom.createElement(decoder, 'div');

/** Decodes character references as the parser does in a quoted attribute. */
function decode(raw: string): string {
  const mark = includes(raw, '"') ? "'" : '"';
  dom.setInnerHTML(holder!, ownHTML(`<i a=${mark}${raw}${mark}>`));
  const value = dom.getAttribute(dom.firstElementChild(holder!)!, 'a') ?? '';
  dom.setInnerHTML(holder!, ownHTML(''));
  return value;
}

/** A link with `download`, which saved tells of, is given the thing itself; other links and frames what may be a document. */
export function rewriteValue(realm: Realm, kind: AttributeKind, value: string, tag: string, saved: boolean): string {
  const map = (url: string) => realm.urls.map(url);
  switch (kind) {
    case 'url': if (tag === 'script') return realm.points.scriptURL?.(realm, map(value), 'script') ?? map(value);
      if (tag === 'iframe') markFrame(realm, map(value));
      return !saved && arrayIndexOf(NAVIGATING, tag) >= 0 ? navigationURL(realm, map(value)) : rewriteScriptURL(realm, map(value));
    case 'paper': return hideAddress(navigationURL(realm, map(value)));
    case 'type': return hideType(value);
    case 'urls': return rewriteList(value, map);
    case 'srcset': return rewriteSrcset(value, map);
    case 'style': return css(realm, value);
    case 'refresh': return tag === 'meta' ? rewriteRefresh(value, (url) => navigationURL(realm, map(url))) : value;
    case 'policy': return mapPolicy(realm, value);
    case 'equiv': return value;
    case 'document': return frameDocument(realm, value);
    case 'handler': return rewriteScript(realm, value, 'handler');
    case 'aside': return value;
  }
}

/** A srcdoc document, or another that the server does not see: rewritten, with our script first in it, as the server does for documents it sends. */
export function frameDocument(realm: Realm, text: string, url = 'about:srcdoc'): string {
  const doctype = doctypeEnd(text);
  return slice(text, 0, doctype) + ourScript(realm, url) + html(realm, slice(text, doctype), 'document');
}

/** The element of our script in a document that the server does not see. */
export function ourScript(realm: Realm, url: string, attributes = ''): string {
  const by = realm.urls.unmap(dom.documentURL(realm.global)), hash = indexOf(by, '#');
  const config = { ...realm.config, url, referrer: hash < 0 ? by : slice(by, 0, hash) };
  return `<script${attributes} nonce="${config.nonce}" src="${realm.home}/.tandem/sync.js" data-tandem="${escape(toJSON(config))}"></script>`;
}

/** Length of the doctype at the start, which has to stay first. */
function doctypeEnd(text: string): number {
  if (toLowerCase(slice(trim(text), 0, 9)) !== '<!doctype') return 0;
  return indexOf(text, '>') + 1;
}
