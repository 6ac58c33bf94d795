import { equal, test } from '../harness';
import { Sheets } from './sheets';

test('what a follower cannot see is labelled in the language and direction of the follower', async () => {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  const [window, inner] = [frame.contentWindow as Window & typeof globalThis, frame.contentDocument!];
  inner.body.innerHTML = '<object></object><video data-tandem-unavailable></video><input data-tandem-masked>';
  const labels = { unseen: 'لا يراه سوى الزائر', film: 'Films & <such>', hidden: 'verborgen', direction: 'rtl' };
  const sheets = new Sheets(window, () => { throw new Error('no addresses'); }, { labels, answer: (media) => media, pictures: (css) => css, choosesOtherwise: () => false });
  sheets.root(inner);
  for (const [name, property, want] of [['object', 'content', labels.unseen], ['video', 'backgroundImage', labels.film], ['input', 'backgroundImage', labels.hidden]] as const) {
    const address = /url\("(.*)"\)/.exec(window.getComputedStyle(inner.querySelector(name)!)[property])?.[1] ?? '';
    const svg = new DOMParser().parseFromString(decodeURIComponent(address.slice('data:image/svg+xml,'.length)), 'image/svg+xml');
    const text = svg.querySelector('text');
    equal([text?.textContent, text?.getAttribute('direction')], [want, 'rtl'], name);
    const image = new Image();
    image.src = address;
    await image.decode();
    equal(image.naturalWidth > 0, true, name);
  }
  frame.remove();
});
