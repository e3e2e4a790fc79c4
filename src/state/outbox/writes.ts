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
  readonly at: Date;
}

/**
 * Marks a write as in flight, in one statement that is on disk when this resolves.
 *
 * @returns the id of the attempt. Undefined: nothing may be sent, because the row was changed, taken or decided meanwhile,
 *   deliveries are paused, or another run took this one for dead and closed it
 */
export async function claimWrite(db: Db, claim: Claim): Promise<string | undefined> {
  const again = claim.version === undefined;
  const { rows } = await sql<{ id: string }>`WITH claimed AS (
      UPDATE lobbie_push.outbox o SET status = 'in_flight', attempts = attempts + 1, tries = tries + ${again ? 0 : 1},
        run_id = ${claim.runId},
        sent_at = ${claim.at}, not_before = NULL, error = NULL, answer = NULL, base = coalesce(o.base, ${claim.base}::jsonb)
      WHERE o.id = ${claim.id} AND ${isMine(claim.runId, claim.version)} AND NOT EXISTS (SELECT FROM lobbie_push.control WHERE paused_at IS NOT NULL)
        AND EXISTS (SELECT FROM lobbie_sync.runs r WHERE r.id = ${claim.runId} AND r.status = 'running')
      RETURNING o.id)
    INSERT INTO lobbie_push.attempts (outbox_id, run_id, operation, sent_at, outcome)
    SELECT id, ${claim.runId}::bigint, ${claim.operation}, ${claim.at}, 'sent' FROM claimed RETURNING id::text`.execute(
    db,
  );
  return rows[0]?.id;
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
      remote = ${verdict.remote ?? null}::jsonb, base = coalesce(o.base, ${row.base}::jsonb),
      needs_person = ${verdict.needsPerson ?? false}, not_before = ${verdict.notBefore ?? null},
      doubt_since = ${verdict.doubtSince ?? null}, tries = coalesce(${verdict.tries ?? null}::int, o.tries)
    WHERE o.id = ${row.id} AND ${isMine(row.runId, row.inFlight ? undefined : row.version)} RETURNING 1`.execute(db);
  return rows.length === 1;
}

/**
 * Puts the values just written into the base of later rows of the same record. Otherwise those rows would take this write for a
 * change that somebody else made in Lobbie.
 */
export async function rebaseLater(
  db: Db,
  row: { readonly id: string; readonly accountId: string; readonly resource: string; readonly targetId: string },
  written: string,
): Promise<void> {
  await sql`UPDATE lobbie_push.outbox o SET base = o.base || ${written}::jsonb
    WHERE o.account_id = ${row.accountId} AND o.resource = ${row.resource} AND o.target_id = ${row.targetId}
      AND o.id > ${row.id} AND o.status IN ${ACTIVE} AND o.base IS NOT NULL`.execute(db);
}
