import type { Delete } from '../db/tables.ts';
import type { Transaction } from '../db/transaction.ts';
import { resourceNamed } from '../extractors/registry.ts';
import { keyAmong, ofAccount } from '../loaders/names.ts';
import { restore, restoreBelow, type TombstoneOptions } from '../loaders/tombstones.ts';
import { markDue } from '../state/checks.ts';
import { preparerOf } from '../streams/collect.ts';
import { childrenOf } from '../streams/hints.ts';
import { dependants } from './deletions.ts';

/** Removes the tombstone of a row, and those of the rows below that were set with it. Returns 1, or 0 if the row had none. */
export async function restoreDelete(tx: Transaction, entry: Delete, options: TombstoneOptions): Promise<number> {
  const resource = resourceNamed(entry.resource);
  const { table } = preparerOf(resource);
  const { rows } = await tx.client.query<{ at: string }>(
    `SELECT t._deleted_at::text AS at FROM lobbie."${resource.name}" t
     WHERE ${ofAccount(table)} AND ${keyAmong(table, '$2')} AND t._deleted_at IS NOT NULL FOR UPDATE`,
    [entry.account_id, [entry.key]],
  );
  const at = rows[0]?.at;
  if (at === undefined) return 0;
  const back = await restore(tx, table, entry.account_id, [entry.key], options);
  // The rows below were marked in the same transaction, so with the same instant.
  if (/^\d+$/.test(entry.key)) {
    for (const { resource: child, column } of dependants(resource.name)) {
      await restoreBelow(tx, preparerOf(child).table, entry.account_id, { column, parentId: entry.key, at }, options);
    }
    const children = childrenOf(resource.name).map((child) => child.name);
    await markDue(tx.db, entry.account_id, children, [entry.key], options.now);
  }
  return back.length;
}
