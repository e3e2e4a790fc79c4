import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rateFraction, urgentFraction } from '../../../src/runs/rate-fraction.ts';

const runs = (ownPushes: number, pushes: number, ownPulls: number, pulls: number) => ({
  ownPushes,
  pushes,
  ownPulls,
  pulls,
});

test.each([
  ['alone', runs(0, 0, 1, 1), 1],
  ['one of two readings', runs(0, 0, 1, 2), 0.5],
  ['one of three deliveries', runs(1, 3, 0, 0), 1 / 3],
  ['a delivery beside two readings of others', runs(1, 1, 0, 2), 0.25],
  ['one of those two readings', runs(0, 1, 1, 2), 0.375],
  ['a daemon with a delivery and a nightly sync, alone', runs(1, 1, 1, 1), 1],
  ['a process without a run', runs(0, 1, 0, 2), 1],
])('%s', (_name, open, expected) => {
  expect(rateFraction(open, 0.25)).toBeCloseTo(expected, 10);
});

test('the processes together use all of the rate, and none more than that', () => {
  const process = fc.record({ pushes: fc.nat(3), pulls: fc.nat(3) });
  fc.assert(
    fc.property(
      fc.array(process, { minLength: 1, maxLength: 6 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      (all, forPushes) => {
        const pushes = all.reduce((sum, each) => sum + each.pushes, 0);
        const pulls = all.reduce((sum, each) => sum + each.pulls, 0);
        const busy = all.filter((each) => each.pushes + each.pulls > 0);
        const fractions = busy.map((each) => rateFraction(runs(each.pushes, pushes, each.pulls, pulls), forPushes));
        for (const each of fractions) expect(each).toBeLessThanOrEqual(1);
        for (const each of fractions) expect(each).toBeGreaterThan(0);
        if (busy.length > 0) expect(fractions.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 9);
      },
    ),
  );
});

test('a process that does both gives its deliveries of its own requests what all processes together owe them', () => {
  expect(urgentFraction({ ownPushes: 1, pushes: 1, ownPulls: 1, pulls: 1 }, 0.25)).toBeCloseTo(0.25, 10);
  // Three quarters of the rate are its own then: a half for all deliveries, and a quarter for one of two readings.
  expect(urgentFraction({ ownPushes: 1, pushes: 1, ownPulls: 1, pulls: 2 }, 0.5)).toBeCloseTo(2 / 3, 10);
  expect(urgentFraction({ ownPushes: 1, pushes: 2, ownPulls: 0, pulls: 1 }, 0.5)).toBe(0.5);
});
