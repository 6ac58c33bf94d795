// What a page sees of a follower's keys.

import { equal, test } from '../harness';
import { fireKey } from './keyboard';

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
