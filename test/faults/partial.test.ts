import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FaultRule, type Simulator, startSimulator } from '../../simulator/index.ts';
import { differences } from '../support/compare.ts';
import { createDatabase, dropDatabase, type TestDatabase, useTestDatabase } from '../support/database.ts';
import { type Place, problemsOf, runOnce, runRow, runToTheEnd } from '../support/harness.ts';
import { copyDatabase } from '../support/night-database.ts';
import { readTruth, type TrueRow, type Truth } from '../support/truth.ts';

/** Faults that a run cannot get over, one kind at a time: what the run says, and what the tables hold. */

let simulator: Simulator;
let truth: Truth;
/** Requests of a backfill without faults. */
let plain: number;
let database: TestDatabase;
/** What a backfill without faults leaves behind. */
const filled = useTestDatabase();
const place = (url = database.url): Place => ({ api: simulator, databaseUrl: url });
/** Short pauses between attempts; their length is not what is tested here. */
const client = { retry: { baseMs: 5, capMs: 50 } };

beforeAll(async () => {
  simulator = await startSimulator({ seed: 3, patients: 30, locationsPerAccount: 3 });
  truth = await readTruth(simulator);
  simulator.resetStats();
  expect(await runOnce(place(filled.url))).toMatchObject({ exitCode: 0 });
  plain = simulator.stats().requests;
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
    const copy = await copyDatabase(filled);
    simulator.setFaults([{ kind: 'lost-grant', accountId: 1001 }]);
    expect(await runOnce(place(copy.url), { client })).toMatchObject({ exitCode: 4 });
    expect(await differences(copy.url, truth)).toEqual([]);
    await dropDatabase(copy);
  });

  test('a wrong secret: failed, exit code of sign-in, nothing requested', async () => {
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
