import { equal, test } from './harness';
import golden from '../../session/wire/testdata/frames.json';
import { NotPacked, Packer, Unpacker, type Frame } from './wire';

const hex = (bytes: Uint8Array): string => Array.from(bytes, b => b.toString(16).padStart(2, '0')).join('');
const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array((text.match(/../g) ?? []).map(b => parseInt(b, 16)));

test('packs and unpacks what the server does', () => {
  const packer = new Packer(0, 0);
  const unpacker = new Unpacker(0, 0);
  for (const { seq, ack, text, packed } of golden as { seq: number; ack: number; text?: string; packed: string }[]) {
    equal(hex(packer.pack({ seq, ack, text: text ?? null })), packed);
    const got = unpacker.unpack(bytes(packed)) as Frame;
    equal([got.seq, got.ack], [seq, ack]);
    if (!text?.startsWith('{"type":"pointer"')) equal(got.text, text ?? null);
    else {
      const close = (of: string) => ({ ...JSON.parse(of), fx: 0, fy: 0 });
      equal(close(got.text!), close(text));
      equal(Math.abs(JSON.parse(got.text!).fx - JSON.parse(text).fx) < 0.0002, true);
    }
  }
});

test('long sessions come back as they were', () => {
  const packer = new Packer(5, 0);
  const unpacker = new Unpacker(5, 0);
  let x = 1;
  const random = (n: number) => (x = Math.imul(x, 1103515245) + 12345 >>> 0) % n;
  const words = ['["div",', '"class"', 'näh', ']]', '0', '😀', 'abcabcabc', ',["p",0,"'];
  for (let seq = 6; seq < 500; seq++) {
    let text = '';
    for (let n = random(1 << random(9)); n >= 0; n--) text += words[random(words.length)];
    const deflated = text.length > 1000 ? new Uint8Array([1, 2, 3]) : null;
    const got = unpacker.unpack(packer.pack({ seq, ack: 0, text }, deflated));
    equal(got.seq, seq);
    if ('deflated' in got) {
      equal(hex(got.deflated), '010203');
      unpacker.said(text);
    } else equal(got.text, text);
  }
});

test('refuses what is no packed frame', () => {
  for (const packed of ['', '08', '00606162', '000105', '00216100', '00216102', '003f61ffff7f01', '03616263', '0201000500', '10ffffffffffffffff7f']) {
    let refused = false;
    try {
      new Unpacker(0, 0).unpack(bytes(packed));
    } catch (error) {
      refused = error instanceof NotPacked;
    }
    equal([packed, refused], [packed, true]);
  }
});
