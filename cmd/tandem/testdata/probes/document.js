// The document and what is in it.

probe('document: addresses', () => [document.URL, document.documentURI, document.baseURI, document.body.baseURI, document.createElement('p').baseURI]);
probe('document: referrer', () => document.referrer);
probe('document: domain', () => document.domain);
probe('document: lastModified', () => document.lastModified);
probe('document: kind', () => [document.characterSet, document.compatMode, document.contentType, document.doctype.name, document.dir, document.designMode]);
probe('document: current script', () => self.currentScriptSrc);
probe('document: scripts', () => [...document.scripts].slice(0, 6).map((s) => s.src + '|' + s.getAttribute('src')));
probe('document: head', () => self.headAtFirst);
probe('document: all elements', () => self.elementsAtFirst);
probe('document: nodes', () => [...document.childNodes].map((n) => n.nodeName));
probe('document: root attributes', () => [...document.documentElement.attributes, ...document.body.attributes].map((a) => a.name + '=' + a.value));
probe('document: markup', () => document.getElementById('markup').outerHTML);
probe('document: markup as XML', () => new XMLSerializer().serializeToString(document.getElementById('markup')));
probe('document: markup of a clone', () => document.getElementById('markup').cloneNode(true).innerHTML === document.getElementById('markup').innerHTML);
probe('document: markup equals a parsed copy', () => { const t = document.createElement('div'); t.innerHTML = document.getElementById('markup').innerHTML; return [t.innerHTML === document.getElementById('markup').innerHTML, t.isEqualNode(document.getElementById('markup')), t.innerHTML]; });
probe('document: attributes in order', () => [...document.querySelectorAll('#markup *')].map((e) => e.localName + ':' + e.getAttributeNames()));
probe('document: links, forms, images', () => [[...document.links].map((e) => e.href), [...document.forms].map((e) => e.action), [...document.images].map((e) => e.src)].map((l) => l.slice(0, 8)));
probe('document: text', () => document.getElementById('markup').textContent.replace(/\s+/g, ' '));
probe('document: selectors', () => ['a[href="$OTHER/a?b#c"]', 'a[href^="$OTHER"]', 'a[href*="other.localhost"]', 'img[src$="x.png"]', '[src="//$OTHERHOST/p.png"]', 'form[action="$OTHER/form"]', 'a[href="/rel"]', '[href*="--"]', '[data-url="$OTHER/d"]'].map((s) => document.querySelectorAll('#markup ' + s).length));
probe('document: selectors elsewhere', () => { const a = document.querySelector('#markup a'); return [a.matches('[href="$OTHER/a?b#c"]'), a.closest('a[href^="$OTHER"]') === a, document.querySelectorAll(':is(a[href="$OTHER/a?b#c"])').length]; });
probe('document: selectors in style', () => { put('style', { textContent: 'a[href="$OTHER/a?b#c"] { letter-spacing: 3px }' }); return getComputedStyle(document.querySelector('#markup a')).letterSpacing; });
probe('document: XPath', () => document.evaluate('string(//a[starts-with(@href, "$OTHER")]/@href)', document, null, 2).stringValue);
probe('document: XPath count', () => document.evaluate('count(//*[@id="markup"]//@src)', document, null, 1).numberValue);
probe('document: attribute nodes', () => { const a = document.querySelector('#markup a').getAttributeNode('href'); return [a.value, a.nodeValue, a.textContent, a.name, a.ownerElement.attributes.href.value, a.specified]; });
probe('document: attribute node written', () => { const e = put('a'), a = document.createAttribute('href'); a.value = '$OTHER/n'; e.setAttributeNode(a); const first = e.href; a.value = '$NEAR/m'; return [first, e.href, a.value, e.outerHTML]; });
probe('document: attributes by namespace', () => { const e = put('img'); e.setAttributeNS(null, 'src', '$OTHER/ns.png'); return [e.getAttributeNS(null, 'src'), e.src, e.getAttributeNodeNS(null, 'src').value]; });
probe('document: toggled and removed', () => { const e = put('a', { href: '$OTHER/t' }); const had = e.hasAttribute('href'); e.removeAttribute('href'); return [had, e.href, e.toggleAttribute('href'), e.getAttribute('href'), e.attributes.length]; });
probe('document: dataset', () => { const e = document.querySelector('[data-url]'); e.dataset.src = '$OTHER/s'; return [e.dataset.url, e.dataset.src, e.outerHTML, Object.keys(e.dataset)]; });
probe('document: names of attributes that are ours', () => [...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames()).filter((n) => n.includes('tandem')).length);
probe('document: MutationRecord', async () => {
  const e = put('a', { href: '$OTHER/one' });
  const records = [];
  const o = new MutationObserver((list) => records.push(...list));
  o.observe(e, { attributes: true, attributeOldValue: true });
  e.href = '$NEAR/two'; e.setAttribute('href', '/three'); e.target = '_self';
  await pause(0);
  return records.map((r) => r.attributeName + '=' + r.oldValue);
});
probe('document: MutationRecord of a filter', async () => {
  const e = put('img', { src: '$OTHER/one.png' });
  const o = new MutationObserver(() => {});
  o.observe(e, { attributeFilter: ['src'], attributeOldValue: true });
  e.setAttribute('src', '/two.png');
  return o.takeRecords().map((r) => r.oldValue);
});
probe('document: attributeChangedCallback', () => {
  const seen = [];
  customElements.define('x-watch', class extends HTMLElement { static observedAttributes = ['href', 'src']; attributeChangedCallback(...a) { seen.push(a.slice(0, 3).join(' ')); } });
  const e = put('x-watch'); e.setAttribute('href', '$OTHER/1'); e.setAttribute('src', '$OTHER/2'); e.setAttribute('href', '/3');
  return [seen, e.outerHTML];
});

const kinds = {
  a: ['href', 'ping'], area: ['href'], link: ['href'], base: ['href'], img: ['src', 'srcset', 'longDesc', 'lowsrc'], script: ['src'], iframe: ['src', 'longDesc'], frame: ['src', 'longDesc'],
  object: ['data', 'codeBase'], embed: ['src'], source: ['src', 'srcset'], track: ['src'], video: ['src', 'poster'], audio: ['src'], form: ['action'], input: ['src', 'formAction'], button: ['formAction'],
  q: ['cite'], blockquote: ['cite'], del: ['cite'], ins: ['cite'], body: ['background'], html: ['manifest'],
};
for (const [tag, names] of Object.entries(kinds)) {
  for (const name of names) {
    probe(`element: ${tag}.${name}`, () => {
      const out = [], value = name.endsWith('srcset') ? '$OTHER/a.png 1x, /b.png 2x' : '$OTHER/p/a?b=c#d';
      const e = document.createElement(tag);
      e[name] = value;
      out.push(e[name], e.getAttribute(name.toLowerCase()), e.outerHTML);
      e.setAttribute(name, '//$OTHERHOST/q');
      out.push(e[name], e.getAttribute(name));
      e.setAttribute(name, ' rel?x ');
      out.push(e[name], e.getAttribute(name));
      e[name] = '';
      out.push(e[name], e.getAttribute(name));
      e.removeAttribute(name);
      out.push(e[name], e.hasAttribute(name));
      return out;
    });
  }
}
for (const [tag, attribute] of [['a', 'href'], ['image', 'href'], ['use', 'href'], ['script', 'href'], ['feImage', 'href'], ['linearGradient', 'href']]) {
  probe(`svg: ${tag}`, () => {
    const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
    e.setAttribute(attribute, '$OTHER/s.svg#x');
    const out = [e.getAttribute(attribute), e.href.baseVal, e.href.animVal, e.outerHTML];
    e.href.baseVal = '$NEAR/t.svg#y';
    out.push(e.getAttribute(attribute), e.href.baseVal);
    e.removeAttribute(attribute);
    e.setAttributeNS('http://www.w3.org/1999/xlink', 'xlink:href', '$OTHER/u');
    out.push(e.href.baseVal, e.getAttribute('xlink:href'), e.getAttributeNS('http://www.w3.org/1999/xlink', 'href'), new XMLSerializer().serializeToString(e));
    return out;
  });
}
probe('svg: presentation attributes', () => { const e = put('div'); e.innerHTML = '<svg><rect fill="url($OTHER/f.svg#g)" filter="url(#f)" style="mask:url($OTHER/m.svg#n)"/></svg>'; return [e.innerHTML, e.querySelector('rect').getAttribute('fill'), e.querySelector('rect').style.mask]; });
const spellings = { 'upper case': 'HTTP://OTHER.localhost:$PORT/X', 'tabs and lines': 'ht\ttp://other.local\nhost:$PORT/x', 'spaces around': '  $OTHER/x  ', 'back slashes': 'http:\\\\other.localhost:$PORT\\x', 'one slash': 'http:/x', 'no slashes': 'http:x', 'user': 'http://u:p@other.localhost:$PORT/', 'dots': '$OTHER/a/../b/./c', 'percent': '$OTHER/%7e%zz ü?ü=ä#ö', 'a dot at the end': 'http://other.localhost.:$PORT/', 'default port': 'http://other.localhost:80/', 'punycode': 'http://bücher.localhost/', 'an IP in hex': 'http://0x7f.1/', 'IPv6': 'http://[::1]:8080/x', 'mailto': 'mailto:a@other.localhost', 'data': 'data:text/plain,$OTHER', 'javascript': 'javascript:location.href', 'about': 'about:blank#x', 'blob': 'blob:$OTHER/1-2-3', 'unknown': 'web+x://$OTHERHOST/', 'https': 'https://other.localhost/', 'ws': 'ws://$OTHERHOST/s', 'ftp': 'ftp://other.localhost/', 'file': 'file:///etc', 'invalid': 'http://[', 'a space in the host': 'http://a b/', 'only a hash': '#top', 'only a query': '?a=b', 'empty': '' };
for (const [what, text] of Object.entries(spellings)) {
  probe(`anchor: ${what}`, () => {
    const a = put('a'); a.setAttribute('href', text);
    return [a.getAttribute('href'), a.href, a.protocol, a.username, a.password, a.host, a.hostname, a.port, a.pathname, a.search, a.hash, a.origin, String(a)];
  });
}
probe('anchor: parts written', () => {
  const out = [], a = put('a', { href: '$OTHER/a?b#c' });
  for (const [k, v] of Object.entries({ hash: 'h', search: '?s', pathname: '/p', port: '81', hostname: 'near.localhost', host: 'probe.localhost:99', protocol: 'https:', username: 'u' })) { a[k] = v; out.push(k + ' ' + a.href); }
  return [out, a.getAttribute('href')];
});
probe('anchor: parts read by getters', () => ['href', 'host', 'origin', 'protocol'].map((k) => Object.getOwnPropertyDescriptor(HTMLAnchorElement.prototype, k).get.call(document.querySelector('#markup a'))));
probe('anchor: other members', () => { const a = put('a', { href: '/x', target: '_top', rel: 'noopener external', download: 'f', referrerPolicy: 'origin', ping: '$OTHER/p $NEAR/q' }); return [a.target, a.rel, [...a.relList], a.download, a.referrerPolicy, a.ping, a.outerHTML]; });
probe('area: parts', () => { const a = document.createElement('area'); a.href = '$OTHER/m?n#o'; return [a.host, a.pathname, a.search, a.hash, a.origin, String(a)]; });

probe('html: innerHTML', () => { const e = put('div'); e.innerHTML = '<a href="$OTHER/a">x</a><img src=$OTHER/b.png><p style="background:url($OTHER/c)">y'; return [e.innerHTML, e.firstChild.href, e.textContent]; });
probe('html: outerHTML', () => { const e = put('div'), f = put('i', {}, e); f.outerHTML = '<a href="$OTHER/o">x</a>'; return [e.innerHTML, e.outerHTML]; });
probe('html: insertAdjacentHTML', () => { const e = put('div', { innerHTML: '<i></i>' }); for (const p of ['beforebegin', 'afterbegin', 'beforeend', 'afterend']) e.firstChild.parentNode.querySelector('i').insertAdjacentHTML(p, `<a href="$OTHER/${p}"></a>`); return e.innerHTML; });
probe('html: createContextualFragment', () => { const f = document.createRange().createContextualFragment('<a href="$OTHER/f">x</a><script>self.said = location.href</' + 'script>'); const t = new XMLSerializer().serializeToString(f); document.body.append(f); return [t, self.said]; });
probe('html: DOMParser', () => { const d = new DOMParser().parseFromString('<base href="$OTHER/base/"><a href="x">y</a><img srcset="$OTHER/1 1x">', 'text/html'); return [d.URL, d.baseURI, d.querySelector('a').href, d.documentElement.outerHTML, d.location, d.cookie, d.referrer]; });
probe('html: DOMParser for XML', () => { const d = new DOMParser().parseFromString('<r xmlns:xlink="http://www.w3.org/1999/xlink"><a href="$OTHER/x" xlink:href="$OTHER/y"/></r>', 'text/xml'); return [d.documentElement.outerHTML, new XMLSerializer().serializeToString(d), d.URL]; });
probe('html: DOMParser for SVG', () => { const d = new DOMParser().parseFromString('<svg xmlns="http://www.w3.org/2000/svg"><image href="$OTHER/x"/></svg>', 'image/svg+xml'); return [d.documentElement.outerHTML, d.contentType]; });
probe('html: parsed document adopted', () => { const d = new DOMParser().parseFromString('<img src="$OTHER/adopted.png"><a href="/y">z</a>', 'text/html'); const e = document.adoptNode(d.querySelector('a')), i = document.importNode(d.querySelector('img')); return [e.href, i.src, e.outerHTML, i.outerHTML]; });
probe('html: createHTMLDocument', () => { const d = document.implementation.createHTMLDocument('t'); d.body.innerHTML = '<a href="$OTHER/c">x</a><a href="/r">'; return [d.URL, d.baseURI, d.links[0].href, d.links[1].href, d.documentElement.outerHTML]; });
probe('html: template', () => { const t = put('template'); t.innerHTML = '<a href="$OTHER/t">x</a><img src="$OTHER/t.png">'; return [t.innerHTML, t.content.firstChild.href, t.content.querySelectorAll('[src="$OTHER/t.png"]').length, t.outerHTML, t.content.cloneNode(true).lastChild.src]; });
probe('html: template of the page', () => [document.getElementById('template').innerHTML, document.getElementById('template').content.querySelector('a').getAttribute('href')]);
probe('html: shadow root', () => { const r = put('div').attachShadow({ mode: 'open' }); r.innerHTML = '<a href="$OTHER/s">x</a><style>a { background: url($OTHER/s.png) }</style>'; return [r.innerHTML, r.firstChild.href, r.querySelector('a[href="$OTHER/s"]') !== null, r.host.getHTML ? r.host.getHTML() : '']; });
probe('html: closed root in markup', () => { const e = document.getElementById('shut'); return [self.shutSaw, e.shadowRoot, e.innerHTML, e.querySelector('i').assignedSlot, thrown(() => e.attachShadow({ mode: 'open' })), e.getHTML?.({ serializableShadowRoots: true })]; });
probe('html: closed root of a custom element', () => { customElements.define('x-shut', class extends HTMLElement { constructor() { super(); this.root = this.attachInternals().shadowRoot; } }); const e = document.querySelector('x-shut'), c = e.cloneNode(true); return [e.shadowRoot, e.root.mode, e.root.innerHTML, e.root.children.length, getComputedStyle(e.root.querySelector('b')).color, c.root?.innerHTML]; });
probe('html: closed root by setHTMLUnsafe', () => { const e = put('div'); if (!e.setHTMLUnsafe) return 'none'; e.setHTMLUnsafe('<p><template shadowrootmode=closed shadowrootserializable>x</template></p>'); const d = document.createElement('div'); d.setHTMLUnsafe('<p><template shadowrootmode=closed shadowrootserializable>y</template></p>'); const o = { serializableShadowRoots: true }; return [e.innerHTML, e.getHTML(o), d.getHTML(o), Document.parseHTMLUnsafe('<p><template shadowrootmode=closed shadowrootserializable>z</template></p>').body.getHTML(o)]; });
probe('html: setHTMLUnsafe', () => { const e = put('div'); if (!e.setHTMLUnsafe) return 'none'; e.setHTMLUnsafe('<a href="$OTHER/u">x</a>'); return [e.innerHTML, Document.parseHTMLUnsafe('<a href="$OTHER/v">x</a>').body.innerHTML]; });
probe('html: noscript and textarea', () => { const e = put('div', { innerHTML: '<noscript><img src="$OTHER/n"></noscript><textarea><a href="$OTHER/t"></textarea><xmp><a href="$OTHER/x"></xmp>' }); return [e.innerHTML, e.querySelector('textarea').value]; });
probe('html: comments', () => put('div', { innerHTML: '<!-- <a href="$OTHER/c"> --><!--[if IE]><img src="$OTHER/i"><![endif]-->' }).innerHTML);
probe('html: odd markup', () => put('div', { innerHTML: '<a href=$OTHER/a/b>x<a href=\'$OTHER/"q"\'>y</a><IMG SRC="HTTP://OTHER.localhost:$PORT/u" src=second><a href="&#104;ttp://$OTHERHOST/&amp;e=&quot;">' }).innerHTML);
probe('html: srcset', async () => { const i = put('img', { srcset: '$OTHER/png?a 1x, /png?b 2x', sizes: '10px', src: '/png?c' }); await event(i, 'load'); return [i.srcset, i.currentSrc, i.src, i.getAttribute('srcset'), i.naturalWidth]; });
probe('html: srcset with commas', () => { const i = put('img'); i.setAttribute('srcset', '  $OTHER/png?a,b 100w,$OTHER/png?c,d 200w , /png 300w '); return [i.srcset, i.outerHTML]; });
probe('html: picture', async () => { const p = put('picture', { innerHTML: '<source srcset="$OTHER/png?picture" media="all"><img src="/png">' }); await event(p.lastChild, 'load'); return [p.lastChild.currentSrc, p.innerHTML]; });
probe('html: decode', async () => { const i = new Image(3, 4); i.src = '$OTHER/png?decode'; await i.decode(); return [i.src, i.currentSrc, i.complete, i.naturalHeight, i.outerHTML]; });
probe('html: image of another origin taints', async () => { const i = new Image(); i.src = '$OTHER/png?taint'; await i.decode(); const c = document.createElement('canvas').getContext('2d'); c.drawImage(i, 0, 0); return thrown(() => c.getImageData(0, 0, 1, 1)); });
probe('html: image with CORS does not taint', async () => { const i = new Image(); i.crossOrigin = ''; i.src = '$OTHER/png?clean&cors=*'; await i.decode(); const c = document.createElement('canvas').getContext('2d'); c.drawImage(i, 0, 0); return [...c.getImageData(0, 0, 1, 1).data]; });
probe('html: image without CORS fails', async () => { const i = new Image(); i.crossOrigin = ''; const e = event(i, 'error', 'load'); i.src = '$OTHER/png?nocors'; return (await e).type; });
probe('html: srcdoc', async () => { const f = await framed({ srcdoc: '<title>in</title><a href="$OTHER/s">x</a><a href="rel">y</a><script>self.l = location.href; self.t = top === parent; self.b = document.baseURI</' + 'script>' }); const w = f.contentWindow; return [w.l, w.t, w.b, w.document.URL, w.document.links[0].href, w.document.links[1].href, w.document.body.innerHTML, f.srcdoc, f.getAttribute('srcdoc'), w.origin]; });
probe('html: write', async () => { const f = await framed({}); const d = f.contentDocument; d.open(); d.write('<title>w</title><a href="$OTH'); d.write('ER/w">x</a><img sr', 'c="$OTHER/w.png">'); d.writeln('<script>self.l = location.href; document.write("<b>" + document.URL + "</b>")</' + 'script>'); d.close(); return [d.body.innerHTML, d.URL, f.contentWindow.l, d.links[0].href, d.title]; });
probe('html: write of the page', () => self.written);
probe('html: base removed and set', () => { const b = put('base', { href: '$OTHER/base/' }, document.head); const out = [document.baseURI, put('a', { href: 'x' }).href]; b.href = '/late/'; out.push(document.baseURI, b.href, put('img', { src: 'y' }).src); b.remove(); out.push(document.baseURI, put('a', { href: 'x' }).href); return out; });
probe('html: base for what is resolved', async () => { const b = put('base', { href: '$NEAR/base/' }, document.head); try { return [new Request('r').url, new URL('u', document.baseURI).href, Object.assign(document.createElement('form'), { action: 'f' }).action, (await fetch('echo?cors=*')).url]; } finally { b.remove(); } });
probe('html: forms', () => { const f = put('form', { action: '$OTHER/f?a', innerHTML: '<button formaction="$NEAR/b">x</button><input name=action>' }); return [f.getAttribute('action'), f.firstChild.formAction, f.action.name, f.method, f.enctype, f.outerHTML]; });
probe('html: object and embed', () => { const o = put('div', { innerHTML: '<object data="$OTHER/empty"><param name=movie value="$OTHER/p"></object><embed src="$OTHER/empty">' }); return [o.innerHTML, o.firstChild.data, o.lastChild.src]; });
probe('html: meta', () => { const m = document.querySelector('meta[property="og:url"]'); return [m.content, m.outerHTML, document.querySelector('link[rel=canonical]').href, document.querySelector('meta[name=referrer]')?.content]; });
probe('html: nonce and integrity', () => { const s = document.createElement('script'); s.nonce = 'n1'; s.integrity = 'sha256-x'; s.setAttribute('nonce', 'n2'); s.crossOrigin = 'anonymous'; return [s.nonce, s.integrity, s.outerHTML, s.getAttributeNames()]; });
probe('html: integrity of the page', () => { const s = document.getElementById('sri'); return [s.integrity, s.getAttribute('integrity'), s.outerHTML, self.sri]; });
probe('html: frame attributes', () => { const f = document.createElement('iframe'); f.sandbox = 'allow-scripts'; f.allow = "camera 'src' $OTHER"; f.referrerPolicy = 'origin'; f.csp = "img-src 'none'"; f.loading = 'lazy'; f.setAttribute('credentialless', ''); return [f.outerHTML, [...f.sandbox], f.allow, f.csp, f.getAttributeNames()]; });
probe('html: http-equiv', () => { const d = new DOMParser().parseFromString('<meta http-equiv="Content-Security-Policy" content="img-src $OTHER"><meta http-equiv=refresh content="9; url=$OTHER/r">', 'text/html'); return [d.head.innerHTML, d.querySelector('meta').httpEquiv, d.querySelectorAll('[http-equiv=refresh]').length]; });
probe('html: speculation rules and import maps', () => { const d = new DOMParser().parseFromString('<script type=speculationrules>{"prefetch":[{"urls":["$OTHER/x"]}]}</' + 'script><script type=importmap>{"imports":{"a":"$OTHER/a.js"}}</' + 'script>', 'text/html'); return [d.head.innerHTML, d.scripts[0].type]; });
probe('html: preconnect', () => { const d = new DOMParser().parseFromString('<link rel="preconnect" href="$OTHER"><link rel="dns-prefetch" href="//$OTHERHOST">', 'text/html'); return [d.head.innerHTML, d.querySelector('link').rel, [...d.querySelector('link').relList]]; });
probe('html: preconnect in the page', () => { const l = put('link', { rel: 'preconnect', href: '$NEAR' }, document.head); return [l.rel, l.href, l.outerHTML, document.querySelectorAll('link[rel=preconnect]').length]; });
probe('html: ranges and selections', () => { const r = document.createRange(); r.selectNode(document.querySelector('#markup a')); return [r.cloneContents().firstChild.href, String(r), new XMLSerializer().serializeToString(r.cloneContents())]; });
probe('html: tree walker', () => { const w = document.createTreeWalker(document.getElementById('markup')), names = []; while (w.nextNode()) names.push(w.currentNode.nodeName); return names; });
probe('html: microdata and the rest', () => { const e = put('div', { innerHTML: '<p itemid="$OTHER/i" itemtype="$OTHER/t" xlink:href="$OTHER/x" about="$OTHER/a" custom="$OTHER/c" alt="$OTHER/alt">' }); return e.innerHTML; });
probe('html: XSLT', () => { const x = new XSLTProcessor(), p = (s) => new DOMParser().parseFromString(s, 'text/xml'); x.importStylesheet(p('<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><a href="$OTHER/x">y</a></xsl:template></xsl:stylesheet>')); const f = x.transformToFragment(p('<r/>'), document); return [f.firstChild.href, f.firstChild.outerHTML]; });
