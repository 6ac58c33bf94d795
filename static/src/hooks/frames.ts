// Frames that show a document of ours without a script of ours: about:blank, and what scripts write into it. Such
// realms are hooked as soon as a script could reach them, or it would find native functions there.

import { guard, NativeWeakMap, NativeWeakSet, startsWith, weakAdd, weakGet, weakHas, weakSet, type Any } from '../natives';
import { Realm } from '../realm';
import * as dom from './dom';

/** Set by install.ts, which alone knows all hooks. */
export interface Installer {
  (realm: Realm): void;
}

const installers = new NativeWeakMap<Realm, Installer>();
/** Documents whose realm has hooks. */
const hooked = new NativeWeakSet<object>();
const counts = new NativeWeakMap<Realm, number[]>();

export function hookFrames(realm: Realm, install: Installer): void {
  const { patch, global } = realm;
  weakSet(installers, realm, install);
  weakSet(counts, realm, [0]);
  const types = ['HTMLIFrameElement', 'HTMLFrameElement', 'HTMLObjectElement', 'HTMLEmbedElement'];
  for (let i = 0; i < types.length; i++) {
    const prototype = global[types[i]!]?.prototype as Any;
    patch.accessor(prototype, 'contentWindow', { get: (window) => adopted(realm, window) });
    patch.accessor(prototype, 'contentDocument', {
      get: (document, self) => {
        if (document) adopted(realm, guard(() => dom.defaultView(document as Document), null));
        return document as unknown;
      },
    });
  }
  realm.listen(() => global.document as EventTarget, 'load', () => adoptAll(realm), true);
}

/** Hooks frames that appeared since the last look; called after everything that may insert one. */
export function adoptFrames(realm: Realm): void {
  const last = weakGet(counts, realm);
  if (!last) return;
  const count = guard(() => dom.frameCount(realm.global), 0);
  if (count === last[0]) return;
  last[0] = count;
  adoptAll(realm);
}

function adoptAll(realm: Realm): void {
  guard(() => {
    const count = dom.frameCount(realm.global);
    for (let i = 0; i < count; i++) adopted(realm, realm.global[i]);
  }, undefined);
}

function adopted(realm: Realm, window: Any): Any {
  if (window) guard(() => adopt(realm, window), undefined);
  return window;
}

function adopt(realm: Realm, window: Any): void {
  const document = dom.documentOf(window); // throws for other origins
  if (!startsWith(dom.documentURL(window), 'about:') || weakHas(hooked, document)) return;
  weakAdd(hooked, document);
  if (window.$tandem) return; // has a script of ours, or hooks from before document.open
  const child = new Realm(window, { ...realm.config, url: 'about:blank' }, realm);
  weakGet(installers, realm)?.(child);
  guard(() => realm.points.childRealm?.(child), undefined);
}
