import { equal, test } from './harness';
import { sha256 } from './sha256';

const hex = (text: string) => [...sha256(text)].map((word) => word.toString(16).padStart(8, '0')).join('');

test('the examples of FIPS 180', () => {
  equal(hex('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  equal(hex(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  equal(hex('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'), '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1');
});

test('all lengths around a block equal the browser’s digest', async () => {
  for (let n = 50; n < 130; n++) {
    const text = 'a'.repeat(n);
    const want = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
    equal(hex(text), [...want].map((b) => b.toString(16).padStart(2, '0')).join(''), `${n}`);
  }
});
