import { equal, test } from './harness';
import { Link, type LinkOptions, type LinkState } from './link';
import type { Welcome } from './protocol';
import { Packer, Unpacker } from './wire';

/** The server's end, by hand. */
class FakeSocket {
  binaryType = '';
  readyState = 1;
  bufferedAmount = 0;
  sent: (string | ArrayBuffer)[] = [];
  closedWith: number | undefined;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  send(data: string | ArrayBuffer): void { this.sent.push(data); }
  close(code?: number): void { this.closedWith = code; }

  says(frame: unknown): void { this.onmessage?.({ data: JSON.stringify(frame) }); }
  async deflates(frame: unknown): Promise<void> {
    const stream = new Blob([JSON.stringify(frame)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    this.onmessage?.({ data: await new Response(stream).arrayBuffer() });
  }
  drops(code = 1006): void { this.onclose?.({ code }); }
  frames(): unknown[] { return this.sent.filter(f => typeof f === 'string').map(f => JSON.parse(f as string)); }
}

const person = { id: 'a', role: 'agent', name: 'Ada', color: '#123456' };
const welcomed = (more: object) => ({ welcome: {
  stream: 's', received: 0, resumed: false, you: person, people: [], mode: 'shared', state: 'active', session: 'x', ...more,
} });

function setUp(ask?: LinkOptions<unknown>['ask']) {
  const sockets: FakeSocket[] = [];
  const got: unknown[] = [];
  const welcomes: Welcome[] = [];
  const states: LinkState[] = [];
  const tunnels: boolean[] = [];
  const link = new Link<unknown>({
    url: 'ws://x/',
    parse: value => (value as { odd?: boolean }).odd ? null : value,
    onWelcome: w => welcomes.push(w),
    onMessage: m => got.push(m),
    onState: s => states.push(s),
    ...(ask && { ask }),
    open: (_url, tunnel) => {
      tunnels.push(tunnel);
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    random: () => 0,
  });
  const last = () => sockets[sockets.length - 1]!;
  link.connect();
  last().onopen?.();
  return { link, sockets, last, got, welcomes, states, tunnels };
}

const soon = (ms = 5) => new Promise(resolve => setTimeout(resolve, ms));
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !holds(); i++) await soon(10);
}

test('says hello, then numbers what it sends and acknowledges what it gets', async () => {
  const { link, last, got } = setUp();
  equal(last().frames(), [{ hello: { stream: '', received: 0, packed: true } }]);
  last().says(welcomed({}));
  link.send({ type: 'a' });
  last().says([1, 1, { type: 'b' }]);
  link.send('{"type":"c"}');
  equal(last().frames().slice(1), [[1, 0, { type: 'a' }], [2, 1, { type: 'c' }]]);
  equal(got, [{ type: 'b' }]);
  equal(link.backlog, '{"type":"c"}'.length);
  last().says([0, 2]);
  equal(link.backlog, 0);
  link.close();
});

test('acknowledges by itself when there is nothing to say', async () => {
  const { link, last } = setUp();
  last().says(welcomed({}));
  last().says([1, 0, { type: 'b' }]);
  await soon(80);
  equal(last().frames().slice(1), [[0, 1]]);
  link.close();
});

test('sends again what was not acknowledged, and takes nothing twice', async () => {
  const { link, sockets, last, got, states } = setUp();
  last().says(welcomed({}));
  link.send({ n: 1 });
  link.send({ n: 2 });
  last().says([1, 1, { m: 1 }]);
  last().drops();
  equal(states.map(s => s.is), ['open', 'away']);
  link.send({ n: 3 });
  await until(() => sockets.length > 1);
  last().onopen?.();
  equal(last().frames(), [{ hello: { stream: 's', received: 1, packed: true } }]);
  last().says(welcomed({ resumed: true, received: 1 }));
  await soon();
  last().says([1, 3, { m: 1 }]);
  last().says([2, 3, { m: 2 }]);
  equal(last().frames().slice(1, 3), [[2, 1, { n: 2 }], [3, 1, { n: 3 }]]);
  equal(got, [{ m: 1 }, { m: 2 }]);
  link.close();
});

test('starts again at 1 when the server has forgotten the stream', async () => {
  const { link, sockets, last, welcomes } = setUp();
  last().says(welcomed({}));
  link.send({ n: 1 });
  last().drops();
  await until(() => sockets.length > 1);
  last().onopen?.();
  last().says(welcomed({ stream: 'other' }));
  equal(welcomes.map(w => w.resumed), [false, false]);
  link.send({ n: 'new' });
  last().says([1, 1, { m: 1 }]);
  equal(last().frames().slice(1), [[1, 0, { n: 'new' }]]);
  link.close();
});

test('a gap in the numbers ends the stream', async () => {
  const { link, sockets, last, got } = setUp();
  last().says(welcomed({}));
  const first = last();
  first.says([2, 0, { m: 2 }]);
  equal(first.closedWith, 4400);
  equal(got, []);
  await until(() => sockets.length > 1);
  last().onopen?.();
  equal(last().frames(), [{ hello: { stream: '', received: 0, packed: true } }]);
  link.close();
});

test('too much unacknowledged ends the stream, one large message does not', async () => {
  const { link, sockets, last } = setUp();
  last().says(welcomed({}));
  const first = last();
  link.send(JSON.stringify('x'.repeat(5 << 20)));
  await soon();
  equal(first.closedWith, undefined);
  link.send({ n: 2 });
  equal(first.closedWith, 4400);
  equal(link.backlog, 0);
  link.send({ n: 'kept by nobody' });
  equal(link.backlog, 0);
  await until(() => sockets.length > 1);
  link.close();
});

test('large frames are deflated, and order is kept', async () => {
  const { link, last } = setUp();
  last().says(welcomed({}));
  const large = 'ab'.repeat(5000);
  link.send({ large });
  link.send({ small: 1 });
  await until(() => last().sent.length === 3);
  const [, binary, text] = last().sent;
  const inflated = await new Response(new Blob([binary as ArrayBuffer]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).json();
  equal(inflated, [1, 0, { large }]);
  equal(JSON.parse(text as string), [2, 0, { small: 1 }]);
  link.close();
});

test('only so much is on the way; what waits may be joined', async () => {
  const { link, last } = setUp();
  last().says(welcomed({}));
  const noise = () => Array.from(crypto.getRandomValues(new Uint8Array(30_000)), byte => byte.toString(36)).join('');
  const list = (...all: string[]) => `{"type":"list","all":${JSON.stringify(all)}}`;
  const join = (before: string, text: string) => (before.startsWith('{"type":"list"') ? `${before.slice(0, -2)},${JSON.stringify([text]).slice(1)}}` : null);
  for (let i = 0; i < 6; i++) link.send(list(noise()));
  await until(() => last().sent.length >= 3);
  await soon(50);
  equal(last().sent.length < 6, true, 'not all are on the way');
  for (const text of ['a', 'b', 'c']) link.send(list(text), before => join(before, text));
  link.send({ type: 'other' });
  link.send(list('d'), before => join(before, 'd'));
  const sizes = link.backlog;
  last().says([0, last().sent.length]);
  await until(() => last().sent.length >= 6);
  equal(link.backlog < sizes, true, 'what is acknowledged no longer counts');
  last().says([0, 6]);
  await until(() => last().frames().length >= 2);
  equal(last().frames().slice(-2), [[7, 0, { type: 'other' }], [8, 0, { type: 'list', all: ['d'] }]]);
  last().says([0, 8]);
  equal(link.backlog, 0);
});

test('deflated frames are read in the order they came', async () => {
  const { link, last, got } = setUp();
  last().says(welcomed({}));
  await last().deflates([1, 0, { m: 'x'.repeat(3000) }]);
  last().says([2, 0, { m: 2 }]);
  await until(() => got.length === 2);
  equal(got.map(m => (m as { m: unknown }).m === 2), [false, true]);
  link.close();
});

test('a frame that is not deflated after all ends the stream', async () => {
  const { link, last } = setUp();
  last().says(welcomed({}));
  const first = last();
  first.onmessage?.({ data: new Uint8Array([1, 2, 3, 255]).buffer });
  await until(() => first.closedWith !== undefined);
  equal(first.closedWith, 4400);
  link.close();
});

test('of lossy messages the newest is sent when there is room', async () => {
  const { link, last } = setUp();
  last().says(welcomed({}));
  link.sendLossy('p', { n: 1 });
  link.sendLossy('p', { n: 2 });
  link.sendLossy('p', { n: 3 });
  last().bufferedAmount = 1 << 20;
  await soon(60);
  equal(last().frames().slice(1), [[0, 0, { n: 1 }]]);
  last().bufferedAmount = 0;
  await soon(60);
  equal(last().frames().slice(1), [[0, 0, { n: 1 }], [0, 0, { n: 3 }]]);
  link.close();
});

test('kinds we do not know count as received', async () => {
  const { link, last, got } = setUp();
  last().says(welcomed({}));
  last().says([1, 0, { odd: true }]);
  last().says([2, 0, { m: 2 }]);
  equal(got, [{ m: 2 }]);
  link.close();
});

for (const [code, why] of [[4401, 'refused'], [4403, 'ended'], [4409, 'replaced']] as const) {
  test(`close code ${code} is final`, async () => {
    const { sockets, last, states } = setUp();
    last().says(welcomed({}));
    last().drops(code);
    equal(states[states.length - 1], { is: 'closed', why });
    await soon(300);
    equal(sockets.length, 1);
  });
}

test('asks whether there is anything to come back to when it is not let in', async () => {
  const { sockets, last, states } = setUp(async () => 'ended');
  last().drops();
  await soon();
  equal(states, [{ is: 'closed', why: 'ended' }]);
  await soon(300);
  equal(sockets.length, 1);
});

test('takes the tunnel when the server answers and WebSockets do not come about, and calls it blocked when that does not either', async () => {
  let answer: 'here' | null = 'here';
  const { link, sockets, last, states, tunnels } = setUp(async () => answer);
  const refused = async () => {
    const before = sockets.length;
    last().drops();
    await until(() => sockets.length > before);
  };
  await refused();
  await refused();
  equal(states, []);
  await refused();
  equal(states.map(s => s.is), ['blocked']);
  answer = null; // now nobody answers: that is something else
  await refused();
  equal(states.map(s => s.is), ['blocked', 'away']);
  last().says(welcomed({}));
  equal(states.map(s => s.is), ['blocked', 'away', 'open']);
  equal(tunnels, [false, false, true, false, false], 'what was tried by tunnel');
  link.close();
});

test('packs what it says when the server can unpack it', async () => {
  const { link, sockets, last, got } = setUp();
  last().says(welcomed({ packed: true }));
  const packed = () => last().sent.filter((f): f is ArrayBuffer => typeof f !== 'string').map(f => new Uint8Array(f));
  const large = { type: 'large', text: '0123456789'.repeat(2000) };
  link.send({ type: 'small', n: 1 });
  link.send(large);
  link.send({ type: 'small', n: 2 });
  await until(() => packed().length === 3);
  const theirs = new Unpacker(0, 0);
  const read = async (data: Uint8Array<ArrayBuffer>) => {
    const frame = theirs.unpack(data);
    if (!('deflated' in frame)) return frame;
    const text = await new Response(new Blob([frame.deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).text();
    theirs.said(text);
    return { seq: frame.seq, ack: frame.ack, text };
  };
  const [a, b, c] = [await read(packed()[0]!), await read(packed()[1]!), await read(packed()[2]!)];
  equal([a, b, c].map(f => [f.seq, JSON.parse(f.text!)]), [[1, { type: 'small', n: 1 }], [2, large], [3, { type: 'small', n: 2 }]]);

  const ours = new Packer(0, 0);
  const big = JSON.stringify({ m: 'x'.repeat(5000) });
  const deflated = new Uint8Array(await new Response(new Blob([big]).stream().pipeThrough(new CompressionStream('deflate-raw'))).arrayBuffer());
  const gives = (frame: Uint8Array<ArrayBuffer>) => last().onmessage?.({ data: frame.buffer });
  gives(ours.pack({ seq: 1, ack: 2, text: big }, deflated));
  gives(ours.pack({ seq: 2, ack: 3, text: '{"m":"xxxxxx"}' }));
  await until(() => got.length === 2);
  equal(got[1], { m: 'xxxxxx' });
  equal(link.backlog, 0);

  const first = last();
  first.onmessage?.({ data: new Uint8Array([0, 0x60, 0x61]).buffer });
  equal(first.closedWith, 4400);
  await until(() => sockets.length > 1);
  link.close();
});
