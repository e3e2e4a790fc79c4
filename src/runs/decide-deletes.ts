import type { Delete } from '../db/tables.ts';
import { withTransaction } from '../db/transaction.ts';
import { settle } from '../deletions/deletions.ts';
import { isLocation, settleLocations, unmarkLocation } from '../deletions/mark-location.ts';
import { restoreDelete } from '../deletions/restore-delete.ts';
import { addAudit } from '../state/audit.ts';
import { closedLocations } from '../state/closed-locations.ts';
import { decideDeletes, listDeletes } from '../state/deletes.ts';
import { type LifecycleOptions, type RunDependencies, RunLifecycle } from './lifecycle.ts';

export interface DecideReport {
  readonly runId: string;
  /** Entries that were tombstoned, dismissed because the API still has them (`kept`), or that could not be read by id now. */
  readonly applied: number;
  readonly kept: number;
  readonly open: number;
}

export interface DeleteChoice {
  readonly ids?: readonly string[] | undefined;
  readonly accountId?: string | undefined;
  readonly resource?: string | undefined;
}

const filterOf = (choice: DeleteChoice) => ({
  ...(choice.ids === undefined ? {} : { ids: choice.ids }),
  ...(choice.accountId === undefined ? {} : { accountId: choice.accountId }),
  ...(choice.resource === undefined ? {} : { resource: choice.resource }),
});

/** Of some entries, those by which a person kept the rows of a location that is still closed. */
async function keptLocations({ db }: RunDependencies, ids: readonly string[]): Promise<readonly Delete[]> {
  const closed = new Set((await closedLocations(db, { deleteIds: ids })).map(({ deleteId }) => deleteId));
  return (await listDeletes(db, { status: 'restored', ids })).filter(({ id }) => closed.has(id));
}

/** Applies held deletes that a person has approved. Before that, each is read by id once more. */
export async function approveDeletes(
  deps: RunDependencies,
  options: Omit<LifecycleOptions, 'kind'>,
  choice: DeleteChoice,
): Promise<DecideReport & { readonly exitCode: number }> {
  let report = { applied: 0, kept: 0, open: 0 };
  const run = await RunLifecycle.run(deps, { ...options, kind: 'sync' }, async (lifecycle) => {
    const context = lifecycle.context({ id: '0', startedAt: deps.clock.now() }, { leased: false });
    const entries = [
      ...(await listDeletes(deps.db, { status: 'held', ...filterOf(choice) })),
      ...(choice.ids === undefined ? [] : await keptLocations(deps, choice.ids)),
    ];
    for (const group of Map.groupBy(entries, (entry) => entry.account_id).values()) {
      // Rows first: those of a location are marked with it, whoever else asks about them.
      const rows = await settle(
        context,
        group.filter((entry) => !isLocation(entry)),
      );
      const locations = await settleLocations(context, group.filter(isLocation));
      report = {
        applied: report.applied + rows.applied + locations.applied,
        kept: report.kept + rows.dismissed + locations.dismissed,
        open: 0,
      };
    }
    report = { ...report, open: entries.length - report.applied - report.kept };
    const subject = { ...report, ids: entries.map((entry) => entry.id) };
    await addAudit(
      deps.db,
      { actor: deps.actor, action: 'deletes.approve', subject, runId: lifecycle.runId },
      deps.clock.now(),
    );
  });
  return { runId: run.runId, ...report, exitCode: run.exitCode };
}

/**
 * Refuses held deletes, and removes tombstones together with those of the rows below. Sends no request to the API. Without ids it
 * only refuses held deletes: a person must name each applied delete that is to be restored. A closed location
 * keeps its rows with that for as long as it is closed.
 */
export async function restoreDeletes(
  deps: RunDependencies,
  choice: DeleteChoice,
): Promise<{ readonly restored: number }> {
  let restored = 0;
  const entries = (await listDeletes(deps.db, filterOf(choice))).filter(
    (entry) => entry.status === 'held' || (entry.status === 'applied' && choice.ids !== undefined),
  );
  for (const entry of entries) {
    const rowsRestored = await withTransaction(deps.pool, async (tx) => {
      const now = deps.clock.now();
      const options = { runId: entry.run_id, now, noHistory: deps.noHistory };
      const restoreEntry = isLocation(entry) ? unmarkLocation : restoreDelete;
      const rows = entry.status === 'applied' ? await restoreEntry(tx, entry, options) : 0;
      await decideDeletes(tx.db, [entry.id], 'restored', now);
      const subject = { delete: entry.id, key: entry.key };
      const { account_id: accountId, resource } = entry;
      await addAudit(tx.db, { actor: deps.actor, action: 'deletes.restore', accountId, resource, subject }, now);
      return rows;
    });
    restored += rowsRestored;
  }
  return { restored };
}
