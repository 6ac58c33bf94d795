// Drag and drop (HTML §6.11) as a follower's pointer does it. Browsers do it
// for real hands only, so all of its events are made here.

import { apply } from '../natives';
import { attribute, isDraggable, isHTML, localName, path, transferWith } from './dom';
import { fire, type Point } from './events';

interface Place extends Point {
  target: Element;
}

const DataTransferNative = DataTransfer;
const defineProperty = Object.defineProperty;
const setData = DataTransfer.prototype.setData;

/** One thing on its way from where it was to where it is dropped. */
export class DragAndDrop {
  private target: Element | null = null;
  /** What a drop would do here. */
  private effect = 'none';

  private constructor(
    private readonly source: Element,
    private readonly transfer: DataTransfer,
  ) {}

  /** Takes up what was pressed, if that can be dragged and the page lets it be. */
  static start(pressed: Element, at: Point, mods: number): DragAndDrop | null {
    const source = path(pressed).find((element) => isHTML(element) && isDraggable(element));
    if (source === undefined) return null;
    const drag = new DragAndDrop(source, transferOf(source));
    if (!drag.tell(source, 'dragstart', at, mods)) return null;
    fire(pressed, 'pointercancel', at, { bubbles: true });
    return drag;
  }

  over(place: Place, mods: number): void {
    const { transfer, source, target } = this;
    this.tell(source, 'drag', place, mods);
    if (place.target !== target) {
      this.target = place.target;
      this.tell(place.target, 'dragenter', place, mods, target);
      if (target !== null) this.tell(target, 'dragleave', place, mods, place.target);
    }
    transfer.dropEffect = USUAL[transfer.effectAllowed] ?? 'none';
    const taken = !this.tell(place.target, 'dragover', place, mods);
    this.effect = taken && allows(transfer.effectAllowed, transfer.dropEffect) ? transfer.dropEffect : 'none';
  }

  drop(place: Place, mods: number): void {
    this.transfer.dropEffect = this.effect as DataTransfer['dropEffect'];
    if (this.target !== null) this.tell(this.target, this.effect === 'none' ? 'dragleave' : 'drop', place, mods);
    this.tell(this.source, 'dragend', place, mods);
  }

  cancel(at: Point): void {
    this.effect = 'none';
    this.drop({ ...at, target: this.source }, 0);
  }

  private tell(target: Element, type: string, at: Point, mods: number, related: Element | null = null): boolean {
    const cancelable = type !== 'dragleave' && type !== 'dragend';
    return fire(target, type, at, { bubbles: true, cancelable, mods, related, transfer: this.transfer });
  }
}

/** Drops files that come from outside of the page. True when the page took them. */
export function dropFiles(place: Place, files: readonly File[]): boolean {
  const transfer = withEffects(transferWith(files).transfer, 'all');
  const tell = (type: string) => fire(place.target, type, place, { bubbles: true, cancelable: type !== 'dragleave', transfer });
  tell('dragenter');
  transfer.dropEffect = 'copy';
  const taken = !tell('dragover');
  if (taken) return !tell('drop');
  tell('dragleave');
  return false;
}

/** HTML §6.11.5, step "dragover": the effect before the page says otherwise. */
const USUAL: Record<string, DataTransfer['dropEffect']> = {
  uninitialized: 'copy', all: 'copy', copy: 'copy', copyLink: 'copy', copyMove: 'copy', link: 'link', linkMove: 'link', move: 'move',
};

function allows(allowed: string, effect: string): boolean {
  return effect !== 'none' && (allowed === 'uninitialized' || allowed === 'all' || allowed.toLowerCase().includes(effect));
}

/** Of one made by script, Chromium and WebKit keep both effects at "none". */
function withEffects(transfer: DataTransfer, allowed: string): DataTransfer {
  for (const [name, value] of [['effectAllowed', allowed], ['dropEffect', 'none']] as const) {
    defineProperty(transfer, name, { value, writable: true, enumerable: true, configurable: true });
  }
  return transfer;
}

function transferOf(source: Element): DataTransfer {
  const transfer = withEffects(new DataTransferNative(), 'uninitialized');
  const address = attribute(source, localName(source) === 'img' ? 'src' : 'href');
  if (address !== null) {
    for (const type of ['text/uri-list', 'text/plain']) apply(setData, transfer, [type, address]);
  }
  return transfer;
}
