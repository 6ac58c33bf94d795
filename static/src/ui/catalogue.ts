// What people read, in their language. The words are in the directory words, a file for each language; a page loads
// its own before its script. Go says what it says to people from the same files.

import type { Messages } from './messages';

export type Key = keyof Messages;
type Names<K extends Key> = Messages[K];
type Values<K extends Key, V> = [Names<K>] extends [never] ? [] : [values: Record<Names<K>, V>];

/** A text, or the texts for the plural categories of the language. */
type Text = string | Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

const loaded = (): Record<Key, Text> => (globalThis as unknown as { tandemWords: Record<Key, Text> }).tandemWords;

/** The language of the page. */
export const language = (): string => document.documentElement.lang;

/** The same as the reader's browser has it, with a region: people in Vienna and in Zürich write numbers differently. */
export function locale(): string {
  const own = language();
  return navigator.languages.find(tag => tag === own || tag.startsWith(`${own}-`)) ?? own;
}

/** The text of a key; numbers are written as the reader writes them, and {n} chooses the plural. */
export function t<K extends Key>(key: K, ...[values]: Values<K, string | number>): string {
  return pieces<string | number, string>(key, values ?? {}, value => isolated(typeof value === 'number' ? number(value) : value)).join('');
}

/** The same with elements in it. */
export function rich<K extends Key>(key: K, ...[values]: Values<K, Node>): (Node | string)[] {
  return pieces<Node, Node>(key, values ?? {}, value => value);
}

/** Whether a name that came from elsewhere is the key of a text. */
export const has = (key: string): key is Key => Object.hasOwn(loaded(), key);

function pieces<V, P>(key: Key, values: Partial<Record<string, V>>, put: (value: V) => P): (P | string)[] {
  const text = loaded()[key];
  const chosen = typeof text === 'string' ? text : text[plural(values['n'])] ?? text.other;
  return chosen.split(/\{([a-z]+)\}/).map((part, at) => (at % 2 === 0 ? part : put(values[part]!)));
}

const plural = (n: unknown): Intl.LDMLPluralRule => new Intl.PluralRules(language()).select(Number(n));

export const number = (n: number, digits = 0): string => new Intl.NumberFormat(locale(), { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(n);

/** A time of the day. */
export const time = (at: Date): string => at.toLocaleTimeString(locale(), { timeStyle: 'short' });
export const dateAndTime = (at: Date): string => at.toLocaleString(locale(), { dateStyle: 'medium', timeStyle: 'short' });

/** Keeps a name of the other direction from turning the order of the words around it (UAX 9: FSI, PDI). */
function isolated(value: string): string {
  const turns = document.documentElement.dir === 'rtl' || /[\u0590-\u08ff\ufb1d-\ufefc]/.test(value);
  return turns ? `\u2068${value}\u2069` : value;
}
