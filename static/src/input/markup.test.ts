import { equal, test } from '../harness';
import { harmless } from './markup';

for (const [given, want] of [
  ['<!--StartFragment--><p class=x style="color:red">a <b onclick=x()>b</b>&amp;&lt;i&gt;</p><!--EndFragment-->', '<p>a <b>b</b>&amp;&lt;i&gt;</p>'],
  ['<script>x</script><style>x</style><svg onload=x><a>y</a></svg><math><mi>x</mi></math><template>x</template><iframe srcdoc=x></iframe>z', 'z'],
  ['<a href="javascript:x">a</a><a href=" java\nscript:x">b</a><a href="//x.example/">c</a><a href="https://x.example/?a=&quot;&amp;b" target=_top>d</a>',
    '<a>a</a><a>b</a><a>c</a><a href="https://x.example/?a=&quot;&amp;b">d</a>'],
  ['<img src=https://x.example/p.png onerror=x><img src="data:image/svg+xml;base64,AA"><img alt="&quot;><b" src="data:image/png;base64,iVBO+/=">',
    '<img src="data:image/png;base64,iVBO+/=" alt="&quot;&gt;&lt;b">'],
  ['<table><tr><td colspan=2 background=https://x.example/>x</table>', '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>'],
  ['<form action=https://x.example/><button formaction=javascript:x>go</button><input value=x autofocus onfocus=x></form>', 'go'],
  ['<constructor>a</constructor><x-y>b</x-y><noscript><p title="</noscript><img src onerror=x>"></p></noscript>', 'ab'],
  ['<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=x&gt;">', ''],
] as const) test(`of ${given} nothing acts`, () => equal(harmless(given), want));

test('what is deep is cut', () => equal(harmless('<div>'.repeat(500) + 'x').includes('x'), false));
test('links are those of the page', () => equal(harmless('<a href="https://x.example/">x</a>', (url) => `mapped ${url}`), '<a href="mapped https://x.example/">x</a>'));
