import type { TableSpec } from '../core/row.ts';
import type { Transaction } from '../db/transaction.ts';
import { withoutHistory } from './load.ts';
import { identifier, keyAmong, keyText, ofAccount, tableName } from './names.ts';

export interface TombstoneOptions {
  readonly runId: string;
  readonly now: Date;
  /** Tables that keep no history. */
  readonly noHistory?: ReadonlySet<string>;
  /**
   * Since when the rows are known to be gone. A page that was requested earlier and still has them does not restore them. Default:
   * unknown.
   */
  readonly goneSince?: Date;
}

/** The rows to mark or to restore: a condition on the alias `t` whose parameters start at `$6`. */
interface Affected {
  readonly accountId: string;
  readonly where: string;
  readonly values: readonly unknown[];
}

/** Sets or removes the mark, which is a new version of each row. Returns the keys of the rows that were written. */
async function setMark(
  tx: Transaction,
  table: TableSpec,
  deletedAt: Date | null,
  { accountId, where, values }: Affected,
  options: TombstoneOptions,
): Promise<readonly string[]> {
  if (options.noHistory?.has(table.name)) await withoutHistory(tx, options.noHistory);
  const { rows } = await tx.client.query<{ key: string }>(
    `UPDATE ${tableName(table)} t SET _deleted_at = $2::timestamptz, _loaded_at = $3, _run_id = $4, _version = t._version + 1,
       _read_at = greatest(t._read_at, $5::timestamptz)
     WHERE ${ofAccount(table)} AND ${where} RETURNING ${keyText(table)} AS key`,
    [accountId, deletedAt, options.now, options.runId, options.goneSince ?? null, ...values],
  );
  return rows.map((row) => row.key);
}

/**
 * Marks rows as deleted; their other columns stay unchanged. Rows that are marked already are left alone.
 *
 * @returns the keys of the rows that this call marked
 */
export async function tombstone(
  tx: Transaction,
  table: TableSpec,
  accountId: string,
  keys: readonly string[],
  options: TombstoneOptions,
): Promise<readonly string[]> {
  const where = `${keyAmong(table, '$6')} AND t._deleted_at IS NULL`;
  return await setMark(tx, table, options.now, { accountId, where, values: [keys] }, options);
}

/** Marks all rows below the given parents as deleted; returns their number. */
export async function tombstoneBelow(
  tx: Transaction,
  table: TableSpec,
  accountId: string,
  column: string,
  parentIds: readonly string[],
  options: TombstoneOptions,
): Promise<number> {
  const where = `t.${identifier(column)} = ANY($6::bigint[]) AND t._deleted_at IS NULL`;
  return (await setMark(tx, table, options.now, { accountId, where, values: [parentIds] }, options)).length;
}

/** Marks all rows of a location as deleted; returns the keys of the rows that this call marked. */
export async function tombstoneAt(
  tx: Transaction,
  table: TableSpec,
  accountId: string,
  locationId: string,
  options: TombstoneOptions,
): Promise<readonly string[]> {
  const where = 't.location_id = $6::bigint AND t._deleted_at IS NULL';
  return await setMark(tx, table, options.now, { accountId, where, values: [locationId] }, options);
}

/** Removes the mark from rows. */
export async function restore(
  tx: Transaction,
  table: TableSpec,
  accountId: string,
  keys: readonly string[],
  options: TombstoneOptions,
): Promise<readonly string[]> {
  const where = `${keyAmong(table, '$6')} AND t._deleted_at IS NOT NULL`;
  return await setMark(tx, table, null, { accountId, where, values: [keys] }, options);
}

/** Removes the mark from the rows below a parent that were marked at the given instant (as Postgres prints it). */
export async function restoreBelow(
  tx: Transaction,
  table: TableSpec,
  accountId: string,
  parent: { readonly column: string; readonly parentId: string; readonly at: string },
  options: TombstoneOptions,
): Promise<number> {
  const where = `t.${identifier(parent.column)} = $6::bigint AND t._deleted_at = $7::timestamptz`;
  const values = [parent.parentId, parent.at];
  return (await setMark(tx, table, null, { accountId, where, values }, options)).length;
}
