import { EXIT } from '../core/errors.ts';
import type { NightlySync, NightlySyncEnd } from '../state/schedule.ts';
import type { JobResult } from './job.ts';

/** What to do about a job now. */
export type Decision =
  | { readonly kind: 'nothing' }
  /** The job was never seen before. Due times before now don't count as missed. */
  | { readonly kind: 'first_start' }
  /** This process still runs the job, so these due times are skipped. */
  | { readonly kind: 'overlap'; readonly skip: readonly Date[] }
  /** A nightly sync is recorded as running, but the lock is free. Its process may only have lost its connection, so wait. */
  | { readonly kind: 'watch'; readonly nightlySync: NightlySync }
  /** The process of a nightly sync ended too often, so it is not tried again. */
  | { readonly kind: 'give_up'; readonly nightlySync: NightlySync }
  /** A nightly sync is tried again: its next attempt is due, or its process is gone. */
  | { readonly kind: 'again'; readonly nightlySync: NightlySync }
  /** A new nightly sync starts; older due times that were missed are recorded as skipped. */
  | {
      readonly kind: 'begin';
      readonly due: Date;
      readonly skip: readonly Date[];
      readonly settle: NightlySync | undefined;
    };

export interface Situation {
  readonly now: Date;
  /** Due times after the last recorded nightly sync, oldest first. */
  readonly dues: readonly Date[];
  /** The latest recorded nightly sync. */
  readonly last: NightlySync | undefined;
  /** The nightly sync that is recorded as running or waiting. */
  readonly open: NightlySync | undefined;
  /** Whether this process runs the job now. */
  readonly mine: boolean;
  /** Whether this process has tried the latest nightly sync itself. */
  readonly tried: boolean;
  /** Since when this process has seen the lock of a running nightly sync free; undefined: not known. */
  readonly freeSince: Date | undefined;
  readonly takeoverAfterMs: number;
  /** A nightly sync with this many attempts is not taken over again. */
  readonly maxAttempts: number;
}

/** Decides what a job needs now. Pure. */
export function decide(situation: Situation): Decision {
  const { now, dues, last, open, mine, tried, freeSince, takeoverAfterMs, maxAttempts } = situation;
  if (mine) return dues.length === 0 ? { kind: 'nothing' } : { kind: 'overlap', skip: dues };
  if (last === undefined && open === undefined) return { kind: 'first_start' };
  const running = open?.status === 'running' ? open : undefined;
  if (running !== undefined) {
    const waited = freeSince === undefined ? Number.NEGATIVE_INFINITY : now.getTime() - freeSince.getTime();
    if (waited < takeoverAfterMs) return { kind: 'watch', nightlySync: running };
  }
  const due = dues.at(-1);
  if (due !== undefined) return { kind: 'begin', due, skip: dues.slice(0, -1), settle: open };
  if (running !== undefined)
    return { kind: running.attempts < maxAttempts ? 'again' : 'give_up', nightlySync: running };
  if (open !== undefined) {
    return (open.nextAttemptAt ?? now) <= now ? { kind: 'again', nightlySync: open } : { kind: 'nothing' };
  }
  // This process may have been started with the settings or the secret that were wrong for the other.
  if (last !== undefined && !tried && failedBySettings(last)) return { kind: 'again', nightlySync: last };
  return { kind: 'nothing' };
}

const failedBySettings = ({ status, exitCode }: NightlySync): boolean =>
  status === 'failed' && (exitCode === EXIT.usage || exitCode === EXIT.signIn);

export interface Attempt {
  readonly result: JobResult;
  /** The number of this attempt, from 1. */
  readonly attempts: number;
  /** Whether the attempt was asked to end: the daemon is stopping, or its lock is lost. */
  readonly interrupted: boolean;
  readonly now: Date;
  readonly nextDue: Date;
  /** Waits before the second, third, ... attempt, milliseconds. */
  readonly retryDelaysMs: readonly number[];
}

/** Decides what the end of an attempt means for its nightly sync. Pure. */
export function decideEnd(attempt: Attempt): NightlySyncEnd {
  const { result, attempts, interrupted, now, nextDue, retryDelaysMs } = attempt;
  const end = {
    runId: result.runId ?? null,
    exitCode: result.exitCode,
    message: result.message ?? null,
    counts: true,
    nextAttemptAt: null,
  };
  // The attempt was asked to end, so the nightly sync continues as soon as a daemon runs.
  if (interrupted && (result.status === 'incomplete' || result.status === 'failed')) {
    return { ...end, status: 'waiting', nextAttemptAt: now, counts: false };
  }
  const delay = retryDelaysMs[attempts - 1];
  const again = (result.status === 'failed' && isRetryable(result)) || result.passing === true;
  if (again && delay !== undefined) {
    const at = new Date(now.getTime() + delay);
    if (at < nextDue) return { ...end, status: 'waiting', nextAttemptAt: at };
  }
  return { ...end, status: result.status };
}

/** Wrong settings and missing grants stay wrong until a person fixes them, so another attempt would fail as well. */
function isRetryable(result: JobResult): boolean {
  return result.retryable ?? (result.exitCode !== EXIT.usage && result.exitCode !== EXIT.signIn);
}
