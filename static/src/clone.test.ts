import { read, Unclonable, write } from './clone';
import { equal, test } from './harness';

/** A value after its way, told by its kind and parts, since JSON knows few of them. */
async function moved<T>(value: T): Promise<T> {
  return read(JSON.parse(JSON.stringify(await write(value)))) as T;
}

const told = (value: unknown): string => {
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'object' && value !== null) {
    const parts = value instanceof Map || value instanceof Set ? [...value].flat() : ArrayBuffer.isView(value) ? [...new Uint8Array(value.buffer)] :
      value instanceof ArrayBuffer ? [...new Uint8Array(value)] : Object.entries(value).flat();
    const whole = value instanceof Date || value instanceof RegExp || value instanceof Error ? String(value) : '';
    return `${Object.prototype.toString.call(value)} ${whole} ${Array.isArray(value) ? value.length : ''} (${parts.map(told).join()})`;
  }
  return `${typeof value} ${String(value)}`;
};

test('clone: a value is the same after its way', async () => {
  const sparse = [1, , 3]; // eslint-disable-line no-sparse-arrays
  const values = [
    'text', '', '\u2028 "\\ \ud800', 0, -0, 1.5, NaN, Infinity, -Infinity, true, false, null, undefined, 12345678901234567890n,
    new Date(86400000), new Date(NaN), /a\/b/giu, [], [1, [2, '3']], sparse, {}, { a: { b: [undefined, null] } }, JSON.parse('{"__proto__": 7}'),
    new Map<unknown, unknown>([[{ k: 1 }, new Set([1, 'x'])], [NaN, -0]]), new Uint8Array([0, 1, 255]).buffer, new Uint16Array([1, 65535]),
    new DataView(new Uint8Array([9, 8, 7]).buffer, 1, 1), new TypeError('no'), Object(3), Object('s'), Object(true), Object(5n),
  ];
  for (const value of values) equal(told(await moved(value)), told(value));
});

test('clone: circles and what is shared stay so', async () => {
  const shared = [1];
  const circle: Record<string, unknown> = { one: shared, two: shared };
  circle['self'] = circle;
  circle['map'] = new Map([[circle, circle]]);
  const buffer = new ArrayBuffer(4);
  circle['views'] = [new Uint8Array(buffer, 1, 2), new Uint8Array(buffer)];
  const after = await moved(circle);
  equal([after['one'] === after['two'], after['self'] === after, (after['map'] as Map<unknown, unknown>).get(after) === after], [true, true, true]);
  const [part, all] = after['views'] as [Uint8Array, Uint8Array];
  equal([part.buffer === all.buffer, part.byteOffset, part.length], [true, 1, 2]);
});

test('clone: files keep bytes, names and times', async () => {
  const file = await moved(new File([new Uint8Array([0, 200, 10])], 'ä.bin', { type: 'image/png', lastModified: 5 }));
  equal([file instanceof File, file.name, file.type, file.lastModified, [...new Uint8Array(await file.arrayBuffer())]], [true, 'ä.bin', 'image/png', 5, [0, 200, 10]]);
  const blob = await moved({ of: new Blob(['x'.repeat(20_000)], { type: 'text/plain' }) });
  equal([blob.of instanceof File, blob.of.type, (await blob.of.text()).length], [false, 'text/plain', 20_000]);
});

test('clone: what only its browser can have is refused, and what is no such table', async () => {
  const key = await crypto.subtle?.generateKey({ name: 'AES-GCM', length: 128 }, false, ['encrypt']);
  const refused = async (what: () => unknown) => {
    try {
      await what();
      return 'taken';
    } catch (error) {
      return error instanceof Unclonable || error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError ? 'refused' : String(error);
    }
  };
  for (const value of [() => 1, Symbol('s'), { deep: [document.body] }, ...(key ? [key] : [])]) equal(await refused(() => write(value)), 'refused');
  for (const text of ['{}', '[]', '[["at",0]]', '[["at",7]]', '[["view","Function",["at",0],0,1],["at",0]]', '[["nothing"],["at",0]]', '[["array",-1],["at",0]]']) {
    equal(await refused(() => read(JSON.parse(text))), 'refused', text);
  }
});
