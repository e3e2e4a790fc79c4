import type pg from 'pg';
import { EXIT, type LobbieSyncError, StopError } from '../core/errors.ts';
import { everything } from '../core/selection.ts';
import { StopSignal } from '../core/stop.ts';
import { classifyError } from '../db/pool.ts';
import { openClient } from '../db/session.ts';
import { ERROR_SHARE } from '../push/guards.ts';
import type { Part } from '../scheduler/daemon.ts';
import type { SchedulerEvent } from '../scheduler/events.ts';
import type { JobAlert, JobResult } from '../scheduler/job.ts';
import { addAudit } from '../state/audit.ts';
import { setPaused } from '../state/outbox/control.ts';
import { outboxNeeds } from '../state/outbox/review.ts';
import { hasWork } from '../state/outbox/rows.ts';
import type { Access } from './access.ts';
import { type ApplyReport, applyPush } from './push-run.ts';

/** How often the outbox is looked at without a call, milliseconds. */
const POLL_MS = 15_000;
/** Pause before a lost connection for calls is opened again, milliseconds. */
const RECONNECT_MS = 5000;
/** How long a run stays for rows that are due soon; later ones are found by a look, milliseconds. */
const PATIENCE_MS = 5000;
/** Pause after a run that failed as a whole, and after one that could not even begin, milliseconds. */
const AFTER_FAILURE_MS = 60_000;
const AFTER_ERROR_MS = 5000;

/** Who pauses when no person does. */
const DAEMON = 'lobbie-sync';

export interface PushDaemonOptions {
  /** Told what became of each delivery. */
  readonly onEnd: (event: SchedulerEvent) => void;
}

/**
 * Delivers the outbox as rows come in: called by the database when one is inserted (LISTEN), and by a look every few seconds,
 * in case a call was lost or a row became due. Pauses itself when too much goes wrong.
 */
export class PushDaemon implements Part {
  readonly #access: Access;
  readonly #options: PushDaemonOptions;
  readonly #ending = new AbortController();
  #wake = Promise.withResolvers<void>();
  #stop: StopSignal | undefined;
  #working: Promise<void> | undefined;
  #listening: Promise<void> | undefined;
  #listener: pg.Client | undefined;
  /** The conditions that were reported last; undefined: none yet. */
  #reported: string | undefined;

  constructor(access: Access, options: PushDaemonOptions) {
    this.#access = access;
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#listening = this.#listen();
    this.#working = this.#work();
  }

  /** Begins nothing more; what is in flight comes to its end. */
  async stop(): Promise<void> {
    const reason = new StopError('stop.signal', 'the daemon is stopping');
    this.#ending.abort(reason);
    this.#stop?.request(reason);
    this.#wake.resolve();
    await this.#listener?.end().catch(() => undefined);
    await this.#working;
    await this.#listening;
  }

  async #listen(): Promise<void> {
    const { logger } = this.#access;
    while (!this.#ending.signal.aborted) {
      try {
        const client = await this.#connect();
        const ended = new Promise<void>((resolve) => client.once('end', resolve));
        this.#listener = client;
        await client.query('LISTEN lobbie_push');
        // What came while nobody listened.
        this.#wake.resolve();
        if (this.#ending.signal.aborted) await client.end();
        await ended;
      } catch (error) {
        if (!this.#ending.signal.aborted)
          logger.debug({ err: error }, 'calls of the outbox can not be heard; tried again');
      }
      await this.#access.clock.sleep(RECONNECT_MS, this.#ending.signal).catch(() => undefined);
    }
  }

  async #connect(): Promise<pg.Client> {
    const connectionString = await this.#access.databaseUrl();
    const client = await openClient({ connectionString, applicationName: 'lobbie-sync push calls' });
    client.on('notification', () => this.#wake.resolve());
    return client;
  }

  async #work(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      this.#wake = Promise.withResolvers<void>();
      const pause = await this.#deliver();
      const waiting = this.#access.clock.sleep(pause, this.#ending.signal).catch(() => undefined);
      // A failure of the whole is waited out, whoever calls.
      await (pause !== POLL_MS ? waiting : Promise.race([this.#wake.promise, waiting]));
    }
  }

  /** One delivery, if there is anything to deliver; the pause until the next look. */
  async #deliver(): Promise<number> {
    const { logger } = this.#access;
    try {
      if (!(await this.#access.ask((db) => hasWork(db, this.#access.clock.now())))) {
        await this.#reportChanged();
        return POLL_MS;
      }
      const startedAt = this.#access.clock.now();
      this.#stop = new StopSignal();
      if (this.#ending.signal.aborted) return POLL_MS;
      const report = await applyPush(this.#access, {
        selection: everything,
        stop: this.#stop,
        patienceMs: PATIENCE_MS,
      });
      const paused = await this.#guard(report.error);
      await this.#report(report, startedAt);
      logger.info({ run: report.runId, status: report.status, ...report.totals }, 'the outbox was delivered');
      return report.status === 'failed' && !paused ? AFTER_FAILURE_MS : POLL_MS;
    } catch (error) {
      logger.warn({ err: classifyError(error) }, 'the outbox could not be delivered; tried again');
      return AFTER_ERROR_MS;
    } finally {
      this.#stop?.dispose();
      this.#stop = undefined;
    }
  }

  /** A run that stopped for its guards is not simply begun again: deliveries are paused until a person has looked. */
  async #guard(error: LobbieSyncError | undefined): Promise<boolean> {
    const { maxChanges } = this.#access.config.push;
    const capped = error?.code === 'stop.budget' && maxChanges !== undefined;
    if (error?.code !== ERROR_SHARE && !capped) return false;
    await this.#access.ask((db) =>
      db.transaction().execute(async (tx) => {
        const now = this.#access.clock.now();
        await setPaused(tx, now, DAEMON, error?.message ?? null);
        await addAudit(tx, { actor: DAEMON, action: 'push.pause', subject: { code: error?.code } }, now);
      }),
    );
    this.#access.logger.error({ code: error?.code }, 'deliveries are paused; lobbie-sync push resume lets them go on');
    return true;
  }

  /** Single rows that are refused are conditions of their own; the job has failed only if it could not do its work. */
  async #report({ runId, error, exitCode, status }: ApplyReport, due: Date): Promise<void> {
    const failed = status === 'failed' && error?.code !== ERROR_SHARE;
    const result = failed
      ? ({ runId, status: 'failed', exitCode, message: error?.message ?? null } as const)
      : ({ runId, status: 'succeeded', exitCode: EXIT.done } as const);
    this.#end({ ...result, alerts: await this.#alerts() }, due);
  }

  /** Reports what a person has settled meanwhile, without a delivery. */
  async #reportChanged(): Promise<void> {
    const alerts = await this.#alerts();
    if (JSON.stringify(alerts) !== this.#reported) {
      this.#end({ status: 'succeeded', exitCode: EXIT.done, alerts }, this.#access.clock.now());
    }
  }

  #end(result: JobResult, due: Date): void {
    this.#reported = JSON.stringify(result.alerts);
    const interrupted = this.#ending.signal.aborted;
    this.#options.onEnd({ kind: 'ended', job: 'push', due, result, nextAttemptAt: null, interrupted });
  }

  async #alerts(): Promise<readonly JobAlert[]> {
    const { paused, needsPerson, lostToday } = await this.#access.ask((db) =>
      outboxNeeds(db, this.#access.clock.now()),
    );
    const why = paused.reason === null ? '' : `: ${paused.reason}`;
    const see = 'lobbie-sync push status';
    const found: readonly (JobAlert | false)[] = [
      paused.pausedAt !== null && { key: 'paused', message: `deliveries are paused${why}` },
      needsPerson > 0 && { key: 'needs_person', message: `${needsPerson} changes wait for a person: ${see}` },
      lostToday > 0 && { key: 'lost', message: `${lostToday} changes were refused or given up within a day: ${see}` },
    ];
    return found.filter((alert) => alert !== false);
  }
}
