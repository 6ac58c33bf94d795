// JSON of ops. Old libraries add toJSON to built-in prototypes, and then
// JSON.stringify writes what they like; this one writes what it is given.

const stringify = JSON.stringify;

const prototypes: object[] = [Object.prototype, Array.prototype, String.prototype, Number.prototype, Boolean.prototype];

/** Encodes arrays, plain objects, strings, finite numbers, booleans and null. */
export function encode(value: unknown): string {
  return prototypes.some((proto) => 'toJSON' in proto) ? slow(value) : stringify(value);
}

function slow(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object' || value === null) return `${value}`;
  if (Array.isArray(value)) {
    let out = '';
    for (let i = 0; i < value.length; i++) out += (i === 0 ? '' : ',') + slow(value[i]);
    return '[' + out + ']';
  }
  let out = '';
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    out += (out === '' ? '' : ',') + quote(key) + ':' + slow((value as Record<string, unknown>)[key]);
  }
  return '{' + out + '}';
}

function quote(text: string): string {
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const plain = unit >= 32 && unit !== 34 && unit !== 92 && (unit < 0xd800 || unit > 0xdfff);
    out += plain ? text[i] : '\\u' + unit.toString(16).padStart(4, '0');
  }
  return out + '"';
}
