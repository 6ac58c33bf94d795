// Workers, modules, frames, messages, storage.

/** Firefox ends workers that nothing refers to, also while they wait for something. */
const kept = [];

/** Asks a worker that runs file/worker.js, or its text, what it sees. */
async function asked(worker) {
  const port = worker.port ?? worker;
  kept.push(worker);
  port.start?.();
  const answer = new Promise((done, fail) => { port.addEventListener('message', (e) => done(e.data)); worker.addEventListener('error', (e) => fail('error ' + (e.message ?? ''))); });
  return answer.finally(() => worker.terminate?.());
}
/** On a busy machine Firefox now and then leaves a worker waiting: then another one is asked. */
async function patiently(make) {
  for (let i = 0; ; i++) {
    try {
      return await within(5000, asked(await make()));
    } catch (error) {
      if (i === 2 || error !== 'nothing happened') throw error;
    }
  }
}
const asBlob = async (prefix = '') => URL.createObjectURL(new Blob([prefix + await (await fetch('/file/worker.js')).text()], { type: 'text/javascript' }));
const workers = {
  classic: () => new Worker('/file/worker.js?x#y', { name: 'n' }),
  module: () => new Worker('/file/worker.js?m', { type: 'module', name: 'n' }),
  'URL object': () => new Worker(new URL('/file/worker.js?u', location.href)),
  blob: async () => new Worker(await asBlob()),
  'strict blob': async () => new Worker(await asBlob('"use strict"; self.strict = (function () { return this === undefined; })();\n')),
  'module blob': async () => new Worker(await asBlob(), { type: 'module' }),
  data: async () => new Worker('data:text/javascript,' + encodeURIComponent(await (await fetch('/file/worker.js')).text())),
  shared: () => new SharedWorker('/file/worker.js?shared', 'n'),
  redirected: () => new Worker('/redirect?to=/file/worker.js'),
};
for (const [kind, make] of Object.entries(workers)) {
  let answer;
  probe(`worker, ${kind}: starts`, async () => { answer = await patiently(make); return Object.keys(answer).length > 10; });
  for (const what of ['location', 'members', 'origin', 'URL', 'global', 'imported', 'imported from elsewhere', 'fetch', 'fetch elsewhere', 'xhr', 'socket', 'stack', 'module import', 'nested', 'headers', 'natives', 'caches', 'strict']) {
    // The addresses of blobs are never the same twice.
    probe(`worker, ${kind}: ${what}`, () => answer === undefined ? 'no answer' : shown(answer[what]).replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID'));
  }
}
probe('worker: shared by the address of a blob', async () => {
  const address = URL.createObjectURL(new Blob(['let n = 0; onconnect = (e) => e.ports[0].postMessage(++n)'], { type: 'text/javascript' }));
  const ask = () => new Promise((done) => { const w = new SharedWorker(address); kept.push(w); w.port.onmessage = (e) => done(e.data); });
  return [await ask(), await ask()];
});
probe('worker: of another origin', () => thrown(() => new Worker('$OTHER/file/worker.js')));
probe('worker: that is not there', async () => { const w = new Worker('/nothing.js'); return (await event(w, 'error')).type; });
probe('worker: error', async () => { const w = new Worker('/file/failing.js'); const e = await event(w, 'error'); e.preventDefault(); return [e.message, e.filename, e.lineno]; });
probe('worker: blob error', async () => { const w = new Worker(URL.createObjectURL(new Blob(['\nthrow new Error("b")']))); const e = await event(w, 'error'); e.preventDefault(); return [e.message, e.filename.slice(0, e.filename.lastIndexOf('/')), e.lineno]; });
probe('worker: natives', () => [String(Worker), Worker.name, Worker.length, String(SharedWorker), thrown(() => Worker('x')), new Worker('/file/empty.js') instanceof Worker]);
probe('worker: font', async () => {
  const w = new Worker(URL.createObjectURL(new Blob(['new FontFace("f", "url($OTHER/font?cors=*&k=worker-font)").load().catch((e) => e).then((e) => postMessage(e.name))'])));
  kept.push(w);
  return [(await event(w, 'message')).data, (await (await fetch('/seen?key=worker-font')).json()).length];
});
probe('worker: worklet', async () => { if (!self.CSS?.paintWorklet && !self.AudioWorklet) return 'none'; const c = new OfflineAudioContext(1, 1, 8000); return c.audioWorklet.addModule('/file/worklet.js').then(() => 'added', (e) => e.name); });
probe('service worker: absent', async () => ['serviceWorker' in navigator, typeof navigator.serviceWorker, typeof ServiceWorkerContainer]);

probe('module: of the page', () => self.moduleSeen);
probe('module: dynamic', async () => { const m = await import('./file/module.mjs?d'); return [m.url, m.resolved, m.nested, m.imported]; });
probe('module: absolute', async () => (await import('$HERE/file/module.mjs?abs')).url);
probe('module: another origin', async () => { const m = await import('$OTHER/file/module.mjs?cors=*'); return [m.url, m.resolved, m.nested]; });
probe('module: without CORS', () => import('$OTHER/file/module.mjs').then(() => 'loaded', (e) => e.name));
probe('module: missing', () => import('/nothing.mjs').then(() => 'loaded', (e) => e.name + ': ' + e.message));
probe('module: bare', async () => { const m = await import('mapped'); return m.url; });
probe('module: mapped prefix and address', async () => [(await import('lib/module.mjs')).url, (await import('$OTHER/mapped.mjs')).url]);
probe('module: mapped by a script', async () => {
  put('script', { type: 'importmap', textContent: JSON.stringify({ imports: { late: '$OTHER/file/module.mjs?cors=*&late' } }) });
  return import('late').then((m) => m.url, (e) => e.name);
});
probe('module: unmapped', () => import('unmapped').then(() => 'loaded', (e) => e.name + ': ' + e.message));
probe('module: JSON', async () => { try { return (await (0, eval)(`import('/serve?type=application/json&body={"a":"$OTHER"}', { with: { type: 'json' } })`)).default.a; } catch (e) { return e.name; } });
probe('module: data', async () => (await import('data:text/javascript,export const u = import.meta.url')).u);
probe('module: blob', async () => { const u = URL.createObjectURL(new Blob([`import { url } from '$HERE/file/module.mjs?b'; export { url }; export const own = import.meta.url;`], { type: 'text/javascript' })); const m = await import(u); return [m.url, m.own === u]; });
probe('module: inline', async () => { self.said = undefined; put('script', { type: 'module', textContent: `import { url } from '/file/module.mjs?i'; self.said = [import.meta.url, url, location.href, typeof import.meta.resolve]` }); for (let i = 0; i < 100 && !self.said; i++) await pause(20); return self.said; });
probe('module: identity', async () => (await import('./file/module.mjs?d')) === (await import('/file/module.mjs?d')));
probe('module: redirected', async () => (await import('/redirect?to=/file/module.mjs%3Fr')).url);
probe('module: import.meta keys', async () => (await import('./file/module.mjs?d')).keys);
probe('module: in a classic script of another directory', async () => { self.said = undefined; put('script', { src: '/file/importing.js' }); for (let i = 0; i < 100 && !self.said; i++) await pause(20); return self.said; });

probe('frame: same origin', async () => { const f = await framed({ src: '/file/frame.html' }), w = f.contentWindow; return [w.location.href, w.document.URL, w.document.referrer, w.parent === self, w.top === self, w.frameElement === f, w.seen, f.src, f.contentDocument === w.document, w.document.title]; });
probe('frame: another origin is closed', async () => { const f = await framed({ src: '$OTHER/file/frame.html' }), w = f.contentWindow; return [thrown(() => w.location.href), thrown(() => w.document), thrown(() => w.x), f.contentDocument, f.src, w.length, w.closed, w.parent === self, w.top === self, thrown(() => w.name), typeof w.postMessage]; });
probe('frame: another origin tells', async () => { const m = new Promise((done) => addEventListener('message', function on(e) { if (e.data.from === 'frame') { removeEventListener('message', on); done(e); } })); const f = await framed({ src: '$OTHER/file/frame.html?tell' }); const e = await m; return [e.origin, e.source === f.contentWindow, e.data.seen]; });
probe('frame: another origin is asked', async () => { const f = await framed({ src: '$OTHER/file/frame.html' }); const m = event(window, 'message'); f.contentWindow.postMessage({ ask: 1 }, '$OTHER'); const e = await m; return [e.origin, e.data]; });
probe('frame: messages for others are not delivered', async () => { const f = await framed({ src: '$OTHER/file/frame.html' }); let got = 'nothing'; addEventListener('message', (e) => { got = e.data; }, { once: true }); f.contentWindow.postMessage({ ask: 1 }, '$HERE'); f.contentWindow.postMessage({ ask: 2 }, '$NEAR'); await pause(100); return got; });
probe('frame: name of another origin', async () => { const f = await framed({ src: '$OTHER/file/frame.html', name: 'framename' }); return [f.name, window.framename === f.contentWindow, window.frames['framename'] === f.contentWindow]; });
probe('frame: navigated by its location', async () => { const f = await framed({ src: '/file/frame.html' }); const l = event(f, 'load'); f.contentWindow.location = '$OTHER/file/empty.html'; await l; return [f.src, thrown(() => f.contentWindow.location.href)]; });
probe('frame: navigated by another', async () => { const f = await framed({ src: '$OTHER/file/frame.html' }); const l = event(f, 'load'); f.contentWindow.location.replace('/file/frame.html?back'); await l; return [f.src, f.contentWindow.location.href, f.contentDocument.referrer]; });
probe('frame: blank', async () => { const f = await framed({}), w = f.contentWindow; return [w.location.href, w.document.URL, w.document.baseURI, w.origin, w.document.referrer, w.parent === self, f.src, w.eval('location.href'), w.Function('return parent.location.href')(), w.document.cookie === document.cookie, w.document.domain]; });
probe('frame: blank at once', () => { const f = put('iframe'), w = f.contentWindow; return [w.location.href, w.document.readyState, w.fetch.toString(), w.eval('top.location.host'), w.Function === Function]; });
probe('frame: fetch in blank', async () => { const f = put('iframe'); const r = await f.contentWindow.fetch('$OTHER/echo?cors=*'); const x = await r.json(); return [r.url, x.Origin, x.Referer]; });
probe('frame: DOM in blank', () => { const d = put('iframe').contentDocument; d.body.innerHTML = '<a href="$OTHER/b">x</a><a href="rel">y</a>'; return [d.links[0].href, d.links[1].href, d.body.innerHTML]; });
probe('frame: javascript', async () => { const f = await framed({ src: 'javascript:"<p>" + location.href + (parent === top)' }); return [f.contentDocument.body.innerHTML, f.contentWindow.location.href, f.src]; });
probe('frame: blob', async () => { const u = URL.createObjectURL(new Blob(['<a href="$OTHER/b">x</a><script>self.l = location.protocol + location.origin + self.origin; self.p = location.href === "' + 'X" || parent.location.host</' + 'script>'], { type: 'text/html' })); const f = await framed({ src: u }), w = f.contentWindow; return [w.l, w.p, w.document.links[0].href, f.src === u, w.location.href === u, w.document.URL === u, w.document.body.innerHTML]; });
probe('frame: data', async () => { const m = event(window, 'message'); framed({ src: 'data:text/html,<script>parent.postMessage([location.href.slice(0, 15), origin, self === top], "*")</' + 'script>' }); const e = await within(1500, m); return [e.origin, e.data]; });
probe('frame: sandboxed', async () => { const m = event(window, 'message'); await framed({ src: '/file/frame.html?tell' }, { sandbox: 'allow-scripts' }); const e = await m; return [e.origin, e.data.seen]; });
probe('frame: sandboxed srcdoc', async () => { const m = event(window, 'message'); await framed({ srcdoc: '<script>try { document.cookie } catch (e) { parent.postMessage([e.name, origin, location.href, document.URL, document.baseURI, document.referrer], "*") }</' + 'script>' }, { sandbox: 'allow-scripts' }); const e = await m; return [e.origin, e.data]; });
probe('frame: sandboxed without scripts', async () => { const f = await framed({ src: '/file/frame.html?tell' }, { sandbox: 'allow-same-origin' }); return [f.contentWindow.seen, f.contentDocument.URL, f.contentDocument.links[0].href]; });
probe('frame: X-Frame-Options', async () => { const f = await framed({ src: '/serve?type=text/html&body=x&h=X-Frame-Options:DENY' }); return [f.contentDocument === null || f.contentDocument.body.textContent]; });
probe('frame: X-Frame-Options SAMEORIGIN', async () => (await framed({ src: '/serve?type=text/html&body=here&h=X-Frame-Options:SAMEORIGIN' })).contentDocument.body.textContent);
probe('frame: frame-ancestors', async () => { const f = await framed({ src: "/serve?type=text/html&body=here&h=" + encodeURIComponent("Content-Security-Policy: frame-ancestors 'self'") }); return f.contentDocument?.body.textContent; });
probe('frame: frame-ancestors of another', async () => { const f = await framed({ src: "/serve?type=text/html&body=here&h=" + encodeURIComponent('Content-Security-Policy: frame-ancestors $OTHER') }); return [f.contentDocument === null || f.contentDocument.body.textContent]; });
probe('frame: redirected', async () => (await framed({ src: '/redirect?to=/file/frame.html%3Fr' })).contentWindow.location.href);
probe('frame: meta refresh', async () => { const f = await framed({ src: '/serve?type=text/html&body=' + encodeURIComponent('<meta http-equiv=refresh content="0; url=$HERE/file/frame.html?refreshed">') }); if (!f.contentWindow.seen) await event(f, 'load'); return [f.contentWindow.location.href, f.contentDocument.referrer]; });
probe('frame: Refresh header', async () => { const f = await framed({ src: '/serve?type=text/html&body=x&h=' + encodeURIComponent('Refresh: 0; url=/file/frame.html?header') }); if (!f.contentWindow.seen) await event(f, 'load'); return f.contentWindow.location.href; });
probe('frame: referrer policy', async () => [(await framed({ src: '/file/frame.html', referrerPolicy: 'no-referrer' })).contentDocument.referrer, (await framed({ src: '/file/frame.html', referrerPolicy: 'origin' })).contentDocument.referrer]);
probe('frame: location of a removed frame', async () => { const f = await framed({ src: '/file/frame.html' }), w = f.contentWindow; f.remove(); return [w.closed, w.parent, w.top, f.contentWindow]; });
probe('frame: elements of a frame in the page', async () => { const f = await framed({ src: '/file/frame.html' }); const a = f.contentDocument.links[0]; document.body.append(a); return [a.href, a.outerHTML, a.ownerDocument === document]; });
probe('frame: object', async () => { const o = put('object', { data: '/file/frame.html' }); await event(o, 'load'); return [o.data, o.contentWindow.location.href, o.contentWindow.frameElement === o]; });
probe('frame: frameset', async () => { const f = await framed({ src: '/file/frameset.html' }); return [f.contentWindow.length, f.contentWindow[0].location.href, f.contentWindow[0].parent === f.contentWindow]; });
for (const [name, file] of [['latin1', 'latin1.html'], ['Shift_JIS', 'sjis.html'], ['UTF-16', 'utf16.html'], ['windows-1252 by default', 'nocharset.html'], ['a BOM', 'bom.html']]) {
  probe(`charset: ${name}`, async () => { const d = (await framed({ src: '/file/' + file })).contentDocument; return [d.characterSet, d.title, d.links[0].href, d.links[0].getAttribute('href'), d.defaultView.said]; });
}
probe('charset: form in latin1', async () => { const f = await framed({ src: '/file/latin1.html' }); f.contentDocument.forms[0].submit(); return seen('latin1form'); });
probe('document kind: quirks', async () => { const d = (await framed({ src: '/file/quirks.html' })).contentDocument; return [d.compatMode, d.doctype, d.documentElement.outerHTML]; });
probe('document kind: XHTML', async () => { const w = (await framed({ src: '/file/page.xhtml' })).contentWindow; return [w.document.contentType, w.document.URL, w.said, w.document.querySelector('a').href, new XMLSerializer().serializeToString(w.document)]; });
probe('document kind: broken XHTML', async () => { const d = (await framed({ src: '/serve?type=application/xhtml%2Bxml&body=' + encodeURIComponent('<html xmlns="http://www.w3.org/1999/xhtml"><b></html>') })).contentDocument; return d.querySelector('parsererror') !== null || d.documentElement.nodeName; });
probe('document kind: SVG', async () => { const w = (await framed({ src: '/file/image.svg' })).contentWindow; return [w.document.contentType, w.said, w.document.querySelector('image').href.baseVal, w.document.documentElement.outerHTML]; });
probe('document kind: XML', async () => { const d = (await framed({ src: '/file/document.xml' })).contentDocument; return [d.contentType, d.documentElement.nodeName, d.documentElement.outerHTML]; });
probe('document kind: text', async () => { const d = (await framed({ src: '/serve?body=' + encodeURIComponent('$OTHER <b>') })).contentDocument; return [d.contentType, d.body.textContent]; });
probe('document kind: JSON', async () => { const d = (await framed({ src: '/serve?type=application/json&body={"a":"$OTHER"}' })).contentDocument; return [d?.contentType, d?.body?.textContent.includes('$OTHER')]; });
probe('document kind: image', async () => { const d = (await framed({ src: '/png?document' })).contentDocument; return [d.contentType, d.images[0].src, d.images[0].naturalWidth]; });
probe('document kind: sniffed', async () => { const d = (await framed({ src: '/serve?type=&body=' + encodeURIComponent('<html><title>sniffed</title>') })).contentDocument; return [d.contentType, d.title]; });
probe('document kind: nosniff', async () => { const d = (await framed({ src: '/serve?type=text/plain&h=X-Content-Type-Options:nosniff&body=' + encodeURIComponent('<title>x</title>') })).contentDocument; return [d.contentType, d.title]; });
probe('document kind: error page', async () => { const d = (await framed({ src: '/serve?type=text/html&status=404&body=<p>own' })).contentDocument; return [d.body.textContent, d.URL]; });

probe('message: own', async () => { const m = event(window, 'message'); postMessage('own', location.origin); const e = await m; return [e.data, e.origin, e.source === window]; });
probe('message: to a slash', async () => { const m = event(window, 'message'); postMessage('slash', '/'); return (await m).origin; });
probe('message: options', async () => { const m = event(window, 'message'); window.postMessage('o', { targetOrigin: '$HERE' }); return [(await m).data, postMessage.length, String(postMessage)]; });
probe('message: bad target', () => [thrown(() => postMessage(1, 'nonsense')), thrown(() => postMessage(() => {}, '*'))]);
probe('message: by a computed name', async () => { const m = event(window, 'message'), k = 'postMessage'; window[k]('k', '$HERE'); return (await m).origin; });
probe('message: by call', async () => { const m = event(window, 'message'); Window.prototype.postMessage?.call(window, 'c', '*') ?? postMessage.call(window, 'c', '*'); return [(await m).origin]; });
probe('message: constructed', () => { const e = new MessageEvent('message', { data: 1, origin: '$OTHER', source: window }); return [e.origin, e.source === window]; });
probe('message: channel', async () => { const c = new MessageChannel(), m = new Promise((done) => { c.port1.onmessage = done; }); c.port2.postMessage('p'); const e = await m; return [e.data, e.origin, e.source]; });
probe('message: BroadcastChannel', async () => { const a = new BroadcastChannel('c'), b = new BroadcastChannel('c'), m = event(b, 'message'); a.postMessage('b'); const e = await m; a.close(); b.close(); return [e.data, e.origin, a.name]; });
probe('message: ports with it', async () => { const m = event(window, 'message'), c = new MessageChannel(); postMessage('x', '*', [c.port1]); const e = await m; return [e.ports.length, e.ports[0] instanceof MessagePort]; });

probe('storage: local', () => { localStorage.clear(); localStorage.a = '1'; localStorage.setItem('b', '$OTHER'); return [localStorage.length, Object.keys(localStorage).sort(), localStorage.getItem('b'), localStorage.key(0) !== null, JSON.stringify(localStorage)]; });
probe('storage: session', () => { sessionStorage.x = '1'; return [sessionStorage.length, Object.keys(sessionStorage), 'x' in sessionStorage]; });
probe('storage: event', async () => { const f = await framed({ src: '/file/empty.html' }); const e = event(window, 'storage'); f.contentWindow.localStorage.setItem('from', 'frame'); const s = await e; return [s.key, s.newValue, s.url, s.storageArea === localStorage]; });
probe('storage: is the origin\'s own', async () => { localStorage.mark = 'probe'; const m = event(window, 'message'); const f = await framed({ src: '$OTHER/file/frame.html' }); f.contentWindow.postMessage({ ask: 'storage' }, '*'); return (await m).data; });
probe('storage: IndexedDB', async () => { const r = indexedDB.open('d', 3); r.onupgradeneeded = () => r.result.createObjectStore('s'); await event(r, 'success'); const list = indexedDB.databases ? (await indexedDB.databases()).map((d) => d.name + d.version) : []; const t = r.result.transaction('s', 'readwrite'); t.objectStore('s').put('$OTHER', 'k'); await event(t, 'complete'); r.result.close(); return [r.result.name, list]; });
probe('storage: caches', async () => { const c = await caches.open('c'); await c.add('/serve?body=cached'); await c.put('$OTHER/put', new Response('p')); const r = await c.match('/serve?body=cached'); return [r.url, await r.text(), (await c.keys()).map((k) => k.url), (await caches.match('$OTHER/put')).url, await caches.keys(), (await c.matchAll()).map((r) => r.url), await c.delete('$OTHER/put')]; });
probe('storage: estimate and locks', async () => [typeof (await navigator.storage.estimate()).usage, await navigator.locks.request('l', (l) => l.name), (await navigator.locks.query()).held.length]);
probe('storage: file system', async () => { const d = await navigator.storage.getDirectory(); return [d.kind, d.name]; });
