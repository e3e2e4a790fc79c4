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
  /** The certified sweeps that did not meet it; null: the list of its parent, read whole, did not have it. */
  readonly sweepIds: readonly string[] | null;
  /** Since when it is known to be absent. */
  readonly absentAt: Date;
}

/** Notes candidates. One that is noted or held already gets the later proof and stays as it is otherwise. */
export async function addCandidates(db: Db, runId: string, candidates: readonly Candidate[], at: Date): Promise<void> {
  if (candidates.length === 0) return;
  const column = <K extends keyof Candidate>(name: K) => candidates.map((each) => each[name]);
  await sql`INSERT INTO lobbie_sync.deletes (run_id, account_id, location_id, resource, key, parent_id, reason, status, found_at, sweep_ids, absent_at)
    SELECT ${runId}::bigint, account, location, resource, key, parent, reason, 'candidate', ${at}::timestamptz,
      string_to_array(sweeps, ',')::bigint[], absent
    FROM unnest(${column('accountId')}::bigint[], ${column('locationId')}::bigint[], ${column('resource')}::text[],
      ${column('key')}::text[], ${column('parentId')}::bigint[], ${column('reason')}::text[],
      ${candidates.map(({ sweepIds }) => sweepIds?.join(',') ?? null)}::text[], ${column('absentAt')}::timestamptz[])
      AS x(account, location, resource, key, parent, reason, sweeps, absent)
    ON CONFLICT (account_id, resource, key) WHERE status IN ('candidate', 'held') DO UPDATE SET
      sweep_ids = excluded.sweep_ids, absent_at = excluded.absent_at
    WHERE lobbie_sync.deletes.absent_at < excluded.absent_at`.execute(db);
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

/** Entries of rows at a location that are not decided about. */
export async function openAtLocation(db: Db, accountId: string, locationId: string): Promise<Delete[]> {
  return await db
    .selectFrom('lobbie_sync.deletes')
    .selectAll()
    .where('status', 'in', ['candidate', 'held'])
    .where('account_id', '=', accountId)
    .where('location_id', '=', locationId)
    .execute();
}

/** Ends the doubt about rows that an answer had which was requested after they had been found absent. */
export async function dismissMet(
  db: Db,
  accountId: string,
  resource: string,
  keys: readonly string[],
  times: { readonly requestedAt: Date; readonly now: Date },
): Promise<void> {
  if (keys.length === 0) return;
  await sql`UPDATE lobbie_sync.deletes SET status = 'dismissed', decided_at = ${times.now} WHERE account_id = ${accountId}
    AND resource = ${resource} AND status IN ('candidate', 'held') AND key = ANY(${[...keys]}::text[])
    AND absent_at <= ${times.requestedAt}
    AND NOT EXISTS (SELECT FROM lobbie_sync.closed_locations c WHERE c.delete_id = deletes.id)`.execute(db);
}

/** Says why a row is gone, where more is known than that it was not met. */
export async function explainDelete(db: Db, id: string, reason: string): Promise<void> {
  await db.updateTable('lobbie_sync.deletes').set({ reason }).where('id', '=', id).execute();
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

/** Resources of which an account has rows that may be gone. */
export async function doubtfulResources(
  db: Db,
): Promise<readonly { readonly accountId: string; readonly resource: string }[]> {
  const rows = await db
    .selectFrom('lobbie_sync.deletes')
    .select(['account_id', 'resource'])
    .distinct()
    .where('status', 'in', ['candidate', 'held'])
    .execute();
  return rows.map((row) => ({ accountId: row.account_id, resource: row.resource }));
}
