// What the structured clone algorithm can copy (HTML, 2.7), as what JSON can hold, and back: what a database keeps goes to
// another browser so. Objects stand in a table and are named by their place in it, which keeps circles and what is
// shared. What only its browser can have, such as a key that may not be extracted, cannot be written.

/** A value: itself where JSON has it, else a list that begins with its kind. */
type Coded = string | number | boolean | null | [kind: string, ...rest: unknown[]];

/** The objects; what is asked for stands last. */
export type Table = Coded[];

const BYTES = 'bytes';
const views: Record<string, new (buffer: ArrayBuffer, offset: number, length: number) => ArrayBufferView> = {
  DataView, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array,
};
const errors: Record<string, ErrorConstructor> = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

/** What can't be written is thrown. */
export class Unclonable extends Error {}

/** Writes one value. All but files is read at once, since a transaction does not wait. */
export function write(value: unknown): Promise<Table> {
  const writer = new Writer();
  const root = writer.code(value);
  return Promise.all(writer.files).then(() => [...writer.table, root]);
}

class Writer {
  readonly table: Table = [];
  readonly files: Promise<void>[] = [];
  private readonly places = new Map<object, number>();

  code(value: unknown): Coded {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : ['number', Object.is(value, -0) ? '-0' : `${value}`];
      case 'undefined':
        return ['undefined'];
      case 'bigint':
        return ['bigint', `${value}`];
      case 'object':
        return value === null ? null : ['at', this.place(value)];
    }
    throw new Unclonable(typeof value);
  }

  private place(object: object): number {
    const known = this.places.get(object);
    if (known !== undefined) return known;
    const place = this.table.push(null) - 1;
    this.places.set(object, place);
    this.table[place] = this.object(object);
    return place;
  }

  private object(value: object): Coded {
    if (value instanceof Date) return ['date', value.getTime()]; // null when it is invalid
    if (value instanceof RegExp) return ['regexp', value.source, value.flags];
    if (value instanceof Map) return ['map', ...[...value].flat().map(each => this.code(each))];
    if (value instanceof Set) return ['set', ...[...value].map(each => this.code(each))];
    if (value instanceof ArrayBuffer) return [BYTES, base64(new Uint8Array(value))];
    if (ArrayBuffer.isView(value)) return this.view(value);
    if (value instanceof Blob) return this.file(value);
    if (value instanceof Error) return ['error', value.name, value.message];
    if (value instanceof Boolean || value instanceof Number || value instanceof String || value instanceof BigInt) return ['boxed', this.code(value.valueOf())];
    if (Array.isArray(value)) return ['array', value.length, ...this.members(value)];
    if (Object.prototype.toString.call(value) === '[object Object]') return ['object', ...this.members(value)];
    throw new Unclonable(Object.prototype.toString.call(value));
  }

  private members(value: object): unknown[] {
    return Object.entries(value).flatMap(([name, held]) => [name, this.code(held)]);
  }

  private view(view: ArrayBufferView): Coded {
    const kind = Object.prototype.toString.call(view).slice(8, -1);
    if (!(kind in views)) throw new Unclonable(kind);
    const length = view instanceof DataView ? view.byteLength : (view as Uint8Array).length;
    return ['view', kind, this.code(view.buffer), view.byteOffset, length];
  }

  private file(blob: Blob): Coded {
    const coded: Coded = blob instanceof File ? ['file', blob.type, '', blob.name, blob.lastModified] : ['file', blob.type, ''];
    this.files.push(blob.arrayBuffer().then(bytes => { coded[2] = base64(new Uint8Array(bytes)); }));
    return coded;
  }
}

/** Reads what was written, by whomever: what is no such table is thrown. */
export function read(table: unknown): unknown {
  if (!Array.isArray(table) || table.length === 0) throw new Unclonable('no table');
  return new Reader(table as Table).value(table[table.length - 1] as Coded);
}

class Reader {
  private readonly made = new Map<number, unknown>();

  constructor(private readonly table: Table) {}

  value(coded: Coded): unknown {
    if (!Array.isArray(coded)) return coded;
    const [kind, what] = coded;
    switch (kind) {
      case 'number': return Number(what);
      case 'undefined': return undefined;
      case 'bigint': return BigInt(what as string);
      case 'at': return this.at(what as number);
    }
    throw new Unclonable(kind);
  }

  private at(place: number): unknown {
    if (this.made.has(place)) return this.made.get(place);
    const coded = this.table[place];
    if (!Array.isArray(coded)) throw new Unclonable('nothing there');
    return this.object(place, coded);
  }

  private object(place: number, [kind, ...rest]: [string, ...unknown[]]): unknown {
    const make = <T>(value: T): T => {
      this.made.set(place, value);
      return value;
    };
    const [a, b, c, d] = rest as [never, never, never, never];
    switch (kind) {
      case 'date': return make(new Date(a ?? NaN));
      case 'regexp': return make(new RegExp(a, b));
      case BYTES: return make(bytes(a).buffer);
      case 'view': return make(new views[a as string]!(this.value(b) as ArrayBuffer, c, d));
      case 'file': return make(rest.length > 2 ? new File([bytes(b)], c, { type: a, lastModified: d }) : new Blob([bytes(b)], { type: a }));
      case 'error': return make(new (errors[a as string] ?? Error)(b));
      case 'boxed': return make(Object(this.value(a)));
      case 'map': return this.pairs(make(new Map<unknown, unknown>()), rest, (map, key, value) => map.set(this.value(key), value));
      case 'set': {
        const set = make(new Set<unknown>());
        for (const each of rest) set.add(this.value(each as Coded));
        return set;
      }
      case 'array': return this.pairs(make(new Array<unknown>(a)), rest.slice(1), define);
      case 'object': return this.pairs(make({}), rest, define);
    }
    throw new Unclonable(kind);
  }

  private pairs<T>(into: T, rest: unknown[], put: (into: T, key: Coded, value: unknown) => void): T {
    for (let i = 0; i + 1 < rest.length; i += 2) put(into, rest[i] as Coded, this.value(rest[i + 1] as Coded));
    return into;
  }
}

/** An own property by any name, `__proto__` too. */
const define = (into: object, key: Coded, value: unknown): void => {
  Object.defineProperty(into, key as string, { value, writable: true, enumerable: true, configurable: true });
};

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), character => character.charCodeAt(0));
