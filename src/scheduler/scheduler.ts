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

/** How the schedule deals with what goes wrong. */
export interface ScheduleSettings {
  /** Waits before a failed night is tried again, milliseconds. Default 5, 15 and 60 minutes. */
  readonly retryDelaysMs?: readonly number[];
  /** How long nobody may hold a running night before another process takes it over. Default 2 minutes. */
  readonly takeoverAfterMs?: number;
  /** A night that begins later than this after its time counts as missed and made up. Default 15 minutes. */
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

/** Where a job stands, for the status page. */
export interface JobView {
  readonly job: string;
  readonly cron: string;
  readonly timezone: string;
  readonly nextDue: Date;
  /** The night that this process is doing. */
  readonly runningDue: Date | null;
}

/**
 * Runs jobs at their times: each night once, however many processes look after it. The tables decide, under a lock; this
 * class only looks often enough.
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

  /** Begins to look, now and at every tick. */
  start(): void {
    if (this.#endTicks !== undefined || this.#stopped !== undefined) return;
    this.#endTicks = this.#ticks.start(() => void this.tick());
    void this.tick();
  }

  /** Looks once; a look that is under way is not doubled. Never rejects. */
  tick(): Promise<void> {
    if (this.#stopped !== undefined) return this.#ticking ?? Promise.resolve();
    this.#ticking ??= Promise.all(this.#runners.map((runner) => runner.tick()))
      .then(() => undefined)
      .finally(() => {
        this.#ticking = undefined;
      });
    return this.#ticking;
  }

  /** Begins nothing more, asks running jobs for an orderly end, and resolves when they have ended. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      await this.#endTicks?.();
      await Promise.all(this.#runners.map((runner) => runner.stop()));
      await this.#ticking;
      // What a look that was under way may have begun.
      await Promise.all(this.#runners.map((runner) => runner.stop()));
    })();
    return this.#stopped;
  }

  /** Resolves when no look is under way and no job of this process is running. */
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
