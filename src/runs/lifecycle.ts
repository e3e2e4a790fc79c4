import PQueue from 'p-queue';
import { EXIT, type LobbieSyncError, StopError } from '../core/errors.ts';
import { patiently } from '../db/patience.ts';
import { classifyError } from '../db/pool.ts';
import type { Resource } from '../extractors/resource.ts';
import { addAudit } from '../state/audit.ts';
import { releaseLeases, takeLeases } from '../state/leases.ts';
import { offByAccount } from '../state/resources-off.ts';
import { addProblem, closeRun } from '../state/runs.ts';
import type { Progress, RunContext, Unit } from '../streams/context.ts';
import { Counters } from '../streams/counters.ts';
import { Doubts } from '../streams/doubts.ts';
import { flushCounters } from '../streams/flush.ts';
import { knownLocations } from '../streams/locations.ts';
import { Semaphore } from '../streams/semaphore.ts';
import type { UnitOutcome } from '../streams/unit-outcome.ts';
import { endTime, refuseWrongClock } from './clock-check.ts';
import type { LifecycleOptions, RunDependencies, RunReport } from './dependencies.ts';
import { clearLeftovers } from './leftovers.ts';
import { maintainAfterRun } from './maintenance.ts';
import { throughOutages } from './outages.ts';
import { decideOutcome, type FinalStatus, type Outcome } from './outcome.ts';
import { divideRate } from './rate-fraction.ts';
import { RunSession } from './session.ts';
import { stoppingApi } from './stopping-api.ts';

export type { LifecycleOptions, RunDependencies, RunReport } from './dependencies.ts';

/** How long opening a run is tried, milliseconds: a person who waits for a command wants to know soon that the database is away. */
const OPENING_MS = 30_000;

/** Pages that may be read and not yet committed, for each request that may be in progress. */
const PAGES_PER_REQUEST = 4;

/**
 * The part that is the same for every run: its lock, its row, leases, the queue of units, counters, and its outcome. The body of the
 * run reads or writes.
 */
export class RunLifecycle {
  readonly deps: RunDependencies;
  readonly options: LifecycleOptions;
  readonly runId: string;
  readonly counters: Counters;
  readonly units = { certified: 0, skipped: 0, stopped: 0, failed: 0 };
  /** Rows that differ between the API and the warehouse; only a verification finds any. */
  gaps = 0;
  /** Deletes that wait for a person, and rows of which is not known whether they are gone. Accounts add to them concurrently. */
  readonly deletes = { held: 0, unproven: 0 };
  #doubts: Doubts | undefined;
  #off: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  /** Accounts without a grant. */
  refused = 0;
  /** Changes that could not be delivered, and changes that wait for a person. */
  undelivered = 0;
  undecided = 0;
  #busy = 0;
  #fatal: LobbieSyncError | undefined;
  #lost: LobbieSyncError | undefined;
  readonly #queue: PQueue;

  private constructor(deps: RunDependencies, options: LifecycleOptions, runId: string) {
    this.deps = deps;
    this.options = options;
    this.runId = runId;
    this.#queue = new PQueue({ concurrency: deps.concurrency + 4 });
    this.counters = new Counters(options.maxRequests ?? Number.POSITIVE_INFINITY, options.stop);
  }

  /**
   * Opens a run, calls `body`, and closes the run with its outcome. Errors within the run are not thrown; the report has them.
   *
   * @throws LobbieSyncError when the run can't be opened (database away, not migrated, a wrong clock)
   */
  static async run(
    deps: RunDependencies,
    options: LifecycleOptions,
    body: (lifecycle: RunLifecycle) => Promise<void>,
    end?: (lifecycle: RunLifecycle, status: FinalStatus) => Promise<void>,
  ): Promise<RunReport> {
    let lifecycle: RunLifecycle | undefined;
    const { clock, logger, connectionString } = deps;
    const { kind, selection } = options;
    const onLost = (error: LobbieSyncError) => lifecycle?.lose(error);
    await refuseWrongClock(deps, options);
    const session = await patiently({ clock, signal: options.stop.signal, patienceMs: OPENING_MS }, () =>
      RunSession.open({ connectionString, kind, selection, clock, logger, onLost }),
    );
    const division = divideRate(deps);
    try {
      lifecycle = new RunLifecycle(deps, options, session.runId);
      try {
        await lifecycle.patiently(() => (lifecycle as RunLifecycle).#begin());
        await body(lifecycle);
      } catch (cause) {
        lifecycle.fail(classifyError(cause));
      }
      // Units in progress must end before their leases are released.
      await lifecycle.#queue.onIdle();
      return await lifecycle.#close(end);
    } finally {
      await division.stop();
      await session.close();
    }
  }

  /** Closes runs of dead processes, and loads the writes in doubt and the resources that are off. May be repeated. */
  async #begin(): Promise<void> {
    const { db, pool } = this.deps;
    await clearLeftovers(this.deps, this.runId);
    this.#doubts = await Doubts.load(pool);
    this.#off = await offByAccount(db);
    await this.#audit('run.start', {}, this.deps.clock.now());
  }

  /** Whether the run is ending: no new unit should begin. */
  get ending(): boolean {
    return this.#fatal !== undefined || this.#lost !== undefined || this.options.stop.requested;
  }

  /** The resources of an account that no person switched off. */
  on(accountId: string, resources: readonly Resource[]): readonly Resource[] {
    const off = this.#off.get(accountId);
    return off === undefined ? resources : resources.filter(({ name }) => !off.has(name));
  }

  /** Whether another run reads a part of the selection now. */
  get busy(): boolean {
    return this.#busy > 0;
  }

  /** The accounts of the selection. */
  get accounts(): readonly string[] {
    return this.options.selection.accounts.length > 0 ? this.options.selection.accounts : this.deps.accounts;
  }

  /** Ends the run as failed, with the first error as its reason. A requested stop is no failure. */
  fail(error: LobbieSyncError): void {
    if (error.action === 'stop') return;
    this.#fatal ??= error;
    this.options.stop.request(new StopError('stop.signal', error.message));
  }

  lose(error: LobbieSyncError): void {
    this.#lost = error;
  }

  /** The context that the run's units work with. */
  context(pass: { readonly id: string; readonly startedAt: Date }, more: Partial<RunContext> = {}): RunContext {
    const { api, pool, db, clock, logger, concurrency, noHistory, maxClockSkewMs } = this.deps;
    return {
      runId: this.runId,
      passId: pass.id,
      passStartedAt: pass.startedAt,
      api: stoppingApi(api, this.options.stop, maxClockSkewMs),
      maxClockSkewMs,
      pool,
      db,
      clock,
      logger,
      concurrency,
      noHistory,
      leased: true,
      hints: false,
      stop: this.options.stop,
      counters: this.counters,
      semaphore: new Semaphore(Math.max(8, concurrency * PAGES_PER_REQUEST)),
      doubts: this.#knownDoubts(),
      onProgress: this.options.onProgress ?? (() => undefined),
      ...more,
    };
  }

  #knownDoubts(): Doubts {
    if (this.#doubts === undefined) throw new TypeError('a run has no context before it has begun');
    return this.#doubts;
  }

  /** Queues the work of one unit, runs it, and counts its outcome. */
  async execute(
    context: RunContext,
    unit: Unit,
    priority: number,
    work: () => Promise<UnitOutcome>,
  ): Promise<UnitOutcome> {
    const report = (state: Progress['state']) =>
      context.onProgress({ unit, state, rows: 0, requests: this.counters.total });
    const outcome = await this.#queue.add(
      async (): Promise<UnitOutcome> => {
        if (this.ending) return { state: 'stopped' };
        report('started');
        return await throughOutages(this, unit, work);
      },
      { priority },
    );
    if (outcome.state === 'failed' && outcome.error.action === 'abort') this.fail(outcome.error);
    report(outcome.state === 'certified' ? 'done' : outcome.state);
    return this.count(outcome);
  }

  /** Does work that may be repeated, and repeats it while the database is away. */
  async patiently<T>(work: () => Promise<T>, signal: AbortSignal = this.options.stop.signal): Promise<T> {
    const { clock, logger } = this.deps;
    const onPause = (error: LobbieSyncError, attempt: number) =>
      logger.warn({ run: this.runId, code: error.code, attempt }, 'the database is away; the run waits for it');
    return await patiently({ clock, signal, onPause }, work);
  }

  count(outcome: UnitOutcome): UnitOutcome {
    this.units[outcome.state] += 1;
    return outcome;
  }

  /** Takes the leases of an account. Returns the resources that it got; those that other runs hold are recorded as problems. */
  async lease(accountId: string, wanted: readonly Resource[]): Promise<readonly Resource[]> {
    const { db, clock } = this.deps;
    const names = wanted.map((resource) => resource.name);
    const busy = await takeLeases(db, this.runId, accountId, names, clock.now());
    for (const { resource, runId } of busy) {
      this.#busy += 1;
      await addProblem(db, {
        run_id: this.runId,
        at: clock.now(),
        account_id: accountId,
        location_id: null,
        resource,
        scope: null,
        code: 'state.busy',
        message: `${resource} of account ${accountId} is being read by run ${runId}`,
        hint: `Wait for run ${runId} to end (lobbie-sync runs show ${runId}), then run again.`,
      });
    }
    const taken = new Set(busy.map((each) => each.resource));
    return wanted.filter((resource) => !taken.has(resource.name));
  }

  /** The locations of an account that the selection allows, from the warehouse. */
  async locations(accountId: string): Promise<readonly string[]> {
    return await knownLocations(this.deps.pool, accountId, this.options.selection);
  }

  async #close(end: ((lifecycle: RunLifecycle, status: FinalStatus) => Promise<void>) | undefined): Promise<RunReport> {
    const fatal = this.#fatal ?? this.#lost;
    const stop = this.options.stop.reason;
    const { stopped, failed } = this.units;
    const refused = this.refused > 0 && this.refused === this.accounts.length;
    const { gaps, undelivered, undecided } = this;
    const busy = this.#busy;
    const ends = { ...this.deletes, fatal, stop, stopped, failed, busy, gaps, refused, undelivered, undecided };
    const outcome = decideOutcome(ends);
    // A person who stops the run does not have to wait for a database that is away.
    const signal = fatal === undefined && stop !== undefined ? AbortSignal.abort() : new AbortController().signal;
    try {
      return await this.patiently(async () => {
        await this.#record(outcome, end);
        return this.#report(outcome, fatal ?? stop);
      }, signal);
    } catch (cause) {
      // The next run closes this one, since this process then no longer holds its lock.
      const error = classifyError(cause);
      return this.#report({ status: 'failed', exitCode: EXIT.unexpected }, fatal ?? error);
    }
  }

  /** Records how the run ended. May be repeated from its beginning. */
  async #record(
    outcome: Outcome,
    end: ((lifecycle: RunLifecycle, status: FinalStatus) => Promise<void>) | undefined,
  ): Promise<void> {
    const { db } = this.deps;
    const now = await endTime(this.deps, this.options.stop.reason);
    const newFields = await flushCounters(db, this.runId, this.counters, now);
    // Deliveries are short, frequent and change few rows. The next read counts the tables again.
    if (outcome.status !== 'failed' && this.options.kind !== 'push') {
      await maintainAfterRun(this.deps, this.runId, now);
    }
    await end?.(this, outcome.status);
    await closeRun(db, this.runId, { status: outcome.status, error: outcome.message, at: now });
    await releaseLeases(db, this.runId);
    await this.#audit('run.end', { status: outcome.status, ...(newFields > 0 && { newFields }) }, now);
  }

  #report(outcome: Pick<RunReport, 'status' | 'exitCode'>, error: LobbieSyncError | undefined): RunReport {
    const { status, exitCode } = outcome;
    return { runId: this.runId, status, exitCode, error, units: { ...this.units } };
  }

  async #audit(action: string, subject: Record<string, unknown>, now: Date): Promise<void> {
    const { db, actor } = this.deps;
    await addAudit(db, { actor, action: `${this.options.kind}.${action}`, subject, runId: this.runId }, now);
  }
}
