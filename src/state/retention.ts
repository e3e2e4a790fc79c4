import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** Runs that are removed at a time, so that the end of a run does not wait for years of them. */
const MOST = 1000;

/**
 * Removes runs that ended before an instant, with what is recorded of them, and the sweeps of passes that have ended. What is known
 * of each list is in `list_state`, which stays. An unknown field that was not met since then is forgotten; if it comes back, it is new.
 *
 * @returns how many runs were removed
 */
export async function pruneRuns(db: Db, before: Date): Promise<number> {
  return await db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ id: string }>`SELECT id FROM lobbie_sync.runs
      WHERE status <> 'running' AND finished_at < ${before} ORDER BY id LIMIT ${MOST}`.execute(tx);
    const ids = rows.map(({ id }) => id);
    if (ids.length > 0) {
      for (const table of ['run_resources', 'run_problems', 'run_unknown_fields', 'mass_changes']) {
        await sql`DELETE FROM lobbie_sync.${sql.ref(table)} WHERE run_id = ANY(${ids}::bigint[])`.execute(tx);
      }
      await sql`DELETE FROM lobbie_sync.runs WHERE id = ANY(${ids}::bigint[])`.execute(tx);
    }
    await sql`DELETE FROM lobbie_sync.sweeps s USING lobbie_sync.passes p
      WHERE p.id = s.pass_id AND p.status <> 'open' AND p.finished_at < ${before}`.execute(tx);
    await sql`DELETE FROM lobbie_sync.passes WHERE status <> 'open' AND finished_at < ${before}`.execute(tx);
    await sql`DELETE FROM lobbie_sync.unknown_fields WHERE last_seen_at < ${before}`.execute(tx);
    return ids.length;
  });
}
