// Where the carets of several agents are at the leader.

import { equal, test } from '../harness';
import type { Realm } from '../realm';
import { Patcher } from '../patch';
import { hash, type EditedCaret, type Input } from './messages';
import { createPerformer } from './perform';

interface Leader {
  host: HTMLElement;
  /** The leader's nodes as followers have them: removed ones have no number any more. */
  number(node: Node, id: number): void;
  /** Performs an input of somebody's, and says why not and where their caret is then. */
  does(who: string, input: Input): Promise<string>;
}

async function scene(html: string, run: (leader: Leader) => Promise<void>): Promise<void> {
  const host = document.body.appendChild(document.createElement('div'));
  host.contentEditable = 'true';
  host.innerHTML = html;
  const nodes = new Map<number, Node>([[1, host]]);
  const patch = new Patcher(globalThis);
  const answers = new Map<number, (answer: string) => void>();
  const performer = createPerformer({
    document, realm: { global: globalThis, patch, listen: (at: () => EventTarget, type: string, listener: () => void, options: object) => at().addEventListener(type, listener, options) } as unknown as Realm,
    node: (id) => nodes.get(id) ?? null, masked: () => false, protects: (element) => element.matches('.kept'), secret: () => false, wish: () => undefined,
    done: (n, why, caret) => answers.get(n)!(why ?? (caret === null ? '' : `${caret[1][0].textContent}:${caret[1][1]}`)),
  });
  let n = 0;
  try {
    await run({
      host,
      number: (node, id) => nodes.set(id, node),
      does: (who, input) => new Promise((resolve) => {
        answers.set(++n, resolve);
        performer.input(n, input, who);
      }),
    });
  } finally {
    host.remove();
    patch.undo();
  }
}

const put = (caret: EditedCaret): Input => ({ kind: 'selection', node: 1, ...caret });
const write = (data: string, caret?: EditedCaret): Input => ({ kind: 'edit', node: 1, inputType: 'insertText', data, ...caret });

test('each of two agents writes on at their own caret', () => scene('<p>one two</p>', async ({ host, number, does }) => {
  const text = host.querySelector('p')!.firstChild!;
  number(text, 2);
  await does('ada', put({ sel: [2, 3, 2, 3] }));
  await does('bob', put({ sel: [2, 7, 2, 7] }));
  equal(await does('ada', write('1')), 'one1 two:4');
  equal(await does('bob', write('2')), 'one1 two2:9');
  equal(await does('ada', write('!')), 'one1! two2:5');
  equal(await does('bob', write('!')), 'one1! two2!:11');
}));

test('and finds it where the page makes its text anew', () => scene('<p>one two</p>', async ({ host, number, does }) => {
  const anew = () => {
    const line = document.createElement('p');
    line.textContent = host.textContent;
    host.replaceChildren(line);
  };
  number(host.querySelector('p')!.firstChild!, 2);
  await does('ada', put({ sel: [2, 3, 2, 3] }));
  await does('bob', put({ sel: [2, 7, 2, 7] }));
  for (const [who, data] of [['ada', '1'], ['bob', '2'], ['ada', '!'], ['bob', '!']] as const) {
    anew();
    await does(who, write(data));
  }
  equal(host.textContent, 'one1! two2!');
}));

test('a caret in what has gone since the follower saw it is found by its characters', () => scene('<p>first</p><p>one two</p>', async ({ host, number, does }) => {
  const before = host.children[1]!.textContent!;
  number(host.children[1]!.firstChild!, 3);
  await does('bob', put({ sel: [3, 0, 3, 0] }));
  await does('ada', put({ sel: [3, 0, 3, 0] }));
  host.innerHTML = '<p>first</p><p>so one two</p>';
  equal(await does('ada', write('!', { sel: [2, 3, 2, 3], at: [1, 3, hash(before)] })), 'so one! two:7');
  equal(await does('ada', put({ sel: [2, 3, 2, 3] })), 'gone');
  equal(await does('ada', put({ sel: [2, 0, 2, 7], at: [9, 0, 1, 9, 99, 1] })), 'so one! two:11', 'as far as there is text');
  equal(await does('ada', write('anew')), 'anew:4');
}));

test('nothing is written where the visitor alone may, wherever a caret is', () => scene('<p>one</p><p class="kept">two</p>', async ({ host, number, does }) => {
  number(host.children[1]!.firstChild!, 2);
  await does('ada', put({ sel: [2, 1, 2, 1] }));
  equal(await does('ada', write('!')), 'protected');
  equal(host.textContent, 'onetwo');
}));
