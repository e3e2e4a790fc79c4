import type { Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import { EXIT, LobbieSyncError, StopError } from '../core/errors.ts';
import type { SyncDatabase } from '../db/tables.ts';
import type { Logger } from '../observability/logger.ts';
import { JobLock } from '../state/job-lock.ts';
import { endAttempt, type NightlySyncEnd, stillHolds } from '../state/schedule.ts';
import { nextDue } from './cron.ts';
import { decideEnd } from './decide.ts';
import type { Job, JobResult } from './job.ts';

export interface AttemptOptions {
  readonly db: Kysely<SyncDatabase>;
  readonly connectionString: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly job: Job;
  readonly dueAt: Date;
  /** The number of this attempt within its nightly sync, from 1. */
  readonly attempts: number;
  readonly holder: string;
  readonly retryDelaysMs: readonly number[];
  /** How long to try to take a lost lock again before the job is asked to end, milliseconds. */
  readonly patienceMs: number;
}

/** How an attempt ended. */
export interface AttemptEnd {
  readonly result: JobResult;
  readonly end: NightlySyncEnd;
  readonly interrupted: boolean;
}

const RECORD_DELAYS_MS = [1000, 5000, 15_000, 30_000];

/** One attempt at a nightly sync, from its claim to its recorded end. It holds the job's lock for all that time. */
export class Attempt {
  readonly dueAt: Date;
  /** Never rejects. Undefined when the end could not be recorded: the process that takes the nightly sync over reports it. */
  readonly done: Promise<AttemptEnd | undefined>;
  readonly #options: AttemptOptions;
  readonly #asked = new AbortController();
  /** Ends the attempts to take the lock again, because the job is over. */
  readonly #over = new AbortController();
  #lock: JobLock;
  #regaining: Promise<void> | undefined;

  constructor(lock: JobLock, options: AttemptOptions) {
    this.#lock = lock;
    this.#options = options;
    this.dueAt = options.dueAt;
    this.#watch(lock);
    this.done = this.#run();
  }

  /** Asks the job to end in an orderly way. */
  stop(reason: string): void {
    if (!this.#asked.signal.aborted) this.#asked.abort(new StopError('stop.signal', reason));
  }

  /** Tests the connection that holds the lock, which may have died silently. */
  async check(): Promise<void> {
    await this.#lock.check();
  }

  async #run(): Promise<AttemptEnd | undefined> {
    const { job, clock, attempts, retryDelaysMs } = this.#options;
    const result = await execute(job, this.#asked.signal);
    const now = clock.now();
    const interrupted = this.#asked.signal.aborted;
    const next = nextDue(job, now);
    const end = decideEnd({ result, attempts, interrupted, now, nextDue: next, retryDelaysMs });
    const recorded = await this.#record(end);
    this.#over.abort(new Error('over'));
    await this.#regaining;
    await this.#lock.release();
    return recorded ? { result, end, interrupted } : undefined;
  }

  /** Retries until the end is recorded. Only a stopping daemon gives up; another process then takes the nightly sync over. */
  async #record(end: NightlySyncEnd): Promise<boolean> {
    const { db, clock, logger, job, dueAt, holder } = this.#options;
    for (let failures = 0; ; failures += 1) {
      try {
        const recorded = await endAttempt(db, { job: job.name, dueAt, holder }, end, clock.now());
        if (!recorded) logger.warn({ job: job.name, due: dueAt }, 'another process took over this nightly sync');
        return recorded;
      } catch (error) {
        logger.warn(
          { err: error, job: job.name, due: dueAt },
          'the end of a job could not be recorded; it is tried again',
        );
      }
      if (this.#asked.signal.aborted) return false;
      const delay = RECORD_DELAYS_MS[Math.min(failures, RECORD_DELAYS_MS.length - 1)] ?? 0;
      await clock.sleep(delay, this.#asked.signal).catch(() => undefined);
    }
  }

  #watch(lock: JobLock): void {
    lock.onLost(() => {
      if (!this.#over.signal.aborted) this.#regaining = this.#regain();
    });
  }

  /** Takes the lost lock again. Without it the job must end soon, because another process may start the same nightly sync. */
  async #regain(): Promise<void> {
    const { connectionString, clock, logger, job, dueAt, holder, patienceMs } = this.#options;
    const began = clock.now().getTime();
    logger.warn({ job: job.name }, 'the connection that holds the lock of the job was lost; it is opened again');
    while (!this.#over.signal.aborted) {
      const lock = await JobLock.take(connectionString, job.name).catch(() => undefined);
      if (lock !== undefined) {
        const ours = await stillHolds(lock.db, job.name, dueAt, holder).catch(() => undefined);
        if (ours === true) {
          this.#lock = lock;
          this.#watch(lock);
          return;
        }
        await lock.release();
        if (ours === false) break;
      }
      if (clock.now().getTime() - began >= patienceMs) break;
      await clock.sleep(1000, this.#over.signal).catch(() => undefined);
    }
    if (!this.#over.signal.aborted) {
      logger.error({ job: job.name }, 'the lock of a running job is lost; the job is asked to end');
      this.stop('the connection that holds the lock of the job was lost');
    }
  }
}

/** Runs a job and turns whatever it throws into a result. Texts of foreign errors are left out, because they may quote a row. */
async function execute(job: Job, signal: AbortSignal): Promise<JobResult> {
  try {
    return await job.run(signal);
  } catch (error) {
    if (error instanceof LobbieSyncError) {
      const status = error.action === 'stop' ? 'incomplete' : 'failed';
      // The clock may be set right meanwhile, and the token endpoint may be back.
      const retryable = ['clock.skew', 'auth.unavailable'].includes(error.code) ? { retryable: true } : {};
      return { status, exitCode: error.exitCode, message: error.message, ...retryable };
    }
    const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
    const named = [name, code].filter((each) => typeof each === 'string').join(' ');
    return { status: 'failed', exitCode: EXIT.unexpected, message: `unexpected error ${named}`.trim() };
  }
}
