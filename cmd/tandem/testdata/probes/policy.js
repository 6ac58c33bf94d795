// A page that has a policy of its own, and that was reached from another site.

/** The next violation; Firefox asks for an icon at some time. */
const violation = () => new Promise((done) => {
  addEventListener('securitypolicyviolation', function on(e) {
    if (e.blockedURI.endsWith('/favicon.ico')) return;
    removeEventListener('securitypolicyviolation', on);
    done(e);
  });
});
probe('policy page: address', () => [location.href, document.referrer, document.URL, origin]);
probe('policy page: request', async () => (await fetch('/page-request?page=second')).json());
probe('policy page: history', () => [history.length > 1, performance.getEntriesByType('navigation')[0].name]);
probe('policy: inline script without a nonce', () => typeof unsafe);
probe('policy: styles', () => [getComputedStyle(document.getElementById('unsafe')).color, getComputedStyle(document.getElementById('safe')).color]);
probe('policy: nonces', () => [...document.querySelectorAll('[nonce]')].map((e) => e.localName + e.getAttribute('nonce') + e.nonce));
probe('policy: inserted script', async () => { put('script', { text: 'self.inserted = 1' }); put('script', { nonce: 'abc', text: 'self.nonced = 1' }); return [typeof inserted, typeof nonced]; });
probe('policy: handler', () => { const e = put('b', { innerHTML: '<i onclick="self.handled = 1">x</i>' }); e.firstChild.click(); return typeof handled; });
probe('policy: eval', () => [thrown(() => eval('1')), thrown(() => Function('return 1'))].map((s) => s.split(':')[0]));
probe('policy: image', async () => { const e = violation(); const i = new Image(); i.src = '$NEAR/png'; const v = await e; return [v.blockedURI, v.violatedDirective, v.effectiveDirective, v.documentURI, v.disposition, v.originalPolicy, v.referrer, v.sourceFile, v.statusCode]; });
probe('policy: image that is allowed', async () => { const i = new Image(); i.src = '$HERE/png'; await i.decode(); return i.naturalWidth; });
probe('policy: fetch', async () => { const e = violation(); const r = await fetch('$NEAR/echo?cors=*').then((x) => x.type, (x) => x.name); const v = await e; return [r, v.blockedURI, v.effectiveDirective]; });
probe('policy: fetch that is allowed', async () => (await fetch('$HERE/echo?cors=*')).status);
probe('policy: frame', async () => { const e = violation(); put('iframe', { src: '$NEAR/file/empty.html' }); const v = await e; return [v.blockedURI, v.effectiveDirective]; });
probe('policy: worker and blob', async () => { const e = violation(); try { const w = new Worker(URL.createObjectURL(new Blob(['']))); w.onerror = (x) => x.preventDefault(); } catch {} const v = await e; return [v.effectiveDirective, v.blockedURI]; });
probe('policy: base and form', async () => { const e = violation(); put('base', { href: '$HERE/' }, document.head); const v = await e; return [v.effectiveDirective, document.baseURI, v.blockedURI]; });
probe('policy: form', async () => { const e = violation(); put('iframe', { name: 'formframe' }); try { put('form', { action: '$NEAR/echo', target: 'formframe' }).submit(); } catch {} const v = await e; return [v.effectiveDirective, v.blockedURI]; });
probe('policy: style attribute', () => { const e = put('p', { innerHTML: '<i style="color: red">x</i>' }); return [e.firstChild.style.color, getComputedStyle(e.firstChild).color]; });
probe('policy: style by script', () => { const e = put('p'); e.style.color = 'rgb(1, 2, 3)'; return getComputedStyle(e).color; });
probe('policy: javascript link', async () => { self.said = undefined; put('a', { href: 'javascript:void(self.said = 1)' }).click(); await pause(30); return typeof self.said; });
probe('policy: script by address', async () => { const s = put('script', { src: '$HERE/file/script.js' }); const a = await event(s, 'load').then(() => 'load'); const t = document.createElement('script'); t.src = '$NEAR/file/script.js'; const e = event(t, 'error', 'load'); document.body.append(t); return [a, (await e).type]; });
probe('policy: report', () => seen('report', 4).then((list) => list.filter((r) => !r.body.includes('favicon')).slice(0, 1).map((r) => [r.method, r.body && JSON.parse(r.body)['csp-report']['document-uri'], JSON.parse(r.body)['csp-report']['blocked-uri'], r.headers['Content-Type']])));
