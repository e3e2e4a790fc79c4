import { type Kysely, sql } from 'kysely';
import { LobbieSyncError } from '../core/errors.ts';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** A resource of an account that another run holds. */
export interface Busy {
  readonly accountId: string;
  readonly resource: string;
  readonly runId: string;
}

/**
 * Takes the free leases among these resources of one account, and returns those that another run holds. `closeDeadRuns` has
 * removed the leases of dead runs before. When two runs start at once, the primary key of the table decides.
 */
export async function takeLeases(
  db: Db,
  runId: string,
  accountId: string,
  resources: readonly string[],
  now: Date,
): Promise<readonly Busy[]> {
  // Sorted, so that two runs that start at once wait for each other in one direction only.
  const names = [...resources].sort();
  await sql`INSERT INTO lobbie_sync.leases (account_id, resource, run_id, acquired_at)
    SELECT ${accountId}::bigint, name, ${runId}::bigint, ${now} FROM unnest(${names}::text[]) AS name
    ON CONFLICT (account_id, resource) DO NOTHING`.execute(db);
  const held = await db
    .selectFrom('lobbie_sync.leases')
    .select(['resource', 'run_id'])
    .where('account_id', '=', accountId)
    .where('resource', 'in', names)
    .execute();
  const holders = new Map(held.map((row) => [row.resource, row.run_id]));
  // A lease that was released between the two statements has no holder now, but it was held when it was requested.
  return names
    .filter((resource) => holders.get(resource) !== runId)
    .map((resource) => ({ accountId, resource, runId: holders.get(resource) ?? 'that just ended' }));
}

/** Releases all leases of a run. */
export async function releaseLeases(db: Db, runId: string): Promise<void> {
  await db.deleteFrom('lobbie_sync.leases').where('run_id', '=', runId).execute();
}

/**
 * Throws if the run no longer holds the lease. Each batch calls it within its transaction: a process that was cut off from
 * the database and replaced can't write when it reconnects.
 *
 * @returns the time by the database's clock
 */
export async function assertLease(db: Db, runId: string, accountId: string, resource: string): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`SELECT clock_timestamp() AS now FROM lobbie_sync.leases
    WHERE account_id = ${accountId} AND resource = ${resource} AND run_id = ${runId} FOR KEY SHARE`.execute(db);
  const [row] = rows;
  if (row === undefined) {
    throw new LobbieSyncError(`run ${runId} no longer holds ${resource} of account ${accountId}`, {
      code: 'state.lease_lost',
      action: 'skip',
      hint: 'The connection to the database was lost for so long that another run took over; its result counts.',
    });
  }
  return row.now;
}
