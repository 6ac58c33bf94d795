// A place in edited text that outlives the nodes it is in.

import { clamp, collapse, contains, createWalker, isConnected, nextNode, nodeType, ownerDocument, parentNode, rangeText, rangeTo, textOf } from './dom';
import { shift } from './messages';

type Point = [node: Node, offset: number];

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
  const lookUp = host === null || node === host || !contains(host, node) ? null : lineOf(host, node, endOffset);
  return () => {
    const stayed = live.endContainer === node && live.endOffset === endOffset && isConnected(node);
    if (lookUp !== null && !stayed) return lookUp();
    return isConnected(live.endContainer) ? [live.endContainer, live.endOffset] : null;
  };
}

function lineOf(host: Element, node: Node, offset: number): () => Point | null {
  let line = node;
  for (let up = parentNode(line); up !== null && up !== host; up = parentNode(line)) line = up;
  const index = Array.prototype.indexOf.call(host.childNodes, line);
  const before = textOf(line) ?? '';
  const at = nodeType(line) === TEXT ? offset : rangeText(rangeTo(line, node, offset)).length;
  return () => {
    const now = parentNode(line) === host ? line : host.childNodes[Math.min(index, host.childNodes.length - 1)];
    return now === undefined ? null : textAt(now, shift(at, before, textOf(now) ?? ''));
  };
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
