import { equal, test } from './harness';
import { fromDocument, fromRenderer, Invalid, joined, parseMessage, toAgent, toVisitor, welcome } from './protocol';

/** One example per kind, shared with the server's tests. */
const example = async (name: string): Promise<unknown> =>
  ((await import(`../../session/testdata/messages/${name}.json`)) as { default: unknown }).default;

/** A copy with the fields of every object in one order. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value), (_, v: unknown) =>
  typeof v === 'object' && v !== null && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1))) : v);

for (const [side, table] of [['to-visitor', toVisitor], ['to-agent', toAgent]] as const) {
  for (const type of Object.keys(table)) {
    test(`${side} ${type} is read as the server writes it`, async () => {
      const message = plain(await example(`${side}.${type}`));
      equal(plain(parseMessage(table as typeof toAgent, message)), message);
    });
  }
  test(`${side} welcome`, async () => {
    const { welcome: state } = plain(await example(`${side}.welcome`)) as { welcome: { stream: string } };
    equal(welcome(state).stream, state.stream);
  });
}

for (const type of ['input.click', 'input.text', 'scroll', 'pointer', 'mark']) {
  test(`what the renderer sends is what the server takes: ${type}`, async () => {
    const message = plain(await example(`from-agent.${type}`));
    equal(plain(parseMessage(fromRenderer, message)), message);
  });
}

test('kinds that are not known are passed over', () => {
  equal(parseMessage(toAgent, { type: 'later' }), null);
  equal(parseMessage(toAgent, { type: 'toString' }), null);
  equal(parseMessage(toAgent, { type: '__proto__' }), null);
});

test('unknown fields are dropped, absent ones stay absent', () => {
  equal(parseMessage(fromDocument, { type: 'done', n: 1, ok: true, why: null, more: 1 }), { type: 'done', n: 1, ok: true });
});

const refused: [string, unknown][] = [
  ['no object', null],
  ['a list', []],
  ['no type', {}],
  ['a type that is no text', { type: 1 }],
  ['a missing field', { type: 'done', n: 1 }],
  ['a negative number', { type: 'done', n: -1, ok: true }],
  ['a fraction', { type: 'done', n: 1.5, ok: true }],
  ['no finite number', { type: 'pointer', node: 1, fx: NaN, fy: 0, x: 0, y: 0 }],
  ['a text too long', { type: 'blob', id: 'x'.repeat(200), mime: 'image/png', data: '' }],
  ['ops that are no text', { type: 'ops', ops: [] }],
];
for (const [what, value] of refused) {
  test(`a document may not send ${what}`, () => {
    let thrown: unknown;
    try {
      parseMessage(fromDocument, value);
    } catch (error) {
      thrown = error;
    }
    equal(thrown instanceof Invalid, true);
  });
}

test('an inherited field is no field', () => {
  let thrown = false;
  try {
    joined(Object.create({ session: 'x' }));
  } catch {
    thrown = true;
  }
  equal(thrown, true);
});
