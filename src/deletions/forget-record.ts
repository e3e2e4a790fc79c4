import type { Transaction } from '../db/transaction.ts';
import { resourceNamed } from '../extractors/registry.ts';
import type { RunContext } from '../streams/context.ts';
import type { CountsByResource } from '../streams/store-record.ts';
import { removeRows } from './deletions.ts';

/** Marks a row as deleted, with all that hangs below it: whoever asked for that was told that it is done. */
export async function forgetRecord(
  context: RunContext,
  tx: Transaction,
  accountId: string,
  resource: string,
  id: string,
): Promise<CountsByResource> {
  const deleted = await removeRows(context, tx, resourceNamed(resource), accountId, [id], context.clock.now());
  return new Map([...deleted].map(([name, rows]) => [name, { deleted: rows }]));
}
