import { type Kysely, sql } from 'kysely';
import type { Reject } from '../core/row.ts';
import { isDataError } from '../db/pool.ts';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/**
 * The form in which a record is stored. jsonb can't hold NUL or half surrogates, so a record with one of these is stored as a
 * JSON string of its JSON text; `parseStored` reverses that.
 */
function storedRecord(json: string): string {
  return json.startsWith('"') || /\\u(0000|d[89a-f])/i.test(json) ? JSON.stringify(json) : json;
}

/** The record of a reject as it was received. */
export function parseStored(record: unknown): Record<string, unknown> {
  return (typeof record === 'string' ? JSON.parse(record) : record) as Record<string, unknown>;
}

/** Stores records that failed their schema, in the transaction of their batch. */
export async function addRejects(db: Db, runId: string, rejects: readonly Reject[], at: Date): Promise<void> {
  if (rejects.length === 0) return;
  const insert = (stored: (json: string) => string) =>
    sql`INSERT INTO lobbie_sync.rejects (run_id, account_id, resource, record_key, reason, record, context, rejected_at)
    SELECT ${runId}::bigint, account, resource, key, reason, record::jsonb, context::jsonb, ${at}::timestamptz
    FROM unnest(
      ${rejects.map((each) => each.accountId)}::bigint[], ${rejects.map((each) => each.resource)}::text[],
      ${rejects.map((each) => each.recordKey)}::text[], ${rejects.map((each) => each.reason)}::text[],
      ${rejects.map((each) => stored(each.record))}::text[],
      ${rejects.map((each) => JSON.stringify(each.context))}::text[]
    ) AS r(account, resource, key, reason, record, context)`.execute(db);
  await sql`SAVEPOINT rejects`.execute(db);
  try {
    await insert(storedRecord);
  } catch (error) {
    if (!isDataError(error)) throw error;
    // jsonb refuses one of the records (a number that is too long, nesting that is too deep). As text it takes all of them.
    await sql`ROLLBACK TO SAVEPOINT rejects`.execute(db);
    await insert((json) => JSON.stringify(json));
  }
  await sql`RELEASE SAVEPOINT rejects`.execute(db);
}

export interface RejectFilter {
  readonly runId?: string;
  readonly resources?: readonly string[];
  readonly accounts?: readonly string[];
  /** Whether to include rejects that were replayed. Default false. */
  readonly replayed?: boolean;
  readonly limit: number;
}

/** A reject without its record. */
export interface RejectSummary {
  readonly id: string;
  readonly run_id: string;
  readonly account_id: string | null;
  readonly resource: string;
  readonly record_key: string | null;
  readonly reason: string;
  readonly rejected_at: Date;
  readonly replayed_at: Date | null;
}

/** Rejects, newest first, without their records. */
export async function listRejects(db: Db, filter: RejectFilter): Promise<readonly RejectSummary[]> {
  let query = db
    .selectFrom('lobbie_sync.rejects')
    .select(['id', 'run_id', 'account_id', 'resource', 'record_key', 'reason', 'rejected_at', 'replayed_at'])
    .orderBy('id', 'desc')
    .limit(filter.limit);
  if (filter.runId !== undefined) query = query.where('run_id', '=', filter.runId);
  if (filter.resources?.length) query = query.where('resource', 'in', [...filter.resources]);
  if (filter.accounts?.length) query = query.where('account_id', 'in', [...filter.accounts]);
  if (filter.replayed !== true) query = query.where('replayed_at', 'is', null);
  return await query.execute();
}

export interface StoredReject extends RejectSummary {
  readonly record: Record<string, unknown>;
  readonly context: Record<string, string>;
}

/** One reject with its record: protected health information. */
export async function getReject(db: Db, id: string): Promise<StoredReject | undefined> {
  const row = await db.selectFrom('lobbie_sync.rejects').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : { ...row, record: parseStored(row.record) };
}

/** The record of a reject as JSON text, because the driver's own parser would round large ids. */
export async function rejectedJson(db: Db, id: string): Promise<string> {
  const { rows } = await sql<{ json: string }>`SELECT
    CASE jsonb_typeof(record) WHEN 'string' THEN record #>> '{}' ELSE record::text END AS json
    FROM lobbie_sync.rejects WHERE id = ${id}`.execute(db);
  return rows[0]?.json ?? 'null';
}

/** Marks a reject as loaded by a replay. */
export async function markReplayed(db: Db, id: string, at: Date): Promise<void> {
  await db.updateTable('lobbie_sync.rejects').set({ replayed_at: at }).where('id', '=', id).execute();
}
