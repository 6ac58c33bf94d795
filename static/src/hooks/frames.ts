// Frames that show a document of ours without a script of ours: about:blank, and what scripts write into it. Such
// realms are hooked as soon as a script could reach them, or it would find native functions there.

import { bare, defineProperty, getter, guard, method, NativeWeakMap, NativeWeakSet, startsWith, weakAdd, weakGet, weakHas, weakSet, type Any } from '../natives';
import { Realm } from '../realm';
import type { Runtime } from '../runtime';
import * as dom from './dom';

const NativeObserver = (globalThis as Any).MutationObserver as typeof MutationObserver;
const observe = method(NativeObserver?.prototype, 'observe') as (o: MutationObserver, node: Node, options: MutationObserverInit) => void;
const disconnect = method(NativeObserver?.prototype, 'disconnect') as (o: MutationObserver) => void;

/** Set by install.ts, which alone knows all hooks. */
export interface Installer {
  (realm: Realm): void;
}

const installers = new NativeWeakMap<Realm, Installer>();
/** Documents whose realm has hooks. */
const hooked = new NativeWeakSet<object>();
/** The windows of a realm's frames at the last look. */
const seen = new NativeWeakMap<Realm, Any[]>();

const rangeNode = getter((globalThis as Any).Range?.prototype, 'commonAncestorContainer') as (r: Any) => Node;

/** What else puts frames into the tree, beside what hooks/text.ts and hooks/html.ts know. */
const INSERTING: [string, string][] = [
  ['Range', 'insertNode'], ['Range', 'surroundContents'], ['Document', 'execCommand'], ['HTMLTableElement', 'insertRow'],
  ['HTMLSelectElement', 'add'], ['HTMLOptionsCollection', 'add'],
];
const INSERTED: [string, string][] = [
  ['Document', 'body'], ['HTMLTableElement', 'caption'], ['HTMLTableElement', 'tHead'], ['HTMLTableElement', 'tFoot'],
];

export function hookFrames(realm: Realm, install: Installer): void {
  const { patch, global } = realm;
  weakSet(installers, realm, install);
  weakSet(seen, realm, []);
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
  for (let i = 0; i < INSERTING.length; i++) {
    const type = INSERTING[i]![0];
    patch.method(global[type]?.prototype, INSERTING[i]![1], (native, self, args) => {
      const result = native(self, args) as unknown;
      adoptFrames(realm, type === 'Range' ? guard(() => rangeNode(self), null) : self);
      return result;
    });
  }
  for (let i = 0; i < INSERTED.length; i++) {
    patch.accessor(global[INSERTED[i]![0]]?.prototype, INSERTED[i]![1], {
      set: (native, self, value) => {
        native(self, [value]);
        adoptFrames(realm, self);
      },
    });
  }
  watchParser(realm);
}

/** Frames of the page's own markup: observers are called before the parser runs the next script. */
function watchParser(realm: Realm): void {
  const { global } = realm;
  const observer = new NativeObserver(() => lookForFrames(realm));
  observe(observer, dom.documentOf(global), bare({ childList: true, subtree: true }));
  realm.patch.onUndo(() => disconnect(observer));
}

/**
 * Hooks frames that appeared since the last look; called after everything that may insert one. A page may use one
 * realm's function on a node of another's, whose own hooks then have to look.
 */
export function adoptFrames(realm: Realm, at?: Any): void {
  const window = at && guard(() => dom.windowOf(at as Node), null);
  if (!window || window === realm.global) lookForFrames(realm);
  else guard(() => (window.$tandem as Runtime).frames?.(), undefined);
}

export function lookForFrames(realm: Realm): void {
  const last = weakGet(seen, realm);
  if (!last) return;
  guard(() => {
    const count = dom.frameCount(realm.global);
    for (let i = 0; i < count; i++) {
      const window = realm.global[i] as Any;
      if (last[i] === window) continue;
      defineProperty(last, i, { value: window, writable: true, configurable: true, enumerable: true });
      adopted(realm, window);
    }
    last.length = count;
  }, undefined);
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
