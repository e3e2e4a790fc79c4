import { expect, test } from 'vitest';
import { createLimiter } from '../../../src/api/limiter.ts';
import { systemClock } from '../../../src/core/clock.ts';

test('a share divides the rate, and is taken back', () => {
  const limiter = createLimiter({ requestsPerSecond: 60, maxConcurrent: 4, clock: systemClock });
  limiter.share(1 / 3);
  expect(limiter.state.rate).toBeCloseTo(20);
  expect(limiter.state.configuredRate).toBe(60);
  limiter.share(1);
  expect(limiter.state.rate).toBeCloseTo(60);
  limiter.close(new Error('end of test'));
});

test.each([0, -1, 1.5, Number.NaN])('a share of %d is refused', (fraction) => {
  const limiter = createLimiter({ requestsPerSecond: 60, maxConcurrent: 4, clock: systemClock });
  expect(() => limiter.share(fraction)).toThrow(RangeError);
  limiter.close(new Error('end of test'));
});
