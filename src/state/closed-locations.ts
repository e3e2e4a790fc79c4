import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** Why a location counts as closed: it left the list of locations, or it is listed and all of its lists answer 403 or 404. */
export type ClosureCause = 'left_list' | 'lists_refused';

/** A location whose lists are not read, because Lobbie no longer serves them. */
export interface ClosedLocation {
  readonly accountId: string;
  readonly locationId: string;
  readonly cause: ClosureCause;
  readonly since: Date;
  /** The entry of `lobbie_sync.deletes` by which a person decides about its rows. */
  readonly deleteId: string;
}

/** The closed locations of an account, or those that given entries of `lobbie_sync.deletes` ask about. */
export async function closedLocations(
  db: Db,
  filter: { readonly accountId: string } | { readonly deleteIds: readonly string[] },
): Promise<readonly ClosedLocation[]> {
  const where =
    'accountId' in filter
      ? sql`account_id = ${filter.accountId}`
      : sql`delete_id = ANY(${[...filter.deleteIds]}::bigint[])`;
  const { rows } = await sql<ClosedLocation>`SELECT account_id::text AS "accountId", location_id::text AS "locationId",
      cause, since, delete_id::text AS "deleteId" FROM lobbie_sync.closed_locations
    WHERE ${where} ORDER BY account_id, location_id`.execute(db);
  return rows;
}

/** Notes that a location is closed. One that is noted already stays as it is. */
export async function closeLocation(db: Db, closed: ClosedLocation): Promise<void> {
  const { accountId, locationId, cause, since, deleteId } = closed;
  await sql`INSERT INTO lobbie_sync.closed_locations (account_id, location_id, cause, since, delete_id)
    VALUES (${accountId}, ${locationId}, ${cause}, ${since}, ${deleteId}) ON CONFLICT DO NOTHING`.execute(db);
}

/** Notes that locations are open again; an entry that still waits for a person waits no longer. */
export async function reopenLocations(db: Db, accountId: string, ids: readonly string[], at: Date): Promise<void> {
  if (ids.length === 0) return;
  await sql`WITH opened AS (DELETE FROM lobbie_sync.closed_locations WHERE account_id = ${accountId}
      AND location_id = ANY(${[...ids]}::bigint[]) RETURNING delete_id)
    UPDATE lobbie_sync.deletes d SET status = 'dismissed', decided_at = ${at} FROM opened
    WHERE d.id = opened.delete_id AND d.status IN ('candidate', 'held')`.execute(db);
}

/** SQL for whether a row is at a closed location: what is stored of it can't be compared with Lobbie. */
export const atClosedLocation = (account: string, location: string): string =>
  `EXISTS (SELECT FROM lobbie_sync.closed_locations x WHERE x.account_id = ${account} AND x.location_id = ${location})`;

/** Forgets what was proven of the lists of a location: when it is back they are read like those of a new one. */
export async function forgetListProofs(db: Db, accountId: string, locationId: string): Promise<void> {
  await db
    .deleteFrom('lobbie_sync.list_state')
    .where('account_id', '=', accountId)
    .where('location_id', '=', locationId)
    .execute();
}
