import type { Clock } from '../core/clock.ts';
import type { LobbieSyncError } from '../core/errors.ts';
import { classifyError } from './pool.ts';

/** How long a database that is away is waited for, milliseconds. */
const PATIENCE_MS = 5 * 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

export interface Waiting {
  readonly clock: Clock;
  /** Ends the wait; the failure that began it is thrown then. */
  readonly signal: AbortSignal;
  /** How long to wait in all, milliseconds. Default five minutes. */
  readonly patienceMs?: number;
  /** Told before each pause. */
  readonly onPause?: (error: LobbieSyncError, attempt: number) => void;
}

/** Whether an error is a loss of the database, or a collision in it, that passes by itself. Pure. */
export const isPassing = (error: LobbieSyncError): boolean =>
  error.action === 'retry' && error.code.startsWith('database.');

/** Codes of a connection that is gone, or of a server that is away. */
const LOST = /^database\.(?:08|57P|ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN)/;

/** Whether an error says that the database was lost, rather than that it was busy. Pure. */
export const isLost = (error: LobbieSyncError): boolean => isPassing(error) && LOST.test(error.code);

/**
 * Does work that may be done again from its beginning, until the database lets it: a failover, a restart or a lost connection is
 * waited out like an API that is away.
 *
 * @throws LobbieSyncError what did not pass in that time, at once what does not pass by itself, and when the signal is aborted
 */
export async function patiently<T>(
  { clock, signal, patienceMs = PATIENCE_MS, onPause }: Waiting,
  work: () => Promise<T>,
): Promise<T> {
  const began = clock.now().getTime();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (cause) {
      const error = classifyError(cause);
      const waited = clock.now().getTime() - began;
      if (!isPassing(error) || waited >= patienceMs || signal.aborted) throw error;
      onPause?.(error, attempt);
      await clock.sleep(Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS), signal).catch(() => undefined);
    }
  }
}
