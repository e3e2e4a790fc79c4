import { expect, test } from 'vitest';
import { allTicks, clockTicks, cronTicks } from '../../../src/scheduler/ticks.ts';
import { MovableClock } from './movable-clock.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('the clock gives a tick every minute, also after a jump, until it is stopped', async () => {
  const clock = new MovableClock('2026-05-01T00:00:00Z');
  let beats = 0;
  const stop = clockTicks(clock).start(() => {
    beats += 1;
  });
  for (const ms of [59_999, 1, 60_000, 8 * 3_600_000]) {
    clock.advance(ms);
    await settle();
  }
  expect(beats).toBe(3);
  await stop();
  clock.advance(3_600_000);
  await settle();
  expect(beats).toBe(3);
  expect(clock.sleeping).toBe(0);
});

test('sources are started and ended together', async () => {
  const clock = new MovableClock('2026-05-01T00:00:00Z');
  const stop = allTicks(cronTicks(), clockTicks(clock)).start(() => undefined);
  expect(clock.sleeping).toBe(1);
  await stop();
  expect(clock.sleeping).toBe(0);
});
