import { type Kysely, sql } from 'kysely';
import { OUTBOX_STATUSES, type OutboxStatus, type WritableResource, type WriteOperation } from '../../core/writable.ts';
import type { SyncDatabase } from '../../db/tables.ts';
import { type PushControl, readControl } from './control.ts';
import { ACTIVE, chosen, type OutboxChoice } from './rows.ts';

type Db = Kysely<SyncDatabase>;

/** What a person may see of a row: ids, names of fields, codes. */
export interface OutboxEntry {
  readonly id: string;
  readonly resource: WritableResource;
  readonly operation: WriteOperation;
  readonly accountId: string;
  readonly locationId: string | null;
  readonly targetId: string | null;
  readonly resultId: string | null;
  readonly status: OutboxStatus;
  /** What waits for a person. */
  readonly needs: 'decision' | 'search' | 'approval' | null;
  readonly fields: readonly string[];
  readonly conflictFields: readonly string[];
  readonly error: string | null;
  readonly attempts: number;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  readonly completedAt: Date | null;
  readonly notBefore: Date | null;
}

/** A row that waits for a person: a conflict, a doubt that reading back does not settle, a delete without approval. */
const NEEDS = sql`CASE WHEN o.status = 'conflict' THEN 'decision' WHEN o.status = 'in_doubt' AND o.needs_person THEN 'search'
  WHEN o.status = 'pending' AND o.operation = 'delete' AND o.approved_at IS NULL THEN 'approval' END`;

export interface EntryFilter extends OutboxChoice {
  readonly statuses?: readonly OutboxStatus[] | undefined;
  /** Only what waits for a person. */
  readonly waiting?: boolean | undefined;
  readonly limit: number;
}

/** Rows of the outbox, oldest first. */
export async function outboxEntries(db: Db, filter: EntryFilter): Promise<readonly OutboxEntry[]> {
  const statuses = filter.statuses ?? [];
  const { rows } = await sql<OutboxEntry>`SELECT o.id::text, o.resource, o.operation, o.account_id::text AS "accountId",
      o.location_id::text AS "locationId", o.target_id::text AS "targetId", o.result_id::text AS "resultId", o.status,
      ${NEEDS} AS needs,
      ARRAY(SELECT CASE WHEN k ~ '^[A-Za-z_][A-Za-z0-9_]{0,63}$' THEN k ELSE '(unprintable)' END
        FROM jsonb_object_keys(o.changes) k ORDER BY k) AS fields,
      coalesce(o.conflict_fields, '{}') AS "conflictFields", o.error, o.attempts, o.requested_by AS "requestedBy",
      o.requested_at AS "requestedAt", o.completed_at AS "completedAt", o.not_before AS "notBefore"
    FROM lobbie_push.outbox o WHERE ${chosen(filter)}
      AND (cardinality(${statuses}::text[]) = 0 OR o.status = ANY(${statuses}::text[]))
      AND (NOT ${filter.waiting ?? false}::boolean OR ${NEEDS} IS NOT NULL)
    ORDER BY o.id LIMIT ${filter.limit}`.execute(db);
  return rows;
}

/** What a person should look at. */
export interface OutboxNeeds {
  readonly paused: PushControl;
  /** Rows that wait for a person. */
  readonly needsPerson: number;
  /** Rows refused or given up within the last day. */
  readonly lostToday: number;
  /** When the oldest row was asked for that waits for no person; null when none does. */
  readonly oldestWaiting: Date | null;
}

/** How the outbox stands. */
export interface OutboxSummary extends OutboxNeeds {
  readonly counts: Readonly<Record<OutboxStatus, number>>;
}

/** Statuses of rows that are decided. The planner needs them word for word as in the index. */
const FINISHED = sql.raw(`('succeeded', 'rejected', 'failed', 'cancelled')`);

/** What a person should look at, of the outbox or the chosen part of it. Reads rows that are not decided, or were lost today. */
export async function outboxNeeds(db: Db, now: Date, choice: OutboxChoice = {}): Promise<OutboxNeeds> {
  const lostAfter = new Date(now.getTime() - 86_400_000);
  const { rows } = await sql<Omit<OutboxNeeds, 'paused'>>`SELECT count(${NEEDS})::int AS "needsPerson",
      min(o.requested_at) FILTER (WHERE ${NEEDS} IS NULL) AS "oldestWaiting",
      (SELECT count(*)::int FROM lobbie_push.outbox o
        WHERE o.status IN ('rejected', 'failed') AND o.completed_at > ${lostAfter} AND ${chosen(choice)}) AS "lostToday"
    FROM lobbie_push.outbox o WHERE o.status IN ${ACTIVE} AND ${chosen(choice)}`.execute(db);
  const [needs = { needsPerson: 0, oldestWaiting: null, lostToday: 0 }] = rows;
  return { paused: await readControl(db), ...needs };
}

/**
 * How the outbox, or the chosen part of it, stands. Finished rows, of which there may be millions, are counted from an index. One
 * statement, so that a row that moves meanwhile is counted once.
 */
export async function outboxSummary(db: Db, now: Date, choice: OutboxChoice = {}): Promise<OutboxSummary> {
  const counted = (statuses: typeof ACTIVE) => sql`SELECT o.status, count(*)::int AS rows FROM lobbie_push.outbox o
    WHERE o.status IN ${statuses} AND ${chosen(choice)} GROUP BY o.status`;
  const { rows } = await sql<{
    status: OutboxStatus;
    rows: number;
  }>`${counted(ACTIVE)} UNION ALL ${counted(FINISHED)}`.execute(db);
  const counts = Object.fromEntries(OUTBOX_STATUSES.map((status) => [status, 0])) as Record<OutboxStatus, number>;
  for (const row of rows) counts[row.status] = row.rows;
  return { ...(await outboxNeeds(db, now, choice)), counts };
}

/** What may be tried again: what is at an end without success, and what waits for a decision, or for its time. */
const RETRIED: readonly OutboxStatus[] = ['rejected', 'failed', 'conflict', 'in_doubt', 'pending'];

/**
 * Queues rows again that are at an end without success, or looks at a doubt or a conflict again.
 *
 * @param statuses only rows in these. Default: in any that can be tried again
 * @returns their ids
 */
export async function retryRows(
  db: Db,
  choice: OutboxChoice,
  statuses: readonly OutboxStatus[] = RETRIED,
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`UPDATE lobbie_push.outbox o
    SET status = CASE o.status WHEN 'in_doubt' THEN 'in_doubt' ELSE 'pending' END, error = NULL, answer = NULL, tries = 0,
      not_before = NULL, needs_person = false, completed_at = NULL, conflict_fields = NULL, remote = NULL
    WHERE ${chosen(choice)} AND o.status = ANY(${RETRIED}::text[]) AND o.status = ANY(${statuses}::text[])
      AND (o.status <> 'pending' OR o.not_before IS NOT NULL)
    RETURNING o.id::text`.execute(db);
  await told(db);
  return rows.map((row) => row.id);
}

/** Takes back rows that are not sent; what is in flight or in doubt may have been carried out and can't be. */
export async function cancelRows(db: Db, choice: OutboxChoice, at: Date): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`UPDATE lobbie_push.outbox o
    SET status = 'cancelled', completed_at = ${at}, not_before = NULL
    WHERE ${chosen(choice)} AND o.status IN ('pending', 'conflict', 'rejected', 'failed') RETURNING o.id::text`.execute(
    db,
  );
  await told(db);
  return rows.map((row) => row.id);
}

/** Lets deletes go. */
export async function approveRows(db: Db, choice: OutboxChoice, by: string, at: Date): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`UPDATE lobbie_push.outbox o SET approved_by = ${by}, approved_at = ${at}
    WHERE ${chosen(choice)} AND o.operation = 'delete' AND o.status = 'pending' AND o.approved_at IS NULL
    RETURNING o.id::text`.execute(db);
  return rows.map((row) => row.id);
}

/**
 * Settles a conflict: what Lobbie had in the fields in question becomes their base, so that only a change after that is a
 * conflict again. The other fields keep theirs: what Lobbie changed in them stays Lobbie's. A delete is about the whole record. False when the row is no conflict any more.
 */
export async function resolveConflict(
  db: Db,
  id: string,
  decided: Readonly<Record<string, 'ours' | 'theirs'>>,
): Promise<boolean> {
  const { rows } = await sql`UPDATE lobbie_push.outbox SET status = 'pending', base = CASE operation
        WHEN 'delete' THEN coalesce(remote, base)
        ELSE base || (SELECT coalesce(jsonb_object_agg(f, coalesce(remote -> f, 'null')), '{}') FROM unnest(conflict_fields) f) END,
      resolution = resolution || ${JSON.stringify(decided)}::jsonb, error = NULL, remote = NULL, conflict_fields = NULL,
      tries = 0, not_before = NULL
    WHERE id = ${id} AND status = 'conflict' RETURNING 1`.execute(db);
  return rows.length === 1;
}

/**
 * Settles a doubt by a person's word: the record that a create became, or null where nothing was done and it is to be sent
 * again. False when the row is not in doubt, or no create.
 */
export async function resolveDoubt(db: Db, id: string, resultId: string | null, at: Date): Promise<boolean> {
  const { rows } = await sql`UPDATE lobbie_push.outbox SET status = ${resultId === null ? 'pending' : 'succeeded'},
      result_id = ${resultId}, completed_at = ${resultId === null ? null : at}, needs_person = false, error = NULL, tries = 0,
      not_before = NULL, doubt_since = NULL
    WHERE id = ${id} AND status = 'in_doubt' AND (${resultId}::bigint IS NULL OR operation = 'create') RETURNING 1`.execute(
    db,
  );
  await told(db);
  return rows.length === 1;
}

/** What the outbox keeps of a row with values, as JSON text with every digit; protected health information. */
export interface StoredValues {
  readonly id: string;
  readonly resource: WritableResource;
  readonly changes: string;
  readonly base: string | null;
  readonly remote: string | null;
  readonly answer: string | null;
}

export async function storedValues(db: Db, ids: readonly string[]): Promise<readonly StoredValues[]> {
  const { rows } = await sql<StoredValues>`SELECT id::text, resource, changes::text, base::text, remote::text, answer
    FROM lobbie_push.outbox WHERE id = ANY(${[...ids]}::bigint[]) ORDER BY id`.execute(db);
  return rows;
}

/** Wakes a worker that listens. */
async function told(db: Db): Promise<void> {
  await sql`SELECT pg_notify('lobbie_push', '')`.execute(db);
}
