// The text that the visitor has selected to read or to show, and where the text is that somebody else has. What is
// selected in a field goes with its focus (focus.ts).

import type { Box } from '../port';
import type { Realm } from '../realm';
import {
  anchorNode, anchorOffset, focusNode, focusOffset, getter, isElement, isHTML, later, method, parentNode, selectionOf,
} from './dom';

const PERIOD_MS = 100;
const MOST_BOXES = 200;

const isEditable = getter<boolean>(HTMLElement.prototype, 'isContentEditable');
const collapsed = getter<boolean>(Selection.prototype, 'isCollapsed');
const newRange = method<[], Range>(Document.prototype, 'createRange');
const setStart = method<[Node, number], void>(Range.prototype, 'setStart');
const setEnd = method<[Node, number], void>(Range.prototype, 'setEnd');
const isEmpty = getter<boolean>(AbstractRange.prototype, 'collapsed');
const rectsOf = method<[], DOMRectList>(Range.prototype, 'getClientRects');
const rectCount = getter<number>(DOMRectList.prototype, 'length');
const rectAt = method<[number], DOMRect>(DOMRectList.prototype, 'item');

export interface SelectionContext {
  realm: Realm;
  document: Document;
  id(node: Node): number;
  node(id: number): Node | null;
  masked(node: Node): boolean;
  running(): boolean;
  send(message: { type: 'select'; sel: number[] | null }): void;
}

/** Tells of the selection when it has changed, ten times a second at most. */
export function reportSelection(ctx: SelectionContext): void {
  let told = '';
  let waiting = false;
  const tell = () => {
    waiting = false;
    const sel = ctx.running() ? selected(ctx) : null;
    if (`${sel}` === told) return;
    told = `${sel}`;
    ctx.send({ type: 'select', sel });
  };
  told = 'null';
  const changed = () => {
    if (waiting) return;
    waiting = true;
    later(tell, PERIOD_MS);
  };
  ctx.realm.listen(() => ctx.document, 'selectionchange', changed, { capture: true, passive: true });
}

function selected(ctx: SelectionContext): number[] | null {
  const selection = selectionOf(ctx.document);
  if (selection === null || collapsed(selection)) return null;
  const [anchor, focus] = [anchorNode(selection), focusNode(selection)];
  if (anchor === null || focus === null || edited(anchor) || ctx.masked(anchor) || ctx.masked(focus)) return null;
  const ids = [ctx.id(anchor), ctx.id(focus)] as const;
  return ids[0] && ids[1] ? [ids[0], anchorOffset(selection), ids[1], focusOffset(selection)] : null;
}

function edited(node: Node): boolean {
  const element = isElement(node) ? node : parentNode(node);
  return element !== null && isElement(element) && isHTML(element) && isEditable(element);
}

/** Where a selection is in the viewport; nothing when it is not here. */
export function boxesOf(ctx: Pick<SelectionContext, 'document' | 'node'>, [anchor, from, focus, to]: readonly number[]): Box[] {
  const [a, b] = [ctx.node(anchor!), ctx.node(focus!)];
  if (a === null || b === null) return [];
  const range = newRange(ctx.document);
  try {
    setStart(range, a, from!);
    setEnd(range, b, to!);
    if (isEmpty(range)) { // made from its end to its start
      setStart(range, b, to!);
      setEnd(range, a, from!);
    }
  } catch {
    return []; // it has changed meanwhile
  }
  const rects = rectsOf(range);
  const boxes: Box[] = [];
  for (let i = 0; i < rectCount(rects) && i < MOST_BOXES; i++) {
    const { x, y, width, height } = rectAt(rects, i);
    boxes[i] = { x, y, width, height };
  }
  return boxes;
}
