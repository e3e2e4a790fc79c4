import { describe, expect, test } from 'vitest';
import { rangeOf, totalRange } from '../../../src/nightly/range.ts';

describe('the range of a nightly sync', () => {
  test('reaches to a whole reading while no nightly sync was recorded', () => {
    expect(rangeOf({ planned: 100, whole: 1000, most: undefined })).toEqual({ from: 86, to: 1004 });
  });

  test('reaches half beyond the most of the latest nightly syncs, and beyond what is planned already', () => {
    expect(rangeOf({ planned: 100, whole: 1000, most: 200 })).toEqual({ from: 86, to: 304 });
    expect(rangeOf({ planned: 100, whole: 1000, most: 20 })).toEqual({ from: 86, to: 124 });
  });

  test('never begins below nothing', () => {
    expect(rangeOf({ planned: 0, whole: 0, most: 0 })).toEqual({ from: 0, to: 4 });
  });

  test('is the sum of its resources, and ends at the budget', () => {
    const ranges = [
      { from: 1, to: 10 },
      { from: 5, to: 20 },
    ];
    expect(totalRange(ranges, null)).toEqual({ from: 6, to: 30 });
    expect(totalRange(ranges, 25)).toEqual({ from: 6, to: 25 });
    expect(totalRange(ranges, 3)).toEqual({ from: 3, to: 3 });
  });
});
