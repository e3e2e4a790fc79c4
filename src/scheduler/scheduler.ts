import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import type { SyncDatabase } from '../db/tables.ts';
import type { Logger } from '../observability/logger.ts';
import type { SchedulerEvent } from './events.ts';
import type { Job } from './job.ts';
import { JobRunner } from './runner.ts';
import { allTicks, clockTicks, cronTicks, type TickSource } from './ticks.ts';

/** How the scheduler handles failures and delays. */
export interface ScheduleSettings {
  /** Waits before a failed nightly sync is tried again, milliseconds. Default 5, 15 and 60 minutes. */
  readonly retryDelaysMs?: readonly number[];
  /** How long the lock of a running nightly sync may be free before another process takes over. Default 2 minutes. */
  readonly takeoverAfterMs?: number;
  /** A nightly sync that starts later than this after its due time is reported as missed and made up. Default 15 minutes. */
  readonly lateAfterMs?: number;
}

export interface SchedulerOptions extends ScheduleSettings {
  readonly db: Kysely<SyncDatabase>;
  /** For the connection that holds a running job; not through a pooler in transaction mode. */
  readonly connectionString: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly jobs: readonly Job[];
  /** Default: node-cron and the clock. */
  readonly ticks?: TickSource;
  readonly onEvent?: (event: SchedulerEvent) => void;
}

/** A job as the status page shows it. */
export interface JobView {
  readonly job: string;
  readonly cron: string;
  readonly timezone: string;
  readonly nextDue: Date;
  /** The due time of the nightly sync that this process runs; null: it runs none. */
  readonly runningDue: Date | null;
}

/**
 * Runs jobs at their times: each nightly sync once, however many daemons run. The rows of `lobbie_sync.schedule` decide, under a
 * lock; this class only checks them often enough.
 */
export class Scheduler {
  readonly #ticks: TickSource;
  readonly #runners: readonly JobRunner[];
  #endTicks: (() => Promise<void>) | undefined;
  #ticking: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  /** @throws LobbieSyncError with exit code 2 when a job's times can't be followed */
  constructor(options: SchedulerOptions) {
    const { jobs, ticks, onEvent, retryDelaysMs, takeoverAfterMs, lateAfterMs, ...rest } = options;
    const holder = `${hostname()}/${process.pid}/${randomBytes(6).toString('hex')}`;
    this.#ticks = ticks ?? allTicks(cronTicks(), clockTicks(options.clock));
    this.#runners = jobs.map(
      (job) =>
        new JobRunner({
          ...rest,
          job,
          holder,
          retryDelaysMs: retryDelaysMs ?? [5 * 60_000, 15 * 60_000, 60 * 60_000],
          takeoverAfterMs: takeoverAfterMs ?? 120_000,
          lateAfterMs: lateAfterMs ?? 15 * 60_000,
          onEvent: onEvent ?? (() => undefined),
        }),
    );
  }

  /** Checks the schedule now and at every tick. */
  start(): void {
    if (this.#endTicks !== undefined || this.#stopped !== undefined) return;
    this.#endTicks = this.#ticks.start(() => void this.tick());
    void this.tick();
  }

  /** Checks the schedule once; returns the check in progress if there is one. Never rejects. */
  tick(): Promise<void> {
    if (this.#stopped !== undefined) return this.#ticking ?? Promise.resolve();
    this.#ticking ??= Promise.all(this.#runners.map((runner) => runner.tick()))
      .then(() => undefined)
      .finally(() => {
        this.#ticking = undefined;
      });
    return this.#ticking;
  }

  /** Starts nothing new, asks running jobs to end in an orderly way, and resolves when they have ended. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      await this.#endTicks?.();
      await Promise.all(this.#runners.map((runner) => runner.stop()));
      await this.#ticking;
      // The check that was in progress may have started a job.
      await Promise.all(this.#runners.map((runner) => runner.stop()));
    })();
    return this.#stopped;
  }

  /** Resolves when no check is in progress and this process runs no job. */
  async idle(): Promise<void> {
    await this.#ticking;
    await Promise.all(this.#runners.map((runner) => runner.idle()));
  }

  get jobs(): readonly JobView[] {
    return this.#runners.map((runner) => ({
      job: runner.job.name,
      cron: runner.job.cron,
      timezone: runner.job.timezone,
      nextDue: runner.nextDue,
      runningDue: runner.runningDue ?? null,
    }));
  }
}
