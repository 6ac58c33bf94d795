// Animations as the leader has them.

import { Invalid } from './build';
import type { Addresses } from './addresses';

/** Less than this is the way between leader and follower. */
const DRIFT_MS = 250;

interface Clock {
  state: string;
  time: number | null;
  rate: number;
}

interface Mirrored {
  animation: Animation | null;
  element: Element;
  pseudo: string;
  /** Of a style sheet's animation, which the browser makes. */
  name: string;
  clock: Clock | null;
}

export class Motion {
  private readonly all = new Map<number, Mirrored>();

  constructor(private readonly window: () => Window & typeof globalThis, private readonly addresses: () => Addresses) {}

  clear(): void {
    for (const { animation, name } of this.all.values()) if (name === '') animation?.cancel();
    this.all.clear();
  }

  remove(id: number): void {
    const known = this.all.get(id);
    if (known?.name === '') known.animation?.cancel();
    this.all.delete(id);
  }

  set(id: number, element: Element, pseudo: unknown, name: unknown, frames: unknown, timing: unknown): void {
    if (typeof pseudo !== 'string' || typeof name !== 'string') throw new Invalid('animation');
    const before = this.all.get(id);
    const mirrored: Mirrored = { animation: null, element, pseudo, name, clock: before?.clock ?? null };
    this.remove(id);
    this.all.set(id, mirrored);
    if (name !== '') return;
    try {
      const effect = new (this.window().KeyframeEffect)(element, this.keyframes(frames), { ...readTiming(timing), pseudoElement: pseudo || null });
      mirrored.animation = new (this.window().Animation)(effect, element.ownerDocument.timeline);
      mirrored.animation.play();
    } catch (error) {
      if (error instanceof Invalid) throw error; // what only the leader's browser can animate is not animated here
    }
  }

  clock(id: number, state: unknown, time: unknown, rate: unknown): void {
    const mirrored = this.all.get(id);
    if (mirrored === undefined) return;
    if (typeof state !== 'string' || (time !== null && typeof time !== 'number') || typeof rate !== 'number') throw new Invalid('clock');
    mirrored.clock = { state, time, rate };
    this.apply(mirrored);
  }

  private apply(mirrored: Mirrored): void {
    mirrored.animation ??= find(mirrored);
    const { animation, clock } = mirrored;
    if (animation === null || clock === null) return;
    try {
      follow(animation, clock);
    } catch { /* an end that is infinitely far away can't be gone to; the leader could not either */ }
  }

  private keyframes(frames: unknown): Keyframe[] {
    if (!Array.isArray(frames)) throw new Invalid('frames');
    return frames.map((frame) => {
      const [offset, easing, composite, ...declarations] = frame as unknown[];
      const out: Keyframe = { offset: offset as number, easing: String(easing), composite: composite as CompositeOperationOrAuto };
      for (let i = 0; i + 1 < declarations.length; i += 2) {
        const name = String(declarations[i]);
        if (!['offset', 'easing', 'composite', '__proto__'].includes(name)) out[name] = this.addresses().css(String(declarations[i + 1]));
      }
      return out;
    });
  }
}

function follow(animation: Animation, { state, time, rate }: Clock): void {
  if (state === 'idle') return animation.cancel();
  if (animation.playbackRate !== rate) animation.playbackRate = rate;
  const now = typeof animation.currentTime === 'number' ? animation.currentTime : null;
  if (state === 'paused') {
    animation.pause();
    if (time !== null) animation.currentTime = time;
    return;
  }
  if (time !== null && (state === 'finished' || now === null || Math.abs(now - time) > DRIFT_MS)) animation.currentTime = time;
  if (state === 'running' && animation.playState !== 'running') {
    animation.play();
    if (time !== null) animation.currentTime = time;
  }
}

function find({ element, pseudo, name }: Mirrored): Animation | null {
  for (const animation of element.getAnimations({ subtree: pseudo !== '' })) {
    const { animationName, effect } = animation as CSSAnimation;
    const { target, pseudoElement } = effect as KeyframeEffect;
    if (animationName === name && target === element && (pseudoElement ?? '') === pseudo) return animation;
  }
  return null;
}

function readTiming(timing: unknown): KeyframeEffectOptions {
  if (!Array.isArray(timing)) throw new Invalid('timing');
  const [delay, endDelay, fill, iterationStart, iterations, duration, direction, easing, composite] = timing as unknown[];
  return {
    delay: Number(delay), endDelay: Number(endDelay), fill: fill as FillMode, iterationStart: Number(iterationStart),
    iterations: iterations === null ? Infinity : Number(iterations), duration: duration === null ? 'auto' : Number(duration),
    direction: direction as PlaybackDirection, easing: String(easing), composite: composite as CompositeOperation,
  };
}
