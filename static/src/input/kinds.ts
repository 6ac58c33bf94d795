// Of which kind an element of the mirror is to a follower's hands, and where a key has its effect there.

import { isMedia } from './media';

/** Less room than this is none for text. */
const SINK_PX = 6;
/** Keys that move a caret, which they do at once in the mirror. */
const CARET_KEYS = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown']);
/** Shortcuts that browsers edit text by. The mirror knows nothing to undo, and formats are the page's. */
const EDITS = new Set(['b', 'i', 'u', 'z', 'y']);
const NO_KEYS = new Set(['Shift', 'Control', 'Alt', 'AltGraph', 'Meta', 'CapsLock', 'NumLock', 'Dead', 'Process', 'Unidentified']);

/**
 * Where a key has its effect: in the mirror alone, at the leader alone, or in both. A caret moves in the mirror first,
 * and what edits text is told as an edit.
 */
export function placeOf(event: KeyboardEvent, target: Element, sink: boolean): 'mirror' | 'leader' | 'both' | 'caret' | 'edit' {
  const { key } = event;
  const letter = (event.ctrlKey || event.metaKey) && !event.altKey ? key.toLowerCase() : '';
  if (NO_KEYS.has(key)) return 'mirror';
  if (sink && letter !== 'v') return 'leader';
  if (isEditable(target) && !sink) {
    if (key === 'Tab') return isLine(target) ? 'both' : 'leader';
    if (key === 'Escape' || (key === 'Enter' && (isLine(target) || letter !== '')) || EDITS.has(letter)) return 'leader';
    if (isSteps(target) && (key === 'ArrowUp' || key === 'ArrowDown')) return 'leader';
    if (CARET_KEYS.has(key) || letter === 'a') return 'caret';
    if (/^F\d/.test(key)) return 'both';
    return letter.length === 1 && !'cxv'.includes(letter) ? 'both' : 'edit';
  }
  if (target.localName === 'select' || isPicked(target) || isMedia(target)) return key === 'Tab' ? 'both' : 'mirror'; // they open here
  if (letter === 'c' && target.ownerDocument.getSelection()?.isCollapsed === false) return 'mirror';
  if (letter === 'a') return target === target.ownerDocument.body ? 'mirror' : 'leader';
  return key === 'Enter' || key === ' ' || key === 'Escape' ? 'leader' : 'both';
}

const PICKED = new Set(['date', 'datetime-local', 'month', 'week', 'time', 'color', 'range']);
const CLICKED = new Set(['button', 'checkbox', 'file', 'hidden', 'image', 'radio', 'reset', 'submit']);

export function typeOf(element: Element): string {
  return (element.getAttribute('type') ?? '').toLowerCase();
}

/** Controls whose value is chosen in the follower's own picker. */
export function isPicked(element: Element): boolean {
  return element.localName === 'input' && PICKED.has(typeOf(element));
}

export function isTextControl(element: Element): boolean {
  if (element.localName === 'textarea') return true;
  return element.localName === 'input' && !PICKED.has(typeOf(element)) && !CLICKED.has(typeOf(element));
}

/**
 * A field that is only there to be typed into: what it shows lies elsewhere in the page (Ace, xterm.js, one-time
 * codes). The page puts into it what it likes, so typing goes by the leader's caret and has no echo.
 */
export function isSink(field: Element): boolean {
  const { width, height } = field.getBoundingClientRect();
  return width < SINK_PX || height < SINK_PX || getComputedStyle(field).opacity === '0';
}

/** A field of one line, which Tab leaves. */
export function isLine(element: Element): boolean {
  return element.localName === 'input';
}

/** Where arrow keys step a number. */
export function isSteps(element: Element): boolean {
  return isLine(element) && typeOf(element) === 'number';
}

export function isEditable(element: Element): boolean {
  return isTextControl(element) || (element as HTMLElement).isContentEditable === true;
}

/** Where a person is in the middle of something. */
export function isBusy(element: Element): boolean {
  return isEditable(element) || isPicked(element) || element.localName === 'select';
}
