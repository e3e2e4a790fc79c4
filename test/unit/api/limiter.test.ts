import { describe, expect, it } from 'vitest';
import { createLimiter, type Limiter } from '../../../src/api/limiter.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { failure, fakeClock } from './server.ts';

const turns = (count: number) => Array.from({ length: count }, (_each, index) => index);

async function oneRuns(limiter: Limiter): Promise<void> {
  while (limiter.state.running === 0) await systemClock.sleep(1);
}

/** 20 goes through Bottleneck, 400 and no limit do without. */
describe.each([20, 400, 0])('a limiter of %i requests per second', (requestsPerSecond) => {
  it('never runs more than maxConcurrent at once, and runs everything', async () => {
    const limiter = createLimiter({ requestsPerSecond, maxConcurrent: 3, clock: fakeClock() });
    let most = 0;
    await Promise.all(
      turns(12).map(() =>
        limiter.run(async () => {
          most = Math.max(most, limiter.state.running);
          await systemClock.sleep(5);
        }),
      ),
    );
    expect(most).toBeLessThanOrEqual(3);
    expect(limiter.state).toMatchObject({ running: 0, queued: 0 });
  });

  it('starts the most urgent first', async () => {
    const limiter = createLimiter({ requestsPerSecond, maxConcurrent: 1, clock: fakeClock() });
    const order: number[] = [];
    const first = Promise.withResolvers<void>();
    const all = [limiter.run(() => first.promise)];
    await oneRuns(limiter);
    for (const priority of [9, 5, 0, 5]) all.push(limiter.run(async () => void order.push(priority), { priority }));
    // Bottleneck takes tasks into its queue one by one, a timer of a millisecond each.
    await systemClock.sleep(60);
    first.resolve();
    await Promise.all(all);
    expect(order).toEqual([0, 5, 5, 9]);
  });

  it('passes results and failures on and frees the slot', async () => {
    const limiter = createLimiter({ requestsPerSecond, maxConcurrent: 1, clock: fakeClock() });
    expect((await failure<Error>(limiter.run(() => Promise.reject(new Error('no'))))).message).toBe('no');
    expect(await limiter.run(async () => 7)).toBe(7);
  });

  it('starts nothing during a pause, whoever the caller is', async () => {
    const clock = fakeClock();
    const limiter = createLimiter({ requestsPerSecond, maxConcurrent: 4, clock });
    limiter.throttled(clock.now(), 90_000_000);
    const until = clock.time + 90_000_000;
    expect(limiter.state.pausedUntil?.getTime()).toBe(until);
    const starts = await Promise.all(turns(3).map(() => limiter.run(async () => clock.time)));
    for (const start of starts) expect(start).toBeGreaterThanOrEqual(until);
    expect(limiter.state).toMatchObject({ pausedUntil: undefined, throttled: 1 });
    // In slices: one timer over 24 days would fire at once.
    expect(Math.max(...clock.slept)).toBeLessThanOrEqual(3_600_000);
  });

  it('lets callers give up in the queue and in a pause; the others go on', async () => {
    const limiter = createLimiter({ requestsPerSecond, maxConcurrent: 1, clock: systemClock });
    const first = Promise.withResolvers<void>();
    const running = limiter.run(() => first.promise);
    await oneRuns(limiter);
    const controller = new AbortController();
    const lost = turns(5).map(() => failure<Error>(limiter.run(async () => 1, { signal: controller.signal })));
    const kept = limiter.run(async () => 2);
    controller.abort(new Error('gave up'));
    for (const each of lost) expect((await each).message).toBe('gave up');
    expect(limiter.state.queued).toBe(1);
    first.resolve();
    await running;
    expect(await kept).toBe(2);
    limiter.throttled(new Date(), 60_000);
    const paused = failure<Error>(limiter.run(async () => 3, { signal: AbortSignal.timeout(20) }));
    expect((await paused).name).toBe('TimeoutError');
    expect((await failure<Error>(limiter.run(async () => 4, { signal: controller.signal }))).message).toBe('gave up');
    limiter.close(new Error('closed'));
  });

  it('refuses everyone once it is closed', async () => {
    const limiter = createLimiter({ requestsPerSecond, maxConcurrent: 1, clock: systemClock });
    limiter.throttled(new Date(), 60_000);
    const waiting = failure<Error>(limiter.run(async () => 1));
    limiter.close(new Error('closed'));
    expect((await waiting).message).toBe('closed');
    expect((await failure<Error>(limiter.run(async () => 1))).message).toBe('closed');
  });
});

describe('the rate', () => {
  it('holds back a start that was granted when the pause begins', async () => {
    const limiter = createLimiter({ requestsPerSecond: 20, maxConcurrent: 4, clock: systemClock });
    const late: number[] = [];
    const pausedUntil = Date.now() + 60;
    const run = limiter.run(async () => void late.push(Date.now()));
    limiter.throttled(new Date(), 60);
    await run;
    expect(late[0]).toBeGreaterThanOrEqual(pausedUntil);
  });

  it.each([10, 60, 500])('spaces out the starts at %i a second', async (requestsPerSecond) => {
    const clock = fakeClock();
    const began = clock.time;
    const limiter = createLimiter({ requestsPerSecond, maxConcurrent: 8, clock });
    const starts = await Promise.all(turns(150).map(() => limiter.run(async () => clock.time - began)));
    const seconds = Math.max(...starts) / 1000;
    expect(149 / seconds).toBeGreaterThan(requestsPerSecond * 0.95);
    expect(149 / seconds).toBeLessThanOrEqual(requestsPerSecond * 1.02);
  });

  it('is reduced by throttling and recovers', async () => {
    const clock = fakeClock();
    const limiter = createLimiter({ requestsPerSecond: 100, maxConcurrent: 8, clock });
    limiter.throttled(clock.now());
    limiter.throttled(clock.now());
    expect(limiter.state).toMatchObject({ rate: 70, configuredRate: 100, throttled: 2 });
    clock.time += 2_000;
    expect(limiter.state.rate).toBe(80);
    clock.time += 60_000;
    expect(limiter.state.rate).toBe(100);
  });

  it('refuses senseless figures', () => {
    const limiter = (requestsPerSecond: number, maxConcurrent: number) => () =>
      createLimiter({ requestsPerSecond, maxConcurrent, clock: systemClock });
    for (const bad of [limiter(-1, 1), limiter(Number.NaN, 1), limiter(1, 0), limiter(1, 1.5)])
      expect(bad).toThrow(RangeError);
  });
});
