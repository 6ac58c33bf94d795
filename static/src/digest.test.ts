import golden from '../../session/mirror/testdata/digests.json';
import { equal, test } from './harness';
import { Mirror } from './view/mirror';

test('digests are those the server computes', () => {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  const agreed: unknown[] = [];
  const differ: unknown[] = [];
  const mirror = new Mirror(frame.contentDocument!, {
    key: 'k', url: 'https://shop.example/', labels: { unseen: '', film: '', hidden: '', direction: 'ltr' }, answer: (media) => media, pictures: (css) => css, choosesOtherwise: () => false, onFrame: () => undefined, onValue: () => false, onFocus: () => undefined, onMedia: () => undefined,
    onScroll: () => false, onRoot: () => undefined, onDifference: (id) => differ.push(id), onSheet: (id) => differ.push(id), onFilm: (id) => differ.push(id), onAgreement: (element) => agreed.push(mirror.id(element)),
  });
  mirror.apply(golden.ops);
  for (const [id, deep, shallow] of golden.digests) mirror.apply([[15, id, deep], [15, id, shallow]]);
  equal([agreed, differ], [golden.digests.map(([id]) => id), []]);
});
