// A page whose policy demands trusted types; the site that serves this file says so.

import { documentConfig, install, Realm } from './install';
import { equal, test, throws, within } from './harness';

const config = documentConfig()!;
install(new Realm(window, config));
const $tandem = (window as any).$tandem;
const { trustedTypes } = window as any;
const same = (s: string) => s;
const policy = trustedTypes.createPolicy('page', { createHTML: same, createScript: same, createScriptURL: same });

test('plain text is refused as ever', () => {
  const s = document.createElement('script'), f = document.createElement('iframe'), d = document.createElement('div');
  equal([
    throws(() => { d.innerHTML = '<a href="https://cdn.example/">'; }), throws(() => { s.src = 'https://cdn.example/x.js'; }), throws(() => s.setAttribute('src', 'https://cdn.example/x')),
    throws(() => { f.srcdoc = '<p>'; }), throws(() => d.setAttribute('onclick', 'location')), throws(() => { s.text = 'location'; }),
    throws(() => setTimeout('location')), throws(() => new Worker('/worker.js')),
    throws(() => document.write('<p>')), throws(() => d.insertAdjacentHTML('beforeend', '<a href="https://cdn.example/">')), throws(() => new DOMParser().parseFromString('<a href="https://cdn.example/">', 'text/html')),
  ], Array(11).fill('TypeError'));
});

test('trusted types are rewritten and stay trusted', async () => {
  const d = document.createElement('div'), s = document.createElement('script'), f = document.createElement('iframe');
  d.innerHTML = policy.createHTML('<a href="https://cdn.example/?a&amp;b" onclick="location">x</a>');
  s.src = policy.createScriptURL('https://cdn.example/x.js');
  f.srcdoc = policy.createHTML('<p>x');
  const t = document.createElement('script');
  t.text = policy.createScript('self.typed = location.host');
  document.head.append(t);
  equal([d.innerHTML, (d.firstChild as HTMLAnchorElement).href, s.src, f.srcdoc, (window as any).typed, t.text],
    ['<a href="https://cdn.example/?a&amp;b" onclick="location">x</a>', 'https://cdn.example/?a&b', 'https://cdn.example/x.js', '<p>x', 'shop.example', 'self.typed = location.host']);
  equal([$tandem.eval(policy.createScript('location.host')), (0, eval)($tandem.js(policy.createScript('location.host'))), new Function(policy.createScript('return location.host'))(), d.firstElementChild!.getAttribute('href')],
    ['shop.example', 'shop.example', 'shop.example', 'https://cdn.example/?a&b']);
  await within((done) => { (window as any).timed = done; setTimeout(policy.createScript('timed(location.host)')); });
  const worker = new Worker(policy.createScriptURL('/worker.js'));
  const event = await within<MessageEvent>((done) => { worker.onmessage = done; });
  equal(event.data[1], 'shop.example');
  equal([trustedTypes.isHTML(policy.createHTML('')), policy.name], [true, 'page']);
});
