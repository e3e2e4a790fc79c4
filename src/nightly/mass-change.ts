import { resourceNamed } from '../extractors/registry.ts';
import { addMassChange, changedSweeps, type ListChange, setHintsDeferred } from '../state/mass-changes.ts';
import type { RunContext } from '../streams/context.ts';
import { deferHints } from '../streams/hints.ts';

/** So many changed rows of a list are no mass change, whatever part of it they are: following their hints costs little. */
const FEW = 50;

/** How far back sweeps of passes that were given up are looked at, milliseconds. */
const LOOK_BACK_MS = 2 * 86_400_000;

/** Whether so many changed rows of a list are a mass change. Pure. */
export const isMassChange = (changed: number, rows: number, threshold: number): boolean =>
  changed > FEW && changed > threshold * rows;

/**
 * Looks whether lists of an account changed by more than a threshold while this nightly sync read them. Such a change is reported,
 * and its hints wait for the rotation: one odd night does not multiply the requests, and what it did not follow is caught up within
 * the freshness target.
 *
 * @param threshold fraction of a list's rows, 0 to 1
 */
export async function judgeChanges(context: RunContext, accountId: string, threshold: number): Promise<void> {
  const since = new Date(context.passStartedAt.getTime() - LOOK_BACK_MS);
  const sweeps = await changedSweeps(context.db, { passId: context.passId, accountId, since, few: FEW });
  for (const sweep of sweeps) {
    if (isMassChange(sweep.changed, sweep.rows, threshold)) await defer(context, sweep);
  }
}

async function defer(context: RunContext, sweep: ListChange): Promise<void> {
  const { accountId, locationId, resource, changed, rows, startedAt } = sweep;
  const deferred = await context.db.transaction().execute(async (tx) => {
    const added = await addMassChange(tx, { ...sweep, runId: context.runId, at: context.clock.now() });
    if (!added) return undefined;
    const lists = await deferHints(tx, resourceNamed(resource), accountId, startedAt);
    await setHintsDeferred(tx, sweep.sweepId, lists);
    return lists;
  });
  if (deferred === undefined) return;
  context.logger.warn(
    { account: accountId, location: locationId, resource, changed, rows, deferred },
    'an unusual part of a list changed in one nightly sync; its change hints wait for the rotation',
  );
}
