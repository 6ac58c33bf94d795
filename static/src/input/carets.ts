// Where agents' carets are in what is edited.
//
// A document has one selection. It is the visitor's while they type, else of whoever did something last. Everybody else
// has a caret beside it: the place where their mirror had it when they moved it, moved on by what they write and by what
// others change before it. An edit of theirs is made with the selection there, which then goes back to the visitor.
// A caret is kept by the characters before it as well (place.ts), for editors that make their text anew at every key.

import { mapClear, mapDelete, mapGet, mapSet, mapSize, NativeMap } from '../natives';
import { heldSelection, savedSelection, select, type Selected } from './place';

/** More people than may act in a session. */
const MOST = 32;

export class Carets {
  private readonly kept = new NativeMap<string, () => Selected | null>();
  /** Whose caret the document's selection is; '' for the visitor's. */
  private owner = '';

  constructor(private readonly document: Document) {}

  /** Whether the document's selection is somebody's. */
  has(who: string): boolean {
    return this.owner === who;
  }

  /** Whether anybody has a caret here. */
  get any(): boolean {
    return mapSize(this.kept) > 0;
  }

  /** The visitor's own hand has the selection. */
  taken(): void {
    this.owner = '';
  }

  /** The document's selection is where somebody has put their caret: it is theirs, or (lent) goes back to the visitor. */
  keep(who: string, host: Element | null, lent: boolean): void {
    this.set(who, savedSelection(this.document, host), lent);
  }

  /** Somebody has put their caret elsewhere than the selection, which is the visitor's. */
  hold(who: string, host: Element | null, at: Selected): void {
    this.set(who, heldSelection(host, at), true);
  }

  /** Somebody has no caret in what is edited, or one that the document's selection is and nobody has told of. */
  drop(who: string): void {
    mapDelete(this.kept, who);
    this.owner = who;
  }

  /** Puts the document's selection where somebody's caret is; false when that place has gone. */
  restore(who: string): boolean {
    const caret = mapGet(this.kept, who);
    return caret === undefined || select(caret());
  }

  /**
   * Where somebody's caret or selection is beside those of others; null when they have none in what is edited, or the
   * document's alone, of which followers hear when the page has put it where it wants.
   */
  of(who: string): Selected | null {
    const caret = mapGet(this.kept, who);
    if (caret === undefined || (this.owner === who && mapSize(this.kept) === 1)) return null;
    return (this.owner === who ? savedSelection(this.document) : caret)();
  }

  private set(who: string, caret: () => Selected | null, lent: boolean): void {
    if (mapSize(this.kept) >= MOST) mapClear(this.kept);
    mapSet(this.kept, who, caret);
    this.owner = lent ? '' : who;
  }
}
