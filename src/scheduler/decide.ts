import { EXIT } from '../core/errors.ts';
import type { NightlySync, NightlySyncEnd } from '../state/schedule.ts';
import type { JobResult } from './job.ts';

/** What a moment asks for. */
export type Decision =
  | { readonly kind: 'nothing' }
  /** The daemon meets this job for the first time: nothing before counts as missed. */
  | { readonly kind: 'first_start' }
  /** Its own job is still running: these nights are not done. */
  | { readonly kind: 'overlap'; readonly skip: readonly Date[] }
  /** A night is recorded as running and nobody holds its lock: its process may only have lost its connection. */
  | { readonly kind: 'watch'; readonly night: NightlySync }
  /** A night ended its process so often that it is not tried again. */
  | { readonly kind: 'give_up'; readonly night: NightlySync }
  /** A night is tried again: it waited, or its process is gone. */
  | { readonly kind: 'again'; readonly night: NightlySync }
  /** A new night is begun; older ones that nobody did are recorded as skipped. */
  | {
      readonly kind: 'begin';
      readonly due: Date;
      readonly skip: readonly Date[];
      readonly settle: NightlySync | undefined;
    };

export interface Situation {
  readonly now: Date;
  /** Instants since the last recorded night, oldest first. */
  readonly dues: readonly Date[];
  /** The latest recorded night. */
  readonly last: NightlySync | undefined;
  /** The night that is recorded as running or waiting. */
  readonly open: NightlySync | undefined;
  /** Whether this process runs the job now. */
  readonly mine: boolean;
  /** Since when nobody is seen to hold the lock of a running night; undefined: not known. */
  readonly freeSince: Date | undefined;
  readonly takeoverAfterMs: number;
  /** A night that was begun so often is not taken over any more. */
  readonly maxAttempts: number;
}

/** Decides what a job needs now. Pure. */
export function decide(situation: Situation): Decision {
  const { now, dues, last, open, mine, freeSince, takeoverAfterMs, maxAttempts } = situation;
  if (mine) return dues.length === 0 ? { kind: 'nothing' } : { kind: 'overlap', skip: dues };
  if (last === undefined && open === undefined) return { kind: 'first_start' };
  const running = open?.status === 'running' ? open : undefined;
  if (running !== undefined) {
    const waited = freeSince === undefined ? Number.NEGATIVE_INFINITY : now.getTime() - freeSince.getTime();
    if (waited < takeoverAfterMs) return { kind: 'watch', night: running };
  }
  const due = dues.at(-1);
  if (due !== undefined) return { kind: 'begin', due, skip: dues.slice(0, -1), settle: open };
  if (running !== undefined) return { kind: running.attempts < maxAttempts ? 'again' : 'give_up', night: running };
  if (open !== undefined && (open.nextAttemptAt ?? now) <= now) return { kind: 'again', night: open };
  return { kind: 'nothing' };
}

export interface Attempt {
  readonly result: JobResult;
  /** The how-manieth it was, from 1. */
  readonly attempts: number;
  /** It was asked to end: the daemon is stopping, or its lock is lost. */
  readonly interrupted: boolean;
  readonly now: Date;
  readonly nextDue: Date;
  /** Waits before the second, third, ... attempt, milliseconds. */
  readonly retryDelaysMs: readonly number[];
}

/** Decides what an attempt makes of its night. Pure. */
export function decideEnd(attempt: Attempt): NightlySyncEnd {
  const { result, attempts, interrupted, now, nextDue, retryDelaysMs } = attempt;
  const end = {
    runId: result.runId ?? null,
    exitCode: result.exitCode,
    message: result.message ?? null,
    counts: true,
    nextAttemptAt: null,
  };
  // Not done because somebody asked it to end: it goes on as soon as a daemon is there.
  if (interrupted && (result.status === 'incomplete' || result.status === 'failed')) {
    return { ...end, status: 'waiting', nextAttemptAt: now, counts: false };
  }
  const delay = retryDelaysMs[attempts - 1];
  if (result.status === 'failed' && delay !== undefined && isRetryable(result)) {
    const at = new Date(now.getTime() + delay);
    if (at < nextDue) return { ...end, status: 'waiting', nextAttemptAt: at };
  }
  return { ...end, status: result.status };
}

/** Settings and grants don't mend themselves within a night. */
function isRetryable(result: JobResult): boolean {
  return result.retryable ?? (result.exitCode !== EXIT.usage && result.exitCode !== EXIT.signIn);
}
