import('./module.mjs?from-classic').then((m) => { self.said = [m.url, document.currentScript]; });
