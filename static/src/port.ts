// What a content document and the visitor's shell say to each other over the
// MessagePort that the document hands over when it starts. The document has
// page authority only: the page may forge all of this, so nothing here raises a
// privilege. Requests from the shell are checked before they are acted on,
// because a page may get hold of a port by mistake.

import type { Input, SelectionIds, Way } from './input/messages';
import type { DocumentRule } from './pages';
import type { Level } from './record/mask';

/** Posted to the top window, with one end of a new channel. */
export interface Hello {
  tandem: 'hello';
  url: string;
  /** Whether the document is a tab's own, not a frame in one. */
  main: boolean;
}

/** Posted by the shell to a window, with the right to do once what takes a press. */
export interface Grant {
  tandem: 'granted';
  id: number;
}

/** Posted by a document to its parent once it knows its number. */
export interface FrameHello {
  tandem: 'frame';
  doc: number;
}

/** Asks a document in a frame to say so again: the one around it could not listen before. */
export interface FrameQuestion {
  tandem: 'which';
}

/** A parent's answer: how much may be told of what its frame shows. */
export interface FrameLevel {
  tandem: 'level';
  level: Level;
}

/** A place in a document: fractions of a node's box, and CSS pixels of the viewport. */
export interface Place {
  node: number;
  fx: number;
  fy: number;
  x: number;
  y: number;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What a mark does beside telling a place: the element there wiggles, or gets a frame. */
export type MarkKind = 'wiggle' | 'frame';

export type FromDocument =
  /** JSON text of an array of ops. */
  | { type: 'ops'; ops: string }
  | { type: 'page'; url: string; title: string; icon: string }
  | ({ type: 'pointer' } & Place)
  | ({ type: 'mark'; kind?: MarkKind } & Place)
  /** The visitor types in a field. */
  | { type: 'editing'; node: number }
  /** Which text is selected: anchor node and offset, focus node and offset. */
  | { type: 'select'; sel: number[] | null }
  /** The viewport's size, and what the browser says of itself in media queries: `feature:value`. */
  | { type: 'view'; width: number; height: number; dpr: number; media: string[] }
  /** The selection is its follower's now. */
  | { type: 'done'; n: number; ok: boolean; why?: string; sel?: SelectionIds }
  | { type: 'want'; n: number; want: number; accept: string; multiple: boolean }
  | { type: 'copied'; n: number; text: string }
  | { type: 'placed'; n: number; ok: boolean; why?: string }
  | { type: 'blob'; id: string; mime: string; data: string }
  | { type: 'open'; id: string; url: string; name: string; features: string }
  | { type: 'post'; to: string; data: unknown; origin: string; target: string }
  | { type: 'close'; id?: string }
  /** Where the asked-for place is now; box is a frame's content box. */
  | { type: 'located'; id: number; x: number; y: number; box?: Box }
  /** Where the asked-for text is now. */
  | { type: 'boxes'; id: number; boxes: Box[] }
  | { type: 'answered'; ok?: boolean }
  | { type: 'wish'; id: number; kind: 'print' | 'fullscreen' | 'copy'; text: string }
  | { type: 'download'; name: string }
  /** Where something is hidden in the viewport, and what is shown in it all the same; stays in the shell. */
  | { type: 'hidden'; hidden: Box[]; shown: Box[]; whole: boolean }
  /**
   * What a masked field holds, and what it held on the way to that; or the name of a field that an address may have.
   * Stays in the shell, which takes it out of whatever else it is told.
   */
  | { type: 'secret'; secret?: string; before?: string; name?: string }
  /** The frame that the document is in is hidden. */
  | { type: 'surrounded' }
  /** The visitor wants nothing to be seen any more, at once. A page that forges it only hides itself. */
  | { type: 'panic' }
  | { type: 'bye' };

export type ToDocument =
  | { type: 'start'; doc: number; tab: string; paused: boolean; rules: DocumentRule[]; secrets: string[] }
  /** The operator's rules are others now. */
  | { type: 'rules'; rules: DocumentRule[] }
  /** Nothing may be told of the page, or it may again. */
  | { type: 'pause'; paused: boolean }
  | { type: 'snapshot' }
  /** There is no room on the way to the server; what changes meanwhile is told later, as it is then. */
  | { type: 'hold'; on: boolean }
  /** What waits for a timer is wanted now. */
  | { type: 'flush' }
  /** An element is wanted again, with all below it, or (deep) digests to find out what in it. */
  | { type: 'again'; node: number; deep: boolean }
  /** The rules of a sheet are wanted again. */
  | { type: 'sheet'; sheet: number }
  /** Pictures of a film are wanted: followers can't load it. */
  | { type: 'film'; node: number }
  /** `only` is the one right that who asks for it has, of two. */
  | { type: 'input'; n: number; input: Input; from: string; only?: Way }
  /** A follower's files, which the visitor has accepted: for the control that asked, or dropped at a place. */
  | { type: 'files'; n: number; want: number; node: number; fx: number; fy: number; files: File[] }
  | { type: 'scroll'; node: number; x: number; y: number }
  | { type: 'go'; action: 'back' | 'forward' | 'reload' | 'stop' }
  | { type: 'locate'; id: number; node: number; fx: number; fy: number }
  | { type: 'boxes'; id: number; sel: number[] }
  | { type: 'wiggle'; node: number }
  /** What the visitor's next presses do: put frames around elements, or what they always do. */
  | { type: 'tool'; frame: boolean }
  /** Whether the visitor lets the page do what it wished for. */
  | { type: 'granted'; id: number; yes: boolean }
  | { type: 'cookies' }
  | { type: 'opened'; id: string }
  | { type: 'post'; from: string; data: unknown; origin: string }
  | { type: 'closed'; id: string }
  | { type: 'stop' };

/** Reads what came over the port, or null when it is not a message of ours. */
export function parseToDocument(data: unknown): ToDocument | null {
  if (typeof data !== 'object' || data === null) return null;
  const m = data as Record<string, unknown>;
  switch (m['type']) {
    case 'snapshot':
    case 'flush':
    case 'cookies':
    case 'stop':
      return { type: m['type'] };
    case 'start':
      return isId(m['doc']) && isArray(m['rules']) && isArray(m['secrets'])
        ? { type: 'start', doc: m['doc'], tab: String(m['tab']), paused: m['paused'] === true, rules: m['rules'] as DocumentRule[], secrets: m['secrets'] as string[] }
        : null;
    case 'rules':
      return isArray(m['rules']) ? { type: 'rules', rules: m['rules'] as DocumentRule[] } : null;
    case 'pause':
      return { type: 'pause', paused: m['paused'] === true };
    case 'hold':
      return { type: 'hold', on: m['on'] === true };
    case 'again':
      return isId(m['node']) ? { type: 'again', node: m['node'], deep: m['deep'] === true } : null;
    case 'film':
      return isId(m['node']) ? { type: 'film', node: m['node'] } : null;
    case 'sheet':
      return isNumber(m['sheet']) ? { type: 'sheet', sheet: m['sheet'] } : null;
    case 'input':
      return isId(m['n']) && isInput(m['input']) && typeof m['from'] === 'string'
        ? { type: 'input', n: m['n'], input: m['input'], from: m['from'], ...(isWay(m['only']) && { only: m['only'] }) } : null;
    case 'files': {
      const { n, want, node, fx, fy, files } = m;
      return isId(n) && isId(want) && isId(node) && isNumber(fx) && isNumber(fy) && isArray(files) ? { type: 'files', n, want, node, fx, fy, files: files as File[] } : null;
    }
    case 'scroll':
      return isId(m['node']) && isNumber(m['x']) && isNumber(m['y'])
        ? { type: 'scroll', node: m['node'], x: m['x'], y: m['y'] }
        : null;
    case 'go': {
      const action = m['action'];
      return action === 'back' || action === 'forward' || action === 'reload' || action === 'stop' ? { type: 'go', action } : null;
    }
    case 'locate':
      return isId(m['id']) && isId(m['node']) && isNumber(m['fx']) && isNumber(m['fy'])
        ? { type: 'locate', id: m['id'], node: m['node'], fx: m['fx'], fy: m['fy'] }
        : null;
    case 'boxes': {
      const { id, sel } = m;
      return isId(id) && isArray(sel) && sel.length === 4 && isId(sel[0]) && isId(sel[1]) && isId(sel[2]) && isId(sel[3]) ? { type: 'boxes', id, sel: sel as number[] } : null;
    }
    case 'wiggle':
      return isId(m['node']) ? { type: 'wiggle', node: m['node'] } : null;
    case 'tool':
      return { type: 'tool', frame: m['frame'] === true };
    case 'granted':
      return isId(m['id']) ? { type: 'granted', id: m['id'], yes: m['yes'] === true } : null;
    case 'opened':
    case 'closed':
      return typeof m['id'] === 'string' ? { type: m['type'], id: m['id'] } : null;
    case 'post':
      return typeof m['from'] === 'string' && typeof m['origin'] === 'string'
        ? { type: 'post', from: m['from'], data: m['data'], origin: m['origin'] }
        : null;
  }
  return null;
}

const isArray: (v: unknown) => v is unknown[] = Array.isArray;

function isNumber(v: unknown): v is number {
  return typeof v === 'number' && v - v === 0; // finite, without a global that a page may change
}

function isId(v: unknown): v is number {
  return isNumber(v) && v >= 0 && v % 1 === 0;
}

/** The server has checked the fields of an input; this keeps the shape honest. */
function isWay(v: unknown): v is Way {
  return v === 'click' || v === 'fill';
}

function isInput(v: unknown): v is Input {
  if (typeof v !== 'object' || v === null) return false;
  const input = v as Record<string, unknown>;
  return typeof input['kind'] === 'string' && isId(input['node']);
}
