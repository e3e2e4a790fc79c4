import { isOpen, type Strategy } from '../extractors/strategy.ts';
import type { RunDependencies } from '../runs/lifecycle.ts';
import type { Unit } from '../streams/context.ts';
import { tableSample } from '../streams/parents.ts';
import { countParents, type ParentCounts } from './children.ts';

type Deps = Pick<RunDependencies, 'pool'>;

/** Tables with more rows of an account or location are sampled, so that a plan takes a second whatever the size. */
const SAMPLED_FROM = 50_000;
/** Rows of a sample. */
const SAMPLE_ROWS = 20_000;

/** A part of a table, and what a count in it stands for. */
interface Sample {
  /** Percent of the table's pages; 100 for small tables. */
  readonly percent: number;
  /** Rows in the table for each row in the sample. */
  readonly scale: number;
}

/** The percentage of a table to look at, from its number of rows. Pure. */
export const samplePercent = (rows: number): number =>
  rows <= SAMPLED_FROM ? 100 : Math.max(0.01, (100 * SAMPLE_ROWS) / rows);

/**
 * The sample of a table that a unit's rows are estimated from. How many rows there are is known, so that only their parts are
 * estimated: a sample of pages has now more rows, now fewer.
 */
async function sampleOf(deps: Deps, { accountId, locationId }: Unit, resource: string): Promise<Sample> {
  const { rows } = await deps.pool.query<{ rows: string | null }>(
    `SELECT sum(rows)::text AS rows FROM lobbie_sync.table_rows
     WHERE account_id = $1 AND resource = $2 AND ($3::bigint IS NULL OR location_id = $3)`,
    [accountId, resource, locationId],
  );
  const all = Number(rows[0]?.rows ?? 0);
  const percent = samplePercent(all);
  if (percent === 100) return { percent, scale: 1 };
  const { rows: met } = await deps.pool.query<{ rows: number }>(
    `SELECT count(*)::int AS rows FROM lobbie.${resource} t${tableSample(percent)}
     WHERE account_id = $1 AND _deleted_at IS NULL${locationId === null ? '' : ' AND location_id = $2'}`,
    locationId === null ? [accountId] : [accountId, locationId],
  );
  const sampled = met[0]?.rows ?? 0;
  return { percent, scale: sampled > 0 ? all / sampled : 100 / percent };
}

/** How many parents a unit has and how many are due, counted in small tables and estimated from a sample in large ones. */
export async function estimateParents(deps: Deps, unit: Unit, days: number, now: Date): Promise<ParentCounts> {
  const sample =
    unit.read.parent === undefined ? { percent: 100, scale: 1 } : await sampleOf(deps, unit, unit.read.parent.resource);
  const counts = await countParents(deps, unit, days, now, sample.percent);
  const scaled = (value: number) => Math.round(value * sample.scale);
  const all = { total: scaled(counts.total), due: scaled(counts.due), overdue: scaled(counts.overdue) };
  if (sample.percent === 100 || unit.locationId !== null) return all;
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
  const { percent, scale } = await sampleOf(deps, unit, unit.resource.name);
  const { rows } = await deps.pool.query<{ recent: number; open: number }>(
    `SELECT count(*) FILTER (WHERE "${unit.read.window?.column}" >= $3)::int AS recent,
       count(*) FILTER (WHERE ${isOpen(strategy, '$4')})::int AS open
     FROM lobbie.${unit.resource.name} t${tableSample(percent)}
     WHERE account_id = $1 AND location_id = $2 AND _deleted_at IS NULL`,
    [unit.accountId, unit.locationId, since, strategy.openStatuses],
  );
  const { recent = 0, open = 0 } = rows[0] ?? {};
  return { recent: Math.round(recent * scale), open: Math.round(open * scale) };
}
