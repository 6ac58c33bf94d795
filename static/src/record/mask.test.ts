import { equal, test } from '../harness';
import { MASK } from '../ops';
import type { DocumentRule } from '../pages';
import { Secrets } from '../secrets';
import { Veil } from '../shell/veil';
import { BLOCKED, FIELD, HIDDEN, hiddenStyles, Masks, OPEN, PRIVATE } from './mask';

const rule = (treatment: DocumentRule['treatment'], selector = '', types = false): DocumentRule => ({ treatment, path: '*', selector, types });

function page(html: string): (selector: string) => Element {
  document.body.innerHTML = html;
  return (selector) => document.querySelector(selector)!;
}

test('what is hidden is so with all in it, and stays so', () => {
  const $ = page('<div class=a><p><b>x</b></p></div><div data-tandem-mask><img></div><i data-tandem-block></i><input type=password id=p><u>free</u>');
  const masks = new Masks();
  masks.rules([rule('mask', '.a')]);
  equal([masks.of($('b')), masks.of($('b').firstChild!), masks.of($('img')), masks.of($('i')), masks.of($('#p')), masks.of($('u'))],
    [HIDDEN, HIDDEN, BLOCKED, BLOCKED, FIELD, OPEN]);
  document.body.append($('b'));
  $('.a').removeAttribute('class');
  ($('#p') as HTMLInputElement).type = 'text';
  masks.rules([]);
  equal([masks.of($('b')), masks.of(document.querySelector('div')!), masks.of($('#p'))], [HIDDEN, HIDDEN, FIELD]);
});

test('private pages show what is allowed, and nothing that is hidden otherwise', () => {
  const $ = page('<nav><a>x</a><em class=a>y</em><input type=password></nav><p>z</p><div data-tandem-allow><b data-tandem-mask>w</b></div><s data-tandem-mask><u data-tandem-allow></u></s>');
  const masks = new Masks();
  masks.rules([rule('private'), rule('allow', 'nav'), rule('mask', '.a')]);
  equal(['a', 'em', 'input', 'p', 'div', 'b', 'u'].map((tag) => masks.of($(tag))), [OPEN, HIDDEN, FIELD, PRIVATE, OPEN, HIDDEN, HIDDEN]);
});

test('S49: a selector that the browser does not understand hides everything', () => {
  const $ = page('<p>x</p>');
  const masks = new Masks();
  equal(masks.rules([rule('mask', '.a'), rule('protect', ':nonsense(')]), true);
  equal([masks.base, masks.of($('p'))], [HIDDEN, HIDDEN]);
});

test('S49: rules that take long to match hide everything, and are matched no more', () => {
  const $ = page('<p>x</p><b>y</b><i data-tandem-allow>z</i>');
  let at = 0, gaveUp = 0;
  const masks = new Masks(() => gaveUp++, () => (at += 200)); // each look at the clock is so much later
  masks.rules([rule('mask', '.a'), rule('protect', '.b'), rule('mask', '.c', true)]);
  equal([masks.of($('p')), masks.base, gaveUp], [OPEN, OPEN, 0]);
  for (let i = 0; i < 12; i++) masks.of($('p'));
  equal([gaveUp, masks.base, masks.of($('p')), masks.of($('b').firstChild!), masks.of($('i')), masks.contextual, masks.types($('b')), masks.protects($('b'))],
    [1, HIDDEN, HIDDEN, HIDDEN, HIDDEN, '', false, true]);
  const before = at;
  equal([masks.rules([rule('mask', '.d')]), masks.at('/else'), masks.of($('b')), at], [false, false, HIDDEN, before]);
});

test('S49: what takes its time now and then is waited for', () => {
  const $ = page('<p>x</p>');
  let at = 0;
  const masks = new Masks(() => { throw new Error('gave up'); }, () => (at += 50));
  masks.rules([rule('mask', '.a')]);
  for (let i = 0; i < 60; i++, at += 3000) masks.of($('p'));
  equal(masks.of($('p')), OPEN);
});

test('rules are for paths, and those of one that was left are for new elements no more', () => {
  const $ = page('<p class=a>x</p>');
  const masks = new Masks();
  masks.at('/shop');
  equal(masks.rules([{ ...rule('mask', '.a'), path: 'account/*' }]), false);
  equal(masks.of($('p')), OPEN);
  equal(masks.at('/account/1'), true);
  equal(masks.of($('p')), HIDDEN);
  masks.at('/shop');
  equal(masks.of($('p')), HIDDEN);
});

test('followers write only where a rule says so', () => {
  const $ = page('<input id=a><input id=b type=password>');
  const masks = new Masks();
  masks.rules([rule('mask', '#a', true)]);
  equal([masks.types($('#a')), masks.types($('#b'))], [true, false]);
});

test('what style sheets write is hidden, and how they look is not', () => {
  equal(hiddenStyles('a::after { content: "Jane" attr(x); color: red } b { content: "→"; --x: \'4711\'; font: "Inter" } i { content: "\\f101" }'),
    `a::after { content: "${MASK}" attr(x); color: red } b { content: "→"; --x: "${MASK}"; font: "Inter" } i { content: "\\f101" }`);
});

test('S35: a secret is known in every spelling', () => {
  const secrets = new Secrets();
  secrets.holds({}, 'p&ss w0rd');
  for (const text of ['p&ss w0rd', 'p%26ss%20w0rd', 'p%26ss+w0rd', 'p&amp;ss w0rd', ...['', 'a', 'ab'].map((before) => btoa(before + 'p&ss w0rd' + 'tail'))]) {
    equal(secrets.hide(`x ${text} y`).includes(MASK), true, text);
  }
  equal(secrets.hide('pass word'), 'pass word');
  equal(secrets.inJSON('{"a":"p&ss w0rd"}'), true);
  equal(secrets.hideIn(['p&ss w0rd', 1, { a: 'xp&ss w0rd' }]), [MASK, 1, { a: 'x' + MASK }]);
});

test('S35: no site makes us forget the secrets of another', () => {
  const veil = new Veil();
  veil.secret('https://shop.example', { secret: 'hunter2' });
  for (let i = 0; i < 200; i++) veil.secret('https://evil.example', { secret: `secret ${i}` });
  for (let i = 0; i < 200; i++) veil.secret(`https://evil-${i}.example`, { secret: `other ${i}` });
  veil.secret('https://evil.example', { secret: 'anything', before: 'hunter2' });
  equal(veil.text('hunter2'), MASK);
  equal([veil.known('https://shop.example'), veil.known('https://evil.example').length], [['hunter2'], 100]);
});

test('what is on the way to a value is forgotten, what was there before is not', () => {
  const secrets = new Secrets();
  const field = {};
  for (const value of ['hunt', 'hunter', 'hunter2', 'hunter', 'hun', '']) secrets.holds(field, value);
  equal([secrets.hide('hunter2'), secrets.hide('hunting')], [MASK, 'hunting']);
});

test('S35: addresses are told without secrets', () => {
  const veil = new Veil();
  veil.rules([{ treatment: 'private', pages: 'https://bank.example/*' }]);
  veil.secret('https://shop.example', { secret: 'hunter2', name: 'found' });
  const mask = encodeURIComponent(MASK);
  equal(veil.address('https://shop.example/a?q=1&password=x&found=y#token=z'), `https://shop.example/a?q=1&password=${mask}&found=${mask}#token=${mask}`);
  equal(veil.address('https://shop.example/hunter2?q=hunter2'), `https://shop.example/${MASK}?q=${MASK}`);
  equal(veil.address('https://bank.example/account/1?x=2'), 'https://bank.example/');
});

test('a document gets the rules of its origin, one without an address those of what it is in', () => {
  const veil = new Veil();
  veil.rules([{ treatment: 'mask', pages: 'https://shop.example/a/*', selector: '.a' }, { treatment: 'mask', pages: '*', selector: '.b' }, { treatment: 'mask', pages: 'https://bank.example/*', selector: '.c' }]);
  const found = (...urls: string[]) => veil.for(urls).map(({ path, selector }) => `${path} ${selector}`);
  equal(found('https://shop.example/x'), ['a/* .a', '* .b']);
  equal(found('about:blank', 'https://shop.example/a/1'), ['* .a', '* .b']);
  equal(found('about:blank', 'https://shop.example/x'), ['* .b']);
  equal(found('about:blank'), ['* .b']);
});
