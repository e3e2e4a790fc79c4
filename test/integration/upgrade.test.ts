import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { migrateToLatest, pendingMigrations } from '../../src/db/migrator.ts';
import { migrationNames } from '../../src/db/schema-state.ts';
import { differences } from '../support/compare.ts';
import { useTestDatabase } from '../support/database.ts';
import { type Place, query, runOnce, withApp } from '../support/harness.ts';
import { readOldDatabase, restoreOldDatabase } from '../support/old-database.ts';
import { readTruth } from '../support/truth.ts';

const database = useTestDatabase({ from: 'nothing' });
const old = readOldDatabase('c13d892');
let simulator: Simulator;
let place: Place;

/** The machine's clock, as it would stand an hour after the old version stopped. */
const offset = Date.parse(old.at) + 3_600_000 - Date.now();
const hourLater: Clock = { now: () => new Date(Date.now() + offset), sleep: systemClock.sleep };

beforeAll(async () => {
  const { days, ...options } = old.simulator;
  simulator = await startSimulator(options);
  simulator.evolve(days);
  place = { api: simulator, databaseUrl: database.url, accounts: ['1001'], clock: hourLater };
  await restoreOldDatabase(database.url, old);
});

afterAll(() => simulator.stop());

const history = async (): Promise<string[]> => {
  const tables = await query<{ name: string }>(
    database.url,
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = 'lobbie_history' AND table_name LIKE '%\\_past' ORDER BY 1`,
  );
  const rows = await Promise.all(
    tables.map(({ name }) =>
      query<{ row: string }>(
        database.url,
        // Later versions may add columns; what stood in a row stays.
        `SELECT concat_ws(' ', '${name}', r ->> 'account_id', coalesce(r ->> 'id', r ->> 'patient_id'), r ->> '_version',
           r ->> 'valid_from', r ->> 'valid_to', md5(r ->> 'raw')) AS row
         FROM lobbie_history.${name} p, to_jsonb(p) r`,
      ),
    ),
  );
  return rows.flat().map(({ row }) => row);
};

test('a database of an earlier version is migrated and used on', async () => {
  const names = await migrationNames();
  expect(names.slice(0, old.migrations.length)).toEqual(old.migrations);
  const missing = names.slice(old.migrations.length);
  expect(missing.length).toBeGreaterThan(0);
  expect(await pendingMigrations(database.url)).toEqual(missing);
  expect(await withApp(place, (app) => app.status(5))).toEqual({ pendingMigrations: missing });

  const before = await history();
  expect(before.length).toBeGreaterThan(5);
  expect((await migrateToLatest(database.url)).applied).toEqual(missing);
  expect(await history()).toEqual(before);

  // Records that only come inside others stand once: in the raw of their carrier. Nothing else of their rows moved.
  const [inside] = await query<{ rows: number; raws: number; versions: number }>(
    database.url,
    'SELECT count(*)::int AS rows, count(raw)::int AS raws, max(_version)::int AS versions FROM lobbie.form_answers',
  );
  expect(inside).toMatchObject({ raws: 0, versions: 1 });
  expect(inside?.rows).toBeGreaterThan(0);

  // What the old version knew is what the new one tells.
  const status = await withApp(place, (app) => app.status(5));
  expect(status).toMatchObject({
    lastSuccess: { id: '3', kind: 'backfill' },
    outbox: { counts: { pending: 1, succeeded: 1 } },
  });
  if (!('lists' in status)) throw new Error('the database is not current');
  expect(status.lists.filter((list) => list.lastCertifiedAt === null).map((list) => list.resource)).toEqual([]);

  // The same world, an hour later: nothing is new, nothing is gone, and what was read is not written again.
  const sync = await runOnce(place, { kind: 'sync' });
  expect(sync).toMatchObject({ status: 'succeeded', exitCode: 0 });
  const [counts] = await query<{ read: number; written: number; deleted: number }>(
    database.url,
    `SELECT rows_read::int AS read, (rows_inserted + rows_updated)::int AS written, rows_deleted::int AS deleted
     FROM lobbie_sync.runs WHERE id = ${sync.runId}`,
  );
  const { read = 0, written = 0, deleted } = counts ?? {};
  expect(deleted).toBe(0);
  // At least the change that the old version delivered to a world that ended with it.
  expect(written).toBeGreaterThan(0);
  expect(written / read).toBeLessThan(0.05);
  const after = await history();
  expect(before.filter((row) => !after.includes(row))).toEqual([]);
  expect(after.length).toBeGreaterThan(before.length);

  // A change that waited is delivered, and the mirror is what the API holds.
  const delivered = await withApp(place, (app) => app.push.apply({ selection: everything, stop: new StopSignal() }));
  expect(delivered).toMatchObject({ exitCode: 0, totals: { succeeded: 1 } });
  expect(await runOnce(place, { kind: 'backfill' })).toMatchObject({ status: 'succeeded' });
  expect(await differences(database.url, await readTruth(simulator))).toEqual([]);
});
