import { isLost, isPassing } from '../db/patience.ts';
import { classifyError } from '../db/pool.ts';
import { clearPassed } from '../state/runs.ts';
import { type Unit, unitScope } from '../streams/context.ts';
import type { UnitOutcome } from '../streams/unit-outcome.ts';
import type { RunDependencies } from './dependencies.ts';

/** Times that one unit may lose its database before it counts as failed. */
const MOST_LOSSES = 5;

/** What of a run is needed to wait for its database. */
interface Run {
  readonly deps: Pick<RunDependencies, 'pool' | 'db'>;
  readonly runId: string;
  readonly ending: boolean;
  patiently<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Reads a unit, and again when it lost its database: it goes on from its cursor. The problem that was noted for the loss is taken
 * back, because the list was read to its end after all. A unit that loses the database again and again has failed.
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

/** A loss of the database is the unit's failure wherever it was met; everything else that is thrown stays so. */
async function attempt(work: () => Promise<UnitOutcome>): Promise<UnitOutcome> {
  try {
    return await work();
  } catch (cause) {
    const error = classifyError(cause);
    if (!isPassing(error)) throw cause;
    return { state: 'failed', error };
  }
}
