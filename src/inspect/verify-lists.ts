import type { QueryParam } from '../api/operation.ts';
import { operations } from '../api/operations.generated.ts';
import { zeroCounts } from '../core/counts.ts';
import { ApiError } from '../core/errors.ts';
import { readPages } from '../extractors/pages.ts';
import { windowQuery } from '../extractors/windows.ts';
import { identifier } from '../loaders/names.ts';
import { atClosedLocation } from '../state/closed-locations.ts';
import { addRunCounts } from '../state/runs.ts';
import { collect } from '../streams/collect.ts';
import type { RunContext, Unit } from '../streams/context.ts';
import { parentScope } from '../streams/parents.ts';
import { expectedFor, pathContext, requestFor } from '../streams/request.ts';
import { type Difference, type Scope, Seen } from './verify-seen.ts';

/** One list compared with its table. */
export interface ListCheck {
  readonly accountId: string;
  readonly locationId: string | null;
  readonly resource: string;
  readonly operation: string;
  /** Distinct rows that the API has. */
  readonly inApi: number;
  /** Rows that the warehouse has for the same scope. */
  readonly inWarehouse: number;
  /** In the API and not in the warehouse. */
  readonly missing: number;
  /** In the warehouse and not in the API. */
  readonly extra: number;
  /** In both with different content. */
  readonly changed: number;
  /** In the API, but only shown under a filter: a default of the list hides them. */
  readonly hidden: number;
  /** Keys (ids) of the first of them. */
  readonly missingKeys: readonly string[];
  readonly extraKeys: readonly string[];
}

const SHOWN = 20;

/** How long to wait before a list that differs is read again, milliseconds: a change in flight is stored by then. */
const SETTLE_MS = 2000;

/** Reads a whole list again and compares it with the rows of its scope. */
export async function recount(context: RunContext, unit: Unit): Promise<ListCheck> {
  return await compared(context, unit, async (seen) => {
    await readInto(context, unit, seen, {});
    for (const filter of filtersOf(unit)) {
      if (context.stop.requested) break;
      await readInto(context, unit, seen, { filter });
    }
    const located = unit.locationId !== null && !unit.resource.sharedByLocations;
    // A location that left the list may be kept by a person: no gap.
    const open = unit.resource.holdsLocations ? ` AND NOT ${atClosedLocation('t.account_id', 't.id')}` : '';
    return { where: located ? ' AND t.location_id = $3' : open, values: located ? [unit.locationId] : [] };
  });
}

/** Reads the lists of a random sample of parents again and compares them with their rows. */
export async function recountParents(context: RunContext, unit: Unit, sample: number): Promise<ListCheck> {
  const { from, values } = parentScope(unit);
  const { rows } = await context.pool.query<{ id: string }>(
    `SELECT p.id::text AS id FROM ${from} ORDER BY random() LIMIT ${sample}`,
    [...values],
  );
  const ids = rows.map((row) => row.id);
  return await compared(context, unit, async (seen) => {
    for (const id of ids) {
      if (context.stop.requested) break;
      await readInto(context, unit, seen, { parentId: id });
    }
    return { where: ` AND t.${identifier(unit.read.parent?.column ?? 'id')} = ANY($3::bigint[])`, values: [ids] };
  });
}

/**
 * Reads a list and compares it. If it differs, it is read and compared once more after a pause. Rows that differ both times are gaps.
 * Rows that differ only the first time changed while the list was read, in Lobbie or by another run.
 */
async function compared(context: RunContext, unit: Unit, fill: (seen: Seen) => Promise<Scope>): Promise<ListCheck> {
  return await Seen.with(context, async (seen) => {
    const first = await seen.compare(unit, await fill(seen));
    const differs = first.missing.length + first.extra.length + first.changed.length > 0;
    if (!differs || context.stop.requested) return listCheck(unit, first);
    await context.clock.sleep(SETTLE_MS, context.stop.signal);
    await seen.clear();
    const second = await seen.compare(unit, await fill(seen));
    const both = (kind: 'missing' | 'extra' | 'changed') => {
      const known = new Set(first[kind]);
      return second[kind].filter((key) => known.has(key));
    };
    return listCheck(unit, { ...second, missing: both('missing'), extra: both('extra'), changed: both('changed') });
  });
}

const listCheck = (unit: Unit, found: Difference): ListCheck => ({
  accountId: unit.accountId,
  locationId: unit.locationId,
  resource: unit.resource.name,
  operation: unit.read.operation,
  inApi: found.inApi,
  inWarehouse: found.inWarehouse,
  missing: found.missing.length,
  extra: found.extra.length,
  changed: found.changed.length,
  hidden: found.hidden,
  missingKeys: found.missing.slice(0, SHOWN),
  extraKeys: found.extra.slice(0, SHOWN),
});

interface Part {
  readonly parentId?: string;
  readonly filter?: Readonly<Record<string, string>>;
}

/**
 * The filters with which a list is read again: each status and each value of `active` in the contract, and a window over all of time. If
 * a list leaves rows out by default, one of these filters shows them.
 */
export function filtersOf(unit: Unit): readonly Readonly<Record<string, string>>[] {
  const spec: { readonly query: readonly QueryParam[] } = operations[unit.read.operation];
  const filters: Record<string, string>[] = [];
  for (const { name, enum: values } of spec.query) {
    if (name === 'active') filters.push({ active: 'true' }, { active: 'false' });
    if (name === 'status' && values !== undefined) filters.push(...values.map((status) => ({ status })));
  }
  if (unit.read.window !== undefined) filters.push(windowQuery({ from: null, to: null }, unit.read.window));
  return filters;
}

async function readInto(context: RunContext, unit: Unit, seen: Seen, part: Part): Promise<void> {
  const { parentId, filter } = part;
  const { read, resource } = unit;
  const path = read.parent === undefined || parentId === undefined ? {} : { [read.parent.param]: parentId };
  const pages = readPages({
    read,
    start: null,
    clock: context.clock,
    expected: expectedFor(unit, parentId),
    fetch: (cursor, limit) =>
      requestFor(context, unit, { path, cursor, limit, ...(filter === undefined ? {} : { query: filter }) }),
    proceed: async () => !context.stop.requested,
  });
  try {
    for await (const page of pages) {
      const collected = collect(resource, read, page.records, {
        accountId: unit.accountId,
        context: pathContext(unit, parentId),
        readAt: page.readAt,
        unknown: () => new Map(),
      });
      await seen.remember(collected, filter !== undefined);
      const counts = {
        ...zeroCounts(),
        requests: context.counters.takeRequests(resource.name),
        rowsRead: page.records.length,
      };
      await addRunCounts(context.db, context.runId, resource.name, counts);
    }
  } catch (error) {
    // A filter that the API does not know proves nothing. A parent that is gone, or a location without this record, has no rows; the
    // comparison shows what that means.
    if (filter !== undefined && error instanceof ApiError && error.code === 'api.bad_request') return;
    const gone =
      error instanceof ApiError && error.code === 'api.not_found' && (parentId !== undefined || read.absentOn404);
    if (!gone) throw error;
  }
}
