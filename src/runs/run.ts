import { selectionKey } from '../core/selection.ts';
import { judgeLocations } from '../deletions/closed-locations.ts';
import { decideCandidates } from '../deletions/deletions.ts';
import { judgeSweeps } from '../deletions/judge.ts';
import { resourceNamed } from '../extractors/registry.ts';
import type { Resource } from '../extractors/resource.ts';
import { chooseRead, prerequisites, selectResources } from '../extractors/select.ts';
import { endPass, openPass } from '../state/passes.ts';
import type { RunContext, Unit } from '../streams/context.ts';
import { runUnit } from '../streams/unit.ts';
import type { UnitOutcome } from '../streams/unit-outcome.ts';
import { planUnits, TOKEN_ACCOUNT, unitPriority } from '../streams/units.ts';
import { type LifecycleOptions, type RunDependencies, RunLifecycle, type RunReport } from './lifecycle.ts';
import { noteDeletes } from './note-deletes.ts';
import type { FinalStatus } from './outcome.ts';

export type { RunDependencies, RunReport } from './lifecycle.ts';

export interface RunOptions extends Omit<LifecycleOptions, 'kind'> {
  /** Begin at the first page even if an earlier run was interrupted. Default false. */
  readonly restart?: boolean | undefined;
  /** Called with the run's id once the run is open. */
  readonly onStart?: ((runId: string, continued: boolean) => void) | undefined;
}

/**
 * Reads a whole selection into the warehouse, every list from its first page to its last. It continues a run that was interrupted. It
 * does not continue a run that ended with failures, but reads everything again, so that gaps of that run have no effect.
 */
export async function executeBackfill(deps: RunDependencies, options: RunOptions): Promise<RunReport> {
  let passId: string | undefined;
  return await RunLifecycle.run(
    deps,
    { ...options, kind: 'backfill' },
    async (lifecycle) => {
      const pass = await lifecycle.patiently(() =>
        openPass(deps.db, {
          kind: 'backfill',
          selectionKey: selectionKey(options.selection),
          restart: options.restart ?? false,
          now: deps.clock.now(),
        }),
      );
      passId = pass.id;
      options.onStart?.(lifecycle.runId, pass.continued);
      const context = lifecycle.context(pass);
      await Promise.all(
        [TOKEN_ACCOUNT, ...lifecycle.accounts].map((account) => readAccount(lifecycle, context, account)),
      );
    },
    async (lifecycle, status) => {
      await endPassAs(lifecycle, passId, status);
    },
  );
}

/** Ends the pass of a run that came to its end. The pass stays open if the run was stopped or other runs held some lists. */
export async function endPassAs(
  lifecycle: RunLifecycle,
  passId: string | undefined,
  status: FinalStatus,
): Promise<void> {
  if (passId === undefined || lifecycle.busy || (status !== 'succeeded' && status !== 'partial')) return;
  const { db, clock } = lifecycle.deps;
  await endPass(db, passId, status === 'succeeded' ? 'finished' : 'partial', clock.now());
}

/** The resources that were wanted and not leased: another run is reading them now. */
export function busyOf(wanted: readonly Resource[], leased: readonly Resource[]): ReadonlySet<string> {
  const names = new Set(leased.map((resource) => resource.name));
  return new Set(wanted.map((resource) => resource.name).filter((name) => !names.has(name)));
}

/** Reads every selected list of one account: its locations first, then the others, each after the lists of its parents. */
async function readAccount(lifecycle: RunLifecycle, context: RunContext, accountId: string): Promise<void> {
  const wanted = await lifecycle.patiently(() => wantedResources(lifecycle, accountId));
  if (wanted.length === 0) return;
  const leased = await lifecycle.patiently(() => lifecycle.lease(accountId, wanted));
  const holder = leased.find((resource) => resource.holdsLocations);
  if (
    holder !== undefined &&
    accountId !== TOKEN_ACCOUNT &&
    !(await readLocations(lifecycle, context, accountId, holder))
  )
    return;
  const locations = accountId === TOKEN_ACCOUNT ? [] : await lifecycle.patiently(() => lifecycle.locations(accountId));
  const rest = leased.filter((resource) => resource !== holder);
  await readAll(lifecycle, context, accountId, { resources: rest, locations, busy: busyOf(wanted, leased) });
  if (lifecycle.ending) return;
  const complete = lifecycle.options.selection.locations.length === 0;
  await lifecycle.patiently(() => judgeSweeps(context, accountId, rest, complete));
  const { deleteThreshold } = lifecycle.deps;
  const decided = await lifecycle.patiently(() => decideCandidates(context, accountId, deleteThreshold));
  await noteDeletes(lifecycle, accountId, decided);
}

/** Reads the locations of an account and decides which are closed. Returns false when the account can't be read at all or the run is ending. */
export async function readLocations(
  lifecycle: RunLifecycle,
  context: RunContext,
  accountId: string,
  holder: Resource,
): Promise<boolean> {
  const [plan] = planUnits([holder], accountId, [], (read) => read);
  if (plan === undefined) return true;
  const outcome = await lifecycle.execute(context, plan.unit, 20, () => runUnit(context, plan.unit, true));
  if (outcome.state === 'failed' && outcome.error.code === 'api.forbidden') {
    lifecycle.refused += 1;
    return false;
  }
  if (lifecycle.ending) return false;
  const unproven = await lifecycle.patiently(() => judgeLocations(context, accountId, holder));
  await noteDeletes(lifecycle, accountId, {
    held: 0,
    unproven: new Map(unproven === 0 ? [] : [[holder.name, unproven]]),
  });
  return !lifecycle.ending;
}

/** The lists of an account to read. */
export interface Reading {
  readonly resources: readonly Resource[];
  readonly locations: readonly string[];
  /** Resources that another run is reading now, so that some of their rows may still be missing. */
  readonly busy: ReadonlySet<string>;
}

/** Reads lists whole, each after the lists of its parents. */
export async function readAll(
  lifecycle: RunLifecycle,
  context: RunContext,
  accountId: string,
  { resources, locations, busy }: Reading,
): Promise<void> {
  const plans = planUnits(resources, accountId, locations, (read) => chooseRead(read, lifecycle.deps.newerOperations));
  const running = new Map<Unit, Promise<UnitOutcome>>();
  const afterParents = async (unit: Unit, after: readonly Unit[]): Promise<UnitOutcome> => {
    const parents = await Promise.all(after.map((each) => running.get(each)));
    if (parents.some((outcome) => outcome?.state === 'stopped')) return lifecycle.count({ state: 'stopped' });
    const parentBusy = unit.read.parent !== undefined && busy.has(unit.read.parent.resource);
    const complete = !parentBusy && parents.every((outcome) => outcome?.state !== 'failed');
    return await lifecycle.execute(context, unit, unitPriority(unit, plans), () => runUnit(context, unit, complete));
  };
  // In the order of dependencies, because a unit can only wait for units that are already in the map.
  const pending = [...plans];
  while (pending.length > 0) {
    const index = pending.findIndex((plan) => plan.after.every((unit) => running.has(unit)));
    const [plan] = pending.splice(Math.max(index, 0), 1);
    if (plan === undefined) break;
    running.set(plan.unit, afterParents(plan.unit, plan.after));
  }
  await Promise.all(running.values());
}

/** The selected resources of an account, and those that must be read before because the warehouse does not have them yet. */
export async function wantedResources(lifecycle: RunLifecycle, accountId: string): Promise<readonly Resource[]> {
  const selected = selectResources(lifecycle.options.selection.resources);
  const names = new Set(selected.map((resource) => resource.name));
  const add = async (name: string): Promise<void> => {
    if (names.has(name)) return;
    const certified = await lifecycle.deps.db
      .selectFrom('lobbie_sync.list_state')
      .select('resource')
      .where('account_id', '=', accountId)
      .where('resource', '=', name)
      .limit(1)
      .executeTakeFirst();
    if (certified !== undefined) return;
    names.add(name);
    for (const more of prerequisites(resourceNamed(name))) await add(more);
  };
  if (accountId !== TOKEN_ACCOUNT) {
    for (const resource of selected) for (const name of prerequisites(resource)) await add(name);
  }
  const wanted = selectResources([...names]).filter((resource) =>
    resource.reads.some((read) => (read.scope === 'global') === (accountId === TOKEN_ACCOUNT)),
  );
  return lifecycle.on(accountId, wanted);
}
