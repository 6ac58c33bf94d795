// Where the visitor's own hands are. Followers act at the same time, and must
// not take the caret away from somebody who is typing.

import { focused, holds, isContentEditable, isHTML, isTextControl, listen, pathOf } from './dom';

/** For so long after a real key or press, a field with the focus is the visitor's. */
const BUSY_MS = 3000;

const now = performance.now.bind(performance);

export class Hands {
  private last = -BUSY_MS;
  private place: Node | null = null;

  /** acted is told of what the visitor does. */
  constructor(private readonly document: Document, acted: () => void = () => undefined) {
    for (const type of ['pointerdown', 'keydown', 'compositionupdate']) {
      listen(document, type, (event) => {
        if (!event.isTrusted) return;
        this.last = now();
        this.place = pathOf(event)[0] as Node;
        acted();
      }, { capture: true, passive: true });
    }
  }

  /** The field the visitor is typing in, if that is not `target`. */
  elsewhere(target: Element | null): Element | null {
    const field = this.field();
    return field === target ? null : field;
  }

  /** The field the visitor is typing in. */
  field(): Element | null {
    if (now() - this.last > BUSY_MS) return null;
    const field = focused(this.document);
    if (field === null) return null;
    // A field the page has put the focus into since, for a follower perhaps, is nobody's.
    if (this.place === null || !holds(field, this.place)) return null;
    return isTextControl(field) || (isHTML(field) && isContentEditable(field)) ? field : null;
  }
}
