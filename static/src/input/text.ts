// A follower's typing, played in the leader's page so that every kind of
// editor takes it: a beforeinput event for those that handle it themselves,
// execCommand for the rest (its input events are trusted and its undo works),
// and the native value setter where neither changed anything.

import {
  dispatch, execCommand, focus, focused, getSelection, holds, isHTML, isTextControl, localName, modifySelection, ownerDocument,
  attribute, editContextOf, selectAll, updateContextSelection, updateContextText, valueOf,
} from './dom';
import { harmless } from './markup';
import { hash, shift } from './messages';
import { ownHTML } from '../trusted';

const InputEventNative = InputEvent;
const EventNative = Event;
const DataTransferNative = DataTransfer;
const ClipboardEventNative = ClipboardEvent;

/**
 * Texts a follower may still believe a control to hold: what it held, and
 * what followers made of that. An edit names its base by hash; from the base
 * its offsets are moved to the text of now, so people can type in one field.
 */
const KEPT = 32;

export class Histories {
  private readonly texts = new WeakMap<Element, string[]>();

  note(control: Element, text: string): void {
    let kept = this.texts.get(control);
    if (kept === undefined) this.texts.set(control, (kept = []));
    if (kept[kept.length - 1] === text) return;
    kept.push(text);
    if (kept.length > KEPT) kept.shift();
  }

  find(control: Element, base: number): string | null {
    const kept = this.texts.get(control) ?? [];
    for (let i = kept.length - 1; i >= 0; i--) if (hash(kept[i]!) === base) return kept[i]!;
    return null;
  }
}

/**
 * Replaces part of a text control's value, without the focus if `quietly`.
 * False when the control would not change.
 */
export function replaceText(
  control: Element,
  [start, end, text]: [number, number, string],
  base: number,
  histories: Histories,
  quietly = false,
): boolean {
  const access = valueOf(control);
  const now = access.get(control);
  histories.note(control, now);
  const seen = histories.find(control, base) ?? now;
  const from = shift(Math.min(start, seen.length), seen, now);
  const to = Math.max(from, shift(Math.min(end, seen.length), seen, now));
  histories.note(control, seen.slice(0, start) + text + seen.slice(end));

  if (!quietly && focused(ownerDocument(control)!) !== control) focus(control);
  const wanted = now.slice(0, from) + text + now.slice(to);
  if (wanted === now) return true;
  if (!quietly) selectIn(control, from, to);
  const type = text === '' ? 'deleteContentBackward' : 'insertText';
  if (!before(control, type, text === '' ? null : text)) return access.get(control) !== now;
  if (!quietly && selectable(control)) execCommand(ownerDocument(control)!, text === '' ? 'delete' : 'insertText', false, text);
  else if (!quietly) {
    // Types without a caret (email, number) can only be selected whole.
    selectAll(control);
    execCommand(ownerDocument(control)!, wanted === '' ? 'delete' : 'insertText', false, wanted);
  }
  if (access.get(control) === now) {
    access.set(control, wanted);
    dispatch(control, new InputEventNative('input', { bubbles: true, composed: true, inputType: type, data: text || null }));
  }
  histories.note(control, access.get(control));
  return true;
}

function selectable(control: Element): boolean {
  return localName(control) === 'textarea' || !/^(email|number)$/i.test(attribute(control, 'type') ?? '');
}

export function selectIn(control: Element, start: number, end: number): void {
  if (selectable(control)) valueOf(control).range(control, start, end);
}

const COMMANDS: Record<string, string> = {
  insertText: 'insertText',
  insertReplacementText: 'insertText',
  insertCompositionText: 'insertText',
  insertFromPaste: 'insertText',
  insertFromDrop: 'insertText',
  insertParagraph: 'insertParagraph',
  insertLineBreak: 'insertLineBreak',
  deleteContentBackward: 'delete',
  deleteContentForward: 'forwardDelete',
  deleteByCut: 'delete',
  deleteByDrag: 'delete',
  formatBold: 'bold',
  formatItalic: 'italic',
  formatUnderline: 'underline',
  formatStrikeThrough: 'strikeThrough',
  historyUndo: 'undo',
  historyRedo: 'redo',
};

// Deletions execCommand has no word for: extend the selection, then delete.
const EXTENSIONS: Record<string, [string, string]> = {
  deleteWordBackward: ['backward', 'word'],
  deleteWordForward: ['forward', 'word'],
  deleteSoftLineBackward: ['backward', 'lineboundary'],
  deleteSoftLineForward: ['forward', 'lineboundary'],
  deleteHardLineBackward: ['backward', 'paragraphboundary'],
  deleteHardLineForward: ['forward', 'paragraphboundary'],
};

/** What is pasted besides its text, and what the addresses in it are in the page. */
export interface Markup {
  html: string;
  map(url: string): string;
}

/** Performs one edit in an editing host, at its selection. */
export function edit(host: Element, inputType: string, data: string | null, markup: Markup | null = null): boolean {
  const document = ownerDocument(host)!;
  if (!holds(host, focused(document) ?? document)) focus(host);
  if (inputType === 'insertFromPaste' && data !== null && offerPaste(host, data, markup)) return true;
  const transfer = inputType === 'insertFromPaste' && data !== null ? transferOf(data, markup) : null;
  if (!before(host, inputType, data, transfer)) return true;
  if (markup !== null && insertMarkup(host, markup)) return true;
  const extension = EXTENSIONS[inputType];
  if (extension !== undefined) {
    const selection = getSelection(document);
    if (selection !== null && selection.isCollapsed) modifySelection(selection, 'extend', ...extension);
    return execCommand(document, 'delete', false, '');
  }
  const command = COMMANDS[inputType];
  return command !== undefined && execCommand(document, command, false, data ?? '');
}

/** Inserts what is pasted as browsers do, where more than text may be. */
function insertMarkup(host: Element, { html, map }: Markup): boolean {
  if (attribute(host, 'contenteditable')?.toLowerCase() === 'plaintext-only') return false;
  try {
    return execCommand(ownerDocument(host)!, 'insertHTML', false, ownHTML(harmless(html, map)) as string);
  } catch {
    return false; // the page's policy wants types, and not ours
  }
}

/** Offers a paste event; true when the page took it. */
export function offerPaste(host: Element, data: string, markup: Markup | null = null): boolean {
  const clipboardData = transferOf(data, markup);
  const event = new ClipboardEventNative('paste', { bubbles: true, cancelable: true, composed: true, clipboardData });
  // Firefox leaves the constructor's data out.
  if (event.clipboardData?.getData('text/plain') !== data) Object.defineProperty(event, 'clipboardData', { value: clipboardData });
  return !dispatch(host, event);
}

function transferOf(data: string, markup: Markup | null): DataTransfer {
  const transfer = new DataTransferNative();
  transfer.setData('text/plain', data);
  if (markup !== null) transfer.setData('text/html', harmless(markup.html));
  return transfer;
}

/**
 * Asks the page; false when it prevented the default and did the edit itself. What is pasted where not only text may be
 * is a transfer (Input Events §5.1.2).
 */
function before(target: Element, inputType: string, data: string | null, dataTransfer: DataTransfer | null = null): boolean {
  const selection = isTextControl(target) ? null : getSelection(ownerDocument(target)!);
  const targetRanges =
    selection !== null && selection.rangeCount > 0 ? [new StaticRange(selection.getRangeAt(0))] : [];
  return dispatch(target, new InputEventNative('beforeinput', {
    bubbles: true, cancelable: true, composed: true, inputType, data: dataTransfer === null ? data : null, dataTransfer, targetRanges,
  }));
}

/** Sets a control whose value is chosen rather than typed (date, colour, range). */
export function setValue(control: Element, value: string): void {
  if (focused(ownerDocument(control)!) !== control) focus(control);
  valueOf(control).set(control, value);
  changed(control);
}

export function changed(control: Element): void {
  dispatch(control, new EventNative('input', { bubbles: true, composed: true }));
  fireChange(control);
}

export function fireChange(control: Element): void {
  dispatch(control, new EventNative('change', { bubbles: true }));
}

/** Remembers the caret in a control; the result puts it there again, at its place in the text. */
export function savedCaret(control: Element): () => void {
  const { get, start, end } = valueOf(control);
  const before = get(control);
  const [from, to] = [start(control), end(control)];
  return () => {
    const after = get(control);
    if (from !== null && to !== null) selectIn(control, shift(from, before, after), shift(to, before, after));
  };
}

const TextUpdate = globalThis.TextUpdateEvent;

/** A word at the end and at the beginning of a text, with the space between it and the caret. */
const WORDS = [/^\s*(?:[\p{L}\p{N}_]+|[^\p{L}\p{N}_\s]+|$)/u, /(?:[\p{L}\p{N}_]+|[^\p{L}\p{N}_\s]+|^)\s*$/u] as const;

/**
 * Types a text, or deletes a character or word before (1) or after (0) the caret, where a page keeps its text itself
 * (EditContext API §4). False where that is not so.
 */
export function typeInContext(element: Element, text: string, back: number, word = false): boolean {
  const context = isHTML(element) ? editContextOf?.(element) : null;
  if (!context) return false;
  let from = Math.min(context.selectionStart, context.selectionEnd);
  let to = Math.max(context.selectionStart, context.selectionEnd);
  if (text === '' && from === to) {
    const all = context.text;
    const far = !word ? 1 : (back === 1 ? WORDS[1].exec(all.slice(0, from)) : WORDS[0].exec(all.slice(to)))?.[0].length ?? 0;
    from = Math.max(0, from - back * far);
    to = Math.min(all.length, to + (1 - back) * far);
  }
  const deletes = `delete${word ? 'Word' : 'Content'}${back === 1 ? 'Backward' : 'Forward'}`;
  if (!before(element, text === '' ? deletes : 'insertText', text || null)) return true;
  const caret = from + text.length;
  updateContextText!(context, from, to, text);
  updateContextSelection!(context, caret, caret);
  dispatch(context, new TextUpdate!('textupdate', {
    updateRangeStart: from, updateRangeEnd: to, text, selectionStart: caret, selectionEnd: caret,
  }));
  return true;
}

/** Offers a line's end where a page keeps its text itself, which browsers leave to it. False where that is not so. */
export function breakInContext(element: Element, soft: boolean): boolean {
  if (!isHTML(element) || !editContextOf?.(element)) return false;
  before(element, soft ? 'insertLineBreak' : 'insertParagraph', null);
  return true;
}
