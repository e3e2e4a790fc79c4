import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Row } from '../../src/core/row.ts';
import { createPool } from '../../src/db/pool.ts';
import { withTransaction } from '../../src/db/transaction.ts';
import { resourceNamed } from '../../src/extractors/registry.ts';
import { loadRows } from '../../src/loaders/load.ts';
import { preparerOf } from '../../src/streams/collect.ts';
import { useTestDatabase } from '../support/database.ts';

const database = useTestDatabase();
let pool: pg.Pool;
beforeAll(() => {
  pool = createPool({ connectionString: database.url, max: 4, onError: () => undefined });
});
afterAll(() => pool.end());

const preparer = preparerOf(resourceNamed('categories'));

async function load(id: number, name: string, now: Date, readAt = now): Promise<void> {
  const options = { accountId: '1001', readAt, secondary: false, unknown: new Map() };
  const prepared = preparer.prepare({ record: { id, name }, context: {} }, options) as { row: Row };
  await withTransaction(pool, (tx) => loadRows(tx, preparer.table, [prepared.row], { runId: '1', now }));
}

const insertMany = (from: number, count: number) =>
  pool.query(
    `INSERT INTO lobbie.categories (account_id, id, name, raw, _content_hash, _run_id, _loaded_at, _read_at, _source)
     SELECT 1001, id, 'Name', '{}', '\\x00', 1, now() - interval '1 hour', now(), 1 FROM generate_series($1::int, $2) AS id`,
    [from, from + count - 1],
  );

async function versions(id: number): Promise<{ version: number; name: string; deleted: boolean; torn: boolean }[]> {
  const { rows } = await pool.query(
    `SELECT version, name, _deleted_at IS NOT NULL AS deleted, _version <> version OR valid_from >= valid_to OR _loaded_at <> valid_from
       OR valid_to IS DISTINCT FROM lead(valid_from) OVER (ORDER BY version) AS torn
     FROM lobbie_history.categories WHERE account_id = 1001 AND id = $1 ORDER BY version`,
    [id],
  );
  return rows.map((row) => ({ ...row, torn: row.torn === true }));
}

describe('an UPDATE by hand', () => {
  test('is a version with the time of the database', async () => {
    await insertMany(1, 1);
    await pool.query(`UPDATE lobbie.categories SET name = 'Other' WHERE id = 1`);
    expect(await versions(1)).toEqual([
      { version: 1, name: 'Name', deleted: false, torn: false },
      { version: 2, name: 'Other', deleted: false, torn: false },
    ]);
    const { rows } = await pool.query(
      `SELECT abs(extract(epoch FROM now() - _loaded_at)) < 60 AS recent FROM lobbie.categories WHERE id = 1`,
    );
    expect(rows).toEqual([{ recent: true }]);
  });

  test('that changes nothing is no version', async () => {
    await insertMany(2, 1);
    const { rowCount } = await pool.query('UPDATE lobbie.categories SET name = name WHERE id = 2');
    expect(rowCount).toBe(1);
    expect(await versions(2)).toHaveLength(1);
  });

  test('can neither set the number nor turn back the time', async () => {
    await insertMany(3, 1);
    for (const version of [1, 7, -1]) {
      const set = `name = 'Set ' || $1::int, _version = $1, _loaded_at = _loaded_at - interval '1 day'`;
      await pool.query(`UPDATE lobbie.categories SET ${set} WHERE id = 3`, [version]);
    }
    const found = await versions(3);
    expect(found.map(({ name }) => name)).toEqual(['Name', 'Set 1', 'Set 7', 'Set -1']);
    expect(found.some(({ torn }) => torn)).toBe(false);
  });

  test('twice in one transaction makes two versions', async () => {
    await insertMany(4, 1);
    await pool.query(`DO $$ BEGIN
      UPDATE lobbie.categories SET name = 'Second' WHERE id = 4;
      UPDATE lobbie.categories SET name = 'Third' WHERE id = 4;
    END $$`);
    const found = await versions(4);
    expect(found.map(({ name, torn }) => [name, torn])).toEqual([
      ['Name', false],
      ['Second', false],
      ['Third', false],
    ]);
  });

  test('can not move a row to another key', async () => {
    await insertMany(5, 1);
    const moved = pool.query('UPDATE lobbie.categories SET id = 6 WHERE id = 5');
    await expect(moved).rejects.toMatchObject({ code: '0A000' });
    await pool.query(`UPDATE lobbie.categories SET id = 5, account_id = 1001, name = 'Other' WHERE id = 5`);
    expect(await versions(5)).toHaveLength(2);
  });

  test('is recorded for whoever may update the table, with no right on its history', async () => {
    await insertMany(7, 1);
    const role = `lobbie_test_writer_${randomBytes(4).toString('hex')}`;
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(`CREATE ROLE ${role}`);
      await client.query(`GRANT USAGE ON SCHEMA lobbie TO ${role}`);
      await client.query(`GRANT SELECT, UPDATE ON lobbie.categories TO ${role}`);
      await client.query(`SET LOCAL ROLE ${role}`);
      await client.query(`UPDATE lobbie.categories SET name = 'Other' WHERE id = 7`);
      await client.query('SAVEPOINT reading');
      const reading = client.query('SELECT FROM lobbie_history.categories');
      await expect(reading).rejects.toMatchObject({ code: '42501' });
      await client.query('ROLLBACK TO reading');
      await client.query('RESET ROLE');
      const { rows } = await client.query('SELECT name FROM lobbie_history.categories_past WHERE id = 7');
      expect(rows).toEqual([{ name: 'Name' }]);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  test('of many rows is quick also where the session changed one row before', async () => {
    await insertMany(10_000, 20_000);
    const client = await pool.connect();
    try {
      await client.query(`UPDATE lobbie.categories SET name = 'One' WHERE id = 10000`);
      // Row by row against row by row would be 400 million comparisons here.
      await client.query(`SET statement_timeout = '20s'`);
      await client.query(`UPDATE lobbie.categories SET name = 'All' WHERE id BETWEEN 10000 AND 29999`);
      await client.query('RESET statement_timeout');
    } finally {
      client.release();
    }
    const { rows } = await pool.query(
      `SELECT count(*)::int AS count, count(DISTINCT id)::int AS ids FROM lobbie_history.categories_past WHERE id >= 10000`,
    );
    expect(rows).toEqual([{ count: 20_001, ids: 20_000 }]);
  });

  test('of a row that was removed by hand and came back begins anew and stops nobody', async () => {
    await load(8, 'Ada', new Date('2025-01-01T00:00:00Z'));
    await load(8, 'Bea', new Date('2025-01-02T00:00:00Z'));
    await pool.query('DELETE FROM lobbie.categories WHERE id = 8');
    await load(8, 'Cleo', new Date('2025-01-03T00:00:00Z'));
    await load(8, 'Dora', new Date('2025-01-04T00:00:00Z'));
    const { rows } = await pool.query(
      'SELECT version, name FROM lobbie_history.categories WHERE id = 8 ORDER BY valid_from',
    );
    expect(rows).toEqual([
      { version: 1, name: 'Ada' },
      { version: 1, name: 'Cleo' },
      { version: 2, name: 'Dora' },
    ]);
  });
});

/** One thing that happens to a row; `step` is how far the clock of the loader moved since the last one, microseconds aside. */
type Step =
  | { readonly kind: 'load' | 'hand'; readonly name: string; readonly step: number }
  | { readonly kind: 'tombstone'; readonly step: number };

const name = fc.constantFrom('Ada', 'Bea', 'Cleo');
const step = fc.constantFrom(-5000, -1, 0, 0, 1, 1000);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('load' as const), name, step }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('hand' as const), name, step }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('tombstone' as const), step }) },
  ),
  { minLength: 1, maxLength: 12 },
);

describe('any sequence of loads, tombstones and updates by hand', () => {
  let nextId = 1_000_000;

  test('leaves versions that tile time and hold what was stored', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        nextId += 1;
        const id = nextId;
        let clock = Date.UTC(2025, 0, 1);
        let reads = clock;
        await load(id, 'First', new Date(clock), new Date(reads));
        const stored = [{ name: 'First', deleted: false }];
        let received = 'First';
        for (const each of sequence) {
          clock += each.step;
          reads += 1;
          const now = new Date(clock);
          const current = stored.at(-1) ?? { name: '', deleted: false };
          if (each.kind === 'load') {
            await load(id, each.name, now, new Date(reads));
            // A record is compared with the one that came before it, so what a hand made of the row stays until the record changes.
            const changed = received !== each.name && current.name !== each.name;
            if (changed || current.deleted) stored.push({ name: each.name, deleted: false });
            received = each.name;
          } else if (each.kind === 'hand') {
            await pool.query('UPDATE lobbie.categories SET name = $2 WHERE id = $1', [id, each.name]);
            if (current.name !== each.name) stored.push({ ...current, name: each.name });
          } else {
            const set = '_deleted_at = $2, _loaded_at = $2';
            await pool.query(`UPDATE lobbie.categories SET ${set} WHERE id = $1 AND _deleted_at IS NULL`, [id, now]);
            if (!current.deleted) stored.push({ ...current, deleted: true });
          }
        }
        expect(await versions(id)).toEqual(stored.map((each, index) => ({ version: index + 1, ...each, torn: false })));
      }),
      { numRuns: 60 },
    );
  });
});
