// Ways for a script to make the browser contact a server. U is the server's
// address, with a prefix for the realm this runs in; each way asks for its own
// name below it. It runs as it is in documents, frames and workers.
(() => {
  const doc = self.document, ws = U.replace(/^http/, 'ws');
  const put = (html) => { const box = doc.createElement('div'); box.innerHTML = html; doc.body.append(box); return box; };
  const make = (tag, set) => { const e = doc.createElement(tag); set(e); (doc.body || doc.documentElement).append(e); return e; };
  const frame = (code) => make('iframe', (e) => { e.srcdoc = `<body><script>const U = ${JSON.stringify(U)}; ${code}<\/script>`; });
  const everywhere = {
    'fetch': () => fetch(U + 'fetch', { mode: 'no-cors' }),
    'fetch-post': () => fetch(U + 'fetch-post', { method: 'POST', body: 'x', mode: 'no-cors', keepalive: true }),
    'fetch-request': () => fetch(new Request(U + 'fetch-request', { mode: 'no-cors' })),
    'xhr': () => { const x = new XMLHttpRequest(); x.open('GET', U + 'xhr'); x.send(); },
    'eventsource': () => new EventSource(U + 'eventsource'),
    'websocket': () => new WebSocket(ws + 'websocket'),
    'import': () => import(U + 'import'),
    'import-eval': () => (0, eval)('import(' + JSON.stringify(U + 'import-eval') + ')'),
    'function': () => Function('u', 'return fetch(u, {mode: "no-cors"})')(U + 'function'),
    'timer': () => setTimeout('fetch(' + JSON.stringify(U + 'timer') + ', {mode: "no-cors"})', 0),
    'cache': () => caches.open('x').then((c) => c.add(U + 'cache')),
    'webtransport': () => new WebTransport(U.replace(/^http:/, 'https:') + 'webtransport'),
    'fontface': () => new FontFace('f' + Math.random(), 'url(' + U + 'fontface)').load(),
    'worker-import': () => new Worker(URL.createObjectURL(new Blob(['importScripts(' + JSON.stringify(U + 'worker-import') + ')']))),
    'worker-module': () => new Worker(URL.createObjectURL(new Blob(['import ' + JSON.stringify(U + 'worker-module')])), { type: 'module' }),
  };
  const windows = {
    'beacon': () => navigator.sendBeacon(U + 'beacon', 'x'),
    'fetchlater': () => fetchLater(U + 'fetchlater', { activateAfter: 0 }),
    'image': () => { new Image().src = U + 'image'; },
    'audio': () => new Audio(U + 'audio').load(),
    'inner-img': () => put(`<img src="${U}inner-img">`),
    'inner-srcset': () => put(`<img srcset="${U}inner-srcset 1x"><picture><source srcset="${U}inner-source"><img></picture>`),
    'inner-svg': () => put(`<svg><image href="${U}inner-svg"/><use href="${U}inner-use#x"/><filter id=f><feImage href="${U}inner-fe"/></filter><rect filter="url(#f)" width=9 height=9 /></svg>`),
    'inner-style': () => put(`<p style="background:url(${U}inner-style)">x</p><style>@import "${U}inner-import";</style>`),
    'inner-media': () => put(`<video poster="${U}inner-poster" src="${U}inner-video" preload=auto><track default src="${U}inner-track"></video>`),
    'inner-object': () => put(`<object data="${U}inner-object"></object><embed src="${U}inner-embed"><iframe src="${U}inner-frame"></iframe>`),
    'inner-input': () => put(`<input type=image src="${U}inner-input"><table background="${U}inner-background"><tr><td>x</table>`),
    'write': () => frame(`document.write('<img src="' + U + 'write">')`),
    'parser': () => doc.body.append(...new DOMParser().parseFromString(`<body><img src="${U}parser">`, 'text/html').body.childNodes),
    'template': () => { const t = doc.createElement('template'); t.innerHTML = `<img src="${U}template">`; doc.body.append(t.content.cloneNode(true)); },
    'fragment': () => doc.body.append(doc.createRange().createContextualFragment(`<img src="${U}fragment"><script>fetch("${U}fragment-script", {mode: "no-cors"})<\/script>`)),
    'namespace': () => make('img', (e) => e.setAttributeNS(null, 'src', U + 'namespace')),
    'attribute-node': () => make('img', (e) => { const a = doc.createAttribute('src'); a.value = U + 'attribute-node'; e.setAttributeNode(a); }),
    'named-map': () => make('img', (e) => { const a = doc.createAttribute('src'); a.value = U + 'named-map'; e.attributes.setNamedItem(a); }),
    'cssom': () => make('p', (e) => e.style.setProperty('background-image', 'url(' + U + 'cssom)')),
    'csstext': () => make('p', (e) => { e.style.cssText = 'list-style: url(' + U + 'csstext) inside; display: list-item'; }),
    'insert-rule': () => { make('p', (e) => { e.className = 'r'; }); make('style', () => {}).sheet.insertRule('.r { border-image: url(' + U + 'insert-rule) 1 }'); },
    'adopted': () => { const s = new CSSStyleSheet(); s.replaceSync('body { background: url(' + U + 'adopted) }'); doc.adoptedStyleSheets = [...doc.adoptedStyleSheets, s]; },
    'typed-om': () => make('p', (e) => e.attributeStyleMap.set('background-image', CSSStyleValue.parse('background-image', 'url(' + U + 'typed-om)'))),
    'variable': () => make('p', (e) => { e.style.setProperty('--u', 'url(' + U + 'variable)'); e.style.backgroundImage = 'var(--u)'; }),
    'stylesheet': () => make('link', (e) => { e.rel = 'stylesheet'; e.href = U + 'stylesheet'; }),
    'preload': () => make('link', (e) => { e.rel = 'preload'; e.as = 'image'; e.href = U + 'preload'; }),
    'modulepreload': () => make('link', (e) => { e.rel = 'modulepreload'; e.href = U + 'modulepreload'; }),
    'prefetch': () => make('link', (e) => { e.rel = 'prefetch'; e.href = U + 'prefetch'; }),
    'preconnect': () => make('link', (e) => { e.rel = 'preconnect'; e.href = U + 'preconnect'; }),
    'inner-preconnect': () => put(`<link rel="preconnect" href="${U}"><link rel="dns-prefetch" href="${U}"><link rel="prefetch" href="${U}inner-prefetch">`),
    'late-preconnect': () => { const e = make('link', (l) => { l.href = U; }); e.relList.add('preconnect'); },
    'manifest': () => make('link', (e) => { e.rel = 'manifest'; e.href = U + 'manifest'; }),
    'icon': () => make('link', (e) => { e.rel = 'icon'; e.href = U + 'icon'; }),
    'speculation': () => make('script', (e) => { e.type = 'speculationrules'; e.textContent = JSON.stringify({ prefetch: [{ source: 'list', urls: [U + 'speculation'] }], prerender: [{ source: 'list', urls: [U + 'prerender'] }] }); }),
    'script': () => make('script', (e) => { e.src = U + 'script'; }),
    'module': () => make('script', (e) => { e.type = 'module'; e.textContent = 'import ' + JSON.stringify(U + 'module'); }),
    'importmap': () => { make('script', (e) => { e.type = 'importmap'; e.textContent = JSON.stringify({ imports: { mapped: U + 'importmap' } }); }); make('script', (e) => { e.type = 'module'; e.textContent = 'import "mapped"'; }); },
    'data-script': () => make('script', (e) => { e.src = 'data:text/javascript,fetch(' + encodeURIComponent(JSON.stringify(U + 'data-script')) + ',{mode:"no-cors"})'; }),
    'xslt': () => { const p = new XSLTProcessor(); p.importStylesheet(new DOMParser().parseFromString(`<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:import href="${U}xslt"/></xsl:stylesheet>`, 'text/xml')); },
    'worker': () => new Worker(U + 'worker'),
    'sharedworker': () => new SharedWorker(URL.createObjectURL(new Blob(['importScripts(' + JSON.stringify(U + 'sharedworker') + ')']))),
    'worklet': () => new AudioContext().audioWorklet.addModule(U + 'worklet'),
    'paint-worklet': () => CSS.paintWorklet.addModule(U + 'paint-worklet'),
    'popup': () => open(U + 'popup'),
    'ping': () => make('a', (e) => { e.href = '#x'; e.ping = U + 'ping'; }).click(),
    'download': () => frame(`const a = document.createElement('a'); a.href = U + 'download'; a.download = 'x'; document.body.append(a); a.click()`),
    'blank': () => make('a', (e) => { e.href = U + 'blank'; e.target = '_blank'; }).click(),
    'attribution': () => make('img', (e) => { e.setAttribute('attributionsrc', U + 'attribution'); e.src = 'data:,'; }),
    'form-frame': () => { make('iframe', (e) => { e.name = 'ff'; }); make('form', (e) => { e.action = U + 'form-frame'; e.target = 'ff'; }).submit(); },
    'form-post': () => { make('iframe', (e) => { e.name = 'fp'; }); make('form', (e) => { e.action = U + 'form-post'; e.method = 'post'; e.target = 'fp'; }).submit(); },
    'formaction': () => { make('iframe', (e) => { e.name = 'fa'; }); const b = make('form', (e) => { e.target = 'fa'; }).appendChild(doc.createElement('button')); b.formAction = U + 'formaction'; b.click(); },
    'frame-src': () => make('iframe', (e) => { e.src = U + 'frame-src'; }),
    'frame-location': () => { const e = make('iframe', () => {}); e.contentWindow.location.href = U + 'frame-location'; },
    'frame-native': () => { const e = make('iframe', () => {}); e.contentWindow.fetch(U + 'frame-native', { mode: 'no-cors' }); },
    'frame-beacon': () => make('iframe', () => {}).contentWindow.navigator.sendBeacon(U + 'frame-beacon', 'x'),
    'frame-kept': () => { const e = make('iframe', () => {}), n = self[self.length - 1].navigator; e.src = '/slow'; setTimeout(() => { n.sendBeacon(U + 'frame-kept'); e.remove(); n.sendBeacon(U + 'frame-removed'); }, 100); },
    'leaving': () => {
      const e = frame(`const a = document.createElement('a'); a.href = '#x'; a.ping = U + 'leaving-ping'; document.body.append(a);
        addEventListener('pagehide', () => { navigator.sendBeacon(U + 'leaving-beacon', 'x'); fetch(U + 'leaving-fetch', { mode: 'no-cors', keepalive: true }); a.click(); new Image().src = U + 'leaving-image'; });
        addEventListener('unload', () => { navigator.sendBeacon(U + 'leaving-unload', 'x'); });`);
      e.onload = () => setTimeout(() => e.remove(), 0);
    },
    'frame-javascript': () => make('iframe', (e) => { e.src = 'javascript:fetch(' + JSON.stringify(U + 'frame-javascript') + ', {mode: "no-cors"})'; }),
    'srcdoc': () => frame(`new Image().src = U + 'srcdoc'`),
    'srcdoc-refresh': () => make('iframe', (e) => { e.srcdoc = `<meta http-equiv=refresh content="0;url=${U}srcdoc-refresh">`; }),
    'location': () => frame(`location = U + 'location'`),
    'location-computed': () => frame(`self['loc' + 'ation']['hr' + 'ef'] = U + 'location-computed'`),
    'location-reflect': () => frame(`Reflect.get(self, 'location').assign(U + 'location-reflect')`),
    'document-location': () => frame(`document['loc' + 'ation'].replace(U + 'document-location')`),
    'with': () => frame(`with (self) { location = U + 'with' }`),
    'constructor': () => frame(`(() => {}).constructor('u', 'self["location"] = u')(U + 'constructor')`),
    'navigation': () => frame(`navigation.navigate(U + 'navigation')`),
    'window-open-self': () => frame(`open(U + 'window-open-self', '_self')`),
    'base': () => frame(`const b = document.createElement('base'); b.href = U; document.head.append(b); new Image().src = 'base'`),
    'link-click': () => frame(`const a = document.createElement('a'); a.href = U + 'link-click'; document.body.append(a); a.click()`),
    'javascript-link': () => frame(`const a = document.createElement('a'); a.href = 'javascript:self.location=' + JSON.stringify(U + 'javascript-link'); document.body.append(a); a.click()`),
    'svg-link': () => frame(`document.body.innerHTML = '<svg><a href="' + U + 'svg-link"><text>x</text></a></svg>'; document.querySelector('a').dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))`),
    'svg-animate': () => frame(`document.body.innerHTML = '<svg><image><set attributeName="href" to="' + U + 'svg-animate"/></image></svg>'`),
    'xml': () => make('iframe', (e) => { e.src = URL.createObjectURL(new Blob([`<?xml-stylesheet href="${U}xml-stylesheet"?><html xmlns="http://www.w3.org/1999/xhtml"><img src="${U}xml"/></html>`], { type: 'application/xhtml+xml' })); }),
    'notification': () => new Notification('x', { icon: U + 'notification' }),
    'serviceworker': () => navigator.serviceWorker.register(U + 'serviceworker'),
    'identity': () => navigator.credentials.get({ identity: { providers: [{ configURL: U + 'identity', clientId: 'x' }] } }),
    'payment': () => new PaymentRequest([{ supportedMethods: U + 'payment' }], { total: { label: 'x', amount: { currency: 'EUR', value: '1' } } }).canMakePayment(),
  };
  const ways = doc ? { ...everywhere, ...windows } : everywhere;
  for (const name of Object.keys(ways)) {
    try {
      const result = ways[name]();
      if (result && typeof result.then === 'function') result.then(() => {}, () => {});
    } catch { /* not possible here */ }
  }
})();
