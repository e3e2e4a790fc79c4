import { expect, test } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { kyselyOnPool } from '../../src/db/transaction.ts';
import { rebaseLater } from '../../src/state/outbox/writes.ts';
import { useTestDatabase } from '../support/database.ts';
import { query } from '../support/harness.ts';

const database = useTestDatabase();

async function insert(
  more: { account?: number; target?: number; status?: string; base?: unknown } = {},
): Promise<string> {
  const { account = 1001, target = 5, status = 'pending', base = { firstName: 'A', lastName: 'A' } } = more;
  const [row] = await query<{ id: string }>(
    database.url,
    `INSERT INTO lobbie_push.outbox (resource, operation, account_id, target_id, status, changes, base)
     VALUES ('patients', 'update', $1, $2, $3, '{"firstName":"B"}', $4) RETURNING id`,
    [account, target, status, base === null ? null : JSON.stringify(base)],
  );
  return row?.id ?? '';
}

test('what was written becomes the base of later open rows of the same target, and of no others', async () => {
  const earlier = await insert();
  const written = await insert();
  const later = await insert();
  const inFlight = await insert({ status: 'in_flight' });
  const untouched = [
    earlier,
    written,
    await insert({ account: 1002 }),
    await insert({ target: 6 }),
    await insert({ status: 'succeeded' }),
    await insert({ base: null }),
  ];
  const before = await bases(untouched);
  const pool = createPool({ connectionString: database.url });
  try {
    const row = { id: written, accountId: '1001', resource: 'patients', targetId: '5' };
    await rebaseLater(kyselyOnPool(pool), row, '{"firstName":"B"}');
  } finally {
    await pool.end();
  }
  const rebased = { firstName: 'B', lastName: 'A' };
  expect(await bases([later, inFlight])).toEqual([rebased, rebased]);
  expect(await bases(untouched)).toEqual(before);
});

async function bases(ids: readonly string[]): Promise<unknown[]> {
  const rows = await query<{ base: unknown }>(
    database.url,
    'SELECT base FROM lobbie_push.outbox WHERE id = ANY($1) ORDER BY id',
    [ids],
  );
  return rows.map(({ base }) => base);
}
