import { type Kysely, sql } from 'kysely';

/** Whoever asks for the deletes of one status must not read all that were ever decided. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE INDEX deletes_by_status ON lobbie_sync.deletes (status, account_id, resource, id)`.execute(db);
}
