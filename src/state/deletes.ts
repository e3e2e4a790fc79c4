import { type Kysely, sql } from 'kysely';
import type { Delete, DeleteStatus, SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** A row that a whole reading of its scope did not meet. */
export interface Candidate {
  readonly accountId: string;
  readonly locationId: string | null;
  readonly resource: string;
  /** Key parts after the account, joined by `/`. */
  readonly key: string;
  readonly parentId: string | null;
  readonly reason: string;
}

/** Notes candidates; one that is noted or held already stays as it is. */
export async function addCandidates(db: Db, runId: string, candidates: readonly Candidate[], at: Date): Promise<void> {
  if (candidates.length === 0) return;
  const column = <K extends keyof Candidate>(name: K) => candidates.map((each) => each[name]);
  await sql`INSERT INTO lobbie_sync.deletes (run_id, account_id, location_id, resource, key, parent_id, reason, status, found_at)
    SELECT ${runId}::bigint, account, location, resource, key, parent, reason, 'candidate', ${at}::timestamptz
    FROM unnest(${column('accountId')}::bigint[], ${column('locationId')}::bigint[], ${column('resource')}::text[],
      ${column('key')}::text[], ${column('parentId')}::bigint[], ${column('reason')}::text[])
      AS x(account, location, resource, key, parent, reason)
    ON CONFLICT (account_id, resource, key) WHERE status IN ('candidate', 'held') DO NOTHING`.execute(db);
}

/** Entries in a state, oldest first. */
export async function listDeletes(
  db: Db,
  filter: {
    readonly status?: DeleteStatus;
    readonly accountId?: string;
    readonly resource?: string;
    readonly ids?: readonly string[];
    readonly limit?: number;
  },
): Promise<Delete[]> {
  let query = db.selectFrom('lobbie_sync.deletes').selectAll().orderBy('id');
  if (filter.status !== undefined) query = query.where('status', '=', filter.status);
  if (filter.accountId !== undefined) query = query.where('account_id', '=', filter.accountId);
  if (filter.resource !== undefined) query = query.where('resource', '=', filter.resource);
  if (filter.ids !== undefined) query = query.where(sql<boolean>`id = ANY(${[...filter.ids]}::bigint[])`);
  if (filter.limit !== undefined) query = query.limit(filter.limit);
  return await query.execute();
}

/** Ends the doubt about rows that were met again. */
export async function keepMet(
  db: Db,
  accountId: string,
  resource: string,
  keys: readonly string[],
  at: Date,
): Promise<void> {
  if (keys.length === 0) return;
  await sql`UPDATE lobbie_sync.deletes SET status = 'kept', decided_at = ${at} WHERE account_id = ${accountId}
    AND resource = ${resource} AND status IN ('candidate', 'held') AND key = ANY(${[...keys]}::text[])`.execute(db);
}

/** Moves entries to another state. */
export async function decideDeletes(db: Db, ids: readonly string[], status: DeleteStatus, at: Date): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable('lobbie_sync.deletes')
    .set({ status, decided_at: at })
    .where(sql<boolean>`id = ANY(${[...ids]}::bigint[])`)
    .execute();
}
