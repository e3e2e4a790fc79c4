import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { kyselyOnPool } from '../../src/db/transaction.ts';
import { markChecked, markDue } from '../../src/state/checks.ts';
import { useTestDatabase } from '../support/database.ts';

const database = useTestDatabase();
let pool: pg.Pool;

beforeAll(() => {
  pool = createPool({ connectionString: database.url, max: 2 });
});
afterAll(() => pool.end());

const at = (minute: number) => new Date(Date.UTC(2026, 0, 15, 2, minute));

async function check(parentId: string) {
  const { rows } = await pool.query<{ checked_at: Date | null; due_since: Date | null }>(
    `SELECT checked_at, due_since FROM lobbie_sync.checks WHERE account_id = 1 AND resource = 'allergies' AND parent_id = $1`,
    [parentId],
  );
  return rows[0];
}

test('what became due before the request was sent is done with it', async () => {
  const db = kyselyOnPool(pool);
  await markDue(db, '1', ['allergies'], ['10'], at(1));
  await markChecked(db, '1', 'allergies', [{ parentId: '10', at: at(2) }]);
  expect(await check('10')).toEqual({ checked_at: at(2), due_since: null });
});

test('what became due after the request was sent stays due, also when it was due before', async () => {
  const db = kyselyOnPool(pool);
  await markDue(db, '1', ['allergies'], ['11'], at(1));
  await markDue(db, '1', ['allergies'], ['11'], at(3));
  await markChecked(db, '1', 'allergies', [{ parentId: '11', at: at(2) }]);
  expect(await check('11')).toEqual({ checked_at: at(2), due_since: at(3) });
});

test('an older answer that is stored later takes nothing back', async () => {
  const db = kyselyOnPool(pool);
  await markChecked(db, '1', 'allergies', [{ parentId: '12', at: at(5) }]);
  await markChecked(db, '1', 'allergies', [{ parentId: '12', at: at(4) }]);
  expect(await check('12')).toEqual({ checked_at: at(5), due_since: null });
});
