// Addresses and types of PDFs in embed and object elements, as the tree has them. The server's twin, and why:
// rewrite/papers.go.

import { charCodeAt, includes, indexOf, slice, toLowerCase, trim } from './natives';

const TYPE = 'text/html;tandem=';

export function hideType(type: string): string {
  const essence = trim(slice(type, 0, indexOf(type + ';', ';')));
  return toLowerCase(essence) === 'application/pdf' || toLowerCase(essence) === 'text/pdf' ? TYPE + type : type;
}

export function hideAddress(url: string): string {
  let end = url.length;
  for (let i = 0; i < end; i++) if (url[i] === '?' || url[i] === '#') end = i;
  while (end > 0 && charCodeAt(url, end - 1) <= 0x20) end--;
  const at = end - 4;
  if (at < 0 || toLowerCase(slice(url, at, end)) !== '.pdf') return url;
  return slice(url, 0, at + 1) + (url[at + 1] === 'p' ? '%70' : '%50') + slice(url, at + 2);
}

/** A type or an address, or a text with such in it, as its author wrote it. */
export function authorPaper(text: string): string {
  if (includes(text, TYPE)) {
    for (let at = indexOf(text, TYPE); at >= 0; at = indexOf(text, TYPE, at)) text = slice(text, 0, at) + slice(text, at + TYPE.length);
  }
  if (includes(text, '.%70')) text = spelt(text, '.%70', '.p');
  return includes(text, '.%50') ? spelt(text, '.%50', '.P') : text;
}

function spelt(text: string, from: string, to: string): string {
  for (let at = indexOf(text, from); at >= 0; at = indexOf(text, from, at + 1)) {
    const rest = at + from.length;
    if (toLowerCase(slice(text, rest, rest + 2)) === 'df' && isEnd(text[rest + 2])) text = slice(text, 0, at) + to + slice(text, rest);
  }
  return text;
}

const isEnd = (c: string | undefined): boolean => c === undefined || c <= ' ' || c === '"' || c === '?' || c === '#';
