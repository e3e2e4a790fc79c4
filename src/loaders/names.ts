import type { TableSpec } from '../core/row.ts';

/** A quoted SQL identifier, safe for any name. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const tableName = (table: TableSpec): string => `lobbie.${identifier(table.name)}`;

export const hasAccount = (table: TableSpec): boolean => table.primaryKey[0] === 'account_id';

/** The key columns that differ within a batch: all but the account. */
export const arrayKeys = (table: TableSpec): readonly string[] =>
  hasAccount(table) ? table.primaryKey.slice(1) : table.primaryKey;

/** The key of a row as one text: the parts after the account, joined by `/`. `t` is the table's alias. */
export const keyText = (table: TableSpec): string =>
  arrayKeys(table)
    .map((column) => `t.${identifier(column)}::text`)
    .join(` || '/' || `);

/** The condition on the account, `$1`; for a table without accounts it is always true. */
export const ofAccount = (table: TableSpec): string =>
  hasAccount(table) ? 't.account_id = $1::bigint' : '$1::text IS NOT NULL';
