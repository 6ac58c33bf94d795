// Puts all hooks into a realm. The order matters little, but for the runtime: it must exist before any script of
// the page runs.

import type { Config } from './config';
import type { Realm } from './realm';
import { provideRuntime } from './runtime';

export { Realm, type Points, type TabEvents, type TabPort } from './realm';
export { documentConfig } from './config';
export type { Config };

/** Hooks a window. Returns the undo. */
export function install(realm: Realm): () => void {
  provideRuntime(realm);
  return () => realm.patch.undo();
}
