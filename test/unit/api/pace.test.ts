import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { easeDown, fullRate, rateAt } from '../../../src/api/ease.ts';
import { Pace } from '../../../src/api/pace.ts';

/** Runs the loop of the gate over simulated time: sleeps whole milliseconds, each late by `lateness`. */
function simulate(rate: number, seconds: number, lateness: () => number): number[] {
  const pace = new Pace();
  const starts: number[] = [];
  for (let now = 0; now < seconds * 1000; ) {
    const wait = pace.waitMs(now, rate);
    if (wait > 0) {
      now += Math.ceil(wait) + lateness();
      continue;
    }
    if (pace.tryGrant(now, rate)) pace.begin(now);
    starts.push(now);
  }
  return starts;
}

function mostInOneSecond(starts: readonly number[]): number {
  let most = 0;
  for (let last = 0, first = 0; last < starts.length; last += 1) {
    while (starts[last]! - starts[first]! >= 1000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

describe('Pace', () => {
  it.each([0.5, 2.5, 10, 50, 60, 500])('reaches %d starts a second although timers are whole milliseconds', (rate) => {
    const starts = simulate(rate, 60, () => 1);
    expect(starts.length / 60).toBeGreaterThan(rate * 0.97);
    expect(starts.length).toBeLessThanOrEqual(rate * 60 + 1);
  });

  it('never starts more than the rate and one in any second, however late the timers are', () => {
    const rates = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.double({ min: 0.2, max: 300, noNaN: true }));
    fc.assert(
      fc.property(rates, fc.array(fc.nat(80), { minLength: 1, maxLength: 50 }), (rate, delays) => {
        let step = 0;
        const starts = simulate(rate, 5, () => delays[step++ % delays.length]!);
        expect(mostInOneSecond(starts)).toBeLessThanOrEqual(Math.floor(rate) + 1);
      }),
      { numRuns: 200 },
    );
  });

  it('saves nothing up while idle', () => {
    const pace = new Pace();
    expect(pace.tryGrant(0, 10)).toBe(true);
    expect([1, 2, 3].map(() => pace.tryGrant(60_000, 10))).toEqual([true, false, false]);
  });

  it('counts a start from when it begins', () => {
    const pace = new Pace();
    expect([pace.tryGrant(0, 0.5), pace.tryGrant(500, 0.5)]).toEqual([true, false]);
    pace.begin(1500);
    expect(pace.waitMs(2300, 0.5)).toBe(201);
  });

  it('goes on when the clock is set back', () => {
    const pace = new Pace();
    pace.tryGrant(10_000_000, 10);
    expect(pace.tryGrant(0, 10)).toBe(true);
  });
});

describe('easing', () => {
  it('goes down to 70 % and recovers by 5 % of the configured rate a second', () => {
    const eased = easeDown(fullRate(100), 100, 10_000, 9_900, 0);
    expect(rateAt(eased, 100, 10_000)).toBe(70);
    expect(rateAt(eased, 100, 12_000)).toBe(80);
    expect(rateAt(eased, 100, 60_000)).toBe(100);
  });

  it('goes down once per second and per round trip', () => {
    const eased = easeDown(fullRate(100), 100, 10_000, 9_900, 0);
    expect(rateAt(easeDown(eased, 100, 10_500, 10_100, 0), 100, 10_500)).toBeCloseTo(72.5);
    expect(rateAt(easeDown(eased, 100, 12_000, 9_950, 0), 100, 12_000)).toBe(80);
    expect(rateAt(easeDown(eased, 100, 12_000, 11_000, 0), 100, 12_000)).toBe(56);
  });

  it('does not recover during a pause and never falls to nothing', () => {
    const eased = easeDown(fullRate(100), 100, 10_000, 9_900, 70_000);
    expect([rateAt(eased, 100, 60_000), rateAt(eased, 100, 71_000)]).toEqual([70, 75]);
    let low = fullRate(100);
    for (let at = 2_000; at < 200_000; at += 2_000) low = easeDown(low, 100, at, at, 0);
    expect(low.rate).toBeGreaterThanOrEqual(5);
  });

  it('leaves an unlimited rate alone', () => {
    const open = fullRate(Number.POSITIVE_INFINITY);
    expect(easeDown(open, Number.POSITIVE_INFINITY, 1, 1, 1)).toBe(open);
  });
});
