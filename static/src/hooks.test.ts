// Each test acts as the page's script and expects what it would see at the real site.

import { documentConfig, install, Realm } from './install';
import { equal, test, throws, within } from './harness';
import { parseOrigin, token } from './url';

const nativeKeys = new Set(Object.getOwnPropertyNames(window));
const before = { fetch: String(fetch), setAttribute: Element.prototype.setAttribute.length, open: XMLHttpRequest.prototype.open.name };
const nativeOuterHTML = Object.getOwnPropertyDescriptor(Element.prototype, 'outerHTML')!.get!;
const started = performance.now();
const config = documentConfig()!;
const realm = new Realm(window, config);
install(realm);
const startUp = performance.now() - started;
const added = Object.getOwnPropertyNames(window).filter((name) => !nativeKeys.has(name)).length;
const sent: unknown[][] = [];
realm.points.tabs = {
  open: (...args) => void sent.push(['open', ...args]),
  post: (...args) => void sent.push(['post', ...args]),
  close: (...args) => void sent.push(['close', ...args]),
};

const $tandem = (window as any).$tandem;
const proxied = (label: string) => `http://${label}--${config.session}.${config.content.host}`;
const cdn = proxied('cdn-example');
const element = (html: string): any => {
  const holder = document.createElement('div');
  holder.innerHTML = html;
  return holder.firstElementChild;
};
/** The attribute as the browser's tree holds it. */
const inTree = (e: Element, name: string) => {
  return new XMLSerializerNative().serializeToString(e).match(new RegExp(` ${name}="([^"]*)"`))?.[1]?.replaceAll('&amp;', '&');
};
class XMLSerializerNative {
  serializeToString = (e: Element): string => nativeOuterHTML.call(e);
}

/** What a page computes, and what it computes at the real site. */
const values: [string, () => unknown, unknown][] = [
  ['location.href', () => $tandem.location.href, config.url.replace('http:', 'https:') + '#frag'],
  ['location.host', () => $tandem.location.host, 'shop.example'],
  ['location.hostname', () => $tandem.location.hostname, 'shop.example'],
  ['location.port', () => $tandem.location.port, ''],
  ['location.protocol', () => $tandem.location.protocol, 'https:'],
  ['location.origin', () => $tandem.location.origin, 'https://shop.example'],
  ['location.pathname', () => $tandem.location.pathname, '/dir/page'],
  ['location as text', () => `${$tandem.location}`.slice(0, 21), 'https://shop.example/'],
  ['JSON of location', () => Object.keys(JSON.parse(JSON.stringify($tandem.location))).join(), 'ancestorOrigins,href,origin,protocol,host,hostname,port,pathname,search,hash'],
  ['location is a Location', () => $tandem.location instanceof Location, true],
  ['class of location', () => Object.prototype.toString.call($tandem.location), '[object Location]'],
  ['location is one object', () => [$tandem.location === $tandem.o(window).location, $tandem.location === $tandem.o(document).location,
    $tandem.v(location) === $tandem.location, Reflect.get(window, 'location') === $tandem.location], [true, true, true, true]],
  ['top', () => [$tandem.top === window, $tandem.o(window).top === window, window.parent === window], [true, true, true]],
  ['o of others', () => { const o = { location: 1 }; const d = new Date(); return [$tandem.o(o) === o, $tandem.o(d) === d, $tandem.o('x'), $tandem.o(null)]; }, [true, true, 'x', null]],
  ['destructuring window', () => { const { location, document: d } = $tandem.o(window); return [location.host, d === document]; }, ['shop.example', true]],
  ['reflection on the window', () => {
    const { location: found } = Object.getOwnPropertyDescriptors(window) as any, one = Object.getOwnPropertyDescriptor(window, 'location')!, top = Reflect.getOwnPropertyDescriptor(window, 'top')!;
    const lookup = (window as any).__lookupGetter__('location');
    return [(one.get!.call(window) as unknown) === $tandem.location, found.get === one.get, lookup === one.get, String(one.get), String(one.set), one.set!.name, one.configurable, (top.get!.call(window) as unknown) === window,
      Object.values(window).includes($tandem.location), Object.values(window).includes(location as any), Object.fromEntries(Object.entries(window)).location === $tandem.location,
      (Object.assign({}, window) as any).location === $tandem.location, ({ ...$tandem.o(window) } as any).location === $tandem.location, Reflect.get(document, 'location') === $tandem.location, Reflect.get(window, 'top') === window];
  }, [true, true, true, 'function get location() { [native code] }', 'function set location() { [native code] }', 'set location', false, true, true, false, true, true, true, true, true]],
  ['our name is not listed', () => [Object.getOwnPropertyNames(window), Reflect.ownKeys(window), Object.keys(Object.getOwnPropertyDescriptors(window)), Reflect.ownKeys($tandem.o(window))].map((l) => l.includes('$tandem')), [false, false, false, false]],
  ['ancestorOrigins', () => $tandem.location.ancestorOrigins.length, 0],
  ['origin', () => window.origin, 'https://shop.example'],
  ['document.URL', () => [document.URL.slice(0, 21), document.documentURI.slice(0, 21), document.baseURI.slice(0, 21)], ['https://shop.example/', 'https://shop.example/', 'https://shop.example/']],
  ['document.domain', () => document.domain, 'shop.example'],
  ['document.referrer', () => document.referrer, 'https://start.example/from'],
  ['isSecureContext', () => isSecureContext, true],
  ['our script is not in the page', () => document.querySelectorAll('script').length, 0],
  ['a link the server mapped', () => {
    const a = document.getElementById('link') as HTMLAnchorElement;
    return [a.href, a.getAttribute('href'), a.host, a.origin, a.protocol, String(a), a.attributes[1]!.value, a.outerHTML];
  }, ['https://cdn.example/x', 'https://cdn.example/x', 'cdn.example', 'https://cdn.example', 'https:', 'https://cdn.example/x', 'https://cdn.example/x',
    '<a id="link" href="https://cdn.example/x">x</a>']],
  ['a link set by property', () => { const a = document.createElement('a'); a.href = 'https://cdn.example/a?b#c'; return [a.href, inTree(a, 'href'), a.hash]; }, ['https://cdn.example/a?b#c', cdn + '/a?b#c', '#c']],
  ['the host of a link set', () => { const a = document.createElement('a'); a.href = 'https://cdn.example/a'; a.host = 'shop.example:8443'; return [a.href, inTree(a, 'href')]; },
    ['https://shop.example:8443/a', proxied('0sp8443-shop-example') + '/a']],
  ['a PDF in an element', () => {
    const e = document.createElement('embed'), o = document.createElement('object'), p = document.createElement('p');
    e.type = 'application/pdf'; e.src = '/A.Pdf?x.pdf'; o.setAttribute('data', 'https://cdn.example/a.pdf');
    p.innerHTML = '<object type="application/pdf" data="a.pdf"></object>';
    return [e.type, e.src, e.outerHTML, o.data, p.innerHTML, inTree(e, 'type'), inTree(e, 'src'), inTree(o, 'data'), inTree(p.firstElementChild!, 'data')];
  }, ['application/pdf', 'https://shop.example/A.Pdf?x.pdf', '<embed type="application/pdf" src="/A.Pdf?x.pdf">', 'https://cdn.example/a.pdf', '<object type="application/pdf" data="a.pdf"></object>',
    'text/html;tandem=application/pdf', '/A.%50df?x.pdf', cdn + '/a.%70df', 'a.%70df']],
  ['relative links', () => { const a = document.createElement('a'); a.href = '/x'; return [a.href, a.getAttribute('href')]; }, ['https://shop.example/x', '/x']],
  ['setAttribute', () => { const i = document.createElement('img'); i.setAttribute('SRC', 'https://cdn.example/i.png'); return [i.src, i.getAttribute('src'), inTree(i, 'src')]; },
    ['https://cdn.example/i.png', 'https://cdn.example/i.png', cdn + '/i.png']],
  ['what an author wrote comes back', () => { const i = document.createElement('a'); i.setAttribute('href', 'HTTPS://Cdn.Example:443/i'); return i.getAttribute('href'); }, 'HTTPS://Cdn.Example:443/i'],
  ['custom elements keep their attributes', () => { const i = document.createElement('x-y'); i.setAttribute('src', 'https://cdn.example/'); return inTree(i, 'src'); }, 'https://cdn.example/'],
  ['srcset', () => { const i = document.createElement('img'); i.srcset = 'https://cdn.example/1 1x, /2 2x'; return [i.srcset, inTree(i, 'srcset')]; },
    ['https://cdn.example/1 1x, /2 2x', `${cdn}/1 1x, /2 2x`]],
  ['xlink:href', () => { const u = document.createElementNS('http://www.w3.org/2000/svg', 'use'); u.setAttributeNS('http://www.w3.org/1999/xlink', 'xlink:href', 'https://cdn.example/s#a');
    return [u.getAttributeNS('http://www.w3.org/1999/xlink', 'href'), u.href.baseVal, inTree(u, 'xlink:href')]; }, ['https://cdn.example/s#a', 'https://cdn.example/s#a', cdn + '/s#a']],
  ['attribute nodes', () => { const a = document.createAttribute('href'); a.value = 'https://cdn.example/n'; const l = document.createElement('a'); l.setAttributeNode(a);
    return [l.href, a.value, inTree(l, 'href')]; }, ['https://cdn.example/n', 'https://cdn.example/n', cdn + '/n']],
  ['attributes by their map', () => {
    const node = (name: string, value: string) => { const a = document.createAttribute(name); a.value = value; return a; };
    const l = document.createElement('a'), i = document.createElement('img'), s = document.createElement('script'), late = node('href', '');
    i.attributes.setNamedItemNS(node('src', 'https://cdn.example/i'));
    l.attributes.setNamedItem(late);
    late.textContent = 'https://cdn.example/m';
    s.integrity = 'sha384-x';
    return [i.src, inTree(i, 'src'), l.href, late.value, inTree(l, 'href'), s.attributes.getNamedItem('integrity')!.value];
  }, ['https://cdn.example/i', cdn + '/i', 'https://cdn.example/m', 'https://cdn.example/m', cdn + '/m', 'sha384-x']],
  ['editing commands', () => {
    const d = element('<div contenteditable>x</div>');
    document.body.append(d);
    const after = (command: string, value: string) => { getSelection()!.selectAllChildren(d); document.execCommand(command, false, value); return [d.innerHTML, inTree(d.firstElementChild!, command === 'insertImage' ? 'src' : 'href')]; };
    const got = [after('insertHTML', '<a href="https://cdn.example/h">y</a>'), after('createLink', 'https://cdn.example/l'), after('insertImage', 'https://cdn.example/i')];
    d.remove();
    return got;
  }, [['<a href="https://cdn.example/h">y</a>', cdn + '/h'], ['<a href="https://cdn.example/l">y</a>', cdn + '/l'], ['<img src="https://cdn.example/i">', cdn + '/i']]],
  ['setHTML', () => { const d = document.createElement('div') as any; d.setHTML?.('<a href="https://cdn.example/">'); return d.setHTML ? [d.innerHTML, inTree(d.firstElementChild, 'href')] : 'none'; },
    'setHTML' in Element.prototype ? ['<a href="https://cdn.example/"></a>', cdn + '/'] : 'none'],
  ['integrity is set aside', () => { const s = document.createElement('script'); s.integrity = 'sha384-x'; return [s.integrity, s.getAttribute('integrity'), s.getAttributeNames(), s.outerHTML, inTree(s, 'data-tandem-integrity')]; },
    ['sha384-x', 'sha384-x', ['integrity'], '<script integrity="sha384-x"></script>', 'sha384-x']],
  ['innerHTML', () => { const d = document.createElement('div'); d.innerHTML = '<img alt="a" src="https://cdn.example/x">'; return [d.innerHTML, inTree(d, 'src')]; },
    ['<img alt="a" src="https://cdn.example/x">', cdn + '/x']],
  ['insertAdjacentHTML', () => { const d = document.createElement('div'); d.insertAdjacentHTML('beforeend', '<a href="//cdn.example/&amp;x">'); return [d.innerHTML, inTree(d, 'href')]; },
    ['<a href="//cdn.example/&amp;x"></a>', '//cdn-example--' + config.session + '.' + config.content.host + '/&x']],
  ['DOMParser', () => { const d = new DOMParser().parseFromString('<a href="https://cdn.example/">', 'text/html'); return [d.querySelector('a')!.href, inTree(d.querySelector('a')!, 'href')]; }, ['https://cdn.example/', cdn + '/']],
  ['template', () => { const t = document.createElement('template'); t.innerHTML = '<a href="https://cdn.example/">'; return inTree(t.content.firstElementChild!, 'href'); }, cdn + '/'],
  ['what an author wrote is resolved by properties', () => {
    const of = (href: string) => { const a = document.createElement('a'); a.setAttribute('href', href); return [a.href, a.host, a.username, String(a)].join(' '); };
    return [of('HTTP://Other.Example:80/X'), of('https://u:p@cdn.example/'), of('http://0x7f.1/'), of('https://cdn.example./x')];
  }, ['http://other.example/X other.example  http://other.example/X', 'https://u:p@cdn.example/ cdn.example u https://u:p@cdn.example/', 'http://127.0.0.1/ 127.0.0.1  http://127.0.0.1/', 'https://cdn.example./x cdn.example.  https://cdn.example./x']],
  ['the user of a link set', () => { const a = document.createElement('a'); a.href = 'https://cdn.example/'; a.username = 'u'; return [a.href, inTree(a, 'href')]; }, ['https://u@cdn.example/', cdn + '/']],
  ['more selectors', () => {
    const d = element('<div><a href="https://cdn.example/x" data-url="https://cdn.example/x">1</a><img src="https://cdn.example/y.png"></div>');
    const count = (s: string) => d.querySelectorAll(s).length;
    return [count('[data-url="https://cdn.example/x"]'), count('[href*="cdn.example"], [src$=".png"]'), count('a[href^="https://cdn.example/"]:not([href="https://other.example/"])'), count('[href*="other.example"]')];
  }, [1, 2, 1, 0]],
  ['XPath', () => [document.evaluate('string(//a[starts-with(@href, "https://cdn.example/")]/@href)', document, null, 2).stringValue, document.evaluate("count(//*[@href='https://cdn.example/x'])", document, null, 1).numberValue], ['https://cdn.example/x', 1]],
  ['selectors', () => [document.querySelector('a[href="https://cdn.example/x"]')?.id, document.getElementById('link')!.matches('[href^="https://cdn.example"]')], ['link', true]],
  ['style attribute', () => { const e = element('<p style="background:url(https://cdn.example/b)">'); return [e.getAttribute('style'), inTree(e, 'style')!.includes(cdn)]; },
    ['background:url(https://cdn.example/b)', true]],
  ['style.cssText', () => { const e = document.createElement('p'); e.style.cssText = 'background-image: url(https://cdn.example/b)'; return [e.style.cssText, inTree(e, 'style')!.includes(cdn)]; },
    ['background-image: url("https://cdn.example/b");', true]],
  ['style.backgroundImage', () => { const e = document.createElement('p'); e.style.backgroundImage = 'url(https://cdn.example/b)';
    return [e.style.backgroundImage, e.style.getPropertyValue('background-image'), inTree(e, 'style')!.includes(cdn)]; }, ['url("https://cdn.example/b")', 'url("https://cdn.example/b")', true]],
  ['style.setProperty', () => { const e = document.createElement('p'); e.style.setProperty('background-image', 'url(https://cdn.example/b)'); return inTree(e, 'style')!.includes(cdn); }, true],
  ['computed style', () => { const e = element('<p style="background-image:url(https://cdn.example/b)">'); document.body.append(e); const s = getComputedStyle(e);
    const got = [s.backgroundImage, s.getPropertyValue('background-image')]; e.remove(); return got; }, ['url("https://cdn.example/b")', 'url("https://cdn.example/b")']],
  ['style text', () => { const s = document.createElement('style'); s.textContent = 'p{background:url(https://cdn.example/b)}'; document.head.append(s);
    const got = [s.textContent, s.sheet!.cssRules[0]!.cssText.includes('https://cdn.example/b'), inTree(s, 'x') ?? new XMLSerializerNative().serializeToString(s).includes(cdn)]; s.remove(); return got; },
    ['p{background:url(https://cdn.example/b)}', true, true]],
  ['insertRule', () => { const s = new CSSStyleSheet(); s.insertRule('p{background:url(https://cdn.example/b)}'); return s.cssRules[0]!.cssText; }, 'p { background: url("https://cdn.example/b"); }'],
  ['Request', () => { const r = new Request('https://cdn.example/x'); return [r.url, r instanceof Request, r.constructor === Request]; }, ['https://cdn.example/x', true, true]],
  ['history', () => { history.pushState(1, '', 'https://shop.example/pushed'); const got = [$tandem.location.href, navigation.currentEntry!.url]; history.back(); return got; },
    ['https://shop.example/pushed', 'https://shop.example/pushed']],
  ['history: a foreign origin throws', () => throws(() => history.pushState(1, '', 'https://cdn.example/')), 'SecurityError'],
  ['calls by computed names', () => {
    const w = window as any, name = (s: string) => s;
    w.mine = function (this: unknown, a: number, b: number) { return [this === window, a + b]; };
    const got = [...$tandem.c(w)[name('mine')](1, 2), typeof $tandem.c(w)[name('clearTimeout')](0), $tandem.c(w)[name('eval')]('location.host'), $tandem.c(document)[name('createElement')]('b').localName,
      $tandem.c(w)[name('location')] === $tandem.location, $tandem.c('abc')[name('at')](1)];
    delete w.mine;
    return got;
  }, [true, 3, 'undefined', 'shop.example', 'b', true, 'b']],
  ['a write that may be the window’s', () => [$tandem.w(location, 'https://shop.example/x') !== 'https://shop.example/x', $tandem.w(1, 'https://shop.example/x')], [true, 'https://shop.example/x']],
  ['eval', () => [$tandem.eval('location.host'), eval($tandem.js('location.host'))], ['shop.example', 'shop.example']],
  ['Function', () => [new Function('return location.host')(), Function('a', 'return location.host + a')('!'), new Function() instanceof Function, Function.name], ['shop.example', 'shop.example!', true, 'Function']],
  ['async functions', () => Object.getPrototypeOf(async () => 1).constructor('return location').toString(), 'async function anonymous(\n) {\nreturn location\n}'],
  ['functions read back', () => [String(new Function('a', 'return location + a')), String($tandem.eval('(() => location.href)'))], ['function anonymous(a\n) {\nreturn location + a\n}', '() => location.href']],
  ['scripts and handlers in markup read back', () => {
    const e = element('<b onclick="go(location)">x</b>'), f = document.createRange().createContextualFragment('<p><script>go(location)</script></p>'), s = f.querySelector('script')!;
    return [e.outerHTML, e.getAttribute('onclick'), e.attributes[0].textContent, f.firstElementChild!.innerHTML, s.text, s.textContent, (s.firstChild as Text).data, f.textContent, new XMLSerializer().serializeToString(e).includes('go(location)')];
  }, ['<b onclick="go(location)">x</b>', 'go(location)', 'go(location)', '<script>go(location)</script>', 'go(location)', 'go(location)', 'go(location)', 'go(location)', true]],
  ['parts of object URLs', () => { const a = document.createElement('a'); a.href = 'blob:https://cdn.example/1-2'; return [a.pathname, a.origin, a.host]; }, ['https://cdn.example/1-2', 'https://cdn.example', '']],
  ['location is cloned like a Location', () => { try { structuredClone($tandem.location); return 'cloned'; } catch (e) { return (e as Error).message.includes('Location object could not be cloned'); } }, true],
  ['a window whose frame is gone', () => { const f = document.createElement('iframe'); document.body.append(f); const w = f.contentWindow; f.remove(); return [$tandem.o(w).top, w!.parent]; }, [null, null]],
  ['patterns as parameters of made functions', () => new Function('{location}', 'return location.host')(window), 'shop.example'],
  ['parameters of made functions', () => [new Function('a = location.host', 'b', 'return a + b')(undefined, 1), String(new Function('a = location', 'return a'))], ['shop.example1', 'function anonymous(a = location\n) {\nreturn a\n}']],
  ['top in a direct eval', () => [$tandem.v(window.top) === window, $tandem.v(1)], [true, 1]],
  ['setting a part of location to what it cannot be', () => throws(() => { $tandem.location.protocol = '§'; }), 'SyntaxError'],
  ['parts of location are of a Location only', () => throws(() => Object.getOwnPropertyDescriptor($tandem.location, 'href')!.get!.call({})), 'TypeError'],
  ['eval of a frame', () => { const f = document.createElement('iframe'); document.body.append(f); const w: any = f.contentWindow, got = $tandem.o(w).eval('parent; location.href'); f.remove(); return got; }, 'about:blank'],
  ['handlers set as attributes', () => { const e = element('<b onclick="this.result = location.host">'); e.click(); return e.result; }, 'shop.example'],
  ['handlers set by script', () => { const e: any = document.createElement('b'); e.setAttribute('onclick', 'this.result = location.host'); e.click(); return [e.result, e.getAttribute('onclick')]; },
    ['shop.example', 'this.result = location.host']],
  ['script text', () => { const s = document.createElement('script'); s.text = 'window.one = location.host'; document.head.append(s); s.remove(); return [(window as any).one, s.text, s.innerHTML]; },
    ['shop.example', 'window.one = location.host', 'window.one = location.host']],
  ['script text as a node', () => { const s = document.createElement('script'); s.append(document.createTextNode('window.two = location.host')); document.head.append(s); s.remove(); return [(window as any).two, s.textContent]; },
    ['shop.example', 'window.two = location.host']],
  ['script text by nodeValue', () => { const s = document.createElement('script'), t = s.appendChild(document.createTextNode('x')); t.nodeValue = 'location'; return [t.nodeValue, t.data, s.text, new XMLSerializerNative().serializeToString(s)]; },
    ['location', 'location', 'location', '<script>$tandem.location</script>']],
  ['data blocks stay', () => { const s = document.createElement('script'); s.type = 'application/json'; s.text = '{"location":1}'; return new XMLSerializerNative().serializeToString(s); }, '<script type="application/json">{"location":1}</script>'],
  ['cookies', () => { const all = [document.cookie]; document.cookie = 'a=1; path=/'; all.push(document.cookie); document.cookie = 'secret=1; HttpOnly'; document.cookie = 'a=; expires=Thu, 01 Jan 1970 00:00:00 GMT'; all.push(document.cookie); return all; },
    ['first=1', 'first=1; a=1', 'first=1']],
  ['RTCPeerConnection', () => [throws(() => new RTCPeerConnection()), throws(() => new (RTCPeerConnection.prototype.constructor as any)()), String(RTCPeerConnection)], ['NotSupportedError', 'NotSupportedError', 'function RTCPeerConnection() { [native code] }']],
  ['functions look native', () => [String(fetch), Element.prototype.setAttribute.length, XMLHttpRequest.prototype.open.name, Function.prototype.toString.toString(),
    'prototype' in fetch, Object.getOwnPropertyNames(fetch).sort().join()], [before.fetch, before.setAttribute, before.open, 'function toString() { [native code] }', false, 'length,name']],
  ['accessors look native', () => { const d = Object.getOwnPropertyDescriptor(HTMLAnchorElement.prototype, 'href')!; return [d.get!.name, String(d.set), d.enumerable]; }, ['get href', 'function set href() { [native code] }', true]],
  ['illegal invocations throw as ever', () => [throws(() => (Element.prototype.setAttribute as any).call({}, 'href', 'https://x.example/')), throws(() => (document.createElement as any)())], ['TypeError', 'TypeError']],
  ['no name is added to the window', () => [added, Object.keys(window).includes('$tandem')], [0, false]],
  ['dynamic import', () => [$tandem.url('https://cdn.example/m.js'), $tandem.url('./m.js'), $tandem.url('bare')], [cdn + '/m.js', './m.js', 'bare']],
  ['import.meta', () => { const meta = { url: cdn + '/m.js' }; return $tandem.meta(meta).url; }, 'https://cdn.example/m.js'],
];
for (const [name, run, want] of values) test(name, () => equal(run(), want));

test('fetch', async () => {
  const r = await fetch('https://cdn.example/data?x=1');
  equal([r.url, await r.json()], ['https://cdn.example/data?x=1', { host: 'cdn-example', path: '/data?x=1' }]);
  const url = new URL('https://cdn.example/data');
  equal((await fetch(new Request(url))).url, 'https://cdn.example/data');
  equal((await fetch('/redirect')).url, 'https://cdn.example/echo');
});

test('XMLHttpRequest', async () => {
  const x = new XMLHttpRequest();
  x.open('GET', 'https://cdn.example/data');
  await within((done) => { x.onload = done; x.send(); });
  equal([x.responseURL, JSON.parse(x.responseText).host], ['https://cdn.example/data', 'cdn-example']);
});

test('cookies that a response sets', async () => {
  const r = await fetch('/set');
  equal([document.cookie.includes('header=yes'), r.headers.get('tandem-cookie')], [true, null]);
  const x = new XMLHttpRequest();
  x.open('GET', '/set', false);
  x.send();
  equal([x.getResponseHeader('tandem-cookie'), x.getAllResponseHeaders().includes('tandem')], [null, false]);
});

test('cookieStore', async () => {
  await cookieStore.set('store', '1');
  equal([(await cookieStore.get('store'))!.value, document.cookie.includes('store=1')], ['1', true]);
  const changed = within<CookieChangeEvent>((done) => cookieStore.addEventListener('change', done, { once: true }));
  await cookieStore.delete('store');
  equal([(await changed).deleted[0]!.name, await cookieStore.get('store')], ['store', null]);
});

test('WebSocket', async () => {
  const s = new WebSocket('wss://cdn.example/socket');
  const event = await within<MessageEvent>((done) => { s.onmessage = done; });
  equal([s.url, event.data, event.origin, s instanceof WebSocket, WebSocket.OPEN], ['wss://cdn.example/socket', 'cdn-example', 'wss://cdn.example', true, 1]);
  s.close();
});

test('EventSource', async () => {
  const s = new EventSource('https://cdn.example/events');
  const event = await within<MessageEvent>((done) => { s.onmessage = done; });
  equal([s.url, event.data, event.origin], ['https://cdn.example/events', 'hello', 'https://cdn.example']);
  s.close();
});

const workerMessages = (w: Worker, n: number) => within<unknown[]>((done) => {
  const all: unknown[] = [];
  w.onerror = (e) => done([e.message]);
  w.onmessage = (e) => { if (all.push(e.data) === n) done(all); };
});

test('a worker from the server', async () => {
  const got = await workerMessages(new Worker('https://shop.example/worker.js'), 2);
  equal(got, [['https://shop.example/worker.js', 'shop.example', 'https://shop.example', 'https://shop.example'],
    ['https://cdn.example/data', { host: 'cdn-example', path: '/data' }]]);
});

for (const type of ['classic', 'module'] as const) {
  test(`a ${type} worker from a blob`, async () => {
    const url = URL.createObjectURL(new Blob(['fetch("https://cdn.example/b").then(r => postMessage([r.url, self.origin]))'], { type: 'text/javascript' }));
    const worker = new Worker(url, { type });
    URL.revokeObjectURL(url);
    equal(await workerMessages(worker, 1), [['https://cdn.example/b', 'https://shop.example']]);
  });
}

test('a worker from a blob keeps its mode, its address and its imports', async () => {
  const strict = URL.createObjectURL(new Blob(['// first\n"use strict"; postMessage([(function () { return this === undefined; })(), location.href, location.origin, self.origin])']));
  equal(await workerMessages(new Worker(strict), 1), [[true, strict, 'https://shop.example', 'https://shop.example']]);
  const module = URL.createObjectURL(new Blob(['import { host } from "https://cdn.example/module.js"; postMessage(host);'], { type: 'text/javascript' }));
  equal(await workerMessages(new Worker(module, { type: 'module' }), 1), ['cdn-example']);
});

test('scripts of object and data: URLs are rewritten', async () => {
  const run = (src: string) => within<unknown>((done) => {
    (window as any).told = done;
    const script = document.createElement('script');
    script.src = src;
    document.head.append(script);
    script.remove();
    if (script.src !== src) done(`src reads ${script.src}`);
  });
  const blob = URL.createObjectURL(new Blob(['told(location.host)']));
  equal([await run(blob), await run('data:text/javascript,told(location.protocol)')], ['shop.example', 'https:']);
  const module = URL.createObjectURL(new Blob(['export { host } from "https://cdn.example/module.js"; export const l = location.host, u = $tandem.meta(import.meta).url'], { type: 'text/javascript' }));
  const { host, l, u } = await import($tandem.url(module));
  equal([host, l, u === module], ['cdn-example', 'shop.example', true]);
});

test('addresses of blobs', async () => {
  const url = URL.createObjectURL(new Blob(['text']));
  equal([url.slice(0, 26), new URL(url).origin, await (await fetch(url)).text()], ['blob:https://shop.example/', 'https://shop.example', 'text']);
  const i = document.createElement('img');
  i.src = url;
  equal([i.src === url, inTree(i, 'src')!.slice(0, 17)], [true, 'blob:http://shop-']);
  URL.revokeObjectURL(url);
  equal(await fetch(url).catch((e) => e.name), 'TypeError');
});

test('the performance timeline', async () => {
  await (await fetch('https://cdn.example/timed')).text();
  document.cookie = 'a=1'; // asks our server
  const names = performance.getEntriesByType('resource').map((e) => e.name);
  equal([names.includes('https://cdn.example/timed'), names.some((n) => n.includes('tandem'))], [true, false]);
  equal([performance.getEntriesByName('https://cdn.example/timed').length, (performance.getEntries()[0]!.toJSON() as any).name.slice(0, 21), performance.getEntriesByType('navigation')[0]!.name.slice(0, 21)],
    [1, 'https://shop.example/', 'https://shop.example/']);
  performance.mark('https://cdn.example/mark');
  equal(performance.getEntriesByName('https://cdn.example/mark').length, 1);
  const seen = await within<string[]>((done) => {
    const all: string[] = [];
    const observer = new PerformanceObserver((list) => {
      all.push(...list.getEntries().map((e) => e.name), String(list.getEntriesByType('resource').length > 0));
      if (all.includes('https://cdn.example/observed')) { observer.disconnect(); done(all); }
    });
    observer.observe({ entryTypes: ['resource'] });
    document.cookie = 'b=1';
    void fetch('https://cdn.example/observed');
  });
  equal([seen.some((n) => n.includes('tandem')), seen.includes('false')], [false, false]);
});

test('stacks of errors', async () => {
  const run = (source: string): any => {
    const script = document.createElement('script');
    script.text = 'window.run = () => {\n\n' + source + '}\n//# sourceURL=' + cdn + '/page.js';
    document.head.append(script);
    script.remove();
    return (window as any).run();
  };
  const stack = run('return new Error("one").stack') as string; // the test's own frames count as ours
  equal([/^Error: one\n {4}at .*https:\/\/cdn\.example\/page\.js:3:8/.test(stack), stack.includes('--')], [true, false]);
  equal(run('try { document.querySelector("!") } catch (e) { return e.stack.includes("tandem") || !e.stack.includes("https://cdn.example/page.js") }'), false);
  equal(run('try { null.x } catch (e) { return e.stack.includes("https://cdn.example/page.js") }'), true);
  equal(['prepareStackTrace' in Error, Object.getOwnPropertyNames(Error).includes('prepareStackTrace'), (Error as any).prepareStackTrace], [false, false, undefined]);
  (Error as any).prepareStackTrace = (e: Error, sites: any[]) => [e.message, sites[0].getFileName(), sites[0].getScriptNameOrSourceURL(), String(sites[0]).includes('https://cdn.example/'), sites.some((s) => String(s).includes('tandem'))];
  const got = run('return new Error("two").stack');
  equal(delete (Error as any).prepareStackTrace, true);
  equal(got, ['two', '', 'https://cdn.example/page.js', true, false]);
  class Mine extends Error {}
  const mine = new Mine('m');
  equal([mine instanceof Mine, mine instanceof Error, new TypeError() instanceof Error, Object.getPrototypeOf(TypeError) === Error, Error('x').constructor === Error, mine.stack!.startsWith('Error: m\n')], [true, true, true, true, true, true]);
});

test('what window.onerror and error events are told', async () => {
  const script = document.createElement('script');
  const told = within<unknown[]>((done) => {
    window.onerror = (...args) => { done(args.slice(0, 2)); return true; };
  });
  const handler = window.onerror;
  const event = within<ErrorEvent>((done) => addEventListener('error', done, { once: true }));
  script.text = 'throw new Error("boom")\n//# sourceURL=' + cdn + '/thrown.js';
  document.head.append(script);
  script.remove();
  equal([await told, (await event).filename, window.onerror === handler], [['Uncaught Error: boom', 'https://cdn.example/thrown.js'], 'https://cdn.example/thrown.js', true]);
  window.onerror = null;
});

for (const url of ['data:text/javascript,fetch("https://cdn.example/d").then(r => postMessage(r.url))',
  'data:text/javascript;base64,' + btoa('fetch("https://cdn.example/d").then(r => postMessage(r.url))')]) {
  test(`a worker from ${url.slice(0, 29)}`, async () => equal(await workerMessages(new Worker(url), 1), ['https://cdn.example/d']));
}

test('there are no service workers', async () => {
  const source = "postMessage(['serviceWorker' in navigator, typeof ServiceWorkerRegistration])";
  const frame = document.createElement('iframe');
  document.body.append(frame);
  const blank = frame.contentWindow as any;
  equal(['serviceWorker' in navigator, typeof ServiceWorkerContainer, 'PushManager' in window, 'serviceWorker' in blank.navigator, typeof blank.ServiceWorker], [false, 'undefined', false, false, 'undefined']);
  frame.remove();
  equal(await workerMessages(new Worker(URL.createObjectURL(new Blob([source]))), 1), [[false, 'undefined']]);
});

test('a frame that is about:blank', () => {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  const w = window[window.length - 1] as any;
  const a = w.document.createElement('a');
  a.href = 'https://cdn.example/';
  equal([String(w.fetch), w.$tandem !== undefined, a.href, throws(() => new w.RTCPeerConnection())], ['function fetch() { [native code] }', true, 'https://cdn.example/', 'NotSupportedError']);
  frame.remove();
});

test('a frame written into', async () => {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  frame.contentDocument!.open();
  frame.contentDocument!.write('<p id=p>', '<a id=a href="https://cdn.example/">', '</a><scr', 'ipt>window.host = location.href</scr', 'ipt>');
  frame.contentDocument!.close();
  const w = frame.contentWindow as any;
  equal([w.document.getElementById('a').href, inTree(w.document.getElementById('a'), 'href')], ['https://cdn.example/', cdn + '/']);
  frame.remove();
});

test('postMessage between sites', async () => {
  const frame = document.createElement('iframe');
  frame.src = 'https://cdn.example/frame';
  equal(inTree(frame, 'src'), cdn + '/frame');
  await within((done) => { frame.onload = done; document.body.append(frame); });
  const answer = within<MessageEvent>((done) => addEventListener('message', done, { once: true }));
  $tandem.o(frame.contentWindow).postMessage('wrong', 'https://other.example');
  $tandem.o(frame.contentWindow).postMessage('right', 'https://cdn.example');
  const event = await answer;
  equal([event.data[0], event.origin, event.source === frame.contentWindow], ['right', 'https://cdn.example', true]);
  equal(throws(() => $tandem.o(frame.contentWindow).location.href), 'SecurityError');
  frame.remove();
});

test('a frame of a javascript: URL begins with our script', async () => {
  const frame = document.createElement('iframe');
  frame.src = 'javascript:"<p>" + location.protocol + "<script>self.first = typeof $tandem</" + "script>"';
  equal([frame.getAttribute('src'), inTree(frame, 'src')!.startsWith('javascript:$tandem.html(')], ['javascript:"<p>" + location.protocol + "<script>self.first = typeof $tandem</" + "script>"', true]);
  const script = element('<a href="javascript:go(location)">x</a>');
  equal([script.outerHTML, script.href, script.getAttribute('href')], ['<a href="javascript:go(location)">x</a>', 'javascript:go(location)', 'javascript:go(location)']);
  await within((done) => { frame.onload = done; document.body.append(frame); });
  const w = frame.contentWindow as any;
  equal([w.document.body.innerHTML.slice(0, 9), w.first], ['<p>about:', 'object']);
  frame.remove();
});

const documents: [string, string, string][] = [
  ['text/html', '<!doctype html><p>x<script>self.first = [typeof $tandem, $tandem.location.href, document.URL, document.compatMode]</script>', 'CSS1Compat'],
  ['', '<p>x<script>self.first = [typeof $tandem, $tandem.location.href, document.URL, document.compatMode]</script>', 'BackCompat'],
  ['application/xhtml+xml', '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a ">">]><!-- > --><html xmlns="http://www.w3.org/1999/xhtml" title=">"><script>self.first = [typeof $tandem, $tandem.location.href, document.URL, document.compatMode]</script></html>', 'CSS1Compat'],
  ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><script>self.first = [typeof $tandem, $tandem.location.href, document.URL, document.compatMode]</script></svg>', 'CSS1Compat'],
];
for (const [type, text, mode] of documents) {
  test(`a frame of a blob begins with our script: ${type || 'no type'}`, async () => {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const frame = document.createElement('iframe');
    frame.src = url + '#x';
    await within((done) => { frame.onload = done; document.body.append(frame); });
    const w = frame.contentWindow as any;
    equal([w.first, frame.src, frame.getAttribute('src'), $tandem.o(w).location.href, await (await fetch(url)).text() === text], [['object', url + '#x', url + '#x', mode], url + '#x', url + '#x', url + '#x', true]);
    frame.remove();
  });
}

test('a link to a blob gives what is saved as it is', () => {
  const url = URL.createObjectURL(new Blob(['<p>'], { type: 'text/html' })), native = url.replace('https://shop.example', location.origin);
  const a = document.createElement('a');
  a.href = url;
  const shown = inTree(a, 'href');
  a.download = 'x.html';
  const saved = inTree(a, 'href');
  a.removeAttribute('download');
  equal([shown === native, saved === native, inTree(a, 'href') === shown, a.href === url], [false, true, true, true]);
  const d = element(`<div><a href="${url}" download>1</a><a href="${url}">2</a></div>`);
  equal([inTree(d.children[0], 'href') === native, inTree(d.children[1], 'href') === shown], [true, true]);
});

test('other blobs are shown as they are', () => {
  const url = URL.createObjectURL(new Blob(['%PDF-'], { type: 'application/pdf' }));
  const frame = document.createElement('iframe');
  frame.src = url;
  equal([frame.src === url, inTree(frame, 'src')], [true, url.replace('https://shop.example', location.origin)]);
});

test('srcdoc reads back and is rewritten', () => {
  const frame = document.createElement('iframe');
  frame.srcdoc = '<a href="https://cdn.example/">';
  equal([frame.srcdoc, frame.getAttribute('srcdoc'), inTree(frame, 'srcdoc')!.includes('/.tandem/sync.js')],
    ['<a href="https://cdn.example/">', '<a href="https://cdn.example/">', true]);
});

test('window.open is a tab', () => {
  sent.length = 0;
  const w = window.open('https://cdn.example/new', 'pop', 'width=100') as any;
  const id = sent[0]![1];
  equal(sent, [['open', id, 'https://cdn.example/new', 'pop', 'width=100']]);
  equal([w.closed, w.opener === window, throws(() => w.document), window.open('/again', 'pop') === w], [false, true, 'SecurityError', true]);
  equal(sent[1], ['open', id, 'https://shop.example/again', 'pop', '']);
  w.postMessage({ a: 1 }, 'https://cdn.example');
  equal(sent[2], ['post', id, { a: 1 }, 'https://shop.example', 'https://cdn.example']);
  let got: unknown[] = [];
  addEventListener('message', (e) => { got = [e.data, e.origin, e.source === w]; }, { once: true });
  realm.points.tabEvents!.post(id as string, 'hello', 'https://cdn.example');
  equal(got, ['hello', 'https://cdn.example', true]);
  realm.points.tabEvents!.closed(id as string);
  equal([w.closed, window.open('https://cdn.example/', '_blank', 'noopener')], [true, null]);
});

test('links to other windows are tabs, unless the page prevents it', async () => {
  sent.length = 0;
  const a = element('<a href="https://cdn.example/t" target="_blank">x</a>') as HTMLAnchorElement;
  document.body.append(a);
  a.click();
  a.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, ctrlKey: true }));
  a.addEventListener('click', (e) => e.preventDefault(), { once: true });
  a.click();
  a.addEventListener('click', (e) => e.stopPropagation());
  a.removeAttribute('href');
  a.click();
  await within((done) => setTimeout(done, 50));
  equal(sent.map((m) => [m[0], m[2], m[4]]), [['open', 'https://cdn.example/t', 'noopener'], ['open', 'https://cdn.example/t', 'noopener']]);
  a.remove();
});

test('forms to other windows are tabs', () => {
  sent.length = 0;
  const form = element('<form action="https://cdn.example/s?old" target="_blank"><input name="q" value="a b"></form>') as HTMLFormElement;
  document.body.append(form);
  form.requestSubmit();
  form.submit();
  equal(sent.map((m) => m[2]), ['https://cdn.example/s?q=a+b', 'https://cdn.example/s?q=a+b']);
  form.remove();
});

test('tokens are told to the server', async () => {
  const a = document.createElement('a');
  a.href = 'https://under_score.example/x';
  equal(a.href, 'https://under_score.example/x');
  equal(await (await fetch('/aliases')).json(), ['https://under_score.example']);
});

test('tokens that others made are asked for, once', () => {
  const a = document.createElement('a');
  a.setAttribute('href', proxied(token(parseOrigin('https://made_elsewhere.example')!)) + '/x');
  const unknown = proxied('0t-aaaaaaaaaaaaaaaa') + '/x';
  const b = document.createElement('a');
  b.setAttribute('href', unknown);
  equal([a.href, a.host, b.href, b.href], ['https://made_elsewhere.example/x', 'made_elsewhere.example', unknown, unknown]);
});

test('starting is quick', () => {
  if (startUp > 500) throw new Error(`installing took ${startUp} ms`);
});
