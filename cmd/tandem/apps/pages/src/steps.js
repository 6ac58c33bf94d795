// What a page does by itself, step by step, for who compares in between.

export const $ = (selector) => document.querySelector(selector);
export const rest = (ms) => new Promise((done) => setTimeout(done, ms));
export const root = () => document.getElementById('root');

export function steps(list) {
  globalThis.steps = Object.entries(list).map(([name, run]) => ({ name, run }));
}
