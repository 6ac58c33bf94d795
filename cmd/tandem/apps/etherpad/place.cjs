// Etherpad looks for itself in a directory src beside node_modules, and for
// what browsers need of its libraries in src/node_modules.
const fs = require('node:fs');
if (!fs.existsSync('src')) {
  fs.renameSync('node_modules/ep_etherpad-lite', 'src');
  fs.symlinkSync('../src', 'node_modules/ep_etherpad-lite');
}
for (const name of ['async', 'js-cookie', 'security', 'tinycon', 'underscore', 'unorm']) {
  fs.cpSync(`node_modules/${name}`, `src/node_modules/${name}`, { recursive: true });
}
// The npm it brings has read these copies as strangers, and fails for it.
fs.mkdirSync('src/node_modules/.bin', { recursive: true });
fs.writeFileSync('src/node_modules/.bin/npm', '#!/bin/sh\n"$(dirname "$0")/../../../node_modules/.bin/npm" "$@" || true\n', { mode: 0o755 });
