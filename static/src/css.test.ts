import { rewriteCSS } from './css';
import { equal, test } from './harness';

const map = (url: string) => url.replace(/^https:\/\/([a-z]+)\.example/, 'http://$1.p').replace(/^\/\/([a-z]+)\.example/, '//$1.p');

const cases: [string, string][] = [
  ['a { background: url(https://cdn.example/x.png) }', 'a { background: url(http://cdn.p/x.png) }'],
  ['a { background: URL( "https://cdn.example/x.png" ) }', 'a { background: URL( "http://cdn.p/x.png" ) }'],
  ["a { background: url('//cdn.example/x') }", "a { background: url('//cdn.p/x') }"],
  ['a { background: u\\72l(https://cdn.example/x) }', 'a { background: u\\72l(http://cdn.p/x) }'],
  ['a { background: url(https:\\/\\/cdn.example/x) }', 'a { background: url(http://cdn.p/x) }'],
  ['@import "https://cdn.example/a.css" screen;', '@import "http://cdn.p/a.css" screen;'],
  ['@\\69mport "https://cdn.example/a.css";', '@\\69mport "http://cdn.p/a.css";'],
  ['a { b: url(https://cdn.example/a\\\n); c: url(https://cdn.example/b) }', 'a { b: url(https://cdn.example/a\\\n); c: url(http://cdn.p/b) }'],
  ['@import url(https://cdn.example/a.css);', '@import url(http://cdn.p/a.css);'],
  ['a { background: image-set("https://cdn.example/1" 1x, url(https://cdn.example/2) 2x) }',
    'a { background: image-set("http://cdn.p/1" 1x, url(http://cdn.p/2) 2x) }'],
  ['a::before { content: "https://cdn.example/" }', 'a::before { content: "https://cdn.example/" }'],
  ['a[href="https://cdn.example/"] {}', 'a[href="https://cdn.example/"] {}'],
  ['/* url(https://cdn.example/) */', '/* url(https://cdn.example/) */'],
  ['@namespace "https://cdn.example/";', '@namespace "https://cdn.example/";'],
  ['a { background: url(/x//y) }', 'a { background: url(/x//y) }'],
  ['a { content: "\\"url(https://cdn.example/)" }', 'a { content: "\\"url(https://cdn.example/)" }'],
  ['a { background: url(https://cdn.example/x', 'a { background: url(http://cdn.p/x'],
];

for (const [text, want] of cases) test(text, () => equal(rewriteCSS(text, map), want));
