import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sourcesIn } from '../../architecture/sources.ts';
import { ODD_KINDS } from '../../odd-api/odd/kinds.ts';

test('the table of odd kinds names each of them once, and nothing else', () => {
  const text = readFileSync(new URL('../../odd-api/README.md', import.meta.url), 'utf8');
  const named = [...text.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, kind]) => kind);
  expect(named.toSorted()).toEqual(Object.keys(ODD_KINDS).sort());
});

test('every odd kind is tried by a test of its own effect', () => {
  const tests = sourcesIn('test/unit/odd-api')
    .filter(({ path }) => /\/odd-\w+\.test/.test(path))
    .map(({ text }) => text);
  const untried = Object.keys(ODD_KINDS).filter((kind) => !tests.some((text) => new RegExp(`'${kind}'`).test(text)));
  expect(untried).toEqual([]);
});

test('the odd API is independent: it imports nothing of the product and of the simulator, and only Node beside itself', () => {
  const imports = sourcesIn('test/odd-api').flatMap(({ path, text }) =>
    [...text.matchAll(/from '([^']+)'/g)].map(([, target = '']) => ({ path, target })),
  );
  const foreign = imports.filter(({ target }) => !target.startsWith('node:') && /src\/|simulator|^[^.]/.test(target));
  expect(imports.length).toBeGreaterThan(50);
  expect(foreign).toEqual([]);
});
