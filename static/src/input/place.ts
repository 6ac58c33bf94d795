// A place in edited text that outlives the nodes it is in.

import {
  clamp, collapse, contains, createWalker, firstChild, getSelection, isConnected, nextNode, nextSibling, nodeType, ownerDocument, parentNode,
  previousSibling, rangeText, rangeTo, setBaseAndExtent, textOf,
} from './dom';
import { shift } from './messages';

export type Point = [node: Node, offset: number];
/** A selection; its two ends are one for a caret. */
export type Selected = [anchor: Point, focus: Point];

/** A place by its characters: which child of the host it is in (its line), and how many of that one's text are before it. */
export interface Spot {
  line: number;
  chars: number;
  /** The line's whole text. */
  text: string;
}

const ELEMENT = 1;
const TEXT = 3;
const SHOW_TEXT = 4;

/**
 * Remembers a place: the result is where it is now, null when it has gone. Within a host, a place that was moved because
 * its text was made anew is looked up by its characters, in the child of the host it was in or the one there instead.
 */
export function placeIn(host: Element | null, node: Node, offset: number): () => Point | null {
  const live = rangeTo(node, node, clamp(node, offset));
  collapse(live, false);
  const { endOffset } = live;
  const spot = host === null || node === host ? null : spotOf(host, node, endOffset);
  const line = spot && lineAt(host!, spot.line);
  return () => {
    const stayed = live.endContainer === node && live.endOffset === endOffset && isConnected(node);
    if (spot === null || stayed) return isConnected(live.endContainer) ? [live.endContainer, live.endOffset] : null;
    const now = line !== null && parentNode(line) === host ? line : lineAt(host!, spot.line);
    return pointAt(host!, now, spot);
  };
}

/** A place by its characters; null when it is not in the host. */
export function spotOf(host: Element, node: Node, offset: number): Spot | null {
  if (!contains(host, node)) return null;
  if (node === host) {
    const line = lineAt(host, offset);
    return line === null ? { line: 0, chars: 0, text: '' } : { line: offset, chars: 0, text: textOf(line) ?? '' };
  }
  let line = node;
  for (let up = parentNode(line); up !== null && up !== host; up = parentNode(line)) line = up;
  let index = 0;
  for (let at = previousSibling(line); at !== null; at = previousSibling(at)) if (isLine(at)) index++;
  const chars = nodeType(line) === TEXT ? clamp(node, offset) : rangeText(rangeTo(line, node, clamp(node, offset))).length;
  return { line: index, chars, text: textOf(line) ?? '' };
}

/** Where characters of a line are now, of which it had that text; null when the host is not shown any more. */
export function pointOf(host: Element, line: number, chars: number, text: string | null): Point | null {
  const now = lineAt(host, line);
  return pointAt(host, now, { line, chars, text: text ?? (now && textOf(now)) ?? '' });
}

function pointAt(host: Element, line: Node | null, { chars, text }: Spot): Point | null {
  if (!isConnected(host)) return null;
  return line === null ? [host, 0] : textAt(line, shift(chars, text, textOf(line) ?? ''));
}

/** The child of a host with a number, or its last. */
function lineAt(host: Element, index: number): Node | null {
  let last: Node | null = null;
  for (let at = firstChild(host); at !== null && index >= 0; at = nextSibling(at)) {
    if (!isLine(at)) continue;
    last = at;
    index--;
  }
  return last;
}

/** Mirrors have no others. */
function isLine(node: Node): boolean {
  return nodeType(node) === ELEMENT || nodeType(node) === TEXT;
}

/** The text that ends at or after a number of characters; the beginning of a line without any. */
function textAt(line: Node, at: number): Point {
  if (nodeType(line) === TEXT) return [line, at];
  const walker = createWalker(ownerDocument(line)!, line, SHOW_TEXT);
  for (let text = nextNode(walker); text !== null; text = nextNode(walker)) {
    const length = textOf(text)!.length;
    if (at <= length) return [text, at];
    at -= length;
  }
  return [line, 0];
}

/**
 * Remembers the document's selection: the result is where that text is now, null when it has gone. In a host that
 * several people edit it is found again, too, when the page has made the text anew, as many editors do at every key.
 */
export function savedSelection(document: Document, host: Element | null = null): () => Selected | null {
  const { anchorNode, anchorOffset, focusNode, focusOffset } = getSelection(document) ?? {};
  if (!anchorNode || !focusNode) return () => null;
  return heldSelection(host, [[anchorNode, anchorOffset!], [focusNode, focusOffset!]]);
}

/** The same for a selection that is not the document's. */
export function heldSelection(host: Element | null, [anchor, focus]: Selected): () => Selected | null {
  const start = placeIn(host, ...anchor);
  const end = anchor[0] === focus[0] && anchor[1] === focus[1] ? start : placeIn(host, ...focus);
  return () => {
    const from = start();
    const to = end();
    return from !== null && to !== null ? [from, to] : null;
  };
}

/** Makes two points the document's selection; false for null. */
export function select(selected: Selected | null): boolean {
  if (selected === null) return false;
  const [[anchor, anchorOffset], [focus, focusOffset]] = selected;
  const selection = getSelection(ownerDocument(anchor)!);
  if (selection !== null) setBaseAndExtent(selection, anchor, clamp(anchor, anchorOffset), focus, clamp(focus, focusOffset));
  return true;
}
