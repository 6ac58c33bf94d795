import * as inner from './inner.mjs?cors=*';
import '$HERE/file/empty.mjs?cors=*&static';
export * from './inner.mjs?cors=*';
export const url = import.meta.url;
export const resolved = import.meta.resolve ? import.meta.resolve('./x') + import.meta.resolve('$OTHER/y') : 'none';
export const nested = inner.inner;
export const keys = Object.keys(import.meta).sort().join();
const { href } = new URL('./data.json', import.meta.url);
export const imported = href + (typeof location === 'object' ? location.host : '');
