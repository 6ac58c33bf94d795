// Packs the frames of a link into few bytes: the twin of the server's package session/wire, whose comment describes
// the format. What is unpacked is JSON again, and has to be judged as such.

/** Length of a text, in characters, from which it is deflated by itself. */
export const DEFLATE_FROM = 4 << 10;

export interface Frame {
  seq: number; // 0 for what may get lost
  ack: number;
  text: string | null; // JSON; null when the frame only acknowledges
}

/** A frame whose text has still to be inflated. */
export interface Deflated {
  seq: number;
  ack: number;
  deflated: Uint8Array<ArrayBuffer>;
}

export class NotPacked extends Error {}

const BY_REFERENCE = 0;
const BY_DEFLATE = 1;
const BY_POINTER = 2;
const NOTHING = 3;
const CODINGS = 3;
const NUMBERED = 4;
const ACKS = 8;
const EXPLICIT = 16;
const SAME_DOC = 32;
const SAME_PERSON = 64;
const SAME_NODE = 128;

const REACH = (1 << 14) - 1; // how far back a match may be: a varint of two bytes
const MIN_MATCH = 3;
const HASHED = 4; // bytes that are looked up
const HASH_BITS = 12;
const LONGEST = 32; // matches that are compared at a place
const MANY_LITERALS = 7;
const LONG_MATCH = 31;
const LONG_FROM = LONG_MATCH + MIN_MATCH - 1;
const MOST = 3 * DEFLATE_FROM; // bytes of a text that is not deflated
const FRACTION = (1 << 12) - 1;
const MAX_FROM = 64;
const MAX_PLACE = 2 ** 30;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

interface Pointer { doc: number; from: string; node: number; fx: number; fy: number; x: number; y: number }
const nowhere: Pointer = { doc: 0, from: '', node: 0, fx: 0, fy: 0, x: 0, y: 0 };

/** The end of what was said. Both ends hold the same. */
class Window {
  buf = new Uint8Array(2 * REACH + 2 * MOST);
  end = 0;
  past = 0; // bytes said before buf

  append(text: Uint8Array): void {
    if (text.length > REACH) {
      this.past += this.end + text.length - REACH;
      this.end = 0;
      text = text.subarray(text.length - REACH);
    }
    this.room(text.length);
    this.buf.set(text, this.end);
    this.end += text.length;
  }

  room(bytes: number): void {
    const over = this.end - REACH;
    if (this.end + bytes <= this.buf.length || over <= 0) return;
    this.buf.copyWithin(0, over, this.end);
    this.end -= over;
    this.past += over;
  }

  /** Counts the bytes that are alike at a place and before it. */
  match(at: number, distance: number): number {
    const start = at - this.past;
    if (distance > start) return 0;
    let n = start;
    while (n < this.end && this.buf[n] === this.buf[n - distance]) n++;
    return n - start;
  }
}

/** Finds earlier places in a window that begin like a later one. */
class Chains {
  #head = new Int32Array(1 << HASH_BITS); // the last place of a hash, counted from 1
  #prev = new Uint16Array(REACH + 1); // how far before a place the one before it is; 0 when there is none
  #next = 0;

  /** Forgets all places before they become too large. */
  renew(w: Window): void {
    if (w.past <= MAX_PLACE) return;
    w.past = this.#next = 0;
    this.#head.fill(0);
  }

  /** Enters the places before end. */
  enter(w: Window, end: number): void {
    end = Math.min(end, w.past + w.end - HASHED + 1);
    let at = Math.max(this.#next, w.past);
    for (; at < end; at++) {
      const h = hash(w.buf, at - w.past);
      const back = at + 1 - this.#head[h]!;
      this.#prev[at & REACH] = this.#head[h] === 0 || back > REACH ? 0 : back;
      this.#head[h] = at + 1;
    }
    this.#next = Math.max(this.#next, end);
  }

  find(w: Window, at: number, last: number): [length: number, distance: number] {
    let length = last > 0 ? w.match(at, last) : 0;
    let distance = last;
    const here = at - w.past;
    if (w.end - here < HASHED) return [length, distance];
    let place = this.#head[hash(w.buf, here)]! - 1;
    for (let n = 0; place >= w.past && at - place <= REACH && n < LONGEST; n++) {
      const m = w.match(at, at - place);
      if (m > length + 1 || (m > length && distance !== last)) {
        length = m;
        distance = at - place;
      }
      const back = this.#prev[place & REACH]!;
      if (back === 0) break;
      place -= back;
    }
    return [length, distance];
  }
}

const hash = (b: Uint8Array, at: number): number =>
  Math.imul(b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24), 2654435761) >>> (32 - HASH_BITS);

function varint(out: number[], value: number): void {
  for (; value >= 128; value = Math.floor(value / 128)) out.push((value % 128) | 128);
  out.push(value);
}

/** Packs the frames of one direction of one socket, in order. */
export class Packer {
  #window = new Window();
  #chains = new Chains();
  #pointer = nowhere;

  constructor(private seq: number, private ack: number) {}

  /** The packed frame. One whose text is `deflated` is so long that this was worth while. */
  pack({ seq, ack, text }: Frame, deflated: Uint8Array | null = null): Uint8Array<ArrayBuffer> {
    const out = [0];
    if (ack > this.ack) {
      out[0]! |= ACKS;
      varint(out, ack - this.ack);
      this.ack = ack;
    }
    if (seq === this.seq + 1) {
      out[0]! |= NUMBERED;
      this.seq = seq;
    } else if (seq !== 0) {
      out[0]! |= EXPLICIT;
      varint(out, seq);
      this.seq = seq;
    }
    if (text === null) out[0]! |= NOTHING;
    else if (deflated !== null) {
      out[0]! |= BY_DEFLATE;
      // Characters are a byte at least, so this is all that is looked at.
      this.#chains.renew(this.#window);
      this.#window.append(encoder.encode(text.slice(-REACH - 1)));
      this.#chains.enter(this.#window, Infinity);
      const all = new Uint8Array(out.length + deflated.length);
      all.set(out);
      all.set(deflated, out.length);
      return all;
    } else if (seq !== 0 || !this.#point(out, text)) this.#refer(out, encoder.encode(text));
    return new Uint8Array(out);
  }

  #refer(out: number[], text: Uint8Array): void {
    const w = this.#window;
    this.#chains.renew(w);
    w.append(text);
    const end = w.past + w.end;
    let at = end - text.length;
    let literals = at;
    let last = 0;
    while (at < end) {
      this.#chains.enter(w, at);
      const [length, distance] = this.#chains.find(w, at, last);
      if (length < MIN_MATCH || (length === MIN_MATCH && distance > 127)) {
        at++;
        continue;
      }
      token(out, w, literals, at, length);
      varint(out, distance === last ? 0 : distance);
      last = distance;
      at += length;
      literals = at;
    }
    this.#chains.enter(w, end);
    if (literals < end || text.length === 0) token(out, w, literals, end, 0);
  }

  #point(out: number[], text: string): boolean {
    if (!text.startsWith('{"type":"pointer"')) return false;
    const p = { ...nowhere, ...JSON.parse(text) as Partial<Pointer> };
    const from = encoder.encode(p.from);
    const before = this.#pointer;
    if (!(p.fx >= 0 && p.fx <= 1 && p.fy >= 0 && p.fy <= 1) || from.length > MAX_FROM || Math.abs(p.x) > 2 ** 30 || Math.abs(p.y) > 2 ** 30) return false;
    out[0]! |= BY_POINTER | (p.doc === before.doc ? SAME_DOC : 0) | (p.from === before.from ? SAME_PERSON : 0) |
      (p.node === before.node ? SAME_NODE : 0);
    if (p.doc !== before.doc) varint(out, p.doc);
    if (p.from !== before.from) {
      varint(out, from.length);
      out.push(...from);
    }
    if (p.node !== before.node) varint(out, p.node);
    if (p.node === 0) for (const n of [Math.round(p.x), Math.round(p.y)]) varint(out, n < 0 ? -2 * n - 1 : 2 * n);
    else {
      const [fx, fy] = [Math.round(p.fx * FRACTION), Math.round(p.fy * FRACTION)];
      out.push(fx & 255, (fx >> 8) | ((fy << 4) & 255), fy >> 4);
    }
    this.#pointer = p;
    return true;
  }
}

function token(out: number[], w: Window, from: number, to: number, length: number): void {
  const literals = to - from;
  const code = length > 0 ? Math.min(length - MIN_MATCH + 1, LONG_MATCH) : 0;
  out.push((Math.min(literals, MANY_LITERALS) << 5) | code);
  if (literals >= MANY_LITERALS) varint(out, literals - MANY_LITERALS);
  for (let i = from; i < to; i++) out.push(w.buf[i - w.past]!);
  if (code === LONG_MATCH) varint(out, length - LONG_FROM);
}

/** Undoes a Packer. After an error it is useless. */
export class Unpacker {
  #window = new Window();
  #pointer = nowhere;

  constructor(private seq: number, private ack: number) {}

  unpack(data: Uint8Array<ArrayBuffer>): Frame | Deflated {
    const r = new Reader(data);
    const flags = r.byte();
    if (flags & ACKS) this.ack += r.varint();
    let seq = 0;
    if (flags & NUMBERED) seq = ++this.seq;
    else if (flags & EXPLICIT) seq = this.seq = r.varint();
    const { ack } = this;
    switch (flags & CODINGS) {
      case BY_REFERENCE: return { seq, ack, text: this.#resolve(r) };
      case BY_DEFLATE: return { seq, ack, deflated: r.rest() };
      case BY_POINTER: return { seq, ack, text: this.#point(r, flags) };
    }
    if (r.left > 0) throw new NotPacked('more than nothing');
    return { seq, ack, text: null };
  }

  /** Takes note of what a deflated frame said; only the end matters. */
  said(text: string): void {
    this.#window.append(encoder.encode(text.slice(-REACH - 1)));
  }

  #resolve(r: Reader): string {
    const w = this.#window;
    w.room(MOST);
    const start = w.end;
    let last = 0;
    while (r.left > 0) {
      const head = r.byte();
      let literals = head >> 5;
      const code = head & LONG_MATCH;
      if (literals === MANY_LITERALS) literals += r.varint();
      const text = r.take(literals);
      if (w.end - start + literals > MOST) throw new NotPacked('too large');
      w.buf.set(text, w.end);
      w.end += literals;
      if (code === 0) continue;
      let length = code + MIN_MATCH - 1;
      if (code === LONG_MATCH) length += r.varint();
      last = r.varint() || last;
      if (last === 0 || last > REACH || last > w.end) throw new NotPacked('nothing there');
      if (w.end - start + length > MOST) throw new NotPacked('too large');
      for (; length > 0; length--, w.end++) w.buf[w.end] = w.buf[w.end - last]!;
    }
    return decoder.decode(w.buf.subarray(start, w.end));
  }

  #point(r: Reader, flags: number): string {
    const { doc, from, node } = this.#pointer;
    const p = { ...nowhere };
    p.doc = flags & SAME_DOC ? doc : r.varint();
    p.from = flags & SAME_PERSON ? from : decoder.decode(r.take(Math.min(r.varint(), MAX_FROM + 1)));
    p.node = flags & SAME_NODE ? node : r.varint();
    if (p.node === 0) [p.x, p.y] = [r.signed(), r.signed()];
    else {
      const [a, b, c] = r.take(3) as unknown as [number, number, number];
      p.fx = (a | ((b & 15) << 8)) / FRACTION;
      p.fy = ((b >> 4) | (c << 4)) / FRACTION;
    }
    if (r.left > 0 || p.from.length > MAX_FROM) throw new NotPacked('more than a pointer');
    this.#pointer = p;
    return JSON.stringify({ type: 'pointer', ...(p.from && { from: p.from }), doc: p.doc, node: p.node, fx: p.fx, fy: p.fy, x: p.x, y: p.y });
  }
}

class Reader {
  #at = 0;

  constructor(private data: Uint8Array<ArrayBuffer>) {}

  get left(): number { return this.data.length - this.#at; }

  byte(): number { return this.take(1)[0]!; }

  take(bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes > this.left) throw new NotPacked('too short');
    return this.data.subarray(this.#at, (this.#at += bytes));
  }

  rest(): Uint8Array<ArrayBuffer> { return this.take(this.left); }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 56; scale *= 128) {
      const b = this.byte();
      value += (b & 127) * scale;
      if (b >= 128) continue;
      if (value > Number.MAX_SAFE_INTEGER) break;
      return value;
    }
    throw new NotPacked('number');
  }

  signed(): number {
    const n = this.varint();
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
  }
}
