// Puts all hooks into a realm. The order matters little, but for the runtime: it must exist before any script of
// the page runs.

import { hookAncestors } from './ancestors';
import { documentURL, revoked, scriptURL } from './hooks/blobs';
import { hookChanges } from './hooks/changes';
import { hookCookies, markStale } from './hooks/cookie';
import { hookDocument, hookEvents, hookWindow } from './hooks/document';
import { hookAttributes, hookProperties } from './hooks/element';
import { hookErrors } from './hooks/errors';
import { hookFetch } from './hooks/fetch';
import { hookFrames, lookForFrames } from './hooks/frames';
import { hookHistory, runErrand } from './hooks/history';
import { hookHTML } from './hooks/html';
import { takeMade } from './inline';
import { hookLinks } from './hooks/links';
import { hookMedia } from './hooks/media';
import { hookNetwork } from './hooks/network';
import { hookOpen } from './hooks/open';
import { hookPolicy } from './hooks/policy';
import { frameDocument } from './hooks/rewrite';
import { hookScripts } from './hooks/scripts';
import { hookStyle } from './hooks/style';
import { hookText } from './hooks/text';
import { hookTiming } from './hooks/timing';
import { hookTypes } from './hooks/types';
import { hookWorkers } from './hooks/worker';
import { hookXHR } from './hooks/xhr';
import { hookXSLT } from './hooks/xslt';
import { freeze } from './natives';
import type { Realm } from './realm';
import { provideRuntime } from './runtime';

export { Realm, type Points, type TabEvents, type TabPort } from './realm';
export { documentConfig, type Config } from './config';

/** Hooks a window. Returns the undo. */
export function install(realm: Realm): () => void {
  const runtime = provideRuntime(realm);
  hookTypes(realm);
  runtime.html = (value) => (typeof value === 'string' ? frameDocument(realm, value, 'about:blank') : value as unknown);
  runtime.frames = () => lookForFrames(realm);
  runtime.run = (window, errand) => runErrand(realm, window, errand);
  runtime.made = takeMade;
  runtime.cookies = markStale;
  freeze(runtime);
  realm.points.documentURL = documentURL;
  realm.points.scriptURL = scriptURL;
  realm.points.revoked = revoked;
  hookAncestors(realm, (errand) => runErrand(realm, realm.global, errand));
  hookCookies(realm);
  hookDocument(realm);
  hookWindow(realm);
  hookEvents(realm);
  hookErrors(realm);
  hookTiming(realm);
  hookPolicy(realm);
  hookAttributes(realm);
  hookProperties(realm);
  hookChanges(realm);
  hookHTML(realm);
  hookText(realm);
  hookStyle(realm);
  hookScripts(realm);
  hookFetch(realm);
  hookXHR(realm);
  hookNetwork(realm);
  hookMedia(realm);
  hookXSLT(realm);
  hookWorkers(realm);
  hookHistory(realm);
  hookOpen(realm);
  hookLinks(realm);
  hookFrames(realm, install);
  return () => realm.patch.undo();
}
