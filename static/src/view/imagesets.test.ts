import { equal, test } from '../harness';
import { chooseImages } from './imagesets';

for (const [css, once, twice] of [
  ['image-set("a" 1x, "b" 2x)', 'url("a")', 'url("b")'],
  ['image-set("b" 2x, "a" 1x)', 'url("a")', 'url("b")'],
  ["red -webkit-image-set(url('a,)(b') 96dpi, url(c) 2dppx) no-repeat, url(d)", "red url('a,)(b') no-repeat, url(d)", 'red url(c) no-repeat, url(d)'],
  ['image-set("a", "b" 3x)', 'url("a")', 'url("b")'],
  ['image-set("a" .5x)', 'url("a")', 'url("a")'],
  ['image-set("a" type("image/future") 2x, "b" type("image/avif") 2x, "c" 1x)', 'url("c")', 'url("b")'],
  ['image-set(linear-gradient(red, blue) 1x, "b" 2x)', 'linear-gradient(red, blue)', 'url("b")'],
  ['image-set("a" 1x), image-set("b" 1x, "c" 2x)', 'url("a"), url("b")', 'url("a"), url("c")'],
  ['image-set("a" 1x', 'image-set("a" 1x', 'image-set("a" 1x'],
  ['image-set()', '', ''],
  ['image-set("a" type("x/y"))', 'image-set("a" type("x/y"))', 'image-set("a" type("x/y"))'],
] as const) test(`of ${css} one is chosen`, () => equal([chooseImages(css, 1), chooseImages(css, 2)], [once, twice]));
