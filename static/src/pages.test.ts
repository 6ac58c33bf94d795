import vectors from '../../session/testdata/pages.json';
import { equal, test } from './harness';
import { matchesPage } from './pages';

/** The spelling in which the server keeps a pattern. */
const kept = (pages: string): string => {
  if (pages === '*') return pages;
  const [scheme, rest] = pages.split('://') as [string, string];
  const at = rest.indexOf('/');
  const [authority, path] = at < 0 ? [rest, '*'] : [rest.slice(0, at), rest.slice(at + 1)];
  const host = authority.includes('*') ? authority : new URL(`${scheme}://${authority}`).host;
  return `${scheme}://${host}/${path}`;
};

test('rules are for the pages that the server says', () => {
  for (const [pages, url, want] of vectors as [string, string, boolean][]) equal(matchesPage(kept(pages), url), want, `${pages} ${url}`);
});
