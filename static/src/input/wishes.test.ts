// What a page wants of a follower's input: files and the clipboard.

import { equal, test } from '../harness';
import { Patcher } from '../patch';
import type { Realm } from '../realm';
import { Wishes } from './wishes';

async function scene(run: (wishes: Wishes, box: HTMLElement, told: object[]) => Promise<void>): Promise<void> {
  const frame = document.body.appendChild(document.createElement('iframe'));
  const global = frame.contentWindow as Window & typeof globalThis;
  const patch = new Patcher(global);
  const told: object[] = [];
  const wishes = new Wishes({
    document: global.document, masked: () => false, secret: (text) => text.includes('hunter2'),
    realm: { global, patch, listen: (at: () => EventTarget, type: string, listener: () => void, options: boolean) => at().addEventListener(type, listener, options) } as unknown as Realm,
    tell: (n, wish) => told.push({ n, ...wish }),
  });
  await run(wishes, global.document.body, told);
  await new Promise((resolve) => setTimeout(resolve, 10));
  frame.remove();
}

test('a press on a file control, or on its label, asks the follower', () => scene(async (wishes, box, told) => {
  box.innerHTML = '<label>a <input type="file" accept=".txt" multiple></label>';
  wishes.during(7, () => box.querySelector('label')!.click());
  equal(told, [{ n: 7, type: 'want', want: 1, accept: '.txt', multiple: true }]);
  equal(wishes.control(1) === box.querySelector('input'), true);
}));

test('a page that prevents it asks nobody; one that stops the event does', () => scene(async (wishes, box, told) => {
  box.innerHTML = '<input type="file">';
  const input = box.querySelector('input')!;
  input.onclick = (event) => event.preventDefault();
  wishes.during(7, () => input.click());
  await new Promise((resolve) => setTimeout(resolve, 10));
  equal(told.length, 0);
  input.onclick = (event) => event.stopPropagation();
  wishes.during(8, () => input.click());
  await new Promise((resolve) => setTimeout(resolve, 10));
  equal(told.length, 1);
}));

test('what the page copies is the follower’s, unless it is hidden from them', () => scene(async (wishes, box, told) => {
  const { navigator } = box.ownerDocument.defaultView!;
  const copies = (n: number, text: string) => wishes.during(n, () => navigator.clipboard.writeText(text)).catch(() => undefined);
  await copies(7, 'it is hunter2');
  await copies(8, 'SAVE10');
  equal(told, [{ n: 8, type: 'copied', text: 'SAVE10' }]);
  const refused = await wishes.during(9, () => navigator.clipboard.readText()).catch((error: Error) => error.name);
  equal(refused, 'NotAllowedError');
}));
