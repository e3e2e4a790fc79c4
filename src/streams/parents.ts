import { withLoad } from '../db/transaction.ts';
import { identifier } from '../loaders/names.ts';
import type { RunContext, Unit } from './context.ts';

/** Parents fetched from the warehouse at a time. */
const PAGE = 500;

/** SQL and parameters for the next parents of a unit after a given id. */
export function parentsQuery(unit: Unit, after: string | null): { text: string; values: unknown[] } {
  const parent = unit.read.parent;
  if (parent === undefined) throw new TypeError(`${unit.read.operation} has no parent`);
  const table = `lobbie.${identifier(parent.resource)}`;
  const values: unknown[] = [unit.accountId, after];
  const where = ['p.account_id = $1', 'p._deleted_at IS NULL'];
  if (unit.locationId !== null) {
    values.push(unit.locationId);
    where.push(`p.location_id = $${values.length}`);
  }
  if (parent.where !== undefined) where.push(parent.where);
  const limit = `ORDER BY id LIMIT ${PAGE}`;
  if (parent.idsIn === undefined) {
    const more = '($2::bigint IS NULL OR p.id > $2::bigint)';
    return {
      text: `SELECT p.id::text AS id FROM ${table} p WHERE ${[...where, more].join(' AND ')} ORDER BY p.id LIMIT ${PAGE}`,
      values,
    };
  }
  const column = `p.${identifier(parent.idsIn)}`;
  // Elements that are no ids are left alone here; the record that holds them is stored as it came.
  const elements = `jsonb_array_elements_text(CASE jsonb_typeof(${column}) WHEN 'array' THEN ${column} ELSE '[]' END)`;
  return {
    text: `SELECT id::text AS id FROM (SELECT DISTINCT CASE WHEN e ~ '^[0-9]{1,18}$' THEN e::bigint END AS id
      FROM ${table} p CROSS JOIN LATERAL ${elements} AS e WHERE ${where.join(' AND ')}) ids
      WHERE id IS NOT NULL AND ($2::bigint IS NULL OR id > $2::bigint) ${limit}`,
    values,
  };
}

/** The parents of a unit in the order of their ids, read from the warehouse as they are needed. */
export async function* parentIds(context: RunContext, unit: Unit, after: string | null): AsyncGenerator<string> {
  let last = after;
  for (;;) {
    const query = parentsQuery(unit, last);
    const { rows } = await withLoad(context.pool, (tx) => tx.client.query<{ id: string }>(query));
    for (const { id } of rows) yield id;
    if (rows.length < PAGE) return;
    last = rows.at(-1)?.id ?? last;
  }
}
