// Punycode (RFC 3492), decoding only: browsers differ in whether they check it, the server does.

import { charCodeAt, floor, fromCodePoint, lastIndexOf } from './natives';

/** The label of a name without its `xn--`, decoded; undefined when it is malformed. */
export function decodePunycode(text: string): string | undefined {
  const basic = lastIndexOf(text, '-');
  let out: number[] = [];
  for (let i = 0; i < basic; i++) out[i] = charCodeAt(text, i);
  let n = 128, bias = 72, index = 0;
  for (let at = basic < 0 ? 0 : basic + 1; at < text.length;) {
    const start = index;
    for (let weight = 1, k = 36; ; k += 36) {
      const digit = digitOf(charCodeAt(text, at++));
      if (digit < 0) return undefined;
      index += digit * weight;
      const threshold = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
      if (digit < threshold) break;
      weight *= 36 - threshold;
      if (index > 0x7fffffff) return undefined;
    }
    const length = out.length + 1;
    bias = adapt(index - start, length, start === 0);
    n += floor(index / length);
    index %= length;
    if (n > 0x10ffff) return undefined;
    const next: number[] = [];
    for (let i = 0; i < length; i++) next[i] = i < index ? out[i]! : i === index ? n : out[i - 1]!;
    out = next;
    index++;
  }
  let decoded = '';
  for (let i = 0; i < out.length; i++) decoded += fromCodePoint(out[i]!);
  return decoded;
}

/** NaN, which is what lies behind the end, is no digit. */
function digitOf(c: number): number {
  if (c >= 0x61 && c <= 0x7a) return c - 0x61;
  return c >= 0x30 && c <= 0x39 ? c - 0x30 + 26 : -1;
}

function adapt(delta: number, length: number, first: boolean): number {
  delta = floor(delta / (first ? 700 : 2));
  delta += floor(delta / length);
  let k = 0;
  for (; delta > 455; k += 36) delta = floor(delta / 35);
  return k + floor((36 * delta) / (delta + 38));
}
