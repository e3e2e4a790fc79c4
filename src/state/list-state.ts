import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** What is proven of one list of an account or location. */
export interface ListProof {
  readonly accountId: string;
  /** Null for a list of the whole account. */
  readonly locationId: string | null;
  readonly resource: string;
  readonly operation: string;
  /** When the reading ended that proves the list to be whole; null: nothing new is proven. */
  readonly certifiedAt: Date | null;
  /** Every row was checked at this instant or later. */
  readonly oldestCheckedAt: Date;
}

/** Stores what a reading proved of a list. What was proven later already stays; an age alone needs an earlier proof. */
export async function saveListProof(db: Db, proof: ListProof): Promise<void> {
  const { accountId, locationId, resource, operation, certifiedAt, oldestCheckedAt } = proof;
  if (certifiedAt === null) {
    await sql`UPDATE lobbie_sync.list_state SET oldest_checked_at = ${oldestCheckedAt} WHERE account_id = ${accountId}
      AND location_id = ${locationId ?? '0'} AND resource = ${resource} AND operation = ${operation}
      AND oldest_checked_at <> ${oldestCheckedAt}`.execute(db);
    return;
  }
  await sql`INSERT INTO lobbie_sync.list_state AS l
      (account_id, location_id, resource, operation, last_certified_at, oldest_checked_at)
    VALUES (${accountId}, ${locationId ?? '0'}, ${resource}, ${operation}, ${certifiedAt}, ${oldestCheckedAt})
    ON CONFLICT (account_id, resource, location_id, operation) DO UPDATE SET
      last_certified_at = excluded.last_certified_at, oldest_checked_at = excluded.oldest_checked_at
    WHERE l.last_certified_at <= excluded.last_certified_at OR l.last_certified_at > now()`.execute(db);
}
