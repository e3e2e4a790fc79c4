import { type Kysely, sql } from 'kysely';
import pg from 'pg';
import type { SyncDatabase } from '../db/tables.ts';
import { kyselyOn } from '../db/transaction.ts';

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

/** One instant at which a job was due. */
export interface Night {
  readonly job: string;
  readonly dueAt: Date;
  readonly status: NightlySyncStatus;
  /** How often it was begun, the present attempt included. */
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

/** Where a job stands: the latest night up to `now`, and the one that is under way or waits for its next attempt. */
export interface JobState {
  readonly last: Night | undefined;
  readonly open: Night | undefined;
}

/**
 * Reads where a job stands. Nights after `now` are left out: a clock that once stood far ahead must not keep the job from
 * running until that day comes.
 */
export async function jobState(db: Db, job: string, now: Date): Promise<JobState> {
  const last = await sql<Night>`SELECT ${COLUMNS} FROM lobbie_sync.schedule WHERE job = ${job} AND due_at <= ${now}
    ORDER BY due_at DESC LIMIT 1`.execute(db);
  const open = await sql<Night>`SELECT ${COLUMNS} FROM lobbie_sync.schedule
    WHERE job = ${job} AND status IN ('running', 'waiting') ORDER BY due_at DESC LIMIT 1`.execute(db);
  return { last: last.rows[0], open: open.rows[0] };
}

/** The latest nights of every job, newest first. */
export async function latestNightlySyncs(db: Db, limit: number): Promise<readonly Night[]> {
  const { rows } = await sql<Night>`SELECT ${COLUMNS} FROM lobbie_sync.schedule
    ORDER BY due_at DESC, job LIMIT ${limit}`.execute(db);
  return rows;
}

/** Records that the daemon knows the job from now on. */
export async function recordFirstStart(db: Db, job: string, now: Date): Promise<void> {
  await sql`INSERT INTO lobbie_sync.schedule (job, due_at, status, finished_at)
    VALUES (${job}, ${now}, 'first_start', ${now}) ON CONFLICT DO NOTHING`.execute(db);
}

/** Records nights that are not done, and why. Those that are recorded already stay as they are. */
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

/** So many nights of a job are remembered. By number, not by age: a clock that stands wrong must not erase them. */
const KEEP_NIGHTS = 1000;

/** Claims a night that nobody recorded yet. False: somebody did. */
export async function claimNew(db: Db, job: string, due: Date, holder: string, now: Date): Promise<boolean> {
  await sql`DELETE FROM lobbie_sync.schedule WHERE job = ${job} AND status NOT IN ('running', 'waiting') AND due_at <
    (SELECT due_at FROM lobbie_sync.schedule WHERE job = ${job} ORDER BY due_at DESC OFFSET ${KEEP_NIGHTS} LIMIT 1)`.execute(
    db,
  );
  const { rows } = await sql`INSERT INTO lobbie_sync.schedule (job, due_at, status, attempts, started_at, holder)
    VALUES (${job}, ${due}, 'running', 1, ${now}, ${holder}) ON CONFLICT DO NOTHING RETURNING 1`.execute(db);
  return rows.length === 1;
}

/** Claims a night for another attempt: one that waits, or one whose holder is gone. Only with the job's lock held. */
export async function claimAgain(db: Db, night: Night, holder: string, now: Date): Promise<boolean> {
  const { rows } = await sql`UPDATE lobbie_sync.schedule SET status = 'running', attempts = attempts + 1,
      started_at = ${now}, finished_at = NULL, next_attempt_at = NULL, holder = ${holder}
    WHERE job = ${night.job} AND due_at = ${night.dueAt} AND status = ${night.status}
      AND holder IS NOT DISTINCT FROM ${night.holder} RETURNING 1`.execute(db);
  return rows.length === 1;
}

/** What became of an attempt. */
export interface NightlySyncEnd {
  readonly status: Exclude<NightlySyncStatus, 'first_start' | 'running' | 'skipped'>;
  /** With `waiting`. */
  readonly nextAttemptAt: Date | null;
  readonly runId: string | null;
  readonly exitCode: number | null;
  readonly message: string | null;
  /** False: this attempt was interrupted from outside and takes none of the night's tries. */
  readonly counts: boolean;
}

/** Records the end of an attempt, unless somebody else took the night over meanwhile (false). */
export async function endAttempt(
  db: Db,
  night: { readonly job: string; readonly dueAt: Date; readonly holder: string },
  end: NightlySyncEnd,
  now: Date,
): Promise<boolean> {
  const { rows } = await sql`UPDATE lobbie_sync.schedule SET status = ${end.status},
      next_attempt_at = ${end.nextAttemptAt}, finished_at = ${now}, exit_code = ${end.exitCode}::smallint,
      run_id = coalesce(${end.runId}::bigint, run_id), message = ${end.message},
      attempts = attempts - ${end.counts ? 0 : 1}
    WHERE job = ${night.job} AND due_at = ${night.dueAt} AND status = 'running' AND holder = ${night.holder}
    RETURNING 1`.execute(db);
  return rows.length === 1;
}

/** Closes a night that will not be tried again: the next one is due, or it ended its process too often. */
export async function settleNightlySync(
  db: Db,
  night: Night,
  status: 'incomplete' | 'failed',
  message: string,
  now: Date,
): Promise<void> {
  await sql`UPDATE lobbie_sync.schedule SET status = ${status}, next_attempt_at = NULL,
      finished_at = coalesce(finished_at, ${now}), message = ${message}
    WHERE job = ${night.job} AND due_at = ${night.dueAt} AND status IN ('running', 'waiting')`.execute(db);
}

/** Whether a holder still has its night. */
export async function stillHolds(db: Db, job: string, dueAt: Date, holder: string): Promise<boolean> {
  const { rows } = await sql`SELECT 1 FROM lobbie_sync.schedule WHERE job = ${job} AND due_at = ${dueAt}
    AND status = 'running' AND holder = ${holder}`.execute(db);
  return rows.length === 1;
}

/** How long the database may take to answer on the connection that holds a lock, milliseconds. */
const ANSWER_MS = 15_000;

/**
 * The lock of a job, on a connection of its own: whoever holds it is the only one to begin or end a night. Postgres frees
 * it when the process or the connection dies, however it dies.
 *
 * Needs a session of its own: behind a pooler in transaction mode, connect to the database directly.
 */
export class JobLock {
  readonly db: Db;
  readonly #client: pg.Client;
  #released = false;
  #ended = false;

  private constructor(client: pg.Client) {
    this.#client = client;
    this.db = kyselyOn(client);
    client.once('end', () => {
      this.#ended = true;
    });
  }

  /** Undefined when somebody else holds it. @throws the driver's error when the database can't be reached */
  static async take(connectionString: string, job: string): Promise<JobLock | undefined> {
    const client = new pg.Client({
      connectionString,
      application_name: 'lobbie-sync schedule',
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      options: '-c timezone=UTC -c client_min_messages=warning -c idle_in_transaction_session_timeout=60000',
    });
    // Without a listener a lost connection would end the process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ held: boolean }>(
        `SELECT pg_try_advisory_lock(hashtextextended('lobbie-sync schedule ' || $1, 0)) AS held`,
        [job],
      );
      if (rows[0]?.held === true) return new JobLock(client);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    await client.end().catch(() => undefined);
    return undefined;
  }

  /** Calls `listener` once when the connection is lost; not when it is released. */
  onLost(listener: () => void): void {
    const tell = () => {
      if (!this.#released) listener();
    };
    if (this.#ended) tell();
    else this.#client.once('end', tell);
  }

  /** Asks the database for a sign of life; a connection that gives none is closed, which counts as lost. */
  async check(): Promise<void> {
    if (this.#ended || this.#released) return;
    await this.#client.query('SELECT 1').catch(() => this.#close());
  }

  /** Frees the lock. */
  async release(): Promise<void> {
    this.#released = true;
    await this.#close();
  }

  async #close(): Promise<void> {
    if (!this.#ended) await this.#client.end().catch(() => undefined);
  }
}

/** What was last told of a condition. */
export interface AlertState {
  readonly key: string;
  /** `ok`, or the name of what is wrong. */
  readonly state: string;
  readonly since: Date;
  /** Null: nobody could be told yet. */
  readonly lastSent: Date | null;
  readonly message: string;
  readonly runId: string | null;
}

/** Conditions that were ever told, by key. */
export async function alertStates(db: Db): Promise<readonly AlertState[]> {
  const { rows } = await sql<AlertState>`SELECT key, state, since, last_sent AS "lastSent", message,
    run_id::text AS "runId" FROM lobbie_sync.alert_state ORDER BY key`.execute(db);
  return rows;
}

/**
 * Decides on the states and stores what was decided, one process at a time, so that two that see the same don't both
 * tell it.
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

/** Notes that conditions could not be told after all, unless they changed meanwhile: they are told again later. */
export async function markUntold(db: Db, keys: readonly string[], sentAt: Date): Promise<void> {
  if (keys.length === 0) return;
  await sql`UPDATE lobbie_sync.alert_state SET last_sent = NULL
    WHERE key = ANY(${[...keys]}::text[]) AND last_sent = ${sentAt}`.execute(db);
}

/** How long ago the lists of a resource were read to their end. */
export interface ResourceAge {
  /** Null for what belongs to the token rather than to an account. */
  readonly accountId: string | null;
  readonly resource: string;
  /** Since when nothing of it is older: the start of the oldest of its lists' latest certified sweeps. */
  readonly oldestCheckedAt: Date;
  readonly lists: number;
  readonly rows: number;
}

/** The age of every resource per account. Locations that are gone don't count: nobody reads their lists any more. */
export async function resourceAges(db: Db): Promise<readonly ResourceAge[]> {
  const { rows } = await sql<ResourceAge>`SELECT NULLIF(f.account_id, 0)::text AS "accountId", f.resource,
      min(f.oldest_checked_at) AS "oldestCheckedAt", count(*)::int AS lists, sum(f.rows)::float8 AS rows
    FROM lobbie_sync.freshness f
    WHERE NOT EXISTS (SELECT FROM lobbie.locations l
      WHERE l.account_id = f.account_id AND l.id = f.location_id AND l._deleted_at IS NOT NULL)
    GROUP BY f.account_id, f.resource ORDER BY f.account_id, f.resource`.execute(db);
  return rows;
}
