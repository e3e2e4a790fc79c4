import type pg from 'pg';
import type { QueryParam } from '../api/operation.ts';
import { operations } from '../api/operations.generated.ts';
import { zeroCounts } from '../core/counts.ts';
import { ApiError } from '../core/errors.ts';
import type { Row } from '../core/row.ts';
import { readPages } from '../extractors/pages.ts';
import { resourceNamed } from '../extractors/registry.ts';
import { windowQuery } from '../extractors/windows.ts';
import { identifier, keyText, ofAccount, tableName } from '../loaders/names.ts';
import { addRunCounts } from '../state/runs.ts';
import { type Collected, collect, preparerOf } from '../streams/collect.ts';
import type { RunContext, Unit } from '../streams/context.ts';
import { parentsQuery } from '../streams/parents.ts';
import { expectedFor, pathContext, requestFor } from '../streams/request.ts';

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

/** What a check has met so far: a temporary table, because a list may be larger than memory should be. */
const SEEN =
  'CREATE TEMPORARY TABLE verify_seen (resource text, k text, h bytea, raw jsonb, filtered boolean NOT NULL, PRIMARY KEY (resource, k)) ON COMMIT DROP';

/** Reads a whole list again and compares it with the rows of its scope. */
export async function recount(context: RunContext, unit: Unit): Promise<ListCheck> {
  return await compared(context, unit, async (client) => {
    await readInto(context, unit, client, {});
    for (const filter of filtersOf(unit)) {
      if (context.stop.requested) break;
      await readInto(context, unit, client, { filter });
    }
    const place = unit.locationId !== null && !unit.resource.sharedByLocations ? ' AND t.location_id = $3' : '';
    return { where: place, values: place === '' ? [] : [unit.locationId] };
  });
}

/** Reads the lists of a random sample of parents again and compares them with their rows. */
export async function recountParents(context: RunContext, unit: Unit, sample: number): Promise<ListCheck> {
  return await compared(context, unit, async (client) => {
    const { text, values } = parentsQuery(unit, null);
    const { rows } = await context.pool.query<{ id: string }>(
      text.replace(/ORDER BY [\w.]+ LIMIT \d+$/, 'ORDER BY random() LIMIT ') + String(sample),
      values,
    );
    const ids = rows.map((row) => row.id);
    for (const id of ids) {
      if (context.stop.requested) break;
      await readInto(context, unit, client, { parentId: id });
    }
    return { where: ` AND t.${identifier(unit.read.parent?.column ?? 'id')} = ANY($3::bigint[])`, values: [ids] };
  });
}

type Scope = { readonly where: string; readonly values: readonly unknown[] };

async function compared(
  context: RunContext,
  unit: Unit,
  fill: (client: pg.PoolClient) => Promise<Scope>,
): Promise<ListCheck> {
  const client = await context.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(SEEN);
    const scope = await fill(client);
    return { ...identity(unit), ...(await difference(client, unit, scope)) };
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    client.release();
  }
}

const identity = (unit: Unit) => ({
  accountId: unit.accountId,
  locationId: unit.locationId,
  resource: unit.resource.name,
  operation: unit.read.operation,
});

async function difference(client: pg.PoolClient, unit: Unit, scope: Scope) {
  const { resource } = unit;
  const { table } = preparerOf(resource);
  const key = keyText(table);
  const account = ofAccount(table);
  // A list that only fills in what another leaves out, or that is one of several over the same rows, leaves none over.
  const partial = unit.read.secondary === true || resource.sharedByLocations === true;
  // The hash also tells the order of keys apart, which says nothing: where it differs, the content decides.
  const { rows } = await client.query<
    Record<'api' | 'stored' | 'missing' | 'extra' | 'changed' | 'hidden', number> & {
      missing_keys: string[];
      extra_keys: string[];
    }
  >(
    `WITH seen AS (SELECT k, h, raw, filtered FROM verify_seen WHERE resource = $2),
      stored AS (SELECT ${key} AS k, t._content_hash AS h, t.raw FROM ${tableName(table)} t
        WHERE t._deleted_at IS NULL AND ${account}${scope.where}),
      alive AS (SELECT ${key} AS k FROM ${tableName(table)} t WHERE t._deleted_at IS NULL AND ${account}),
      missing AS (SELECT k FROM seen WHERE k NOT IN (SELECT k FROM alive)),
      extra AS (SELECT k FROM stored WHERE ${partial ? 'false' : 'k NOT IN (SELECT k FROM seen)'})
    SELECT (SELECT count(*)::int FROM seen) AS api, (SELECT count(*)::int FROM stored) AS stored,
      (SELECT count(*)::int FROM missing) AS missing, (SELECT count(*)::int FROM extra) AS extra,
      (SELECT count(*)::int FROM seen JOIN stored USING (k) WHERE seen.h <> stored.h AND seen.raw <> stored.raw AND NOT ${unit.read.secondary === true}) AS changed,
      (SELECT count(*)::int FROM seen WHERE filtered) AS hidden,
      ARRAY(SELECT k FROM missing ORDER BY k LIMIT ${SHOWN}) AS missing_keys,
      ARRAY(SELECT k FROM extra ORDER BY k LIMIT ${SHOWN}) AS extra_keys`,
    [unit.accountId, resource.name, ...scope.values],
  );
  const found = rows[0];
  return {
    inApi: found?.api ?? 0,
    inWarehouse: found?.stored ?? 0,
    missing: found?.missing ?? 0,
    extra: found?.extra ?? 0,
    changed: found?.changed ?? 0,
    hidden: found?.hidden ?? 0,
    missingKeys: found?.missing_keys ?? [],
    extraKeys: found?.extra_keys ?? [],
  };
}

interface Part {
  readonly parentId?: string;
  readonly filter?: Readonly<Record<string, string>>;
}

/**
 * Filters under which a list is read once more: each status and each activity that the contract names, and all of time. A
 * list whose default leaves rows out shows them under one of these.
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

async function readInto(context: RunContext, unit: Unit, client: pg.PoolClient, part: Part): Promise<void> {
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
      await remember(client, collected, filter !== undefined);
      const counts = {
        ...zeroCounts(),
        requests: context.counters.takeRequests(resource.name),
        rowsRead: page.records.length,
      };
      await addRunCounts(context.db, context.runId, resource.name, counts);
    }
  } catch (error) {
    // A parent that vanished, or a place without this record, has no rows; the comparison says what that means.
    // A filter that the API does not know says nothing.
    if (filter !== undefined && error instanceof ApiError && error.code === 'api.bad_request') return;
    const gone =
      error instanceof ApiError && error.code === 'api.not_found' && (parentId !== undefined || read.absentOn404);
    if (!gone) throw error;
  }
}

async function remember(client: pg.PoolClient, collected: Collected, filtered: boolean): Promise<void> {
  for (const [name, { rows }] of collected) {
    const offset = resourceNamed(name).scope === 'global' ? 0 : 1;
    // The last copy of a key counts, as it does for the loader.
    const last = new Map<string, Row>(rows.map((row) => [row.key.slice(offset).join('/'), row]));
    await client.query(
      `INSERT INTO verify_seen (resource, k, h, raw, filtered)
       SELECT $1, k, decode(h, 'hex'), raw::jsonb, $5 FROM unnest($2::text[], $3::text[], $4::text[]) AS x(k, h, raw)
       ON CONFLICT (resource, k) DO UPDATE SET h = excluded.h, raw = excluded.raw`,
      [
        name,
        [...last.keys()],
        [...last.values()].map((row) => row.hash),
        [...last.values()].map((row) => row.raw),
        filtered,
      ],
    );
  }
}
