import { isOpen, type Strategy } from '../extractors/strategy.ts';
import type { RunDependencies } from '../runs/lifecycle.ts';
import type { Unit } from '../streams/context.ts';
import { countParents, type ParentCounts } from './children.ts';

type Deps = Pick<RunDependencies, 'pool'>;

/** Tables with more rows of an account or location are sampled, so that a plan takes a second whatever the size. */
const SAMPLED_FROM = 50_000;
/** Rows of a sample: a tenth of them is estimated within about two percent. */
const SAMPLE_ROWS = 20_000;

/** The percentage of a table to look at, from its number of rows. Pure. */
export const samplePercent = (rows: number): number =>
  rows <= SAMPLED_FROM ? 100 : Math.max(0.01, (100 * SAMPLE_ROWS) / rows);

async function percentOf(deps: Deps, unit: Unit, resource: string): Promise<number> {
  const { rows } = await deps.pool.query<{ rows: string | null }>(
    `SELECT sum(rows)::text AS rows FROM lobbie_sync.table_rows
     WHERE account_id = $1 AND resource = $2 AND ($3::bigint IS NULL OR location_id = $3)`,
    [unit.accountId, resource, unit.locationId],
  );
  return samplePercent(Number(rows[0]?.rows ?? 0));
}

/** How many parents a unit has and how many are due, counted in small tables and estimated from a sample in large ones. */
export async function estimateParents(deps: Deps, unit: Unit, days: number, now: Date): Promise<ParentCounts> {
  const percent = unit.read.parent === undefined ? 100 : await percentOf(deps, unit, unit.read.parent.resource);
  const counts = await countParents(deps, unit, days, now, percent);
  const scaled = (value: number) => Math.round((value * 100) / percent);
  const all = { total: scaled(counts.total), due: scaled(counts.due), overdue: scaled(counts.overdue) };
  if (percent === 100 || unit.locationId !== null) return all;
  // Few are due as a rule, too few for a sample; those with a change hint have an index.
  const { rows } = await deps.pool.query<{ due: number }>(
    `SELECT count(*)::int AS due FROM lobbie_sync.checks WHERE account_id = $1 AND resource = $2 AND due_since IS NOT NULL`,
    [unit.accountId, unit.resource.name],
  );
  return { ...all, due: Math.max(rows[0]?.due ?? 0, all.due) };
}

/** Rows of a long list since a date, and rows in a status that may still change, likewise. */
export async function estimateRecent(
  deps: Deps,
  unit: Unit,
  strategy: Extract<Strategy, { kind: 'recent' }>,
  since: Date,
): Promise<{ readonly recent: number; readonly open: number }> {
  const percent = await percentOf(deps, unit, unit.resource.name);
  const sample = percent < 100 ? ` TABLESAMPLE SYSTEM (${percent})` : '';
  const { rows } = await deps.pool.query<{ recent: number; open: number }>(
    `SELECT count(*) FILTER (WHERE "${unit.read.window?.column}" >= $3)::int AS recent,
       count(*) FILTER (WHERE ${isOpen(strategy, '$4')})::int AS open
     FROM lobbie.${unit.resource.name} t${sample} WHERE account_id = $1 AND location_id = $2 AND _deleted_at IS NULL`,
    [unit.accountId, unit.locationId, since, strategy.openStatuses],
  );
  const { recent = 0, open = 0 } = rows[0] ?? {};
  return { recent: Math.round((recent * 100) / percent), open: Math.round((open * 100) / percent) };
}
