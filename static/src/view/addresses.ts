// Where the bytes behind a site's address are for a follower: in the session's
// response store, on the renderer's own host. Nothing else is ever asked for.

import { mapCSS } from '../css';

const DATA = /^data:(?:image|font|audio|video|application\/(?:font|x-font))/i;

export class Addresses {
  /** `base` is the address that relative ones count from. */
  constructor(
    private readonly key: string,
    public base: string,
    private readonly pictures: (css: string) => string,
  ) {}

  /** The address of a picture, sheet, font or medium; '' when a follower may have none such. */
  asset(url: string): string {
    const trimmed = url.trim();
    if (trimmed === '') return '';
    if (/^blob:[a-z0-9]+$/.test(trimmed)) return `/.tandem/a/${this.key}/blob/${trimmed.slice(5)}`;
    if (/^data:/i.test(trimmed)) return DATA.test(trimmed) ? trimmed : '';
    const parsed = parse(trimmed, this.base);
    if (parsed === null) return '';
    const scheme = parsed.protocol.slice(0, -1);
    return `/.tandem/a/${this.key}/${scheme}/${parsed.host}${parsed.pathname}${parsed.search}${parsed.hash}`;
  }

  /** As asset, but leaves a reference into the same document alone. */
  reference(url: string): string {
    return url.trim().startsWith('#') ? url : this.asset(url);
  }

  /** Style text with all its addresses mapped. What may not be had becomes an address that shows nothing. */
  css(text: string): string {
    return mapCSS(this.pictures(text), (url) => this.reference(url) || 'data:,');
  }
}

function parse(url: string, base: string): URL | null {
  try {
    const parsed = new URL(url, base);
    return parsed.protocol === 'http:' || parsed.protocol === 'https:' ? parsed : null;
  } catch {
    return null;
  }
}
