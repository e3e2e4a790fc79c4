import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { createPool } from '../../src/db/pool.ts';
import { kyselyOnPool } from '../../src/db/transaction.ts';
import { examineDatabase } from '../../src/inspect/doctor-database.ts';
import { countFuture, latestBelieved } from '../../src/state/future.ts';
import { type OddApi, startOddApi } from '../odd-api/start.ts';
import { MovableClock } from '../support/clock.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../support/database.ts';
import { count, query } from '../support/harness.ts';
import { DAY_MS, historyFaults, Syncer } from '../support/night.ts';

/** What a run with a clock ahead left behind, after a run with the right clock. */

let database: TestDatabase;
let api: OddApi;
let syncer: Syncer | undefined;

beforeAll(async () => {
  api = await startOddApi({ seed: 3, patients: 8 });
});
afterAll(() => api.close());
beforeEach(async () => {
  api.odd.clear();
  database = await createDatabase({});
});
afterEach(async () => {
  await syncer?.close();
  syncer = undefined;
  await dropDatabase(database);
});

/** A machine whose clock is ahead, and that compares it with nobody's, or one whose clock is right. */
async function machine(aheadMs: number): Promise<Syncer> {
  await syncer?.close();
  syncer = new Syncer({
    api,
    databaseUrl: database.url,
    accounts: api.accountIds.map(String),
    clock: new MovableClock({ now: Date.now() + aheadMs }),
    ...(aheadMs === 0 ? { maxClockSkewMs: 300_000 } : {}),
  });
  return syncer;
}

async function inTheFuture(): Promise<readonly string[]> {
  const pool = createPool({ connectionString: database.url });
  try {
    const found = await countFuture(kyselyOnPool(pool), latestBelieved(new Date(), 300_000) as Date);
    return found.map(({ of, what }) => `${of}.${what}`);
  } finally {
    await pool.end();
  }
}

const TABLES = ['patients', 'locations', 'allergies', 'staff'];

describe.each([30, 400])('a run whose clock was %i days ahead', (days) => {
  test('after a backfill: counted, fixed by the next run, and rows change again', async () => {
    expect(await (await machine(days * DAY_MS)).run('backfill')).toMatchObject({ status: 'succeeded' });
    expect(await inTheFuture()).toEqual(
      expect.arrayContaining(['state.runs', 'state.checks', 'state.lists', 'state.sweeps', 'rows.patients']),
    );
    await query(
      database.url,
      `UPDATE lobbie.patients SET first_name = 'other', _content_hash = 'x' WHERE id = (SELECT min(id) FROM lobbie.patients)`,
    );
    const right = await machine(0);
    expect(await right.run('sync')).toMatchObject({ status: 'succeeded' });
    expect(await inTheFuture()).toEqual([]);
    expect(await historyFaults(database.url, TABLES)).toEqual([]);
    expect(await count(database.url, `SELECT count(*) FROM lobbie.patients WHERE first_name = 'other'`)).toBe(0);
    expect(
      await count(
        database.url,
        'SELECT count(*) FROM lobbie_sync.freshness WHERE oldest_checked_at > now() OR last_certified_at > now()',
      ),
    ).toBe(0);
    expect(await count(database.url, `SELECT count(*) FROM lobbie_sync.audit_log WHERE action = 'future.mended'`)).toBe(
      1,
    );
    // Nothing is left to do for the run after.
    expect(await right.run('sync')).toMatchObject({ status: 'succeeded' });
    expect(await count(database.url, `SELECT count(*) FROM lobbie_sync.audit_log WHERE action = 'future.mended'`)).toBe(
      1,
    );
  });

  test('between two right ones: checks count from the run before, and two versions of the future stay apart', async () => {
    await (await machine(0)).run('backfill');
    const [before] = await query<{ at: Date }>(database.url, 'SELECT started_at AS at FROM lobbie_sync.runs');
    const ahead = await machine(days * DAY_MS);
    const touch = `UPDATE lobbie.patients SET first_name = first_name || 'x', _loaded_at = now() + interval '${days} days'`;
    await ahead.run('sync');
    await query(database.url, touch);
    await query(database.url, touch);
    await (await machine(0)).run('sync');
    expect(await inTheFuture()).toEqual([]);
    expect(await historyFaults(database.url, TABLES)).toEqual([]);
    expect(await count(database.url, 'SELECT count(*) FROM lobbie_history.patients_past WHERE valid_to > now()')).toBe(
      0,
    );
    const oldest = await count(
      database.url,
      `SELECT count(*) FROM lobbie_sync.list_state WHERE oldest_checked_at < '${before?.at.toISOString()}'`,
    );
    expect(oldest).toBe(0);
  });
});

describe('cousins', () => {
  test('a row alone, without a trace in the state', async () => {
    await (await machine(0)).run('backfill');
    await query(database.url, `UPDATE lobbie.staff SET _read_at = now() + interval '9 days'`);
    expect(await inTheFuture()).toEqual(['rows.staff']);
    const findings = await examineDatabase({
      databaseUrl: async () => database.url,
      pendingMigrations: async () => [],
      config: loadConfig({ env: {}, cwd: tmpdir(), terminal: false }),
      now: () => new Date(),
    });
    expect(findings.at(-1)).toMatchObject({
      name: 'times in the future',
      ok: 'warning',
      detail: expect.stringMatching(/^rows of staff: \d+$/),
    });
    await (await machine(0)).run('sync');
    expect(await inTheFuture()).toEqual([]);
    expect(await count(database.url, 'SELECT count(*) FROM lobbie.staff WHERE _version > 1')).toBe(0);
  });

  test('a pass that was begun in the future is not gone on with', async () => {
    await (await machine(30 * DAY_MS)).run('backfill', { maxRequests: 5 });
    await (await machine(0)).run('backfill');
    const passes = await query<{ status: string }>(database.url, 'SELECT status FROM lobbie_sync.passes ORDER BY id');
    expect(passes.map(({ status }) => status)).toEqual(['abandoned', 'finished']);
    expect(await inTheFuture()).toEqual([]);
  });

  test('what waits for a person, and an alert that was sent tomorrow', async () => {
    await (await machine(0)).run('backfill');
    await query(
      database.url,
      `INSERT INTO lobbie_sync.deletes (run_id, account_id, resource, key, reason, status, found_at, absent_at)
       VALUES (1, 1, 'labs', '7', 'not met', 'held', now() + interval '3 days', now() + interval '3 days')`,
    );
    await query(
      database.url,
      `INSERT INTO lobbie_sync.alert_state (key, state, since, last_sent) VALUES ('k', 'bad', now(), now() + interval '3 days')`,
    );
    await (await machine(0)).run('sync');
    expect(await inTheFuture()).toEqual([]);
  });

  test('a skew that is smaller than what clocks may differ is left alone', async () => {
    await (await machine(200_000)).run('backfill');
    await (await machine(0)).run('sync');
    expect(await count(database.url, `SELECT count(*) FROM lobbie_sync.audit_log WHERE action = 'future.mended'`)).toBe(
      0,
    );
  });
});
