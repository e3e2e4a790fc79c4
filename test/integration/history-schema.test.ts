import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RESOURCES, resourceNamed } from '../../src/extractors/registry.ts';
import { preparerOf } from '../../src/streams/collect.ts';
import { useTestDatabase } from '../support/database.ts';

const database = useTestDatabase();
let client: pg.Client;
beforeAll(async () => {
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(() => client.end());

async function columns(schema: string, table: string): Promise<[name: string, type: string][]> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = format('%I.%I', $1::text, $2::text)::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [schema, table],
  );
  return rows.map(({ name, type }) => [name, type]);
}

/** A value of each type, for columns that may not be null. */
const ANY: Readonly<Record<string, string>> = {
  bigint: '1',
  smallint: '1',
  text: `'x'`,
  jsonb: `'{}'`,
  bytea: `'\\x00'`,
  'timestamp with time zone': `'2025-01-01T00:00:00Z'`,
};

async function insertRow(table: string): Promise<void> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT quote_ident(attname) AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND attnotnull AND NOT atthasdef`,
    [`lobbie.${table}`],
  );
  const values = rows.map(({ type }) => ANY[type] ?? 'null').join(', ');
  await client.query(`INSERT INTO lobbie.${table} (${rows.map(({ name }) => name).join(', ')}) VALUES (${values})`);
}

const HISTORY: [string, string][] = [
  ['valid_from', 'timestamp with time zone'],
  ['valid_to', 'timestamp with time zone'],
];

describe('every synced table', () => {
  test('has its history', async () => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.views WHERE table_schema = 'lobbie_history' ORDER BY 1`,
    );
    expect(rows.map((row) => row.name)).toEqual(RESOURCES.map((resource) => resource.name).sort());
  });

  test.each(RESOURCES.map((resource) => resource.name))(
    '%s: the same columns, a row that is changed has two versions',
    async (table) => {
      const own = await columns('lobbie', table);
      expect(own).toContainEqual(['_version', 'integer']);
      const past = (await columns('lobbie_history', `${table}_past`)).filter(([name]) => name !== '_past_id');
      expect(past).toEqual([...own, ...HISTORY]);
      // form_templates has a `version` of its own, which keeps its name.
      const numbered: [string, string][] = table === 'form_templates' ? [] : [['version', 'integer']];
      expect(await columns('lobbie_history', table)).toEqual([...own, ...HISTORY, ...numbered]);

      await insertRow(table);
      await client.query(`UPDATE lobbie.${table} SET _run_id = 2, _loaded_at = '2025-01-02T00:00:00Z'`);
      const { rows } = await client.query(
        `SELECT _run_id AS run, _version AS version, valid_from AS "from", valid_to AS "to" FROM lobbie_history.${table} ORDER BY _version`,
      );
      expect(rows).toEqual([
        { run: '1', version: 1, from: new Date('2025-01-01T00:00:00Z'), to: new Date('2025-01-02T00:00:00Z') },
        { run: '2', version: 2, from: new Date('2025-01-02T00:00:00Z'), to: null },
      ]);
      const asOf = `SELECT _run_id AS run FROM lobbie_history.${table}_as_of('2025-01-01T12:00:00Z')`;
      expect((await client.query(asOf)).rows).toEqual([{ run: '1' }]);
      const key = preparerOf(resourceNamed(table)).table.primaryKey[0];
      await expect(client.query(`UPDATE lobbie.${table} SET ${key} = 2`)).rejects.toMatchObject({ code: '0A000' });
    },
  );

  test('form_templates keeps the version that Lobbie gives', async () => {
    await client.query('UPDATE lobbie.form_templates SET version = 12');
    const { rows } = await client.query('SELECT version FROM lobbie_history.form_templates ORDER BY _version DESC');
    expect(rows[0]).toEqual({ version: 12 });
  });
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly Plan[];
}

const flat = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(flat)];

test('as_of looks a key up by index in current and past versions', async () => {
  await client.query(`INSERT INTO lobbie.staff (account_id, id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source)
    SELECT 1001, id, '{}', '\\x00', 1, now(), now(), 1 FROM generate_series(2, 5000) AS id`);
  for (const email of ['a', 'b']) await client.query('UPDATE lobbie.staff SET email = $1 WHERE id > 1', [email]);
  await client.query('ANALYZE lobbie.staff, lobbie_history.staff_past');
  const { rows } = await client.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
    `EXPLAIN (FORMAT JSON) SELECT email FROM lobbie_history.staff_as_of(now()) WHERE account_id = 1001 AND id = 77`,
  );
  const nodes = flat(rows[0]?.['QUERY PLAN'][0]?.Plan as Plan);
  const types = nodes.map((node) => node['Node Type']);
  expect(types).not.toContain('Function Scan');
  expect(types.filter((type) => type.includes('Seq Scan'))).toEqual([]);
  const conditions = nodes.flatMap((node) => node['Index Cond'] ?? []);
  expect(conditions).toHaveLength(2);
  for (const condition of conditions) expect(condition).toMatch(/account_id = 1001.*id = 77/);
});

describe('a later migration', () => {
  const track = (table: string) => client.query('SELECT lobbie_sync.track_history($1)', [table]);

  test('may say it again: nothing changes', async () => {
    const before = await columns('lobbie_history', 'patients');
    await track('patients');
    await track('patients');
    expect(await columns('lobbie_history', 'patients')).toEqual(before);
  });

  test('adds a column to table, past, view and function with one more line', async () => {
    const before = await columns('lobbie_history', 'labs');
    await client.query('CREATE VIEW public.on_history AS SELECT * FROM lobbie_history.labs');
    await client.query(`ALTER TABLE lobbie.labs ADD COLUMN "order" text NOT NULL DEFAULT 'none'`);
    // Until history is told, changes are recorded without the column rather than refused.
    await client.query(`UPDATE lobbie.labs SET "order" = 'first', _loaded_at = '2025-01-03T00:00:00Z'`);
    await track('labs');
    expect(await columns('lobbie_history', 'labs')).toEqual([...before, ['order', 'text']]);
    await client.query(`UPDATE lobbie.labs SET "order" = 'second', _loaded_at = '2025-01-04T00:00:00Z'`);
    const { rows } = await client.query('SELECT version, "order" FROM lobbie_history.labs ORDER BY version');
    expect(rows).toEqual([
      { version: 1, order: null },
      { version: 2, order: null },
      { version: 3, order: 'first' },
      { version: 4, order: 'second' },
    ]);
    const asOf = await client.query(`SELECT "order" FROM lobbie_history.labs_as_of('2025-01-03T12:00:00Z')`);
    expect(asOf.rows).toEqual([{ order: 'first' }]);
  });

  test('gives a new table its history, rows that are there already included', async () => {
    await client.query(`CREATE TABLE lobbie."Odd ""widgets""" (account_id bigint NOT NULL, "Widget key" text NOT NULL, name text, raw jsonb NOT NULL,
      _content_hash bytea NOT NULL, _run_id bigint NOT NULL, _loaded_at timestamptz NOT NULL, _read_at timestamptz NOT NULL,
      _source smallint NOT NULL, _deleted_at timestamptz, PRIMARY KEY ("Widget key", account_id))`);
    await insertRow('"Odd ""widgets"""');
    await track('Odd "widgets"');
    await client.query(`UPDATE lobbie."Odd ""widgets""" SET name = 'new'`);
    const { rows } = await client.query('SELECT version, name FROM lobbie_history."Odd ""widgets""" ORDER BY version');
    expect(rows).toEqual([
      { version: 1, name: null },
      { version: 2, name: 'new' },
    ]);
  });
});
