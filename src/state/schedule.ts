import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

export type NightlySyncStatus =
  | 'first_start'
  | 'running'
  | 'waiting'
  | 'succeeded'
  | 'partial'
  | 'incomplete'
  | 'failed'
  | 'skipped';

/** One nightly sync: an instant at which a job was due, and what became of it. */
export interface NightlySync {
  readonly job: string;
  readonly dueAt: Date;
  readonly status: NightlySyncStatus;
  /** How often it was started, the current attempt included. */
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly runId: string | null;
  readonly holder: string | null;
  readonly exitCode: number | null;
  readonly message: string | null;
}

const COLUMNS = sql`job, due_at AS "dueAt", status, attempts, next_attempt_at AS "nextAttemptAt",
  started_at AS "startedAt", finished_at AS "finishedAt", run_id::text AS "runId", holder, exit_code AS "exitCode", message`;

/** The state of a job: its latest nightly sync up to `now`, and the one that is running or waits for its next attempt. */
export interface JobState {
  readonly last: NightlySync | undefined;
  readonly open: NightlySync | undefined;
}

/**
 * Reads the state of a job. Nightly syncs after `now` are left out: if the clock was once set far ahead, the job must not wait
 * until that day comes.
 */
export async function jobState(db: Db, job: string, now: Date): Promise<JobState> {
  const last =
    await sql<NightlySync>`SELECT ${COLUMNS} FROM lobbie_sync.schedule WHERE job = ${job} AND due_at <= ${now}
    ORDER BY due_at DESC LIMIT 1`.execute(db);
  const open = await sql<NightlySync>`SELECT ${COLUMNS} FROM lobbie_sync.schedule
    WHERE job = ${job} AND status IN ('running', 'waiting') ORDER BY due_at DESC LIMIT 1`.execute(db);
  return { last: last.rows[0], open: open.rows[0] };
}

/** The latest nightly syncs of all jobs, newest first. */
export async function latestNightlySyncs(db: Db, limit: number): Promise<readonly NightlySync[]> {
  const { rows } = await sql<NightlySync>`SELECT ${COLUMNS} FROM lobbie_sync.schedule
    ORDER BY due_at DESC, job LIMIT ${limit}`.execute(db);
  return rows;
}

/**
 * Forgets what was recorded for times that are still to come by every clock, this machine's and the database's: a clock that was ahead
 * settled them, and nothing would run when they are really due.
 */
export async function forgetFuture(db: Db, job: string, now: Date): Promise<number> {
  const { rows } = await sql`DELETE FROM lobbie_sync.schedule WHERE job = ${job} AND status <> 'running'
    AND due_at > greatest(${now}::timestamptz, now()) + interval '1 hour' RETURNING 1`.execute(db);
  return rows.length;
}

/** Records when a daemon first knew the job. Due times before that don't count as missed. */
export async function recordFirstStart(db: Db, job: string, now: Date): Promise<void> {
  await sql`INSERT INTO lobbie_sync.schedule (job, due_at, status, finished_at)
    VALUES (${job}, ${now}, 'first_start', ${now}) ON CONFLICT DO NOTHING`.execute(db);
}

/** Records nightly syncs as skipped, with the reason, and returns their due times. Those already recorded stay as they are. */
export async function recordSkipped(
  db: Db,
  job: string,
  dues: readonly Date[],
  reason: string,
  now: Date,
): Promise<readonly Date[]> {
  if (dues.length === 0) return [];
  const { rows } = await sql<{
    dueAt: Date;
  }>`INSERT INTO lobbie_sync.schedule (job, due_at, status, finished_at, message)
    SELECT ${job}, due, 'skipped', ${now}, ${reason} FROM unnest(${[...dues]}::timestamptz[]) AS due
    ON CONFLICT DO NOTHING RETURNING due_at AS "dueAt"`.execute(db);
  return rows.map((row) => row.dueAt);
}

/** How many nightly syncs of a job are kept. A limit by age would erase them all when the clock is set wrong. */
const KEPT_NIGHTLY_SYNCS = 1000;

/** Claims a nightly sync that is not recorded yet. False: another process was faster. */
export async function claimNew(db: Db, job: string, due: Date, holder: string, now: Date): Promise<boolean> {
  await sql`DELETE FROM lobbie_sync.schedule WHERE job = ${job} AND status NOT IN ('running', 'waiting') AND due_at <
    (SELECT due_at FROM lobbie_sync.schedule WHERE job = ${job} ORDER BY due_at DESC OFFSET ${KEPT_NIGHTLY_SYNCS} LIMIT 1)`.execute(
    db,
  );
  const { rows } = await sql`INSERT INTO lobbie_sync.schedule (job, due_at, status, attempts, started_at, holder)
    VALUES (${job}, ${due}, 'running', 1, ${now}, ${holder}) ON CONFLICT DO NOTHING RETURNING 1`.execute(db);
  return rows.length === 1;
}

/** Claims a nightly sync for another attempt: it waits, or its holder is gone. The caller must hold the job's lock. */
export async function claimAgain(db: Db, nightlySync: NightlySync, holder: string, now: Date): Promise<boolean> {
  const { rows } = await sql`UPDATE lobbie_sync.schedule SET status = 'running', attempts = attempts + 1,
      started_at = ${now}, finished_at = NULL, next_attempt_at = NULL, holder = ${holder}
    WHERE job = ${nightlySync.job} AND due_at = ${nightlySync.dueAt} AND status = ${nightlySync.status}
      AND holder IS NOT DISTINCT FROM ${nightlySync.holder} RETURNING 1`.execute(db);
  return rows.length === 1;
}

/** How an attempt ended. */
export interface NightlySyncEnd {
  readonly status: Exclude<NightlySyncStatus, 'first_start' | 'running' | 'skipped'>;
  /** Only with the status `waiting`. */
  readonly nextAttemptAt: Date | null;
  readonly runId: string | null;
  readonly exitCode: number | null;
  readonly message: string | null;
  /** False: this attempt was interrupted from outside and does not count against the limit of attempts. */
  readonly counts: boolean;
}

/** Records the end of an attempt. False: another process took over the nightly sync meanwhile. */
export async function endAttempt(
  db: Db,
  nightlySync: { readonly job: string; readonly dueAt: Date; readonly holder: string },
  end: NightlySyncEnd,
  now: Date,
): Promise<boolean> {
  const { rows } = await sql`UPDATE lobbie_sync.schedule SET status = ${end.status},
      next_attempt_at = ${end.nextAttemptAt}, finished_at = ${now}, exit_code = ${end.exitCode}::smallint,
      run_id = coalesce(${end.runId}::bigint, run_id), message = ${end.message},
      attempts = attempts - ${end.counts ? 0 : 1}
    WHERE job = ${nightlySync.job} AND due_at = ${nightlySync.dueAt} AND status = 'running' AND holder = ${nightlySync.holder}
    RETURNING 1`.execute(db);
  return rows.length === 1;
}

/** Closes a nightly sync that is not tried again: the next one is due, or its process ended too often. */
export async function settleNightlySync(
  db: Db,
  nightlySync: NightlySync,
  status: 'incomplete' | 'failed',
  message: string,
  now: Date,
): Promise<void> {
  await sql`UPDATE lobbie_sync.schedule SET status = ${status}, next_attempt_at = NULL,
      finished_at = coalesce(finished_at, ${now}), message = ${message}
    WHERE job = ${nightlySync.job} AND due_at = ${nightlySync.dueAt} AND status IN ('running', 'waiting')`.execute(db);
}

/** Whether this holder still holds the nightly sync. */
export async function stillHolds(db: Db, job: string, dueAt: Date, holder: string): Promise<boolean> {
  const { rows } = await sql`SELECT 1 FROM lobbie_sync.schedule WHERE job = ${job} AND due_at = ${dueAt}
    AND status = 'running' AND holder = ${holder}`.execute(db);
  return rows.length === 1;
}
