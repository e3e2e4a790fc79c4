import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutated, NAMED_MUTANTS } from '../../scripts/named-mutants-table.ts';

// `npm run mutants:named` takes minutes and is run now and then; that it has something to change is checked each time.
test.each(NAMED_MUTANTS)('$file: $name', (mutant) => {
  expect(mutated('.', mutant)).not.toBe(readFileSync(mutant.file, 'utf8'));
  for (const file of mutant.tests) expect(existsSync(file), file).toBe(true);
});

test('a text that is not there, or there twice, is refused', () => {
  const mutant = { ...NAMED_MUTANTS[0], name: 'n', file: 'LICENSE', to: '', tests: [], by: '' };
  expect(() => mutated('.', { ...mutant, from: 'no licence has this' })).toThrow('LICENSE does not have the text');
  expect(() => mutated('.', { ...mutant, from: 'License' })).toThrow(/LICENSE has the text \d+ times/);
});
