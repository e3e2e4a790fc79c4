import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { selectionsOf, verifyAndRepair } from '../../src/app/verify.ts';
import type { Clock } from '../../src/core/clock.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { pruneRuns } from '../../src/state/retention.ts';
import { MovableClock } from '../support/clock.ts';
import { dropDatabase, type TestDatabase, useTestDatabase } from '../support/database.ts';
import { count, query } from '../support/harness.ts';
import { DAY_MS, differing, FIRST_RUN, inWords, Syncer } from '../support/night.ts';
import { copyDatabase } from '../support/night-database.ts';
import { readTruth, type Truth } from '../support/truth.ts';

/** A verification that ends, that takes no change in flight for a gap, and that cures what it finds. */

const filled = useTestDatabase();
let simulator: Simulator;
let truth: Truth;
let database: TestDatabase;
let syncer: Syncer;

beforeAll(async () => {
  simulator = await startSimulator({ seed: 5, patients: 40, accounts: [1001] });
  truth = await readTruth(simulator);
  const first = new Syncer({ api: simulator, databaseUrl: filled.url });
  expect(await first.run('backfill')).toMatchObject({ status: 'succeeded' });
  await first.close();
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  database = await copyDatabase(filled);
  syncer = new Syncer({
    api: simulator,
    databaseUrl: database.url,
    clock: new MovableClock({ now: FIRST_RUN + DAY_MS }),
  });
});
afterEach(async () => {
  await syncer.close();
  await dropDatabase(database);
});

const verify = (resources: readonly string[], repair = false, sample = 5) =>
  verifyAndRepair(syncer.deps, {
    selection: { ...everything, resources },
    sample,
    repair,
    stop: new StopSignal(),
  });

/** Makes the mirror of three kinds of rows wrong. */
async function damage(): Promise<void> {
  await query(database.url, 'DELETE FROM lobbie.patients WHERE id = (SELECT min(id) FROM lobbie.patients)');
  await query(
    database.url,
    `UPDATE lobbie.patients SET first_name = 'Xx', _content_hash = '\\x00', raw = raw || '{"firstName": "Xx"}', updated_at = '9999-01-01Z'
     WHERE id = (SELECT max(id) FROM lobbie.patients)`,
  );
  await query(
    database.url,
    `INSERT INTO lobbie.patients (account_id, id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source)
     VALUES (1001, 999999, '{"id": 999999}', '\\x00', 1, '2026-01-15Z', '2026-01-15Z', 1)`,
  );
}

describe('verify', () => {
  test('finds rows that are missing, left over and changed, and names them', async () => {
    await damage();
    const report = await verify(['patients'], false, 0);
    expect(report).toMatchObject({ exitCode: 7, gaps: 3, repairs: [], found: 3 });
    expect(report.lists[0]).toMatchObject({ missing: 1, extra: 1, changed: 1, extraKeys: ['999999'] });
  });

  test('takes what changed while it read for no gap', async () => {
    await damage();
    const { clock } = syncer;
    // The pause after the first difference is when the change in flight arrives: here, the mirror is as it was.
    const healing: Clock = {
      now: () => clock.now(),
      sleep: async () => {
        await query(database.url, 'DELETE FROM lobbie.patients');
        const good = await query<{ row: string }>(filled.url, 'SELECT to_jsonb(p)::text AS row FROM lobbie.patients p');
        await query(
          database.url,
          `INSERT INTO lobbie.patients SELECT (jsonb_populate_record(NULL::lobbie.patients, r::jsonb)).* FROM unnest($1::text[]) AS r`,
          [good.map(({ row }) => row)],
        );
      },
    };
    const report = await verifyAndRepair(
      { ...syncer.deps, clock: healing },
      { selection: { ...everything, resources: ['patients'] }, sample: 0, stop: new StopSignal() },
    );
    expect(report).toMatchObject({ status: 'succeeded', exitCode: 0, gaps: 0 });
  });

  test('holds no transaction open while it reads', async () => {
    let longest = 0;
    const watched = new Proxy(syncer.deps.api, {
      get: (api, name) =>
        name === 'callRaw'
          ? async (...given: Parameters<typeof api.callRaw>) => {
              longest += await count(
                database.url,
                `SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()`,
              );
              return await api.callRaw(...given);
            }
          : Reflect.get(api, name),
    });
    const report = await verifyAndRepair(
      { ...syncer.deps, api: watched },
      { selection: { ...everything, resources: ['patients', 'allergies'] }, sample: 3, stop: new StopSignal() },
    );
    expect(report).toMatchObject({ exitCode: 0 });
    expect(longest).toBe(0);
  });

  test('repairs with --repair what it found, whatever the stored times are', async () => {
    await damage();
    const report = await verify(['patients'], true);
    expect(report).toMatchObject({ exitCode: 0, gaps: 0, found: expect.any(Number) });
    expect(report.found).toBeGreaterThanOrEqual(3);
    expect(report.repairs).toHaveLength(1);
    expect(inWords(await differing(database.url, truth))).toEqual([]);
  });
});

test('what is read again is what has a gap', () => {
  const list = (resource: string, accountId: string, locationId: string | null, missing: number) => ({
    ...{ resource, accountId, locationId, missing, operation: 'o', inApi: 1, inWarehouse: 1, extra: 0, changed: 0 },
    ...{ hidden: 0, missingKeys: [], extraKeys: [] },
  });
  const lists = [
    list('appointments', '1', '7', 1),
    list('appointments', '1', '8', 0),
    list('patients', '2', null, 1),
    list('labs', '2', '9', 1),
    list('webhook_event_types', '0', null, 1),
  ];
  expect(selectionsOf({ lists, sampled: [] }, everything)).toEqual([
    { accounts: ['1'], locations: ['7'], resources: ['appointments'] },
    { accounts: ['2'], locations: [], resources: ['patients', 'labs'] },
    { accounts: [], locations: [], resources: ['webhook_event_types'] },
  ]);
});

test('old runs are removed with their records; the state of each list stays', async () => {
  const lists = 'SELECT count(*) FROM lobbie_sync.list_state';
  const before = await count(database.url, lists);
  expect(before).toBeGreaterThan(0);
  expect(await pruneRuns(syncer.deps.db, new Date(FIRST_RUN - DAY_MS))).toBe(0);
  expect(await pruneRuns(syncer.deps.db, new Date(Date.now() + 400 * DAY_MS))).toBe(1);
  for (const table of ['runs', 'run_resources', 'run_problems', 'run_unknown_fields', 'sweeps', 'passes']) {
    expect(await count(database.url, `SELECT count(*) FROM lobbie_sync.${table}`), table).toBe(0);
  }
  expect(await count(database.url, lists)).toBe(before);
  // A nightly sync does without them: nothing is read a second time for that.
  expect(await syncer.run('sync')).toMatchObject({ status: 'succeeded' });
});
