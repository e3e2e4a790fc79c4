import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { countOf, differences } from '../support/compare.ts';
import { useTestDatabase } from '../support/database.ts';
import {
  control,
  count,
  type Place,
  query,
  recordsServed,
  runOnce,
  runRow,
  sessionsGone,
  writesToMirror,
} from '../support/harness.ts';
import { readTruth, TABLES, type Truth } from '../support/truth.ts';

let simulator: Simulator;
let truth: Truth;

beforeAll(async () => {
  simulator = await startSimulator({ patients: 60, locationsPerAccount: 3 });
  truth = await readTruth(simulator);
});
afterAll(() => simulator.stop());

describe('a backfill of two accounts', () => {
  const database = useTestDatabase();
  const place = (): Place => ({ api: simulator, databaseUrl: database.url });

  test('makes every table equal to the data of the API, field by field', async () => {
    simulator.resetStats();
    const report = await runOnce(place());
    expect(report).toMatchObject({ status: 'succeeded', exitCode: 0, error: undefined });
    for (const table of TABLES) expect(truth.get(table)?.length, table).toBeGreaterThan(0);
    expect(await differences(database.url, truth)).toEqual([]);

    const stats = simulator.stats();
    const run = await runRow(database.url, report.runId);
    expect(run).toMatchObject({
      status: 'succeeded',
      requests: stats.requests,
      rows_read: recordsServed(stats),
      rows_inserted: countOf(truth),
      rows_updated: 0,
      rows_deleted: 0,
      rows_rejected: 0,
    });
    const names = ['requests', 'read', 'inserted', 'updated', 'unchanged', 'deleted', 'rejected'];
    const columns = names.map((name) => (name === 'requests' ? name : `rows_${name}`));
    const [sums] = await query(
      database.url,
      `SELECT ${columns.map((name) => `sum(${name})::int AS ${name}`).join(', ')} FROM lobbie_sync.run_resources WHERE run_id = $1`,
      [report.runId],
    );
    expect({ ...sums, status: 'succeeded' }).toEqual(run);
    for (const [table, rows] of truth) {
      const inserted = `SELECT rows_inserted FROM lobbie_sync.run_resources WHERE run_id = $1 AND resource = '${table}'`;
      expect(await count(database.url, inserted, [report.runId]), table).toBe(rows.length);
    }
    expect(await count(database.url, 'SELECT count(*) FROM lobbie_sync.leases')).toBe(0);
    expect(await count(database.url, `SELECT count(*) FROM lobbie_sync.sweeps WHERE status <> 'certified'`)).toBe(0);
  });

  test('writes nothing the second time, and one row when one patient has changed', async () => {
    await sessionsGone(database.url);
    const before = await writesToMirror(database.url);
    for (const kind of ['backfill', 'sync'] as const) {
      const report = await runOnce(place(), { kind });
      expect(report).toMatchObject({ status: 'succeeded', exitCode: 0 });
      expect(await runRow(database.url, report.runId)).toMatchObject({ rows_inserted: 0, rows_updated: 0 });
    }
    await sessionsGone(database.url);
    expect(await writesToMirror(database.url)).toEqual(before);

    const id = truth.get('patients')?.[0]?.record['id'];
    await control(simulator, '/patch', { account: 1001, resource: 'patients', id, fields: { firstName: 'Changed' } });
    const report = await runOnce(place());
    expect(await runRow(database.url, report.runId)).toMatchObject({ rows_inserted: 0, rows_updated: 1 });
    await sessionsGone(database.url);
    expect(await writesToMirror(database.url)).toEqual({ ...before, updated: (before['updated'] ?? 0) + 1 });
    expect(await differences(database.url, await readTruth(simulator))).toEqual([]);
  });
});
