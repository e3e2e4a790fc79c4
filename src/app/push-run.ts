import { addCounts, type Counts, zeroCounts } from '../core/counts.ts';
import { EXIT, LobbieSyncError } from '../core/errors.ts';
import { everything, type Selection } from '../core/selection.ts';
import { StopSignal } from '../core/stop.ts';
import type { WritableResource } from '../core/writable.ts';
import { withLoad } from '../db/transaction.ts';
import { forgetRecord } from '../deletions/forget-record.ts';
import type { PushContext, PushSettings, PushTransaction } from '../push/context.ts';
import { Guards } from '../push/guards.ts';
import { readRecord } from '../push/lobbie.ts';
import { type PlanEntry, planRows } from '../push/plan.ts';
import { deliverQueue, noTotals, type PushTotals } from '../push/worker.ts';
import { type RunDependencies, RunLifecycle, type RunReport } from '../runs/lifecycle.ts';
import { resultsOfOthers } from '../state/outbox/known.ts';
import { outboxNeeds, resolveDoubt } from '../state/outbox/review.ts';
import { waitingRows } from '../state/outbox/rows.ts';
import { forgetOwnWrites } from '../state/outbox/writes.ts';
import { addRunCounts } from '../state/runs.ts';
import type { RunContext } from '../streams/context.ts';
import { type CountsByResource, storeRecord } from '../streams/store-record.ts';
import type { Access } from './access.ts';

/** Rows at hand for each request that may be under way: between its requests a row is with the database. */
const ROWS_PER_REQUEST = 2;

/** What to deliver, and within which limits. */
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
  const totals = noTotals();
  let undecided = 0;
  const { patienceMs = 60_000 } = options;
  const report = await runPush(access, deps, options, async (lifecycle, context) => {
    const delivered = deliverQueue(context, { totals, patienceMs });
    // The error that ended the run is reported, not one of the count that follows it.
    const failed = await delivered.then(
      () => false,
      () => true,
    );
    const counted = (async () => {
      undecided = (await outboxNeeds(deps.db, deps.clock.now(), context.choice)).needsPerson;
      lifecycle.undecided = undecided;
      // What is still in doubt, or was put off, is not delivered either.
      const left = totals.postponed + totals.in_doubt > 0 ? await waitingRows(deps.db, context.choice) : 0;
      await forgetOwnWrites(deps.db);
      lifecycle.undelivered = totals.rejected + totals.refused + totals.failed + left;
    })();
    await (failed ? counted.catch(() => undefined) : counted);
    await delivered;
  });
  const { units: _units, ...rest } = report;
  return { ...rest, totals, undecided };
}

/**
 * Settles a create in doubt by a person's word: the record that it became is read from Lobbie and stored.
 *
 * @throws LobbieSyncError (exit code 2) when Lobbie has no such record, another row became it, or the row is no create in doubt
 */
export async function adoptRecord(
  access: Access,
  row: {
    readonly id: string;
    readonly accountId: string;
    readonly locationId: string | null;
    readonly resource: WritableResource;
  },
  resultId: string,
): Promise<void> {
  const selection = { ...everything, accounts: [row.accountId] };
  const deps = await access.dependenciesFor(selection);
  const stop = new StopSignal();
  const report = await runPush(access, deps, { selection, ids: [row.id], stop }, async (_shell, context) => {
    const read = await readRecord(context, row, resultId);
    const [other] = await resultsOfOthers(context.db, row, [resultId]);
    if (read.found !== 'record' || other !== undefined) {
      const why = read.found !== 'record' ? 'Lobbie has no such record' : 'another row became it';
      throw refusedDecision(`${resultId} can not be adopted: ${why}`);
    }
    await context.transaction(async (tx) => {
      const now = context.clock.now();
      if (!(await resolveDoubt(tx.db, row.id, resultId, now)))
        throw refusedDecision(`row ${row.id} is no create in doubt`);
      const { record, readAt } = read;
      await tx.storeRecord({ ...row, id: resultId, record, readAt, form: 'answer' });
    });
  });
  stop.dispose();
  if (report.error !== undefined) throw report.error;
}

/** A decision that can't be taken. */
export function refusedDecision(
  message: string,
  hint = 'See `lobbie-sync push status` for what waits for what.',
): LobbieSyncError {
  return new LobbieSyncError(message, { code: 'push.refused', action: 'abort', exitCode: EXIT.usage, hint });
}

export interface PlanOptions extends Omit<ApplyOptions, 'maxChanges' | 'patienceMs'> {
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
  body: (lifecycle: RunLifecycle, context: PushContext) => Promise<void>,
): Promise<RunReport> {
  const { selection, maxRequests, stop } = options;
  // Kept with the run, so that nobody takes it for one that proves anything.
  const target = options.ids === undefined ? {} : { target: { outbox: options.ids } };
  const kept = { ...selection, ...target };
  return await RunLifecycle.run(deps, { kind: 'push', selection: kept, maxRequests, stop }, async (lifecycle) => {
    const run = lifecycle.context({ id: '0', startedAt: deps.clock.now() }, { leased: false, hints: true });
    const ledger = new Ledger(run);
    try {
      await body(lifecycle, pushContext(access, deps, run, ledger, options));
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
    addTo(this.#counts, resource, more);
  }

  /** Runs work in a transaction together with all counts so far and its own; they stay when it fails. */
  async within<T>(work: (tx: PushTransaction) => Promise<T>): Promise<T> {
    const { pool, counters, runId } = this.#run;
    for (const resource of counters.pendingResources())
      this.add(resource, { requests: counters.takeRequests(resource) });
    const taken = new Map(this.#counts);
    this.#counts.clear();
    try {
      return await withLoad(pool, async (tx) => {
        const all = new Map([...taken].map(([resource, counts]) => [resource, { ...counts }]));
        const note = (more: CountsByResource) => {
          for (const [resource, counts] of more) addTo(all, resource, counts);
        };
        const result = await work({
          ...tx,
          storeRecord: async (record) => note(await storeRecord(this.#run, tx, record)),
          markDeleted: async (account, id) => note(await forgetRecord(this.#run, tx, account, 'patients', id)),
        });
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

function addTo(all: Map<string, Counts>, resource: string, more: Partial<Counts>): void {
  const counts = all.get(resource) ?? zeroCounts();
  addCounts(counts, more);
  all.set(resource, counts);
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
  const { runId, counters } = run;
  const { api, db, clock, logger, actor } = deps;
  // An update takes two requests: rows that are only read would use up a small budget.
  const affordable = Math.max(1, Math.floor((options.maxRequests ?? Number.POSITIVE_INFINITY) / 2));
  const settings: PushSettings = {
    accounts: deps.accounts,
    appointmentBody: push.appointmentBody,
    policies: push.policies,
    ownedByLobbie: new Set(push.ownedByLobbie),
    timeoutMs: push.timeoutSeconds * 1000,
    settleAfterMs: push.settleSeconds * 1000,
  };
  return {
    ...{ runId, api, db, clock, logger, actor, settings },
    rowsAtOnce: Math.min(deps.concurrency * ROWS_PER_REQUEST, affordable),
    stop: options.stop,
    guards: new Guards({ maxChanges: options.maxChanges ?? push.maxChanges, maxErrorFraction: push.maxErrorFraction }),
    choice: { accounts, locations, resources, ids: options.ids },
    deletes: options.deletes ?? false,
    countRequest: (resource) => counters.request(resource),
    uncountRequest: (resource) => counters.unrequest(resource),
    filters: new Map(),
    countRecords: (resource, rowsRead) => ledger.add(resource, { rowsRead }),
    transaction: (work) => ledger.within(work),
  };
}
