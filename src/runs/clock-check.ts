import { EXIT, LobbieSyncError } from '../core/errors.ts';
import type { RunDependencies } from './dependencies.ts';

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
 * @throws LobbieSyncError `clock.skew`, exit code 2, with the difference
 */
export async function refuseWrongClock(deps: RunDependencies, signal: AbortSignal): Promise<void> {
  const most = deps.maxClockSkewMs;
  if (most === undefined) return;
  const clocks: readonly Compared[] = [
    { whose: 'Lobbie', aheadMs: await aheadOfUs(deps, signal) },
    { whose: 'the database', aheadMs: await databaseAhead(deps) },
  ];
  const wrong = clocks.find(({ aheadMs }) => aheadMs !== undefined && Math.abs(aheadMs) > most);
  if (wrong?.aheadMs === undefined) return;
  const seconds = Math.round(Math.abs(wrong.aheadMs) / 1000);
  const side = wrong.aheadMs > 0 ? 'behind' : 'ahead of';
  throw new LobbieSyncError(`the clock of this machine is ${seconds} s ${side} that of ${wrong.whose}`, {
    code: 'clock.skew',
    action: 'abort',
    exitCode: EXIT.usage,
    hint: `Set the clock right (NTP), or allow more with LOBBIE_MAX_CLOCK_SKEW (now ${Math.round(most / 1000)} s). Nothing was read.`,
  });
}

/** How far Lobbie's clock is ahead, by its answers so far. If there was none yet, a token is fetched. */
async function aheadOfUs({ api }: RunDependencies, signal: AbortSignal): Promise<number | undefined> {
  // If no token can be fetched, the run itself meets that error and reports it.
  if (api.state.clockSkewMs === undefined) await api.signIn(signal).catch(() => undefined);
  return api.state.clockSkewMs;
}

async function databaseAhead({ pool, clock }: RunDependencies): Promise<number> {
  const before = clock.now().getTime();
  const { rows } = await pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  const after = clock.now().getTime();
  const now = rows[0]?.now.getTime() ?? after;
  if (now > after) return now - after;
  return now < before ? now - before : 0;
}
