import { type LobbieSyncError, StopError } from '../core/errors.ts';
import { classifyError } from '../db/pool.ts';
import { addProblem } from '../state/runs.ts';
import { type RunContext, type Unit, unitName, unitScope } from './context.ts';

/** What became of a unit. */
export type UnitOutcome =
  | { readonly state: 'certified' }
  /** Read to its end by an earlier run of the same pass. */
  | { readonly state: 'skipped' }
  /** The run ends before the unit does; the next run goes on. */
  | { readonly state: 'stopped' }
  | { readonly state: 'failed'; readonly error: LobbieSyncError };

/**
 * What became of a unit that threw: stopped with the run, or failed, which is noted where people look.
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

/** Notes a failure where people look for it: in the log and in `lobbie_sync.run_problems`. */
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
