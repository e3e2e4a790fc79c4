import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { differences } from '../support/compare.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../support/database.ts';
import { control, count, type Place, query, runOnce, runRow, runToTheEnd } from '../support/harness.ts';
import { readTruth, type Truth } from '../support/truth.ts';

/** Records that are not as they should be, and a budget that ends in the middle. */

let simulator: Simulator;
let truth: Truth;
/** Requests of a backfill without faults. */
let plain: number;
let database: TestDatabase;
const place = (): Place => ({ api: simulator, databaseUrl: database.url, accounts: ['1001'] });
/** Short pauses between attempts; their length is not what is tested here. */
const client = { retry: { baseMs: 5, capMs: 50 } };

beforeAll(async () => {
  simulator = await startSimulator({ seed: 3, patients: 30, accounts: [1001], locationsPerAccount: 3 });
  truth = await readTruth(simulator);
  database = await createDatabase();
  simulator.resetStats();
  expect(await runOnce(place())).toMatchObject({ exitCode: 0 });
  plain = simulator.stats().requests;
  await dropDatabase(database);
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  database = await createDatabase();
  simulator.resetStats();
});
afterEach(async () => {
  simulator.setFaults([]);
  await dropDatabase(database);
});

describe('records that are not as they should be', () => {
  test('one that cannot be stored becomes one reject that names the field; its page is stored', async () => {
    const [first] = truth.get('staff') ?? [];
    const id = first?.record['id'];
    const before = first?.record['firstName'];
    const patch = (firstName: unknown) =>
      control(simulator, '/patch', { account: 1001, resource: 'staff', id, fields: { firstName } });
    await patch({ secretivemarker: 'hush' });
    const report = await runOnce(place());
    const rejects = await query(
      database.url,
      'SELECT run_id, account_id, resource, record_key, reason, record FROM lobbie_sync.rejects',
    );
    expect(rejects).toMatchObject([
      { run_id: report.runId, account_id: '1001', resource: 'staff', record_key: String(id) },
    ]);
    expect(rejects[0]?.['reason']).toMatch(/^firstName: /);
    expect(rejects[0]?.['reason']).not.toMatch(/hush|secretivemarker/);
    expect(rejects[0]?.['record']).toMatchObject({ firstName: { secretivemarker: 'hush' } });
    expect(await runRow(database.url, report.runId)).toMatchObject({ rows_rejected: 1 });
    const rest = new Map(truth);
    rest.set('staff', (truth.get('staff') ?? []).slice(1));
    expect(await differences(database.url, rest)).toEqual([]);
    await patch(before);
    truth = await readTruth(simulator);
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'a record broken at random is a reject or is stored as it came, attempt %i',
    async (n) => {
      simulator.setFaults([{ kind: 'bad-record', operation: 'listRecurringPayments', after: n, times: 1 }]);
      const report = await runOnce(place(), { client, selection: { resources: ['locations', 'recurring_payments'] } });
      const { rows_rejected: rejected = 0 } = await runRow(database.url, report.runId);
      const held = await count(database.url, 'SELECT count(*) FROM lobbie.recurring_payments');
      expect(held + rejected).toBe(truth.get('recurring_payments')?.length);
      const rejects = await query<{ reason: string }>(database.url, 'SELECT reason FROM lobbie_sync.rejects');
      expect(rejects).toHaveLength(rejected);
      for (const { reason } of rejects) {
        expect(reason).toMatch(/^[A-Za-z0-9]+: /);
        expect(reason).not.toMatch(/abc|unexpected/);
      }
    },
  );

  test('fields that nobody knows are kept in raw and counted', async () => {
    simulator.setFaults([{ kind: 'unknown-field', operation: 'listStaff' }]);
    const report = await runOnce(place(), { client });
    expect(report).toMatchObject({ exitCode: 0 });
    const staff = truth.get('staff')?.length;
    const unknown = await query(
      database.url,
      `SELECT resource, field, records::int AS records FROM lobbie_sync.run_unknown_fields WHERE run_id = $1 AND resource = 'staff' ORDER BY field`,
      [report.runId],
    );
    expect(unknown).toEqual([
      { resource: 'staff', field: 'internalFlags', records: staff },
      { resource: 'staff', field: 'loyaltyTier', records: staff },
    ]);
    const kept = `SELECT count(*) FROM lobbie.staff WHERE raw->>'loyaltyTier' = 'gold' AND raw->'internalFlags'->>'beta' = 'true'`;
    expect(await count(database.url, kept)).toBe(staff);
    // They are no content: that they are gone again is no change, and `raw` stays as it was at the last one.
    simulator.setFaults([]);
    await runToTheEnd(place(), 1);
    expect(await count(database.url, kept)).toBe(staff);
    expect(await count(database.url, 'SELECT count(*) FROM lobbie_history.staff WHERE version > 1')).toBe(0);
    await query(database.url, `UPDATE lobbie.staff SET raw = raw - 'loyaltyTier' - 'internalFlags'`);
    expect(await differences(database.url, truth)).toEqual([]);
  });
});

describe('a budget of requests', () => {
  test('is kept by every run, and the runs together cost hardly more than one', async () => {
    const budget = Math.ceil(plain / 4);
    let sum = 0;
    for (let run = 1; run <= 8; run += 1) {
      simulator.resetStats();
      const report = await runOnce(place(), { maxRequests: budget });
      const { requests } = simulator.stats();
      expect(requests).toBeLessThanOrEqual(budget);
      expect(await runRow(database.url, report.runId)).toMatchObject({ requests });
      sum += requests;
      if (report.exitCode === 0) break;
      expect(report).toMatchObject({ status: 'incomplete', exitCode: 5 });
    }
    expect(await differences(database.url, truth)).toEqual([]);
    expect(sum).toBeLessThanOrEqual(1.1 * plain);
  });
});
