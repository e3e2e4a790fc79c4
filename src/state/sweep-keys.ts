import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/**
 * Remembers keys that a sweep met, one row a batch: about ten bytes a key, outside the wide rows. Keys are the parts
 * after the account, joined by `/`; plain ids are kept as numbers.
 */
export async function addSweepKeys(db: Db, sweepId: string, keys: readonly string[], numeric: boolean): Promise<void> {
  if (keys.length === 0) return;
  await (numeric
    ? sql`INSERT INTO lobbie_sync.sweep_keys (sweep_id, ids) VALUES (${sweepId}, ${[...keys]}::bigint[])`
    : sql`INSERT INTO lobbie_sync.sweep_keys (sweep_id, keys) VALUES (${sweepId}, ${[...keys]}::text[])`
  ).execute(db);
}

/** SQL for the distinct keys of the sweeps in an array parameter, as one text column `k`. */
export const sweepKeysSql = (parameter: string): string =>
  `SELECT DISTINCT k FROM lobbie_sync.sweep_keys s
     CROSS JOIN LATERAL (SELECT id::text AS k FROM unnest(s.ids) AS id UNION ALL SELECT key FROM unnest(s.keys) AS key) each
   WHERE s.sweep_id = ANY(${parameter}::bigint[])`;
