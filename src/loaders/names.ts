import type { TableSpec } from '../core/row.ts';

/** A name quoted so that Postgres reads it as it is, whatever characters it contains. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const tableName = (table: TableSpec): string => `lobbie.${identifier(table.name)}`;

export const hasAccount = (table: TableSpec): boolean => table.primaryKey[0] === 'account_id';

/** Key columns that differ from row to row within a batch: all but the account. */
export const arrayKeys = (table: TableSpec): readonly string[] =>
  hasAccount(table) ? table.primaryKey.slice(1) : table.primaryKey;

/** The key of a row as one text: the parts after the account, joined by `/`. `t` is the table's alias. */
export const keyText = (table: TableSpec): string =>
  arrayKeys(table)
    .map((column) => `t.${identifier(column)}::text`)
    .join(` || '/' || `);

/**
 * The condition that the key of a row is among key texts, compared by the types of its columns: compared as text, it would read
 * the whole account for a single row.
 *
 * @param parameter an array of key texts, as {@link keyText} makes them
 */
export function keyAmong(table: TableSpec, parameter: string): string {
  const columns = arrayKeys(table);
  const types = new Map(table.columns.map(({ name, sql }) => [name, sql]));
  const parts = columns.map((column, index) => {
    const part = columns.length === 1 ? 'k' : `split_part(k, '/', ${index + 1})`;
    return `${part}::${types.get(column) ?? 'text'}`;
  });
  const left = columns.map((column) => `t.${identifier(column)}`).join(', ');
  return `(${left}) IN (SELECT ${parts.join(', ')} FROM unnest(${parameter}::text[]) AS k)`;
}

/** The condition on the account, `$1`. For a table without accounts it is true for every account. */
export const ofAccount = (table: TableSpec): string =>
  hasAccount(table) ? 't.account_id = $1::bigint' : '$1::text IS NOT NULL';
