import type { Kysely } from 'kysely';
import type { Clock } from '../core/clock.ts';
import type { SyncDatabase } from '../db/tables.ts';
import type { Logger } from '../observability/logger.ts';
import { JobLock } from '../state/job-lock.ts';
import {
  claimAgain,
  claimNew,
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
  /** Names this process among all that may run the job; unique for each start. */
  readonly holder: string;
  readonly retryDelaysMs: readonly number[];
  readonly takeoverAfterMs: number;
  readonly lateAfterMs: number;
  readonly onEvent: (event: SchedulerEvent) => void;
}

/** The wait after a failed look at the tables: doubled each time, milliseconds. */
const FIRST_BACKOFF_MS = 30_000;
const LAST_BACKOFF_MS = 300_000;

/** One job: looks at the tables at every tick, and runs it when it is this process's turn. */
export class JobRunner {
  readonly job: Job;
  readonly #options: RunnerOptions;
  #attempt: Attempt | undefined;
  #running: Promise<void> | undefined;
  #stopping = false;
  #claims = 0;
  #failures = 0;
  #notBefore = 0;
  /** A running night that nobody seems to hold, and since when that is seen. */
  #free: { readonly holder: string | null; readonly since: Date } | undefined;

  /** @throws LobbieSyncError with exit code 2 when the job's times can't be followed */
  constructor(options: RunnerOptions) {
    checkTimes(options.job);
    this.#options = options;
    this.job = options.job;
  }

  /** The night that this process is doing. */
  get runningDue(): Date | undefined {
    return this.#attempt?.dueAt;
  }

  get nextDue(): Date {
    return nextDue(this.job, this.#options.clock.now());
  }

  /** Looks and acts. Never throws: what goes wrong is logged and tried again at a later tick, for ever. */
  async tick(): Promise<void> {
    const { clock, logger, job } = this.#options;
    const now = clock.now();
    // A clock that was set back far must not silence the job either.
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
        'the schedule could not be read; tried again',
      );
    }
  }

  /** Begins nothing more, asks a running job to end, and resolves when it has. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#attempt?.stop('the daemon is stopping');
    await this.idle();
  }

  /** Resolves when no job of this process is running. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #step(now: Date): Promise<void> {
    const { db, connectionString, job } = this.#options;
    await this.#attempt?.check();
    const glance = this.#decide(await jobState(db, job.name, now), now, undefined);
    if (glance.kind === 'nothing') return;
    if (glance.kind === 'overlap') return await this.#overlap(glance.skip, now);
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
    return decide({ now, dues, last, open, mine, freeSince, takeoverAfterMs, maxAttempts });
  }

  /** With the lock held: decides again on what is now surely true, and does it. True: a job runs and keeps the lock. */
  async #act(lock: JobLock, now: Date): Promise<boolean> {
    const { logger, job } = this.#options;
    const state = await jobState(lock.db, job.name, now);
    const decision = this.#decide(state, now, this.#freeSince(state.open, now));
    switch (decision.kind) {
      case 'first_start':
        await recordFirstStart(lock.db, job.name, now);
        logger.info({ job: job.name, nextDue: this.nextDue }, 'a job is scheduled from now on');
        return false;
      case 'give_up':
        await this.#giveUp(lock, decision.night, now);
        return false;
      case 'again': {
        const { night } = decision;
        const holder = this.#newHolder();
        if (this.#stopping || !(await claimAgain(lock.db, night, holder, now))) return false;
        const attempts = night.attempts + 1;
        logger.info({ job: job.name, due: night.dueAt, attempts }, 'a night is tried again');
        this.#begin(lock, night.dueAt, attempts, holder);
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
      const skipped = await recordSkipped(tx, job.name, skip, 'missed; a later night is done instead', now);
      return { skipped, mine: await claimNew(tx, job.name, due, holder, now) };
    });
    if (settle?.status === 'running') this.#tellLost(settle, ...ending(settle));
    const late = claimed.mine && now.getTime() - due.getTime() > lateAfterMs;
    const missed = late ? [...claimed.skipped, due] : claimed.skipped;
    if (missed.length > 0) {
      logger.warn({ job: job.name, missed, madeUp: late }, 'nights were missed');
      const madeUp = late ? due : undefined;
      this.#options.onEvent({ kind: 'missed', job: job.name, dues: missed, reason: 'down', madeUp });
    }
    if (!claimed.mine) return false;
    logger.info({ job: job.name, due }, 'a night begins');
    this.#begin(lock, due, 1, holder);
    return true;
  }

  async #giveUp(lock: JobLock, night: NightlySync, now: Date): Promise<void> {
    const message = `its process ended ${night.attempts} times before it was done`;
    await settleNightlySync(lock.db, night, 'failed', message, now);
    this.#options.logger.error({ job: night.job, due: night.dueAt }, 'a night is given up');
    this.#tellLost(night, 'failed', message);
  }

  #tellLost(night: NightlySync, status: 'failed' | 'incomplete', message: string): void {
    const result = { status, exitCode: status === 'failed' ? 1 : 5, message };
    const { job, dueAt: due } = night;
    this.#options.onEvent({ kind: 'ended', job, due, result, nextAttemptAt: null, interrupted: false });
  }

  async #overlap(dues: readonly Date[], now: Date): Promise<void> {
    const { db, job, logger } = this.#options;
    const skipped = await recordSkipped(db, job.name, dues, 'the night before was still running', now);
    if (skipped.length === 0) return;
    logger.warn({ job: job.name, skipped }, 'nights are skipped: the one before is still running');
    this.#options.onEvent({ kind: 'missed', job: job.name, dues: skipped, reason: 'overlap', madeUp: undefined });
  }

  /** A name of its own for each claim, so that an old attempt of this process can't close a newer one. */
  #newHolder(): string {
    this.#claims += 1;
    return `${this.#options.holder}/${this.#claims}`;
  }

  #begin(lock: JobLock, dueAt: Date, attempts: number, holder: string): void {
    const { takeoverAfterMs, ...rest } = this.#options;
    const attempt = new Attempt(lock, { ...rest, dueAt, attempts, holder, patienceMs: takeoverAfterMs / 2 });
    this.#free = undefined;
    this.#attempt = attempt;
    // A stop that came between the claim and here.
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
      this.#options.logger.info(fields, 'a night ended');
      this.#options.onEvent({ kind: 'ended', job: this.job.name, due: dueAt, result, nextAttemptAt, interrupted });
    });
  }
}

/** What a night was that is left behind because the next one is due. */
function ending(night: NightlySync): ['incomplete' | 'failed', string] {
  if (night.status === 'running') return ['incomplete', 'its process ended without recording an end'];
  const status = night.exitCode === 5 ? 'incomplete' : 'failed';
  return [status, `${night.message ?? 'not done'}; not tried again, as the next night was due`];
}
