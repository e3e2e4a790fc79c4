import { describe, expect, test } from 'vitest';
import { isMassChange } from '../../../src/nightly/mass-change.ts';

describe('a mass change', () => {
  test.each([
    ['no row', 0, 0, 0.2, false],
    ['all rows of a small list', 50, 50, 0.2, false],
    ['one more', 51, 51, 0.2, true],
    ['just the threshold', 200, 1000, 0.2, false],
    ['more than the threshold', 201, 1000, 0.2, true],
    ['a threshold of one: never', 1000, 1000, 1, false],
    ['a threshold of zero: more than a few', 51, 100_000, 0, true],
  ])('%s', (_name, changed, rows, threshold, mass) => {
    expect(isMassChange(changed, rows, threshold)).toBe(mass);
  });
});
