import type pg from 'pg';
import type { Selection } from '../core/selection.ts';

/** The places of an account that a selection allows, from the warehouse, in the order of their ids. */
export async function knownLocations(
  pool: pg.Pool,
  accountId: string,
  selection: Selection,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    'SELECT id::text AS id FROM lobbie.locations WHERE account_id = $1 AND _deleted_at IS NULL ORDER BY id',
    [accountId],
  );
  const chosen = new Set(selection.locations);
  return rows.map((row) => row.id).filter((id) => chosen.size === 0 || chosen.has(id));
}
