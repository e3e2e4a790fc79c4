import { addAudit } from '../state/audit.ts';
import { countFuture, fixFuture, latestBelieved } from '../state/future.ts';
import { closeDeadRuns } from '../state/runs.ts';
import type { RunDependencies } from './dependencies.ts';

/** Closes the runs of dead processes and fixes times in the future. May be repeated. */
export async function clearLeftovers(deps: RunDependencies, runId: string): Promise<void> {
  const dead = await closeDeadRuns(deps.db, deps.clock.now());
  if (dead.length > 0) deps.logger.warn({ runs: dead }, 'runs of processes that are gone were closed as incomplete');
  await fixFutureTimes(deps, runId);
}

/**
 * Fixes the times in the future that an earlier run with a wrong clock stored, before anything is decided by them. Does so only if
 * clocks are compared, because only then is this run's clock known to be right.
 */
async function fixFutureTimes(deps: RunDependencies, runId: string): Promise<void> {
  const { db, clock, logger, actor, maxClockSkewMs } = deps;
  if (maxClockSkewMs === undefined) return;
  const now = clock.now();
  const believed = latestBelieved(now, maxClockSkewMs);
  if (believed === null) return;
  const found = await countFuture(db, believed);
  if (found.length === 0) return;
  await fixFuture(db, found, { now, believed });
  const counts = Object.fromEntries(found.map(({ what, of, entries }) => [`${of}.${what}`, entries]));
  logger.warn({ run: runId, ...counts }, 'times in the future, left by a clock that was ahead, were brought back');
  await addAudit(db, { actor, action: 'future.mended', subject: counts, runId }, now);
}
