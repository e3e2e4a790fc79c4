import { query } from '../support/harness.ts';

/** Columns of the product; what is left came from the API. */
const OWN = ['raw', '_content_hash', '_run_id', '_loaded_at', '_read_at', '_source', '_version', '_deleted_at'];

/** Every living row of every table of a warehouse, as text, by table. One statement reads them all: a connection costs more. */
export async function contentOf(url: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const tables = await query<{ name: string }>(
    url,
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'lobbie' ORDER BY 1`,
  );
  const found = new Map<string, Set<string>>(tables.map(({ name }) => [name, new Set()]));
  const selects = tables.map(
    ({ name }) =>
      `SELECT '${name}' AS name, (to_jsonb(t) - $1::text[])::text AS row FROM lobbie."${name}" t WHERE _deleted_at IS NULL`,
  );
  for (const { name, row } of await query<{ name: string; row: string }>(url, selects.join(' UNION ALL '), [OWN])) {
    found.get(name)?.add(row);
  }
  return found;
}

/** How two warehouses differ, in counts: tables and rows on one side only. */
export async function mirrorDifferences(
  url: string,
  right: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<string[]> {
  const own = await contentOf(url);
  return [...right].flatMap(([table, rows]) => {
    const has = own.get(table) ?? new Set();
    const missing = [...rows].filter((row) => !has.has(row)).length;
    const extra = [...has].filter((row) => !rows.has(row)).length;
    return missing + extra === 0 ? [] : [`${table}: ${missing} missing or different, ${extra} left over or different`];
  });
}

/** Where the rows of every table stand, by table: another value says that some row was written, even without another content. */
export async function writtenState(url: string): Promise<Readonly<Record<string, string>>> {
  const tables = await query<{ schema: string; name: string }>(
    url,
    `SELECT table_schema AS schema, table_name AS name FROM information_schema.tables
     WHERE table_schema IN ('lobbie', 'lobbie_history') AND table_type = 'BASE TABLE' ORDER BY 1, 2`,
  );
  const found: Record<string, string> = {};
  for (const { schema, name } of tables) {
    const [row] = await query<{ state: string }>(
      url,
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(ctid || ' ' || xmin || ' ' || xmax, ',' ORDER BY ctid)), '') AS state
       FROM "${schema}"."${name}"`,
    );
    found[`${schema}.${name}`] = row?.state ?? '';
  }
  return found;
}
