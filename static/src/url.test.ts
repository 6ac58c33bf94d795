import vectors from '../../rewrite/testdata/urls.json';
import { equal, test } from './harness';
import { encode, originString, parseOrigin, Urls } from './url';

const urls = (origin: string) => new Urls({ session: vectors.session, content: vectors.domain, origin });

test('labels are those of the server', () => {
  for (const { origin, label } of vectors.origins) equal(encode(parseOrigin(origin)!, vectors.session).label, label, origin);
});

test('labels are read back', () => {
  const mapper = urls('https://shop.example');
  for (const { origin, label } of vectors.origins) {
    if (label.startsWith('0t-')) continue;
    equal(originString(mapper.originOf(`${label}.${vectors.domain.host}`)!), origin, label);
  }
});

test('map is the server’s', () => {
  for (const { base, in: url, out } of vectors.map) equal(urls(base).map(url), out, url);
});

test('mapping twice is mapping once', () => {
  for (const { base, in: url } of vectors.map) equal(urls(base).map(urls(base).map(url)), urls(base).map(url), url);
});

test('unmap is the server’s', () => {
  for (const { base, in: url, out } of vectors.unmap) {
    const mapper = urls(base);
    mapper.map('https://a_b.example/'); // makes its token known
    equal(mapper.unmap(url), out, url);
  }
});

test('a token is told before it is used, once', () => {
  const told: string[] = [];
  const mapper = new Urls({
    session: vectors.session, content: vectors.domain, origin: 'https://shop.example', alias: (token, origin) => told.push(`${token} ${origin}`),
  });
  mapper.map('https://a_b.example/x');
  mapper.map('https://a_b.example/y');
  equal(told, ['0t-s2nuuwdtyy7nj7c4 https://a_b.example']);
});

test('text is unmapped wherever it names a content host', () => {
  const mapper = urls('https://shop.example');
  const host = (label: string) => `${label}--${vectors.session}.${vectors.domain.host}`;
  const text = `a http://${host('shop-example')}/x "//${host('cdn-example')}/y" ws://${host('0hp81-c-example')}/z ${host('cdn-example')}`;
  equal(mapper.unmapText(text), 'a https://shop.example/x "//cdn.example/y" ws://c.example:81/z cdn.example');
  equal(mapper.unmapText(`http://${host('shell')}/`), `http://${host('shell')}/`);
});
