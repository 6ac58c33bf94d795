// A follower who moves the pointer.

import { equal, test } from '../harness';
import { attachCapture } from './capture';

test('the place where a pointer comes to rest is told, however fast it came', async () => {
  const frame = document.body.appendChild(document.createElement('iframe'));
  const inner = frame.contentDocument!;
  const told: number[] = [];
  const capture = attachCapture({
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
  capture.stop();
  frame.remove();
});
