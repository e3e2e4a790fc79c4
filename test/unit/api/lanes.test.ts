import { describe, expect, test } from 'vitest';
import { Lanes } from '../../../src/api/lanes.ts';
import { createLimiter } from '../../../src/api/limiter.ts';
import { fakeClock } from './server.ts';

const job = (priority: number, waiting = () => true) => ({ priority, waiting, start: async () => undefined });

/** The priorities of the next starts. */
const starts = (lanes: Lanes, fraction: number, count: number) =>
  Array.from({ length: count }, () => lanes.take(fraction)?.priority);

function filled(urgent: number, others: number): Lanes {
  const lanes = new Lanes();
  for (let each = 0; each < urgent; each += 1) lanes.add(job(2));
  for (let each = 0; each < others; each += 1) lanes.add(job(5));
  return lanes;
}

describe('urgent jobs beside others', () => {
  test.each([
    [0.5, 100],
    [0.25, 50],
    [0.9, 180],
    [0.1, 20],
  ])('get a fraction of %d of 200 starts: %i', (fraction, expected) => {
    const taken = starts(filled(300, 300), fraction, 200);
    expect(taken[0]).toBe(2);
    // The one at the very beginning may come on top.
    expect(Math.abs(taken.filter((priority) => priority === 2).length - expected)).toBeLessThanOrEqual(1);
  });

  test('get everything while nobody else waits, and go first when they come anew', () => {
    const lanes = filled(50, 0);
    expect(starts(lanes, 0.1, 50)).toEqual(Array(50).fill(2));
    expect(lanes.take(0.1)).toBeUndefined();
    lanes.add(job(5));
    lanes.add(job(1));
    expect(starts(lanes, 0.1, 2)).toEqual([1, 5]);
  });

  test('are passed over when their callers gave up', () => {
    const lanes = filled(0, 2);
    lanes.add(job(2, () => false));
    expect(starts(lanes, 1, 3)).toEqual([5, 5, undefined]);
  });
});

test.each([0, 4, 400])(
  'a limiter of %i a second keeps reads moving beside 200 deliveries, and leaves no place of those who gave up',
  async (requestsPerSecond) => {
    const limiter = createLimiter({ requestsPerSecond, maxConcurrent: 1, clock: fakeClock(), urgentFraction: 0.5 });
    const first = Promise.withResolvers<void>();
    const order: string[] = [];
    const run = (name: string, priority: number, signal?: AbortSignal) =>
      limiter.run(async () => void order.push(name), { priority, signal });
    const all: Promise<unknown>[] = [limiter.run(() => first.promise)];
    const away = new AbortController();
    const gaveUp = Array.from({ length: 20 }, () => run('gone', 2, away.signal).catch(() => 'gave up'));
    for (let each = 0; each < 200; each += 1) all.push(run('delivery', 2));
    for (let each = 0; each < 50; each += 1) all.push(run('read', 5));
    away.abort(new Error('enough'));
    expect(await Promise.all(gaveUp)).toEqual(Array(20).fill('gave up'));
    first.resolve();
    await Promise.all(all);
    expect(order.length).toBe(250);
    // Half of the first hundred, and the rest of the deliveries when no read waits any more.
    const reads = order.slice(0, 100).filter((name) => name === 'read').length;
    expect(Math.abs(reads - 50)).toBeLessThanOrEqual(1);
    // Later callers are served as well, with nothing left of those who gave up.
    await Promise.all(Array.from({ length: 5 }, () => run('later', 5)));
    expect(limiter.state).toMatchObject({ queued: 0, running: 0 });
  },
);
