// A follower who moves the pointer.

import { equal, test } from '../harness';
import { attachCapture, type Capture } from './capture';
import { hash } from './messages';

test('the place where a pointer comes to rest is told, however fast it came', async () => {
  const frame = document.body.appendChild(document.createElement('iframe'));
  const inner = frame.contentDocument!;
  const told: number[] = [];
  attachCapture({
    doc: '1', document: inner, id: () => 1, acts: () => false, frames: () => false, masked: () => false,
    offset: () => ({ x: 0, y: 0 }), here: () => true, refuse: () => undefined, next: () => 1,
    send: (message) => told.push((message as { x: number }).x),
  });
  const move = (x: number) => inner.body.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX: x, clientY: 5 }));
  const quiet = () => new Promise((resolve) => setTimeout(resolve, 200));
  for (const x of [1, 2, 3]) move(x);
  await quiet();
  equal(told.at(-1), 3);
  for (const x of [4, 5]) move(x);
  await quiet();
  equal(told.at(-1), 5);
  equal(told.length < 5, true);
  frame.remove();
});

/** A mirror that somebody types in: what is sent of it. */
async function typing(html: string, run: (field: HTMLElement, press: (key: string, more?: KeyboardEventInit) => boolean, capture: Capture) => void): Promise<object[]> {
  const frame = document.body.appendChild(document.createElement('iframe'));
  const inner = frame.contentDocument!;
  inner.body.innerHTML = html;
  const sent: object[] = [];
  let n = 0;
  const capture = attachCapture({
    doc: '1', document: inner, id: (node) => (node.nodeType === 3 ? 3 : 2), acts: () => true, frames: () => false, masked: () => false,
    offset: () => ({ x: 0, y: 0 }), here: () => true, refuse: () => undefined, next: () => ++n,
    send: (message) => {
      const { input } = message as { input?: { kind: string; node?: number; code?: string } };
      if (input === undefined || input.kind === 'focus' || input.kind === 'selection') return;
      const { node: _, code: __, ...told } = input;
      sent.push(told);
    },
  });
  const field = inner.body.firstElementChild as HTMLElement;
  frame.contentWindow!.focus();
  field.focus();
  run(field, (key, more) => field.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })), capture);
  await new Promise((resolve) => setTimeout(resolve, 20));
  frame.remove();
  return sent;
}

test('a key that moves the caret is told with the place it came to, before what is typed there', async () => {
  const sent = await typing('<textarea>abc</textarea>', (field, press) => {
    const area = field as HTMLTextAreaElement;
    area.setSelectionRange(3, 3);
    equal(press('Home'), true);
    area.setSelectionRange(0, 0); // as the browser does for a real key
    press('x');
    area.setRangeText('x', 0, 0, 'end');
    area.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText' }));
  });
  equal(sent, [
    { kind: 'key', key: 'Home', mods: 0, start: 0, end: 0 },
    { kind: 'text', edit: [0, 0, 'x'], base: hash('abc'), inputType: 'insertText', key: 'x', mods: 0 },
  ]);
});

test('the leader\'s word does not put back a caret that a key has moved and that is not told yet', async () => {
  const sent = await typing('<textarea>abc</textarea>', (field, press, capture) => {
    const area = field as HTMLTextAreaElement;
    capture.done(1, null); // the focus
    area.setSelectionRange(3, 3);
    press('Home');
    area.setSelectionRange(0, 0);
    capture.focus(area, 3, 3);
    equal(area.selectionStart, 0);
  });
  equal(sent, [{ kind: 'key', key: 'Home', mods: 0, start: 0, end: 0 }]);
});

test('a field that is only typed into has its keys typed at the leader', async () => {
  const sent = await typing('<textarea style="opacity: 0">abc</textarea>', (_, press) => {
    equal([press('x'), press('ArrowLeft'), press('Tab')], [false, false, false]);
  });
  equal(sent, ['x', 'ArrowLeft', 'Tab'].map((key) => ({ kind: 'key', key, mods: 0 })));
});

test('what is undone or made bold is the leader’s to do', async () => {
  const sent = await typing('<p contenteditable>abc</p>', (_, press) => {
    equal([press('z', { ctrlKey: true }), press('b', { ctrlKey: true }), press('v', { ctrlKey: true })], [false, false, true]);
  });
  equal(sent, [{ kind: 'key', key: 'z', mods: 2 }, { kind: 'key', key: 'b', mods: 2 }]);
});

test('what was composed is told at the end, of a mirror that is as it was before', async () => {
  let text = '';
  const sent = await typing('<p contenteditable>abc</p>', (field) => {
    const compose = (type: string, data: string) => field.dispatchEvent(new CompositionEvent(type, { data, bubbles: true }));
    compose('compositionstart', '');
    (field.firstChild as Text).data = 'abcに';
    field.append('more');
    compose('compositionend', '日本');
    text = field.innerHTML;
  });
  equal(text, 'abc');
  equal(sent.at(-1), { kind: 'edit', inputType: 'insertText', data: '日本' });
});
