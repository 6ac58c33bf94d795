// Closed shadow roots that markup declares: nobody outside can reach them, and no hook sees them made. So the server
// and the hooks put an element of ours first into each. The browser upgrades it as soon as it is there, before any
// script of the page runs on; it says in which root it is, and goes.

import { ROOT_TAG } from '../html';
import type { Realm } from '../realm';
import { guard, isShadow, method, shadowHost } from './dom';

const define = method<[string, CustomElementConstructor], void>(CustomElementRegistry.prototype, 'define');
const rootOf = method<[], Node>(Node.prototype, 'getRootNode');
const remove = method<[], void>(Element.prototype, 'remove');

/** Tells of every such root of a realm. */
export function findRoots(realm: Realm, found: (host: Element, root: ShadowRoot) => void): void {
  const { customElements, HTMLElement } = realm.global as { customElements: CustomElementRegistry; HTMLElement: typeof globalThis.HTMLElement };
  guard(() => define(customElements, ROOT_TAG, class extends HTMLElement {
    connectedCallback(): void {
      const root = rootOf(this);
      remove(this);
      if (isShadow(root)) guard(() => found(shadowHost(root as ShadowRoot), root as ShadowRoot), undefined);
    }
  }), undefined);
}
