import type { TableSpec } from '../core/row.ts';
import { arrayKeys, hasAccount, identifier, keyText, tableName } from './names.ts';

/** Columns that the loader adds to those of the record. */
export const TECHNICAL = ['raw', '_content_hash', '_run_id', '_loaded_at', '_read_at', '_source'] as const;

export const stagingName = (table: TableSpec): string => `stage_${table.name}`;

const listed = (names: readonly string[]): string => names.map(identifier).join(', ');

export const copyColumns = (table: TableSpec): string[] => [...table.columns.map(({ name }) => name), ...TECHNICAL];

/**
 * Creates a temporary table of this connection. Every commit empties it. Defaults fill the columns that the loader does not copy,
 * such as `_version`.
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
 * Finds the rows of a batch that are new or differ from what is stored: `ord` is their position in the arrays, from 1, `absent`
 * says that the key is not stored, and `stored` is the stored hash of a row that differs by its hash alone. Unchanged rows are not
 * returned, so a batch without changes costs one index look-up per row and nothing else. LATERAL with LIMIT forces that look-up: on
 * a new table without statistics the planner scanned the whole account for each batch, and a backfill was measured to take three
 * times as long.
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
    `SELECT k.ord::int AS ord, t._content_hash IS NULL AS absent, ` +
    `CASE WHEN t._deleted_at IS NULL AND t._source = CASE WHEN $${first + keys.length + 1}::boolean THEN 2 ELSE 1 END ` +
    `THEN encode(t._content_hash, 'hex') END AS stored ` +
    `FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS k(${keys.map((key) => key.alias).join(', ')}, hash, ord) ` +
    `LEFT JOIN LATERAL (SELECT * FROM ${tableName(table)} t WHERE ${on.join(' AND ')} LIMIT 1) t ON true ` +
    `WHERE t._content_hash IS NULL OR t._deleted_at IS NOT NULL OR CASE WHEN $${first + keys.length + 1}::boolean ` +
    `THEN t._source <> 1 AND substr(t._content_hash, 2) <> substr(decode(k.hash, 'hex'), 2) ` +
    `ELSE t._source <> 1 OR substr(t._content_hash, 2) <> substr(decode(k.hash, 'hex'), 2) END`
  );
}

/** Whether the hashes of a stored row `t` and another one were made in the same way: their length and the byte in front say how. */
const sameForm = (other: string): string =>
  `octet_length(t._content_hash) = octet_length(${other}._content_hash) AND ` +
  `get_byte(t._content_hash, 0) = get_byte(${other}._content_hash, 0)`;

/** The columns whose change is one of the row. */
function comparedColumns(table: TableSpec): string[] {
  const constant = new Set([...table.primaryKey, ...table.keepFirst]);
  return table.columns.map(({ name }) => name).filter((name) => !constant.has(name));
}

/** Whether some columns differ from those of a stored row `t`. Of the records in a JSON column, the known fields count. */
function distinct(table: TableSpec, names: readonly string[], other: string): string {
  const side = (prefix: string) =>
    names
      .map((name) => {
        const value = `${prefix}.${identifier(name)}`;
        const known = table.members[name];
        return known === undefined ? value : `lobbie_sync.known_fields(${value}, '${JSON.stringify(known)}'::jsonb)`;
      })
      .join(', ');
  return names.length === 0 ? 'false' : `ROW(${side('t')}) IS DISTINCT FROM ROW(${side(other)})`;
}

/**
 * Takes out of the staged rows those that are stored under another form of the hash with the same values: even a merge that changes
 * nothing would lock them, which is a write. LIMIT forces a look-up by key, as in {@link findDifferent}.
 */
export function dropTakenOver(table: TableSpec): string {
  const on = table.primaryKey.map((name) => `t.${identifier(name)} = s.${identifier(name)}`).join(' AND ');
  return (
    `DELETE FROM ${identifier(stagingName(table))} s WHERE EXISTS (SELECT FROM ` +
    `(SELECT * FROM ${tableName(table)} t WHERE ${on} LIMIT 1) t WHERE t._deleted_at IS NULL AND t._source <= s._source ` +
    `AND NOT (${sameForm('s')}) AND NOT (${distinct(table, comparedColumns(table), 's')}))`
  );
}

/**
 * Merges the staged rows by key. A row is written only if it is new, or if it differs and is not older than the stored row. A row
 * of a second list never changes one of the first list.
 *
 * A read that was sent after the stored row was written is newer, whatever its `updated_at`: that time may go back or lie in the
 * future. If the two overlap, the later `updated_at` of the records decides; if one is missing or both are equal, the later read
 * does. Stored times that lie further in the future than clocks may differ are ignored.
 *
 * Every write is a new version, numbered here, unless only volatile columns changed. The trigger `history_version` could number it
 * too, but at ten percent more cost; it only ensures that the time of a version is later than that of the version before.
 *
 * Parameters: the instant after which stored times are ignored, the run.
 *
 * @returns SQL whose rows are the keys that were written, whether they are new, and whether that made a version
 */
export function mergeStaged(table: TableSpec): string {
  const all = copyColumns(table);
  const constant = new Set([...table.primaryKey, ...table.keepFirst]);
  const assigned = all.filter((name) => !constant.has(name));
  const stamped = table.versioned
    ? 'WHEN t.updated_at <> excluded.updated_at THEN t.updated_at < excluded.updated_at '
    : '';
  const newer =
    `CASE WHEN excluded._read_at > t._loaded_at OR t._loaded_at > $1::timestamptz OR t._read_at > $1::timestamptz THEN true ` +
    `${stamped}ELSE t._read_at <= excluded._read_at END`;
  // A row stored under another form of the hash may arrive here although nothing changed. So its values are compared.
  const otherHash = `t._content_hash <> excluded._content_hash AND ${sameForm('excluded')}`;
  const compared = comparedColumns(table);
  const differs = (names: readonly string[]) => distinct(table, names, 'excluded');
  const back = 't._deleted_at IS NOT NULL OR t._source > excluded._source';
  // A change of volatile columns alone overwrites them: version, time and run stay the same.
  const fixed = compared.filter((name) => !table.volatile.includes(name));
  const ofVersion: readonly string[] = table.volatile.length === 0 ? [] : ['_run_id', '_loaded_at'];
  const version = `(${back} OR ${differs(fixed)})`;
  const set = [
    ...assigned.map((name) =>
      ofVersion.includes(name)
        ? `${identifier(name)} = CASE WHEN ${version} THEN excluded.${identifier(name)} ELSE t.${identifier(name)} END`
        : `${identifier(name)} = excluded.${identifier(name)}`,
    ),
    '_deleted_at = NULL',
    table.volatile.length === 0
      ? '_version = t._version + 1'
      : `_version = t._version + CASE WHEN ${version} THEN 1 ELSE 0 END`,
  ];
  return (
    `INSERT INTO ${tableName(table)} AS t (${listed(all)}) ` +
    `SELECT ${listed(all)} FROM ${identifier(stagingName(table))} ` +
    `ON CONFLICT (${listed(table.primaryKey)}) DO UPDATE SET ${set.join(', ')} ` +
    `WHERE (${back} OR ${otherHash} OR ${differs(compared)}) AND ${newer} AND (excluded._source = 1 OR t._source <> 1) ` +
    `RETURNING (xmax = 0) AS inserted, ${keyText(table)} AS key, _run_id = $2::bigint AS versioned`
  );
}
