import { type Kysely, sql } from 'kysely';
import type { DeleteStatus, Run, SyncDatabase } from '../db/tables.ts';
import { RESOURCES } from '../extractors/registry.ts';
import { chooseRead } from '../extractors/select.ts';
import { countFuture, type FutureEntries, latestBelieved } from '../state/future.ts';
import { latestMassChanges, type MassChange } from '../state/mass-changes.ts';
import { type OutboxSummary, outboxSummary } from '../state/outbox/review.ts';
import { listOff, offByAccount, type ResourceOff } from '../state/resources-off.ts';
import { latestRuns, type RunDetails, runDetails } from '../state/runs.ts';
import { type UnknownField, unknownFields } from '../state/unknown-fields.ts';
import { planUnits, TOKEN_ACCOUNT } from '../streams/units.ts';
import { type ClosedLocationReport, closedLocationReports } from './closed-locations.ts';

type Db = Kysely<SyncDatabase>;

/** One list of one account or location and when it was last read to its end. */
export interface ListFreshness {
  /** Null for the lists of the token. */
  readonly accountId: string | null;
  readonly locationId: string | null;
  readonly resource: string;
  readonly operation: string;
  /** Null: never. */
  readonly lastCertifiedAt: Date | null;
  /** Since when every row of it was checked at least once; null: never. */
  readonly oldestCheckedAt: Date | null;
  /** Rows of the table for this account or location; null: not counted yet. */
  readonly rows: number | null;
}

/** Which deletes; empty lists mean all. */
export interface DeleteFilter {
  readonly status: DeleteStatus;
  readonly accounts?: readonly string[];
  readonly locations?: readonly string[];
  readonly resources?: readonly string[];
  readonly ids?: readonly string[];
}

/** Deletes of one account, location and resource in one state. */
export interface DeleteGroup {
  /** Null for the lists of the token. */
  readonly accountId: string | null;
  readonly locationId: string | null;
  readonly resource: string;
  readonly deletes: number;
  /** Rows of the table there; null: not counted yet. */
  readonly rows: number | null;
  /** When the first of them was found missing. */
  readonly since: Date;
}

/** One row that a sweep no longer met: ids and times, no values of the row. */
export interface DeleteEntry {
  readonly id: string;
  readonly runId: string;
  readonly accountId: string | null;
  readonly locationId: string | null;
  readonly resource: string;
  readonly key: string;
  readonly status: DeleteStatus;
  /** Why it is assumed to be gone, e.g. `merged into 5002`. */
  readonly reason: string;
  readonly foundAt: Date;
  readonly decidedAt: Date | null;
}

/** The state of the mirror. */
export interface StatusReport {
  readonly at: Date;
  readonly runs: readonly Run[];
  /** Runs whose process is alive. */
  readonly running: readonly Run[];
  /** Runs whose process is dead and that are not closed yet; the next run closes them. */
  readonly abandoned: readonly Run[];
  /**
   * The latest nightly sync or backfill that read its whole selection; it may have left deletes for a person. A run for a window of time
   * or for persons does not count, because it proves nothing about a list.
   */
  readonly lastSuccess: Run | null;
  /** The latest run that ended in another way. */
  readonly lastTrouble: RunDetails | null;
  readonly lists: readonly ListFreshness[];
  readonly openRejects: readonly { readonly resource: string; readonly rejects: number }[];
  /** Deletes that wait for a person. */
  readonly held: readonly DeleteGroup[];
  /** Locations that are closed: their lists are not read. */
  readonly closed: readonly ClosedLocationReport[];
  /** Lists of which an unusual part changed in the latest nightly sync; their change hints wait for the rotation. */
  readonly massChanges: readonly MassChange[];
  /** Changes for Lobbie. A delivery that failed is no fault of the mirror; it is counted here. */
  readonly outbox: OutboxSummary;
  /** Lists that a person switched off. */
  readonly off: readonly ResourceOff[];
  /** Times in the future, left by a clock that was ahead; the next run fixes them. Absent when they were not counted. */
  readonly future?: readonly FutureEntries[];
  /** What the API sends and the contract does not know, each once, the newest first. */
  readonly unknownFields: readonly UnknownField[];
  /** The freshness target: every row is to be checked again within this number of days. */
  readonly freshnessDays: number;
  readonly pendingMigrations: readonly string[];
}

export interface StatusOptions {
  /** Accounts that the settings name; empty when they name none: then those in the warehouse count. */
  readonly accounts: readonly string[];
  readonly newerOperations: ReadonlySet<string>;
  readonly limit: number;
  readonly now: Date;
  readonly freshnessDays: number;
  /** How far clocks may differ, milliseconds. Default: times in the future are not counted. */
  readonly maxClockSkewMs?: number;
}

/** Reads the state of the mirror. Needs the current schema. */
export async function readStatus(db: Db, options: StatusOptions): Promise<Omit<StatusReport, 'pendingMigrations'>> {
  const runs = await latestRuns(db, options.limit, 'readings');
  const [open, lastSuccess, troubled, lists, openRejects, held, outbox, off, future, unknown, closed, massChanges] =
    await Promise.all([
      openRuns(db),
      lastWhole(db),
      lastTroubled(db),
      listFreshness(db, options),
      openRejectCounts(db),
      deleteGroups(db, { status: 'held' }),
      outboxSummary(db, options.now),
      listOff(db),
      futureOf(db, options),
      // Every list is read again within that many days; a field that none of them had since is not sent any more.
      unknownFields(db, new Date(options.now.getTime() - (options.freshnessDays + 1) * 86_400_000)),
      closedLocationReports(db),
      latestMassChanges(db),
    ]);
  const lastTrouble = troubled === undefined ? undefined : await runDetails(db, troubled.id);
  return {
    at: options.now,
    runs,
    ...open,
    lastSuccess: lastSuccess ?? null,
    lastTrouble: lastTrouble ?? null,
    lists,
    openRejects,
    held,
    closed,
    massChanges,
    outbox,
    off,
    future,
    unknownFields: unknown,
    freshnessDays: options.freshnessDays,
  };
}

async function futureOf(
  db: Db,
  { now, maxClockSkewMs }: Pick<StatusOptions, 'now' | 'maxClockSkewMs'>,
): Promise<readonly FutureEntries[]> {
  const believed = maxClockSkewMs === undefined ? null : latestBelieved(now, maxClockSkewMs);
  return believed === null ? [] : await countFuture(db, believed);
}

/** A run that ended as partial and recorded no problem has read everything; it only left deletes to a person. */
const ONLY_HELD = sql<boolean>`(status = 'partial' AND kind IN ('backfill', 'sync')
  AND NOT EXISTS (SELECT FROM lobbie_sync.run_problems p WHERE p.run_id = runs.id))`;

async function lastWhole(db: Db): Promise<Run | undefined> {
  return await db
    .selectFrom('lobbie_sync.runs')
    .selectAll()
    .where('kind', 'in', ['backfill', 'sync'])
    .where(sql<boolean>`(status = 'succeeded' OR ${ONLY_HELD})`)
    .where(sql<boolean>`NOT jsonb_exists(selection, 'target')`)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

async function lastTroubled(db: Db): Promise<Run | undefined> {
  return await db
    .selectFrom('lobbie_sync.runs')
    .selectAll()
    .where('kind', 'in', ['backfill', 'sync', 'verify'])
    .where('status', 'in', ['partial', 'incomplete', 'failed'])
    .where(sql<boolean>`NOT ${ONLY_HELD}`)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Runs that are not closed. If a run's advisory lock is free (see `runLockKey`), its process is dead. */
async function openRuns(db: Db): Promise<{ running: Run[]; abandoned: Run[] }> {
  const { rows } = await sql<{ id: string }>`SELECT id FROM lobbie_sync.living_runs`.execute(db);
  const held = new Set(rows.map((row) => row.id));
  const open = await db
    .selectFrom('lobbie_sync.runs')
    .selectAll()
    .where('status', '=', 'running')
    .orderBy('id')
    .execute();
  return { running: open.filter((run) => held.has(run.id)), abandoned: open.filter((run) => !held.has(run.id)) };
}

/** Every list that a full read consists of, with its last certified sweep. */
async function listFreshness(db: Db, options: StatusOptions): Promise<readonly ListFreshness[]> {
  const certified = await db.selectFrom('lobbie_sync.freshness').selectAll().execute();
  const off = await offByAccount(db);
  const known = new Map(
    certified.map((row) => [keyOf(row.account_id, row.location_id, row.operation, row.resource), row]),
  );
  const { rows: open } = await sql<{ account_id: string; id: string }>`SELECT account_id, id
    FROM lobbie_sync.open_locations ORDER BY account_id, id`.execute(db);
  const found = certified.map((row) => row.account_id).filter((id) => id !== TOKEN_ACCOUNT);
  const accounts = options.accounts.length > 0 ? options.accounts : [...new Set(found)];
  return [TOKEN_ACCOUNT, ...accounts].flatMap((accountId) => {
    const locations = open.filter((location) => location.account_id === accountId).map(({ id }) => id);
    const on = RESOURCES.filter(({ name }) => off.get(accountId)?.has(name) !== true);
    const plans = planUnits(on, accountId, locations, (read) => chooseRead(read, options.newerOperations));
    return plans.map(({ unit }): ListFreshness => {
      const row = known.get(keyOf(accountId, unit.locationId, unit.read.operation, unit.resource.name));
      return {
        accountId: accountId === TOKEN_ACCOUNT ? null : accountId,
        locationId: unit.locationId,
        resource: unit.resource.name,
        operation: unit.read.operation,
        lastCertifiedAt: row?.last_certified_at ?? null,
        oldestCheckedAt: row?.oldest_checked_at ?? null,
        rows: row?.rows == null ? null : Number(row.rows),
      };
    });
  });
}

const keyOf = (account: string, location: string | null, operation: string, resource: string): string =>
  [account, location ?? '', operation, resource].join('/');

async function openRejectCounts(db: Db): Promise<StatusReport['openRejects']> {
  const rows = await db
    .selectFrom('lobbie_sync.rejects')
    .select(['resource', (eb) => eb.fn.countAll<string>().as('rejects')])
    .where('replayed_at', 'is', null)
    .groupBy('resource')
    .orderBy('resource')
    .execute();
  return rows.map((row) => ({ resource: row.resource, rejects: Number(row.rejects) }));
}

const matches = ({ status, accounts = [], locations = [], resources = [], ids = [] }: DeleteFilter) => sql<boolean>`(
  d.status = ${status}
  AND (cardinality(${accounts}::bigint[]) = 0 OR d.account_id = ANY(${accounts}::bigint[]))
  AND (cardinality(${locations}::bigint[]) = 0 OR d.location_id = ANY(${locations}::bigint[]))
  AND (cardinality(${resources}::text[]) = 0 OR d.resource = ANY(${resources}::text[]))
  AND (cardinality(${ids}::bigint[]) = 0 OR d.id = ANY(${ids}::bigint[])))`;

/** Deletes in a state, counted by account, location and resource. */
export async function deleteGroups(db: Db, filter: DeleteFilter): Promise<readonly DeleteGroup[]> {
  const { rows } =
    await sql<DeleteGroup>`SELECT NULLIF(g.account_id, 0)::text AS "accountId", g.location_id::text AS "locationId",
      g.resource, g.deletes, g.since, (SELECT sum(t.rows)::float8 FROM lobbie_sync.table_rows t
        WHERE t.account_id = g.account_id AND t.resource = g.resource
          AND (g.location_id IS NULL OR t.location_id IN (0, g.location_id))) AS rows
    FROM (SELECT account_id, location_id, resource, count(*)::int AS deletes, min(found_at) AS since
      FROM lobbie_sync.deletes d WHERE ${matches(filter)} GROUP BY account_id, location_id, resource) g
    ORDER BY g.account_id, g.resource, g.location_id NULLS FIRST`.execute(db);
  return rows;
}

/** Deletes in a state, oldest first. */
export async function deleteEntries(db: Db, filter: DeleteFilter, limit: number): Promise<readonly DeleteEntry[]> {
  const { rows } =
    await sql<DeleteEntry>`SELECT id::text, run_id::text AS "runId", NULLIF(account_id, 0)::text AS "accountId",
      location_id::text AS "locationId", resource, key, status, reason, found_at AS "foundAt", decided_at AS "decidedAt"
    FROM lobbie_sync.deletes d WHERE ${matches(filter)} ORDER BY d.id LIMIT ${limit}`.execute(db);
  return rows;
}
