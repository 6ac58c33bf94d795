// A place in edited text that outlives the nodes it is in.

import { contains, createWalker, isConnected, nextNode, nodeType, ownerDocument, parentNode, rangeText, textOf } from './dom';
import { shift } from './messages';

type Point = [node: Node, offset: number];

const TEXT = 3;
const SHOW_TEXT = 4;

/**
 * Remembers a place. The result is where it is now, given where a live range has it; null when it has gone. Within a
 * host, a place that was moved because its text was made anew is looked up by its characters, in the child of the
 * host it was in or the one that is there instead.
 */
export function placeIn(host: Element | null, node: Node, offset: number): (at: Node, by: number) => Point | null {
  const lookUp = host === null || node === host || !contains(host, node) ? null : lineOf(host, node, offset);
  return (at, by) => {
    const stayed = at === node && by === offset && isConnected(node);
    if (lookUp !== null && !stayed) return lookUp();
    return isConnected(at) ? [at, by] : null;
  };
}

function lineOf(host: Element, node: Node, offset: number): () => Point | null {
  let line = node;
  for (let up = parentNode(line); up !== null && up !== host; up = parentNode(line)) line = up;
  const index = Array.prototype.indexOf.call(host.childNodes, line);
  const before = textOf(line) ?? '';
  const at = nodeType(line) === TEXT ? offset : rangeText(line, node, offset).length;
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
