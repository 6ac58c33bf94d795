import { equal, test } from './harness';
import { rewriteHTML, rewriteList, rewriteRefresh, rewriteSrcset, type HTMLSinks } from './html';

const map = (url: string) => url.replace('https://cdn.example', 'http://cdn.p');
const sinks: HTMLSinks = {
  value: (kind, value) => (kind === 'srcset' ? rewriteSrcset(value, map) : kind === 'handler' ? value.replace('location', 'L') : map(value)),
  style: (text) => text.replace('https://cdn.example', 'S'),
  script: (text, type) => (type === 'text/plain' ? text : text.replace('location', 'L')),
  decode: (raw) => raw.replaceAll('&amp;', '&').replaceAll('&#x2f;', '/').replaceAll('&quot;', '"'),
};

const cases: [string, string][] = [
  ['<a href="https://cdn.example/x">y</a>', '<a href="http://cdn.p/x">y</a>'],
  ['<a href=https://cdn.example/x>y</a>', '<a href="http://cdn.p/x">y</a>'],
  ["<IMG SRC = 'https://cdn.example/x' alt=a>", '<IMG SRC = "http://cdn.p/x" alt=a>'],
  ['<img/src="https://cdn.example/x"/>', '<img/src="http://cdn.p/x"/>'],
  ['<a href="https:&#x2f;&#x2f;cdn.example/?a&amp;b">', '<a href="http://cdn.p/?a&amp;b">'],
  ['<p data-src="https://cdn.example/">https://cdn.example/</p>', '<p data-src="https://cdn.example/">https://cdn.example/</p>'],
  ['<!-- <a href="https://cdn.example/"> --><b>', '<!-- <a href="https://cdn.example/"> --><b>'],
  ['<!--><a href="https://cdn.example/">', '<!--><a href="http://cdn.p/">'],
  ['<textarea><a href="https://cdn.example/"></textarea>', '<textarea><a href="https://cdn.example/"></textarea>'],
  ['<svg><title><a href="https://cdn.example/"></title></svg>', '<svg><title><a href="http://cdn.p/"></title></svg>'],
  ['<script>location="https://cdn.example/"</script>', '<script>L="https://cdn.example/"</script>'],
  ['<script type="text/plain">location</script>', '<script type="text/plain">location</script>'],
  ['<script>"<a href=https://cdn.example/>"</script >', '<script>"<a href=https://cdn.example/>"</script >'],
  ['<style>a{b:url(https://cdn.example/)}</style>', '<style>a{b:url(S/)}</style>'],
  ['<b onclick="location.reload()">', '<b onclick="L.reload()">'],
  ['<script src="https://cdn.example/" integrity="sha384-x"></script>', '<script src="http://cdn.p/" data-tandem-integrity="sha384-x"></script>'],
  ['<a title=">" href="https://cdn.example/">', '<a title=">" href="http://cdn.p/">'],
  ['a < b // c', 'a < b // c'],
  ['<a href="https://cdn.example/', '<a href="https://cdn.example/'],
  ['</a href="https://cdn.example/">', '</a href="https://cdn.example/">'],
  ['<?x <a href="https://cdn.example/">', '<?x <a href="https://cdn.example/">'],
];

for (const [text, want] of cases) test(text, () => equal(rewriteHTML(text, sinks), want));

test('srcset: a URL may hold commas', () => {
  equal(rewriteSrcset('https://cdn.example/a,b 1x, https://cdn.example/c, /d 2x,https://cdn.example/e 3x', map),
    'http://cdn.p/a,b 1x, http://cdn.p/c, /d 2x,http://cdn.p/e 3x');
});

test('refresh', () => {
  equal(rewriteRefresh('5; url=https://cdn.example/', map), '5; url=http://cdn.p/');
  equal(rewriteRefresh("0;URL='https://cdn.example/'", map), "0;URL='http://cdn.p/'");
  equal(rewriteRefresh('0,https://cdn.example/', map), '0,http://cdn.p/');
  equal(rewriteRefresh('width=device-width', map), 'width=device-width');
});

test('lists', () => equal(rewriteList('https://cdn.example/a https://cdn.example/b', map), 'http://cdn.p/a http://cdn.p/b'));
