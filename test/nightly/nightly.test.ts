import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type JournalEntry, type Simulator, startSimulator } from '../../simulator/index.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { executeTargeted } from '../../src/runs/targeted.ts';
import { MovableClock } from '../support/clock.ts';
import { dropDatabase, type TestDatabase, useTestDatabase } from '../support/database.ts';
import { control, count, query, runRow, sessionsGone } from '../support/harness.ts';
import { DAY_MS, differing, FIRST_RUN, historyFaults, inWords, journalKey, Syncer } from '../support/night.ts';
import { copyDatabase } from '../support/night-database.ts';
import { readTruth, TABLES } from '../support/truth.ts';

/** The nightly sync after a day: what it finds, what it costs, and what it leaves unchanged. */

const BELOW_PATIENTS = ['allergies', 'category_transitions', 'medications', 'patient_categories', 'problems'];
const OPEN: Readonly<Record<string, readonly string[]>> = {
  form_packets: ['PENDING', 'IN_PROGRESS'],
  invoices: ['DRAFT', 'OPEN', 'VIEWED', 'PAST_DUE', 'FAILED'],
  labs: ['PROCESSING', 'ORDER_ERROR'],
  payment_requests: ['PENDING', 'PARTIALLY_PAID'],
};
/** Tables whose changes the same nightly sync finds, whatever happened to them. */
const WHOLE = ['patients', 'appointments', 'categories', 'notification_groups', 'recurring_payments'];

const filled = useTestDatabase();
let simulator: Simulator;
/** Requests of the backfill. */
let full: number;
let database: TestDatabase;
let syncer: Syncer;

beforeAll(async () => {
  simulator = await startSimulator({ seed: 2, patients: 400, accounts: [1001] });
  const first = new Syncer({ api: simulator, databaseUrl: filled.url });
  expect(await first.run('backfill')).toMatchObject({ status: 'succeeded' });
  await first.close();
  full = simulator.stats().requests;
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  database = await copyDatabase(filled);
  syncer = new Syncer({
    api: simulator,
    databaseUrl: database.url,
    clock: new MovableClock({ now: FIRST_RUN + DAY_MS }),
  });
  simulator.resetStats();
});
afterEach(async () => {
  await syncer.close();
  await dropDatabase(database);
});

/** Ends all sessions, which hands over what they counted, and begins anew. */
const sessionsEnded = async () => {
  await syncer.close();
  await sessionsGone(database.url);
  syncer = new Syncer({ api: simulator, databaseUrl: database.url, clock: syncer.clock });
};
/** Rows written to the mirror and its history since the server began to count. Exact once nobody else is connected. */
const writesTo = async (url: string) =>
  await count(
    url,
    `SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables WHERE schemaname IN ('lobbie', 'lobbie_history')`,
  );
const someone = async (resource: string, work: '/hide' | '/patch', fields?: object, where = 'true') => {
  const [row] = await query<{ id: string }>(
    database.url,
    `SELECT min(id)::text AS id FROM lobbie.${resource} WHERE ${where}`,
  );
  await control(simulator, work, { account: 1001, resource, id: Number(row?.id), fields });
};
const targeted = (other: Syncer, target: Parameters<typeof executeTargeted>[1]['target']) =>
  executeTargeted(other.deps, { selection: everything, target, stop: new StopSignal() });

test('a nightly sync without changes writes nothing', async () => {
  await sessionsEnded();
  const before = await writesTo(database.url);
  const report = await syncer.run('sync');
  expect(report).toMatchObject({ status: 'succeeded', exitCode: 0 });
  expect(await runRow(database.url, report.runId)).toMatchObject({
    rows_inserted: 0,
    rows_updated: 0,
    rows_deleted: 0,
  });
  await sessionsEnded();
  expect(await writesTo(database.url)).toBe(before);
  // It read: the rotation went on.
  expect(simulator.stats().requests).toBeGreaterThan(100);
  expect(simulator.stats().requests).toBeLessThan(0.1 * full);
});

describe('the nightly sync after a day', () => {
  test('finds everything that has a change hint, and what it misses is known by kind', async () => {
    const open = new Map<string, Set<string>>();
    for (const [table, statuses] of Object.entries(OPEN)) {
      const rows = await query<{ key: string }>(
        database.url,
        `SELECT account_id || '/' || id AS key FROM lobbie.${table} WHERE status = ANY($1)`,
        [statuses],
      );
      open.set(table, new Set(rows.map(({ key }) => key)));
    }
    const pending = await query<{ key: string }>(
      database.url,
      `SELECT account_id || '/' || id AS key FROM lobbie.notifications WHERE 'PENDING' IN (email_status, sms_status)`,
    );
    open.set('notifications', new Set(pending.map(({ key }) => key)));
    const lastNight = syncer.clock.now().getTime() - DAY_MS;

    const start = simulator.world.journal.length;
    simulator.evolve(1);
    // What chance left out of this day.
    await someone('patients', '/hide');
    await someone('recurring_payments', '/patch', { description: 'changed by hand' });
    const sent = { emailStatus: 'SENT', smsStatus: 'SENT' };
    await someone('notifications', '/patch', sent, `'PENDING' IN (email_status, sms_status)`);
    const journal: readonly JournalEntry[] = simulator.world.journal.slice(start);
    const report = await syncer.run('sync');
    expect(report).toMatchObject({ status: 'succeeded', exitCode: 0 });
    const { requests } = simulator.stats();
    expect((await runRow(database.url, report.runId)).requests).toBe(requests);
    // A full read reads the lists of all 400 patients, 1,200 packets and 800 invoices: 4,400 requests. A nightly sync reads a
    // twenty-eighth of them (about 155 requests), those with a change hint (about 100), and its lists and recent parts (about 140),
    // which are the same number of requests for an account of any size up to 100 rows a list.
    expect(requests / full).toBeLessThan(0.12);

    const truth = await readTruth(simulator);
    const wrong = await differing(database.url, truth);
    const isWrong = ({ resource, ...entry }: JournalEntry) =>
      wrong.get(resource)?.has(journalKey({ resource, ...entry })) === true;
    const seen = new Map<string, number>();
    const found = (what: string, entries: readonly JournalEntry[]) => {
      seen.set(what, entries.length);
      expect(entries.filter(isWrong), what).toEqual([]);
    };
    for (const table of WHOLE)
      found(
        table,
        journal.filter(({ resource }) => resource === table),
      );
    for (const [table, keys] of open) {
      const own = journal.filter(({ resource }) => resource === table);
      found(
        `new ${table}`,
        own.filter(({ change }) => change === 'created'),
      );
      found(
        `open ${table}`,
        own.filter((entry) => entry.change === 'updated' && keys.has(journalKey(entry))),
      );
    }
    for (const [what, entries] of seen) expect(entries, `nothing happened to ${what}`).toBeGreaterThan(0);
    for (const change of ['created', 'updated', 'deleted'])
      expect(
        journal.filter((entry) => entry.resource === 'patients' && entry.change === change),
        change,
      ).not.toEqual([]);
    const signs = await query<{ id: string; resource: string }>(
      database.url,
      `SELECT DISTINCT parent_id::text AS id, resource FROM lobbie_sync.checks WHERE checked_at >= $1 AND resource = ANY($2)`,
      [new Date(lastNight + DAY_MS), BELOW_PATIENTS],
    );
    // Children of those with a change hint, and what comes with new and changed packets, invoices and labs.
    for (const table of ['forms', 'form_answers', 'invoice_line_items', 'lab_test_panels', 'lab_test_components'])
      expect(wrong.get(table), table).toBeUndefined();
    const visited = journal
      .filter(({ resource, change }) => resource === 'appointments' && change === 'updated')
      .map(({ id }) => id);
    const owners = await query<{ id: string }>(
      database.url,
      'SELECT DISTINCT patient_id::text AS id FROM lobbie.appointments WHERE id = ANY($1)',
      [visited],
    );
    expect(owners.length).toBeGreaterThan(0);
    const read = new Set(signs.map(({ id, resource }) => `${resource} ${id}`));
    for (const { id } of owners) for (const table of BELOW_PATIENTS) expect(read, table).toContain(`${table} ${id}`);

    // What is left has no change hint: a change of a patient's own lists, when nothing else happened to the patient that night.
    expect([...wrong.keys()].filter((table) => !BELOW_PATIENTS.includes(table))).toEqual([]);
    for (const row of inWords(wrong))
      expect(journal.map((entry) => `${entry.resource} ${journalKey(entry)}`)).toContain(row.replace(/ \w+$/, ''));
    expect(await historyFaults(database.url, TABLES)).toEqual([]);

    // The rotation finds it: within eight days where that is the freshness target. No more days pass in the world.
    expect(wrong.size, 'nothing was missed, so nothing is shown').toBeGreaterThan(0);
    await syncer.close();
    const { clock } = syncer;
    syncer = new Syncer({ api: simulator, databaseUrl: database.url, clock, freshnessDays: 8 });
    let left = inWords(wrong);
    for (let night = 1; night <= 7 && left.length > 0; night += 1) {
      clock.jump(DAY_MS);
      expect(await syncer.run('sync')).toMatchObject({ status: 'succeeded' });
      left = inWords(await differing(database.url, truth));
    }
    expect(left).toEqual([]);
  });
});

describe('a targeted read beside a running nightly sync', () => {
  test('reads a window and a person without a conflict, and the nightly sync ends as it would have', async () => {
    const [person] = await query<{ id: string }>(
      database.url,
      `SELECT p.patient_id::text AS id FROM lobbie.form_packets p JOIN lobbie.form_answers a ON a.form_packet_id = p.id
       GROUP BY p.patient_id ORDER BY count(*) DESC, 1 LIMIT 1`,
    );
    const patient = person?.id ?? '';
    // What no nightly sync would see: an old packet, an allergy, an old visit of the person; an old bill in the window.
    const change = async (table: string, where: string, fields: object) => {
      const [row] = await query<{ id: string }>(
        database.url,
        `SELECT min(t.id)::text AS id FROM lobbie.${table} t WHERE ${where}`,
      );
      const id = row?.id ?? '';
      expect(id, table).not.toBe('');
      await control(simulator, '/patch', { account: 1001, resource: table, id: Number(id), fields });
      return `${table} 1001/${id} stale`;
    };
    const ofPerson = [
      await change('form_packets', `patient_id = ${patient}`, { isArchived: true }),
      await change('category_transitions', `patient_id = ${patient}`, { trigger: 'targeted' }),
      await change('appointments', `patient_id = ${patient}`, { note: 'targeted' }),
    ];
    const inWindow = await change(
      'invoices',
      `patient_id <> ${patient} AND status = 'PAID' AND created_at BETWEEN '2024-06-01' AND '2024-06-30'`,
      { notes: 'targeted' },
    );
    const wrong = async () => inWords(await differing(database.url, await readTruth(simulator)));
    const before = await wrong();
    expect(before).toEqual(expect.arrayContaining([...ofPerson, inWindow]));

    const other = new Syncer({ api: simulator, databaseUrl: database.url, clock: syncer.clock });
    let beside: Promise<Awaited<ReturnType<typeof targeted>>[]> | undefined;
    let cursors: string[] = [];
    const night = await syncer.run('sync', {
      onProgress: ({ state }) => {
        if (state !== 'reading') return;
        beside ??= Promise.all([
          targeted(other, { window: { from: '2024-06-01T00:00:00Z', to: '2024-06-30T00:00:00Z' }, patients: [] }),
          targeted(other, { patients: [patient] }),
        ]);
      },
    });
    const reports = (await beside) ?? [];
    cursors = (
      await query<{ pass: string }>(database.url, `SELECT DISTINCT pass_id::text AS pass FROM lobbie_sync.cursors`)
    ).map(({ pass }) => pass);
    await other.close();
    expect(reports).toHaveLength(2);
    for (const report of reports) expect(report).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(night).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(await count(database.url, `SELECT count(*) FROM lobbie_sync.run_problems`)).toBe(0);
    expect(cursors).not.toContain('0');
    const left = await wrong();
    for (const row of [...ofPerson, inWindow]) expect(left).not.toContain(row);
    expect(left.filter((row) => !before.includes(row))).toEqual([]);
    for (const { runId } of reports)
      expect((await runRow(database.url, runId)).requests, 'the person').toBeGreaterThan(0);
    const packets = await count(database.url, 'SELECT count(*) FROM lobbie.form_packets WHERE patient_id = $1', [
      patient,
    ]);
    const personal = await query<{ resource: string; requests: number }>(
      database.url,
      'SELECT resource, requests::int AS requests FROM lobbie_sync.run_resources WHERE run_id = $1',
      [reports[1]?.runId],
    );
    const asked = new Map(personal.map(({ resource, requests }) => [resource, requests]));
    expect(asked.get('forms')).toBe(packets);
    for (const table of [...BELOW_PATIENTS, 'patients']) expect(asked.get(table), table).toBe(1);
    expect(await historyFaults(database.url, TABLES)).toEqual([]);
  });
});
