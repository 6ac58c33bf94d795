// What leaves the visitor's browser passes here last. The pages' own scripts have hidden what is to be hidden; this takes
// out what masked fields hold wherever else it turns up, in another document, a title or an address, and what is
// private or secret in addresses by the operator's rules or by its name.

import { MASK } from '../ops';
import { matchesPage, pathFor, type DocumentRule, type PageRule } from '../pages';
import { Secrets } from '../secrets';

/** Parameters whose values are nobody else's, whatever they are. */
const SECRET = /pass|pwd|secret|token|otp|cvc|cvv|card|iban|auth|session|sid$|signature|api_?key|credential/i;

/** More sites than a session has with masked fields; any further share their room. */
const mostSites = 50;

export class Veil {
  #rules: PageRule[] = [];
  /** Of fields whose values nobody is told. */
  #names = new Set<string>();
  /** Secrets by the site that they are of: none makes us forget another's. */
  #secrets = new Map<string, Secrets>();

  /** Takes the operator's rules; true when they are others than before. */
  rules(rules: PageRule[]): boolean {
    const same = JSON.stringify(rules) === JSON.stringify(this.#rules);
    this.#rules = rules;
    return !same;
  }

  /** The rules for a document; what shows something without an address of its own is treated as what it is in. */
  for(urls: string[]): DocumentRule[] {
    const address = urls.find(url => /^https?:/.test(url));
    const own = address !== undefined && address === urls[0];
    return this.#rules.flatMap(({ treatment, pages, selector, agent_may_type }) => {
      const path = address === undefined || (!own && !matchesPage(pages, address)) ? (pages === '*' ? '*' : null) : pathFor(pages, new URL(address).origin);
      return path === null ? [] : [{ treatment, path: own ? path : '*', selector: selector ?? '', types: agent_may_type ?? false }];
    });
  }

  /** Whether all of a page is hidden but what is allowed. */
  private(url: string): boolean {
    return this.#rules.some(rule => rule.treatment === 'private' && matchesPage(rule.pages, url));
  }

  /** A document tells what must not turn up elsewhere. */
  secret(origin: string, { secret, before, name }: { secret?: string; before?: string; name?: string }): void {
    if (secret) {
      const of = this.#secrets.has(origin) || this.#secrets.size < mostSites ? origin : '';
      const secrets = this.#secrets.get(of) ?? new Secrets();
      this.#secrets.set(of, secrets);
      secrets.note(secret, before);
    }
    if (name && this.#names.size < 1000) this.#names.add(name);
  }

  /** What a site's documents have masked, for those that come. */
  known(origin: string): string[] {
    return this.#secrets.get(origin)?.all() ?? [];
  }

  text(text: string): string {
    for (const secrets of this.#secrets.values()) text = secrets.hide(text);
    return text;
  }

  /** An address as the others may read it. */
  address(url: string): string {
    let parsed: URL;
    try {
      parsed = new URL(url);
    } catch {
      return this.text(url);
    }
    if (!/^https?:$/.test(parsed.protocol)) return this.text(url);
    if (this.private(url)) return `${parsed.origin}/`;
    const hide = (part: string) => part.replace(/([^?#&=]+)=([^&#]*)/g, (whole, name: string, value: string) =>
      (value !== '' && (SECRET.test(name) || this.#names.has(decoded(name))) ? `${name}=${encodeURIComponent(MASK)}` : whole));
    const [before, query] = [url.slice(0, url.length - parsed.search.length - parsed.hash.length), parsed.search + parsed.hash];
    return this.text(url.endsWith(query) ? before + hide(query) : parsed.origin + parsed.pathname + hide(query));
  }

  /** JSON text of ops without secrets. */
  ops(json: string): string {
    for (const secrets of this.#secrets.values()) if (secrets.inJSON(json)) json = JSON.stringify(secrets.hideIn(JSON.parse(json)));
    return json;
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replace(/\+/g, ' '));
  } catch {
    return name;
  }
}
