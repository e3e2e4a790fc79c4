import type { TableSpec } from '../core/row.ts';
import type { Transaction } from '../db/transaction.ts';
import { keyAmong, ofAccount, tableName } from './names.ts';

export interface Relocation {
  readonly accountId: string;
  readonly keys: readonly string[];
  /** Locations that do not serve the rows any more. */
  readonly from: readonly string[];
  /** The location that does. */
  readonly to: string;
  readonly runId: string;
  readonly now: Date;
}

/** Moves rows that several locations serve from closed ones to one that serves them; a version of each. Returns their number. */
export async function relocate(tx: Transaction, table: TableSpec, move: Relocation): Promise<number> {
  const { accountId, keys, from, to, runId, now } = move;
  const { rowCount } = await tx.client.query(
    `UPDATE ${tableName(table)} t SET location_id = $3::bigint, _run_id = $5, _loaded_at = $6, _version = t._version + 1
     WHERE ${ofAccount(table)} AND ${keyAmong(table, '$2')} AND t.location_id = ANY($4::bigint[])`,
    [accountId, keys, to, from, runId, now],
  );
  return rowCount ?? 0;
}
