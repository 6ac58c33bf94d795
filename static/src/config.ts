// What the server tells the script of one document: the JSON in the attribute `data-tandem` of its own element,
// or, in a worker, a global that the served script sets before anything else.

import { deleteProperty, getter, guard, method, parseJSON, type Any } from './natives';

/** The content domain: every site is one label below `host`. */
export interface Content {
  scheme: string;
  host: string;
}

export interface Config {
  session: string;
  /** Canonical origin of the real site. */
  origin: string;
  /** Address of the document at the real site. */
  url: string;
  content: Content;
  /** What document.cookie starts as. */
  cookies: string;
  referrer: string;
  /** Shown to our endpoints, which documents without an origin of their own reach without cookies. */
  key: string;
  /** What document.contentType shall be, where it is not what the document is for the browser. */
  type: string;
  /** What the site's policies, as the browser has them, know our scripts by. */
  nonce: string;
  /** Whether our policy demands trusted types. */
  types: boolean;
}

const scope = globalThis as Any;
const currentScript = scope.Document && getter(scope.Document.prototype, 'currentScript');
const getAttribute = scope.Element && method(scope.Element.prototype, 'getAttribute');
const remove = scope.Element && method(scope.Element.prototype, 'remove');

/** Reads the configuration from the running script's element and removes the element: the page has no such thing. */
export function documentConfig(): Config | undefined {
  const element = currentScript?.(document) as Element | null;
  const text = element && (getAttribute(element, 'data-tandem') as string | null);
  if (!element || !text) return undefined;
  remove(element);
  return guard(() => checked(parseJSON(text)), undefined);
}

/** Takes the configuration that the worker script's first statement left. In a worker that has started there is none. */
export function workerConfig(): Config | undefined {
  const found = checked(scope.$tandem);
  if (found) deleteProperty(scope, '$tandem');
  return found;
}

function checked(value: Any): Config | undefined {
  if (typeof value?.session !== 'string' || typeof value.origin !== 'string') return undefined;
  if (typeof value.content?.scheme !== 'string' || typeof value.content.host !== 'string') return undefined;
  const text = (v: unknown) => (typeof v === 'string' ? v : '');
  return {
    session: value.session,
    origin: value.origin,
    url: text(value.url),
    content: { scheme: value.content.scheme, host: value.content.host },
    cookies: text(value.cookies),
    referrer: text(value.referrer),
    key: text(value.key),
    type: text(value.type),
    nonce: text(value.nonce),
    types: value.types === true,
  };
}
