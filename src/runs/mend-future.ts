import { addAudit } from '../state/audit.ts';
import { countFuture, latestBelieved, mendFuture } from '../state/future.ts';
import type { RunDependencies } from './dependencies.ts';

/**
 * Mends what a run with a clock that was ahead left in the future, before anything is decided by it. Only where clocks are compared: the
 * clock of this run is known to be right then.
 */
export async function mendTheFuture(deps: RunDependencies, runId: string): Promise<void> {
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
