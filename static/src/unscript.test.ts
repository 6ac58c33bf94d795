import vectors from '../../rewrite/testdata/unscript.json';
import { equal, test } from './harness';
import { unscript } from './unscript';

test('scripts are mapped back as the server does', () => {
  for (const { in: source, out } of vectors) equal(unscript(source), out, source);
});
