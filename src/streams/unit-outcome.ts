import { type LobbieSyncError, StopError } from '../core/errors.ts';
import { classifyError } from '../db/pool.ts';
import { addProblem } from '../state/runs.ts';
import { type RunContext, type Unit, unitName, unitScope } from './context.ts';

/** The outcome of a unit. */
export type UnitOutcome =
  | { readonly state: 'certified' }
  /** Read to its end by an earlier run of the same pass. */
  | { readonly state: 'skipped' }
  /** The run ended before the unit did; the next run continues. */
  | { readonly state: 'stopped' }
  | { readonly state: 'failed'; readonly error: LobbieSyncError };

/**
 * The outcome of a unit that threw: stopped with the run, or failed. A failure is logged and recorded as a problem.
 *
 * @param close closes the sweep of the unit with the code of the failure, if it has one
 */
export async function outcomeOf(
  context: RunContext,
  unit: Unit,
  cause: unknown,
  close: (code: string) => Promise<void> = async () => undefined,
): Promise<UnitOutcome> {
  const error = classifyError(cause);
  if (error instanceof StopError || (context.stop.requested && error.action !== 'abort')) return { state: 'stopped' };
  await close(error.code).catch(() => undefined);
  await recordProblem(context, unit, error).catch(() => undefined);
  return { state: 'failed', error };
}

/** Writes a failure to the log and to `lobbie_sync.run_problems`. */
export async function recordProblem(context: RunContext, unit: Unit, error: LobbieSyncError): Promise<void> {
  context.logger.error({ code: error.code, unit: unitName(unit), hint: error.hint }, error.message);
  await addProblem(context.db, {
    run_id: context.runId,
    at: context.clock.now(),
    account_id: unit.accountId === '0' ? null : unit.accountId,
    location_id: unit.locationId,
    resource: unit.resource.name,
    scope: unitScope(unit),
    code: error.code,
    message: error.message,
    hint: error.hint ?? null,
  });
}
