// A text that a follower composes (with an input method) in an edited element. Composing shows in the mirror, where the
// browser does it; when it is over the mirror is as it was, and the text is told as an edit.

const WATCHED = { childList: true, characterData: true, characterDataOldValue: true, subtree: true };

export class Composing {
  private observer: MutationObserver | null = null;
  private records: MutationRecord[] = [];

  get going(): boolean {
    return this.observer !== null;
  }

  /** Composing begins, in an edited element or (null) a field. */
  begin(host: Element | null): void {
    this.end();
    this.observer = new MutationObserver(() => undefined);
    this.records = [];
    if (host !== null) this.observer.observe(host, WATCHED);
  }

  /** Applies changes of the leader's, which stay. */
  around(apply: () => void): void {
    if (this.observer !== null) this.records.push(...this.observer.takeRecords());
    apply();
    this.observer?.takeRecords();
  }

  end(): void {
    const { observer } = this;
    this.observer = null;
    if (observer === null) return;
    revert([...this.records, ...observer.takeRecords()]);
    observer.disconnect();
  }
}

function revert(records: MutationRecord[]): void {
  for (const { type, target, oldValue, addedNodes, removedNodes, nextSibling } of records.reverse()) {
    if (type === 'characterData') (target as CharacterData).data = oldValue ?? '';
    for (const node of addedNodes) node.parentNode?.removeChild(node);
    for (const node of removedNodes) target.insertBefore(node, nextSibling?.parentNode === target ? nextSibling : null);
  }
}
