// What a page sees of a follower's keys.

import { equal, test } from '../harness';
import { fireKey, press } from './keyboard';
import { CTRL, difference } from './messages';
import { Histories } from './text';

function codes(keys: string): number[] {
  const seen: number[] = [];
  const target = document.body.appendChild(document.createElement('div'));
  target.addEventListener('keydown', (event) => seen.push(event.keyCode));
  for (const key of keys) fireKey('keydown', target, key, '', 0);
  target.remove();
  return seen;
}

test('letters and digits have the codes of their keys', () => equal(codes('aZ7'), [65, 90, 55]));

test('no character has the code of a key that deletes or moves', () => {
  const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join('');
  equal(codes(printable).filter((code) => code < 48), []);
});

test('what is on no key has no code', () => equal(codes('é…'), [0, 0]));

function typing(html: string, keys: string[], types = true): string {
  const box = document.body.appendChild(document.createElement('div'));
  box.innerHTML = html;
  const target = box.firstElementChild as HTMLElement;
  target.focus();
  if (target.isContentEditable) getSelection()!.setBaseAndExtent(target.firstChild!, 1, target.firstChild!, 1);
  else (target as HTMLInputElement).setSelectionRange(1, 1);
  for (const key of keys) press(target, key, '', 0, new Histories(), types);
  const text = target.isContentEditable ? target.textContent! : (target as HTMLInputElement).value;
  box.remove();
  return text;
}

test('keys type where the focus is, at its caret', () => {
  equal(typing('<input value="ad">', ['b', 'c']), 'abcd');
  equal(typing('<textarea>ad</textarea>', ['b', 'Enter', 'x', 'Backspace']), 'ab\nd');
  equal(typing('<input value="ad">', ['Delete', 'b']), 'ab');
  equal(typing('<p contenteditable>ad</p>', ['b', 'c', 'Delete']), 'abc');
});

test('keys type nothing where they may not', () => {
  equal(typing('<input value="ad">', ['b'], false), 'ad');
  equal(typing('<input value="ad" readonly>', ['b', 'Backspace']), 'ad');
});

test('what was typed ends at the caret', () => {
  equal(difference('a\nb', 'a\n\nb', 2), [1, 1, '\n']);
  equal(difference('a\nb', 'a\n\nb', 3), [2, 2, '\n']);
  equal(difference('aaa', 'aa', 1), [1, 2, '']);
  equal(difference('abc', 'axc', 2), [1, 2, 'x']);
});

test('keys type into a text that the page keeps itself', () => {
  const target = document.body.appendChild(document.createElement('div')) as unknown as HTMLElement & { editContext: unknown };
  const context = new (globalThis.EditContext as unknown as new (init: object) => { text: string })({ text: 'one two', selectionStart: 7, selectionEnd: 7 });
  target.editContext = context;
  const asked: string[] = [];
  target.addEventListener('beforeinput', (event) => asked.push(event.inputType));
  for (const key of ['x', 'Backspace', 'Enter']) press(target, key, '', 0, new Histories(), true);
  equal(context.text, 'one two');
  press(target, 'Backspace', '', CTRL, new Histories(), true);
  equal(context.text, 'one ');
  equal(asked, ['insertText', 'deleteContentBackward', 'insertParagraph', 'deleteWordBackward']);
  target.remove();
});
