import { ApiError, LobbieSyncError, StopError } from '../core/errors.ts';
import { classifyError } from '../db/pool.ts';
import { claimWrite, endAttempt } from '../state/outbox/writes.ts';
import { PUSH_PRIORITY, type PushContext } from './context.ts';
import { pathOf, writeOperation } from './lobbie.ts';
import type { JsonObject, OutboxRow } from './row.ts';

/** How a write ended. */
export type Written =
  /** Lobbie carried the write out; `body` is its answer. */
  | {
      readonly kind: 'done';
      readonly body: unknown;
      /** When the answer arrived. A page that was requested before may not contain the write. */
      readonly answeredAt: Date;
      readonly attempt: string;
      readonly status: number;
    }
  /** Lobbie refused the write for good. */
  | { readonly kind: 'refused'; readonly error: ApiError; readonly answer: string | null; readonly attempt: string }
  /** The write was certainly not carried out, but Lobbie did not refuse it either. */
  | { readonly kind: 'not_done'; readonly error: LobbieSyncError; readonly attempt: string }
  /** The write was perhaps carried out. `unanswered`: it may even still be under way. */
  | {
      readonly kind: 'unknown';
      readonly error: LobbieSyncError;
      readonly unanswered: boolean;
      readonly attempt: string;
    }
  /** The write was not sent: somebody else changed, took or decided the row meanwhile, or deliveries are paused. */
  | { readonly kind: 'lost' };

class ClaimLost extends Error {}

/**
 * Sends the write of a row. The row is marked in flight, on disk, only once the rate limiter has granted the write a slot: a
 * process that dies before has sent nothing, and one that dies after leaves the mark. A write is repeated only after answers that
 * say that nothing was carried out (429, 401).
 *
 * @throws StopError when the run has to end before the write is sent; LobbieSyncError when the mark can't be stored
 */
export async function sendWrite(context: PushContext, row: OutboxRow, body: JsonObject | undefined): Promise<Written> {
  const operation = writeOperation(row);
  let attempt: string | undefined;
  /** Whether the write is on its way to Lobbie. Then its answer is waited for up to the time-out, even if the run has to end. */
  let underWay = false;
  let answer: string | null = null;
  const waiting = new AbortController();
  const stopWaiting = () => {
    if (!underWay) waiting.abort(context.stop.reason);
  };
  const claim = async () => {
    if (context.stop.reason !== undefined) throw context.stop.reason;
    if (attempt === undefined) context.guards.admit();
    else await endAttempt(context.db, attempt, { outcome: 'not_done' }, context.clock.now());
    try {
      const claimed = await mark(context, row, operation, attempt === undefined ? row.version : undefined);
      if (claimed === undefined) throw new ClaimLost();
      attempt = claimed;
    } catch (error) {
      if (attempt === undefined) context.guards.release();
      throw error;
    }
    underWay = true;
  };
  context.stop.signal.addEventListener('abort', stopWaiting, { once: true });
  try {
    if (context.stop.signal.aborted) stopWaiting();
    const { body: answered, status } = await context.api.callRaw(operation, pathOf(row, row.targetId), {
      // A write goes before reads of other rows, because the record that it was compared with gets older.
      priority: PUSH_PRIORITY - 1,
      signal: waiting.signal,
      timeoutMs: context.settings.timeoutMs,
      beforeAttempt: claim,
      onRetry: () => {
        // The client retries a write only after 429 and 401, which say that it was not carried out.
        underWay = false;
        if (context.stop.signal.aborted) stopWaiting();
      },
      onRefusal: (text) => {
        answer = text;
      },
      ...(body === undefined ? {} : { body }),
    });
    return { kind: 'done', body: answered, answeredAt: context.clock.now(), status, attempt: attempt ?? '' };
  } catch (error) {
    if (attempt !== undefined)
      return underWay ? ended(error, attempt, answer) : { kind: 'not_done', error: notSent(error), attempt };
    if (error instanceof ClaimLost) return { kind: 'lost' };
    throw error instanceof StopError ? error : classifyError(error);
  } finally {
    context.stop.signal.removeEventListener('abort', stopWaiting);
  }
}

/** Counts the request and marks the row as in flight; if the mark fails, the count is reversed. */
async function mark(context: PushContext, row: OutboxRow, operation: string, version: string | undefined) {
  const { runId, clock, db } = context;
  context.countRequest(row.resource);
  try {
    const claim = { id: row.id, version, runId, operation, base: row.baseText, seen: row.seen, at: clock.now() };
    const claimed = await claimWrite(db, claim);
    if (claimed === undefined) context.uncountRequest(row.resource);
    return claimed;
  } catch (error) {
    context.uncountRequest(row.resource);
    throw error;
  }
}

/** Statuses below 500 that do not say whether the write was carried out. */
const UNCLEAR: ReadonlySet<number> = new Set([408, 425]);

/** What a failed call says about a write that was sent. Pure. */
export function ended(
  cause: unknown,
  attempt: string,
  answer: string | null,
): Exclude<Written, { kind: 'lost' | 'done' }> {
  const error = classifyError(cause);
  if (!(error instanceof ApiError)) return { kind: 'unknown', error, unanswered: true, attempt };
  const { status } = error;
  if (status === undefined) {
    // No connection was made.
    if (error.neverSent) return { kind: 'not_done', error, attempt };
    return { kind: 'unknown', error, unanswered: true, attempt };
  }
  if (status === 429 || status === 401) return { kind: 'not_done', error, attempt };
  // A 2xx whose body is cut off or is not JSON was carried out, but its result is unknown.
  if (status >= 500 || UNCLEAR.has(status) || (status >= 200 && status < 300)) {
    return { kind: 'unknown', error, unanswered: false, attempt };
  }
  return { kind: 'refused', error, answer, attempt };
}

function notSent(cause: unknown): LobbieSyncError {
  if (cause instanceof LobbieSyncError && cause.action !== 'stop') return cause;
  return new LobbieSyncError('the write was not repeated after Lobbie asked to wait', {
    code: 'push.not_sent',
    action: 'retry',
  });
}
