import { addCounts, type Counts, zeroCounts } from '../core/counts.ts';
import type { Selection } from '../core/selection.ts';
import type { StopSignal } from '../core/stop.ts';
import { withLoad } from '../db/transaction.ts';
import { absorbRecord, type CountsByResource, forgetRecord } from '../pipeline/absorb.ts';
import type { RunContext } from '../pipeline/context.ts';
import { type RunDependencies, type RunReport, RunShell } from '../pipeline/shell.ts';
import type { PushContext, PushSettings, PushTransaction } from '../push/context.ts';
import { Guards } from '../push/guards.ts';
import { type PlanEntry, planRows } from '../push/plan.ts';
import { deliverQueue, noTotals, type PushTotals, type WorkerOptions } from '../push/worker.ts';
import { outboxSummary } from '../state/outbox-review.ts';
import { addRunCounts } from '../state/runs.ts';
import type { Access } from './access.ts';

/** What a delivery is asked for. */
export interface ApplyOptions {
  readonly selection: Selection;
  /** Only these rows. Default: all. */
  readonly ids?: readonly string[] | undefined;
  /** Deliver deletes that nobody approved one by one. Default false. */
  readonly deletes?: boolean | undefined;
  /** Default: LOBBIE_PUSH_MAX_CHANGES. */
  readonly maxChanges?: number | undefined;
  /** Requests that may be sent. Default: no limit. */
  readonly maxRequests?: number | undefined;
  readonly stop: StopSignal;
  readonly onRow?: WorkerOptions['onRow'];
  /** Rows that are due within this time are waited for, milliseconds. Default 60,000. */
  readonly patienceMs?: number | undefined;
}

/** What came of a delivery. */
export interface ApplyReport extends Omit<RunReport, 'units'> {
  readonly totals: PushTotals;
  /** Rows of the selection that wait for a person now. */
  readonly undecided: number;
}

/** Delivers the outbox, within a run of its own. */
export async function applyPush(access: Access, options: ApplyOptions): Promise<ApplyReport> {
  const deps = await access.dependenciesFor(options.selection);
  let totals = noTotals();
  let undecided = 0;
  const { onRow, patienceMs = 60_000 } = options;
  const report = await runPush(access, deps, options, async (shell, context) => {
    const keep: WorkerOptions['onRow'] = (outcome, sums) => {
      totals = sums;
      onRow?.(outcome, sums);
    };
    try {
      totals = await deliverQueue(context, { onRow: keep, patienceMs });
    } finally {
      shell.undelivered = totals.rejected + totals.refused + totals.failed;
      const summary = await outboxSummary(deps.db, deps.clock.now(), context.choice);
      undecided = summary.needsPerson;
      shell.undecided = undecided;
      // What is still in doubt, or was put off, is not delivered either.
      shell.undelivered += await stillOpen(context, totals);
    }
  });
  const { units: _units, ...rest } = report;
  return { ...rest, totals, undecided };
}

/** Rows that this run left for another try. */
async function stillOpen(context: PushContext, totals: PushTotals): Promise<number> {
  if (totals.postponed === 0 && totals.in_doubt === 0) return 0;
  const { rows } = await context.db
    .selectFrom('lobbie_push.outbox')
    .select((eb) => eb.fn.countAll<string>().as('rows'))
    .where('status', 'in', ['pending', 'in_doubt'])
    .where('needs_person', '=', false)
    .where('not_before', 'is not', null)
    .executeTakeFirstOrThrow();
  return Number(rows);
}

export interface PlanOptions extends Omit<ApplyOptions, 'maxChanges' | 'onRow' | 'patienceMs'> {
  /** Rows that are looked at. */
  readonly limit: number;
}

export interface PlanReport extends Omit<RunReport, 'units'> {
  readonly entries: readonly PlanEntry[];
}

/** Tells what delivering the outbox would do; reads Lobbie and writes nothing to it, nor to the outbox. */
export async function planPush(access: Access, options: PlanOptions): Promise<PlanReport> {
  const deps = await access.dependenciesFor(options.selection);
  let entries: readonly PlanEntry[] = [];
  const { units: _units, ...report } = await runPush(access, deps, options, async (_shell, context) => {
    entries = await planRows(context, context.choice, options.limit);
  });
  return { ...report, entries };
}

async function runPush(
  access: Access,
  deps: RunDependencies,
  options: ApplyOptions,
  body: (shell: RunShell, context: PushContext) => Promise<void>,
): Promise<RunReport> {
  const { selection, maxRequests, stop } = options;
  // Kept with the run, so that nobody takes it for one that proves anything.
  const target = options.ids === undefined ? {} : { target: { outbox: options.ids } };
  const kept = { ...selection, ...target };
  return await RunShell.run(deps, { kind: 'push', selection: kept, maxRequests, stop }, async (shell) => {
    const run = shell.context({ id: '0', startedAt: deps.clock.now() }, { leased: false, signals: true });
    const ledger = new Ledger(run);
    try {
      await body(shell, pushContext(access, deps, run, ledger, options));
    } finally {
      await ledger.flush();
    }
  });
}

/** Counts of a run that are not in the database yet. They go with the next transaction, in one order, so that none waits in a ring. */
class Ledger {
  readonly #run: RunContext;
  readonly #counts = new Map<string, Counts>();

  constructor(run: RunContext) {
    this.#run = run;
  }

  add(resource: string, more: Partial<Counts>): void {
    const counts = this.#counts.get(resource) ?? zeroCounts();
    addCounts(counts, more);
    this.#counts.set(resource, counts);
  }

  /** Runs work in a transaction together with all counts so far and its own; they stay when it fails. */
  async within<T>(work: (tx: PushTransaction) => Promise<T>): Promise<T> {
    const { pool, tally, runId } = this.#run;
    for (const resource of tally.pendingResources()) this.add(resource, { requests: tally.takeRequests(resource) });
    const taken = new Map([...this.#counts].map(([resource, counts]) => [resource, { ...counts }]));
    this.#counts.clear();
    const own = new Map<string, Counts>();
    const note = (more: CountsByResource) => {
      for (const [resource, each] of more) {
        const counts = own.get(resource) ?? { ...(taken.get(resource) ?? zeroCounts()) };
        addCounts(counts, each);
        own.set(resource, counts);
      }
    };
    try {
      return await withLoad(pool, async (tx) => {
        own.clear();
        const result = await work({
          ...tx,
          absorb: async (record) => note(await absorbRecord(this.#run, tx, record)),
          forget: async (account, id) => note(await forgetRecord(this.#run, tx, account, 'patients', id)),
        });
        const all = new Map([...taken, ...own]);
        for (const resource of [...all.keys()].sort()) {
          await addRunCounts(tx.db, runId, resource, all.get(resource) ?? zeroCounts());
        }
        return result;
      });
    } catch (error) {
      for (const [resource, counts] of taken) this.add(resource, counts);
      throw error;
    }
  }

  async flush(): Promise<void> {
    await this.within(async () => undefined);
  }
}

function pushContext(
  access: Access,
  deps: RunDependencies,
  run: RunContext,
  ledger: Ledger,
  options: ApplyOptions,
): PushContext {
  const { push } = access.config;
  const { accounts, locations, resources } = options.selection;
  const { runId, tally } = run;
  const { api, db, clock, logger, concurrency, actor } = deps;
  const settings: PushSettings = {
    accounts: deps.accounts,
    appointmentBody: push.appointmentBody,
    policies: push.policies,
    ownedByLobbie: new Set(push.ownedByLobbie),
    timeoutMs: push.timeoutSeconds * 1000,
    settleAfterMs: push.settleSeconds * 1000,
  };
  return {
    ...{ runId, api, db, clock, logger, concurrency, actor, settings },
    stop: options.stop,
    guards: new Guards({ maxChanges: options.maxChanges ?? push.maxChanges, errorShare: push.errorShare }),
    choice: { accounts, locations, resources, ids: options.ids },
    deletes: options.deletes ?? false,
    countRequest: (resource) => tally.request(resource),
    countRecords: (resource, rowsRead) => ledger.add(resource, { rowsRead }),
    transaction: (work) => ledger.within(work),
  };
}
