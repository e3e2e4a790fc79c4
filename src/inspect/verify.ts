import { StopError } from '../core/errors.ts';
import type { Selection } from '../core/selection.ts';
import type { StopSignal } from '../core/stop.ts';
import { classifyError } from '../db/pool.ts';
import { chooseRead, selectResources } from '../extractors/select.ts';
import { type RunDependencies, RunLifecycle, type RunReport } from '../runs/lifecycle.ts';
import type { Progress, RunContext } from '../streams/context.ts';
import { recordProblem } from '../streams/unit-outcome.ts';
import { planUnits, TOKEN_ACCOUNT } from '../streams/units.ts';
import { countOrphans, type Orphans } from './orphans.ts';
import { type ListCheck, recount, recountParents } from './verify-lists.ts';
import { type SampleCheck, sampleById } from './verify-sample.ts';

export interface VerifyOptions {
  readonly selection: Selection;
  /** How many rows per resource and account are read by id, and how many parents' lists are compared. */
  readonly sample: number;
  readonly stop: StopSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface VerifyReport extends Omit<RunReport, 'units'> {
  readonly lists: readonly ListCheck[];
  readonly sampled: readonly SampleCheck[];
  /** Rows that refer to missing rows; reported, not counted as gaps. */
  readonly orphans: readonly Orphans[];
  /** Rows that are missing, surplus or different, in all. */
  readonly gaps: number;
}

/**
 * Compares the mirror with the API without changing data. Every list is read again and compared by key and content; lists below a parent
 * are compared for a random sample of parents; and random rows are read by id.
 */
export async function executeVerify(deps: RunDependencies, options: VerifyOptions): Promise<VerifyReport> {
  const lists: ListCheck[] = [];
  const sampled: SampleCheck[] = [];
  let orphans: readonly Orphans[] = [];
  let gaps = 0;
  const report = await RunLifecycle.run(deps, { ...options, kind: 'verify' }, async (lifecycle) => {
    const context = lifecycle.context({ id: '0', startedAt: deps.clock.now() }, { leased: false });
    for (const accountId of [TOKEN_ACCOUNT, ...lifecycle.accounts]) {
      if (lifecycle.ending) break;
      await verifyAccount(lifecycle, context, accountId, options, { lists, sampled });
    }
    const names = selectResources(options.selection.resources).map((resource) => resource.name);
    orphans = await countOrphans(deps.pool, lifecycle.accounts, names);
    gaps =
      lists.reduce((sum, list) => sum + list.missing + list.extra + list.changed, 0) +
      sampled.reduce((sum, check) => sum + check.different + check.vanished, 0);
    lifecycle.gaps = gaps;
  });
  const { runId, status, exitCode, error } = report;
  return { runId, status, exitCode, error, lists, sampled, orphans, gaps };
}

async function verifyAccount(
  lifecycle: RunLifecycle,
  context: RunContext,
  accountId: string,
  options: VerifyOptions,
  found: { readonly lists: ListCheck[]; readonly sampled: SampleCheck[] },
): Promise<void> {
  const resources = lifecycle.on(accountId, selectResources(options.selection.resources));
  const locations = accountId === TOKEN_ACCOUNT ? [] : await lifecycle.locations(accountId);
  const plans = planUnits(resources, accountId, locations, (read) => chooseRead(read, lifecycle.deps.newerOperations));
  for (const { unit } of plans) {
    if (lifecycle.ending) return;
    try {
      const parents = unit.read.parent !== undefined;
      found.lists.push(await (parents ? recountParents(context, unit, options.sample) : recount(context, unit)));
      context.onProgress({ unit, state: 'done', rows: 0, requests: lifecycle.counters.total });
    } catch (cause) {
      const error = classifyError(cause);
      if (error instanceof StopError || options.stop.requested) return;
      if (error.action === 'abort') throw error;
      lifecycle.count({ state: 'failed', error });
      await recordProblem(context, unit, error);
    }
  }
  if (accountId === TOKEN_ACCOUNT) return;
  for (const resource of resources) {
    if (lifecycle.ending) return;
    const check = await sampleById(context, resource, accountId, options.sample);
    if (check !== undefined) found.sampled.push(check);
  }
}
