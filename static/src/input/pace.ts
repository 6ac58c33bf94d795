// Time between what a follower does. A busy page gets a follower's keys in one
// burst; a hand never is that fast, and editors rely on it: what a key changed
// is drawn before the next one comes.

const frame = requestAnimationFrame.bind(globalThis);
const later = setTimeout.bind(globalThis) as (run: () => void, ms: number) => unknown;

/** Where no frames are drawn (a hidden window) the next act waits no longer than this. */
const FRAME_MOST_MS = 60;
/** More than anybody does while a page stands still. */
const WAITING_MOST = 1000;

export class Pace {
  private readonly waiting: Array<() => boolean> = [];
  private resting = false;

  /** Runs acts in order, with a frame after each that answers true. False when too many wait. */
  run(act: () => boolean): boolean {
    if (this.waiting.length >= WAITING_MOST) return false;
    this.waiting.push(act);
    if (!this.resting) this.next();
    return true;
  }

  private next(): void {
    this.resting = false;
    while (!this.resting && this.waiting.length > 0) if (this.waiting.shift()!()) this.rest();
  }

  private rest(): void {
    this.resting = true;
    let over = false;
    const next = () => {
      if (over) return;
      over = true;
      this.next();
    };
    frame(() => later(next, 0));
    later(next, FRAME_MOST_MS);
  }
}
