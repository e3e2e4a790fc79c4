import { withLoad } from '../db/transaction.ts';
import { resourceNamed } from '../extractors/registry.ts';
import { identifier } from '../loaders/names.ts';
import { atClosedLocation } from '../state/closed-locations.ts';
import type { RunContext, Unit } from './context.ts';

/** How many parents one query fetches from the warehouse. */
const PAGE = 500;

/** SQL behind a table's name for a part of its pages, the same pages each time; nothing for all of them. Pure. */
export const tableSample = (percent: number): string =>
  percent >= 100 ? '' : ` TABLESAMPLE SYSTEM (${percent}) REPEATABLE (1)`;

export interface ParentScopeOptions {
  /** Leave out parents that are candidates for deletion: the API would answer 404 for their lists. Default false. */
  readonly settled?: boolean;
  /** Only a sample of the parent's table, in percent of its pages: for estimates. Default: all of it. */
  readonly percent?: number;
  /** Only the parents of these persons. */
  readonly persons?: readonly string[];
}

/**
 * The parents of a list, from the warehouse: the one definition for reading, planning, rotation, targeted reads, verification and
 * freshness. Lists of other parents are never read, so they must not be counted as overdue either. Pure.
 *
 * @returns a relation `p` for FROM with a column `id` (bigint) and, unless ids come from within an array, all columns of the
 * parent's table; and the values of its parameters, from `$1`
 */
export function parentScope(
  unit: Unit,
  options: ParentScopeOptions = {},
): { readonly from: string; readonly values: readonly unknown[] } {
  const parent = unit.read.parent;
  if (parent === undefined) throw new TypeError(`${unit.read.operation} has no parent`);
  const values: unknown[] = [unit.accountId];
  const where = ['p.account_id = $1::bigint', 'p._deleted_at IS NULL'];
  const add = (value: unknown): string => `$${values.push(value)}`;
  if (unit.locationId !== null) {
    const location = `${add(unit.locationId)}::bigint`;
    where.push(`p.location_id = ${location}`, `NOT ${atClosedLocation('$1::bigint', location)}`);
  }
  if (options.persons !== undefined) {
    const person = resourceNamed(parent.resource).holdsPersons === true ? 'id' : 'patient_id';
    where.push(`p.${identifier(person)} = ANY(${add(options.persons)}::bigint[])`);
  }
  if (parent.where !== undefined) where.push(parent.where);
  if (options.settled === true) {
    where.push(`NOT EXISTS (SELECT FROM lobbie_sync.deletes d WHERE d.account_id = p.account_id
      AND d.resource = ${add(parent.resource)} AND d.key = p.id::text AND d.status IN ('candidate', 'held'))`);
  }
  const rows = `lobbie.${identifier(parent.resource)} p${tableSample(options.percent ?? 100)}`;
  const condition = where.join(' AND ');
  if (parent.idsIn === undefined) return { from: `(SELECT p.* FROM ${rows} WHERE ${condition}) p`, values };
  const column = `p.${identifier(parent.idsIn)}`;
  // Elements that are no ids are ignored here; the record that holds them is stored as received.
  const elements = `jsonb_array_elements_text(CASE jsonb_typeof(${column}) WHEN 'array' THEN ${column} ELSE '[]' END)`;
  return {
    from: `(SELECT DISTINCT e::bigint AS id FROM ${rows} CROSS JOIN LATERAL ${elements} AS e
      WHERE ${condition} AND e ~ '^[0-9]{1,18}$') p`,
    values,
  };
}

/** SQL and parameters for the next parents of a unit after a given id. */
export function parentsQuery(unit: Unit, after: string | null): { text: string; values: unknown[] } {
  const { from, values } = parentScope(unit);
  const at = `$${values.length + 1}::bigint`;
  return {
    text: `SELECT p.id::text AS id FROM ${from} WHERE (${at} IS NULL OR p.id > ${at}) ORDER BY p.id LIMIT ${PAGE}`,
    values: [...values, after],
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

/**
 * The time of the oldest last check among the parents of a unit. For a parent that was never checked, the time of its appearance counts.
 *
 * @returns null when the unit has no parents
 */
export async function oldestCheck(context: Pick<RunContext, 'pool'>, unit: Unit): Promise<Date | null> {
  const { from, values } = parentScope(unit, { settled: true });
  const appeared = unit.read.parent?.idsIn === undefined ? 'p._loaded_at' : 'NULL';
  const { rows } = await context.pool.query<{ oldest: Date | null }>(
    `SELECT min(coalesce(c.checked_at, ${appeared})) AS oldest FROM ${from} LEFT JOIN lobbie_sync.checks c
       ON c.account_id = $1::bigint AND c.resource = $${values.length + 1} AND c.parent_id = p.id`,
    [...values, unit.resource.name],
  );
  return rows[0]?.oldest ?? null;
}
