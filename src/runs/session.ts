import { hostname } from 'node:os';
import type pg from 'pg';
import type { Clock } from '../core/clock.ts';
import { EXIT, LobbieSyncError } from '../core/errors.ts';
import { advisoryHolders } from '../db/lock-holders.ts';
import { classifyError } from '../db/pool.ts';
import { openClient } from '../db/session.ts';
import type { RunKind } from '../db/tables.ts';
import { kyselyOn } from '../db/transaction.ts';
import type { Logger } from '../observability/logger.ts';
import { openRun, runLockKey } from '../state/runs.ts';
import { refuseUnfit } from './unfit.ts';

/** How long a lost session is opened again and again before the run ends, milliseconds. */
const PATIENCE_MS = 5 * 60_000;

export interface SessionOptions {
  readonly connectionString: string;
  readonly kind: RunKind;
  readonly selection: unknown;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when the run's lock is lost for good: another run may have taken over. */
  readonly onLost: (error: LobbieSyncError) => void;
}

/**
 * A connection that holds the run's advisory lock and so proves that the run's process is alive. When the process dies, in whatever
 * way, Postgres ends the session and frees the lock; the next run then knows that this one is dead.
 *
 * Needs a session of its own: behind a pooler in transaction mode, connect to the database directly.
 */
export class RunSession {
  readonly runId: string;
  readonly #options: SessionOptions;
  #client: pg.Client;
  #closing = false;

  private constructor(runId: string, client: pg.Client, options: SessionOptions) {
    this.runId = runId;
    this.#client = client;
    this.#options = options;
    this.#watch(client);
  }

  /** Opens a run and takes its lock in one transaction, so that no other process sees the run without its lock. */
  static async open(options: SessionOptions): Promise<RunSession> {
    const client = await connect(options.connectionString);
    try {
      await refuseUnfit(client, () => connect(options.connectionString));
      await client.query('BEGIN');
      const runId = await openRun(kyselyOn(client), {
        kind: options.kind,
        selection: options.selection,
        startedAt: options.clock.now(),
        host: hostname(),
        pid: process.pid,
      });
      const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [
        runLockKey(runId),
      ]);
      if (rows[0]?.held !== true) throw await lockTaken(client, runId);
      await client.query('COMMIT');
      return new RunSession(runId, client, options);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw classifyError(error);
    }
  }

  /** Frees the lock. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#client.end().catch(() => undefined);
  }

  #watch(client: pg.Client): void {
    client.on('error', () => undefined);
    client.once('end', () => {
      if (!this.#closing) void this.#reopen();
    });
  }

  async #reopen(): Promise<void> {
    const { clock, logger, connectionString, onLost } = this.#options;
    const began = clock.now().getTime();
    logger.warn({ run: this.runId }, 'the session that holds the run was lost; it is opened again');
    while (!this.#closing && clock.now().getTime() - began < PATIENCE_MS) {
      try {
        const client = await connect(connectionString);
        const { rows } = await client.query<{ held: boolean; running: boolean }>(
          `SELECT pg_try_advisory_lock($1) AS held, EXISTS (SELECT FROM lobbie_sync.runs WHERE id = $2 AND status = 'running') AS running`,
          [runLockKey(this.runId), this.runId],
        );
        if (rows[0]?.held && rows[0].running) {
          this.#client = client;
          this.#watch(client);
          if (this.#closing) await client.end();
          return;
        }
        await client.end();
        // If the run is still open, nobody took over: the server may not know yet that the old session is gone.
        if (rows[0]?.running !== true) break;
      } catch {
        // The loop tries again.
      }
      await clock.sleep(1000);
    }
    if (this.#closing) return;
    onLost(
      new LobbieSyncError(`run ${this.runId} lost its session with the database`, {
        code: 'state.session_lost',
        action: 'abort',
        hint: 'Check the database. What was committed is safe, and the next run continues from there.',
      }),
    );
  }
}

const connect = (connectionString: string): Promise<pg.Client> =>
  openClient({ connectionString, applicationName: 'lobbie-sync run' });

/** The error for a new run whose lock another session holds: one that uses the same key by chance, or a run of a copied database. */
async function lockTaken(client: pg.Client, runId: string): Promise<LobbieSyncError> {
  const holders = await advisoryHolders(client, runLockKey(runId));
  return new LobbieSyncError(
    `the lock of run ${runId} is held by ${holders.join(', ') || 'a session that just ended'}`,
    {
      code: 'state.lock_taken',
      action: 'abort',
      exitCode: EXIT.usage,
      hint: 'End that session: SELECT pg_terminate_backend(pid). Then run again.',
    },
  );
}
