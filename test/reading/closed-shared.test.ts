import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { approveDeletes } from '../../src/runs/decide-deletes.ts';
import { useTestDatabase } from '../support/database.ts';
import { control, count, query } from '../support/harness.ts';
import { historyFaults, nextDay, Syncer } from '../support/night.ts';
import { TABLES } from '../support/truth.ts';

/** A location that closes while other locations serve some of its rows too: those are no rows of the closed one. */

const SHARED = ['form_templates', 'form_template_groups', 'form_template_elements', 'form_template_attributes'];
const database = useTestDatabase();
let simulator: Simulator;
let syncer: Syncer;
let closing: string;

beforeAll(async () => {
  simulator = await startSimulator({ seed: 12, patients: 30, accounts: [1001], locationsPerAccount: 2 });
  syncer = new Syncer({ api: simulator, databaseUrl: database.url, deleteThreshold: 0 });
  expect(await syncer.run('backfill')).toMatchObject({ status: 'succeeded' });
  // The location at which most of the shared rows were seen first.
  const [row] = await query<{ id: string }>(
    database.url,
    'SELECT location_id::text AS id FROM lobbie.form_templates GROUP BY 1 ORDER BY count(*) DESC LIMIT 1',
  );
  closing = row?.id ?? '';
});
afterAll(async () => {
  await syncer.close();
  await simulator.stop();
});

const at = (table: string, condition: string) =>
  count(database.url, `SELECT count(*) FROM lobbie.${table} WHERE location_id = $1 AND ${condition}`, [closing]);
const all = (table: string) => count(database.url, `SELECT count(*) FROM lobbie.${table} WHERE _deleted_at IS NULL`);

describe('a location that closes', () => {
  test('gives rows that another location serves to that one, where they are read from then on', async () => {
    const before = new Map<string, number>();
    for (const table of SHARED) before.set(table, await all(table));
    expect(await at('form_templates', '_deleted_at IS NULL')).toBeGreaterThan(0);
    await control(simulator, '/hide', { account: 1001, resource: 'locations', id: Number(closing) });
    nextDay(simulator, syncer);
    expect(await syncer.run('sync')).toMatchObject({ status: 'partial', exitCode: 6 });
    for (const table of ['form_templates', 'form_template_groups']) {
      expect(await at(table, '_deleted_at IS NULL'), table).toBe(0);
      expect(await all(table), table).toBe(before.get(table));
    }
    // No list of elements is left that nobody reads: each hangs below a template that is read at an open location.
    const orphaned = `SELECT count(*) FROM lobbie.form_templates t WHERE _deleted_at IS NULL
      AND NOT EXISTS (SELECT FROM lobbie_sync.open_locations o WHERE o.account_id = t.account_id AND o.id = t.location_id)`;
    expect(await count(database.url, orphaned)).toBe(0);
    expect(await historyFaults(database.url, TABLES)).toEqual([]);
    const stop = new StopSignal();
    expect(await approveDeletes(syncer.deps, { selection: everything, stop }, { accountId: '1001' })).toMatchObject({
      open: 0,
      exitCode: 0,
    });
    expect(await at('appointments', '_deleted_at IS NULL')).toBe(0);
    for (const table of ['form_templates', 'form_template_groups']) {
      expect(await all(table), table).toBe(before.get(table));
    }
    // Elements follow their templates when those are read again, by the rotation at the latest.
    for (let days = 0; days < 30; days += 1) {
      nextDay(simulator, syncer);
      const report = await syncer.run('sync');
      expect(report.exitCode).not.toBe(4);
    }
    for (const table of SHARED) expect(await at(table, '_deleted_at IS NULL'), table).toBe(0);
  });
});
