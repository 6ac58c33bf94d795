// Animations that scripts make, and how far those of style sheets have come.
// Transitions follow from the same changes on both sides and are left to that.

import * as is from '../ops';
import type { Frame, Op, Timing } from '../ops';
import { addListener } from '../natives';
import { DOCUMENT, FRAGMENT, getter, guard, isShadow, later, method, nodeType, rootNode } from './dom';
import type { Entry } from './nodes';
import type { Part } from './tree';

/** More are not told of. */
const MOST = 1000;
const PENDING_MS = 50;

const allOf = method<[], Animation[]>(Document.prototype, 'getAnimations');
const allIn = method<[], Animation[]>(ShadowRoot.prototype, 'getAnimations');
const effectOf = getter<AnimationEffect | null>(Animation.prototype, 'effect');
const timelineOf = getter<AnimationTimeline | null>(Animation.prototype, 'timeline');
const stateOf = getter<AnimationPlayState>(Animation.prototype, 'playState');
const timeOf = getter<CSSNumberish | null>(Animation.prototype, 'currentTime');
const startOf = getter<CSSNumberish | null>(Animation.prototype, 'startTime');
const rateOf = getter<number>(Animation.prototype, 'playbackRate');
const pendingOf = getter<boolean>(Animation.prototype, 'pending');
const targetOf = getter<Element | null>(KeyframeEffect.prototype, 'target');
const pseudoOf = getter<string | null>(KeyframeEffect.prototype, 'pseudoElement');
const compositeOf = getter<string>(KeyframeEffect.prototype, 'composite');
const framesOf = method<[], ComputedKeyframe[]>(KeyframeEffect.prototype, 'getKeyframes');
const timingOf = method<[], EffectTiming>(AnimationEffect.prototype, 'getTiming');
const cssName = getter<string>(CSSAnimation.prototype, 'animationName');
const isTransition = (animation: Animation): boolean => guard(() => typeof transitionProperty(animation) === 'string', false);
const transitionProperty = getter<string>(CSSTransition.prototype, 'transitionProperty');

/** What an animation animates. */
export function animatedBy(animation: Animation): Element | undefined {
  const effect = effectOf(animation);
  return (effect && guard(() => targetOf(effect), null)) ?? undefined;
}

interface Sent {
  what: string;
  clock: string;
}

export class Animations implements Part {
  private readonly ids = new WeakMap<Animation, number>();
  private readonly sent = new Map<number, Sent>();
  /** What animations were seen on, to look again when followers get it anew. */
  private readonly animated = new WeakSet<Node>();
  /** Shadow roots in which something may be animated, which a document does not tell of. */
  private readonly roots = new Set<Node>();
  private dirty = false;
  private next = 1;

  constructor(
    private readonly document: Document,
    private readonly entry: (node: Node) => Entry | undefined,
    private readonly restore: (text: string) => string,
    private readonly again: () => void,
  ) {}

  /** A script or the browser has begun, ended or changed one, perhaps of a node. */
  touch(node?: Node): void {
    this.dirty = true;
    const root = node && rootNode(node);
    if (root && this.entry(root) !== undefined && isShadow(root)) this.roots.add(root);
  }

  added(entry: Entry): void {
    const type = nodeType(entry.node);
    if (type === DOCUMENT) {
      this.sent.clear();
      this.dirty = true;
    } else if (type === FRAGMENT && isShadow(entry.node)) {
      this.roots.add(entry.node);
    } else if (this.animated.has(entry.node)) this.dirty = true;
  }

  removed(entry: Entry): void {
    this.roots.delete(entry.node);
    if (this.animated.has(entry.node)) this.dirty = true;
  }

  collect(ops: Op[]): void {
    if (!this.dirty) return;
    this.dirty = false;
    const gone = new Set(this.sent.keys());
    const tell = (all: Animation[]): void => {
      for (let i = 0; i < all.length && this.sent.size < MOST; i++) {
        const id = this.tell(all[i]!, ops);
        if (id !== 0) gone.delete(id);
      }
    };
    tell(allOf(this.document));
    for (const root of this.roots) {
      const all = allIn(root);
      if (all.length === 0) this.roots.delete(root); // until something begins there
      else tell(all);
    }
    for (const id of gone) {
      this.sent.delete(id);
      ops.push([is.ANIMATION, id]);
    }
  }

  /** Tells what followers do not know of an animation; 0 when it is none of theirs. */
  private tell(animation: Animation, ops: Op[]): number {
    const effect = effectOf(animation);
    const target = effect && guard(() => targetOf(effect), null);
    if (!target || isTransition(animation)) return 0;
    this.animated.add(target);
    const entry = this.entry(target);
    if (entry === undefined) return 0;
    let id = this.ids.get(animation);
    if (id === undefined) this.ids.set(animation, (id = this.meet(animation)));
    const before = this.sent.get(id);
    const op = this.describe(animation, effect as KeyframeEffect, id, entry.id);
    const what = JSON.stringify(op);
    const clock = clockOf(animation, id);
    const time = clock[3];
    // While it runs the time follows from when it began.
    const key = clock[2] === 'running' ? `running ${startOf(animation)} ${clock[4]}` : `${clock[2]} ${time} ${clock[4]}`;
    if (before?.what !== what) ops.push(op);
    if (before?.what !== what || before.clock !== key) ops.push(clock);
    this.sent.set(id, { what, clock: key });
    // It begins with a frame to come.
    if (pendingOf(animation)) later(() => this.lookAgain(), PENDING_MS);
    return id;
  }

  private meet(animation: Animation): number {
    for (const type of ['finish', 'cancel', 'remove']) addListener(animation, type, () => this.lookAgain());
    return this.next++;
  }

  private lookAgain(): void {
    this.dirty = true;
    this.again();
  }

  private describe(animation: Animation, effect: KeyframeEffect, id: number, element: number): Op {
    const pseudo = pseudoOf(effect) ?? '';
    const name = guard(() => cssName(animation), '');
    if (name !== '') return [is.ANIMATION, id, element, pseudo, name];
    return [is.ANIMATION, id, element, pseudo, '', framesIn(effect, this.restore), timingIn(effect)];
  }
}

function clockOf(animation: Animation, id: number): [typeof is.CLOCK, number, string, number | null, number] {
  const scrolled = timelineOf(animation) !== null && guard(() => documentTime(timelineOf(animation)!) === undefined, true);
  const time = timeOf(animation);
  const ms = typeof time === 'number' ? Math.round(time * 100) / 100 : null;
  // Where scrolling drives it, its time is no time; it stands where it is.
  return [is.CLOCK, id, scrolled ? 'paused' : stateOf(animation), ms, rateOf(animation)];
}

const documentTime = (timeline: AnimationTimeline): number | undefined => {
  const time = timelineTime(timeline);
  return typeof time === 'number' ? time : undefined;
};
const timelineTime = getter<CSSNumberish | null>(AnimationTimeline.prototype, 'currentTime');

function framesIn(effect: KeyframeEffect, restore: (text: string) => string): Frame[] {
  return framesOf(effect).map((keyframe) => {
    const { offset, computedOffset, easing, composite, ...declarations } = keyframe;
    const frame: Frame = [offset ?? computedOffset ?? null, easing, composite ?? 'auto'];
    for (const [name, value] of Object.entries(declarations)) frame.push(name, restore(String(value)));
    return frame;
  });
}

function timingIn(effect: KeyframeEffect): Timing {
  const t = timingOf(effect);
  const finite = (n: unknown): number | null => (typeof n === 'number' && Number.isFinite(n) ? n : null);
  return [
    finite(t.delay) ?? 0, finite(t.endDelay) ?? 0, t.fill ?? 'auto', t.iterationStart ?? 0, finite(t.iterations), finite(t.duration),
    t.direction ?? 'normal', t.easing ?? 'linear', compositeOf(effect),
  ];
}
