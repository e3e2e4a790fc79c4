import type { TableSpec } from '../core/row.ts';
import { arrayKeys, hasAccount, identifier, tableName } from './names.ts';

/** Columns that the loader adds to those of the record. */
export const TECHNICAL = ['raw', '_content_hash', '_run_id', '_loaded_at', '_read_at', '_source'] as const;

export const stagingName = (table: TableSpec): string => `stage_${table.name}`;

const listed = (names: readonly string[]): string => names.map(identifier).join(', ');

export const copyColumns = (table: TableSpec): string[] => [...table.columns.map(({ name }) => name), ...TECHNICAL];

/**
 * A temporary table of this connection; emptied by every commit, so nothing of a batch stays behind. The defaults fill in
 * columns that are not of the record, as `_version`.
 */
export function createStaging(table: TableSpec): string {
  return `CREATE TEMPORARY TABLE IF NOT EXISTS ${identifier(stagingName(table))} (LIKE ${tableName(table)} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS`;
}

export function copyIntoStaging(table: TableSpec): string {
  return `COPY ${identifier(stagingName(table))} (${listed(copyColumns(table))}) FROM STDIN`;
}

export function copyIntoTable(table: TableSpec): string {
  return `COPY ${tableName(table)} (${listed(copyColumns(table))}) FROM STDIN`;
}

/**
 * Finds which rows of a batch are new or differ from what is stored: `ord` is their place in the arrays, from 1, and
 * `absent` tells that the key is not there at all. Rows that are stored as they are don't come back, so a batch without
 * changes costs one index look-up a row and nothing else. LATERAL with LIMIT leaves the planner no other way: on a new table
 * without statistics it went through the whole account for each batch (measured: three times the time of a backfill).
 *
 * Parameters: one array per key column (the account as one value), the hashes in hex, whether the batch is of a second list.
 */
export function findDifferent(table: TableSpec): string {
  const types = new Map(table.columns.map(({ name, sql }) => [name, sql]));
  const keys = arrayKeys(table).map((name, index) => ({ name, alias: `k${index}`, type: types.get(name) ?? 'text' }));
  const first = hasAccount(table) ? 2 : 1;
  const arrays = [...keys.map((key, index) => `$${index + first}::${key.type}[]`), `$${first + keys.length}::text[]`];
  const on = [
    ...(hasAccount(table) ? ['t.account_id = $1::bigint'] : []),
    ...keys.map((key) => `t.${identifier(key.name)} = k.${key.alias}`),
  ];
  return (
    `SELECT k.ord::int AS ord, t._content_hash IS NULL AS absent ` +
    `FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS k(${keys.map((key) => key.alias).join(', ')}, hash, ord) ` +
    `LEFT JOIN LATERAL (SELECT * FROM ${tableName(table)} t WHERE ${on.join(' AND ')} LIMIT 1) t ON true ` +
    `WHERE t._content_hash IS NULL OR t._deleted_at IS NOT NULL OR CASE WHEN $${first + keys.length + 1}::boolean ` +
    `THEN t._source <> 1 AND t._content_hash <> decode(k.hash, 'hex') ` +
    `ELSE t._source <> 1 OR t._content_hash <> decode(k.hash, 'hex') END`
  );
}

/**
 * Merges the staged rows by key. A row is written only where it is new, or differs and is not older news than what is
 * stored: by the record's own `updated_at` where both have one and they differ, else by the time of the read. A row of a
 * second list never changes one of a first list.
 *
 * Every write is a version and has the next number. The trigger `history_version` would count by itself, at a tenth more
 * of the cost; it sees to it that the time of a version is after that of the one before.
 */
export function mergeStaged(table: TableSpec): string {
  const all = copyColumns(table);
  const kept = new Set([...table.primaryKey, ...table.keepFirst]);
  const assigned = all.filter((name) => !kept.has(name));
  const set = [
    ...assigned.map((name) => `${identifier(name)} = excluded.${identifier(name)}`),
    '_deleted_at = NULL',
    '_version = t._version + 1',
  ];
  const newer = table.versioned
    ? `CASE WHEN t.updated_at <> excluded.updated_at THEN t.updated_at < excluded.updated_at ELSE t._read_at <= excluded._read_at END`
    : `t._read_at <= excluded._read_at`;
  // The hash also tells the order of keys in the JSON apart, which says nothing; the values decide.
  const compared = [...table.columns.map(({ name }) => name).filter((name) => !kept.has(name)), 'raw'];
  const side = (prefix: string) => compared.map((name) => `${prefix}.${identifier(name)}`).join(', ');
  const differs = `(${side('t')}) IS DISTINCT FROM (${side('excluded')})`;
  return (
    `WITH merged AS (INSERT INTO ${tableName(table)} AS t (${listed(all)}) ` +
    `SELECT ${listed(all)} FROM ${identifier(stagingName(table))} ` +
    `ON CONFLICT (${listed(table.primaryKey)}) DO UPDATE SET ${set.join(', ')} ` +
    `WHERE (t._deleted_at IS NOT NULL OR t._source > excluded._source OR ${differs}) AND ${newer} AND (excluded._source = 1 OR t._source <> 1) ` +
    `RETURNING (xmax = 0) AS inserted) ` +
    `SELECT count(*) FILTER (WHERE inserted)::int AS inserted, count(*) FILTER (WHERE NOT inserted)::int AS updated FROM merged`
  );
}
