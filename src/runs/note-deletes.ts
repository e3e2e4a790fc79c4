import type { Decided } from '../deletions/deletions.ts';
import { addProblem } from '../state/runs.ts';
import type { RunLifecycle } from './lifecycle.ts';

/**
 * Adds what became of the candidates of an account to the outcome of a run: deletes that wait for a person, and rows that may be gone
 * although the API would not say so. A run that leaves such rows has not succeeded, since the table may have rows that Lobbie has not.
 */
export async function noteDeletes(
  lifecycle: RunLifecycle,
  accountId: string,
  { held, unproven }: Decided,
): Promise<void> {
  const { db, clock } = lifecycle.deps;
  for (const [resource, rows] of unproven) {
    lifecycle.deletes.unproven += rows;
    await lifecycle.patiently(() =>
      addProblem(db, {
        run_id: lifecycle.runId,
        at: clock.now(),
        account_id: accountId === '0' ? null : accountId,
        location_id: null,
        resource,
        scope: null,
        code: 'delete.unproven',
        message: `${rows} rows of ${resource} may be gone: no list has them, and the read by id gave no usable answer`,
        hint: 'The next nightly sync asks again. If this stays, check the read by id with Lobbie.',
      }),
    );
  }
  lifecycle.deletes.held += held;
}
