import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LobbieSyncError } from '../../src/core/errors.ts';
import { createPool } from '../../src/db/pool.ts';
import { kyselyOnPool } from '../../src/db/transaction.ts';
import { claimNew, forgetFuture, recordSkipped } from '../../src/state/schedule.ts';
import { type OddApi, startOddApi } from '../odd-api/start.ts';
import { MovableClock } from '../support/clock.ts';
import { useTestDatabase } from '../support/database.ts';
import { count } from '../support/harness.ts';
import { DAY_MS, Syncer } from '../support/night.ts';

/** Clocks that are wrong: this machine's, Lobbie's, the database's. */

const database = useTestDatabase();
const MAX_MS = 300_000;
let api: OddApi;
let syncer: Syncer | undefined;

beforeAll(async () => {
  api = await startOddApi({ seed: 2, patients: 6 });
});
afterAll(() => api.close());
beforeEach(() => api.odd.clear());
afterEach(async () => {
  await syncer?.close();
  syncer = undefined;
});

function machine(aheadMs: number, maxClockSkewMs: number | undefined = MAX_MS): Syncer {
  syncer = new Syncer({
    api,
    databaseUrl: database.url,
    accounts: api.accountIds.map(String),
    clock: new MovableClock({ now: Date.now() + aheadMs }),
    maxClockSkewMs,
  });
  return syncer;
}

const runs = () => count(database.url, 'SELECT count(*) FROM lobbie_sync.runs');

describe('a run refuses to begin', () => {
  test.each([
    ['30 days ahead', 30 * DAY_MS, '2592000 s ahead of'],
    ['400 days ahead', 400 * DAY_MS, '34560000 s ahead of'],
    ['an hour behind', -3_600_000, '3600 s behind'],
    ['six minutes ahead', 360_000, '360 s ahead of'],
  ])('while the clock of this machine is %s, and says by how much', async (_name, ahead, words) => {
    const before = await runs();
    const error = (await machine(ahead)
      .run('backfill')
      .catch((cause: unknown) => cause)) as LobbieSyncError;
    expect(error).toMatchObject({ code: 'clock.skew', exitCode: 2 });
    expect(error.message.replace(/\d+ s/, (text) => `${Math.round(Number.parseInt(text, 10) / 5) * 5} s`)).toContain(
      words,
    );
    // It stands among the runs, with a time that is right.
    expect(await runs()).toBe(before + 1);
    expect(
      await count(
        database.url,
        `SELECT count(*) FROM lobbie_sync.runs WHERE id = (SELECT max(id) FROM lobbie_sync.runs) AND kind = 'backfill'
         AND status = 'failed' AND error LIKE 'the clock of this machine is %' AND finished_at BETWEEN now() - interval '1 hour' AND now()`,
      ),
    ).toBe(1);
    expect(await count(database.url, 'SELECT count(*) FROM lobbie.patients')).toBe(0);
  });

  test('while Lobbie answers with another time', async () => {
    api.odd.add({ kind: 'date-skew', ms: -7_200_000 });
    const error = await machine(0)
      .run('sync')
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: 'clock.skew',
      message: expect.stringMatching(/\d+ s ahead of that of Lobbie/),
    });
  });

  test('but not within what clocks may differ, and not when clocks are not compared', async () => {
    expect(await machine(200_000).run('backfill')).toMatchObject({ status: 'succeeded' });
    await syncer?.close();
    expect(await machine(40 * DAY_MS, Number.MAX_SAFE_INTEGER).run('sync')).toMatchObject({ status: 'succeeded' });
  });
});

/** Calls `act` at the first sign of progress: in the middle of the run. */
const inMidRun = (act: () => void) => {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
};

const inTheFuture = `SELECT (SELECT count(*) FROM lobbie.patients WHERE greatest(_read_at, _loaded_at) > now() + interval '5 minutes')
  + (SELECT count(*) FROM lobbie.locations WHERE greatest(_read_at, _loaded_at) > now() + interval '5 minutes')
  + (SELECT count(*) FROM lobbie_sync.sweeps WHERE finished_at > now() + interval '5 minutes')
  + (SELECT count(*) FROM lobbie_sync.checks WHERE checked_at > now() + interval '5 minutes')
  + (SELECT count(*) FROM lobbie_sync.audit_log WHERE at > now() + interval '5 minutes' AND run_id = (SELECT max(id) FROM lobbie_sync.runs))
  + (SELECT count(*) FROM lobbie_sync.runs WHERE finished_at > now() + interval '5 minutes')`;

describe('a clock that jumps in the middle of a run ends it as incomplete', () => {
  test.each([
    ['an hour ahead', 3_600_000, '3600 s ahead of that of Lobbie'],
    ['400 days ahead, with what is kept for 90 days only', 400 * DAY_MS, '34560000 s ahead of that of Lobbie'],
    ['an hour behind', -3_600_000, '3600 s behind that of Lobbie'],
  ])('this machine, %s; nothing is stored with that time, and the next run continues', async (_name, ms, words) => {
    const it = machine(0);
    const report = await it.run('backfill', { restart: true, onProgress: inMidRun(() => it.clock.jump(ms)) });
    expect(report).toMatchObject({ status: 'incomplete', exitCode: 5, error: { code: 'clock.jumped' } });
    expect(
      report.error?.message.replace(/\d+ s/, (text) => `${Math.round(Number.parseInt(text, 10) / 5) * 5} s`),
    ).toContain(words);
    expect(await count(database.url, inTheFuture)).toBe(0);
    expect(await runs()).toBeGreaterThan(0);
    it.clock.jump(-ms);
    expect(await it.run('backfill')).toMatchObject({ status: 'succeeded' });
  });

  test('and so does the clock of Lobbie', async () => {
    const change = () => api.odd.add({ kind: 'date-skew', ms: 7_200_000 });
    const report = await machine(0).run('backfill', { restart: true, onProgress: inMidRun(change) });
    expect(report).toMatchObject({ status: 'incomplete', error: { code: 'clock.jumped' } });
    expect(report.error?.message).toMatch(/7\d\d\d s behind that of Lobbie/);
    expect(await count(database.url, inTheFuture)).toBe(0);
  });

  test('where no answer says what time it is, the database does', async () => {
    api.odd.add({ kind: 'date-missing' });
    const it = machine(0);
    const report = await it.run('backfill', { restart: true, onProgress: inMidRun(() => it.clock.jump(3_600_000)) });
    expect(report).toMatchObject({ status: 'incomplete', error: { code: 'clock.jumped' } });
    expect(report.error?.message).toContain('that of the database');
    expect(await count(database.url, inTheFuture)).toBe(0);
  });

  test('but one odd answer ends nothing: it is requested again', async () => {
    const odd = api.odd.add({ kind: 'date-skew', ms: 7_200_000, op: 'listPatients', times: 1 });
    expect(await machine(0).run('backfill', { restart: true })).toMatchObject({ status: 'succeeded' });
    expect(api.odd.applied(odd)).toBe(1);
  });
});

test('each run measures anew: a clock that was set since the last run is noticed, and one that is right again too', async () => {
  const it = machine(0);
  expect(await it.run('sync')).toMatchObject({ status: 'succeeded' });
  it.clock.jump(3 * DAY_MS);
  await expect(it.run('sync')).rejects.toMatchObject({ code: 'clock.skew' });
  it.clock.jump(-3 * DAY_MS);
  expect(await it.run('sync')).toMatchObject({ status: 'succeeded' });
});

test('due times that a clock ahead had settled are due again when their time comes', async () => {
  const pool = createPool({ connectionString: database.url });
  const db = kyselyOnPool(pool);
  try {
    const now = new Date();
    const tomorrow = new Date(now.getTime() + DAY_MS);
    const yesterday = new Date(now.getTime() - DAY_MS);
    await recordSkipped(db, 'sync', [yesterday, tomorrow], 'missed', now);
    expect(await claimNew(db, 'sync', tomorrow, 'me', now)).toBe(false);
    expect(await forgetFuture(db, 'sync', now)).toBe(1);
    expect(await claimNew(db, 'sync', tomorrow, 'me', tomorrow)).toBe(true);
    // What runs is left to its process, and the past is settled.
    expect(await forgetFuture(db, 'sync', now)).toBe(0);
    expect(await claimNew(db, 'sync', yesterday, 'me', now)).toBe(false);
  } finally {
    await pool.end();
  }
});
