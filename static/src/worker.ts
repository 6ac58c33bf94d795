// First in every worker of a site. The server puts it there, with the configuration as its first statement; a worker
// made of a blob or a data: URL loads the same response.

import { workerConfig } from './config';
import { hookEvents } from './hooks/document';
import { hookErrors } from './hooks/errors';
import { hookFetch } from './hooks/fetch';
import { hookNetwork } from './hooks/network';
import { hookPolicy } from './hooks/policy';
import { hookScripts } from './hooks/scripts';
import { hookFonts } from './hooks/style';
import { hookTiming } from './hooks/timing';
import { hookTypes } from './hooks/types';
import { hookImportScripts, hookWorkers } from './hooks/worker';
import { hookWorkerLocation } from './hooks/workerlocation';
import { hookXHR } from './hooks/xhr';
import { Realm } from './realm';
import { provideRuntime } from './runtime';

const config = workerConfig();
if (config) {
  const realm = new Realm(globalThis, config);
  provideRuntime(realm);
  hookTypes(realm);
  hookWorkerLocation(realm);
  hookImportScripts(realm);
  hookEvents(realm);
  hookErrors(realm);
  hookTiming(realm);
  hookPolicy(realm);
  hookScripts(realm);
  hookFonts(realm);
  hookFetch(realm);
  hookXHR(realm);
  hookNetwork(realm);
  hookWorkers(realm);
}
