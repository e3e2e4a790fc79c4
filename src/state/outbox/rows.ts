import { type Kysely, sql } from 'kysely';
import type { OutboxStatus, WritableResource, WriteOperation } from '../../core/writable.ts';
import type { SyncDatabase } from '../../db/tables.ts';
import { readControl } from './control.ts';

type Db = Kysely<SyncDatabase>;

/** An outbox row with its JSON as text, because the driver's own parser would round large ids. */
export interface StoredOutboxRow {
  readonly id: string;
  /** Changes with every update of the row, so that a claim is valid only for the row that was read. */
  readonly version: string;
  readonly resource: WritableResource;
  readonly operation: WriteOperation;
  readonly accountId: string;
  readonly locationId: string | null;
  readonly targetId: string | null;
  readonly changes: string;
  readonly allowNulls: boolean;
  readonly status: OutboxStatus;
  readonly attempts: number;
  /** Writes sent since a person last decided about the row. */
  readonly tries: number;
  readonly base: string | null;
  /** The snapshot under which the row was read: a write of another row that it did not see outdates what is known of the record. */
  readonly seen: string;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  /** Who approved a delete; null: nobody yet. */
  readonly approvedBy: string | null;
  readonly resolution: Record<string, 'ours' | 'theirs'>;
  /** When the run stopped waiting for the answer to the last write. It may still be under way, or not be visible yet. */
  readonly doubtSince: Date | null;
  /** Whether Lobbie ever answered a write of this row with success. */
  readonly saidDone: boolean;
  /** Whether `changes.patientId` refers to the outbox row of a patient; status and result of that row follow. */
  readonly refWanted: boolean;
  readonly refStatus: OutboxStatus | null;
  readonly refResult: string | null;
}

/** Selects rows; an empty list selects all. */
export interface OutboxChoice {
  readonly accounts?: readonly string[] | undefined;
  readonly locations?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly ids?: readonly string[] | undefined;
}

/** The SQL condition of a choice on the outbox `o`. */
export const chosen = ({ accounts = [], locations = [], resources = [], ids = [] }: OutboxChoice) => sql<boolean>`(
  (cardinality(${accounts}::bigint[]) = 0 OR o.account_id = ANY(${accounts}::bigint[]))
  AND (cardinality(${locations}::bigint[]) = 0 OR o.location_id = ANY(${locations}::bigint[]))
  AND (cardinality(${resources}::text[]) = 0 OR o.resource = ANY(${resources}::text[]))
  AND (cardinality(${ids}::bigint[]) = 0 OR o.id = ANY(${ids}::bigint[])))`;

/** Statuses of undecided rows. Later rows of the same target wait for them. */
export const ACTIVE = sql.raw(`('pending', 'in_flight', 'in_doubt', 'conflict')`);

/** Whether a delivery may settle the row `o` without a person. */
const UNSETTLED = sql`o.status IN ${ACTIVE} AND o.status IN ('pending', 'in_doubt') AND NOT o.needs_person`;

/**
 * Whether the row `o` waits for another one of the same target: for an earlier one that is undecided, or for any that was sent and has
 * no outcome yet. Ids may commit out of order, so a row may have been sent before an earlier one was there; in doubt it waits only for
 * others that were sent.
 */
const EARLIER = sql`(EXISTS (SELECT FROM lobbie_push.outbox e WHERE e.account_id = o.account_id AND e.resource = o.resource
    AND e.target_id = o.target_id AND e.id < o.id AND e.status IN ${ACTIVE}
    AND (o.status <> 'in_doubt' OR e.status IN ('in_flight', 'in_doubt')))
  OR o.status = 'pending' AND EXISTS (SELECT FROM lobbie_push.outbox e WHERE e.account_id = o.account_id AND e.resource = o.resource
    AND e.target_id = o.target_id AND e.id > o.id AND e.status IN ('in_flight', 'in_doubt')))`;

/**
 * The base of the row `o`, with the values that other rows wrote after it was read. A write counts by the transaction that stored it,
 * not by its time, so that an insert that was open meanwhile is treated like any other. Ten minutes keep out the writes of a restored
 * database, whose transactions are numbered otherwise.
 */
export const BASE = sql`(o.base || coalesce((SELECT jsonb_object_agg(w.field, w.value) FROM lobbie_push.own_writes w
  WHERE w.account_id = o.account_id AND w.resource = o.resource AND w.record_id = o.target_id AND w.outbox_id <> o.id
    AND NOT pg_visible_in_snapshot(w.written_xid, o.base_snapshot) AND w.written_at > o.requested_at - interval '10 minutes'), '{}'))`;

const REFERENCE = sql`(o.changes -> 'patientId' ->> 'externalRef')`;

/** The row `p` that creates the patient whom the booking `o` refers to. */
const REFERRED = sql`lobbie_push.outbox p WHERE p.account_id = o.account_id AND p.resource = 'patients'
  AND p.operation = 'create' AND jsonb_typeof(o.changes -> 'patientId') = 'object' AND p.external_ref = ${REFERENCE}`;

const COLUMNS = sql`o.id::text, o.xmin::text AS version, o.resource, o.operation, o.account_id::text AS "accountId",
  o.location_id::text AS "locationId", o.target_id::text AS "targetId", o.changes::text AS changes,
  o.allow_nulls AS "allowNulls", o.status, o.attempts, o.tries,
  pg_current_snapshot()::text AS seen, coalesce(${BASE}, CASE o.resource
    WHEN 'patients' THEN (SELECT m.raw FROM lobbie.patients m
      WHERE m.account_id = o.account_id AND m.id = o.target_id AND m._deleted_at IS NULL)
    ELSE (SELECT m.raw FROM lobbie.appointments m
      WHERE m.account_id = o.account_id AND m.id = o.target_id AND m._deleted_at IS NULL) END)::text AS base,
  o.requested_by AS "requestedBy", o.requested_at AS "requestedAt", CASE WHEN o.approved_at IS NOT NULL THEN coalesce(o.approved_by, 'unknown') END AS "approvedBy", o.resolution, o.doubt_since AS "doubtSince",
  o.status = 'in_doubt' AND EXISTS (SELECT FROM lobbie_push.attempts a
    WHERE a.outbox_id = o.id AND a.http_status BETWEEN 200 AND 299) AS "saidDone",
  coalesce(jsonb_typeof(o.changes -> 'patientId') = 'object' AND jsonb_exists(o.changes -> 'patientId', 'externalRef'), false) AS "refWanted",
  (SELECT p.status FROM ${REFERRED}) AS "refStatus", (SELECT p.result_id::text FROM ${REFERRED}) AS "refResult"`;

/** Selects the rows that may be worked on now. */
export interface Eligible extends OutboxChoice {
  readonly now: Date;
  /** Only rows after this id. */
  readonly after: string;
  /** Ids of rows that the run already works on. */
  readonly busy: readonly string[];
  /** Whether deletes may be sent without an approval of their own. */
  readonly deletes: boolean;
  /** Only rows of this target. */
  readonly target?: { readonly accountId: string; readonly resource: string; readonly targetId: string } | undefined;
  readonly limit: number;
}

/**
 * Reads the rows that may be worked on now, oldest first. A row is eligible if it is pending or in doubt, needs no person, is due,
 * has no undecided row of the same target before it, and does not wait for the row that creates its patient.
 */
export async function eligibleRows(db: Db, options: Eligible): Promise<readonly StoredOutboxRow[]> {
  const { target } = options;
  const ofTarget =
    target === undefined
      ? sql`true`
      : sql`o.account_id = ${target.accountId} AND o.resource = ${target.resource} AND o.target_id = ${target.targetId}`;
  const { rows } = await sql<StoredOutboxRow>`SELECT ${COLUMNS} FROM lobbie_push.outbox o
    WHERE ${UNSETTLED}
      AND (o.not_before IS NULL OR o.not_before <= ${options.now})
      AND ${ofTarget} AND o.id > ${options.after} AND o.id <> ALL(${options.busy}::bigint[]) AND ${chosen(options)}
      AND (o.operation <> 'delete' OR o.approved_at IS NOT NULL OR o.status = 'in_doubt' OR ${options.deletes}::boolean)
      AND NOT ${EARLIER} AND NOT EXISTS (SELECT FROM ${REFERRED} AND p.status IN ${ACTIVE})
    ORDER BY o.id LIMIT ${options.limit}`.execute(db);
  return rows;
}

/** All undecided rows of a choice, oldest first, with whether they wait behind another row. For display only. */
export async function openRows(
  db: Db,
  choice: OutboxChoice,
  limit: number,
): Promise<readonly (StoredOutboxRow & { readonly waits: boolean })[]> {
  const { rows } = await sql<StoredOutboxRow & { waits: boolean }>`SELECT ${COLUMNS},
      (${EARLIER} OR EXISTS (SELECT FROM ${REFERRED} AND p.status IN ${ACTIVE})) AS waits
    FROM lobbie_push.outbox o WHERE o.status IN ${ACTIVE} AND ${chosen(choice)} ORDER BY o.id LIMIT ${limit}`.execute(
    db,
  );
  return rows;
}

/** How many rows of a choice wait until they may be tried again. */
export async function waitingRows(db: Db, choice: OutboxChoice): Promise<number> {
  const { rows } = await sql<{ rows: number }>`SELECT count(*)::int AS rows FROM lobbie_push.outbox o
    WHERE ${UNSETTLED}
      AND o.not_before IS NOT NULL AND ${chosen(choice)}`.execute(db);
  return rows[0]?.rows ?? 0;
}

/** Whether a delivery would find work: rows that may be sent, or writes whose process is gone. */
export async function hasWork(db: Db, now: Date): Promise<boolean> {
  if ((await readControl(db)).pausedAt !== null) return false;
  const { rows } = await sql`SELECT 1 FROM lobbie_push.outbox o WHERE o.status IN ${ACTIVE} AND o.status = 'in_flight'
    AND NOT EXISTS (SELECT FROM lobbie_sync.living_runs r WHERE r.id = o.run_id) LIMIT 1`.execute(db);
  if (rows.length > 0) return true;
  return (await eligibleRows(db, { now, after: '0', busy: [], deletes: false, limit: 1 })).length > 0;
}

/** When the next row is due that waits only for its time; undefined when there is none. */
export async function nextDue(db: Db, choice: OutboxChoice, now: Date): Promise<Date | undefined> {
  const { rows } = await sql<{ at: Date | null }>`SELECT min(o.not_before) AS at FROM lobbie_push.outbox o
    WHERE ${UNSETTLED} AND ${chosen(choice)}
      AND o.not_before > ${now} AND NOT ${EARLIER}`.execute(db);
  return rows[0]?.at ?? undefined;
}
