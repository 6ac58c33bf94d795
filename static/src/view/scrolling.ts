// The follower's own scrolling: told to the leader, and not undone by the
// leader's older positions while it is under way.

import type { Mirror } from './mirror';

/** A scroll this long after a gesture is the gesture's. */
const GESTURE_MS = 1000;
/** Scrolling goes on when its events are closer than this. */
const MOMENTUM_MS = 150;
const SEND_MS = 50;
/** How long the leader has to come to the same place. */
const ECHO_MS = 1500;

interface Own {
  x: number;
  y: number;
  at: number;
}

export class Scrolling {
  private readonly own = new Map<Node, Own>();
  private readonly due = new Set<Node>();
  private gesture = -GESTURE_MS;
  private timer = 0;

  constructor(
    private readonly mirror: () => Mirror,
    private readonly send: (node: number, x: number, y: number) => void,
  ) {}

  /** Listens in a document or shadow root of the mirror. */
  watch(root: Document | ShadowRoot): void {
    root.addEventListener('scroll', (event) => this.scrolled(event.target as Node), { capture: true, passive: true });
    for (const type of ['wheel', 'touchmove', 'keydown', 'pointerdown', 'pointermove']) {
      root.addEventListener(type, (event) => {
        if (type !== 'pointermove' || (event as PointerEvent).buttons !== 0) this.gesture = performance.now();
      }, { capture: true, passive: true });
    }
  }

  /** Whether a position the leader tells of has to give way to the follower's own. */
  holds(node: Node, x: number, y: number): boolean {
    const own = this.own.get(node);
    if (own === undefined) return false;
    const arrived = Math.abs(own.x - x) < 2 && Math.abs(own.y - y) < 2;
    if (arrived || performance.now() - own.at > ECHO_MS) this.own.delete(node);
    return this.own.has(node) || arrived;
  }

  private scrolled(target: Node): void {
    const mirror = this.mirror();
    const now = performance.now();
    const before = this.own.get(target);
    if (now - this.gesture > GESTURE_MS && (before === undefined || now - before.at > MOMENTUM_MS)) return;
    const window = mirror.window;
    const at = target === mirror.document
      ? { x: window.scrollX, y: window.scrollY }
      : { x: (target as Element).scrollLeft, y: (target as Element).scrollTop };
    if (mirror.scrolledTo(target, at.x, at.y)) return; // the leader's own position, just applied
    this.own.set(target, { ...at, at: now });
    this.due.add(target);
    this.timer ||= setTimeout(() => this.flush(), SEND_MS);
  }

  private flush(): void {
    this.timer = 0;
    const mirror = this.mirror();
    for (const node of this.due) {
      const own = this.own.get(node);
      const id = mirror.id(node);
      if (own !== undefined && (id !== 0 || node === mirror.document)) this.send(id, own.x, own.y);
    }
    this.due.clear();
  }
}
