// Windows and frames that are opened, aimed at and navigated.

// Its driver has Firefox open them.
probe('open: without a press', () => gecko ? 'none' : [open('/file/empty.html?unasked'), open('/file/empty.html?unasked', 'unaskedname'), open('/file/empty.html', '_blank', 'noopener')].map((w) => w === null ? 'null' : typeof w));
probe('open: refuses an address', () => thrown(() => open('http://[')));
probe('open: into a frame', async () => { const f = await framed({ name: 'openframe', src: '/file/empty.html' }), l = event(f, 'load'); const w = open('$HERE/file/frame.html?opened', 'openframe'); await l; return [w === f.contentWindow, w.location.href, w.document.referrer]; });
probe('open: opener of a frame', () => window.openframe.opener === self);
probe('open: into this window by its parts', () => { const w = open('#opened', '_self'); return [w === self, location.hash]; });
probe('open: from a frame into its parent', async () => { const f = await framed({ src: '/file/frame.html' }); const e = event(window, 'hashchange'); const w = f.contentWindow.open(location.href.split('#')[0] + '#fromframe', '_parent'); const h = await e; return [w === self, h.newURL, location.hash]; });
probe('open: from a frame into the top', async () => { const f = await framed({ src: '/file/frame.html' }); const e = event(window, 'hashchange'); f.contentWindow.open(location.href.split('#')[0] + '#fromframe2', '_top'); await e; return location.hash; });
for (const target of ['_top', '_parent', '_self']) {
  probe(`target: ${target} of a link`, async () => { const e = event(window, 'hashchange'); put('a', { href: location.pathname + location.search + '#link' + target, target }).click(); await e; return location.hash; });
  probe(`target: ${target} of a link in a frame`, async () => { const f = await framed({ src: '/file/empty.html' }), d = f.contentDocument, to = target === '_self' ? f.contentWindow : window; const e = event(to, 'hashchange'); const a = d.createElement('a'); a.href = to.location.href.split('#')[0] + '#frame' + target; a.target = target; d.body.append(a); a.click(); await e; return [location.hash, f.contentWindow.location.href]; });
}
probe('target: top.location of a frame', async () => { const f = await framed({ srcdoc: '<script>top.location.hash = "bysrcdoc"; self.l = parent.location.hash</' + 'script>' }); return [location.hash, f.contentWindow.l]; });
probe('target: location of the parent', async () => { const f = await framed({ src: '/file/empty.html' }); const e = event(window, 'hashchange'); const s = f.contentDocument.createElement('script'); s.text = 'parent.location.href = parent.location.href.split("#")[0] + "#byparent"'; f.contentDocument.body.append(s); await e; return location.hash; });
probe('target: base', async () => { const f = await framed({ src: '/file/empty.html' }), d = f.contentDocument; d.head.append(Object.assign(d.createElement('base'), { target: '_parent' })); const e = event(window, 'hashchange'); const a = d.createElement('a'); a.href = location.href.split('#')[0] + '#bybase'; d.body.append(a); a.click(); await e; return location.hash; });
probe('target: form of a frame in another frame', async () => { put('iframe', { name: 'formtarget' }); const f = await framed({ src: '/file/empty.html' }), d = f.contentDocument; const form = d.createElement('form'); form.action = '$HERE/file/frame.html'; form.target = 'formtarget'; d.body.append(form); const l = event(document.querySelector('[name=formtarget]'), 'load'); form.submit(); await l; const w = window.formtarget; return [w.location.href.replace(/[?]$/, '?empty'), w.document.title]; });
probe('target: clicks that are not a hand\'s', async () => {
  const a = put('a', { href: '$HERE/echo?k=nohand' });
  for (const e of [new MouseEvent('auxclick', { button: 1, bubbles: true }), new MouseEvent('mousedown', { button: 1, bubbles: true }), new PointerEvent('contextmenu', { bubbles: true })]) a.dispatchEvent(e);
  await pause(150);
  return (await (await fetch('/seen?key=nohand')).json()).length;
});
probe('frame: src set again', async () => { const f = await framed({ src: '/file/frame.html?1' }), l = event(f, 'load'); f.src = '$HERE/file/frame.html?2'; await l; return [f.contentWindow.location.href, f.contentDocument.referrer, f.contentWindow.history.length - history.length]; });
probe('frame: parts of its location', async () => { const f = await framed({ src: '/file/frame.html?1' }), w = f.contentWindow, out = []; for (const [k, v] of [['search', '?2'], ['pathname', '/file/empty.html'], ['href', '//' + location.host + '/file/frame.html?3'], ['hash', '#4']]) { const l = k === 'hash' ? event(w, 'hashchange') : event(f, 'load'); w.location[k] = v; await l; out.push(f.contentWindow.location.href); } return out; });
probe('frame: reloaded', async () => { const f = await framed({ src: '/file/frame.html?1' }), l = event(f, 'load'); f.contentWindow.location.reload(); await l; return [f.contentWindow.location.href, f.contentWindow.performance.getEntriesByType('navigation')[0].type, f.contentDocument.referrer]; });
probe('frame: a link in it', async () => { const f = await framed({ src: '/file/empty.html' }), d = f.contentDocument, l = event(f, 'load'); const a = d.createElement('a'); a.href = '$HERE/file/frame.html?link'; d.body.append(a); a.click(); await l; return [f.contentWindow.location.href, f.contentDocument.referrer]; });
probe('frame: ancestorOrigins', async () => { const f = await framed({ src: '/file/frame.html' }); const o = f.contentWindow.location.ancestorOrigins; return o ? [o.length, ...o, o.contains('$HERE'), o.item(0)] : 'none'; });
probe('frame: ancestorOrigins of another origin', async () => { const m = event(window, 'message'); await framed({ src: '$OTHER/serve?type=text/html&body=' + encodeURIComponent('<script>parent.postMessage(location.ancestorOrigins ? [...location.ancestorOrigins].join() : "none", "*")</' + 'script>') }); return (await m).data; });
probe('frame: document.domain', async () => { const f = await framed({ src: '$NEAR/serve?type=text/html&body=' + encodeURIComponent('<script>document.domain = "probe.localhost"</' + 'script>') }); return thrown(() => f.contentWindow.document); });
probe('frame: default actions', () => { const f = put('form', { innerHTML: '<button>x</button><input type=submit>' }); return [f.action, f.firstChild.formAction, f.lastChild.formAction, f.getAttribute('action'), f.outerHTML]; });
probe('window: bars', () => ['toolbar', 'menubar', 'locationbar', 'personalbar', 'scrollbars', 'statusbar'].map((k) => window[k].visible));
probe('window: what it is', () => [window.originAgentCluster, window.credentialless, document.wasDiscarded, document.prerendering, document.fullscreenEnabled, document.pictureInPictureEnabled, matchMedia('(display-mode: browser)').matches, navigator.userActivation?.hasBeenActive]);
probe('window: size', () => [devicePixelRatio, innerWidth === document.documentElement.clientWidth, Math.round(visualViewport.width) === document.documentElement.clientWidth, scrollX, screen.width > 0, outerWidth]);
probe('window: history is its own', () => [history.length > 0, history.state]);
probe('window: events that were constructed', () => [new StorageEvent('storage', { url: '$OTHER/s' }).url, new PageTransitionEvent('pageshow', { persisted: true }).persisted, new PopStateEvent('popstate', { state: '$OTHER' }).state, new ErrorEvent('error', { filename: '$OTHER/e' }).filename, new SecurityPolicyViolationEvent('securitypolicyviolation', { blockedURI: '$OTHER/b', documentURI: '$HERE/d' }).blockedURI]);
probe('window: media session', () => { const m = new MediaMetadata({ artwork: [{ src: '$OTHER/a.png' }, { src: '/rel.png' }] }); return [m.artwork.map((a) => a.src), navigator.mediaSession !== undefined]; });
probe('window: Notification', () => { if (!self.Notification) return 'none'; const n = thrown(() => new Notification('x', { icon: '$OTHER/i.png' })); return [Notification.permission !== 'granted', n]; });
probe('window: documents without one', () => { const d = document.implementation.createDocument(null, 'r'), c = document.cloneNode(), n = new Document(); return [d.URL, d.baseURI, c.URL, c.baseURI, c.defaultView, c.location, n.URL, n.domain, c.referrer, n.contentType]; });
probe('window: beacons', () => { const f = new FormData(); f.append('a', 'b'); return [navigator.sendBeacon('$OTHER/echo', f), navigator.sendBeacon('/echo', 'x'.repeat(70000)), navigator.sendBeacon('/echo')]; });
probe('window: inner size', () => [innerWidth, gecko || innerWidth === outerWidth]);
probe('window: focus', () => document.hasFocus());
probe('target: referrer of a form of a frame in another frame', () => window.formtarget.document.referrer);
