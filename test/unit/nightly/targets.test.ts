import { expect, test } from 'vitest';
import { rotationQuota } from '../../../src/nightly/children.ts';
import { targetWithin } from '../../../src/nightly/plan.ts';

test('an equal quota with two nights to spare: of 30 days, 28 take part', () => {
  for (const [days, share] of [
    [30, 10],
    [16, 20],
    [4, 140],
    [3, 280],
    [2, 280],
  ] as const) {
    expect(rotationQuota({ total: 280, overdue: 0 }, days)).toBe(share);
    expect(targetWithin(7, 280, null, days)).toEqual({ days, budgetForFloor: 7 + share });
  }
});
