import { ApiError, type LobbieSyncError } from '../core/errors.ts';
import type { AttemptEnd, Verdict } from '../state/outbox/writes.ts';
import type { OutboxRow } from './row.ts';
import type { Written } from './write.ts';

/** A write that was refused, not carried out, or of unknown outcome. */
export type FailedWrite = Extract<Written, { readonly kind: 'refused' | 'not_done' | 'unknown' }>;

/** What a failed write means: for its row, for its attempt, and for the report of the run. */
export interface FailureDecision {
  readonly verdict: Verdict;
  readonly end: AttemptEnd;
  readonly outcome: 'in_doubt' | 'postponed' | 'refused' | 'failed';
}

/** The first pause after a write that failed or is in doubt, milliseconds; doubled with each attempt. */
const PAUSE_MS = 1000;

/** The pause before a row is looked at again that was sent so often before, milliseconds. Pure. */
export const pauseMs = (attempts: number): number => PAUSE_MS * 2 ** Math.min(attempts, 7);

/** Decides what a failed write means for its row. Pure. */
export function decideFailure(
  row: Pick<OutboxRow, 'operation' | 'status' | 'attempts' | 'tries'>,
  written: FailedWrite,
  now: Date,
): FailureDecision {
  const { error } = written;
  const end = attemptEnd(written);
  const pause = new Date(now.getTime() + pauseMs(row.attempts));
  if (written.kind === 'unknown') {
    const verdict: Verdict = {
      status: 'in_doubt',
      error: `${reasonOf(error)}; reading back will show whether it was carried out`,
      // A write that was answered is no longer under way. But a new record may become visible only after the answer, or after a
      // gateway gave up.
      doubtSince: written.unanswered || row.operation === 'create' ? now : null,
      // The first reading back comes at once.
      notBefore: row.tries > 0 ? pause : null,
    };
    return { verdict, end, outcome: 'in_doubt' };
  }
  if (written.kind === 'not_done') {
    // Nothing was carried out, so the write does not count as a try. However long Lobbie is unreachable, the row stays queued.
    const status = row.status === 'in_doubt' ? 'in_doubt' : 'pending';
    return {
      verdict: { status, error: reasonOf(error), notBefore: pause, tries: row.tries },
      end,
      outcome: 'postponed',
    };
  }
  const status = FINAL_REFUSALS.has(written.error.code) ? 'rejected' : 'failed';
  const verdict: Verdict = { status, error: reasonOf(error), answer: written.answer };
  return { verdict, end, outcome: status === 'rejected' ? 'refused' : 'failed' };
}

function attemptEnd(written: FailedWrite): AttemptEnd {
  const { kind, error } = written;
  const api = error instanceof ApiError ? { httpStatus: error.status, requestId: error.requestId } : {};
  return { outcome: kind, code: error.code, ...api };
}

/** Codes by which Lobbie refuses this row for good. */
const FINAL_REFUSALS: ReadonlySet<string> = new Set([
  'api.bad_request',
  'api.not_found',
  'api.conflict',
  'api.unprocessable',
]);

const REASONS: Readonly<Record<string, string>> = {
  'api.bad_request': 'a field fails a check of Lobbie',
  'api.forbidden': 'the grant for it is missing',
  'api.not_found': 'Lobbie has no such record',
  'api.conflict': 'it collides with existing data, for instance a duplicate or a taken slot',
  'api.unprocessable': 'Lobbie can not carry it out in this form',
};

/** The text of an error for the column `error`: codes and ids only. Lobbie's own words are kept in `answer`. */
function reasonOf(error: LobbieSyncError): string {
  const reason = REASONS[error.code];
  return reason === undefined ? error.message : `${error.message}: ${reason}`;
}
