import type { Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import type { SyncDatabase } from '../db/tables.ts';
import type { Logger } from '../observability/logger.ts';
import { JobLock } from '../state/job-lock.ts';
import {
  claimAgain,
  claimNew,
  forgetFuture,
  type JobState,
  jobState,
  type NightlySync,
  recordFirstStart,
  recordSkipped,
  settleNightlySync,
} from '../state/schedule.ts';
import { Attempt } from './attempt.ts';
import { checkTimes, duesBetween, nextDue } from './cron.ts';
import { type Decision, decide } from './decide.ts';
import type { SchedulerEvent } from './events.ts';
import type { Job } from './job.ts';

export interface RunnerOptions {
  readonly db: Kysely<SyncDatabase>;
  readonly connectionString: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly job: Job;
  /** Identifies this process among all that may run the job; unique for each start. */
  readonly holder: string;
  readonly retryDelaysMs: readonly number[];
  readonly takeoverAfterMs: number;
  readonly lateAfterMs: number;
  readonly onEvent: (event: SchedulerEvent) => void;
}

/** The wait after the schedule could not be read: doubled after each failure, milliseconds. */
const FIRST_BACKOFF_MS = 30_000;
const LAST_BACKOFF_MS = 300_000;

/** Runs one job: reads the schedule at every tick, and starts the job when it is due and no other process has claimed it. */
export class JobRunner {
  readonly job: Job;
  readonly #options: RunnerOptions;
  #attempt: Attempt | undefined;
  #running: Promise<void> | undefined;
  #stopping = false;
  #claims = 0;
  /** The due times, epoch milliseconds, of the nightly syncs that this process has tried. */
  readonly #tried = new Set<number>();
  #failures = 0;
  #notBefore = 0;
  /** The holder of a running nightly sync whose lock is free, and since when that has been seen. */
  #free: { readonly holder: string | null; readonly since: Date } | undefined;

  /** @throws LobbieSyncError with exit code 2 when the job's times can't be followed */
  constructor(options: RunnerOptions) {
    checkTimes(options.job);
    this.#options = options;
    this.job = options.job;
  }

  /** The due time of the nightly sync that this process runs. */
  get runningDue(): Date | undefined {
    return this.#attempt?.dueAt;
  }

  get nextDue(): Date {
    return nextDue(this.job, this.#options.clock.now());
  }

  /** Reads the schedule and does what is due. Never throws: errors are logged, and every later tick tries again. */
  async tick(): Promise<void> {
    const { clock, logger, job } = this.#options;
    const now = clock.now();
    // If the clock was set back, the wait may lie far in the future; then it is ignored.
    if (this.#stopping || (now.getTime() < this.#notBefore && this.#notBefore - now.getTime() <= LAST_BACKOFF_MS))
      return;
    try {
      await this.#step(now);
      if (this.#failures > 0) logger.info({ job: job.name }, 'the schedule can be read again');
      this.#failures = 0;
      this.#notBefore = 0;
    } catch (error) {
      const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** this.#failures, LAST_BACKOFF_MS);
      this.#failures += 1;
      this.#notBefore = now.getTime() + backoff;
      logger.warn(
        { err: error, job: job.name, failures: this.#failures },
        'the schedule could not be read; it is tried again',
      );
    }
  }

  /** Starts nothing new, asks a running job to end, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#attempt?.stop('the daemon is stopping');
    await this.idle();
  }

  /** Resolves when this process runs no job. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #step(now: Date): Promise<void> {
    const { db, connectionString, job } = this.#options;
    await this.#attempt?.check();
    const decision = this.#decide(await jobState(db, job.name, now), now, undefined);
    if (decision.kind === 'nothing') return;
    if (decision.kind === 'overlap') return await this.#overlap(decision.skip, now);
    const lock = await JobLock.take(connectionString, job.name);
    if (lock === undefined) {
      this.#free = undefined;
      return;
    }
    let begun = false;
    try {
      begun = await this.#act(lock, now);
    } finally {
      if (!begun) await lock.release();
    }
  }

  #decide(state: JobState, now: Date, freeSince: Date | undefined): Decision {
    const { takeoverAfterMs, retryDelaysMs } = this.#options;
    const { last, open } = state;
    const dues = last === undefined ? [] : duesBetween(this.job, last.dueAt, now);
    const maxAttempts = retryDelaysMs.length + 1;
    const mine = this.#attempt !== undefined;
    const tried = last !== undefined && this.#tried.has(last.dueAt.getTime());
    return decide({ now, dues, last, open, mine, tried, freeSince, takeoverAfterMs, maxAttempts });
  }

  /**
   * Decides again with the lock held, since the state may have changed before it was taken, and acts. True: a job was started,
   * and it keeps the lock.
   */
  async #act(lock: JobLock, now: Date): Promise<boolean> {
    const { logger, job } = this.#options;
    const forgotten = await forgetFuture(lock.db, job.name, now);
    if (forgotten > 0)
      logger.warn({ job: job.name, forgotten }, 'due times of the future had been settled by a clock that was ahead');
    const state = await jobState(lock.db, job.name, now);
    const decision = this.#decide(state, now, this.#freeSince(state.open, now));
    switch (decision.kind) {
      case 'first_start':
        await recordFirstStart(lock.db, job.name, now);
        logger.info({ job: job.name, nextDue: this.nextDue }, 'a job is scheduled from now on');
        return false;
      case 'give_up':
        await this.#giveUp(lock, decision.nightlySync, now);
        return false;
      case 'again': {
        const { nightlySync } = decision;
        const holder = this.#newHolder();
        if (this.#stopping || !(await claimAgain(lock.db, nightlySync, holder, now))) return false;
        const attempts = nightlySync.attempts + 1;
        logger.info({ job: job.name, due: nightlySync.dueAt, attempts }, 'a nightly sync is tried again');
        this.#begin(lock, nightlySync.dueAt, attempts, holder);
        return true;
      }
      case 'begin':
        return await this.#beginNew(lock, decision, now);
      default:
        return false;
    }
  }

  #freeSince(open: NightlySync | undefined, now: Date): Date | undefined {
    if (open?.status !== 'running') {
      this.#free = undefined;
      return undefined;
    }
    if (this.#free?.holder !== open.holder || this.#free.since > now) this.#free = { holder: open.holder, since: now };
    return this.#free.since;
  }

  async #beginNew(lock: JobLock, decision: Extract<Decision, { kind: 'begin' }>, now: Date): Promise<boolean> {
    const { job, lateAfterMs, logger } = this.#options;
    const { due, skip, settle } = decision;
    if (this.#stopping) return false;
    const holder = this.#newHolder();
    const claimed = await lock.db.transaction().execute(async (tx) => {
      if (settle !== undefined) await settleNightlySync(tx, settle, ...ending(settle), now);
      const skipped = await recordSkipped(tx, job.name, skip, 'missed; a later nightly sync ran instead', now);
      return { skipped, mine: await claimNew(tx, job.name, due, holder, now) };
    });
    if (settle?.status === 'running') this.#reportLost(settle, ...ending(settle));
    const late = claimed.mine && now.getTime() - due.getTime() > lateAfterMs;
    const missed = late ? [...claimed.skipped, due] : claimed.skipped;
    if (missed.length > 0) {
      logger.warn({ job: job.name, missed, madeUp: late }, 'nightly syncs were missed');
      const madeUp = late ? due : undefined;
      this.#options.onEvent({ kind: 'missed', job: job.name, dues: missed, reason: 'down', madeUp });
    }
    if (!claimed.mine) return false;
    logger.info({ job: job.name, due }, 'a nightly sync starts');
    this.#begin(lock, due, 1, holder);
    return true;
  }

  async #giveUp(lock: JobLock, nightlySync: NightlySync, now: Date): Promise<void> {
    const { job, dueAt: due, attempts } = nightlySync;
    const message = `its process ended ${attempts} times before it was done`;
    await settleNightlySync(lock.db, nightlySync, 'failed', message, now);
    this.#options.logger.error({ job, due }, 'a nightly sync is given up');
    this.#reportLost(nightlySync, 'failed', message);
  }

  /** Reports a nightly sync whose process is gone and could not report its own end. */
  #reportLost(nightlySync: NightlySync, status: 'failed' | 'incomplete', message: string): void {
    const result = { status, exitCode: status === 'failed' ? 1 : 5, message };
    const { job, dueAt: due } = nightlySync;
    this.#options.onEvent({ kind: 'ended', job, due, result, nextAttemptAt: null, interrupted: false });
  }

  async #overlap(dues: readonly Date[], now: Date): Promise<void> {
    const { db, job, logger } = this.#options;
    const skipped = await recordSkipped(db, job.name, dues, 'the nightly sync before was still running', now);
    if (skipped.length === 0) return;
    logger.warn({ job: job.name, skipped }, 'nightly syncs are skipped, because the one before is still running');
    this.#options.onEvent({ kind: 'missed', job: job.name, dues: skipped, reason: 'overlap', madeUp: undefined });
  }

  /** A new name for each claim, so that an old attempt of this process can't close a newer one. */
  #newHolder(): string {
    this.#claims += 1;
    return `${this.#options.holder}/${this.#claims}`;
  }

  #begin(lock: JobLock, dueAt: Date, attempts: number, holder: string): void {
    const { takeoverAfterMs, ...rest } = this.#options;
    const attempt = new Attempt(lock, { ...rest, dueAt, attempts, holder, patienceMs: takeoverAfterMs / 2 });
    this.#free = undefined;
    this.#tried.clear();
    this.#tried.add(dueAt.getTime());
    this.#attempt = attempt;
    // `stop` may have been called since the claim.
    if (this.#stopping) attempt.stop('the daemon is stopping');
    this.#running = attempt.done.then((ended) => {
      this.#attempt = undefined;
      this.#running = undefined;
      if (ended === undefined) return;
      const { result, end, interrupted } = ended;
      const { nextAttemptAt } = end;
      const fields = {
        job: this.job.name,
        due: dueAt,
        status: result.status,
        exitCode: result.exitCode,
        nextAttemptAt,
      };
      this.#options.logger.info(fields, 'a nightly sync ended');
      this.#options.onEvent({ kind: 'ended', job: this.job.name, due: dueAt, result, nextAttemptAt, interrupted });
    });
  }
}

/** The status and message of a nightly sync that is closed because the next one is due. */
function ending(nightlySync: NightlySync): ['incomplete' | 'failed', string] {
  if (nightlySync.status === 'running') return ['incomplete', 'its process ended without recording an end'];
  const status = nightlySync.exitCode === 5 ? 'incomplete' : 'failed';
  return [status, `${nightlySync.message ?? 'not done'}; not tried again, because the next nightly sync was due`];
}
