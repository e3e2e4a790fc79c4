import type { Delete } from '../db/tables.ts';
import { type Transaction, withTransaction } from '../db/transaction.ts';
import { resourceNamed } from '../extractors/registry.ts';
import { keyText, ofAccount, restore, restoreBelow, type TombstoneOptions } from '../loaders/tombstones.ts';
import { addAudit } from '../state/audit.ts';
import { markDue } from '../state/checks.ts';
import { decideDeletes, listDeletes } from '../state/deletes.ts';
import { preparerOf } from './collect.ts';
import { dependants, settle } from './deletions.ts';
import { type RunDependencies, RunShell, type ShellOptions } from './shell.ts';
import { childrenOf } from './signs.ts';

export interface DecideReport {
  readonly runId: string;
  /** Entries that were tombstoned, kept because the API still has them, or could not be asked for now. */
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

/** Applies held deletes that a person has approved; each is asked for by id once more before. */
export async function approveDeletes(
  deps: RunDependencies,
  options: Omit<ShellOptions, 'kind'>,
  choice: DeleteChoice,
): Promise<DecideReport & { readonly exitCode: number }> {
  let report = { applied: 0, kept: 0, open: 0 };
  const run = await RunShell.run(deps, { ...options, kind: 'sync' }, async (shell) => {
    const context = shell.context({ id: '0', startedAt: deps.clock.now() }, { leased: false });
    const entries = await listDeletes(deps.db, { status: 'held', ...filterOf(choice) });
    for (const group of Map.groupBy(entries, (entry) => entry.account_id).values()) {
      const { applied, kept } = await settle(context, group);
      report = { applied: report.applied + applied, kept: report.kept + kept, open: 0 };
    }
    report = { ...report, open: entries.length - report.applied - report.kept };
    const subject = { ...report, ids: entries.map((entry) => entry.id) };
    await addAudit(
      deps.db,
      { actor: deps.actor, action: 'deletes.approve', subject, runId: shell.runId },
      deps.clock.now(),
    );
  });
  return { runId: run.runId, ...report, exitCode: run.exitCode };
}

/**
 * Takes tombstones off again, with everything that went with them, and refuses held deletes. Nothing is asked of the API.
 * Without ids only what is held is refused: taking back marks of long ago has to be meant one by one.
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
    await withTransaction(deps.pool, async (tx) => {
      const now = deps.clock.now();
      if (entry.status === 'applied')
        restored += await takeBack(tx, entry, { runId: entry.run_id, now, noHistory: deps.noHistory });
      await decideDeletes(tx.db, [entry.id], 'restored', now);
      const subject = { delete: entry.id, key: entry.key };
      const { account_id: accountId, resource } = entry;
      await addAudit(tx.db, { actor: deps.actor, action: 'deletes.restore', accountId, resource, subject }, now);
    });
  }
  return { restored };
}

/** Takes the mark off a row and off all that was marked together with it; returns whether there was one. */
async function takeBack(tx: Transaction, entry: Delete, options: TombstoneOptions): Promise<number> {
  const resource = resourceNamed(entry.resource);
  const { table } = preparerOf(resource);
  const { rows } = await tx.client.query<{ at: string }>(
    `SELECT t._deleted_at::text AS at FROM lobbie."${resource.name}" t
     WHERE ${ofAccount(table)} AND ${keyText(table)} = $2 AND t._deleted_at IS NOT NULL FOR UPDATE`,
    [entry.account_id, entry.key],
  );
  const at = rows[0]?.at;
  if (at === undefined) return 0;
  const back = await restore(tx, table, entry.account_id, [entry.key], options);
  // What hangs below was marked in the same transaction, so with the same instant.
  if (/^\d+$/.test(entry.key)) {
    for (const { resource: child, column } of dependants(resource.name)) {
      await restoreBelow(tx, preparerOf(child).table, entry.account_id, { column, parentId: entry.key, at }, options);
    }
    const children = childrenOf(resource.name).map((child) => child.name);
    await markDue(tx.db, entry.account_id, children, [entry.key], options.now);
  }
  return back.length;
}
