import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** When the lists of a resource of an account were last read to their end. */
export interface ResourceAge {
  /** Null for lists that belong to the token rather than to an account. */
  readonly accountId: string | null;
  readonly resource: string;
  /** Every row of its lists was checked at this instant or later. */
  readonly oldestCheckedAt: Date;
  readonly lists: number;
  readonly rows: number;
}

/** The age of every resource by account. */
export async function resourceAges(db: Db): Promise<readonly ResourceAge[]> {
  const { rows } = await sql<ResourceAge>`SELECT NULLIF(f.account_id, 0)::text AS "accountId", f.resource,
      min(f.oldest_checked_at) AS "oldestCheckedAt", count(*)::int AS lists, sum(f.rows)::float8 AS rows
    FROM lobbie_sync.freshness f
    GROUP BY f.account_id, f.resource ORDER BY f.account_id, f.resource`.execute(db);
  return rows;
}
