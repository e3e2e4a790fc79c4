import { expect, test } from 'vitest';
import { createLimiter } from '../../../src/api/limiter.ts';
import { systemClock } from '../../../src/core/clock.ts';

test('a fraction lowers the rate, and 1 restores it', () => {
  const limiter = createLimiter({ requestsPerSecond: 60, maxConcurrent: 4, clock: systemClock });
  limiter.useFraction(1 / 3);
  expect(limiter.state.rate).toBeCloseTo(20);
  expect(limiter.state.configuredRate).toBe(60);
  limiter.useFraction(1);
  expect(limiter.state.rate).toBeCloseTo(60);
  limiter.close(new Error('end of test'));
});

test.each([0, -1, 1.5, Number.NaN])('a fraction of %d is refused', (fraction) => {
  const limiter = createLimiter({ requestsPerSecond: 60, maxConcurrent: 4, clock: systemClock });
  expect(() => limiter.useFraction(fraction)).toThrow(RangeError);
  limiter.close(new Error('end of test'));
});
