// SHA-256 (FIPS 180-4) at once: the browser's own digest is asynchronous, and an address is needed now.

import { charCodeAt } from './natives';

const K = new Uint32Array(64);
const H = new Uint32Array(8);
{
  // The constants are the fractions of the roots of the first primes (§4.2.2, §5.3.3).
  let n = 0;
  for (let p = 2; n < 64; p++) {
    let prime = true;
    for (let d = 2; d * d <= p; d++) if (p % d === 0) prime = false;
    if (!prime) continue;
    if (n < 8) H[n] = (p ** 0.5 % 1) * 2 ** 32;
    K[n++] = (Math.cbrt(p) % 1) * 2 ** 32;
  }
}

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

/** The digest of an ASCII string as eight 32-bit words. */
export function sha256(text: string): Uint32Array {
  const state = new Uint32Array(8);
  for (let i = 0; i < 8; i++) state[i] = H[i]!;
  const blocks = ((text.length + 8) >> 6) + 1;
  const words = new Uint32Array(blocks * 16);
  for (let i = 0; i < text.length; i++) words[i >> 2]! |= charCodeAt(text, i) << (24 - (i & 3) * 8);
  words[text.length >> 2]! |= 0x80 << (24 - (text.length & 3) * 8);
  words[words.length - 1] = text.length * 8;
  for (let at = 0; at < words.length; at += 16) compress(state, words, at);
  return state;
}

const w = new Uint32Array(64);

function compress(state: Uint32Array, words: Uint32Array, at: number): void {
  for (let i = 0; i < 64; i++) {
    if (i < 16) {
      w[i] = words[at + i]!;
      continue;
    }
    const a = w[i - 15]!, b = w[i - 2]!;
    w[i] = w[i - 16]! + w[i - 7]! + (rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3)) + (rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10));
  }
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!;
  let e = state[4]!, f = state[5]!, g = state[6]!, h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[i]! + w[i]!;
    const two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g; g = f; f = e; e = (d + one) | 0;
    d = c; c = b; b = a; a = (one + two) | 0;
  }
  state[0]! += a; state[1]! += b; state[2]! += c; state[3]! += d;
  state[4]! += e; state[5]! += f; state[6]! += g; state[7]! += h;
}
