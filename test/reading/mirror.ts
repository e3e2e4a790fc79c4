import { query } from '../support/harness.ts';

/** Columns of the product; what is left came from the API. */
const OWN = ['raw', '_content_hash', '_run_id', '_loaded_at', '_read_at', '_source', '_version', '_deleted_at'];

/** Every living row of every table of a warehouse, as text, by table. */
export async function contentOf(url: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const tables = await query<{ name: string }>(
    url,
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'lobbie' ORDER BY 1`,
  );
  const found = new Map<string, ReadonlySet<string>>();
  for (const { name } of tables) {
    const rows = await query<{ row: string }>(
      url,
      `SELECT (to_jsonb(t) - $1::text[])::text AS row FROM lobbie."${name}" t WHERE _deleted_at IS NULL`,
      [OWN],
    );
    found.set(name, new Set(rows.map(({ row }) => row)));
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
