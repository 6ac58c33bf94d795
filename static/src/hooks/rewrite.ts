// Everything a hook may want rewritten, by what it is.

import { rewriteCSS } from '../css';
import { escape, rewriteHTML, rewriteList, rewriteRefresh, rewriteSrcset, type AttributeKind, type HTMLSinks } from '../html';
import { guard, includes, indexOf, slice, toJSON, toLowerCase, trim, type Any } from '../natives';
import type { Realm } from '../realm';
import { rewriteScript, rewriteScriptURL, scriptKind } from '../script';
import * as dom from './dom';

/** What becomes of HTML: markup only, or a document or fragment whose scripts will run. */
export type HTMLUse = 'inert' | 'runs';

export const css = (realm: Realm, text: string): string =>
  guard(() => rewriteCSS(text, (url) => realm.urls.map(url)), text);

/** HTML as the browser may have it. Never throws. */
export function html(realm: Realm, text: string, use: HTMLUse): string {
  return guard(() => rewriteHTML(text, sinks(realm, use)), text);
}

function sinks(realm: Realm, use: HTMLUse): HTMLSinks {
  return {
    value: (kind, value, tag) => rewriteValue(realm, kind, value, tag),
    style: (text) => css(realm, text),
    script: use === 'inert' ? undefined : (text, type) => {
      const kind = scriptKind(type);
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
  dom.setInnerHTML(holder!, `<i a=${mark}${raw}${mark}>`);
  const value = dom.getAttribute(dom.firstElementChild(holder!)!, 'a') ?? '';
  dom.setInnerHTML(holder!, '');
  return value;
}

export function rewriteValue(realm: Realm, kind: AttributeKind, value: string, tag: string): string {
  const map = (url: string) => realm.urls.map(url);
  switch (kind) {
    case 'url': return rewriteScriptURL(realm, map(value));
    case 'urls': return rewriteList(value, map);
    case 'srcset': return rewriteSrcset(value, map);
    case 'style': return css(realm, value);
    case 'refresh': return tag === 'meta' ? rewriteRefresh(value, map) : value;
    case 'equiv': return includes(toLowerCase(value), 'content-security-policy') ? 'x-' + trim(value) : value;
    case 'document': return frameDocument(realm, value);
    case 'handler': return rewriteScript(realm, value, 'handler');
    case 'aside': return value;
  }
}

/** A srcdoc document: rewritten, with our script first in it, as the server does for documents it sends. */
export function frameDocument(realm: Realm, text: string): string {
  const config = { ...realm.config, url: 'about:srcdoc', referrer: realm.urls.unmap(dom.documentURL(realm.global)) };
  const script = `<script src="${realm.home}/.tandem/sync.js" data-tandem="${escape(toJSON(config))}"></script>`;
  const doctype = doctypeEnd(text);
  return slice(text, 0, doctype) + script + html(realm, slice(text, doctype), 'runs');
}

/** Length of the doctype at the start, which has to stay first. */
function doctypeEnd(text: string): number {
  if (toLowerCase(slice(trim(text), 0, 9)) !== '<!doctype') return 0;
  return indexOf(text, '>') + 1;
}
