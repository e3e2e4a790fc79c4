import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type JournalEntry, type Simulator, startSimulator } from '../../simulator/index.ts';
import { useTestDatabase } from '../support/database.ts';
import { control, count, query } from '../support/harness.ts';
import { type Difference, differing, historyFaults, nextDay, Syncer } from '../support/night.ts';
import { oldest } from '../support/oldest.ts';
import { readTruth, TABLES } from '../support/truth.ts';

/** The freshness target: nothing stays unchecked for longer, and changes without a change hint are found within that time. */

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

describe('35 nights with a freshness target of 30 days', () => {
  const database = useTestDatabase();
  let simulator: Simulator;
  let syncer: Syncer;
  beforeAll(async () => {
    simulator = await startSimulator({ seed: 21, patients: 60, accounts: [1001], locationsPerAccount: 2 });
    syncer = new Syncer({ api: simulator, databaseUrl: database.url });
    expect(await syncer.run('backfill')).toMatchObject({ status: 'succeeded' });
  });
  afterAll(async () => {
    await syncer.close();
    await simulator.stop();
  });

  /** Changes without any hint: outside every window, in no status that is listed, without a change of the parent. */
  async function changeSilently(): Promise<Map<string, string>> {
    const silent = new Map<string, string>();
    const one = async (table: string, where: string, work: '/patch' | '/hide', fields?: object) => {
      const [row] = await query<{ id: string }>(
        database.url,
        `SELECT id::text AS id FROM lobbie.${table} WHERE ${where} ORDER BY id LIMIT 1`,
      );
      const id = row?.id ?? '';
      expect(id, `${table}: nothing to change`).not.toBe('');
      await control(simulator, work, { account: 1001, resource: table, id: Number(id), fields });
      silent.set(`${table} 1001/${id}`, work);
    };
    const old = (column: string) => `${column} < '2025-10-01'`;
    await one('allergies', 'true', '/patch', { comment: 'silent' });
    await one('medications', 'true', '/hide');
    await one('appointments', old('start_time'), '/patch', { note: 'silent' });
    await one('appointments', `${old('start_time')} AND id > (SELECT min(id) FROM lobbie.appointments)`, '/hide');
    await one(
      'notifications',
      `${old('created_at')} AND email_status <> 'PENDING' AND sms_status <> 'PENDING'`,
      '/patch',
      { type: 'SILENT' },
    );
    await one('invoices', `${old('created_at')} AND status = 'PAID'`, '/patch', { notes: 'silent' });
    await one('labs', `${old('entry_on')} AND status = 'COMPLETE'`, '/patch', { notes: 'silent' });
    await one('form_packets', `${old('created_at')} AND status = 'COMPLETED'`, '/patch', { isArchived: true });
    await one('payment_requests', `${old('created_at')} AND status = 'PAID'`, '/patch', { description: 'silent' });
    await one(
      'invoice_line_items',
      `invoice_id = (SELECT min(id) FROM lobbie.invoices WHERE status = 'PAID' AND ${old('created_at')})`,
      '/patch',
      { description: 'silent' },
    );
    return silent;
  }

  test('everything is checked, evenly spread, and silent changes are found', async () => {
    // Reads without a change hint: the list was checked before, and its parent has not changed since.
    await query(database.url, 'CREATE TABLE public.rotated (resource text, at timestamptz)');
    await query(
      database.url,
      `CREATE FUNCTION public.note_rotation() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO public.rotated VALUES (NEW.resource, NEW.checked_at); RETURN NULL; END $$`,
    );
    await query(
      database.url,
      `CREATE TRIGGER note_rotation AFTER UPDATE ON lobbie_sync.checks FOR EACH ROW
       WHEN (OLD.due_since IS NULL AND OLD.checked_at < NEW.checked_at) EXECUTE FUNCTION public.note_rotation()`,
    );
    const silent = await changeSilently();
    const foundAfter = new Map<string, number>();
    /** Row → the night since which it differs. */
    const since = new Map<string, number>();
    const rotation: number[] = [];
    let last: ReadonlyMap<string, ReadonlyMap<string, Difference>> = new Map();
    const changedOn = new Map<string, number>();
    for (let night = 1; night <= 35; night += 1) {
      const journal: JournalEntry[] = nextDay(simulator, syncer);
      for (const { resource, accountId, id } of journal) changedOn.set(`${resource} ${accountId}/${id}`, night);
      const began = syncer.clock.now();
      const report = await syncer.run('sync');
      expect(report, `night ${night}`).toMatchObject({ status: 'succeeded', exitCode: 0 });
      const late = (await oldest(database.url, syncer.clock.now())).filter(({ days }) => days > 30);
      expect(late, `night ${night}`).toEqual([]);

      last = await differing(database.url, await readTruth(simulator));
      const now = new Set([...last].flatMap(([table, rows]) => [...rows.keys()].map((key) => `${table} ${key}`)));
      for (const row of since.keys()) if (!now.has(row)) since.delete(row);
      for (const row of now) if (!since.has(row)) since.set(row, night);
      for (const [row, first] of since) expect(night - first, `${row} differs since night ${first}`).toBeLessThan(30);
      for (const row of silent.keys()) if (!now.has(row) && !foundAfter.has(row)) foundAfter.set(row, night);

      const children = await count(database.url, 'SELECT count(*) FROM public.rotated WHERE at >= $1', [began]);
      const turns = await query<{ rows: string }>(
        database.url,
        `SELECT s.rows_read::text AS rows FROM lobbie_sync.sweeps s JOIN lobbie_sync.passes p ON p.id = s.pass_id
         WHERE p.kind = 'rotation' AND s.started_at >= $1`,
        [began],
      );
      rotation.push(children + turns.reduce((sum, { rows }) => sum + Math.max(2, Math.ceil(Number(rows) / 100)), 0));
    }
    expect(Math.max(...rotation), rotation.join(' ')).toBeLessThanOrEqual(3 * median(rotation));
    expect(Math.min(...rotation), rotation.join(' ')).toBeGreaterThan(0);
    // None was found by chance alone, and all were found.
    expect([...foundAfter.keys()].sort()).toEqual([...silent.keys()].sort());
    expect(Math.max(...foundAfter.values())).toBeGreaterThan(1);
    expect(Math.max(...foundAfter.values())).toBeLessThanOrEqual(30);
    // What still differs has changed lately.
    for (const [table, rows] of last) {
      for (const key of rows.keys()) expect(changedOn.get(`${table} ${key}`), `${table} ${key}`).toBeGreaterThan(5);
    }
    expect(await historyFaults(database.url, TABLES)).toEqual([]);
    expect(
      await count(database.url, `SELECT count(*) FROM lobbie_sync.deletes WHERE status IN ('candidate', 'held')`),
    ).toBe(0);
  });
});
