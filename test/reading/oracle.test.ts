import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareWithWorld, inWords } from '../odd-api/oracle/compare.ts';
import { truthOf } from '../odd-api/oracle/tables.ts';
import { type OddApi, startOddApi } from '../odd-api/start.ts';
import { MovableClock } from '../support/clock.ts';
import { useTestDatabase } from '../support/database.ts';
import { query } from '../support/harness.ts';
import { Syncer } from '../support/night.ts';

/** The oracle that says what the warehouse must hold: it agrees with a plain backfill, and it notices whatever is otherwise. */

const database = useTestDatabase();
let api: OddApi;

beforeAll(async () => {
  api = await startOddApi({ seed: 31, patients: 14, accounts: 2, locations: 3 });
  const { world } = api;
  for (const accountId of api.accountIds) {
    const [setting] = world.selfSchedulingSettings.in({ accountId });
    const [care] = world.remoteCareSettings.in({ accountId });
    if (setting !== undefined && care !== undefined) {
      world.remoteCareSettings.update(care.key, { selfSchedulingSettingIds: [setting.key] });
    }
  }
  const syncer = new Syncer({
    api,
    databaseUrl: database.url,
    accounts: api.accountIds.map(String),
    clock: new MovableClock({ now: Date.now(), speed: 50 }),
  });
  expect(await syncer.run('backfill')).toMatchObject({ status: 'succeeded' });
  await syncer.close();
});
afterAll(() => api.close());

const ask = (sql: string) => query(database.url, sql);
const differences = async () => (await compareWithWorld(ask, api.world)).map(inWords);

test('a plain backfill holds what the world holds, in every table and column', async () => {
  expect(await differences()).toEqual([]);
  const empty = await query<{ table: string }>(
    database.url,
    `SELECT table_name AS table FROM information_schema.tables WHERE table_schema = 'lobbie'
     AND (xpath('//n/text()', query_to_xml(format('SELECT count(*) AS n FROM lobbie.%I', table_name), true, true, '')))[1]::text = '0'`,
  );
  expect(empty).toEqual([]);
});

/** What can't be changed without making another row of it, or is made up. */
const keysOf = (table: string): readonly string[] => [
  ...(truthOf(api.world).get(table)?.key ?? []),
  ...(table === 'form_template_attributes' || table === 'lab_test_panels' ? ['id'] : []),
  ...(table === 'lab_test_components' ? ['panel_id'] : []),
];

const OTHERWISE: Readonly<Record<string, string>> = {
  bigint: 'coalesce(%I, 0) + 1',
  integer: 'coalesce(%I, 0) + 1',
  numeric: 'coalesce(%I, 0) + 0.01',
  text: `coalesce(%I, '') || 'x'`,
  boolean: 'NOT coalesce(%I, false)',
  'timestamp with time zone': `coalesce(%I, now()) + interval '1 millisecond'`,
  date: 'coalesce(%I, current_date) + 1',
  jsonb: `'{"no": "such"}'`,
};

test('a row that is otherwise in any column, one that is gone and one too many are noticed in every table', async () => {
  const columns = await query<Record<'table' | 'column' | 'type', string>>(
    database.url,
    `SELECT table_name AS table, column_name AS column, data_type AS type FROM information_schema.columns
     WHERE table_schema = 'lobbie' AND column_name !~ '^_' ORDER BY 1, ordinal_position`,
  );
  const changed = new Map<string, readonly string[]>();
  for (const [table, own] of Map.groupBy(columns, (each) => each.table)) {
    const keys = keysOf(table);
    const changing = own.filter(({ column }) => !keys.includes(column) && column !== 'raw');
    const rawless = table === 'form_answers' || table === 'lab_test_panels';
    const sets = [
      ...changing.map(({ column, type }) => `"${column}" = ${OTHERWISE[type]?.replace('%I', `"${column}"`)}`),
      rawless
        ? `raw = '{}'`
        : `raw = raw || jsonb_build_object((SELECT min(name) FROM jsonb_object_keys(raw) AS name), 'x')`,
    ];
    const one = (order: string) => `ctid = (SELECT ${order}(ctid) FROM lobbie.${table} WHERE _version = 1)`;
    await query(database.url, `UPDATE lobbie.${table} SET ${sets.join(', ')} WHERE ${one('min')}`);
    await query(database.url, `UPDATE lobbie.${table} SET _deleted_at = now() WHERE ${one('max')}`);
    changed.set(
      table,
      changing.map(({ column }) => column),
    );
  }
  const [type] = api.world.appointmentTypes.entries();
  const taken = api.world.appointmentTypes.get(type?.key ?? 0);
  api.world.appointmentTypes.delete(type?.key ?? 0);
  const found = Map.groupBy(await compareWithWorld(ask, api.world), ({ table }) => table);
  api.world.appointmentTypes.add(taken, type?.home);
  for (const [table, names] of changed) {
    const own = found.get(table) ?? [];
    const wanted = table === 'appointment_types' ? ['extra', 'missing', 'other'] : ['missing', 'other'];
    // Where a table has one row only, or the row that left is the changed one, less is there to be noticed.
    const hows = [...new Set(own.map(({ how }) => how))].sort();
    expect(wanted, table).toEqual(expect.arrayContaining(hows));
    const noticed = own.find(({ how }) => how === 'other')?.columns.map((name) => name.split('.')[0]);
    if (noticed !== undefined) expect(noticed, table).toEqual([...names, 'raw']);
  }
  expect([...found.values()].filter((own) => own.some(({ how }) => how === 'other')).length).toBeGreaterThan(32);
});
