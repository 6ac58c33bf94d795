// A follower's keys, played in the leader's page: the key events, and then the
// default actions that browsers withhold from dispatched events (UI Events §5.6).

import {
  attribute, closeDialog, closest, defaultView, dispatch, focus, formElements, getSelection, isContentEditable, isDisabled, isHTML, isTextControl,
  localName, matches, modifySelection, ownerDocument, requestSubmit, valueOf,
} from './dom';
import { ALT, CTRL, hash, isMove, META, MOVES, SHIFT } from './messages';
import { breakInContext, changed, edit, replaceText, typeInContext, type Histories } from './text';

const KeyboardEventNative = KeyboardEvent;
const MouseEventNative = MouseEvent;
const EventNative = Event;

// keyCode, long deprecated and still what many pages look at (UI Events Legacy §7.3).
const CODES: Record<string, number> = {
  Backspace: 8, Tab: 9, Enter: 13, Shift: 16, Control: 17, Alt: 18, Escape: 27, ' ': 32, PageUp: 33, PageDown: 34,
  End: 35, Home: 36, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, Insert: 45, Delete: 46, Meta: 91,
};

// The codes of characters that need no letter key, on a US keyboard: by their own numbers they would be other keys,
// "." Delete and "%" the left arrow.
const MARKS = [
  [';:', 186], ['=+', 187], [',<', 188], ['-_', 189], ['.>', 190], ['/?', 191], ['`~', 192], ['[{', 219], ['\\|', 220], [']}', 221],
  ['\'"', 222], [')', 48], ['!', 49], ['@', 50], ['#', 51], ['$', 52], ['%', 53], ['^', 54], ['&', 55], ['*', 56], ['(', 57],
] as const;

function keyCode(key: string): number {
  const known = CODES[key];
  if (known !== undefined) return known;
  if (/^F([1-9]|1[0-2])$/.test(key)) return 111 + Number(key.slice(1));
  if (/^[a-z0-9]$/i.test(key)) return key.toUpperCase().charCodeAt(0);
  return MARKS.find(([marks]) => key.length === 1 && marks.includes(key))?.[1] ?? 0;
}

/** Dispatches one key event; false when its default action was prevented. */
export function fireKey(type: string, target: Element, key: string, code: string, mods: number): boolean {
  const charCode = type === 'keypress' ? (key === 'Enter' ? 13 : key.charCodeAt(0)) : 0;
  const number = type === 'keypress' ? charCode : keyCode(key);
  return dispatch(target, new KeyboardEventNative(type, {
    bubbles: true, cancelable: true, composed: true, view: defaultView(ownerDocument(target)!), key, code,
    keyCode: number, charCode, which: number,
    altKey: (mods & ALT) !== 0, ctrlKey: (mods & CTRL) !== 0, metaKey: (mods & META) !== 0, shiftKey: (mods & SHIFT) !== 0,
  } as KeyboardEventInit));
}

/**
 * Presses and releases a key on `target`, with its default action unless the page prevents it; it may be kept from typing.
 * Where a key moves the caret is for the browser to know: it is given.
 */
export function press(target: Element, key: string, code: string, mods: number, histories: Histories, types: boolean, place?: () => void, copy?: (type: 'copy' | 'cut') => void): void {
  let goes = fireKey('keydown', target, key, code, mods);
  const prints = key.length === 1 || key === 'Enter';
  if (goes && prints && (mods & (CTRL | META | ALT)) === 0) goes = fireKey('keypress', target, key, code, mods);
  const clips = (mods & (CTRL | META)) !== 0 && (mods & ALT) === 0 ? ({ c: 'copy', x: 'cut' } as const)[key] : undefined;
  if (goes && place !== undefined) place();
  else if (goes && clips !== undefined) copy?.(clips);
  else if (goes && !(types && typed(target, key, mods, histories))) defaultAction(target, key, mods, histories, types);
  fireKey('keyup', target, key, code, mods);
}

/**
 * Types into what has the focus. Fields of a follower's mirror send what is typed in them; keys come here when the
 * leader's focus had not reached the mirror yet.
 */
function typed(target: Element, key: string, mods: number, histories: Histories): boolean {
  const erases = key === 'Backspace' || key === 'Delete';
  const back = key === 'Backspace' ? 1 : 0;
  if ((mods & (CTRL | META | ALT)) !== 0) return erases && (mods & (META | ALT)) === 0 && typeInContext(target, '', back, true);
  if (key === 'Enter') return breakInContext(target, (mods & SHIFT) !== 0);
  if (key.length !== 1 && !erases) return false;
  if (isTextControl(target)) {
    if (!matches(target, ':read-write')) return false;
    const { get, start, end } = valueOf(target);
    const value = get(target);
    let from = start(target) ?? value.length;
    let to = end(target) ?? value.length;
    if (erases && from === to) {
      from = Math.max(0, from - back);
      to = Math.min(value.length, to + 1 - back);
    }
    replaceText(target, [from, to, erases ? '' : key], hash(value), histories);
    return true;
  }
  if (typeInContext(target, erases ? '' : key, back)) return true;
  if (!isHTML(target) || !isContentEditable(target)) return false;
  edit(target, erases ? (back === 1 ? 'deleteContentBackward' : 'deleteContentForward') : 'insertText', erases ? null : key);
  return true;
}

/** What browsers do with text by Ctrl and a key (Cmd, on a Mac). */
const SHORTCUTS: Record<string, string> = {
  z: 'historyUndo', Z: 'historyRedo', y: 'historyRedo', b: 'formatBold', i: 'formatItalic', u: 'formatUnderline',
};

function defaultAction(target: Element, key: string, mods: number, histories: Histories, types: boolean): void {
  const editable = isHTML(target) && isContentEditable(target);
  if (editable && types && isMove({ key, code: '', mods })) return moveCaret(target, key, mods);
  if ((mods & (CTRL | META | ALT)) !== 0) {
    const command = (mods & ALT) === 0 ? SHORTCUTS[key] : undefined;
    if (command !== undefined && types && (editable || (isTextControl(target) && command.startsWith('history')))) edit(target, command, null);
    return;
  }
  switch (key) {
    case 'Enter':
      if (editable) edit(target, (mods & SHIFT) !== 0 ? 'insertLineBreak' : 'insertParagraph', null);
      else enter(target, histories);
      return;
    case ' ':
      if (matches(target, SPACE_CLICKS)) click(target);
      return;
    case 'Escape': {
      const dialog = closest(target, 'dialog[open]');
      if (dialog !== null && dispatch(dialog, new EventNative('cancel', { cancelable: true }))) closeDialog(dialog);
      return;
    }
    case 'Tab':
      if (types) tab(target, (mods & SHIFT) !== 0);
      return;
    case 'ArrowUp':
    case 'ArrowDown':
    case 'ArrowLeft':
    case 'ArrowRight':
      arrow(target, key);
  }
}

/** Moves the caret in what is edited, when the follower's mirror is behind and cannot say where to. */
function moveCaret(target: Element, key: string, mods: number): void {
  const selection = getSelection(ownerDocument(target)!);
  const [way, by, farther] = MOVES[key]!;
  if (selection !== null) modifySelection(selection, (mods & SHIFT) !== 0 ? 'extend' : 'move', way, (mods & CTRL) !== 0 ? farther : by);
}

const SPACE_CLICKS = 'button, summary, input[type=checkbox], input[type=radio], input[type=button], input[type=submit], input[type=reset]';

/** Enter activates what can be activated and submits a form implicitly (HTML §4.10.21.2). */
function enter(target: Element, histories: Histories): void {
  const name = localName(target);
  if (name === 'textarea') {
    const { get, start, end } = valueOf(target);
    const value = get(target);
    replaceText(target, [start(target) ?? value.length, end(target) ?? value.length, '\n'], hash(value), histories);
    return;
  }
  if (matches(target, 'a[href], area[href], button, summary, input[type=button], input[type=submit], input[type=reset], input[type=image]')) {
    click(target);
    return;
  }
  if (name !== 'input') return;
  if (isTextControl(target)) dispatch(target, new EventNative('change', { bubbles: true }));
  const form = valueOf(target).form(target);
  if (form === null) return;
  const controls = Array.from(formElements(form)) as Element[];
  const button = controls.find((control) => matches(control, 'button:not([type=button], [type=reset]), input[type=submit], input[type=image]'));
  if (button !== undefined) {
    if (!isDisabled(button)) click(button);
    return;
  }
  // With no submit button, only a form with a single text field submits.
  if (controls.filter((control) => isTextControl(control)).length <= 1) requestSubmit(form);
}

function click(target: Element): void {
  if (isDisabled(target)) return;
  dispatch(target, new MouseEventNative('click', {
    bubbles: true, cancelable: true, composed: true, view: defaultView(ownerDocument(target)!),
  }));
}

const TABBABLE =
  'a[href], area[href], button, input:not([type=hidden]), select, textarea, summary, iframe, audio[controls], ' +
  'video[controls], [tabindex], [contenteditable=""], [contenteditable=true]';

/** Moves the focus to the next element of the sequential focus order (HTML §6.6.5). */
function tab(from: Element, back: boolean): void {
  const document = ownerDocument(from)!;
  const all = (Array.from(document.querySelectorAll(TABBABLE)) as HTMLElement[])
    .filter((element) => element.tabIndex >= 0 && !isDisabled(element) && element.getClientRects().length > 0);
  const order = [...all.filter((element) => element.tabIndex > 0).sort((a, b) => a.tabIndex - b.tabIndex),
    ...all.filter((element) => element.tabIndex === 0)];
  const at = order.indexOf(from as HTMLElement);
  const next = order[at < 0 ? (back ? order.length - 1 : 0) : at + (back ? -1 : 1)];
  if (next !== undefined) focus(next);
}

/** Arrow keys choose within a radio group or move a range or number (HTML §4.10.5). */
function arrow(target: Element, key: string): void {
  if (localName(target) !== 'input') return;
  const input = target as HTMLInputElement;
  const forward = key === 'ArrowDown' || key === 'ArrowRight';
  switch ((attribute(target, 'type') ?? '').toLowerCase()) {
    case 'radio': {
      const form = valueOf(target).form(target);
      const scope = form ?? ownerDocument(target)!;
      const group = (Array.from(scope.querySelectorAll('input[type=radio]')) as HTMLInputElement[])
        .filter((radio) => radio.name === input.name && !isDisabled(radio) && valueOf(radio).form(radio) === form);
      const next = group[(group.indexOf(input) + (forward ? 1 : -1) + group.length) % group.length];
      if (next !== undefined && next !== input) {
        focus(next);
        click(next);
      }
      return;
    }
    case 'range':
    case 'number': {
      const up = key === 'ArrowUp' || (key === 'ArrowRight' && input.type === 'range');
      if (!up && key !== 'ArrowDown' && input.type !== 'range') return;
      const before = input.value;
      if (up) input.stepUp();
      else input.stepDown();
      if (input.value !== before) changed(input);
    }
  }
}
