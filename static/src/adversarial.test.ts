// A page that has tampered with every built-in it can reach. The hooks must work as before, and must not run any of
// the page's replacements.

import { documentConfig, install, Realm } from './install';
import { equal, test } from './harness';

const config = documentConfig()!;
const realm = new Realm(window, config);
install(realm);
const $tandem = (window as any).$tandem;
const cdn = `http://cdn-example--${config.session}.${config.content.host}`;

/** Functions that we might call by mistake, each replaced while a hook runs. */
const targets: [string, any, PropertyKey[]][] = [
  ['String', String.prototype, ['slice', 'indexOf', 'lastIndexOf', 'includes', 'startsWith', 'endsWith', 'charCodeAt', 'toLowerCase', 'trim', 'replace', 'split', 'match', 'padStart', 'concat', Symbol.iterator]],
  ['Array', Array.prototype, ['push', 'slice', 'indexOf', 'map', 'join', 'forEach', 'concat', 'includes', Symbol.iterator]],
  ['RegExp', RegExp.prototype, ['exec', 'test', Symbol.replace, Symbol.match, Symbol.split]],
  ['Map', Map.prototype, ['get', 'set', 'has', 'delete', 'clear']],
  ['WeakMap', WeakMap.prototype, ['get', 'set', 'has']],
  ['WeakSet', WeakSet.prototype, ['add', 'has']],
  ['Function', Function.prototype, ['call', 'apply', 'bind']],
  ['Reflect', Reflect, ['apply', 'construct', 'get', 'getPrototypeOf', 'defineProperty', 'ownKeys', 'getOwnPropertyDescriptor']],
  ['Object', Object, ['defineProperty', 'create', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'keys', 'assign']],
  ['JSON', JSON, ['parse', 'stringify']],
  ['Node', Node.prototype, ['appendChild', 'insertBefore']],
  ['Element', Element.prototype, ['getAttribute', 'setAttribute', 'closest', 'hasAttribute']],
  ['XMLHttpRequest', XMLHttpRequest.prototype, ['open', 'send', 'setRequestHeader']],
  ['window', window, ['fetch', 'encodeURIComponent', 'decodeURIComponent', 'parseInt', 'URL', 'XMLHttpRequest', 'Map', 'WeakMap', 'Proxy', 'Promise']],
];

const defineProperty = Object.defineProperty, getOwn = Object.getOwnPropertyDescriptor;

interface Target {
  holder: any;
  name: PropertyKey;
  label: string;
  found: PropertyDescriptor;
}

const list: Target[] = [];
for (const [type, holder, names] of targets) {
  for (const name of names) {
    const found = getOwn(holder, name);
    if (found) list.push({ holder, name, found, label: `${type}.${String(name)}` });
  }
}

/** Runs with everything tampered with and says which replacements were called. Uses none of them itself. */
function besieged<T>(run: () => T): { value: T; called: string[] } {
  const called: string[] = [];
  const trap = (label: string) => function () {
    called[called.length] = label;
    throw new Error(`tampered ${label}`);
  };
  for (let i = 0; i < list.length; i++) {
    const { holder, name, label } = list[i]!;
    defineProperty(holder, name, { value: trap(label), configurable: true, writable: true });
  }
  try {
    return { value: run(), called };
  } finally {
    for (let i = 0; i < list.length; i++) defineProperty(list[i]!.holder, list[i]!.name, list[i]!.found);
  }
}

const link = document.createElement('a');
link.id = 'mine';
link.href = 'https://cdn.example/x';
document.head.append(link);
const div = document.createElement('div');
const script = document.createElement('script');
const { setAttribute, getAttribute } = Element.prototype;
const { apply } = Reflect;
const parser = new DOMParser();
const nativeFetch = fetch;

const attacks: [string, () => unknown, unknown][] = [
  ['reading a link', () => link.href + link.host, 'https://cdn.example/xcdn.example'],
  ['writing a link', () => { link.href = 'https://cdn.example/y'; return link.href; }, 'https://cdn.example/y'],
  ['attributes', () => { apply(setAttribute, link, ['href', 'https://cdn.example/x']); return apply(getAttribute, link, ['href']); }, 'https://cdn.example/x'],
  ['innerHTML', () => { div.innerHTML = '<img srcset="https://cdn.example/a 1x" style="background:url(https://cdn.example/b)" alt="&amp;//">'; return div.innerHTML; },
    '<img srcset="https://cdn.example/a 1x" style="background:url(https://cdn.example/b)" alt="&amp;//">'],
  ['location', () => $tandem.location.href + $tandem.o(window).location.origin, document.URL + 'https://shop.example'],
  ['a new token', () => { link.href = 'https://under_score2.example/'; const got = link.href; link.href = 'https://cdn.example/x'; return got; }, 'https://under_score2.example/'],
  ['script text', () => { script.text = 'location'; return script.text; }, 'location'],
  ['cookies', () => { document.cookie = 'b=2'; return document.cookie; }, 'first=1; b=2'],
  ['selectors', () => document.querySelector('[href="https://cdn.example/x"]')!.id, 'mine'],
  ['style', () => { div.style.cssText = 'background: url(https://cdn.example/c)'; return div.style.backgroundImage; }, 'url("https://cdn.example/c")'],
  ['DOMParser', () => parser.parseFromString('<a href="https://cdn.example/">', 'text/html').links[0]!.href, 'https://cdn.example/'],
  ['fetch', () => { void nativeFetch('https://cdn.example/z').catch(() => 0); return 1; }, 1],
  ['open', () => window.open('https://cdn.example/', '_blank', 'noopener'), null],
  ['a new frame', () => { document.body.append(document.createElement('iframe')); return typeof (window as any)[0].$tandem; }, 'object'],
  ['history', () => { history.replaceState(null, '', 'https://shop.example/dir/page'); return document.URL; }, 'https://shop.example/dir/page'],
];
for (const [name, run, want] of attacks) {
  test(name, () => {
    const { value, called } = besieged(run);
    equal(value, want);
    equal(called, [], 'replacements called');
  });
}

test('setters and traps on prototypes see nothing of ours', () => {
  const seen: string[] = [];
  for (const name of ['0', '1', '2']) defineProperty(Array.prototype, name, { configurable: true, set() { seen.push(name); } });
  for (const name of ['construct', 'apply', 'has']) defineProperty(Object.prototype, name, { configurable: true, get() { seen.push(name); return undefined; } });
  try {
    div.innerHTML = '<a href="https://cdn.example/" title=x class=y>';
    document.cookie = 'c=3';
    new Request('https://cdn.example/');
  } finally {
    for (const name of ['0', '1', '2']) delete (Array.prototype as any)[name];
    for (const name of ['construct', 'apply', 'has']) delete (Object.prototype as any)[name];
  }
  equal(seen, []);
});

test('the page cannot make a hooked realm native again', () => {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  const inner = frame.contentWindow as any;
  inner.$tandem.leave();
  const a = inner.document.createElement('a');
  a.setAttribute('href', 'https://cdn.example/');
  realm.urls.unmapText = (text) => text;
  equal(a.outerHTML, `<a href="${cdn}/"></a>`);
  delete (realm.urls as any).unmapText;
});
