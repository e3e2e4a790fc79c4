import { type Kysely, sql } from 'kysely';
import type { OutboxStatus } from '../../core/writable.ts';
import type { AttemptOutcome, SyncDatabase } from '../../db/tables.ts';
import { ACTIVE } from './rows.ts';

type Db = Kysely<SyncDatabase>;

/**
 * Marks abandoned writes as in doubt: their process is gone, or this run no longer works on them, so their outcome is unknown.
 *
 * @param busy ids of the rows that this run works on
 * @returns ids of the abandoned writes
 */
export async function doubtAbandoned(
  db: Db,
  runId: string,
  busy: readonly string[],
  at: Date,
): Promise<readonly string[]> {
  // The time at which the process ended is unknown, so the settling time starts now.
  const { rows } = await sql<{ id: string }>`UPDATE lobbie_push.outbox o
    SET status = 'in_doubt', doubt_since = ${at}, error = 'the process ended before the answer was stored'
    WHERE o.status IN ${ACTIVE} AND o.status = 'in_flight' AND CASE WHEN o.run_id = ${runId}
      THEN o.id <> ALL(${busy}::bigint[])
      ELSE NOT EXISTS (SELECT FROM lobbie_sync.runs r WHERE r.id = o.run_id AND r.status = 'running') END
    RETURNING o.id::text`.execute(db);
  const ids = rows.map((row) => row.id);
  if (ids.length > 0) {
    await sql`UPDATE lobbie_push.attempts SET outcome = 'unknown' WHERE outcome = 'sent' AND outbox_id = ANY(${ids}::bigint[])`.execute(
      db,
    );
  }
  return ids;
}

/** Whether a run has the row `o` in flight (no version), or the row is unchanged since the run read it. */
const isMine = (runId: string, version: string | undefined) =>
  version === undefined
    ? sql`o.status = 'in_flight' AND o.run_id = ${runId}`
    : sql`o.status IN ('pending', 'in_doubt') AND o.xmin::text = ${version}`;

/** A write that is about to be sent. */
export interface Claim {
  readonly id: string;
  /** The version of the row that was read. Undefined: this run has the row in flight and repeats a write that was not carried out. */
  readonly version: string | undefined;
  readonly runId: string;
  readonly operation: string;
  /** The record as last pulled, as JSON text; kept with the row. */
  readonly base: string | null;
  /** The snapshot under which the row was read. */
  readonly seen: string;
  readonly at: Date;
}

/** The base of a row that has none yet becomes the record that the run read, under a snapshot of now. */
const withBase = (base: string | null) => sql`base = coalesce(o.base, ${base}::jsonb),
  base_snapshot = CASE WHEN o.base IS NULL AND ${base}::jsonb IS NOT NULL THEN pg_current_snapshot() ELSE o.base_snapshot END`;

/** Whether no other row of the target of `o` was sent or stored since the run read `o`. */
const isCurrent = (
  seen: string,
) => sql`NOT EXISTS (SELECT FROM lobbie_push.own_writes w WHERE w.account_id = o.account_id
    AND w.resource = o.resource AND w.record_id = o.target_id AND w.outbox_id <> o.id
    AND NOT pg_visible_in_snapshot(w.written_xid, ${seen}::pg_snapshot))
  AND NOT EXISTS (SELECT FROM lobbie_push.outbox e WHERE e.account_id = o.account_id AND e.resource = o.resource
    AND e.target_id = o.target_id AND e.id <> o.id AND e.status IN ('in_flight', 'in_doubt')
    AND (e.status = 'in_flight' OR o.status = 'pending'))`;

/** The index that allows one write in flight for each record. */
const ONE_IN_FLIGHT = 'outbox_one_in_flight';

/**
 * Marks a write as in flight, in one statement that is on disk when this resolves.
 *
 * @returns the id of the attempt. Undefined: nothing may be sent, because the row was changed, taken or decided meanwhile,
 *   deliveries are paused, or another run took this one for dead and closed it
 */
export async function claimWrite(db: Db, claim: Claim): Promise<string | undefined> {
  const again = claim.version === undefined;
  const claimed = sql<{ id: string }>`WITH claimed AS (
      UPDATE lobbie_push.outbox o SET status = 'in_flight', attempts = attempts + 1, tries = tries + ${again ? 0 : 1},
        run_id = ${claim.runId},
        sent_at = ${claim.at}, not_before = NULL, error = NULL, answer = NULL, ${withBase(claim.base)}
      WHERE o.id = ${claim.id} AND ${isMine(claim.runId, claim.version)} AND ${isCurrent(claim.seen)} AND NOT EXISTS (SELECT FROM lobbie_push.control WHERE paused_at IS NOT NULL)
        AND EXISTS (SELECT FROM lobbie_sync.runs r WHERE r.id = ${claim.runId} AND r.status = 'running')
      RETURNING o.id)
    INSERT INTO lobbie_push.attempts (outbox_id, run_id, operation, sent_at, outcome)
    SELECT id, ${claim.runId}::bigint, ${claim.operation}, ${claim.at}, 'sent' FROM claimed RETURNING id::text`;
  try {
    return (await claimed.execute(db)).rows[0]?.id;
  } catch (error) {
    // Another run claimed a row of the same record at the same moment.
    if ((error as { constraint?: unknown }).constraint === ONE_IN_FLIGHT) return undefined;
    throw error;
  }
}

/** How an attempt to write ended. */
export interface AttemptEnd {
  readonly outcome: Exclude<AttemptOutcome, 'sent'>;
  readonly httpStatus?: number | undefined;
  readonly code?: string | undefined;
  readonly requestId?: string | undefined;
}

export async function endAttempt(db: Db, id: string, end: AttemptEnd, at: Date): Promise<void> {
  await db
    .updateTable('lobbie_push.attempts')
    .set({
      ended_at: at,
      outcome: end.outcome,
      http_status: end.httpStatus ?? null,
      code: end.code ?? null,
      request_id: end.requestId ?? null,
    })
    .where('id', '=', id)
    .execute();
}

/** The new state of a row: its end, or why it stays open. */
export interface Verdict {
  readonly status: Exclude<OutboxStatus, 'in_flight' | 'cancelled'>;
  readonly error?: string | null;
  readonly resultId?: string | null;
  /** What Lobbie answered to a refused write; protected health information. */
  readonly answer?: string | null;
  readonly conflictFields?: readonly string[];
  /** Lobbie's record at a conflict, as JSON text. */
  readonly remote?: string;
  readonly needsPerson?: boolean;
  readonly notBefore?: Date | null;
  /** When the run stopped waiting for the answer to the last write. It may still be under way, or not be visible yet. */
  readonly doubtSince?: Date | null;
  /** Default: unchanged. */
  readonly tries?: number;
}

const FINAL: ReadonlySet<OutboxStatus> = new Set(['succeeded', 'rejected', 'failed', 'cancelled']);

/**
 * Sets the new state of a row that this run works on: the run has it in flight, or it is unchanged since the run read it. False:
 * somebody else changed or decided the row meanwhile.
 */
export async function moveRow(
  db: Db,
  row: {
    readonly id: string;
    readonly version: string;
    readonly runId: string;
    readonly inFlight: boolean;
    /** The record as last pulled, as JSON text; kept with the row. */
    readonly base: string | null;
  },
  verdict: Verdict,
  at: Date,
): Promise<boolean> {
  const { rows } =
    await sql`UPDATE lobbie_push.outbox o SET status = ${verdict.status}, error = ${verdict.error ?? null},
      result_id = ${verdict.resultId ?? null}, completed_at = ${FINAL.has(verdict.status) ? at : null},
      answer = coalesce(${verdict.answer ?? null}, CASE WHEN ${verdict.status} IN ('rejected', 'failed') THEN o.answer END),
      conflict_fields = ${verdict.conflictFields === undefined ? null : [...verdict.conflictFields]}::text[],
      remote = ${verdict.remote ?? null}::jsonb, ${withBase(row.base)},
      needs_person = ${verdict.needsPerson ?? false}, not_before = ${verdict.notBefore ?? null},
      doubt_since = ${verdict.doubtSince ?? null}, tries = coalesce(${verdict.tries ?? null}::int, o.tries)
    WHERE o.id = ${row.id} AND ${isMine(row.runId, row.inFlight ? undefined : row.version)} RETURNING 1`.execute(db);
  return rows.length === 1;
}

/**
 * Notes the values that a row wrote, so that other rows of the record do not take them for a change that somebody else made in
 * Lobbie. Belongs into the transaction that stores the answer: its number says which bases were read before.
 */
export async function noteOwnWrites(
  db: Db,
  row: { readonly id: string; readonly accountId: string; readonly resource: string; readonly targetId: string },
  written: string,
): Promise<void> {
  await sql`INSERT INTO lobbie_push.own_writes AS w (account_id, resource, record_id, field, value, outbox_id)
    SELECT ${row.accountId}::bigint, ${row.resource}, ${row.targetId}::bigint, key, value, ${row.id}::bigint
    FROM jsonb_each(${written}::jsonb)
    ON CONFLICT (account_id, resource, record_id, field) DO UPDATE SET value = excluded.value, outbox_id = excluded.outbox_id,
      written_xid = excluded.written_xid, written_at = excluded.written_at`.execute(db);
}

/** Removes notes of writes that are older than a day, of records for which no change is open. A base that is read now has seen them. */
export async function forgetOwnWrites(db: Db): Promise<void> {
  await sql`DELETE FROM lobbie_push.own_writes w WHERE w.written_at < clock_timestamp() - interval '1 day'
    AND NOT EXISTS (SELECT FROM lobbie_push.outbox o WHERE o.account_id = w.account_id AND o.resource = w.resource
      AND o.target_id = w.record_id AND o.status IN ${ACTIVE})`.execute(db);
}
