// What is built in, and what the page may do with it.

probe('natives: functions', () => {
  const list = { fetch, open, eval: window.eval, setTimeout, setInterval, postMessage, getComputedStyle, XMLHttpRequest, WebSocket, EventSource, Worker, SharedWorker, Request, Response, URL, Function, Image, Audio, FontFace, MutationObserver, DOMParser, BroadcastChannel, CSSStyleSheet, PerformanceObserver, MessageEvent, StorageEvent };
  return Object.entries(list).map(([k, f]) => [k, String(f).replace(/\s+/g, ' '), f.name, f.length, Object.getOwnPropertyNames(f).sort().join(' '), f.prototype === undefined]).map((l) => l.join(';'));
});
const methods = [['Element', 'setAttribute'], ['Element', 'getAttribute'], ['Element', 'insertAdjacentHTML'], ['Element', 'attachShadow'], ['Element', 'matches'], ['Element', 'querySelector'], ['Node', 'appendChild'], ['Node', 'insertBefore'], ['Node', 'cloneNode'], ['Document', 'write'], ['Document', 'createElement'], ['Document', 'querySelectorAll'], ['Document', 'open'], ['History', 'pushState'], ['Navigator', 'sendBeacon'], ['XMLHttpRequest', 'open'], ['Range', 'createContextualFragment'], ['DOMParser', 'parseFromString'], ['XMLSerializer', 'serializeToString'], ['CSSStyleSheet', 'insertRule'], ['CSSStyleDeclaration', 'setProperty'], ['CSSStyleDeclaration', 'getPropertyValue'], ['Storage', 'getItem'], ['MutationObserver', 'observe'], ['HTMLFormElement', 'submit'], ['HTMLElement', 'click'], ['Performance', 'getEntries'], ['EventTarget', 'addEventListener'], ['CacheStorage', 'open'], ['Cache', 'add'], ['Function', 'toString'], ['Object', 'toString'], ['URL', 'toString']];
for (const [owner, name] of methods) {
  probe(`natives: ${owner}.${name}`, () => {
    const p = self[owner].prototype, d = Object.getOwnPropertyDescriptor(p, name), f = d.value;
    return [String(f).replace(/\s+/g, ' '), f.name, f.length, d.writable, d.enumerable, d.configurable, 'prototype' in f, Object.getOwnPropertyNames(f).sort(), thrown(() => f.call({})), thrown(() => new f()), Object.getPrototypeOf(f) === Function.prototype];
  });
}
const accessors = [['HTMLAnchorElement', 'href'], ['HTMLImageElement', 'src'], ['HTMLImageElement', 'srcset'], ['HTMLImageElement', 'currentSrc'], ['HTMLScriptElement', 'src'], ['HTMLScriptElement', 'text'], ['HTMLIFrameElement', 'src'], ['HTMLIFrameElement', 'srcdoc'], ['HTMLIFrameElement', 'contentWindow'], ['HTMLFormElement', 'action'], ['HTMLLinkElement', 'href'], ['Element', 'innerHTML'], ['Element', 'outerHTML'], ['Node', 'textContent'], ['Node', 'baseURI'], ['Document', 'URL'], ['Document', 'referrer'], ['Document', 'domain'], ['MessageEvent', 'origin'], ['MessageEvent', 'source'], ['StorageEvent', 'url'], ['Response', 'url'], ['Request', 'url'], ['XMLHttpRequest', 'responseURL'], ['StyleSheet', 'href'], ['CSSRule', 'cssText'], ['PerformanceEntry', 'name'], ['WebSocket', 'url'], ['Attr', 'value'], ['MutationRecord', 'oldValue'], ['ErrorEvent', 'filename'], ['SVGAnimatedString', 'baseVal'], ['CharacterData', 'data'], ['HTMLElement', 'innerText'], ['HTMLElement', 'onclick'], ['ShadowRoot', 'innerHTML']];
for (const [owner, name] of accessors) {
  probe(`natives: ${owner}.${name}`, () => {
    const d = Object.getOwnPropertyDescriptor(self[owner].prototype, name) ?? Object.getOwnPropertyDescriptor(Object.getPrototypeOf(self[owner].prototype), name);
    return [String(d.get).replace(/\s+/g, ' '), d.get.name, d.get.length, String(d.set).replace(/\s+/g, ' '), d.set?.name, d.enumerable, d.configurable, thrown(() => d.get.call({})), thrown(() => d.set?.call({}, 'x'))];
  });
}
// Service workers have probes of their own.
const others = (names) => names.filter((k) => !/^\d+$|serviceworker|^push|^navigationpreload|^backgroundfetch|^(periodic)?sync/i.test(k));
probe('natives: keys of window', () => others(Object.keys(window)).sort());
probe('natives: names of window', () => others(Object.getOwnPropertyNames(window)).sort());
probe('natives: order of window', () => others(self.windowKeys));
probe('natives: symbols of window', () => [Object.getOwnPropertySymbols(window).length, Object.getOwnPropertySymbols(document).length, Object.getOwnPropertyNames(document).sort()]);
probe('natives: prototypes', () => [Object.getPrototypeOf(window) === Window.prototype, Object.prototype.toString.call(window), String(window), window.constructor === Window, document.constructor.name]);
probe('natives: names of navigator', () => { const l = []; for (const k in navigator) l.push(k); return others(l).sort(); });
probe('natives: names of document', () => { const l = []; for (const k in document) l.push(k); return l.sort(); });
probe('natives: names of an element', () => { const l = []; for (const k in document.createElement('iframe')) l.push(k); return l.sort(); });
probe('natives: names of Object', () => [Object, Function, Reflect, JSON, Math, Array.prototype, String.prototype, Promise, Error, Function.prototype, Object.prototype].map((o) => Reflect.ownKeys(o).map(String).sort().join(' ')));
probe('natives: error stack of a native', () => { try { document.createElement('<'); } catch (e) { return [e.name, e.message, e.code]; } });
probe('natives: called without new', () => [thrown(() => XMLHttpRequest()), thrown(() => WebSocket('x')), thrown(() => Request('x')), thrown(() => Worker('x')), thrown(() => EventSource('x'))]);
probe('natives: missing arguments', () => [thrown(() => document.createElement()), thrown(() => new WebSocket()), thrown(() => new Request()), thrown(() => document.body.setAttribute('x')), thrown(() => document.body.insertAdjacentHTML('x')), thrown(() => history.pushState()), thrown(() => new Worker()), thrown(() => postMessage()), thrown(() => new XMLHttpRequest().open('x')), thrown(() => getComputedStyle())]);
probe('natives: subclasses', () => { class X extends XMLHttpRequest {} class W extends Request {} class U extends URL {} return [new X() instanceof XMLHttpRequest, new W('/x').url, new U('/x', location.href).href, X.name]; });
probe('natives: Reflect.construct', () => { const r = Reflect.construct(Request, ['$OTHER/x'], class extends Request {}); return [r.url, r instanceof Request]; });
probe('natives: own properties of instances', () => [Object.keys(document.createElement('a')), Object.keys(new Request('/x')), Object.keys(new XMLHttpRequest()), Object.getOwnPropertyNames(document.createElement('iframe')), Object.keys(new MessageEvent('x'))].map((l) => l.length));
probe('natives: replaced by the page', async () => {
  const kept = [window.fetch, String.prototype.startsWith, Array.prototype.push, Map.prototype.get, JSON.stringify, Element.prototype.getAttribute];
  try {
    window.fetch = () => 'mine';
    String.prototype.startsWith = Array.prototype.push = Map.prototype.get = JSON.stringify = Element.prototype.getAttribute = () => { throw new Error('mine'); };
    const a = document.createElement('a');
    a.href = '$OTHER/replaced';
    return a.href + window.fetch() + a.outerHTML;
  } finally {
    [window.fetch, String.prototype.startsWith, Array.prototype.push, Map.prototype.get, JSON.stringify, Element.prototype.getAttribute] = kept;
  }
});
probe('natives: wrapped by the page', async () => {
  const native = window.fetch, urls = [];
  window.fetch = function (...a) { urls.push(String(a[0])); return native.apply(this, a); };
  try { await fetch('$OTHER/echo?cors=*'); put('a', { href: '/x' }); return [urls, window.fetch.length]; } finally { window.fetch = native; }
});
probe('natives: accessor wrapped by the page', () => {
  const d = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, 'src'), seen = [];
  Object.defineProperty(HTMLImageElement.prototype, 'src', { ...d, set(v) { seen.push(v); d.set.call(this, v); } });
  try { const i = new Image(); i.src = '$OTHER/png?w'; return [seen, i.src]; } finally { Object.defineProperty(HTMLImageElement.prototype, 'src', d); }
});
probe('natives: from a fresh frame', () => { const w = put('iframe').contentWindow; return [w.Object.getOwnPropertyDescriptor(w.HTMLAnchorElement.prototype, 'href').get.call(document.querySelector('#markup a')), w.Element.prototype.getAttribute.call(document.querySelector('#markup a'), 'href'), w.Function.prototype.toString.call(fetch), w.Object.getOwnPropertyDescriptor(w.Document.prototype, 'URL').get.call(document), w.XMLHttpRequest.toString()]; });
probe('natives: toString of functions', () => [Function.prototype.toString.call(fetch), String(Function.prototype.toString), Function.prototype.toString.toString(), thrown(() => Function.prototype.toString.call({})), (() => 1).toString()]);
probe('natives: proxies', () => [thrown(() => Function.prototype.toString.call(new Proxy(fetch, {}))), typeof new Proxy(fetch, {})]);
probe('natives: undetectable', () => [typeof document.all, document.all == null]);
probe('natives: globals of ours', () => [typeof $tandem, '$tandem' in window, Object.getOwnPropertyNames(window).filter((n) => /tandem/i.test(n))]);

const where = (stack) => [...String(stack).matchAll(/(?:https?|blob|ws):[^\s)]*?:\d+(?=:\d+)/g)].map((m) => m[0]);
probe('error: stack', () => { try { null.x; } catch (e) { return where(e.stack).slice(0, 1); } });
probe('error: stack of eval', () => { try { eval('\nnull.x'); } catch (e) { return where(e.stack).slice(0, 1); } });
probe('error: stack of a native that calls back', () => { try { [1].map(() => { throw new Error('e'); }); } catch (e) { return where(e.stack).slice(0, 2); } });
probe('error: stack through hooks', () => { try { document.body.setAttribute({ toString() { throw new Error('t'); } }, 'x'); } catch (e) { return [where(e.stack).length, String(e.stack).split('\n').length]; } });
probe('error: stack of a rejected promise', async () => { try { await fetch('http://['); } catch (e) { return where(e.stack); } });
probe('error: stack of a listener', async () => { let s; const e = put('b'); e.addEventListener('click', () => { s = new Error('l').stack; }); e.click(); return where(s); });
probe('error: stack of a timer', async () => where(await new Promise((done) => setTimeout(() => done(new Error('t').stack)))));
probe('error: stack of another script', async () => { self.thrower = undefined; await new Promise((done) => put('script', { src: '/file/throwing.js', onload: done })); try { self.thrower(); } catch (e) { return where(e.stack); } });
probe('error: fileName', () => { const e = new Error('f'); return [e.fileName, typeof e.lineNumber, Object.getOwnPropertyNames(e).sort()]; });
probe('error: captureStackTrace and prepareStackTrace', () => { if (!Error.captureStackTrace) return 'none'; const o = {}; Error.captureStackTrace(o); const before = Error.prepareStackTrace; Error.prepareStackTrace = (_, sites) => sites.map((s) => (s.getFileName?.() ?? s.getScriptNameOrSourceURL?.()) + ':' + s.getLineNumber()).slice(0, 1); const s = new Error('p').stack; Error.prepareStackTrace = before; return [where(o.stack).slice(0, 1), s, typeof before]; });
probe('error: stack descriptor', () => { const e = new Error('d'), d = Object.getOwnPropertyDescriptor(e, 'stack') ?? Object.getOwnPropertyDescriptor(Error.prototype, 'stack'); return [Object.keys(d), d.enumerable, d.configurable, typeof e.stack, Error.stackTraceLimit]; });
probe('error: window.onerror', async () => { const got = new Promise((done) => { window.onerror = (...a) => { done(a); return true; }; }); put('script', { text: 'throw new Error("on")' }); const a = await got; window.onerror = null; return [a[0], a[1].replace(/line \d+/, 'line'), a.length, where(a[4].stack).length > 0]; });
probe('error: ErrorEvent', async () => { const e = event(window, 'error'); setTimeout(() => { throw new TypeError('later'); }); const x = await e; x.preventDefault(); return [x.message, x.filename, x.error.name, x.lineno > 0]; });
probe('error: script of another origin', async () => { const e = event(window, 'error'); put('script', { src: '$OTHER/file/failing.js' }); const x = await e; return [x.message, x.filename, x.lineno, x.error]; });
probe('error: script of another origin with CORS', async () => { const e = event(window, 'error'); put('script', { crossOrigin: '', src: '$OTHER/file/failing.js?cors=*' }); const x = await e; return [x.message, x.filename, x.lineno, x.error?.name]; });
probe('error: unhandledrejection', async () => { const e = event(window, 'unhandledrejection'); Promise.reject(new Error('unhandled')); const x = await e; x.preventDefault(); return [x.reason.message, where(x.reason.stack)]; });
probe('error: resource', async () => { const e = event(put('img', { src: '$OTHER/nothing.png' }), 'error'); return [(await e).target.src, (await e).type]; });
probe('error: reportError', async () => { const e = event(window, 'error'); reportError(new RangeError('r')); const x = await e; x.preventDefault(); return [x.message, x.filename]; });
probe('error: sourceURL', () => { try { (0, eval)('null.x\n//# sourceURL=mine.js'); } catch (e) { return String(e.stack).includes('mine.js'); } });

const paths = (list) => list.map((e) => e.name).filter((n) => !/UUID|blob:/.test(n));
probe('performance: navigation', () => { const [n] = performance.getEntriesByType('navigation'); return [n.name, n.entryType, n.initiatorType, n.type, n.redirectCount, JSON.parse(JSON.stringify(n)).name]; });
probe('performance: protocol', () => performance.getEntriesByType('navigation')[0].nextHopProtocol);
probe('performance: resources', () => paths(performance.getEntriesByType('resource')).filter((n) => /sheet.css.page|current|sri|natives/.test(n)).sort());
probe('performance: by name', async () => { await fetch('/serve?body=byname'); await pause(30); return [performance.getEntriesByName('$HERE/serve?body=byname').length, performance.getEntriesByName('$HERE/serve?body=byname', 'resource')[0]?.initiatorType]; });
probe('performance: of another origin', async () => { await fetch('$OTHER/serve?cors=*&body=perf'); await pause(30); const [e] = performance.getEntriesByName('$OTHER/serve?cors=*&body=perf'); return [e?.name, e?.initiatorType, e?.toJSON().name, e?.transferSize, e?.requestStart > 0]; });
probe('performance: sizes', async () => { await fetch('/serve?body=12345&sized'); await pause(30); const [e] = performance.getEntriesByName('$HERE/serve?body=12345&sized'); return [e?.encodedBodySize, e?.decodedBodySize, e?.responseStatus, e?.contentType]; });
probe('performance: observer', async () => { const got = new Promise((done) => { const o = new PerformanceObserver((list, self) => { const n = list.getEntries().map((e) => e.name); if (n.some((x) => x.includes('observed'))) { self.disconnect(); done([n, list.getEntriesByType('resource').length, list.getEntriesByName('$HERE/serve?body=observed').length]); } }); o.observe({ type: 'resource' }); }); await (await fetch('/serve?body=observed')).text(); return got; });
probe('performance: observer with buffered', async () => paths((await new Promise((done) => new PerformanceObserver((l) => done(l.getEntries())).observe({ type: 'navigation', buffered: true })))));
probe('performance: server timing', async () => { await fetch('/serve?body=st&h=Server-Timing:a;dur%3D1'); await pause(30); return performance.getEntriesByName('$HERE/serve?body=st&h=Server-Timing:a;dur%3D1')[0]?.serverTiming.map((s) => s.name); });
probe('performance: legacy', () => [performance.navigation?.type, performance.navigation?.redirectCount, performance.timing?.navigationStart > 0, performance.getEntriesByType('mark').length, performance.getEntriesByType('measure').length]);
probe('performance: marks', () => { performance.mark('m'); const [m] = performance.getEntriesByName('m'); performance.clearMarks(); return [m.name, m.entryType]; });
probe('performance: all names are the site\'s', () => performance.getEntries().filter((e) => /tandem|--/.test(e.name)).map((e) => e.name));
probe('performance: in a frame', async () => { const w = (await framed({ src: '/file/frame.html?perf' })).contentWindow; return [w.performance.getEntriesByType('navigation')[0].name, paths(w.performance.getEntriesByType('resource'))]; });

probe('url: createObjectURL', () => { const u = URL.createObjectURL(new Blob(['x'])); return [u.slice(0, u.lastIndexOf('/')), new URL(u).origin, new URL(u).pathname.slice(0, new URL(u).pathname.lastIndexOf('/')), u.length]; });
probe('url: blob in elements', async () => { const b = await (await fetch('/png')).blob(), u = URL.createObjectURL(b), i = new Image(); i.src = u; await i.decode(); return [i.src === u, i.currentSrc === u, i.getAttribute('src') === u, i.outerHTML.includes(u)]; });
probe('url: blob in CSS and XHR', async () => { const u = URL.createObjectURL(new Blob(['xhr'])), e = put('p'); e.style.backgroundImage = `url(${u})`; return [e.style.backgroundImage.includes(u), (await xhr('GET', u)).responseText, (await xhr('GET', u)).responseURL === u]; });
probe('url: revoked', async () => { const u = URL.createObjectURL(new Blob(['x'])); URL.revokeObjectURL(u); return failure(fetch(u)); });
probe('url: made in a worker', async () => { const w = new Worker('/file/bloburl.js'); const u = (await event(w, 'message')).data; return [u.slice(0, u.lastIndexOf('/')), await (await fetch(u)).text()]; });
probe('url: URLPattern', () => self.URLPattern ? [new URLPattern({ pathname: '/:x' }).test(location.href), new URLPattern('/a/:b', location.href).hostname] : 'none');

probe('features: which are there', () => ['clipboard', 'credentials', 'geolocation', 'mediaDevices', 'permissions', 'storage', 'locks', 'wakeLock', 'share', 'usb', 'gpu', 'xr', 'bluetooth'].map((k) => k + (k in navigator)));
probe('features: constructors', () => ['RTCPeerConnection', 'WebTransport', 'SharedArrayBuffer', 'Notification', 'PaymentRequest', 'fetchLater', 'Navigation', 'TrustedHTML', 'WebSocketStream', 'EventSource', 'SharedWorker', 'Worklet', 'cookieStore', 'caches', 'documentPictureInPicture', 'launchQueue'].map((k) => k + (k in window)));
probe('features: permissions', async () => { const out = [document.featurePolicy?.allowsFeature('geolocation'), document.featurePolicy?.allowsFeature('camera'), document.featurePolicy?.features?.().length > 0]; for (const name of ['geolocation', 'notifications', 'persistent-storage']) out.push(await navigator.permissions.query({ name }).then((p) => p.state, (e) => e.name)); return out; });
probe('features: navigator', () => [navigator.userAgent, navigator.platform, navigator.language, navigator.onLine, navigator.webdriver, navigator.doNotTrack, navigator.vendor]);
probe('features: activation', () => [navigator.userActivation?.isActive !== undefined, document.featurePolicy !== undefined]);
probe('features: requestStorageAccess', async () => [typeof document.requestStorageAccess, await document.hasStorageAccess?.()]);
probe('features: registerProtocolHandler', () => [thrown(() => navigator.registerProtocolHandler('web+x', '$OTHER/%s')), thrown(() => navigator.registerProtocolHandler('web+x', '/nothing'))]);
