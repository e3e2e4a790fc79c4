import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** What was last reported about a condition. */
export interface AlertState {
  readonly key: string;
  /** `ok`, or the name of the problem. */
  readonly state: string;
  readonly since: Date;
  /** Null: no report could be delivered yet. */
  readonly lastSent: Date | null;
  readonly message: string;
  readonly runId: string | null;
}

/** All conditions that were ever reported, by key. */
export async function alertStates(db: Db): Promise<readonly AlertState[]> {
  const { rows } = await sql<AlertState>`SELECT key, state, since, last_sent AS "lastSent", message,
    run_id::text AS "runId" FROM lobbie_sync.alert_state ORDER BY key`.execute(db);
  return rows;
}

/**
 * Calls `decide` with the stored states and stores its result. Only one process does so at a time, so that two processes that
 * see the same condition don't both report it.
 */
export async function updateAlertStates<T extends { readonly states: readonly AlertState[] }>(
  db: Db,
  decide: (previous: readonly AlertState[]) => T,
): Promise<T> {
  return await db.transaction().execute(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('lobbie-sync alerts', 0))`.execute(tx);
    const decided = decide(await alertStates(tx));
    for (const { key, state, since, lastSent, message, runId } of decided.states) {
      await sql`INSERT INTO lobbie_sync.alert_state (key, state, since, last_sent, message, run_id)
        VALUES (${key}, ${state}, ${since}, ${lastSent}, ${message}, ${runId}::bigint)
        ON CONFLICT (key) DO UPDATE SET state = excluded.state, since = excluded.since,
          last_sent = excluded.last_sent, message = excluded.message, run_id = excluded.run_id`.execute(tx);
    }
    return decided;
  });
}

/** Marks reports as not delivered, so that they are repeated later. States that changed since `sentAt` are left alone. */
export async function markUndelivered(db: Db, keys: readonly string[], sentAt: Date): Promise<void> {
  if (keys.length === 0) return;
  await sql`UPDATE lobbie_sync.alert_state SET last_sent = NULL
    WHERE key = ANY(${[...keys]}::text[]) AND last_sent = ${sentAt}`.execute(db);
}
