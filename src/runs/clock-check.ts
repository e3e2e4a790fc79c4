import { hostname } from 'node:os';
import { aheadMs, ClockJumpedError, differenceText } from '../core/clock-difference.ts';
import { EXIT, LobbieSyncError } from '../core/errors.ts';
import { recordRefused } from '../state/runs.ts';
import type { LifecycleOptions, RunDependencies } from './dependencies.ts';

/** A clock that this machine's was compared with. */
interface Compared {
  readonly whose: string;
  /** Milliseconds that it is ahead of this machine's, negative when behind; undefined when it could not be read. */
  readonly aheadMs: number | undefined;
}

/**
 * Refuses to begin a run while this machine's clock disagrees with Lobbie's or the database's. The times of reads, checks and sweeps
 * decide which version is newer, what is gone and what is due. What a run stores with a time in the future would no longer change.
 *
 * The refused run stands among the runs as failed.
 *
 * @throws LobbieSyncError `clock.skew`, exit code 2, with the difference
 */
export async function refuseWrongClock(
  deps: RunDependencies,
  { kind, selection, stop: { signal } }: LifecycleOptions,
): Promise<void> {
  const most = deps.maxClockSkewMs;
  if (most === undefined) return;
  const clocks: readonly Compared[] = [
    { whose: 'Lobbie', aheadMs: await aheadOfUs(deps, most, signal) },
    { whose: 'the database', aheadMs: await databaseAhead(deps) },
  ];
  const wrong = clocks.find(({ aheadMs }) => aheadMs !== undefined && Math.abs(aheadMs) > most);
  if (wrong?.aheadMs === undefined) return;
  const refusal = new LobbieSyncError(`the clock of this machine is ${differenceText(wrong.aheadMs, wrong.whose)}`, {
    code: 'clock.skew',
    action: 'abort',
    exitCode: EXIT.usage,
    hint: `Set the clock right (NTP), or allow more with LOBBIE_MAX_CLOCK_SKEW (now ${Math.round(most / 1000)} s). Nothing was read.`,
  });
  // Deliveries are tried again every few seconds, and their rows say what became of them.
  if (kind !== 'push') {
    const run = { kind, selection, host: hostname(), pid: process.pid };
    await recordRefused(deps.db, run, refusal.message).catch(() => undefined);
  }
  throw refusal;
}

/** How far Lobbie's clock is ahead, by its answers so far. If there was none yet, a token is fetched. */
/**
 * Lobbie's clock as it is now: answers of an earlier run say nothing of a clock that was set since. One odd answer proves nothing, so
 * one that would refuse the run is measured again, and the smaller difference counts. Each later answer is compared as well.
 */
async function aheadOfUs(deps: RunDependencies, most: number, signal: AbortSignal): Promise<number | undefined> {
  const { api } = deps;
  const { clockSkewMs, clockSkewIsFresh } = api.state;
  if (clockSkewIsFresh && clockSkewMs !== undefined && Math.abs(clockSkewMs) <= most) return clockSkewMs;
  try {
    const first = await api.measureClock(signal);
    if (first === undefined || Math.abs(first) <= most) return first;
    const second = (await api.measureClock(signal)) ?? first;
    return Math.abs(second) < Math.abs(first) ? second : first;
  } catch {
    // The run itself meets and reports whatever keeps the token from coming.
    return undefined;
  }
}

async function databaseAhead({ pool, clock }: RunDependencies): Promise<number> {
  const before = clock.now().getTime();
  const { rows } = await pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  const after = clock.now().getTime();
  return aheadMs(rows[0]?.now.getTime() ?? after, before, after);
}

/** The time at which a run ends: that of the database once a clock has jumped, because this machine's may be the wrong one. */
export async function endTime(
  { pool, clock }: Pick<RunDependencies, 'pool' | 'clock'>,
  reason: LobbieSyncError | undefined,
): Promise<Date> {
  if (!(reason instanceof ClockJumpedError)) return clock.now();
  const { rows } = await pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  return rows[0]?.now ?? clock.now();
}
