import type { Kysely } from 'kysely';
import type pg from 'pg';
import { openClient } from '../db/session.ts';
import type { SyncDatabase } from '../db/tables.ts';
import { kyselyOn } from '../db/transaction.ts';

type Db = Kysely<SyncDatabase>;

/** How long the database may take to answer on the connection that holds the lock, milliseconds. */
const ANSWER_MS = 15_000;

/**
 * The lock of a job: only its holder may start or end a nightly sync. It is an advisory lock on a connection of its own, so
 * Postgres frees it when the process or the connection ends for any reason.
 *
 * The lock belongs to the session. It does not work behind a pooler in transaction mode; connect to the database directly.
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

  /** Takes the lock; undefined when another process holds it. @throws the driver's error when the database can't be reached */
  static async take(connectionString: string, job: string): Promise<JobLock | undefined> {
    const client = await openClient({
      connectionString,
      applicationName: 'lobbie-sync schedule',
      queryTimeoutMs: ANSWER_MS,
    });
    try {
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

  /** Calls `listener` once when the connection is lost, but not when the lock is released. */
  onLost(listener: () => void): void {
    const report = () => {
      if (!this.#released) listener();
    };
    if (this.#ended) report();
    else this.#client.once('end', report);
  }

  /** Sends a query to see whether the connection still works. If it fails, the connection is closed and counts as lost. */
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
