import type { RunDependencies } from '../runs/lifecycle.ts';

/** The least and the most requests that the next nightly sync is expected to take. */
export interface RequestRange {
  readonly from: number;
  readonly to: number;
}

/** The estimates of one resource before a nightly sync, in requests. */
export interface Expected {
  /** Estimated from what the warehouse holds now. */
  readonly planned: number;
  /** A full read. */
  readonly whole: number;
  /** The most that one of the latest nightly syncs took; undefined when none was recorded. */
  readonly most: number | undefined;
}

/** The number of nightly syncs that are considered: two weeks have each weekday twice. */
const LOOK_BACK = 14;
/** Extra requests for a list or a status that has grown by a page or two. */
const SLACK = 4;

/**
 * The range of a resource. The day's changes, each of which makes its patient's lists due, are not known in advance. They are estimated
 * from the requests of the latest nightly syncs, with half as many added. If there was none, everything may have changed. Pure.
 */
export function rangeOf({ planned, whole, most }: Expected): RequestRange {
  const from = Math.max(0, Math.floor(planned * 0.9) - SLACK);
  const to = most === undefined ? Math.max(planned, whole) : Math.max(Math.ceil(planned * 1.2), Math.ceil(most * 1.5));
  return { from, to: to + SLACK };
}

/** The sum of ranges, no more than a budget allows. Pure. */
export function totalRange(ranges: readonly RequestRange[], budget: number | null): RequestRange {
  const limit = budget ?? Number.POSITIVE_INFINITY;
  const sum = (side: keyof RequestRange) =>
    Math.min(
      limit,
      ranges.reduce((total, range) => total + range[side], 0),
    );
  return { from: sum('from'), to: sum('to') };
}

/** The most requests that each resource took in one of the latest nightly syncs that read everything. */
export async function mostOfLatest(deps: Pick<RunDependencies, 'pool'>): Promise<ReadonlyMap<string, number>> {
  const { rows } = await deps.pool.query<{ resource: string; most: string }>(
    `SELECT resource, max(requests)::text AS most FROM lobbie_sync.run_resources
     WHERE run_id IN (SELECT id FROM lobbie_sync.runs WHERE kind = 'sync' AND status IN ('succeeded', 'partial')
       ORDER BY id DESC LIMIT ${LOOK_BACK})
     GROUP BY resource`,
  );
  return new Map(rows.map(({ resource, most }) => [resource, Number(most)]));
}
