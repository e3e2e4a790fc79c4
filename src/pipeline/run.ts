import PQueue from 'p-queue';
import { EXIT, type LobbieSyncError } from '../core/errors.ts';
import { selectionKey } from '../core/selection.ts';
import { classifyDatabaseError } from '../db/pool.ts';
import { resourceNamed } from '../extractors/registry.ts';
import type { Resource } from '../extractors/resource.ts';
import { chooseRead, prerequisites, selectResources } from '../extractors/select.ts';
import { addAudit } from '../state/audit.ts';
import { releaseLeases, takeLeases } from '../state/leases.ts';
import { endPass, openPass } from '../state/passes.ts';
import { addProblem, closeDeadRuns, closeRun } from '../state/runs.ts';
import type { Progress, RunContext, Unit } from './context.ts';
import { flushTally } from './flush.ts';
import { decideOutcome } from './outcome.ts';
import { Permits } from './permits.ts';
import type { RunDependencies, RunOptions, RunReport } from './run-options.ts';
import { RunSession } from './session.ts';
import { Tally } from './tally.ts';
import { runUnit, type UnitOutcome } from './unit.ts';
import { planUnits, TOKEN_ACCOUNT, type UnitPlan, unitPriority } from './units.ts';

export type { RunDependencies, RunOptions, RunReport } from './run-options.ts';

/** Pages that may be read and not yet committed, for each request that may be under way. */
const PERMITS_PER_REQUEST = 4;

/** Tables that grew by so many rows get fresh statistics, so that other readers' queries are planned well. */
const ANALYZE_FROM_ROWS = 1000;

/**
 * Reads a selection of lists into the warehouse: opens a run, takes its leases, continues or begins a pass, reads every
 * unit, and closes the run as what it was. Never throws for what went wrong on the way: the report tells.
 *
 * @throws LobbieSyncError when the run can't even be opened (database away, not migrated)
 */
export async function executeRun(deps: RunDependencies, options: RunOptions): Promise<RunReport> {
  let lost: LobbieSyncError | undefined;
  const session = await RunSession.open({
    connectionString: deps.connectionString,
    kind: options.kind,
    selection: options.selection,
    clock: deps.clock,
    logger: deps.logger,
    onLost: (error) => {
      lost = error;
    },
  });
  try {
    return await new Runner(deps, options, session.runId, () => lost).run();
  } finally {
    await session.close();
  }
}

class Runner {
  readonly #deps: RunDependencies;
  readonly #options: RunOptions;
  readonly #runId: string;
  readonly #lost: () => LobbieSyncError | undefined;
  readonly #queue: PQueue;
  readonly #tally: Tally;
  readonly #units = { certified: 0, skipped: 0, stopped: 0, failed: 0 };
  #busy = 0;
  #fatal: LobbieSyncError | undefined;
  #accountsRefused = 0;

  constructor(deps: RunDependencies, options: RunOptions, runId: string, lost: () => LobbieSyncError | undefined) {
    this.#deps = deps;
    this.#options = options;
    this.#runId = runId;
    this.#lost = lost;
    this.#queue = new PQueue({ concurrency: deps.concurrency + 4 });
    this.#tally = new Tally(options.maxRequests ?? Number.POSITIVE_INFINITY, options.stop);
  }

  async run(): Promise<RunReport> {
    const { db, clock, logger } = this.#deps;
    let passId: string | undefined;
    try {
      const dead = await closeDeadRuns(db, clock.now());
      if (dead.length > 0) logger.warn({ runs: dead }, 'runs of processes that are gone were closed as incomplete');
      await this.#audit('run.start');
      const pass = await openPass(db, {
        kind: this.#options.kind,
        selectionKey: selectionKey(this.#options.selection),
        restart: this.#options.restart ?? false,
        now: clock.now(),
      });
      passId = pass.id;
      this.#options.onStart?.(this.#runId, pass.continued);
      const context = this.#context(pass.id, pass.startedAt);
      const accounts =
        this.#options.selection.accounts.length > 0 ? this.#options.selection.accounts : this.#deps.accounts;
      await Promise.all([TOKEN_ACCOUNT, ...accounts].map((account) => this.#account(context, account)));
      const refusedAll = this.#accountsRefused > 0 && this.#accountsRefused === accounts.length;
      return await this.#close(passId, refusedAll);
    } catch (cause) {
      this.#fatal ??= classifyDatabaseError(cause);
      return await this.#close(passId, false);
    }
  }

  #context(passId: string, passStartedAt: Date): RunContext {
    const { api, pool, db, clock, logger, concurrency } = this.#deps;
    return {
      runId: this.#runId,
      passId,
      passStartedAt,
      api,
      pool,
      db,
      clock,
      logger,
      concurrency,
      stop: this.#options.stop,
      tally: this.#tally,
      permits: new Permits(Math.max(8, concurrency * PERMITS_PER_REQUEST)),
      onProgress: this.#options.onProgress ?? (() => undefined),
    };
  }

  async #account(context: RunContext, accountId: string): Promise<void> {
    const wanted = await this.#wanted(accountId);
    if (wanted.length === 0) return;
    const held = await this.#lease(context, accountId, wanted);
    const places = held.find((resource) => resource.name === 'locations');
    if (places !== undefined && accountId !== TOKEN_ACCOUNT) {
      const [plan] = planUnits([places], accountId, [], (read) => read);
      const outcome = plan === undefined ? undefined : await this.#execute(context, plan.unit, true, 20);
      if (outcome?.state === 'failed' && outcome.error.code === 'api.forbidden') {
        this.#accountsRefused += 1;
        return;
      }
      if (this.#options.stop.requested) return;
    }
    const locations = accountId === TOKEN_ACCOUNT ? [] : await this.#locations(accountId);
    const rest = held.filter((resource) => resource !== places);
    const plans = planUnits(rest, accountId, locations, (read) => chooseRead(read, this.#deps.newerOperations));
    const running = new Map<Unit, Promise<UnitOutcome>>();
    const names = new Set(held.map((resource) => resource.name));
    const busy = new Set(wanted.map((resource) => resource.name).filter((name) => !names.has(name)));
    // In the order of dependencies: a unit can only wait for one that is already in the map.
    const pending = [...plans];
    while (pending.length > 0) {
      const index = pending.findIndex((plan) => plan.after.every((unit) => running.has(unit)));
      const [plan] = pending.splice(Math.max(index, 0), 1);
      if (plan === undefined) break;
      running.set(plan.unit, this.#afterParents(context, plan, running, busy, unitPriority(plan.unit, plans)));
    }
    await Promise.all(running.values());
  }

  async #afterParents(
    context: RunContext,
    { unit, after }: UnitPlan,
    running: ReadonlyMap<Unit, Promise<UnitOutcome>>,
    busy: ReadonlySet<string>,
    priority: number,
  ): Promise<UnitOutcome> {
    const parents = await Promise.all(after.map((each) => running.get(each)));
    if (parents.some((outcome) => outcome?.state === 'stopped')) return this.#count({ state: 'stopped' });
    // Parents that another run is reading at this moment are not all there.
    const parentBusy = unit.read.parent !== undefined && busy.has(unit.read.parent.resource);
    const complete = !parentBusy && parents.every((outcome) => outcome?.state !== 'failed');
    return await this.#execute(context, unit, complete, priority);
  }

  async #execute(context: RunContext, unit: Unit, complete: boolean, priority: number): Promise<UnitOutcome> {
    const report = (state: Progress['state']) =>
      context.onProgress({ unit, state, rows: 0, requests: this.#tally.total });
    const outcome = await this.#queue.add(
      async (): Promise<UnitOutcome> => {
        if (this.#fatal !== undefined || this.#lost() !== undefined || context.stop.requested)
          return { state: 'stopped' };
        report('started');
        return await runUnit(context, unit, complete);
      },
      { priority },
    );
    if (outcome.state === 'failed' && outcome.error.action === 'abort') this.#fatal ??= outcome.error;
    report(outcome.state === 'certified' ? 'done' : outcome.state);
    return this.#count(outcome);
  }

  #count(outcome: UnitOutcome): UnitOutcome {
    this.#units[outcome.state] += 1;
    return outcome;
  }

  /** The selected resources of an account, with what must be in the warehouse before them and isn't yet. */
  async #wanted(accountId: string): Promise<readonly Resource[]> {
    const selected = selectResources(this.#options.selection.resources);
    const names = new Set(selected.map((resource) => resource.name));
    const add = async (name: string): Promise<void> => {
      if (names.has(name)) return;
      const certified = await this.#deps.db
        .selectFrom('lobbie_sync.sweeps')
        .select('id')
        .where('account_id', '=', accountId)
        .where('resource', '=', name)
        .where('status', '=', 'certified')
        .limit(1)
        .executeTakeFirst();
      if (certified !== undefined) return;
      names.add(name);
      for (const more of prerequisites(resourceNamed(name))) await add(more);
    };
    if (accountId !== TOKEN_ACCOUNT) {
      for (const resource of selected) for (const name of prerequisites(resource)) await add(name);
    }
    return selectResources([...names]).filter((resource) =>
      resource.reads.some((read) => (read.scope === 'global') === (accountId === TOKEN_ACCOUNT)),
    );
  }

  async #lease(context: RunContext, accountId: string, wanted: readonly Resource[]): Promise<readonly Resource[]> {
    const names = wanted.map((resource) => resource.name);
    const busy = await takeLeases(context.db, this.#runId, accountId, names, context.clock.now());
    for (const { resource, runId } of busy) {
      this.#busy += 1;
      await addProblem(context.db, {
        run_id: this.#runId,
        at: context.clock.now(),
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

  async #locations(accountId: string): Promise<readonly string[]> {
    const { rows } = await this.#deps.pool.query<{ id: string }>(
      'SELECT id::text AS id FROM lobbie.locations WHERE account_id = $1 AND _deleted_at IS NULL ORDER BY id',
      [accountId],
    );
    const chosen = new Set(this.#options.selection.locations);
    return rows.map((row) => row.id).filter((id) => chosen.size === 0 || chosen.has(id));
  }

  async #close(passId: string | undefined, refused: boolean): Promise<RunReport> {
    const { db, clock } = this.#deps;
    const fatal = this.#fatal ?? this.#lost();
    const stop = this.#options.stop.reason;
    const { stopped, failed } = this.#units;
    const outcome = decideOutcome({ fatal, stop, stopped, failed, busy: this.#busy, gaps: 0, refused });
    try {
      await flushTally(db, this.#runId, this.#tally);
      if (outcome.status !== 'failed') await this.#analyze();
      if (
        passId !== undefined &&
        this.#busy === 0 &&
        (outcome.status === 'succeeded' || outcome.status === 'partial')
      ) {
        await endPass(db, passId, outcome.status === 'succeeded' ? 'finished' : 'partial', clock.now());
      }
      await closeRun(db, this.#runId, { status: outcome.status, error: outcome.message, at: clock.now() });
      await releaseLeases(db, this.#runId);
      await this.#audit('run.end', { status: outcome.status });
      return this.#report(outcome, fatal ?? stop);
    } catch (cause) {
      // The next run closes it: its lock is free as soon as this process lets go.
      const error = classifyDatabaseError(cause);
      return this.#report({ status: 'failed', exitCode: EXIT.unexpected }, fatal ?? error);
    }
  }

  #report(outcome: Pick<RunReport, 'status' | 'exitCode'>, error: LobbieSyncError | undefined): RunReport {
    const { status, exitCode } = outcome;
    return { runId: this.#runId, status, exitCode, error, units: { ...this.#units } };
  }

  async #analyze(): Promise<void> {
    const { pool } = this.#deps;
    const { rows } = await pool.query<{ resource: string }>(
      `SELECT resource FROM lobbie_sync.run_resources WHERE run_id = $1 AND rows_inserted >= $2`,
      [this.#runId, ANALYZE_FROM_ROWS],
    );
    for (const { resource } of rows) await pool.query(`ANALYZE lobbie.${resourceNamed(resource).name}`);
  }

  async #audit(action: string, subject: Record<string, unknown> = {}): Promise<void> {
    await addAudit(
      this.#deps.db,
      { actor: this.#deps.actor, action: `${this.#options.kind}.${action}`, subject, runId: this.#runId },
      this.#deps.clock.now(),
    );
  }
}
