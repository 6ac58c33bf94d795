// What a worker sees. It is run by its address, and as a text.
(async () => {
  const answer = {}, shared = 'onconnect' in self;
  const port = shared ? new Promise((done) => { self.onconnect = (e) => done(e.ports[0]); }) : self;
  const see = async (what, run) => {
    try {
      const value = await Promise.race([run(), new Promise((_, fail) => setTimeout(() => fail({ name: 'nothing happened' }), 1500))]);
      answer[what] = Array.isArray(value) ? value.map(String).join(' | ') : String(value);
    } catch (error) { answer[what] = 'throws ' + error.name; }
  };
  await see('location', () => [location.href, String(location), self.location.origin, JSON.stringify(location), location.toString()]);
  await see('members', () => [location.protocol, location.host, location.pathname, location.search, location.hash, location instanceof WorkerLocation, location === self.location]);
  await see('origin', () => [origin, self.origin, isSecureContext, crossOriginIsolated, navigator.userAgent.length]);
  await see('URL', () => [new URL('/x', location).href, new URL('rel', location.href).href]);
  await see('global', () => [self.name, Object.prototype.toString.call(self), typeof window, Object.getOwnPropertyNames(self).filter((n) => /tandem/i.test(n))]);
  await see('imported', () => { importScripts('$HERE/file/imported.js?a'); return imported; });
  await see('imported from elsewhere', () => { importScripts('$OTHER/file/imported.js?b', '//$OTHERHOST/file/imported.js?c'); return imported; });
  await see('fetch', async () => { const r = await fetch('$HERE/echo?cors=*'), h = await r.json(); return [r.url, r.type, h.Origin, h.Referer, h['Sec-Fetch-Site']]; });
  await see('fetch elsewhere', async () => { const r = await fetch('$OTHER/echo?cors=*'), h = await r.json(); return [r.url, r.type, h.Origin, h.Referer, h['Sec-Fetch-Site']]; });
  await see('xhr', () => new Promise((done) => { const x = new XMLHttpRequest(); x.open('GET', '$OTHER/echo?cors=*'); x.onloadend = () => done([x.responseURL, x.status]); x.send(); }));
  await see('socket', () => new Promise((done, fail) => { const s = new WebSocket('ws://$OTHERHOST/socket'); s.onopen = () => s.send('w'); s.onmessage = (e) => { s.close(); done([s.url, e.origin, e.data]); }; s.onerror = () => fail({ name: 'refused' }); }));
  await see('stack', () => { try { null.x; } catch (e) { return [...String(e.stack).matchAll(/(?:https?|blob):[^\s)]*?(?=:\d)/g)].map((m) => m[0]).slice(0, 1); } });
  await see('module import', async () => (await import('$OTHER/file/module.mjs?cors=*')).url);
  await see('nested', () => new Promise((done, fail) => { const w = new Worker('$HERE/file/nested.js?n'); w.onmessage = (e) => done(e.data); w.onerror = () => fail({ name: 'refused' }); }));
  await see('headers', async () => Object.entries(await (await fetch('/echo')).json()).map((e) => e.join('=')));
  await see('natives', () => [fetch, importScripts, XMLHttpRequest, WebSocket, Worker, Request, Function, setTimeout, URL].map((f) => String(f).replace(/\s+/g, ' ') + f.name + f.length));
  await see('caches', async () => { const c = await caches.open('w'); await c.put('$OTHER/w', new Response('x')); const k = (await c.keys()).map((r) => r.url); await caches.delete('w'); return k; });
  await see('strict', () => [self.strict, (function () { return this === undefined; })(), eval('location.href') === location.href, Function('return location.host')(), typeof setTimeout('self.timed = 1')]);
  (await port).postMessage(answer);
})();
