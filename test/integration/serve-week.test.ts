import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { useTestDatabase } from '../support/database.ts';
import { MovableClock } from '../unit/scheduler/movable-clock.ts';
import {
  bringBack,
  FAILURE,
  nights,
  query,
  scriptedJob,
  startDaemon,
  startReceiver,
  type TestDaemon,
  takeDown,
} from '../unit/scheduler/nights.ts';

const database = useTestDatabase();
const TIMES = { cron: '30 2 * * *', timezone: 'Europe/Berlin' };
const MINUTE = 60_000;

test('a week with a doubled hour, two daemons, failures, a crash, missed nights and a database outage', async () => {
  const clock = new MovableClock('2026-10-23T10:00:00Z');
  const receiver = await startReceiver();
  const { job, begun, script, most } = scriptedJob(clock, TIMES);
  const start = () => startDaemon(database.url, clock, { jobs: [job], alerts: { target: receiver.target } });

  /** Time passes in steps, all daemons beating at once. */
  async function live(until: string, stepMs: number, ...daemons: readonly TestDaemon[]): Promise<void> {
    const end = Date.parse(until);
    while (clock.now().getTime() < end) {
      clock.advance(Math.min(stepMs, end - clock.now().getTime()));
      await Promise.all(daemons.map((each) => each.beat()));
    }
  }

  // Saturday and the night that has 02:30 twice, with two daemons.
  const first = await start();
  await first.daemon.idle();
  const second = await start();
  await live('2026-10-25T12:00:00Z', 10 * MINUTE, first, second);
  expect(begun).toEqual(['2026-10-24T00:30', '2026-10-25T00:30']);
  expect(receiver.told).toEqual([]);

  // Monday: the API is away, twice; then it is back.
  script.push(
    () => FAILURE,
    () => {
      throw new TypeError('fetch failed');
    },
  );
  await live('2026-10-26T12:00:00Z', 5 * MINUTE, first, second);
  expect(begun.splice(2)).toEqual(['2026-10-26T01:30', '2026-10-26T01:35', '2026-10-26T01:50']);
  expect(receiver.told.splice(0)).toEqual(['problem job:sync failed', 'recovered job:sync ok']);

  // Tuesday: a process is killed in the middle of the night. Another one notices and does the night.
  await Promise.all([first.stop(), second.stop()]);
  clock.set('2026-10-27T01:31:00Z');
  const script2 = join(import.meta.dirname, '..', 'unit', 'scheduler', 'doomed-daemon.ts');
  const now = clock.now().toISOString();
  const doomed = spawn(process.execPath, [script2, database.url, now, TIMES.cron, TIMES.timezone], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void doomed.kill('SIGKILL'));
  await once(doomed.stdout, 'data');
  const third = await start();
  await live('2026-10-27T02:00:00Z', MINUTE, third);
  expect(begun.splice(2)).toEqual([]);
  doomed.kill('SIGKILL');
  await once(doomed, 'exit');
  await expect
    .poll(
      () =>
        query(
          database.url,
          `SELECT FROM pg_locks WHERE locktype = 'advisory'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        ),
      { interval: 20 },
    )
    .toHaveLength(0);
  await live('2026-10-27T12:00:00Z', MINUTE, third);
  expect(begun.splice(2)).toEqual(['2026-10-27T02:03']);
  expect(receiver.told).toEqual([]);

  // Wednesday and Thursday nothing runs; at noon of Thursday it does again.
  await third.stop();
  clock.set('2026-10-29T11:00:00Z');
  const fourth = await start();
  await fourth.daemon.idle();
  await live('2026-10-29T15:00:00Z', 10 * MINUTE, fourth);
  expect(begun.splice(2)).toEqual(['2026-10-29T11:00']);
  expect(receiver.told.splice(0)).toEqual(['problem missed:sync missed', 'recovered missed:sync ok']);

  // Friday the database is away when the night is due, and for hours.
  await live('2026-10-30T01:00:00Z', 30 * MINUTE, fourth);
  await takeDown(database);
  await live('2026-10-30T06:00:00Z', 10 * MINUTE, fourth);
  expect(begun.splice(2)).toEqual([]);
  await bringBack(database);
  await live('2026-10-30T12:00:00Z', 10 * MINUTE, fourth);
  expect(begun.splice(2)).toEqual(['2026-10-30T06:10']);
  expect(receiver.told.splice(0)).toEqual(['problem missed:sync missed', 'recovered missed:sync ok']);

  expect(await nights(database.url)).toEqual([
    '10-24T00:30 succeeded 1',
    '10-25T00:30 succeeded 1',
    '10-26T01:30 succeeded 3',
    '10-27T01:30 succeeded 2',
    '10-28T01:30 skipped 0',
    '10-29T01:30 succeeded 1',
    '10-30T01:30 succeeded 1',
  ]);
  expect(most()).toBe(1);
});
