import { type Kysely, sql } from 'kysely';
import { OUTBOX_STATUSES, type OutboxStatus, type WritableResource, type WriteOperation } from '../../core/writable.ts';
import type { SyncDatabase } from '../../db/tables.ts';
import { type PushControl, readControl } from './control.ts';
import { ACTIVE, BASE, chosen, type OutboxChoice } from './rows.ts';

type Db = Kysely<SyncDatabase>;

/** The part of a row that may be shown: ids, names of fields and codes, no values. */
export interface OutboxEntry {
  readonly id: string;
  readonly resource: WritableResource;
  readonly operation: WriteOperation;
  readonly accountId: string;
  readonly locationId: string | null;
  readonly targetId: string | null;
  readonly resultId: string | null;
  readonly status: OutboxStatus;
  /** What a person has to do; null: nothing. */
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

/** What a row `o` needs from a person: a decision on a conflict, a search that reading back can't settle, or an approval. */
const NEEDS = sql`CASE WHEN o.status = 'conflict' THEN 'decision' WHEN o.status = 'in_doubt' AND o.needs_person THEN 'search'
  WHEN o.status = 'pending' AND o.operation = 'delete' AND o.approved_at IS NULL THEN 'approval' END`;

export interface EntryFilter extends OutboxChoice {
  readonly statuses?: readonly OutboxStatus[] | undefined;
  /** Only rows that wait for a person. */
  readonly waiting?: boolean | undefined;
  readonly limit: number;
}

/** Outbox rows, oldest first. */
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

/** What a person should look at in the outbox. */
export interface OutboxNeeds {
  readonly paused: PushControl;
  /** Rows that wait for a person. */
  readonly needsPerson: number;
  /** Rows that Lobbie refused or that were given up within the last 24 hours. */
  readonly lostToday: number;
  /** When the oldest open row that needs no person was requested; null when there is none. */
  readonly oldestWaiting: Date | null;
}

/** Counts of the outbox by status, and what a person should look at. */
export interface OutboxSummary extends OutboxNeeds {
  readonly counts: Readonly<Record<OutboxStatus, number>>;
}

/** Statuses of decided rows. The text must equal that of the partial index, or the planner does not use it. */
const FINISHED = sql.raw(`('succeeded', 'rejected', 'failed', 'cancelled')`);

/** What a person should look at, in the whole outbox or the chosen part. Reads only undecided rows and those lost in the last day. */
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
 * Counts the outbox, or the chosen part of it, by status. Finished rows are counted from an index, because there may be millions.
 * One statement counts everything, so that a row that changes its status meanwhile is counted once.
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

/** Statuses that may be retried: ended without success, waiting for a decision, or waiting for a due time. */
const RETRIED: readonly OutboxStatus[] = ['rejected', 'failed', 'conflict', 'in_doubt', 'pending'];

/**
 * Queues rows again that ended without success, and lets a delivery look again at rows in doubt or in conflict.
 *
 * @param statuses only rows with one of these. Default: all that can be retried
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
  await notifyWorkers(db);
  return rows.map((row) => row.id);
}

/** Cancels rows that were not sent. Rows in flight or in doubt stay, because Lobbie may have carried them out. */
export async function cancelRows(db: Db, choice: OutboxChoice, at: Date): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`UPDATE lobbie_push.outbox o
    SET status = 'cancelled', completed_at = ${at}, not_before = NULL
    WHERE ${chosen(choice)} AND o.status IN ('pending', 'conflict', 'rejected', 'failed') RETURNING o.id::text`.execute(
    db,
  );
  await notifyWorkers(db);
  return rows.map((row) => row.id);
}

/** Approves pending deletes, so that a delivery may send them. */
export async function approveRows(db: Db, choice: OutboxChoice, by: string, at: Date): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`UPDATE lobbie_push.outbox o SET approved_by = ${by}, approved_at = ${at}
    WHERE ${chosen(choice)} AND o.operation = 'delete' AND o.status = 'pending' AND o.approved_at IS NULL
    RETURNING o.id::text`.execute(db);
  return rows.map((row) => row.id);
}

/**
 * Settles a conflict by a person's decision. Lobbie's values of the conflicting fields become their base, so that only a later
 * change is a conflict again. Other fields keep their base, so that Lobbie's changes to them are still recognised; for a delete the
 * whole record becomes the base. False when the row is no longer in conflict.
 */
export async function resolveConflict(
  db: Db,
  id: string,
  decided: Readonly<Record<string, 'ours' | 'theirs'>>,
): Promise<boolean> {
  const { rows } =
    await sql`UPDATE lobbie_push.outbox o SET status = 'pending', base_snapshot = pg_current_snapshot(), base = CASE operation
        WHEN 'delete' THEN coalesce(remote, base)
        ELSE ${BASE} || (SELECT coalesce(jsonb_object_agg(f, coalesce(remote -> f, 'null')), '{}') FROM unnest(conflict_fields) f) END,
      resolution = resolution || ${JSON.stringify(decided)}::jsonb, error = NULL, remote = NULL, conflict_fields = NULL,
      tries = 0, not_before = NULL
    WHERE id = ${id} AND status = 'conflict' RETURNING 1`.execute(db);
  return rows.length === 1;
}

/**
 * Settles a row in doubt by a person's decision.
 *
 * @param resultId the record that the create made; null: nothing was carried out, and the row is sent again
 * @returns false when the row is not in doubt, or a result is given for a row that is no create
 */
export async function resolveDoubt(db: Db, id: string, resultId: string | null, at: Date): Promise<boolean> {
  const { rows } = await sql`UPDATE lobbie_push.outbox SET status = ${resultId === null ? 'pending' : 'succeeded'},
      result_id = ${resultId}, completed_at = ${resultId === null ? null : at}, needs_person = false, error = NULL, tries = 0,
      not_before = NULL, doubt_since = NULL
    WHERE id = ${id} AND status = 'in_doubt' AND (${resultId}::bigint IS NULL OR operation = 'create') RETURNING 1`.execute(
    db,
  );
  await notifyWorkers(db);
  return rows.length === 1;
}

/** The values of a row as JSON text, because the driver's own parser would round large ids; protected health information. */
export interface StoredValues {
  readonly id: string;
  readonly resource: WritableResource;
  readonly changes: string;
  readonly base: string | null;
  readonly remote: string | null;
  readonly answer: string | null;
}

export async function storedValues(db: Db, ids: readonly string[]): Promise<readonly StoredValues[]> {
  const { rows } =
    await sql<StoredValues>`SELECT id::text, resource, changes::text, ${BASE}::text AS base, remote::text, answer
    FROM lobbie_push.outbox o WHERE id = ANY(${[...ids]}::bigint[]) ORDER BY id`.execute(db);
  return rows;
}

/** Notifies workers that listen for new work. */
async function notifyWorkers(db: Db): Promise<void> {
  await sql`SELECT pg_notify('lobbie_push', '')`.execute(db);
}
