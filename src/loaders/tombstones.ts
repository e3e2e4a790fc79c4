import type { TableSpec } from '../core/row.ts';
import type { Transaction } from '../db/transaction.ts';
import { withoutHistory } from './load.ts';
import { arrayKeys, hasAccount, identifier, tableName } from './merge-sql.ts';

/** The key of a row as one text: the parts after the account, joined by `/`. `t` is the table's alias. */
export const keyText = (table: TableSpec): string =>
  arrayKeys(table)
    .map((column) => `t.${identifier(column)}::text`)
    .join(` || '/' || `);

/** The condition on the account, `$1`; a table that belongs to no account takes any. */
export const ofAccount = (table: TableSpec): string =>
  hasAccount(table) ? 't.account_id = $1::bigint' : '$1::text IS NOT NULL';

export interface TombstoneOptions {
  readonly runId: string;
  readonly now: Date;
  /** Tables that keep no history. */
  readonly noHistory?: ReadonlySet<string>;
}

/**
 * Marks rows as deleted; all their columns stay as they were. Rows that are marked already
 * are left alone.
 *
 * @returns the keys that were marked now
 */
export async function tombstone(
  tx: Transaction,
  table: TableSpec,
  accountId: string,
  keys: readonly string[],
  options: TombstoneOptions,
): Promise<readonly string[]> {
  if (options.noHistory?.has(table.name)) await withoutHistory(tx, options.noHistory);
  const { rows } = await tx.client.query<{ key: string }>(
    `UPDATE ${tableName(table)} t SET _deleted_at = $3, _loaded_at = $3, _run_id = $4, _version = t._version + 1
     WHERE ${ofAccount(table)} AND ${keyText(table)} = ANY($2::text[]) AND t._deleted_at IS NULL RETURNING ${keyText(table)} AS key`,
    [accountId, keys, options.now, options.runId],
  );
  return rows.map((row) => row.key);
}

/** Marks everything that hangs below given parents as deleted; returns how many rows. */
export async function tombstoneBelow(
  tx: Transaction,
  table: TableSpec,
  accountId: string,
  column: string,
  parentIds: readonly string[],
  options: TombstoneOptions,
): Promise<number> {
  if (options.noHistory?.has(table.name)) await withoutHistory(tx, options.noHistory);
  const { rowCount } = await tx.client.query(
    `UPDATE ${tableName(table)} t SET _deleted_at = $3, _loaded_at = $3, _run_id = $4, _version = t._version + 1
     WHERE ${ofAccount(table)} AND t.${identifier(column)} = ANY($2::bigint[]) AND t._deleted_at IS NULL`,
    [accountId, parentIds, options.now, options.runId],
  );
  return rowCount ?? 0;
}

/** Takes the mark off again. */
export async function restore(
  tx: Transaction,
  table: TableSpec,
  accountId: string,
  keys: readonly string[],
  options: TombstoneOptions,
): Promise<readonly string[]> {
  if (options.noHistory?.has(table.name)) await withoutHistory(tx, options.noHistory);
  const { rows } = await tx.client.query<{ key: string }>(
    `UPDATE ${tableName(table)} t SET _deleted_at = NULL, _loaded_at = $3, _run_id = $4, _version = t._version + 1
     WHERE ${ofAccount(table)} AND ${keyText(table)} = ANY($2::text[]) AND t._deleted_at IS NOT NULL RETURNING ${keyText(table)} AS key`,
    [accountId, keys, options.now, options.runId],
  );
  return rows.map((row) => row.key);
}

/** Takes the mark off what hangs below a parent and was marked at the given instant (as Postgres prints it). */
export async function restoreBelow(
  tx: Transaction,
  table: TableSpec,
  accountId: string,
  parent: { readonly column: string; readonly parentId: string; readonly at: string },
  options: TombstoneOptions,
): Promise<number> {
  if (options.noHistory?.has(table.name)) await withoutHistory(tx, options.noHistory);
  const { rowCount } = await tx.client.query(
    `UPDATE ${tableName(table)} t SET _deleted_at = NULL, _loaded_at = $4, _run_id = $5, _version = t._version + 1
     WHERE ${ofAccount(table)} AND t.${identifier(parent.column)} = $2::bigint AND t._deleted_at = $3::timestamptz`,
    [accountId, parent.parentId, parent.at, options.now, options.runId],
  );
  return rowCount ?? 0;
}
