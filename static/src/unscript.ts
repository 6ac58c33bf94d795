// The way back from a rewritten script: what the server adds is marked so that it can be dropped without knowing the
// language. The twin of rewrite/unscript.go; testdata/unscript.json holds them equal.

import { endsWith, includes, indexOf, slice, startsWith } from './natives';

const CALLS = ['o(', 'v(', 'js(', 'url(', 'meta(', 'html(', 'c(', 'f(', 'w(location,'];
const OURS = [')', '?.', '(', '}'];
const KEYS = ['location', 'top', 'eval'];

/** The source text that the server made `source` of, or of a part of it such as a function. */
export function unscript(source: string): string {
  let out = '', from = 0;
  for (let at = indexOf(source, '$'); at >= 0; at = indexOf(source, '$', from)) {
    const text = slice(source, from, at), bare = endsWith(text, '/*') ? slice(text, 0, text.length - 2) : undefined;
    if (startsWith(source, '$tandem.', at)) {
      out += text;
      from = after(source, CALLS, at + 8);
    } else if (bare !== undefined && startsWith(source, '$*/', at)) {
      from = after(source, OURS, at + 3);
      const isKey = from === at + 3 && source[from] === ':';
      if (isKey) from++;
      out += isKey ? withoutKey(bare) : bare;
    } else if (bare !== undefined && startsWith(source, '$.*/?', at)) {
      out += bare;
      from = at + 5;
    } else if (bare !== undefined && startsWith(source, '$const*/', at)) {
      out += (endsWith(bare, 'let') ? slice(bare, 0, bare.length - 3) : bare) + 'const';
      from = at + 8;
    } else if (bare !== undefined && startsWith(source, '$=*/', at)) {
      out += bare;
      const end = indexOf(source, '/*=$*/', at + 4);
      from = end < 0 ? source.length : end + 6;
    } else if (bare !== undefined && startsWith(source, '$url', at)) {
      const end = indexOf(source, '*/', at);
      out += bare + slice(source, at + 4, end < 0 ? source.length : end);
      from = end < 0 ? source.length : afterString(source, end + 2);
    } else if (startsWith(source, '$# sourceMappingURL=', at) && (bare !== undefined || endsWith(text, '//'))) {
      out += text;
      from = at + 1;
    } else {
      out += text + '$';
      from = at + 1;
    }
  }
  return from === 0 ? source : out + slice(source, from);
}

/** Where the text goes on behind one of the prefixes, if it has one there. */
function after(source: string, prefixes: readonly string[], at: number): number {
  for (let i = 0; i < prefixes.length; i++) if (startsWith(source, prefixes[i]!, at)) return at + prefixes[i]!.length;
  return at;
}

function withoutKey(text: string): string {
  for (let i = 0; i < KEYS.length; i++) if (endsWith(text, KEYS[i]!)) return slice(text, 0, text.length - KEYS[i]!.length);
  return text;
}

/** Where the string literal at that place ends. */
function afterString(source: string, at: number): number {
  const quote = source[at];
  const end = quote === undefined ? -1 : indexOf(source, quote, at + 1);
  return end < 0 ? source.length : end + 1;
}

/** Ends a javascript: URL that must have no value. */
export const NO_VALUE = '%0a;$tandem.v(/*$*/)';

/** A script, or a text with scripts in it, as its author wrote it: most were not changed. */
export function authorScript(source: string): string {
  if (!includes(source, '$tandem.') && !includes(source, '/*$')) return source;
  let text = source;
  for (let at = endOf(text); at >= 0; at = endOf(text)) text = slice(text, 0, at) + slice(text, at + NO_VALUE.length);
  return unscript(text);
}

function endOf(text: string): number {
  const at = indexOf(text, NO_VALUE);
  return at < 0 ? indexOf(text, '%0A' + slice(NO_VALUE, 3)) : at;
}
