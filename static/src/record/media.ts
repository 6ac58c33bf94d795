// What audio and video elements do.

import * as is from '../ops';
import type { Op } from '../ops';
import { currentTime, isElement, isHTML, localName, muted, paused, playbackRate, volume } from './dom';
import { OPEN } from './mask';
import type { Entry } from './nodes';
import type { Part } from './tree';

/** Events after which a media element is in another state. */
export const MEDIA_EVENTS = ['play', 'playing', 'pause', 'seeked', 'ratechange', 'volumechange', 'loadedmetadata', 'ended'];

export class Media implements Part {
  private readonly changed = new Set<Entry>();

  constructor(private readonly entry: (node: Node) => Entry | undefined) {}

  touch(node: Node): void {
    const entry = this.entry(node);
    if (entry !== undefined && isMedia(node)) this.changed.add(entry);
  }

  hears(tag: string): boolean {
    return tag === 'video' || tag === 'audio';
  }

  added(entry: Entry): void {
    if (isMedia(entry.node)) this.changed.add(entry);
  }

  removed(entry: Entry): void {
    this.changed.delete(entry);
  }

  collect(ops: Op[]): void {
    for (const { id, node, level } of this.changed) {
      if (level !== OPEN) continue;
      ops.push([is.MEDIA, id, {
        paused: paused(node), time: currentTime(node), rate: playbackRate(node), volume: volume(node), muted: muted(node),
      }]);
    }
    this.changed.clear();
  }
}

function isMedia(node: Node): boolean {
  return isElement(node) && isHTML(node) && (localName(node) === 'video' || localName(node) === 'audio');
}
