import { stringifyJson } from '../api/json.ts';
import { ApiError, type LobbieSyncError } from '../core/errors.ts';
import type { LoneRecord } from '../core/row.ts';
import { classifyError, isDataError } from '../db/pool.ts';
import type { Transaction } from '../db/transaction.ts';
import { addAudit } from '../state/audit.ts';
import { type AttemptEnd, endAttempt, moveRow, rebaseLater, type Verdict } from '../state/outbox/writes.ts';
import type { PushContext } from './context.ts';
import type { JsonObject, OutboxRow } from './row.ts';
import type { Written } from './write.ts';

/** What became of a row that was worked on. */
export type RowOutcome =
  | 'succeeded'
  | 'conflict'
  /** It fails a check here, and nothing was sent. */
  | 'rejected'
  /** Lobbie's final no. */
  | 'refused'
  | 'failed'
  | 'in_doubt'
  /** Could not be worked on now; its turn comes again. */
  | 'postponed'
  /** Somebody else decided about it, or it waits for another row. */
  | 'left';

/** The end of a row, with all that goes into the same transaction. */
export interface Ending {
  readonly verdict: Verdict;
  /** The attempt that led here, if one was sent in this run. */
  readonly attempt?: { readonly id: string; readonly end: AttemptEnd } | undefined;
  /** For the mirror. */
  readonly record?: LoneRecord | undefined;
  /** The patient is gone. */
  readonly removed?: boolean | undefined;
  /** Fields that were written, with their new values. */
  readonly written?: JsonObject | undefined;
  /** How it was settled, for the audit log: by the answer, by reading back, or without a write. */
  readonly by: 'answer' | 'reading back' | 'check';
}

/**
 * Moves a row to its end, or to where it waits: status, mirror, history, attempt and audit entry commit together. A record
 * that the mirror can't take does not hold up its row: what is done is done, and the next pull brings it, or rejects it.
 */
export async function settleRow(context: PushContext, row: OutboxRow, ending: Ending): Promise<boolean> {
  try {
    return await settle(context, row, ending);
  } catch (error) {
    if (ending.record === undefined || !isFaultOfRecord(error)) throw error;
    const { code } = classifyError(error);
    context.logger.error({ outbox: row.id, code }, 'what came of a write could not be stored; the next pull brings it');
    const { record: _record, ...rest } = ending;
    return await settle(context, row, rest);
  }
}

const isFaultOfRecord = (error: unknown): boolean =>
  isDataError(error) || classifyError(error).code === 'internal.unexpected';

async function settle(context: PushContext, row: OutboxRow, ending: Ending): Promise<boolean> {
  const { verdict, attempt } = ending;
  return await context.transaction(async (tx) => {
    const now = context.clock.now();
    const inFlight = attempt !== undefined;
    if (!(await moveRow(tx.db, { ...atHand(row, context.runId), inFlight }, verdict, now))) {
      const { id: outbox } = row;
      if (attempt !== undefined) context.logger.warn({ outbox }, 'a row was changed by others while it was in flight');
      return false;
    }
    if (attempt !== undefined) await endAttempt(tx.db, attempt.id, attempt.end, now);
    if (ending.written !== undefined && row.targetId !== null) {
      const target = { id: row.id, accountId: row.accountId, resource: row.resource, targetId: row.targetId };
      await rebaseLater(tx.db, target, stringifyJson(ending.written) ?? '{}');
    }
    // That it is still looked for is no news.
    if (attempt !== undefined || verdict.status !== 'in_doubt' || verdict.needsPerson) {
      await audit(context, tx, row, ending, now);
    }
    if (ending.record !== undefined) await tx.absorb(ending.record);
    if (ending.removed === true) await tx.forget(row.accountId, row.targetId ?? '');
    return true;
  });
}

/** What tells a row that a run has at hand from one that others have changed since. */
export const atHand = ({ id, version, baseText }: OutboxRow, runId: string) => ({ id, version, runId, base: baseText });

/** Where the record of a row belongs. */
export const placeOf = ({ resource, accountId, locationId }: OutboxRow) => ({ resource, accountId, locationId });

/** The same where a row that others have decided about meanwhile is left to them. */
export async function settleAs(
  context: PushContext,
  row: OutboxRow,
  ending: Ending,
  outcome: RowOutcome,
): Promise<RowOutcome> {
  return (await settleRow(context, row, ending)) ? outcome : 'left';
}

async function audit(context: PushContext, tx: Transaction, row: OutboxRow, ending: Ending, at: Date): Promise<void> {
  const { verdict, by, attempt } = ending;
  await addAudit(
    tx.db,
    {
      actor: row.requestedBy,
      action: `push.${row.operation}`,
      accountId: row.accountId,
      resource: row.resource,
      runId: context.runId,
      subject: {
        outbox: row.id,
        id: verdict.resultId ?? row.targetId,
        outcome: verdict.status,
        by,
        deliveredBy: context.actor,
        ...(attempt === undefined ? {} : { attempt: attempt.id }),
        ...(ending.written === undefined ? {} : { fields: Object.keys(ending.written) }),
        ...(row.approvedBy === null ? {} : { approvedBy: row.approvedBy }),
      },
    },
    at,
  );
}

/** First pause after a write that may not have been carried out, milliseconds; doubled each time. */
const PAUSE_MS = 1000;

/** What a write that was not carried out for certain, or refused, means for its row. */
export async function settleFailure(
  context: PushContext,
  row: OutboxRow,
  written: Extract<Written, { readonly kind: 'refused' | 'not_done' | 'unknown' }>,
): Promise<RowOutcome> {
  const { error } = written;
  const end = attemptEnd(written);
  const attempt = { id: written.attempt, end };
  const pause = new Date(context.clock.now().getTime() + PAUSE_MS * 2 ** Math.min(row.attempts, 7));
  if (written.kind === 'unknown') {
    const verdict: Verdict = {
      status: 'in_doubt',
      error: `${told(error)}; whether it was carried out is found out by reading back`,
      // What was answered is not under way; but a new record may show later than a gateway gives up, or than it is answered.
      doubtSince: written.unanswered || row.operation === 'create' ? context.clock.now() : null,
      // The first look back comes at once.
      notBefore: row.tries > 0 ? pause : null,
    };
    return await settleAs(context, row, { verdict, attempt, by: 'answer' }, 'in_doubt');
  }
  if (written.kind === 'not_done') {
    // Nothing was done, so it is no try; however long Lobbie is away, the row keeps its place.
    const status = row.status === 'in_doubt' ? 'in_doubt' : 'pending';
    const verdict: Verdict = { status, error: told(error), notBefore: pause, tries: row.tries };
    if (!(await settleRow(context, row, { verdict, attempt, by: 'answer' }))) return 'left';
    if (error.action === 'abort') throw error;
    return 'postponed';
  }
  const status = NO.has(written.error.code) ? 'rejected' : 'failed';
  const verdict: Verdict = { status, error: told(error), answer: written.answer };
  return await settleAs(context, row, { verdict, attempt, by: 'answer' }, status === 'rejected' ? 'refused' : 'failed');
}

function attemptEnd(written: Extract<Written, { readonly kind: 'refused' | 'not_done' | 'unknown' }>): AttemptEnd {
  const { kind, error } = written;
  const api = error instanceof ApiError ? { httpStatus: error.status, requestId: error.requestId } : {};
  return { outcome: kind, code: error.code, ...api };
}

/** Statuses by which Lobbie says that this very row can't be done. */
const NO: ReadonlySet<string> = new Set(['api.bad_request', 'api.not_found', 'api.conflict', 'api.unprocessable']);

const REASONS: Readonly<Record<string, string>> = {
  'api.bad_request': 'a field fails its check there',
  'api.forbidden': 'the grant for it is missing',
  'api.not_found': 'it has no such record',
  'api.conflict': 'it collides with what is there, for instance a duplicate or a taken slot',
  'api.unprocessable': 'it can not be carried out as it stands',
};

/** An error in words for `error`: codes and ids only. What Lobbie said is kept in `answer`. */
function told(error: LobbieSyncError): string {
  const reason = REASONS[error.code];
  return reason === undefined ? error.message : `${error.message}: ${reason}`;
}
