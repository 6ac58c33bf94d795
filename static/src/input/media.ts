// Films and sounds, whose controls work in the mirror; what a follower made them do there is done at the leader's.

import { getter, isHTML, localName, method, setter } from './dom';
import type { Playing } from './messages';

const media = HTMLMediaElement.prototype;
const paused = getter<boolean>(media, 'paused');
const setRate = setter<number>(media, 'playbackRate');
const setVolume = setter<number>(media, 'volume');
const time = { get: getter<number>(media, 'currentTime'), set: setter<number>(media, 'currentTime') };
const pause = method<[], void>(media, 'pause');
const play = method<[], Promise<void>>(media, 'play');

/** Two that play together are never at the very same place. */
const APART_S = 0.5;
/** Who sought goes further than films drift apart. */
const FAR_S = 1;

export function isMedia(element: Element): element is HTMLMediaElement {
  return isHTML(element) && (localName(element) === 'video' || localName(element) === 'audio');
}

/** Does what the follower wants; the answer is why not. Browsers may want a real hand before there is sound. */
export async function control(element: HTMLMediaElement, wanted: Playing): Promise<'needs-visitor' | null> {
  setRate(element, wanted.rate);
  setVolume(element, wanted.volume);
  if (Math.abs(time.get(element) - wanted.time) > APART_S) time.set(element, wanted.time);
  if (wanted.paused === paused(element)) return null;
  if (wanted.paused) pause(element);
  else {
    try {
      await play(element);
    } catch {
      return 'needs-visitor';
    }
  }
  return null;
}

/**
 * The follower's side: tells apart what the follower does with a film from what it does because of the leader. What is
 * pressed on a film's own controls browsers keep to themselves.
 */
export class Controls {
  private readonly leads = new WeakMap<Element, Playing & { at: number }>();

  constructor(private readonly send: (element: Element, wanted: Playing) => void) {}

  told(element: Element, state: Playing): void {
    this.leads.set(element, { ...state, at: performance.now() });
  }

  changed(element: HTMLMediaElement, sought: boolean): void {
    const { paused, currentTime, volume, playbackRate: rate, ended, ownerDocument } = element;
    const { hidden, defaultView } = ownerDocument;
    // Browsers stop films in windows nobody sees, and all films at their end.
    if (hidden || ended || defaultView?.navigator.userActivation?.isActive === false) return;
    const told = this.leads.get(element) ?? { paused: true, time: 0, volume: 1, rate: 1, at: performance.now() };
    const time = told.time + (told.paused ? 0 : ((performance.now() - told.at) / 1000) * told.rate);
    const moved = sought && Math.abs(time - currentTime) > FAR_S;
    if (!moved && paused === told.paused && volume === told.volume && rate === told.rate) return;
    this.send(element, { paused, time: currentTime, volume, rate });
  }
}
