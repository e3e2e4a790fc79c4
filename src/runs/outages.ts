import { isLost, isPassing } from '../db/patience.ts';
import { classifyError } from '../db/pool.ts';
import { clearPassed } from '../state/runs.ts';
import { type Unit, unitScope } from '../streams/context.ts';
import type { UnitOutcome } from '../streams/unit-outcome.ts';
import type { RunDependencies } from './dependencies.ts';

/** How often one unit may lose the database before it counts as failed. */
const MOST_LOSSES = 5;

/** The part of a run that is needed to wait for its database. */
interface Run {
  readonly deps: Pick<RunDependencies, 'pool' | 'db'>;
  readonly runId: string;
  readonly ending: boolean;
  patiently<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Reads a unit, and reads on from its cursor when it lost the database. The problem that was recorded for the loss is removed, because
 * the list is read to its end after all. A unit that loses the database more than {@link MOST_LOSSES} times has failed.
 */
export async function throughOutages(run: Run, unit: Unit, work: () => Promise<UnitOutcome>): Promise<UnitOutcome> {
  for (let losses = 0; ; losses += 1) {
    const outcome = await attempt(work);
    if (outcome.state !== 'failed' || !isLost(outcome.error) || losses === MOST_LOSSES || run.ending) return outcome;
    try {
      await run.patiently(() => run.deps.pool.query('SELECT 1'));
      await run.patiently(() => clearPassed(run.deps.db, run.runId, unit.resource.name, unitScope(unit)));
    } catch {
      return outcome;
    }
  }
}

/** Returns a loss of the database as the unit's failure, wherever it happened; throws every other error. */
async function attempt(work: () => Promise<UnitOutcome>): Promise<UnitOutcome> {
  try {
    return await work();
  } catch (cause) {
    const error = classifyError(cause);
    if (!isPassing(error)) throw cause;
    return { state: 'failed', error };
  }
}
