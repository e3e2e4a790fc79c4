import { aheadMs, ClockJumpedError } from '../core/clock-difference.ts';
import type { RunContext } from './context.ts';

/**
 * Refuses to store a batch once this machine's clock has jumped, whether an answer of Lobbie has shown it or the database does: what is
 * stored with a time in the future would not change any more. Stops the run.
 *
 * @param databaseNow the database's clock, read between `before` and `after`; undefined: not known
 * @throws ClockJumpedError
 */
export function refuseJumpedClock(
  { stop, maxClockSkewMs }: Pick<RunContext, 'stop' | 'maxClockSkewMs'>,
  databaseNow: Date | undefined,
  before: Date,
  after: Date,
): void {
  if (stop.reason instanceof ClockJumpedError) throw stop.reason;
  if (maxClockSkewMs === undefined || databaseNow === undefined) return;
  const lead = aheadMs(databaseNow.getTime(), before.getTime(), after.getTime());
  if (Math.abs(lead) <= maxClockSkewMs) return;
  const jumped = new ClockJumpedError(lead, 'the database');
  stop.request(jumped);
  throw jumped;
}
