import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FaultRule, type Simulator, startSimulator } from '../../simulator/index.ts';
import { differences } from '../support/compare.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../support/database.ts';
import { onPaginated, type Place, recordsServed, runOnce, runRow } from '../support/harness.ts';
import { readTruth, type Truth } from '../support/truth.ts';

/** Faults that a run gets over, one kind at a time: what the run says, and what the tables hold. */

let simulator: Simulator;
let truth: Truth;
let database: TestDatabase;
const place = (): Place => ({ api: simulator, databaseUrl: database.url, accounts: ['1001'] });
/** Short pauses between attempts; their length is not what is tested here. */
const client = { retry: { baseMs: 5, capMs: 50 } };

beforeAll(async () => {
  simulator = await startSimulator({ seed: 3, patients: 30, accounts: [1001], locationsPerAccount: 3 });
  truth = await readTruth(simulator);
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
