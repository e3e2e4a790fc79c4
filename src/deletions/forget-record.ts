import type { Transaction } from '../db/transaction.ts';
import { resourceNamed } from '../extractors/registry.ts';
import type { RunContext } from '../streams/context.ts';
import type { CountsByResource } from '../streams/store-record.ts';
import { removeRows } from './deletions.ts';

/** Marks a row as deleted, with all rows below it, after the API has answered that the record was deleted. */
export async function forgetRecord(
  context: RunContext,
  tx: Transaction,
  accountId: string,
  resource: string,
  id: string,
): Promise<CountsByResource> {
  const deleted = await removeRows(context, tx, resourceNamed(resource), accountId, [id], {
    goneSince: context.clock.now(),
  });
  return new Map([...deleted].map(([name, rows]) => [name, { deleted: rows }]));
}
