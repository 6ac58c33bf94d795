// Windows that a document of the site may navigate and ours may not: those above its own, and other frames of these.
// The tab's window is a sandboxed frame of our shell, and in such a one documents may navigate only what is below them
// (HTML §7.4.2.1). So a document above does it in their stead: the nearest of the same origin, or else the parent,
// which gets a message and may pass it on.

import { apply, getOwnPropertyDescriptor, getter, guard, includes, method, NativeURL, startsWith, toLowerCase, type Any } from './natives';
import { anyPerformed } from './performed';
import type { Realm } from './realm';

const scope = globalThis as Any;
const parentOf = getter(scope, 'parent');
const topOf = getter(scope, 'top');
const locationOf = getter(scope, 'location');
const frameElementOf = getter(scope, 'frameElement');
const frameCount = getter(scope, 'length');
const documentOf = getter(scope, 'document');
const baseURI = getter(scope.Node?.prototype, 'baseURI');
const getAttribute = method(scope.Element?.prototype, 'getAttribute');
const querySelectorAll = method(scope.Document?.prototype, 'querySelectorAll');
const contentWindow = getter(scope.HTMLIFrameElement?.prototype, 'contentWindow');
const frameWindow = getter(scope.HTMLFrameElement?.prototype, 'contentWindow');
const hrefOf = getter(scope.URL?.prototype, 'href');
const postMessage = scope.postMessage as Any;
const messageData = getter(scope.MessageEvent?.prototype, 'data');
const messageSource = getter(scope.MessageEvent?.prototype, 'source');
const activation = scope.navigator?.userActivation as object | undefined;
const hasBeenActive = getter(scope.UserActivation?.prototype, 'hasBeenActive');
const stop = method(scope.Event?.prototype, 'stopImmediatePropagation');

/** Names and values of a form, in order. */
export type Entries = [string, unknown][];

/** What is to be done to a window. */
export interface Errand {
  /** Mapped and absolute, but in messages the site's. */
  url: string;
  replace?: boolean;
  /** Of a form that posts. */
  data?: Entries;
  enctype?: string;
  /** The name of the frame that it is for, if it has one. */
  name?: string;
}

/** The part of a document's runtime that others of its origin use. */
export interface Deputy {
  o(value: Any): Any;
  run(window: Any, errand: Errand): void;
}

/** Whether a window is another or below it. */
function within(window: Any, above: Any): boolean {
  for (let w = window; w !== null; w = parentOf(w)) {
    if (w === above) return true;
    if (parentOf(w) === w) return false;
  }
  return false;
}

/** The window of a location that is not this document's to change; undefined for all others. */
export function windowAbove(location: Any): Any {
  for (let w = parentOf(scope); w !== topOf(scope); w = parentOf(w)) {
    if (locationOf(w) === location) return w;
    const count = frameCount(w) as number;
    for (let i = 0; i < count; i++) if (w[i] !== scope && locationOf(w[i]) === location) return w[i];
  }
  return undefined;
}

/** Who has to navigate a window: undefined where it is this document, or nobody may; null if the parent is to be asked. */
export function deputyFor(window: Any): Deputy | null | undefined {
  if (parentOf(scope) === topOf(scope) || within(window, scope) || !permitted(window)) return undefined;
  for (let w = parentOf(scope); w !== topOf(scope); w = parentOf(w)) {
    const theirs = within(window, w) && guard(() => getOwnPropertyDescriptor(w, '$tandem')?.value as Deputy | undefined, undefined);
    if (theirs) return theirs;
  }
  return (isTab(window) ? wasPressed() : window === parentOf(scope)) ? null : undefined;
}

/** Whether a person has been at work in this document: without, browsers let no frame of another origin lead its tab. */
const wasPressed = (): boolean => !activation || hasBeenActive(activation) as boolean || anyPerformed();

const isTab = (window: Any): boolean => parentOf(window) === topOf(scope);

/** What the sandboxes say that the site has put frames into, as far as they can be seen from here. */
function permitted(window: Any): boolean {
  for (let w = scope; w !== window && w !== topOf(scope); w = parentOf(w)) {
    const frame = guard(() => frameElementOf(w) as Element | null, null);
    if (frame && !mayLeave(frame, isTab(window))) return false;
  }
  return true;
}

/** Whether a frame may navigate its tab, or if not tab what else is above it. */
function mayLeave(frame: Element, tab: boolean): boolean {
  const sandbox = getAttribute(frame, 'sandbox') as string | null;
  return sandbox === null || tab && includes(` ${toLowerCase(sandbox)}`, ' allow-top-navigation');
}

/** Has another document navigate a window; false where this one can. */
export function sendAway(realm: Realm, window: Any, errand: Errand): boolean {
  const deputy = deputyFor(window);
  if (deputy === undefined) return false;
  const url = guard(() => hrefOf(new NativeURL(errand.url, baseURI(documentOf(realm.global)))) as string, undefined);
  if (url === undefined) return false; // the browser says so
  if (deputy) deputy.run(window, { ...errand, url });
  else apply(postMessage, parentOf(scope), [{ tandem: 'navigate', tab: isTab(window), errand: { ...errand, url: realm.urls.unmap(url) } }, '*']);
  return true;
}

/** Does what frames of other origins ask for. run does it to the document's own window. */
export function hookAncestors(realm: Realm, run: (errand: Errand) => void): void {
  const { global } = realm;
  realm.listen(() => global as EventTarget, 'message', (event: Any) => {
    const wanted = messageData(event);
    if (wanted === null || typeof wanted !== 'object' || wanted.tandem !== 'navigate') return;
    stop(event);
    const frame = frameOf(realm, messageSource(event)), errand = wanted.errand as Errand;
    if (!frame || !mayLeave(frame, wanted.tab === true) || typeof errand?.url !== 'string' || !startsWith(errand.url, 'http')) return;
    const mapped = { ...errand, url: realm.map(errand.url) };
    if (wanted.tab !== true || realm.main) run(mapped);
    else for (let w = global; w; w = parentOf(w)) if (isTab(w)) return void sendAway(realm, w, mapped);
  }, true);
}

/** The frame of the document that shows a window. */
function frameOf(realm: Realm, window: Any): Element | undefined {
  const all = querySelectorAll(documentOf(realm.global), 'iframe, frame') as Any;
  for (let i = 0; i < all.length; i++) {
    const shown = guard(() => contentWindow(all[i]) as unknown, undefined) ?? guard(() => frameWindow(all[i]) as unknown, undefined);
    if (shown && shown === window) return all[i] as Element;
  }
  return undefined;
}
