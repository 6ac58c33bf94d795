// The others' cursors over the visitor's content. A pointer is anchored to an element: the document is asked where
// that element is now, again whenever it changed or scrolled, so the cursor stays where it was meant to be.

import type { Person, Place } from '../protocol';
import type { Cursors } from '../ui/cursors';
import type { Marks, Stroke } from '../ui/marks';
import type { Documents } from './documents';

const again = 80; // ms between two looks at where an anchor went
const staleAfter = 20_000; // ms after which a resting pointer is no longer followed

interface Pointer {
  place: Place;
  at: number;
  busy: boolean;
  dirty: boolean;
}

export class Pointers {
  #pointers = new Map<string, Pointer>();
  #timer = 0;

  constructor(private cursors: Cursors, private marks: Marks, private documents: Documents,
    private activeTab: () => number | undefined, private person: (id: string) => Person | undefined,
    own: { color(): string; drawn(stroke: Stroke): void }) {
    const shown = (id: number) => {
      const doc = documents.get(id);
      return doc && doc.tab === activeTab() ? doc : null;
    };
    marks.options = {
      where: {
        page: () => documents.main(activeTab() ?? 0)?.id ?? null,
        origin: async id => { const doc = shown(id); return doc && documents.locate(doc, { node: 0, fx: 0, fy: 0 }); },
        box: async (id, node) => { const doc = shown(id); return doc && documents.box(doc, node); },
        text: async (id, sel) => { const doc = shown(id); return doc ? documents.boxes(doc, sel) : []; },
      },
      color: from => (from ? person(from)?.color : own.color()) ?? '#000000',
      name: from => this.person(from)?.name ?? '',
      drawn: own.drawn,
    };
  }

  point(from: string, place: Place): void {
    const pointer = this.#pointers.get(from) ?? { place, at: 0, busy: false, dirty: false };
    this.#pointers.set(from, pointer);
    pointer.place = place;
    pointer.at = Date.now();
    void this.#follow(from, pointer);
  }

  async mark(place: Place & { from: string; kind?: 'wiggle' | 'frame' }): Promise<void> {
    if (place.kind === 'frame') return this.marks.frame(place.from, place.doc, place.node);
    const doc = this.documents.get(place.doc);
    if (place.kind === 'wiggle') return doc && this.documents.send(doc, { type: 'wiggle', node: place.node });
    const at = await this.#where(place);
    if (at) this.cursors.ring(at.x, at.y);
  }

  /** Something moved in the content. */
  moved(): void {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.marks.moved();
      for (const [id, pointer] of this.#pointers) {
        if (Date.now() - pointer.at < staleAfter) void this.#follow(id, pointer);
      }
    }, again);
  }

  /** Only these people have cursors. */
  keep(ids: readonly string[]): void {
    for (const id of this.#pointers.keys()) if (!ids.includes(id)) this.#pointers.delete(id);
    this.cursors.keep(ids);
  }

  /** One question at a time per pointer; of those that come meanwhile the newest is asked next. */
  async #follow(from: string, pointer: Pointer): Promise<void> {
    pointer.dirty = true;
    if (pointer.busy) return;
    pointer.busy = true;
    while (pointer.dirty) {
      pointer.dirty = false;
      const at = await this.#where(pointer.place);
      const person = this.person(from);
      if (at && person) this.cursors.point(from, { name: person.name, color: person.color, ...at });
      else this.cursors.hide(from);
    }
    pointer.busy = false;
  }

  /** In the active tab's viewport; null when the place is in another tab. */
  async #where(place: Place): Promise<{ x: number; y: number } | null> {
    const doc = this.documents.get(place.doc);
    if (!doc || doc.tab !== this.activeTab()) return null;
    // Beside a node, a pointer's place in the viewport is left out.
    const rough = !doc.parent && (place.x || place.y) ? { x: place.x, y: place.y } : null;
    return await this.documents.locate(doc, place) ?? rough;
  }
}
