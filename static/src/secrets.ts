// What was hidden in one place and turns up in another. Pages copy what people type: into a title, an address, a
// preview. So what masked fields hold is remembered, in the visitor's browser only, and taken out of whatever else is
// told. This is a net below masking and no replacement for it: what is shorter than a few characters, cut in pieces or
// encrypted by the page is not recognised.

import { MASK } from './ops';

const SHORTEST = 4;
const LONGEST = 1000;
const MOST = 100;

const toBase64 = globalThis.btoa;
const encode = globalThis.encodeURIComponent;
const stringify = JSON.stringify;

export class Secrets {
  /** The spellings of each secret, by the secret, oldest first. */
  private readonly known = new Map<string, string[]>();
  /** What each field holds now. */
  private readonly fields = new WeakMap<object, string>();

  /** `changed` hears of each secret, and of what it takes the place of. */
  constructor(private readonly changed: (secret: string, before?: string) => void = () => undefined) {}

  /** Whether there are any. */
  get any(): boolean {
    return this.known.size > 0;
  }

  /** All of them, oldest first. */
  all(): string[] {
    return [...this.known.keys()];
  }

  /** A masked field holds a value. What it held before stays known, unless it was on the way to this. */
  holds(field: object, value: string): void {
    const before = this.fields.get(field);
    if (before === value) return;
    this.fields.set(field, value);
    if (before === undefined || !before.startsWith(value)) this.note(value, before !== undefined && value.startsWith(before) ? before : undefined);
  }

  note(secret: string, before?: string): void {
    const text = secret.trim();
    if (before) this.known.delete(before.trim());
    if (text.length < SHORTEST || text.length > LONGEST || text.startsWith(MASK) || this.known.has(text)) return;
    if (this.known.size >= MOST) this.known.delete(this.known.keys().next().value!);
    this.known.set(text, spellings(text));
    this.changed(text, before);
  }

  /** A text without secrets. */
  hide(text: string): string {
    if (this.known.size === 0 || text.length < SHORTEST) return text;
    for (const spelt of this.known.values()) {
      for (let i = 0; i < spelt.length; i++) if (text.includes(spelt[i]!)) text = text.split(spelt[i]!).join(MASK);
    }
    return text;
  }

  /** Whether JSON holds a secret, maybe. */
  inJSON(json: string): boolean {
    for (const spelt of this.known.values()) {
      for (let i = 0; i < spelt.length; i++) if (json.includes(stringify(spelt[i]!).slice(1, -1))) return true;
    }
    return false;
  }

  /** A value as JSON has it, with the secrets out of all its texts. */
  hideIn(value: unknown): unknown {
    if (typeof value === 'string') return this.hide(value);
    if (Array.isArray(value)) return value.map((each) => this.hideIn(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.hideIn(each)]));
  }
}

/** How a text looks in addresses, in markup, and in base64 wherever it begins there. */
function spellings(text: string): string[] {
  const out = new Set([text]);
  try {
    const escaped = encode(text);
    out.add(escaped);
    out.add(escaped.replace(/%20/g, '+'));
    const markup = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
    out.add(markup);
    out.add(markup.replace(/"/g, '&quot;'));
    const bytes = escaped.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    for (const before of ['', '\0', '\0\0']) {
      // Only what does not depend on what stands before and after it.
      const inner = toBase64(before + bytes).slice(before.length === 0 ? 0 : before.length + 1, ((before.length + bytes.length) * 8 / 6) | 0);
      if (inner.length >= SHORTEST + 2) out.add(inner);
    }
  } catch { /* half of a surrogate pair, which none of these has */ }
  return [...out].sort((a, b) => b.length - a.length);
}
