// The page's icon: the last link that names one. Looking for it takes as long
// as the document is large, so it is done only when a link has changed.

import { getter, isElement, isHTML, localName, queryAll } from './dom';
import type { Entry } from './nodes';
import type { Part } from './tree';

const linkAddress = getter<string>(HTMLLinkElement.prototype, 'href');

export class Icon implements Part {
  private known: string | null = null;

  constructor(private readonly document: Document) {}

  hears(tag: string): boolean {
    return tag === 'link';
  }

  added(entry: Entry): void {
    if (isLink(entry.node)) this.known = null;
  }

  removed(entry: Entry): void {
    this.added(entry);
  }

  attribute(entry: Entry): void {
    this.added(entry);
  }

  collect(): void {
    /* it is told with the page's address and title */
  }

  /** Its address; '' when there is none. */
  get address(): string {
    if (this.known !== null) return this.known;
    const icons = queryAll(this.document, 'link[rel~="icon" i]');
    this.known = icons.length > 0 ? linkAddress(icons[icons.length - 1]!) : '';
    return this.known;
  }
}

const isLink = (node: Node): boolean => isElement(node) && localName(node) === 'link' && isHTML(node);
