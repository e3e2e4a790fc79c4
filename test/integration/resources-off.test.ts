import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import type { StatusReport } from '../../src/app/types.ts';
import { offLines } from '../../src/cli/status-text.ts';
import { everything } from '../../src/core/selection.ts';
import { useTestDatabase } from '../support/database.ts';
import { count, type Place, query, runOnce, withApp } from '../support/harness.ts';

/** An account that lacks a list: without the word of a person each night ends with exit code 4. */

const database = useTestDatabase();
let simulator: Simulator;
let place: Place;

beforeAll(async () => {
  simulator = await startSimulator({ patients: 20, locationsPerAccount: 2 });
  simulator.setFaults([{ kind: 'status', status: 403, operation: 'listInvoices', accountId: 1002 }]);
  place = { api: simulator, databaseUrl: database.url };
});
afterAll(() => simulator.stop());

const INVOICES = ['invoices', 'invoice_line_items'];

test('a list that is off is not read, fails nothing and is nowhere stale; the others are', async () => {
  expect(await runOnce(place)).toMatchObject({ exitCode: 4 });
  await withApp(place, async (app) => {
    const reason = 'no billing here';
    expect(await app.resources.switchOff({ resource: 'invoices', accountId: '1002', reason })).toEqual(
      expect.arrayContaining(INVOICES),
    );
    expect(await app.resources.off()).toMatchObject([
      { accountId: '1002', resource: 'invoice_line_items', via: 'invoices', reason },
      { accountId: '1002', resource: 'invoices', via: 'invoices', reason },
    ]);
  });
  const before = await count(database.url, 'SELECT count(*) FROM lobbie.invoices WHERE account_id = 1001');
  expect(before).toBeGreaterThan(0);
  expect(await runOnce(place)).toMatchObject({ status: 'succeeded', exitCode: 0 });
  await withApp(place, async (app) => {
    const status = (await app.status(1)) as StatusReport;
    const of = (account: string) =>
      status.lists.filter((list) => list.accountId === account).map((list) => list.resource);
    expect(of('1001')).toEqual(expect.arrayContaining(INVOICES));
    for (const name of INVOICES) expect(of('1002')).not.toContain(name);
    expect(offLines(status.off)).toEqual([
      expect.stringMatching(/^ {2}invoices of account 1002 and 1 list below it: no billing here \(cli:.*\)$/),
    ]);
    const plan = await app.plan({ ...everything, accounts: ['1002'] }, null);
    expect(JSON.stringify(plan)).not.toMatch(/invoice/);
  });
  const fresh = await query(
    database.url,
    `SELECT DISTINCT account_id FROM lobbie_sync.freshness WHERE resource = ANY($1)`,
    [INVOICES],
  );
  expect(fresh).toEqual([{ account_id: '1001' }]);
});

test('it is read again once it is on, with what went off with it; both are in the audit log', async () => {
  simulator.setFaults([]);
  await withApp(place, async (app) => {
    expect(await app.resources.switchOn({ resource: 'invoices' })).toBe(2);
    expect(await app.resources.switchOn({ resource: 'invoices' })).toBe(0);
  });
  expect(await runOnce(place)).toMatchObject({ exitCode: 0 });
  expect(
    await count(database.url, 'SELECT count(*) FROM lobbie.invoice_line_items WHERE account_id = 1002'),
  ).toBeGreaterThan(0);
  const entries = await query(
    database.url,
    `SELECT action, resource FROM lobbie_sync.audit_log WHERE action LIKE 'resources.%' ORDER BY id LIMIT 2`,
  );
  expect(entries).toEqual([
    { action: 'resources.off', resource: 'invoices' },
    { action: 'resources.on', resource: 'invoices' },
  ]);
});

test('locations stay on, and accounts are those of the settings', async () => {
  await withApp(place, async (app) => {
    await expect(app.resources.switchOff({ resource: 'locations', reason: 'a test' })).rejects.toMatchObject({
      code: 'state.locations_off',
    });
    await expect(app.resources.switchOff({ resource: 'invoices', accountId: '9', reason: 'a test' })).rejects.toThrow(
      'LOBBIE_ACCOUNT_IDS',
    );
  });
});
