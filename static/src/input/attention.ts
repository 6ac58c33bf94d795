// Where a follower's focus and caret are. They go with the leader's, but never
// away from what the follower is doing: not while that is under way, and not
// out of a field the follower types in while the visitor types in another.

import { hash, type Caret } from './messages';
import { heldSelection, select, spotOf, type Selected } from './place';

export interface AttentionContext {
  document: Document;
  id(node: Node): number;
  /** Whether a node takes typing or is open for a choice. */
  busy(element: Element): boolean;
  /** Whether a control holds a text with a caret. */
  types(element: Element): boolean;
  /** Whether the focus of the browser is in the mirror at all. */
  here(): boolean;
  /** Whether a key moves the caret here, of which the leader is told when it has. */
  keyed(): boolean;
}

/** For so long after somebody else did something in a field, they are in it. */
const THEIRS_MS = 3000;
/** For so long after the follower did something, a field they are in is theirs. */
const OWN_MS = 1000;

export class Attention {
  /** The follower's inputs the leader has not performed yet. */
  private readonly pending = new Set<number>();
  /** Where the leader's focus is, and the selection in it. */
  private node: Node | null = null;
  private range: [number, number] | null = null;
  /** The leader's word is still to be followed. */
  private news = false;
  /** It came of nothing that the follower did. */
  private moves = false;
  /** Where the leader has the follower's own selection, when it has said so since the follower was there. */
  private own: Selected | null = null;
  /** Both were at one place before the leader's focus moved on. */
  private together = false;
  /** The field that somebody else is in, and since when. */
  private theirs: { field: Element; at: number } | null = null;
  private pressed = false;
  private placing = false;
  private last = -OWN_MS;
  /** The caret in a field or an edited element, as leader and follower both have it. */
  private known = '';
  /** While changes are applied: where the caret's place in the text is, unless it has gone elsewhere by them. */
  private place: (() => Selected | null) | null = null;
  /** It has gone with the leader's since: the leader does not know that it is the follower's, too. */
  private followed = false;

  constructor(private readonly ctx: AttentionContext) {}

  /** The focus is being put where the leader's is. */
  get follows(): boolean {
    return this.placing;
  }

  /** A button or finger is down. */
  get presses(): boolean {
    return this.pressed;
  }

  /** Somebody else is at work in a field. */
  joins(field: Element): void {
    this.theirs = { field, at: performance.now() };
  }

  acted(): void {
    this.last = performance.now();
  }

  press(down: boolean): void {
    this.pressed = down;
    if (!down) this.settle();
  }

  sent(n: number): void {
    this.pending.add(n);
  }

  /** An input was performed; the follower's selection is there now, in what is edited. */
  done(n: number, own: Selected | null): void {
    if (!this.pending.delete(n)) return;
    this.own = own;
    this.settle();
  }

  /** The leader has the focus on an element, or a selection in a text of an edited one. */
  leads(node: Node | null, start: number | null, end: number | null): void {
    if (hostOf(this.node) === this.active()) this.together = true;
    this.node = node;
    this.range = start === null || end === null ? null : [start, end];
    this.news = true;
    if (this.pending.size === 0) this.moves = true;
    this.settle();
  }

  /** Applies changes, which move a caret that is still the leader's as well. In what is edited it keeps its place in the text. */
  around(apply: () => void): void {
    const own = this.key() !== this.known;
    this.place = this.held();
    apply();
    if (this.place !== null) select(this.place());
    this.place = null;
    if (!own) this.known = this.key();
  }

  /** The follower's caret is where an input takes the leader's. */
  agree(): void {
    this.known = this.key();
    this.followed = false;
  }

  /** The follower's caret, when the leader has it elsewhere; from now on the leader has it there. */
  moved(): Caret | undefined {
    const caret = this.caret();
    const key = this.key(caret);
    if (caret === undefined || (key === this.known && !this.followed)) return undefined;
    this.known = key;
    this.followed = false;
    return 'sel' in caret ? { ...caret, ...this.spots() } : caret;
  }

  /** Like moved, for a caret that no edit, key or click tells of. */
  selected(): Caret | undefined {
    return this.pressed || this.placing || this.key() === this.known ? undefined : this.moved();
  }

  /** Where the selection is by characters, which a leader finds whose page has made the text anew. */
  private spots(): { at?: number[] } {
    const { anchorNode, anchorOffset, focusNode, focusOffset, isCollapsed } = this.ctx.document.getSelection()!;
    const host = editingHost(anchorNode!)!;
    const anchor = spotOf(host, anchorNode!, anchorOffset);
    const focus = isCollapsed ? anchor : spotOf(host, focusNode!, focusOffset);
    if (anchor === null || focus === null) return {};
    return { at: (isCollapsed ? [anchor] : [anchor, focus]).flatMap(({ line, chars, text }) => [line, chars, hash(text)]) };
  }

  private held(): (() => Selected | null) | null {
    const { anchorNode, anchorOffset, focusNode, focusOffset } = this.ctx.document.getSelection() ?? {};
    const host = anchorNode ? editingHost(anchorNode) : null;
    return host !== null && host === this.active() ? heldSelection(host, [[anchorNode!, anchorOffset!], [focusNode!, focusOffset!]]) : null;
  }

  private settle(): void {
    if (!this.ctx.here() || this.pressed || this.ctx.keyed() || this.pending.size > 0) return;
    const { own } = this;
    this.own = null;
    if (own !== null && own.every(([node]) => node.isConnected && editingHost(node) === this.active())) {
      this.put(() => select(own));
      this.followed = false;
    }
    if (!this.news || !this.free()) return;
    this.news = false;
    this.together = false;
    if (this.shared()) return; // each of two in one field has a caret of their own
    const before = this.known;
    this.put(() => this.follow());
    this.followed ||= this.moves && this.known !== before;
    this.moves = false;
  }

  /** Puts the follower's caret where the leader has it. */
  private put(place: () => void): void {
    this.placing = true;
    this.place = null;
    try {
      place();
    } finally {
      this.placing = false;
    }
    this.known = this.key();
  }

  private shared(): boolean {
    const { theirs } = this;
    return theirs !== null && theirs.field === this.active() && hostOf(this.node) === theirs.field && performance.now() - theirs.at < THEIRS_MS;
  }

  private free(): boolean {
    const active = this.active();
    if (this.together || active === null || hostOf(this.node) === active) return true;
    return !this.ctx.busy(active) || performance.now() - this.last >= OWN_MS;
  }

  private follow(): void {
    const active = this.active();
    const target = hostOf(this.node);
    if (target === null) return (active as HTMLElement | null)?.blur();
    if (active !== target) target.focus?.({ preventScroll: true });
    if (this.range === null) return;
    const [start, end] = this.range;
    const node = this.node!;
    if (node.nodeType === Node.TEXT_NODE) {
      const most = (node as Text).length;
      this.ctx.document.getSelection()?.setBaseAndExtent(node, Math.min(start, most), node, Math.min(end, most));
    } else if (this.ctx.busy(target)) {
      const field = target as HTMLInputElement;
      // One that is there already may have been made backwards.
      if (field.selectionStart !== start || field.selectionEnd !== end) field.setSelectionRange?.(start, end);
    }
  }

  /** The focused element, through shadow roots; null for the page as a whole. */
  private active(): HTMLElement | null {
    let at = this.ctx.document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at === this.ctx.document.body ? null : (at as HTMLElement | null);
  }

  private caret(): Caret | undefined {
    // To ask for the selection makes the browser lay out all that has changed: seconds, in a large page. What is
    // edited has the focus.
    const active = this.active();
    if (active === null) return undefined;
    if (this.ctx.types(active)) {
      const { selectionStart: start, selectionEnd: end } = active as HTMLInputElement;
      return start === null || end === null ? undefined : { start, end };
    }
    const selection = this.ctx.document.getSelection();
    const { anchorNode, focusNode } = selection ?? {};
    if (!selection || !anchorNode || !focusNode || editingHost(anchorNode) === null) return undefined;
    const anchor = this.ctx.id(anchorNode);
    const focus = this.ctx.id(focusNode);
    return anchor === 0 || focus === 0 ? undefined : { sel: [anchor, selection.anchorOffset, focus, selection.focusOffset] };
  }

  private key(caret = this.caret()): string {
    if (caret === undefined) return '';
    return 'sel' in caret ? caret.sel.join() : `${this.ctx.id(this.active()!)}: ${caret.start} ${caret.end}`;
  }
}

/** What has the focus when the leader's is at a node: itself, or for a text the edited element around it. */
function hostOf(node: Node | null): HTMLElement | null {
  return node?.nodeType === Node.TEXT_NODE ? editingHost(node) : (node as HTMLElement | null);
}

/** The outermost edited element around a node. */
export function editingHost(node: Node): HTMLElement | null {
  let host: HTMLElement | null = null;
  let at = node.nodeType === Node.ELEMENT_NODE ? (node as Element) : node.parentElement;
  for (; at !== null && (at as HTMLElement).isContentEditable; at = at.parentElement) host = at as HTMLElement;
  return host;
}
