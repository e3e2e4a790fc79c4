import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type JournalEntry, type Simulator, startSimulator } from '../../simulator/index.ts';
import { everything } from '../../src/core/selection.ts';
import { planNightlySync } from '../../src/nightly/plan.ts';
import { useTestDatabase } from '../support/database.ts';
import { control, count, query } from '../support/harness.ts';
import { DAY_MS, type Difference, differing, historyFaults, nextDay, requestsOf, Syncer } from '../support/night.ts';
import { readTruth, TABLES } from '../support/truth.ts';

/** The freshness floor: nothing stays unchecked for longer than its days, and what no sign tells of is found within them. */

const LONG = ['appointments', 'form_packets', 'invoices', 'labs', 'notifications', 'payment_requests'];
const BELOW_PATIENTS = ['allergies', 'category_transitions', 'medications', 'patient_categories', 'problems'];

/** Days since what was checked longest ago was checked: lists below living parents, and whole readings of long lists. */
async function oldest(url: string, now: Date): Promise<{ list: string; days: number }[]> {
  const parents: [resource: string, table: string][] = [
    ...BELOW_PATIENTS.map((resource): [string, string] => [resource, 'patients']),
    ['forms', 'form_packets'],
    ['invoice_line_items', 'invoices'],
    ['form_template_elements', 'form_templates'],
    ['form_template_attributes', 'form_templates'],
  ];
  const below = parents.map(
    ([resource, table]) =>
      `SELECT '${resource}' AS list, coalesce(min(c.checked_at), 'epoch') AS at FROM lobbie.${table} p
       LEFT JOIN lobbie_sync.checks c ON c.account_id = p.account_id AND c.resource = '${resource}' AND c.parent_id = p.id
       WHERE p._deleted_at IS NULL`,
  );
  const whole = `SELECT l.name || '@' || p.id, coalesce((SELECT max(s.started_at) FROM lobbie_sync.sweeps s WHERE s.resource = l.name
      AND s.location_id = p.id AND s.status = 'certified' AND s.whole), 'epoch')
    FROM unnest('{${LONG.join(',')}}'::text[]) AS l(name) CROSS JOIN lobbie.locations p`;
  const rows = await query<{ list: string; at: Date }>(url, [...below, whole].join(' UNION ALL '));
  return rows.map(({ list, at }) => ({ list, days: (now.getTime() - at.getTime()) / DAY_MS }));
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

describe('35 nights with a floor of 30 days', () => {
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

  /** Changes that nothing tells of: outside every window, in no status that is looked through, without a sign of the parent. */
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

  test('everything comes round, evenly, and silent changes are found', async () => {
    // Reads that no sign asked for: the list was checked before, and nothing was noted about its parent since.
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

describe('a budget', () => {
  const database = useTestDatabase();
  const DAYS = 7;
  let simulator: Simulator;
  let syncer: Syncer;
  beforeAll(async () => {
    simulator = await startSimulator({ seed: 22, patients: 60, accounts: [1001], locationsPerAccount: 2 });
    syncer = new Syncer({ api: simulator, databaseUrl: database.url, freshnessDays: DAYS });
    expect(await syncer.run('backfill')).toMatchObject({ status: 'succeeded' });
  });
  afterAll(async () => {
    await syncer.close();
    await simulator.stop();
  });

  const plan = (budget: number | null) =>
    planNightlySync(syncer.deps, { selection: everything, budget, requestsPerSecond: 10 });

  test('is planned as the night then spends it', async () => {
    syncer.clock.jump(DAY_MS);
    const { lines, requests } = await plan(null);
    simulator.resetStats();
    const report = await syncer.run('sync');
    expect(report).toMatchObject({ status: 'succeeded' });
    const sent = await requestsOf(database.url, report.runId);
    const planned = new Map<string, number>();
    for (const line of lines) planned.set(line.resource, (planned.get(line.resource) ?? 0) + line.requests);
    // Nothing has changed and no sign is there, so the plan knows all but the pages of each status that a list is walked
    // through: it counts a page for every hundred open rows, where each status begins a page of its own.
    expect(Math.abs(simulator.stats().requests - requests)).toBeLessThanOrEqual(Math.ceil(0.05 * requests));
    for (const [resource, count] of sent) {
      expect(
        Math.abs(count - (planned.get(resource) ?? 0)),
        `${resource}: ${count} sent, ${planned.get(resource)} planned`,
      ).toBeLessThanOrEqual(4);
    }
  });

  test('that ends in the rotation is spent on what is worth most first, and everything comes round all the same', async () => {
    const { lines, budgetForFloor } = await plan(null);
    const nightly = lines.reduce((sum, { phase, requests }) => sum + (phase === 'rotation' ? 0 : requests), 0);
    // A third of what the rotation should have, and a little for signs.
    const budget = nightly + Math.ceil((budgetForFloor - nightly) / 3) + 10;
    const { daysToComeRound } = await plan(budget);
    expect(daysToComeRound).toBeGreaterThan(DAYS);
    const began = syncer.clock.now();
    const most = (daysToComeRound ?? 0) * 2;
    let nights = 0;
    let left: string[] = ['all'];
    while (left.length > 0 && nights < most) {
      nights += 1;
      nextDay(simulator, syncer);
      const at = syncer.clock.now();
      simulator.resetStats();
      const report = await syncer.run('sync', { maxRequests: budget });
      expect(report, `night ${nights}`).toMatchObject({ status: 'incomplete', exitCode: 5 });
      expect(report.error?.code).toBe('stop.budget');
      expect(simulator.stats().requests).toBe(budget);
      const certified = await query<{ operation: string; n: number }>(
        database.url,
        `SELECT operation, count(*)::int AS n FROM lobbie_sync.sweeps WHERE status = 'certified' AND started_at >= $1 GROUP BY 1`,
        [at],
      );
      const done = new Map(certified.map(({ operation, n }) => [operation, n]));
      expect(done.get('listPatients'), `night ${nights}`).toBe(1);
      for (const operation of ['Appointments', 'FormPackets', 'Invoices', 'Labs', 'Notifications', 'PaymentRequests'])
        expect(done.get(`list${operation}#recent`), `night ${nights}: ${operation}`).toBe(2);
      left = (await oldest(database.url, syncer.clock.now()))
        .filter(({ days }) => days > (syncer.clock.now().getTime() - began.getTime()) / DAY_MS)
        .map(({ list }) => list);
    }
    expect(left, `after ${nights} nights of ${budget} requests`).toEqual([]);
  });

  test('that ends in the sweep of the patients deletes nothing and is made up for', async () => {
    nextDay(simulator, syncer);
    expect(await syncer.run('sync', { maxRequests: 4 })).toMatchObject({ status: 'incomplete', exitCode: 5 });
    expect(await count(database.url, `SELECT count(*) FROM lobbie_sync.deletes WHERE status = 'held'`)).toBe(0);
    expect(await syncer.run('sync')).toMatchObject({ status: 'succeeded', exitCode: 0 });
    const late = (await oldest(database.url, syncer.clock.now())).filter(({ days }) => days > DAYS);
    expect(late).toEqual([]);
  });
});
