import { type Kysely, sql } from 'kysely';
import { LobbieSyncError } from '../core/errors.ts';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** Somebody else reads this resource of this account now. */
export interface Busy {
  readonly accountId: string;
  readonly resource: string;
  readonly runId: string;
}

/**
 * Takes the leases of one account that are free and names those that are not. Leases of dead runs are removed by
 * `closeDeadRuns` before; the table's key decides between two that start at once.
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
  // One that was given back between the two statements is nobody's now, and was busy when it was asked for.
  return names
    .filter((resource) => holders.get(resource) !== runId)
    .map((resource) => ({ accountId, resource, runId: holders.get(resource) ?? 'that just ended' }));
}

/** Gives back what a run holds. */
export async function releaseLeases(db: Db, runId: string): Promise<void> {
  await db.deleteFrom('lobbie_sync.leases').where('run_id', '=', runId).execute();
}

/**
 * Fails unless the run still holds the lease. Called within each batch's transaction: a process that was cut off from
 * the database and replaced can't write any more when it comes back.
 */
export async function assertLease(db: Db, runId: string, accountId: string, resource: string): Promise<void> {
  const { rows } = await sql`SELECT 1 FROM lobbie_sync.leases
    WHERE account_id = ${accountId} AND resource = ${resource} AND run_id = ${runId} FOR KEY SHARE`.execute(db);
  if (rows.length === 0) {
    throw new LobbieSyncError(`run ${runId} no longer holds ${resource} of account ${accountId}`, {
      code: 'state.lease_lost',
      action: 'skip',
      hint: 'The connection to the database was lost for so long that another run took over; its result counts.',
    });
  }
}
