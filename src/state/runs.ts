import { type Kysely, sql } from 'kysely';
import type { Counts } from '../core/counts.ts';
import type { NewProblem, Run, RunKind, RunStatus, SyncDatabase } from '../db/tables.ts';
import { type MassChange, massChangesOf } from './mass-changes.ts';

type Db = Kysely<SyncDatabase>;

/** The key of the advisory lock that a run's process holds until it ends (upper half: `lobb` in ASCII). */
export const runLockKey = (runId: string): string => ((0x6c6f6262n << 32n) + BigInt(runId)).toString();

export interface NewRun {
  readonly kind: RunKind;
  readonly selection: unknown;
  readonly startedAt: Date;
  readonly host: string;
  readonly pid: number;
}

/** Records the start of a run and returns its id. */
export async function openRun(db: Db, run: NewRun): Promise<string> {
  const { id } = await db
    .insertInto('lobbie_sync.runs')
    .values({
      kind: run.kind,
      status: 'running',
      started_at: run.startedAt,
      selection: JSON.stringify(run.selection),
      host: run.host,
      pid: run.pid,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/**
 * Records a run that was refused before it began, so that it is seen among the runs. By the database's clock, because this machine's
 * may be what it was refused for.
 */
export async function recordRefused(db: Db, run: Omit<NewRun, 'startedAt'>, error: string): Promise<void> {
  await sql`INSERT INTO lobbie_sync.runs (kind, status, started_at, finished_at, selection, host, pid, error)
    SELECT ${run.kind}, 'failed', t, t, ${JSON.stringify(run.selection)}::jsonb, ${run.host}, ${run.pid}, ${error}
    FROM (SELECT clock_timestamp() AS t) now`.execute(db);
}

const SUMS = sql`
  requests = s.requests, rows_read = s.rows_read, rows_inserted = s.rows_inserted, rows_updated = s.rows_updated,
  rows_unchanged = s.rows_unchanged, rows_deleted = s.rows_deleted, rows_rejected = s.rows_rejected`;

const summed = (runId: string) => sql`
  (SELECT coalesce(sum(requests), 0) AS requests, coalesce(sum(rows_read), 0) AS rows_read,
    coalesce(sum(rows_inserted), 0) AS rows_inserted, coalesce(sum(rows_updated), 0) AS rows_updated,
    coalesce(sum(rows_unchanged), 0) AS rows_unchanged, coalesce(sum(rows_deleted), 0) AS rows_deleted,
    coalesce(sum(rows_rejected), 0) AS rows_rejected
   FROM lobbie_sync.run_resources WHERE run_id = ${runId}) AS s`;

/** Closes a run. Its counts become the sums of its resources' counts, which were committed batch by batch. */
export async function closeRun(
  db: Db,
  runId: string,
  outcome: { readonly status: Exclude<RunStatus, 'running'>; readonly error: string | null; readonly at: Date },
): Promise<void> {
  await sql`UPDATE lobbie_sync.runs SET status = ${outcome.status}, error = ${outcome.error}, finished_at = ${outcome.at},
    ${SUMS} FROM ${summed(runId)} WHERE id = ${runId} AND status = 'running'`.execute(db);
}

/**
 * Closes runs whose process is gone as incomplete. A run's advisory lock is free only if the session that held it has ended,
 * so a living run can't be closed by mistake.
 */
export async function closeDeadRuns(db: Db, at: Date): Promise<readonly string[]> {
  return await db.transaction().execute(async (tx) => {
    const running = await tx.selectFrom('lobbie_sync.runs').select('id').where('status', '=', 'running').execute();
    const closed: string[] = [];
    for (const { id } of running) {
      const { rows } = await sql<{
        free: boolean;
      }>`SELECT pg_try_advisory_xact_lock(${runLockKey(id)}) AS free`.execute(tx);
      if (rows[0]?.free !== true) continue;
      await closeRun(tx, id, { status: 'incomplete', error: 'the process ended without closing this run', at });
      await tx.deleteFrom('lobbie_sync.leases').where('run_id', '=', id).execute();
      closed.push(id);
    }
    return closed;
  });
}

/** Adds counts to one resource of a run. This is the last statement of a batch, so the row is locked only during the commit. */
export async function addRunCounts(db: Db, runId: string, resource: string, counts: Counts): Promise<void> {
  await sql`INSERT INTO lobbie_sync.run_resources AS r
      (run_id, resource, requests, rows_read, rows_inserted, rows_updated, rows_unchanged, rows_deleted, rows_rejected)
    VALUES (${runId}, ${resource}, ${counts.requests}, ${counts.rowsRead}, ${counts.inserted}, ${counts.updated},
      ${counts.unchanged}, ${counts.deleted}, ${counts.rejected})
    ON CONFLICT (run_id, resource) DO UPDATE SET
      requests = r.requests + excluded.requests, rows_read = r.rows_read + excluded.rows_read,
      rows_inserted = r.rows_inserted + excluded.rows_inserted, rows_updated = r.rows_updated + excluded.rows_updated,
      rows_unchanged = r.rows_unchanged + excluded.rows_unchanged, rows_deleted = r.rows_deleted + excluded.rows_deleted,
      rows_rejected = r.rows_rejected + excluded.rows_rejected`.execute(db);
}

/** Records a problem: a reason why a run is not a full success. */
export async function addProblem(db: Db, problem: NewProblem): Promise<void> {
  await db.insertInto('lobbie_sync.run_problems').values(problem).execute();
}

/** Takes back the problems of a list that were a loss of the database: it was read to its end after all. */
export async function clearPassed(db: Db, runId: string, resource: string, scope: string): Promise<void> {
  await sql`DELETE FROM lobbie_sync.run_problems WHERE run_id = ${runId} AND resource = ${resource} AND scope = ${scope}
    AND starts_with(code, 'database.')`.execute(db);
}

/** The latest runs, newest first. `readings` leaves out deliveries, because they are many and short. */
export async function latestRuns(db: Db, limit: number, which: 'all' | 'readings' = 'all'): Promise<Run[]> {
  const runs = db.selectFrom('lobbie_sync.runs').selectAll().orderBy('id', 'desc').limit(limit);
  return await (which === 'all' ? runs : runs.where('kind', '<>', 'push')).execute();
}

export interface RunDetails {
  readonly run: Run;
  readonly resources: readonly ({ resource: string } & Record<string, string>)[];
  readonly problems: readonly Record<string, unknown>[];
  /** `isNew`: no run met it before. */
  readonly unknownFields: readonly { resource: string; field: string; records: string; isNew: boolean }[];
  /** Lists of which an unusual part changed. */
  readonly massChanges: readonly MassChange[];
}

/** Everything recorded about one run; undefined if there is no such run. */
export async function runDetails(db: Db, runId: string): Promise<RunDetails | undefined> {
  const run = await db.selectFrom('lobbie_sync.runs').selectAll().where('id', '=', runId).executeTakeFirst();
  if (run === undefined) return undefined;
  const [resources, problems, unknownFields, massChanges] = await Promise.all([
    db.selectFrom('lobbie_sync.run_resources').selectAll().where('run_id', '=', runId).orderBy('resource').execute(),
    db.selectFrom('lobbie_sync.run_problems').selectAll().where('run_id', '=', runId).orderBy('id').execute(),
    db
      .selectFrom('lobbie_sync.run_unknown_fields as c')
      .leftJoin('lobbie_sync.unknown_fields as u', (on) =>
        on.onRef('u.resource', '=', 'c.resource').onRef('u.field', '=', 'c.field'),
      )
      .select(['c.resource', 'c.field', 'c.records'])
      .select(sql<boolean>`u.first_run_id IS NOT DISTINCT FROM c.run_id`.as('isNew'))
      .where('c.run_id', '=', runId)
      .orderBy('c.resource')
      .orderBy('c.field')
      .execute(),
    massChangesOf(db, runId),
  ]);
  return { run, resources: resources as unknown as RunDetails['resources'], problems, unknownFields, massChanges };
}
