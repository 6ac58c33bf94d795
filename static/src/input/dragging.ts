// A follower who moves with the main button down: more than a shaky click is
// told to the leader as it goes, so that what is dragged there follows.

import type { Input } from './messages';

interface Start {
  node: number;
  fx: number;
  fy: number;
  mods: number;
  x: number;
  y: number;
}

/** Less than this is a click by an unsteady hand, px. */
const SHAKE = 3;
const MOVE_MS = 33;
/** A leader who is slower than that gets fewer places on the way. */
const UNANSWERED_MOST = 3;

export class Dragging {
  private start: Start | null = null;
  private begun = false;
  private told = { x: 0, y: 0 };
  private at = { x: 0, y: 0 };
  private timer = 0;
  private readonly unanswered = new Set<number>();

  /** `root` is the node that stands for the document: what is under the pointer may go while it is dragged. */
  constructor(
    private readonly root: () => number,
    private readonly send: (input: Input) => number,
  ) {}

  /** Whether the leader has been told of a press; the click that ends it is the leader's, too. */
  get going(): boolean {
    return this.begun;
  }

  press(start: Start | null): void {
    this.release(0);
    this.begun = false;
    this.unanswered.clear();
    this.start = start;
  }

  /** The leader has performed (or refused) input n. */
  done(n: number): void {
    this.unanswered.delete(n);
  }

  move(event: MouseEvent): void {
    const { start } = this;
    if (start === null) return;
    if ((event.buttons & 1) === 0) return this.release(0);
    this.at = { x: Math.round(event.clientX - start.x), y: Math.round(event.clientY - start.y) };
    if (!this.begun) {
      if (Math.hypot(this.at.x, this.at.y) < SHAKE) return;
      this.begun = true;
      this.told = { x: 0, y: 0 };
      this.send({ kind: 'press', node: start.node, fx: start.fx, fy: start.fy, mods: start.mods });
    }
    if (this.timer === 0) this.tell();
  }

  /** The button is up again, or is not ours any more. */
  release(mods: number): void {
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.start !== null && this.begun) this.send({ kind: 'release', node: this.root(), dx: this.at.x, dy: this.at.y, mods });
    this.start = null;
  }

  private tell(): void {
    this.timer = 0;
    if (this.start === null || (this.at.x === this.told.x && this.at.y === this.told.y)) return;
    if (this.unanswered.size < UNANSWERED_MOST) {
      this.told = this.at;
      this.unanswered.add(this.send({ kind: 'drag', node: this.root(), dx: this.at.x, dy: this.at.y }));
    }
    this.timer = setTimeout(() => this.tell(), MOVE_MS);
  }
}
