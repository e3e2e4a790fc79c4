import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FaultRule, type Simulator, startSimulator } from '../../simulator/index.ts';
import { differences } from '../support/compare.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../support/database.ts';
import {
  control,
  count,
  onPaginated,
  type Place,
  problemsOf,
  query,
  recordsServed,
  runOnce,
  runRow,
  runToTheEnd,
} from '../support/harness.ts';
import { readTruth, type TrueRow, type Truth } from '../support/truth.ts';

/** One kind of fault at a time: what the run says, and what the tables hold. */

let simulator: Simulator;
let truth: Truth;
/** Requests of a backfill without faults. */
let plain: number;
let database: TestDatabase;
const place = (): Place => ({ api: simulator, databaseUrl: database.url });
/** Short pauses between attempts; their length is not what is tested here. */
const client = { retry: { baseMs: 5, capMs: 50 } };

beforeAll(async () => {
  simulator = await startSimulator({ seed: 3, patients: 30, locationsPerAccount: 3 });
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

/** The truth without the rows that a fault keeps from being read. */
function truthWithout(gone: (row: TrueRow) => boolean): Truth {
  const rest = new Map([...truth].map(([table, rows]) => [table, rows.filter((row) => !gone(row))]));
  // Settings are found through the settings of the places that refer to them.
  const referred = (account: string) =>
    rest
      .get('remote_care_settings')
      ?.filter((row) => row.account === account)
      .flatMap(({ record }) => record['selfSchedulingSettingIds']);
  const settings = rest.get('self_scheduling_settings') ?? [];
  rest.set(
    'self_scheduling_settings',
    settings.filter(({ account, record }) => referred(account)?.includes(record['id'] ?? null)),
  );
  return rest;
}

const complete = async (rules: FaultRule[]) => {
  simulator.setFaults(rules);
  const report = await runOnce(place(), { client });
  expect(report).toMatchObject({ status: 'succeeded', exitCode: 0 });
  expect(await differences(database.url, truth)).toEqual([]);
  return report;
};

describe('faults that a run gets over', () => {
  test.each<[string, FaultRule[]]>([
    [
      'an expired cursor that works the second time',
      [{ kind: 'expired-cursor', operation: 'listNotifications', times: 1 }],
    ],
    [
      'an expired cursor that makes the list begin anew',
      [{ kind: 'expired-cursor', operation: 'listNotifications', times: 2 }],
    ],
    [
      'a repeated cursor that is right the next time',
      [{ kind: 'repeated-cursor', operation: 'listNotifications', times: 2 }],
    ],
    ['a list key that is missing for a moment', [{ kind: 'missing-list-key', operation: 'listPatients', times: 2 }]],
    ['an empty page before the end', [{ kind: 'empty-page', operation: 'listNotifications', times: 5 }]],
    ['empty pages of every list that has pages', onPaginated({ kind: 'empty-page', times: 2 })],
    ['429 with Retry-After', [{ kind: 'status', status: 429, retryAfter: 1, times: 3, after: 20 }]],
    ['429 without Retry-After', [{ kind: 'status', status: 429, probability: 0.05 }]],
    ['503 with Retry-After', [{ kind: 'status', status: 503, retryAfter: 1, times: 3, after: 20 }]],
    ['a burst of 5xx', [{ kind: 'status', status: 502, after: 50, times: 30 }]],
    ['5xx now and then', [{ kind: 'status', status: 500, probability: 0.1 }]],
    ['bodies that are cut short', [{ kind: 'truncate', probability: 0.1 }]],
    ['HTML with status 200', [{ kind: 'wrong-content-type', probability: 0.1 }]],
    ['connections that break before the work', [{ kind: 'reset-before', probability: 0.1 }]],
    ['connections that break after the work', [{ kind: 'reset-after', probability: 0.1 }]],
    ['bodies that come slowly', [{ kind: 'slow-body', delayMs: 100, probability: 0.05 }]],
    [
      '401 for a token that was good',
      [50, 150, 300].map((after) => ({ kind: 'status', status: 401, after, times: 1 })),
    ],
    ['a token endpoint that stumbles', [{ kind: 'status', operation: 'token', status: 500, times: 3 }]],
  ])('%s', async (_name, rules) => {
    const report = await complete(rules);
    const { requests } = await runRow(database.url, report.runId);
    expect(requests).toBe(simulator.stats().requests);
  });

  test('rows that come doubled are stored once and counted as they came', async () => {
    const report = await complete([{ kind: 'doubled-row' }]);
    const stored = [...truth.values()].reduce((sum, rows) => sum + rows.length, 0);
    expect(await runRow(database.url, report.runId)).toMatchObject({
      rows_inserted: stored,
      rows_updated: 0,
      rows_read: recordsServed(simulator.stats()),
    });
  });
});

describe('what a run cannot get over', () => {
  test('a list key that stays away: partial, named, nothing taken as empty', async () => {
    const rules: FaultRule[] = [{ kind: 'missing-list-key', operation: 'listAppointments', accountId: 1001 }];
    simulator.setFaults(rules);
    const report = await runOnce(place(), { client });
    expect(report).toMatchObject({ status: 'partial', exitCode: 4 });
    const problems = await problemsOf(database.url, report.runId);
    expect(problems).toHaveLength(3);
    for (const problem of problems) {
      expect(problem).toMatchObject({
        code: 'contract.missing_list_key',
        resource: 'appointments',
        account_id: '1001',
        location_id: expect.stringMatching(/^\d+$/),
      });
      expect(problem.message).toContain('appointments');
    }
    const rest = new Map(truth);
    rest.set(
      'appointments',
      (truth.get('appointments') ?? []).filter((row) => row.account !== '1001'),
    );
    expect(await differences(database.url, rest)).toEqual([]);

    simulator.setFaults([]);
    expect(await runOnce(place())).toMatchObject({ exitCode: 0 });
    simulator.setFaults(rules);
    expect(await runOnce(place(), { client })).toMatchObject({ exitCode: 4 });
    expect(await differences(database.url, truth)).toEqual([]);
  });

  test('no grant for one location: partial, named, all else read', async () => {
    const location = truth.get('locations')?.[0]?.record['id'];
    simulator.setFaults([{ kind: 'lost-grant', locationId: Number(location) }]);
    const report = await runOnce(place(), { client });
    expect(report).toMatchObject({ status: 'partial', exitCode: 4 });
    const problems = await problemsOf(database.url, report.runId);
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) {
      expect(problem).toMatchObject({ code: 'api.forbidden', location_id: String(location) });
      expect(problem.message).toContain(String(location));
    }
    const rest = truthWithout(({ path }) => [path['location_id']].flat().every((each) => each === String(location)));
    expect(await differences(database.url, rest)).toEqual([]);
  });

  test('no grant for one account: partial, named, the other read', async () => {
    simulator.setFaults([{ kind: 'lost-grant', accountId: 1001 }]);
    const report = await runOnce(place(), { client });
    expect(report).toMatchObject({ status: 'partial', exitCode: 4 });
    const problems = await problemsOf(database.url, report.runId);
    expect(problems).toMatchObject([{ code: 'api.forbidden', account_id: '1001' }]);
    expect(problems[0]?.message).toContain('1001');
    expect(
      await differences(
        database.url,
        truthWithout(({ account }) => account === '1001'),
      ),
    ).toEqual([]);
  });

  test('no grant for any account: failed, exit code of sign-in', async () => {
    simulator.setFaults([
      { kind: 'lost-grant', accountId: 1001 },
      { kind: 'lost-grant', accountId: 1002 },
    ]);
    expect(await runOnce(place(), { client })).toMatchObject({ status: 'failed', exitCode: 3 });
  });

  test('an account that was read before and lost its grant leaves its rows alone', async () => {
    expect(await runOnce(place())).toMatchObject({ exitCode: 0 });
    simulator.setFaults([{ kind: 'lost-grant', accountId: 1001 }]);
    expect(await runOnce(place(), { client })).toMatchObject({ exitCode: 4 });
    expect(await differences(database.url, truth)).toEqual([]);
  });

  test('a wrong secret: failed, exit code of sign-in, nothing asked', async () => {
    const env = { LOBBIE_CLIENT_SECRET: 'wrong' };
    const report = await runOnce({ ...place(), env }, { client });
    expect(report).toMatchObject({ status: 'failed', exitCode: 3 });
    expect(simulator.stats().requests).toBe(0);
    expect(await runRow(database.url, report.runId)).toMatchObject({ status: 'failed', requests: 0 });
  });

  test.each<[string, FaultRule['kind'], string]>([
    ['a cursor that points back for ever', 'repeated-cursor', 'contract.repeated_cursor'],
    ['a cursor that is refused for ever', 'expired-cursor', 'contract.cursor_refused'],
  ])('%s: partial, and no endless loop', async (_name, kind, code) => {
    simulator.setFaults([{ kind, operation: 'listNotifications', accountId: 1001 }]);
    const report = await runOnce(place(), { client });
    expect(report).toMatchObject({ status: 'partial', exitCode: 4 });
    for (const problem of await problemsOf(database.url, report.runId)) {
      expect(problem).toMatchObject({ code, resource: 'notifications', account_id: '1001' });
    }
    expect(simulator.stats().requests).toBeLessThan(plain + 100);
    simulator.setFaults([]);
    await runToTheEnd(place(), 1);
    expect(await differences(database.url, truth)).toEqual([]);
  });
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
      const report = await runOnce(place(), { client });
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
    simulator.setFaults([]);
    await runToTheEnd(place(), 1);
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
