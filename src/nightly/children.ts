import { Readable } from 'node:stream';
import { openSweep } from '../state/passes.ts';
import { certify } from '../streams/certify.ts';
import { type RunContext, type Unit, unitScope } from '../streams/context.ts';
import { noParents, parentChunks } from '../streams/parent-stream.ts';
import { parentScope } from '../streams/parents.ts';
import { pump } from '../streams/stream.ts';
import { outcomeOf, type UnitOutcome } from '../streams/unit-outcome.ts';

/** Which parents to read: those that something speaks for, or given ones. */
export type Choice = { readonly kind: 'due' } | { readonly kind: 'these'; readonly ids: readonly string[] };

/** Parents taken from the warehouse at a time. */
const PAGE = 500;

/** How many of a unit's parents there are, are due, and were checked longest ago. */
export interface ParentCounts {
  readonly total: number;
  /** Never checked, or with a sign since. */
  readonly due: number;
  /** Not checked within the days of the floor, less one night. */
  readonly overdue: number;
}

/**
 * How many of the oldest to check tonight so that all come round within the floor: an equal share each night with two
 * nights to spare, and whatever is late already. Pure.
 */
export function rotationQuota(counts: Pick<ParentCounts, 'total' | 'overdue'>, days: number): number {
  return Math.max(counts.overdue, Math.ceil(counts.total / Math.max(1, days - 2)));
}

/** The parents of a unit that are no candidates for deletion, joined with what is known of their checks: `p` and `c`. */
function parentsWithChecks(unit: Unit): { from: string; values: unknown[] } {
  const scope = parentScope(unit, { settled: true });
  const values = [...scope.values, unit.resource.name];
  return {
    from: `${scope.from} LEFT JOIN lobbie_sync.checks c
      ON c.account_id = $1::bigint AND c.resource = $${values.length} AND c.parent_id = p.id`,
    values,
  };
}

/** Counts the parents of a unit, for the plan and for tonight's share. */
export async function countParents(
  context: Pick<RunContext, 'pool'>,
  unit: Unit,
  days: number,
  now: Date,
): Promise<ParentCounts> {
  const { from, values } = parentsWithChecks(unit);
  const before = new Date(now.getTime() - (days - 1) * 86_400_000);
  const { rows } = await context.pool.query<ParentCounts>(
    `SELECT count(*)::int AS total,
       count(*) FILTER (WHERE c.due_since IS NOT NULL OR c.checked_at IS NULL)::int AS due,
       count(*) FILTER (WHERE c.checked_at < $${values.length + 1})::int AS overdue
     FROM ${from}`,
    [...values, before],
  );
  return rows[0] ?? { total: 0, due: 0, overdue: 0 };
}

/** Reads the lists of chosen parents. What is done is kept in `lobbie_sync.checks`, so an interruption costs nothing. */
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
 * Notes that a list is whole: every parent was asked at least once, and nothing speaks for asking one again. How long ago
 * the oldest was asked is what `lobbie_sync.freshness` tells beside it.
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

/** The parents of a unit that were checked longest ago, the oldest first. Those that were read tonight already are done. */
export async function oldestParents(context: RunContext, unit: Unit, limit: number): Promise<readonly string[]> {
  const { from, values } = parentsWithChecks(unit);
  const { rows } = await context.pool.query<{ id: string }>(
    `SELECT p.id::text AS id FROM ${from} WHERE (c.checked_at IS NULL OR c.checked_at < $${values.length + 1})
     ORDER BY c.checked_at NULLS FIRST, p.id LIMIT $${values.length + 2}`,
    [...values, context.passStartedAt, limit],
  );
  return rows.map(({ id }) => id);
}
