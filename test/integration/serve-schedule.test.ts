import { createServer } from 'node:net';
import pg from 'pg';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { silentLogger } from '../../src/observability/logger.ts';
import { createDaemon, type Part } from '../../src/scheduler/daemon.ts';
import { useTestDatabase } from '../support/database.ts';
import { MovableClock } from '../unit/scheduler/movable-clock.ts';
import {
  bringBack,
  FAILURE,
  longRun,
  nights,
  query,
  SUCCESS,
  scriptedJob,
  startDaemon,
  startReceiver,
  takeDown,
} from '../unit/scheduler/nights.ts';

const database = useTestDatabase();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LOCK = `hashtextextended('lobbie-sync schedule sync', 0)`;

let clock: MovableClock;
beforeEach(async () => {
  clock = new MovableClock('2026-05-01T12:00:00Z');
  await query(database.url, 'TRUNCATE lobbie_sync.schedule, lobbie_sync.alert_state, lobbie_sync.list_state');
});

/** A daemon whose first start lies behind it, and the clock at the first night. */
async function firstNight(job: ReturnType<typeof scriptedJob>['job'], more: object = {}) {
  const daemon = await startDaemon(database.url, clock, { jobs: [job], ...more });
  await daemon.daemon.idle();
  clock.set('2026-05-02T02:00:00Z');
  return daemon;
}

/** Gives promises and sockets their turn until the condition holds. */
const until = (condition: () => unknown) => expect.poll(condition);

describe('a nightly sync', () => {
  test('is begun by one of many that look at the same moment', async () => {
    const { job, begun } = scriptedJob(clock);
    const daemons = await Promise.all([1, 2, 3, 4].map(() => startDaemon(database.url, clock, { jobs: [job] })));
    await Promise.all(daemons.map((each) => each.daemon.idle()));
    for (const day of ['02', '03', '04']) {
      clock.set(`2026-05-${day}T02:00:00Z`);
      await Promise.all(daemons.map((each) => each.beat()));
      await Promise.all(daemons.map((each) => each.beat()));
    }
    expect(begun).toEqual(['2026-05-02T02:00', '2026-05-03T02:00', '2026-05-04T02:00']);
  });

  test('is skipped with its reason while the one before is still running', async () => {
    const receiver = await startReceiver();
    const { job, begun, script } = scriptedJob(clock);
    const long = longRun();
    script.push(long.step);
    const one = await firstNight(job, { alerts: { target: receiver.target } });
    one.ticks.beat();
    await long.begun;
    const other = await startDaemon(database.url, clock, { jobs: [job], alerts: { target: receiver.target } });
    clock.set('2026-05-03T02:00:00Z');
    await other.beat();
    one.ticks.beat();
    await until(() => nights(database.url)).toEqual(['05-02T02:00 running 1', '05-03T02:00 skipped 0']);
    await until(() => receiver.told).toEqual(['problem missed:sync missed']);
    long.end(SUCCESS);
    await one.daemon.idle();
    clock.set('2026-05-04T02:00:00Z');
    await Promise.all([one.beat(), other.beat()]);
    expect(begun).toEqual(['2026-05-02T02:00', '2026-05-04T02:00']);
    expect(receiver.told).toEqual(['problem missed:sync missed', 'recovered missed:sync ok']);
    expect(receiver.bodies[0]).toContain('still running');
    expect(await nights(database.url)).toEqual([
      '05-02T02:00 succeeded 1',
      '05-03T02:00 skipped 0',
      '05-04T02:00 succeeded 1',
    ]);
  });

  test('that was interrupted by a stop goes on with the next start, and nobody is alarmed', async () => {
    const receiver = await startReceiver();
    const { job, begun, script } = scriptedJob(clock);
    const long = longRun();
    script.push(long.step);
    const one = await firstNight(job, { alerts: { target: receiver.target } });
    one.ticks.beat();
    await long.begun;
    await Promise.all([one.stop(), one.daemon.stop(), one.daemon.stop()]);
    expect(await nights(database.url)).toEqual(['05-02T02:00 waiting 0']);
    clock.advance(3 * MINUTE);
    const two = await startDaemon(database.url, clock, { jobs: [job], alerts: { target: receiver.target } });
    await two.daemon.idle();
    expect(begun).toEqual(['2026-05-02T02:00', '2026-05-02T02:03']);
    expect(await nights(database.url)).toEqual(['05-02T02:00 succeeded 1']);
    expect(receiver.told).toEqual([]);
  });

  test('that fails all its tries is failed, and the next is done at its time', async () => {
    const receiver = await startReceiver();
    const { job, begun, script } = scriptedJob(clock);
    script.push(...Array.from({ length: 4 }, () => () => FAILURE));
    const one = await firstNight(job, { alerts: { target: receiver.target } });
    await one.beat();
    for (let minute = 0; minute < 180; minute += 5) {
      clock.advance(5 * MINUTE);
      await one.beat();
    }
    expect(begun).toEqual(['2026-05-02T02:00', '2026-05-02T02:05', '2026-05-02T02:20', '2026-05-02T03:20']);
    expect(await nights(database.url)).toEqual(['05-02T02:00 failed 4']);
    clock.set('2026-05-03T01:59:00Z');
    await one.beat();
    clock.set('2026-05-03T02:01:00Z');
    await one.beat();
    expect(receiver.told).toEqual(['problem job:sync failed', 'recovered job:sync ok']);
    expect(await nights(database.url)).toEqual(['05-02T02:00 failed 4', '05-03T02:00 succeeded 1']);
  });

  test('that failed by a bad secret is made up for by the start with a good one, and by nobody who had the bad one', async () => {
    const receiver = await startReceiver();
    const refused = { status: 'failed', exitCode: 3, message: 'the token endpoint answered 401' } as const;
    const bad = scriptedJob(clock);
    bad.script.push(...Array.from({ length: 9 }, () => () => refused));
    const one = await firstNight(bad.job, { alerts: { target: receiver.target } });
    await one.beat();
    clock.advance(HOUR);
    await one.beat();
    await one.beat();
    expect(await nights(database.url)).toEqual(['05-02T02:00 failed 1']);
    // A second daemon with the same secret tries once; the two don't go on in turns.
    const two = await startDaemon(database.url, clock, { jobs: [bad.job] });
    for (const each of [two, one, two, one]) await each.beat();
    expect(await nights(database.url)).toEqual(['05-02T02:00 failed 2']);
    await Promise.all([one.stop(), two.stop()]);
    clock.advance(HOUR);
    const good = scriptedJob(clock);
    const three = await startDaemon(database.url, clock, { jobs: [good.job], alerts: { target: receiver.target } });
    await three.daemon.idle();
    expect(good.begun).toEqual(['2026-05-02T04:00']);
    expect(await nights(database.url)).toEqual(['05-02T02:00 succeeded 3']);
    expect(receiver.told).toEqual(['problem job:sync failed', 'recovered job:sync ok']);
    clock.set('2026-05-03T02:00:00Z');
    await three.beat();
    expect(await nights(database.url)).toEqual(['05-02T02:00 succeeded 3', '05-03T02:00 succeeded 1']);
  });

  test('that ends its process again and again is given up, and reported', async () => {
    const receiver = await startReceiver();
    const { job, begun } = scriptedJob(clock);
    const one = await firstNight(job, { alerts: { target: receiver.target } });
    await query(
      database.url,
      `INSERT INTO lobbie_sync.schedule (job, due_at, status, attempts, holder) VALUES ('sync', $1, 'running', 4, 'gone')`,
      [clock.now()],
    );
    for (let minute = 0; minute < 4; minute += 1) {
      await one.beat();
      clock.advance(MINUTE);
    }
    expect(begun).toEqual([]);
    expect(await nights(database.url)).toEqual(['05-02T02:00 failed 4']);
    expect(receiver.told).toEqual(['problem job:sync failed']);
  });

  test('is not done again when the clock is set back, nor kept from coming by one that stood far ahead', async () => {
    const { job, begun } = scriptedJob(clock);
    const one = await firstNight(job);
    await one.beat();
    clock.set('2026-05-02T01:30:00Z');
    await one.beat();
    clock.set('2026-05-02T02:00:00Z');
    await one.beat();
    clock.set('2031-01-01T02:00:00Z');
    await one.beat();
    clock.set('2026-05-03T02:00:00Z');
    await one.beat();
    expect(begun).toEqual(['2026-05-02T02:00', '2031-01-01T02:00', '2026-05-03T02:00']);
  });
});

describe('a lost connection', () => {
  test('during a job: the lock is taken again, nobody else begins, and the nightly sync is recorded once', async () => {
    const { job, begun, script, most } = scriptedJob(clock);
    const long = longRun();
    script.push(long.step);
    const one = await firstNight(job);
    one.ticks.beat();
    await long.begun;
    const other = await startDaemon(database.url, clock, { jobs: [job] });
    await takeDown(database);
    await bringBack(database);
    await until(() => {
      clock.advance(1000);
      return query(
        database.url,
        `SELECT FROM pg_stat_activity WHERE application_name = 'lobbie-sync schedule'
        AND datname = current_database()`,
      );
    }).toHaveLength(1);
    clock.set('2026-05-02T02:30:00Z');
    for (let minute = 0; minute < 5; minute += 1) {
      clock.advance(MINUTE);
      await other.beat();
    }
    long.end(SUCCESS);
    await one.daemon.idle();
    await other.beat();
    expect(begun).toEqual(['2026-05-02T02:00']);
    expect(most()).toBe(1);
    expect(await nights(database.url)).toEqual(['05-02T02:00 succeeded 1']);
  });

  test('that brings the lock to somebody else asks the job to end', async () => {
    const { job, begun, script } = scriptedJob(clock);
    const long = longRun();
    script.push(long.step);
    const one = await firstNight(job);
    one.ticks.beat();
    await long.begun;
    const rival = new pg.Client({ connectionString: database.url });
    onTestFinished(() => rival.end());
    await rival.connect();
    const taken = rival.query(`SELECT pg_advisory_lock(${LOCK})`);
    await query(
      database.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'lobbie-sync schedule' AND datname = current_database()`,
    );
    await taken;
    await until(async () => {
      clock.advance(1000);
      return await nights(database.url);
    }).toEqual(['05-02T02:00 waiting 0']);
    await one.beat();
    expect(begun).toHaveLength(1);
    await rival.query(`SELECT pg_advisory_unlock(${LOCK})`);
    clock.advance(MINUTE);
    await one.beat();
    expect(begun).toHaveLength(2);
    expect(await nights(database.url)).toEqual(['05-02T02:00 succeeded 1']);
  });

  test('at the end of a job: the end is recorded when the database is back', async () => {
    const { job, begun, script } = scriptedJob(clock);
    const long = longRun();
    script.push(long.step);
    const one = await firstNight(job);
    one.ticks.beat();
    await long.begun;
    await takeDown(database);
    long.end(SUCCESS);
    for (let second = 0; second < 20; second += 1) {
      clock.advance(1000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await bringBack(database);
    await until(async () => {
      clock.advance(10_000);
      return await nights(database.url);
    }).toEqual(['05-02T02:00 succeeded 1']);
    await one.daemon.idle();
    expect(begun).toHaveLength(1);
  });
});

describe('alerts', () => {
  const labsAreWhole = (since: Date) =>
    query(
      database.url,
      `INSERT INTO lobbie_sync.list_state (account_id, resource, operation, last_certified_at, oldest_checked_at)
       VALUES (1001, 'labs', 'listLabs', $1, $1) ON CONFLICT (account_id, resource, location_id, operation)
       DO UPDATE SET last_certified_at = excluded.last_certified_at, oldest_checked_at = excluded.oldest_checked_at`,
      [since],
    );

  test('stale resources once, reminders, recovery; a receiver that is away hears of it later', async () => {
    const receiver = await startReceiver();
    const { job } = scriptedJob(clock);
    await labsAreWhole(clock.now());
    const one = await startDaemon(database.url, clock, { jobs: [job], alerts: { target: receiver.target } });
    await one.daemon.idle();
    const pass = async (hours: number) => {
      for (let hour = 0; hour < hours; hour += 1) {
        clock.advance(HOUR);
        await one.beat();
      }
    };
    await pass(48);
    expect(receiver.told).toEqual([]);
    receiver.state.down = true;
    await pass(3);
    receiver.state.down = false;
    await pass(3);
    expect(receiver.told.splice(0)).toEqual(['problem stale:1001:labs stale']);
    await pass(25);
    expect(receiver.told.splice(0)).toEqual(['reminder stale:1001:labs stale']);
    await labsAreWhole(clock.now());
    await pass(3);
    expect(receiver.told).toEqual(['recovered stale:1001:labs ok']);
  });

  test('two daemons tell a thing once', async () => {
    const receiver = await startReceiver();
    const { job } = scriptedJob(clock);
    await labsAreWhole(new Date('2026-04-01T00:00:00Z'));
    const options = { jobs: [job], alerts: { target: receiver.target } };
    const daemons = await Promise.all([1, 2, 3].map(() => startDaemon(database.url, clock, options)));
    clock.advance(HOUR);
    await Promise.all(daemons.map((each) => each.beat()));
    expect(receiver.told).toEqual(['problem stale:1001:labs stale']);
  });

  test('hold no text of a foreign error', async () => {
    const receiver = await startReceiver();
    const { job, script } = scriptedJob(clock);
    script.push(() => {
      throw Object.assign(new Error('Zaphod Beeblebrox'), { code: '23505', detail: 'Zaphod' });
    });
    const one = await firstNight(job, { alerts: { target: receiver.target } });
    await one.beat();
    expect(receiver.told).toEqual(['problem job:sync failed']);
    expect(receiver.bodies.join()).not.toContain('Zaphod');
    expect(JSON.stringify(await query(database.url, 'SELECT * FROM lobbie_sync.schedule'))).not.toContain('Zaphod');
  });
});

describe('the daemon', () => {
  const parts = (order: string[], failing?: string) =>
    ['a', 'b'].map(
      (name) => (): Part => ({
        start: async () => {
          if (name === failing) throw new Error(`${name} can't start`);
          order.push(`+${name}`);
        },
        stop: async () => void order.push(`-${name}`),
      }),
    );

  test('starts and stops its parts once, last first', async () => {
    const order: string[] = [];
    const one = await startDaemon(database.url, clock, { jobs: [], parts: parts(order) });
    await Promise.all([one.daemon.start(), one.daemon.start()]);
    await Promise.all([one.daemon.stop(), one.daemon.stop()]);
    await one.daemon.stop();
    expect(order).toEqual(['+a', '+b', '-b', '-a']);
    expect(one.daemon.view.draining).toBe(true);
  });

  test('releases what was started when a part fails', async () => {
    const order: string[] = [];
    await expect(startDaemon(database.url, clock, { jobs: [], parts: parts(order, 'b') })).rejects.toThrow(
      "b can't start",
    );
    expect(order).toEqual(['+a', '-a']);
  });

  test('starts without a database and begins when there is one', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    const { job } = scriptedJob(clock);
    const one = await startDaemon(`postgres://nobody@127.0.0.1:${port}/none`, clock, { jobs: [job] });
    await one.daemon.idle();
    clock.advance(HOUR);
    await one.beat();
    await one.stop();
  });

  test('refuses a job whose times make no sense', () => {
    const { job } = scriptedJob(clock, { cron: 'at night' });
    const nowhere = createPool({ connectionString: '' });
    const options = {
      db: undefined as never,
      pool: nowhere,
      connectionString: '',
      clock,
      logger: silentLogger,
      jobs: [job],
    };
    expect(() => createDaemon(options)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
