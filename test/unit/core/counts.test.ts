import { expect, test } from 'vitest';
import { addCounts, isZero, zeroCounts } from '../../../src/core/counts.ts';

test('counts are added in place, and zero only when all are', () => {
  const counts = zeroCounts();
  expect(isZero(counts)).toBe(true);
  addCounts(counts, { requests: 2, inserted: 1 });
  addCounts(counts, { requests: 3 });
  expect(counts).toEqual({ ...zeroCounts(), requests: 5, inserted: 1 });
  expect(isZero(counts)).toBe(false);
  expect(isZero({ ...zeroCounts(), rejected: 1 })).toBe(false);
});
