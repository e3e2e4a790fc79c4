import { Readable } from 'node:stream';
import { openSweep } from '../state/passes.ts';
import { certify } from '../streams/certify.ts';
import { type RunContext, type Unit, unitScope } from '../streams/context.ts';
import { noParents, parentChunks } from '../streams/parent-stream.ts';
import { parentScope } from '../streams/parents.ts';
import { pump } from '../streams/stream.ts';
import { outcomeOf, type UnitOutcome } from '../streams/unit-outcome.ts';

/** Which parents to read: those that are due, or the given ones. */
export type Choice = { readonly kind: 'due' } | { readonly kind: 'these'; readonly ids: readonly string[] };

/** Parents taken from the warehouse at a time. */
const PAGE = 500;

/** Counts of a unit's parents. */
export interface ParentCounts {
  readonly total: number;
  /** Parents that were never checked, or that have a change hint since their last check. */
  readonly due: number;
  /** Parents whose last check is older than the freshness target less one day. */
  readonly overdue: number;
}

/**
 * How many parents the rotation checks in one nightly sync, those checked longest ago first. An equal number each night checks all of
 * them within the freshness target, with two nights to spare; if more are overdue, it is the number of those. Pure.
 *
 * @param days the freshness target
 */
export function rotationQuota(counts: Pick<ParentCounts, 'total' | 'overdue'>, days: number): number {
  return Math.max(counts.overdue, Math.ceil(counts.total / Math.max(1, days - 2)));
}

/** The parents of a unit that are no candidates for deletion (`p`), joined with their checks (`c`). */
function parentsWithChecks(unit: Unit, percent = 100): { from: string; values: unknown[] } {
  const scope = parentScope(unit, { settled: true, percent });
  const values = [...scope.values, unit.resource.name];
  return {
    from: `${scope.from} LEFT JOIN lobbie_sync.checks c
      ON c.account_id = $1::bigint AND c.resource = $${values.length} AND c.parent_id = p.id`,
    values,
  };
}

/**
 * Counts the parents of a unit, for the plan and for the rotation.
 *
 * @param percent of the pages of the parent's table that are looked at; counts are those of the sample. Default: 100
 */
export async function countParents(
  context: Pick<RunContext, 'pool'>,
  unit: Unit,
  days: number,
  now: Date,
  percent = 100,
): Promise<ParentCounts> {
  const { from, values } = parentsWithChecks(unit, percent);
  const { rows } = await context.pool.query<ParentCounts>(
    `SELECT count(*)::int AS total,
       count(*) FILTER (WHERE c.due_since IS NOT NULL OR c.checked_at IS NULL)::int AS due,
       count(*) FILTER (WHERE c.checked_at < $${values.length + 1})::int AS overdue
     FROM ${from}`,
    [...values, lateBefore(now, days)],
  );
  return rows[0] ?? { total: 0, due: 0, overdue: 0 };
}

/** Reads the lists of the chosen parents. Each check is stored in `lobbie_sync.checks`, so an interruption costs nothing. */
export async function runChildren(context: RunContext, unit: Unit, choice: Choice): Promise<UnitOutcome> {
  try {
    const source = choice.kind === 'due' ? dueParents(context, unit) : Readable.from(choice.ids);
    const target = { unit, sweepId: null, scope: null };
    const ended = await pump(context, target, parentChunks(context, unit, noParents, source));
    return ended ? { state: 'certified' } : { state: 'stopped' };
  } catch (cause) {
    return await outcomeOf(context, unit, cause);
  }
}

/**
 * Certifies a list once each of its parents was checked and no change hint is open. `lobbie_sync.freshness` shows beside it how long
 * ago the oldest check was.
 */
export async function certifyChildren(context: RunContext, unit: Unit, days: number): Promise<void> {
  const now = context.clock.now();
  const { due } = await countParents(context, unit, days, now);
  if (due > 0) return;
  const { accountId, locationId, resource, read } = unit;
  const scope = { accountId, locationId, resource: resource.name, operation: read.operation };
  const sweep = await openSweep(context.db, context.passId, scope, { complete: true, streams: unitScope(unit), now });
  if (sweep.status !== 'certified') await certify(context, unit, sweep, true);
}

async function* dueParents(context: RunContext, unit: Unit): AsyncGenerator<string> {
  const { from, values } = parentsWithChecks(unit);
  let after: string | null = null;
  for (;;) {
    const { rows }: { rows: { id: string }[] } = await context.pool.query<{ id: string }>(
      `SELECT p.id::text AS id FROM ${from}
       WHERE (c.due_since IS NOT NULL OR c.checked_at IS NULL) AND ($${values.length + 1}::bigint IS NULL OR p.id > $${values.length + 1}::bigint)
       ORDER BY p.id LIMIT ${PAGE}`,
      [...values, after],
    );
    for (const { id } of rows) yield id;
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.id ?? after;
  }
}

/** What was checked before this is late: one night before the freshness target. Pure. */
const lateBefore = (now: Date, days: number): Date => new Date(now.getTime() - (days - 1) * 86_400_000);

/** The parents of a unit that were checked longest ago, the oldest check first. Those checked in this pass are left out. Those with a deferred hint go before others that are not late. */
export async function oldestParents(
  context: RunContext,
  unit: Unit,
  { days, limit }: { readonly days: number; readonly limit: number },
): Promise<readonly string[]> {
  const { from, values } = parentsWithChecks(unit);
  const { rows } = await context.pool.query<{ id: string }>(
    `SELECT p.id::text AS id FROM ${from} WHERE (c.checked_at IS NULL OR c.checked_at < $${values.length + 1})
     ORDER BY CASE WHEN c.checked_at IS NULL OR c.checked_at < $${values.length + 3} THEN 0 WHEN c.deferred_since IS NOT NULL THEN 1 ELSE 2 END,
       c.checked_at NULLS FIRST, p.id LIMIT $${values.length + 2}`,
    [...values, context.passStartedAt, limit, lateBefore(context.passStartedAt, days)],
  );
  return rows.map(({ id }) => id);
}
