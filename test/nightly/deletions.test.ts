import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { approveDeletes, restoreDeletes } from '../../src/runs/decide-deletes.ts';
import { MovableClock } from '../support/clock.ts';
import { dropDatabase, type TestDatabase, useTestDatabase } from '../support/database.ts';
import { control, count, query, runRow } from '../support/harness.ts';
import { DAY_MS, differing, FIRST_RUN, historyFaults, inWords, Syncer } from '../support/night.ts';
import { copyDatabase } from '../support/night-database.ts';
import { readTruth, TABLES, type Truth } from '../support/truth.ts';

/** Patients, and what hangs below them, that leave and come back. */

const BELOW = ['allergies', 'medications', 'problems', 'category_transitions', 'patient_categories'];
const filled = useTestDatabase();
let simulator: Simulator;
let truth: Truth;
let database: TestDatabase;
let syncer: Syncer;
/** Patients of the account, those with the most below them first. */
let patients: string[];
const hidden = new Map<string, string>();

async function hide(resource: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await control(simulator, '/hide', { account: 1001, resource, id: Number(id) });
    hidden.set(id, resource);
  }
}

async function unhide(ids: readonly string[] = [...hidden.keys()]): Promise<void> {
  for (const id of ids) {
    await control(simulator, '/unhide', { account: 1001, resource: hidden.get(id), id: Number(id) });
    hidden.delete(id);
  }
}

beforeAll(async () => {
  simulator = await startSimulator({ seed: 11, patients: 120, accounts: [1001] });
  truth = await readTruth(simulator);
  const first = new Syncer({ api: simulator, databaseUrl: filled.url });
  expect(await first.run('backfill')).toMatchObject({ status: 'succeeded' });
  await first.close();
  const rows = await query<{ id: string }>(
    filled.url,
    `SELECT p.id::text AS id FROM lobbie.patients p WHERE ${BELOW.map(
      (table) => `EXISTS (SELECT FROM lobbie.${table} c WHERE c.patient_id = p.id)`,
    ).join(' AND ')} AND EXISTS (SELECT FROM lobbie.appointments a WHERE a.patient_id = p.id) ORDER BY p.id`,
  );
  patients = rows.map((row) => row.id);
  expect(patients.length).toBeGreaterThanOrEqual(3);
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
  simulator.setFaults([]);
  await unhide();
  await syncer.close();
  await dropDatabase(database);
});

const night = () => syncer.run('sync');
const tomorrow = () => syncer.clock.jump(DAY_MS);
const dead = (table: string, ids: readonly string[], column = 'patient_id') =>
  count(database.url, `SELECT count(*) FROM lobbie.${table} WHERE ${column} = ANY($1) AND _deleted_at IS NOT NULL`, [
    ids,
  ]);
const all = (table: string, ids: readonly string[]) =>
  count(database.url, `SELECT count(*) FROM lobbie.${table} WHERE patient_id = ANY($1)`, [ids]);
const marked = () =>
  count(
    database.url,
    TABLES.map((table) => `SELECT count(*) AS n FROM lobbie.${table} WHERE _deleted_at IS NOT NULL`)
      .join(' UNION ALL ')
      .replace(/^(.*)$/s, 'SELECT sum(n) FROM ($1) x'),
  );
const statuses = () =>
  query<{ resource: string; status: string; n: number }>(
    database.url,
    'SELECT resource, status, count(*)::int AS n FROM lobbie_sync.deletes GROUP BY 1, 2 ORDER BY 1, 2',
  );
const same = async () => inWords(await differing(database.url, truth));

describe('three of 120 patients who leave', () => {
  test('get a tombstone with reason and run, and so do the rows below; visits stay', async () => {
    const gone = patients.slice(0, 3);
    await hide('patients', gone);
    simulator.resetStats();
    const report = await night();
    expect(report).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(simulator.stats().perOperation['getPatient']).toBe(3);

    expect(
      await query(
        database.url,
        'SELECT resource, key, status, reason, run_id::text AS run FROM lobbie_sync.deletes ORDER BY key::bigint',
      ),
    ).toEqual(
      gone.map((key) => ({
        resource: 'patients',
        key,
        status: 'applied',
        reason: 'not met by a whole reading',
        run: report.runId,
      })),
    );
    expect(
      await query(
        database.url,
        'SELECT id::text AS id, _run_id::text AS run, _version AS version FROM lobbie.patients WHERE _deleted_at IS NOT NULL ORDER BY id',
      ),
    ).toEqual(gone.map((id) => ({ id, run: report.runId, version: 2 })));
    let deleted = 3;
    for (const table of BELOW) {
      const below = await all(table, gone);
      expect(below, table).toBeGreaterThan(0);
      expect(await dead(table, gone), table).toBe(below);
      deleted += below;
    }
    expect(await all('appointments', gone)).toBeGreaterThan(0);
    expect(await marked()).toBe(deleted);
    expect(await runRow(database.url, report.runId)).toMatchObject({ rows_deleted: deleted });
    expect(await historyFaults(database.url, TABLES)).toEqual([]);
    const [before] = await query(
      database.url,
      'SELECT count(*)::int AS n FROM lobbie_history.patients WHERE id = ANY($1) AND version = 1 AND _deleted_at IS NULL AND valid_to IS NOT NULL',
      [gone],
    );
    expect(before).toEqual({ n: 3 });

    // The lists below are no longer read.
    expect(
      await count(
        database.url,
        'SELECT count(*) FROM lobbie_sync.checks WHERE parent_id = ANY($1) AND resource = ANY($2)',
        [gone, BELOW],
      ),
    ).toBe(0);
    tomorrow();
    expect(await night()).toMatchObject({ status: 'succeeded' });
    expect(await marked()).toBe(deleted);
  });

  test('are back after the next nightly sync when they come back, as a new version', async () => {
    const [one = ''] = patients;
    await hide('patients', [one]);
    await night();
    expect(await dead('patients', [one], 'id')).toBe(1);
    await unhide();
    tomorrow();
    const report = await night();
    expect(report).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(await marked()).toBe(0);
    expect(await same()).toEqual([]);
    expect(await historyFaults(database.url, TABLES)).toEqual([]);
    for (const [table, column] of [['patients', 'id'], ...BELOW.map((name) => [name, 'patient_id'])]) {
      const versions = await query(
        database.url,
        `SELECT DISTINCT version, _deleted_at IS NOT NULL AS gone FROM lobbie_history.${table} WHERE ${column} = $1 ORDER BY version`,
        [one],
      );
      expect(versions, table).toEqual([
        { version: 1, gone: false },
        { version: 2, gone: true },
        { version: 3, gone: false },
      ]);
    }
  });

  test('are not deleted when rows have only moved between the pages', async () => {
    simulator.setFaults([{ kind: 'shift', operation: 'listPatients' }]);
    simulator.resetStats();
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    const asked = simulator.stats().perOperation['getPatient'] ?? 0;
    expect(asked).toBeGreaterThan(0);
    expect(await statuses()).toEqual([{ resource: 'patients', status: 'dismissed', n: asked }]);
    expect(await marked()).toBe(0);
    expect(await same()).toEqual([]);
  });

  test('are not deleted while the API fails to confirm', async () => {
    await hide('patients', patients.slice(0, 1));
    simulator.setFaults([{ kind: 'status', status: 500, operation: 'getPatient' }]);
    expect(await night()).toMatchObject({ status: 'partial', exitCode: 4 });
    expect(await statuses()).toEqual([{ resource: 'patients', status: 'candidate', n: 1 }]);
    expect(await marked()).toBe(0);
    simulator.setFaults([]);
    tomorrow();
    await night();
    expect(await statuses()).toEqual([{ resource: 'patients', status: 'applied', n: 1 }]);
  });
});

describe('half of all patients who leave at once', () => {
  let gone: string[];
  beforeEach(async () => {
    const rows = await query<{ id: string }>(database.url, 'SELECT id::text AS id FROM lobbie.patients ORDER BY id');
    gone = rows.map((row) => row.id).filter((_, index) => index % 2 === 0);
    await hide('patients', gone);
    simulator.resetStats();
    expect(await night()).toMatchObject({ status: 'partial', exitCode: 6 });
  });

  const decide = (choice: Parameters<typeof approveDeletes>[2] = {}) =>
    approveDeletes(syncer.deps, { selection: everything, stop: new StopSignal() }, choice);

  test('are held for a person: nobody is deleted, nobody is read by id', async () => {
    expect(await statuses()).toEqual([{ resource: 'patients', status: 'held', n: gone.length }]);
    expect(await marked()).toBe(0);
    expect(simulator.stats().perOperation['getPatient']).toBeUndefined();
    tomorrow();
    expect(await night()).toMatchObject({ status: 'partial', exitCode: 6 });
    expect(await statuses()).toEqual([{ resource: 'patients', status: 'held', n: gone.length }]);
    expect(await marked()).toBe(0);
  });

  test('are deleted when approved, except those whom a read by id finds', async () => {
    const back = gone.slice(0, 2);
    await unhide(back);
    simulator.resetStats();
    const report = await decide();
    expect(report).toMatchObject({ applied: gone.length - 2, kept: 2, open: 0, exitCode: 0 });
    expect(simulator.stats()).toMatchObject({ requests: gone.length, perOperation: { getPatient: gone.length } });
    expect(await statuses()).toEqual([
      { resource: 'patients', status: 'applied', n: gone.length - 2 },
      { resource: 'patients', status: 'dismissed', n: 2 },
    ]);
    expect(await dead('patients', gone, 'id')).toBe(gone.length - 2);
    expect(await dead('patients', back, 'id')).toBe(0);
    expect(await runRow(database.url, report.runId)).toMatchObject({ rows_deleted: await marked() });
    tomorrow();
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
  });

  test('come back with everything below them when a person restores the deletes', async () => {
    await decide();
    const before = await marked();
    expect(before).toBeGreaterThan(gone.length);
    const ids = (await query<{ id: string }>(database.url, 'SELECT id::text AS id FROM lobbie_sync.deletes')).map(
      ({ id }) => id,
    );
    expect(await restoreDeletes(syncer.deps, { ids })).toEqual({ restored: gone.length });
    expect(await marked()).toBe(0);
    expect(await statuses()).toEqual([{ resource: 'patients', status: 'restored', n: gone.length }]);
    expect(await same()).toEqual([]);
    expect(await historyFaults(database.url, TABLES)).toEqual([]);
    // They are still gone from the API: the next nightly sync holds them again, for a person to decide.
    tomorrow();
    expect(await night()).toMatchObject({ status: 'partial', exitCode: 6 });
    expect(await marked()).toBe(0);
    await unhide();
    tomorrow();
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(await same()).toEqual([]);
  });

  test('are not deleted when a person refuses', async () => {
    expect(await restoreDeletes(syncer.deps, { accountId: '1001', resource: 'patients' })).toEqual({ restored: 0 });
    expect(await statuses()).toEqual([{ resource: 'patients', status: 'restored', n: gone.length }]);
    expect(await marked()).toBe(0);
    expect(await same()).toEqual([]);
  });

  test('wait no longer once they are back', async () => {
    await unhide();
    tomorrow();
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(await statuses()).toEqual([{ resource: 'patients', status: 'dismissed', n: gone.length }]);
    expect(await marked()).toBe(0);
  });
});

describe('a row that leaves the list of its parent', () => {
  /** The parent's change is the change hint for which its lists are read. */
  const touch = async (resource: string, id: string, fields: Record<string, string>) =>
    await control(simulator, '/patch', { account: 1001, resource, id: Number(id), fields });

  test('is deleted after a read by id says 404: an allergy', async () => {
    const [one = ''] = patients;
    const [row] = await query<{ id: string }>(
      database.url,
      'SELECT min(id)::text AS id FROM lobbie.allergies WHERE patient_id = $1',
      [one],
    );
    const id = row?.id ?? '';
    await hide('allergies', [id]);
    await touch('patients', one, { mobilePhone: '14155550100' });
    simulator.resetStats();
    const report = await night();
    expect(report).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(simulator.stats().perOperation['getAllergy']).toBe(1);
    expect(
      await query(
        database.url,
        'SELECT resource, key, parent_id::text AS parent, status, reason FROM lobbie_sync.deletes',
      ),
    ).toEqual([
      { resource: 'allergies', key: id, parent: one, status: 'applied', reason: 'no longer in the list of its parent' },
    ]);
    expect(await marked()).toBe(1);
    expect(await runRow(database.url, report.runId)).toMatchObject({ rows_deleted: 1 });
  });

  test('is deleted after a read by id says 404: a line of an invoice', async () => {
    const [invoice] = await query<{ id: string; line: string }>(
      database.url,
      `SELECT i.id::text AS id, min(l.id)::text AS line FROM lobbie.invoices i JOIN lobbie.invoice_line_items l ON l.invoice_id = i.id
       WHERE i.status = 'OPEN' GROUP BY i.id HAVING count(*) > 1 ORDER BY i.id LIMIT 1`,
    );
    const { id = '', line = '' } = invoice ?? {};
    await hide('invoice_line_items', [line]);
    await touch('invoices', id, { notes: 'one line less' });
    simulator.resetStats();
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(simulator.stats().perOperation['getLineItem']).toBe(1);
    expect(await statuses()).toEqual([{ resource: 'invoice_line_items', status: 'applied', n: 1 }]);
    expect(await dead('invoice_line_items', [line], 'id')).toBe(1);
  });

  test('is not deleted when a read by id still has it', async () => {
    const [, , one = ''] = patients;
    await touch('patients', one, { mobilePhone: '14155550101' });
    simulator.setFaults([{ kind: 'shift', operation: 'listAllergies', path: `/patients/${one}/` }]);
    simulator.resetStats();
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(simulator.stats().perOperation['getAllergy']).toBe(1);
    expect(await statuses()).toEqual([{ resource: 'allergies', status: 'dismissed', n: 1 }]);
    expect(await marked()).toBe(0);
  });
});
