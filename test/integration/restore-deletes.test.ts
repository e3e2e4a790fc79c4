import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { kyselyOnPool } from '../../src/db/transaction.ts';
import { type DeleteChoice, restoreDeletes } from '../../src/runs/decide-deletes.ts';
import type { RunDependencies } from '../../src/runs/dependencies.ts';
import { useTestDatabase } from '../support/database.ts';
import { query } from '../support/harness.ts';
import { storeRecords } from '../support/rows.ts';

/** What a person takes back with `deletes restore`. */

const database = useTestDatabase();
let pool: pg.Pool;
beforeAll(() => {
  pool = createPool({ connectionString: database.url, max: 2 });
});
afterAll(() => pool.end());

const NOW = new Date('2026-01-15T02:00:00Z');
const LONG_AGO = new Date('2025-06-01T02:00:00Z');
/** Each test has an account of its own. */
let account = 100;
let ids: Record<string, string>;

/** Rows 1 to 4 in the states that a delete can have; the first was deleted long ago. */
beforeEach(async () => {
  account += 1;
  await storeRecords(pool, 'staff', [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }], {
    ...{ accountId: `${account}`, readAt: new Date('2025-01-01T02:00:00Z') },
  });
  await pool.query('UPDATE lobbie.staff SET _deleted_at = $2 WHERE account_id = $1 AND id = 1', [account, LONG_AGO]);
  const { rows } = await pool.query<{ status: string; id: string }>(
    `INSERT INTO lobbie_sync.deletes (run_id, account_id, resource, key, reason, status, found_at, absent_at)
     SELECT 1, $1, 'staff', key, 'a test says so', status, $2, $2
     FROM (VALUES ('1', 'applied'), ('2', 'held'), ('3', 'candidate'), ('4', 'dismissed')) x (key, status)
     RETURNING status, id::text AS id`,
    [account, LONG_AGO],
  );
  ids = Object.fromEntries(rows.map(({ status, id }) => [status, id]));
});

const restore = (choice: DeleteChoice) => {
  const deps = { pool, db: kyselyOnPool(pool), clock: { now: () => NOW }, actor: 'test', noHistory: new Set() };
  return restoreDeletes(deps as unknown as RunDependencies, choice);
};
const states = async () =>
  (
    await query<{ key: string; status: string }>(
      database.url,
      'SELECT key, status FROM lobbie_sync.deletes WHERE account_id = $1 ORDER BY key',
      [account],
    )
  ).map(({ key, status }) => `${key} ${status}`);
const deleted = async () =>
  (
    await query<{ id: string }>(
      database.url,
      'SELECT id::text AS id FROM lobbie.staff WHERE account_id = $1 AND _deleted_at IS NOT NULL',
      [account],
    )
  ).map(({ id }) => id);

test.each<[string, () => DeleteChoice]>([
  ['an account', () => ({ accountId: `${account}` })],
  ['a list of it', () => ({ accountId: `${account}`, resource: 'staff' })],
])('without ids only what is held is refused, and no mark of long ago is taken back: %s', async (_name, choice) => {
  expect(await restore(choice())).toEqual({ restored: 0 });
  expect(await states()).toEqual(['1 applied', '2 restored', '3 candidate', '4 dismissed']);
  expect(await deleted()).toEqual(['1']);
});

test('by its id a delete that was applied is taken back, and only that', async () => {
  expect(await restore({ ids: [ids['applied'] ?? ''] })).toEqual({ restored: 1 });
  expect(await states()).toEqual(['1 restored', '2 held', '3 candidate', '4 dismissed']);
  expect(await deleted()).toEqual([]);
});

test('what is no delete yet, or was dismissed, is left alone, even by its id', async () => {
  expect(await restore({ ids: [ids['candidate'] ?? '', ids['dismissed'] ?? ''] })).toEqual({ restored: 0 });
  expect(await states()).toEqual(['1 applied', '2 held', '3 candidate', '4 dismissed']);
});
