import { stringifyJson } from '../api/json.ts';
import type { LoneRecord } from '../core/row.ts';
import { classifyError, isDataError } from '../db/pool.ts';
import type { Transaction } from '../db/transaction.ts';
import { addAudit } from '../state/audit.ts';
import { type AttemptEnd, endAttempt, moveRow, noteOwnWrites, type Verdict } from '../state/outbox/writes.ts';
import type { PushContext, PushTransaction } from './context.ts';
import { decideFailure, type FailedWrite } from './failure.ts';
import type { JsonObject, OutboxRow } from './row.ts';

/** How work on a row ended. */
export type RowOutcome =
  | 'succeeded'
  /** It succeeded, but Lobbie changed fields that were not sent, or emptied some. */
  | 'altered'
  | 'emptied'
  | 'conflict'
  /** The row fails a check here, and nothing was sent. */
  | 'rejected'
  /** Lobbie refused the write for good. */
  | 'refused'
  | 'failed'
  | 'in_doubt'
  /** Lobbie can't be asked about the row now; it stays in the queue. */
  | 'postponed'
  /** Somebody else changed or decided the row, or it waits for another row. */
  | 'left';

/** The new state of a row, with everything that is stored in the same transaction. */
export interface Ending {
  readonly verdict: Verdict;
  /** The attempt that led to this state, if this run sent one. */
  readonly attempt?: { readonly id: string; readonly end: AttemptEnd } | undefined;
  /** The record to store in the mirror. */
  readonly record?: LoneRecord | undefined;
  /** Whether the patient was deleted. */
  readonly removed?: boolean | undefined;
  /** The fields that were written, with their new values. */
  readonly written?: JsonObject | undefined;
  /** How the state was found, for the audit log: by the answer, by reading back, or without a write. */
  readonly by: 'answer' | 'reading back' | 'check';
}

/** Pauses before an answer is stored again after the database could not take it, milliseconds. */
const STORE_AGAIN_MS = [50, 500, 2000, 5000, 10_000] as const;

/** The mirror could not store a record, and the record is to blame. */
class RecordFault extends Error {}

/**
 * Stores the new state of a row: status, mirror, history, attempt and audit entry commit together. If the mirror can't store the
 * record, the state is stored without it, because Lobbie has carried the write out; the next pull reads the record or rejects it.
 * A database that is away is no fault of the record: the same is stored again, as nobody else knows the answer.
 *
 * @returns false when somebody else changed or decided the row meanwhile; then nothing is stored
 */
export async function settleRow(context: PushContext, row: OutboxRow, ending: Ending): Promise<boolean> {
  for (const pause of [...STORE_AGAIN_MS, undefined]) {
    try {
      return await settle(context, row, ending);
    } catch (error) {
      if (error instanceof RecordFault) {
        const { record: _record, ...rest } = ending;
        return await settleRow(context, row, rest);
      }
      if (pause === undefined || classifyError(error).action !== 'retry') throw error;
      context.logger.debug({ outbox: row.id, code: classifyError(error).code }, 'the state of a row is stored again');
      await context.clock.sleep(pause);
    }
  }
  return false;
}

/** Stores the record of a write in the mirror. @throws RecordFault when the record is to blame that it can't be stored */
async function storeRecord(
  context: PushContext,
  tx: PushTransaction,
  row: OutboxRow,
  record: LoneRecord,
): Promise<void> {
  try {
    await tx.storeRecord(record);
  } catch (error) {
    const { code } = classifyError(error);
    if (!isDataError(error) && code !== 'internal.unexpected') throw error;
    context.logger.error({ outbox: row.id, code }, 'the record of a write could not be stored; the next pull reads it');
    throw new RecordFault();
  }
}

async function settle(context: PushContext, row: OutboxRow, ending: Ending): Promise<boolean> {
  const { verdict, attempt } = ending;
  return await context.transaction(async (tx) => {
    const now = context.clock.now();
    const inFlight = attempt !== undefined;
    if (!(await moveRow(tx.db, { ...atHand(row, context.runId), inFlight }, verdict, now))) {
      const { id: outbox } = row;
      if (attempt !== undefined)
        context.logger.warn({ outbox }, 'somebody changed an outbox row while its write was in flight');
      return false;
    }
    if (attempt !== undefined) await endAttempt(tx.db, attempt.id, attempt.end, now);
    if (ending.written !== undefined && row.targetId !== null) {
      const target = { id: row.id, accountId: row.accountId, resource: row.resource, targetId: row.targetId };
      await noteOwnWrites(tx.db, target, stringifyJson(ending.written) ?? '{}');
    }
    // An entry that a row is still in doubt would repeat what the log says already.
    if (attempt !== undefined || verdict.status !== 'in_doubt' || verdict.needsPerson) {
      await audit(context, tx, row, ending, now);
    }
    if (ending.record !== undefined) await storeRecord(context, tx, row, ending.record);
    if (ending.removed === true) await tx.markDeleted(row.accountId, row.targetId ?? '');
    return true;
  });
}

/** What `moveRow` needs to recognise a row that somebody else has changed since this run read it. */
export const atHand = ({ id, version, baseText }: OutboxRow, runId: string) => ({ id, version, runId, base: baseText });

/** The resource, account and location of a row's record. */
export const scopeOf = ({ resource, accountId, locationId }: OutboxRow) => ({ resource, accountId, locationId });

/** Stores the new state of a row; the outcome is `left` when somebody else changed or decided the row meanwhile. */
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

/** Stores what a write that was refused, not carried out, or of unknown outcome means for its row. */
export async function settleFailure(context: PushContext, row: OutboxRow, written: FailedWrite): Promise<RowOutcome> {
  const { verdict, end, outcome } = decideFailure(row, written, context.clock.now());
  const ending: Ending = { verdict, attempt: { id: written.attempt, end }, by: 'answer' };
  if (!(await settleRow(context, row, ending))) return 'left';
  if (written.kind === 'not_done' && written.error.action === 'abort') throw written.error;
  return outcome;
}

/** Keeps a row for a person, because both sides changed some of its fields. */
export async function settleConflict(
  context: PushContext,
  row: OutboxRow,
  fields: readonly string[],
  now: JsonObject,
): Promise<RowOutcome> {
  const verdict: Verdict = {
    status: 'conflict',
    error: `${fields.join(', ')}: also changed in Lobbie since it was last pulled; decide with push resolve`,
    conflictFields: fields,
    remote: stringifyJson(now) ?? '{}',
  };
  return await settleAs(context, row, { verdict, by: 'check' }, 'conflict');
}
