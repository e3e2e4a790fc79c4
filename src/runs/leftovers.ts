import { addAudit } from '../state/audit.ts';
import { countFuture, latestBelieved, mendFuture } from '../state/future.ts';
import { closeDeadRuns } from '../state/runs.ts';
import type { RunDependencies } from './dependencies.ts';

/** Clears away what earlier runs left: runs of processes that are gone, and times in the future. May be done again. */
export async function clearLeftovers(deps: RunDependencies, runId: string): Promise<void> {
  const dead = await closeDeadRuns(deps.db, deps.clock.now());
  if (dead.length > 0) deps.logger.warn({ runs: dead }, 'runs of processes that are gone were closed as incomplete');
  await mendTheFuture(deps, runId);
}

/**
 * Mends what a run with a clock that was ahead left in the future, before anything is decided by it. Only where clocks are compared: the
 * clock of this run is known to be right then.
 */
async function mendTheFuture(deps: RunDependencies, runId: string): Promise<void> {
  const { db, clock, logger, actor, maxClockSkewMs } = deps;
  if (maxClockSkewMs === undefined) return;
  const now = clock.now();
  const believed = latestBelieved(now, maxClockSkewMs);
  if (believed === null) return;
  const found = await countFuture(db, believed);
  if (found.length === 0) return;
  await mendFuture(db, found, { now, believed });
  const counts = Object.fromEntries(found.map(({ what, of, entries }) => [`${of}.${what}`, entries]));
  logger.warn({ run: runId, ...counts }, 'times in the future, left by a clock that was ahead, were brought back');
  await addAudit(db, { actor, action: 'future.mended', subject: counts, runId }, now);
}
