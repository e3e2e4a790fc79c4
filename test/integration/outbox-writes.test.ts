import { expect, test } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { kyselyOnPool } from '../../src/db/transaction.ts';
import { storedValues } from '../../src/state/outbox/review.ts';
import { forgetOwnWrites, noteOwnWrites } from '../../src/state/outbox/writes.ts';
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

test('a write is laid over the bases of its record that did not see it, whatever their ids, and over no others', async () => {
  const earlier = await insert();
  const written = await insert();
  const later = await insert();
  const inFlight = await insert({ status: 'in_flight' });
  const untouched = [
    written,
    await insert({ account: 1002 }),
    await insert({ target: 6 }),
    await insert({ target: 7, base: null }),
  ];
  const before = await bases(untouched);
  const pool = createPool({ connectionString: database.url });
  try {
    const row = { id: written, accountId: '1001', resource: 'patients', targetId: '5' };
    await noteOwnWrites(kyselyOnPool(pool), row, '{"firstName":"B"}');
    const rebased = { firstName: 'B', lastName: 'A' };
    expect(await bases([earlier, later, inFlight])).toEqual([rebased, rebased, rebased]);
    expect(await bases(untouched)).toEqual(before);
    // A row that comes in afterwards has seen it.
    const after = await insert({ base: { firstName: 'C', lastName: 'A' } });
    expect(await bases([after])).toEqual([{ firstName: 'C', lastName: 'A' }]);
    // The later of two writes of a field counts.
    await noteOwnWrites(kyselyOnPool(pool), { ...row, id: later }, '{"firstName":"D"}');
    expect(await bases([earlier, after])).toEqual([
      { firstName: 'D', lastName: 'A' },
      { firstName: 'D', lastName: 'A' },
    ]);
    await query(database.url, `UPDATE lobbie_push.own_writes SET written_at = now() - interval '2 days'`);
    const notes = async () => (await query(database.url, 'SELECT FROM lobbie_push.own_writes')).length;
    await forgetOwnWrites(kyselyOnPool(pool));
    expect(await notes()).toBe(1);
    await query(database.url, `UPDATE lobbie_push.outbox SET status = 'cancelled'`);
    await forgetOwnWrites(kyselyOnPool(pool));
    expect(await notes()).toBe(0);
  } finally {
    await pool.end();
  }
});

/** The bases that a delivery compares with. */
async function bases(ids: readonly string[]): Promise<unknown[]> {
  const pool = createPool({ connectionString: database.url });
  try {
    const rows = await storedValues(kyselyOnPool(pool), ids);
    return rows.map(({ base }) => (base === null ? null : JSON.parse(base)));
  } finally {
    await pool.end();
  }
}
