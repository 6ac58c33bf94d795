// The script of documents that tests make: the hooks alone.

import { documentConfig, install, Realm } from '../install';

const config = documentConfig();
if (config) install(new Realm(globalThis, config));
