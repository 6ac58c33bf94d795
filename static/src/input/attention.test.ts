// When a follower's focus and caret go with the leader's, and when they stay.

import { equal, test } from '../harness';
import { Attention } from './attention';
import { hash } from './messages';

interface Scene {
  attention: Attention;
  first: HTMLElement;
  second: HTMLElement;
  /** Where the caret is: the focused element and the offset in its text. */
  caret(): [string, number];
}

function scene(run: (s: Scene) => void): void {
  const box = document.body.appendChild(document.createElement('div'));
  box.innerHTML = '<p id="first" contenteditable>one</p><p id="second" contenteditable>two</p>';
  const [first, second] = Array.from(box.children) as [HTMLElement, HTMLElement];
  const numbers = new Map<Node, number>([[first.firstChild!, 1], [second.firstChild!, 2]]);
  const attention = new Attention({
    document, id: (node) => numbers.get(node) ?? 0, busy: (element) => element.matches('[contenteditable]'), types: () => false, here: () => true, keyed: () => false,
  });
  run({ attention, first, second, caret: () => [document.activeElement!.id, getSelection()!.focusOffset] });
  (document.activeElement as HTMLElement).blur();
  box.remove();
}

const put = (element: HTMLElement, offset: number) => {
  element.focus();
  getSelection()!.setBaseAndExtent(element.firstChild!, offset, element.firstChild!, offset);
};

test('the caret goes where the leader has it', () => scene(({ attention, first, caret }) => {
  attention.leads(first.firstChild, 2, 2);
  equal(caret(), ['first', 2]);
}));

test('an edit names its place only when the leader does not know it', () => scene(({ attention, first }) => {
  put(first, 1);
  equal(attention.moved(), { sel: [1, 1, 1, 1], at: [0, 1, hash('one')] }, 'elsewhere');
  equal(attention.moved() ?? null, null, 'told already');
  attention.sent(1);
  attention.leads(first.firstChild, 2, 2);
  attention.done(1, [[first.firstChild!, 2], [first.firstChild!, 2]]);
  equal(attention.moved() ?? null, null, 'where an edit has taken it');
  attention.leads(first.firstChild, 3, 3);
  equal(attention.selected() ?? null, null, 'it went with the leader\'s, and nobody has moved it');
  equal(attention.moved(), { sel: [1, 3, 1, 3], at: [0, 3, hash('one')] }, 'where it went with the leader\'s');
  equal(attention.moved() ?? null, null, 'told already');
}));

test('a caret beside the leader\'s keeps its place when the text is made anew', () => scene(({ attention, first, caret }) => {
  put(first, 1);
  attention.moved();
  attention.joins(first);
  attention.leads(first.firstChild, 3, 3);
  equal(caret(), ['first', 1]);
  attention.around(() => first.replaceChildren('a new one'));
  equal(caret(), ['first', 7]);
  equal(attention.moved() ?? null, null, 'the leader has it there');
  attention.sent(1);
  attention.around(() => first.replaceChildren('a new o!ne'));
  attention.done(1, [[first.firstChild!, 8], [first.firstChild!, 8]]);
  equal(caret(), ['first', 8], 'where the follower\'s own edit has taken it');
}));

test('changes that push the leader\'s caret on are no move of the follower\'s', () => scene(({ attention, first }) => {
  attention.leads(first.firstChild, 3, 3);
  attention.moved();
  attention.around(() => (first.firstChild as Text).insertData(0, 'n'));
  equal(attention.moved() ?? null, null);
}));

test('what the follower did is performed before the leader\'s focus counts', () => scene(({ attention, first, second, caret }) => {
  attention.leads(first.firstChild, 0, 0);
  attention.sent(1);
  attention.leads(second.firstChild, 3, 3);
  equal(caret(), ['first', 0]);
  attention.done(1, null);
  equal(caret(), ['second', 3]);
}));

test('a follower keeps the field while the visitor types in another', () => scene(({ attention, first, second, caret }) => {
  attention.leads(second.firstChild, 0, 0);
  put(first, 1);
  attention.acted();
  attention.leads(second.firstChild, 1, 1);
  equal(caret(), ['first', 1]);
}));

test('nothing moves while a button is held', () => scene(({ attention, first, second, caret }) => {
  attention.leads(first.firstChild, 1, 1);
  attention.press(true);
  attention.leads(second.firstChild, 2, 2);
  equal(caret(), ['first', 1]);
  attention.press(false);
  equal(caret(), ['second', 2]);
}));

test('changes that the leader\'s caret comes with take the follower\'s along', () => scene(({ attention, first, caret }) => {
  attention.leads(first.firstChild, 1, 1);
  attention.around(() => {
    first.replaceChildren('one', 'two');
    attention.leads(first.lastChild, 2, 2);
  });
  equal([...caret(), getSelection()!.focusNode === first.lastChild], ['first', 2, true]);
}));
