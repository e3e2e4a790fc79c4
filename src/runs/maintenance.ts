import type pg from 'pg';
import { resourceNamed } from '../extractors/registry.ts';
import { pruneRuns } from '../state/retention.ts';
import { countTables } from '../state/table-rows.ts';
import type { RunDependencies } from './dependencies.ts';

/** Tables that grew by this number of rows get fresh statistics, so that other readers' queries are planned well. */
const ANALYZE_FROM_ROWS = 1000;

/** Refreshes the statistics of tables to which a run added many rows. */
async function analyzeGrown(pool: pg.Pool, runId: string): Promise<void> {
  const { rows } = await pool.query<{ resource: string }>(
    'SELECT resource FROM lobbie_sync.run_resources WHERE run_id = $1 AND rows_inserted >= $2',
    [runId, ANALYZE_FROM_ROWS],
  );
  for (const { resource } of rows) await pool.query(`ANALYZE lobbie.${resourceNamed(resource).name}`);
}

/** Counts the tables that a run wrote to, or that were never counted. */
async function countWritten(pool: pg.Pool, runId: string, at: Date): Promise<void> {
  const { rows } = await pool.query<{ resource: string }>(
    `SELECT resource FROM lobbie_sync.run_resources r WHERE run_id = $1 AND (rows_inserted + rows_updated + rows_deleted > 0
       OR NOT EXISTS (SELECT FROM lobbie_sync.table_rows t WHERE t.resource = r.resource))`,
    [runId],
  );
  const tables = rows.map(({ resource }) => {
    const { name, scope } = resourceNamed(resource);
    return { name, byAccount: scope !== 'global', byLocation: scope === 'location' };
  });
  await countTables(pool, tables, at);
}

/** What follows a run that read lists: statistics, counts of rows, and the end of what is kept for a number of days only. */
export async function maintainAfterRun(deps: RunDependencies, runId: string, now: Date): Promise<void> {
  const { db, pool, retainRunsDays } = deps;
  await analyzeGrown(pool, runId);
  await countWritten(pool, runId, now);
  if (retainRunsDays !== undefined) await pruneRuns(db, new Date(now.getTime() - retainRunsDays * 86_400_000));
}
