import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { differences } from '../support/compare.ts';
import { useTestDatabase } from '../support/database.ts';
import { count, type Place, query, runOnce, runToTheEnd } from '../support/harness.ts';
import { listOf, startFakeApi } from '../support/harness-api.ts';
import { kill, spawnBackfill, until, untilHeld } from '../support/harness-process.ts';
import { readTruth, type Truth } from '../support/truth.ts';

/** A process that is killed, asked to end, or cut off from its database in the middle of a backfill. */

let simulator: Simulator;
let truth: Truth;
/** Requests of a backfill that nothing interrupts. */
let plain: number;
const undisturbed = useTestDatabase();

beforeAll(async () => {
  simulator = await startSimulator({ seed: 5, patients: 60, accounts: [1001], locationsPerAccount: 3, latencyMs: 1 });
  truth = await readTruth(simulator);
  simulator.resetStats();
  const report = await runOnce(placeOf(undisturbed.url));
  expect(report.exitCode).toBe(0);
  plain = simulator.stats().requests;
});
afterAll(() => simulator.stop());
const placeOf = (databaseUrl: string): Place => ({ api: simulator, databaseUrl, accounts: ['1001'] });

/** Numbers in [0, 1) that are the same every time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const statuses = (url: string) =>
  query<{ status: string; n: number }>(
    url,
    'SELECT status, count(*)::int AS n FROM lobbie_sync.runs GROUP BY status ORDER BY status',
  );
const leases = (url: string) => count(url, 'SELECT count(*) FROM lobbie_sync.leases');

describe('five kills during one backfill', () => {
  const database = useTestDatabase();

  test('cost little and lose nothing', async () => {
    const place = placeOf(database.url);
    const random = seeded(20260115);
    const moments = Array.from({ length: 5 }, () => 0.03 + 0.9 * random()).sort((a, b) => a - b);
    simulator.resetStats();
    for (const moment of moments) {
      const run = spawnBackfill(place);
      const alive = await until(run, () => simulator.stats().requests >= moment * plain);
      expect(alive, 'the run ended before it could be killed').toBe(true);
      run.child.kill('SIGKILL');
      await run.ended;
    }
    const last = spawnBackfill(place);
    expect(await last.ended).toMatchObject({ code: 0 });
    expect(await differences(database.url, truth)).toEqual([]);
    expect(simulator.stats().requests).toBeLessThanOrEqual(1.2 * plain);
    expect(await statuses(database.url)).toEqual([
      { status: 'incomplete', n: 5 },
      { status: 'succeeded', n: 1 },
    ]);
    expect(await leases(database.url)).toBe(0);
    expect(await count(database.url, `SELECT count(*) FROM lobbie_sync.passes WHERE status = 'open'`)).toBe(0);
  });
});

describe('SIGTERM during a backfill', () => {
  const database = useTestDatabase();

  test('ends it in order and the next run goes on', async () => {
    const place = placeOf(database.url);
    simulator.resetStats();
    const run = spawnBackfill(place);
    await until(run, () => simulator.stats().requests >= plain / 2);
    run.child.kill('SIGTERM');
    const { code, stdout } = await run.ended;
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'incomplete' });
    expect(await statuses(database.url)).toEqual([{ status: 'incomplete', n: 1 }]);
    expect(await leases(database.url)).toBe(0);
    // Everything that was requested was stored: nothing of it is requested again.
    expect(await runOnce(place)).toMatchObject({ exitCode: 0 });
    expect(simulator.stats().requests).toBeLessThanOrEqual(1.1 * plain);
    expect(await differences(database.url, truth)).toEqual([]);
  });
});

describe('a kill while the windows of a list are being planned', () => {
  const database = useTestDatabase();

  test('leaves no part of time unread', async () => {
    const api = await startFakeApi();
    const place: Place = { api, databaseUrl: database.url, accounts: ['7'] };
    const hour = 3_600_000;
    const opened = Date.now() - 2000 * hour;
    const dates = Array.from({ length: 2000 }, (_, index) => new Date(opened + index * hour).toISOString());
    const rows = dates.map((createdAt, index) => `{"id":${index + 1},"createdAt":"${createdAt}"}`);
    api.answers.set('account/7/location', listOf('locations', [`{"id":70,"createdAt":"${dates[0]}"}`]));
    // Without a range the API shows the last third only.
    const shown = [dates[1400] ?? '', '9999'] as const;
    api.answers.set('account/7/location/70/notification', listOf('notifications', rows, { dates, byDefault: shown }));
    await query(
      database.url,
      `CREATE FUNCTION public.dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF (SELECT count(*) FROM lobbie_sync.cursors WHERE scope LIKE '%[%') >= 3 THEN PERFORM pg_sleep(30); END IF;
         RETURN NEW;
       END $$`,
    );
    await query(
      database.url,
      'CREATE TRIGGER dawdle BEFORE INSERT ON lobbie_sync.cursors FOR EACH ROW EXECUTE FUNCTION public.dawdle()',
    );
    const run = spawnBackfill(place, ['notifications']);
    expect(await untilHeld(run, database.url)).toBe(true);
    await kill(run, database.url);
    await query(database.url, 'DROP TRIGGER dawdle ON lobbie_sync.cursors');
    await runToTheEnd(place, 2, { selection: { resources: ['notifications'] } });
    expect(await count(database.url, 'SELECT count(*) FROM lobbie.notifications')).toBe(2000);
    await api.stop();
  });
});

describe('two backfills at once', () => {
  const database = useTestDatabase();

  test('do no work twice and leave the data right', async () => {
    const place = placeOf(database.url);
    simulator.resetStats();
    const first = spawnBackfill(place);
    await until(first, () => simulator.stats().requests >= plain / 10);
    // It stands still until the other one has begun: how long that takes to start decides nothing.
    first.child.kill('SIGSTOP');
    const second = spawnBackfill(place);
    await until(second, async () => (await count(database.url, 'SELECT count(*) FROM lobbie_sync.runs')) === 2);
    first.child.kill('SIGCONT');
    const [one, two] = [await second.ended, await first.ended];
    expect(two.code).toBe(0);
    expect(one.code).toBe(4);
    expect(simulator.stats().requests).toBeLessThanOrEqual(plain);
    const busy = `SELECT count(*) FROM lobbie_sync.run_problems WHERE code = 'state.busy'`;
    expect(await count(database.url, busy)).toBeGreaterThan(0);
    expect(await differences(database.url, truth)).toEqual([]);
    expect(await leases(database.url)).toBe(0);
  });
});

describe('two backfills that start at the same moment', () => {
  const database = useTestDatabase();

  test('share or divide the work, and one more run makes it whole', async () => {
    const place = placeOf(database.url);
    simulator.resetStats();
    const both = await Promise.all([spawnBackfill(place).ended, spawnBackfill(place).ended]);
    for (const { code } of both) expect([0, 4]).toContain(code);
    await runToTheEnd(place, 1);
    expect(simulator.stats().requests).toBeLessThanOrEqual(2 * plain);
    expect(await differences(database.url, truth)).toEqual([]);
    expect(await leases(database.url)).toBe(0);
  });
});

describe('a database that ends all connections again and again', () => {
  const database = useTestDatabase();

  test('is survived, or the run ends as what it is', async () => {
    const place = placeOf(database.url);
    simulator.resetStats();
    const cut = () =>
      query(
        database.url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'lobbie-sync%'`,
      );
    const run = spawnBackfill(place);
    for (const moment of [0.2, 0.4, 0.6]) {
      if (!(await until(run, () => simulator.stats().requests >= moment * plain))) break;
      await cut();
    }
    const { code, stderr } = await run.ended;
    expect([0, 1, 4, 5], stderr.slice(-2000)).toContain(code);
    expect(stderr).not.toMatch(/Unhandled|uncaught|node:internal|node:events/);
    await runToTheEnd(place, 2);
    expect(await differences(database.url, truth)).toEqual([]);
    expect(await count(database.url, `SELECT count(*) FROM lobbie_sync.runs WHERE status = 'running'`)).toBe(0);
    expect(await leases(database.url)).toBe(0);
  });
});
