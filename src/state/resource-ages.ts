import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** How long ago the lists of a resource were read to their end. */
export interface ResourceAge {
  /** Null for what belongs to the token rather than to an account. */
  readonly accountId: string | null;
  readonly resource: string;
  /** Since when nothing of it is older: the start of the oldest of its lists' latest certified sweeps. */
  readonly oldestCheckedAt: Date;
  readonly lists: number;
  readonly rows: number;
}

/** The age of every resource per account. Locations that are gone don't count: nobody reads their lists any more. */
export async function resourceAges(db: Db): Promise<readonly ResourceAge[]> {
  const { rows } = await sql<ResourceAge>`SELECT NULLIF(f.account_id, 0)::text AS "accountId", f.resource,
      min(f.oldest_checked_at) AS "oldestCheckedAt", count(*)::int AS lists, sum(f.rows)::float8 AS rows
    FROM lobbie_sync.freshness f
    WHERE NOT EXISTS (SELECT FROM lobbie.locations l
      WHERE l.account_id = f.account_id AND l.id = f.location_id AND l._deleted_at IS NOT NULL)
    GROUP BY f.account_id, f.resource ORDER BY f.account_id, f.resource`.execute(db);
  return rows;
}
