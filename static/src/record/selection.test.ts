import '../natives';
import { equal, test } from '../harness';
import { boxesOf, reportSelection } from './selection';
import type { Realm } from '../realm';

const nodes: Node[] = [];
const ctx = {
  document,
  realm: { listen: (target: () => EventTarget, type: string, listener: (event: Event) => void) => target().addEventListener(type, listener) } as unknown as Realm,
  id: (node: Node) => nodes.indexOf(node) + 1,
  node: (id: number) => nodes[id - 1] ?? null,
  masked: (node: Node) => node.parentElement?.id === 'hidden',
  running: () => true,
};

const paragraph = (text: string, id = ''): Text => {
  const p = document.createElement('p');
  p.id = id;
  p.style.cssText = 'font: 20px/30px monospace; margin: 0; width: 400px';
  p.textContent = text;
  document.body.append(p);
  nodes.push(p, p.firstChild!);
  return p.firstChild as Text;
};

test('boxes of a text, selected either way', () => {
  const text = paragraph('one two three');
  const id = ctx.id(text);
  const [box, ...more] = boxesOf(ctx, [id, 4, id, 7]);
  equal(more.length, 0);
  const whole = text.parentElement!.getBoundingClientRect();
  equal(Math.round(box!.width / 3) > 5 && box!.x > whole.x + 4 * 5 && box!.y >= whole.y && box!.y + box!.height <= whole.bottom, true);
  equal(boxesOf(ctx, [id, 7, id, 4]), [box]);
});

test('what is not here any more has no boxes', () => {
  const text = paragraph('short');
  const id = ctx.id(text);
  equal(boxesOf(ctx, [id, 0, id, 50]), []);
  equal(boxesOf(ctx, [9999, 0, id, 1]), []);
});

test('selections are told of, but not those in hidden text', async () => {
  const sent: unknown[] = [];
  reportSelection({ ...ctx, send: (message) => sent.push(message.sel) });
  const text = paragraph('to be shown');
  const hidden = paragraph('secret', 'hidden');
  const later = () => new Promise((done) => setTimeout(done, 250));
  getSelection()!.setBaseAndExtent(text, 0, text, 2);
  await later();
  getSelection()!.setBaseAndExtent(hidden, 0, hidden, 3);
  await later();
  getSelection()!.setBaseAndExtent(text, 3, text, 5);
  await later();
  getSelection()!.removeAllRanges();
  await later();
  const id = ctx.id(text);
  equal(sent, [[id, 0, id, 2], null, [id, 3, id, 5], null]);
});
