import type { TableSpec } from '../core/row.ts';
import { arrayKeys, hasAccount, identifier, tableName } from './names.ts';

/** Columns that the loader adds to those of the record. */
export const TECHNICAL = ['raw', '_content_hash', '_run_id', '_loaded_at', '_read_at', '_source'] as const;

export const stagingName = (table: TableSpec): string => `stage_${table.name}`;

const listed = (names: readonly string[]): string => names.map(identifier).join(', ');

export const copyColumns = (table: TableSpec): string[] => [...table.columns.map(({ name }) => name), ...TECHNICAL];

/**
 * Creates the staging table: a temporary table of the connection that every commit empties. Its defaults fill in columns that
 * the batch does not have, such as `_version`.
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
 * Finds the rows of a batch that are new or differ from what is stored: `ord` is their position in the arrays, from 1, and
 * `absent` says that the key is not stored. Unchanged rows are not returned, so a batch without changes costs one index look-up
 * per row and nothing else. LATERAL with LIMIT forces that look-up: on a new table without statistics the planner scanned the
 * whole account for each batch, and a backfill was measured to take three times as long.
 *
 * Parameters: one array per key column (the account as one value), the hashes in hex, whether the batch is from a second list.
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
 * Merges the staged rows by key. A row is written only if it is new, or if it differs and is not older than the stored row. Age is
 * decided by the record's own `updated_at` if both rows have one and they differ, else by the time of the read. A row of a second
 * list never changes one of the first list.
 *
 * Every write is a new version, numbered here. The trigger `history_version` could number it too, but at ten percent more cost; it
 * only ensures that the time of a version is later than that of the version before.
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
  // The hash also differs when only the order of keys in the JSON does, which is no change. So the values are compared.
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
