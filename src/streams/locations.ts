import type pg from 'pg';
import type { Selection } from '../core/selection.ts';

/** The locations of a selection whose lists are read: those that are neither deleted nor closed. */
export async function knownLocations(
  pool: pg.Pool,
  accountId: string,
  selection: Selection,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    'SELECT id::text AS id FROM lobbie_sync.open_locations WHERE account_id = $1 ORDER BY id',
    [accountId],
  );
  const chosen = new Set(selection.locations);
  return rows.map((row) => row.id).filter((id) => chosen.size === 0 || chosen.has(id));
}
