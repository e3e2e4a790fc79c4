import { type Kysely, sql } from 'kysely';
import type { Run, SyncDatabase } from '../db/tables.ts';
import { RESOURCES } from '../extractors/registry.ts';
import { chooseRead } from '../extractors/select.ts';
import { latestRuns, type RunDetails, runDetails } from '../state/runs.ts';
import { planUnits, TOKEN_ACCOUNT } from './units.ts';

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
  readonly oldestCheckedAt: Date | null;
  /** Records read by that reading. */
  readonly rows: number;
}

/** How the mirror stands. */
export interface StatusReport {
  readonly at: Date;
  readonly runs: readonly Run[];
  /** Runs whose process lives. */
  readonly running: readonly Run[];
  /** Runs whose process is gone and that nobody has closed yet; the next run does. */
  readonly abandoned: readonly Run[];
  /** The latest run that read whole what it was asked for. */
  readonly lastSuccess: Run | null;
  /** The latest run that ended as anything else. */
  readonly lastTrouble: RunDetails | null;
  readonly lists: readonly ListFreshness[];
  readonly openRejects: readonly { readonly resource: string; readonly rejects: number }[];
  readonly pendingMigrations: readonly string[];
}

export interface StatusOptions {
  /** Accounts that the settings name; empty when they name none: then those in the warehouse count. */
  readonly accounts: readonly string[];
  readonly newerOperations: ReadonlySet<string>;
  readonly limit: number;
  readonly now: Date;
}

/** Reads how the mirror stands. Needs the current schema. */
export async function readStatus(db: Db, options: StatusOptions): Promise<Omit<StatusReport, 'pendingMigrations'>> {
  const runs = await latestRuns(db, options.limit);
  const [open, lastSuccess, troubled, lists, openRejects] = await Promise.all([
    openRuns(db),
    lastRun(db, ['backfill', 'sync'], ['succeeded']),
    lastRun(db, ['backfill', 'sync', 'verify'], ['partial', 'incomplete', 'failed']),
    listFreshness(db, options),
    openRejectCounts(db),
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
  };
}

async function lastRun(
  db: Db,
  kinds: readonly Run['kind'][],
  statuses: readonly Run['status'][],
): Promise<Run | undefined> {
  return await db
    .selectFrom('lobbie_sync.runs')
    .selectAll()
    .where('status', 'in', [...statuses])
    .where('kind', 'in', [...kinds])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Runs that are not closed. One that does not hold its advisory lock (see `runLockKey`) belongs to a process that is gone. */
async function openRuns(db: Db): Promise<{ running: Run[]; abandoned: Run[] }> {
  const { rows } = await sql<{ id: string }>`SELECT id FROM lobbie_sync.runs AS r WHERE status = 'running' AND EXISTS (
    SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted
      AND l.classid::bigint = ${0x6c6f6262} AND l.objid::bigint = r.id % 4294967296
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`.execute(db);
  const held = new Set(rows.map((row) => row.id));
  const open = await db
    .selectFrom('lobbie_sync.runs')
    .selectAll()
    .where('status', '=', 'running')
    .orderBy('id')
    .execute();
  return { running: open.filter((run) => held.has(run.id)), abandoned: open.filter((run) => !held.has(run.id)) };
}

/** Every list that a full reading consists of, with its last certified sweep. */
async function listFreshness(db: Db, options: StatusOptions): Promise<readonly ListFreshness[]> {
  const certified = await db.selectFrom('lobbie_sync.freshness').selectAll().execute();
  const known = new Map(
    certified.map((row) => [keyOf(row.account_id, row.location_id, row.operation, row.resource), row]),
  );
  const { rows: places } = await sql<{ account_id: string; id: string }>`SELECT account_id, id FROM lobbie.locations
    WHERE _deleted_at IS NULL ORDER BY account_id, id`.execute(db);
  const found = certified.map((row) => row.account_id).filter((id) => id !== TOKEN_ACCOUNT);
  const accounts = options.accounts.length > 0 ? options.accounts : [...new Set(found)];
  return [TOKEN_ACCOUNT, ...accounts].flatMap((accountId) => {
    const locations = places.filter((place) => place.account_id === accountId).map((place) => place.id);
    const plans = planUnits(RESOURCES, accountId, locations, (read) => chooseRead(read, options.newerOperations));
    return plans.map(({ unit }): ListFreshness => {
      const row = known.get(keyOf(accountId, unit.locationId, unit.read.operation, unit.resource.name));
      return {
        accountId: accountId === TOKEN_ACCOUNT ? null : accountId,
        locationId: unit.locationId,
        resource: unit.resource.name,
        operation: unit.read.operation,
        lastCertifiedAt: row?.last_certified_at ?? null,
        oldestCheckedAt: row?.oldest_checked_at ?? null,
        rows: Number(row?.rows ?? 0),
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
