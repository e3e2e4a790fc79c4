import { saveListProof } from '../state/list-state.ts';
import { closeSweep, PARENTS_INCOMPLETE } from '../state/passes.ts';
import type { RunContext, Unit } from './context.ts';
import { oldestCheck } from './parents.ts';

/**
 * Closes the sweep of a unit that was read to its end. A list below parents is proven by that, because it was judged parent by parent
 * as it was read. A list without parents is proven once the rows that the sweep did not meet were judged.
 *
 * @param complete whether the lists of its parents were certified
 */
export async function certify(
  context: RunContext,
  unit: Unit,
  sweep: { readonly id: string; readonly startedAt: Date },
  complete: boolean,
): Promise<void> {
  const now = context.clock.now();
  if (!complete || unit.read.parent === undefined) {
    await closeSweep(context.db, sweep.id, complete ? null : PARENTS_INCOMPLETE, now);
    return;
  }
  const oldest = (await oldestCheck(context, unit)) ?? sweep.startedAt;
  await context.db.transaction().execute(async (tx) => {
    await closeSweep(tx, sweep.id, null, now, { judged: true });
    await saveListProof(tx, proofOf(unit, now, oldest));
  });
}

/** Stores the time of the oldest check of a unit's parents. An earlier proof of the list remains. */
export async function noteOldest(context: RunContext, unit: Unit): Promise<void> {
  const oldest = await oldestCheck(context, unit);
  if (oldest !== null) await saveListProof(context.db, proofOf(unit, null, oldest));
}

const proofOf = (unit: Unit, certifiedAt: Date | null, oldestCheckedAt: Date) => ({
  accountId: unit.accountId,
  locationId: unit.locationId,
  resource: unit.resource.name,
  operation: unit.read.operation,
  certifiedAt,
  oldestCheckedAt,
});
