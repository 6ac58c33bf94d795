// What nodes are called in the mirror.

import { DOCTYPE, DOCUMENT, ELEMENT, FRAGMENT, HTML, localName, MATHML, namespaceOf, nodeType, SVG } from './dom';

/** The tags of what is not an element. */
export const TEXT = '';
export const DOCTYPE_TAG = '!';
/** A shadow root, or a template's content. */
export const ROOT = '#';
export const WHOLE = '#document';

/** A node's tag in the mirror. */
export function tagOf(node: Node): string {
  switch (nodeType(node)) {
    case ELEMENT:
      return elementTag(node as Element);
    case FRAGMENT:
      return ROOT;
    case DOCUMENT:
      return WHOLE;
    case DOCTYPE:
      return DOCTYPE_TAG;
  }
  return TEXT;
}

function elementTag(element: Element): string {
  switch (namespaceOf(element)) {
    case HTML:
      return localName(element);
    case SVG:
      return 'svg:' + localName(element);
    case MATHML:
      return 'math:' + localName(element);
  }
  return localName(element);
}
