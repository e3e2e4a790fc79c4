import { selectionKey } from '../core/selection.ts';
import { resourceNamed } from '../extractors/registry.ts';
import type { Resource } from '../extractors/resource.ts';
import { chooseRead, prerequisites, selectResources } from '../extractors/select.ts';
import { endPass, openPass } from '../state/passes.ts';
import type { RunContext, Unit } from './context.ts';
import { decideCandidates } from './deletions.ts';
import { judgeSweeps } from './judge.ts';
import type { FinalStatus } from './outcome.ts';
import { type RunDependencies, type RunReport, RunShell, type ShellOptions } from './shell.ts';
import { runUnit, type UnitOutcome } from './unit.ts';
import { planUnits, TOKEN_ACCOUNT, unitPriority } from './units.ts';

export type { RunDependencies, RunReport } from './shell.ts';

export interface RunOptions extends Omit<ShellOptions, 'kind'> {
  /** Begin at the first page even if an earlier run was interrupted. Default false. */
  readonly restart?: boolean | undefined;
  /** Told the run's id once it is open. */
  readonly onStart?: ((runId: string, continued: boolean) => void) | undefined;
}

/**
 * Reads a whole selection into the warehouse, every list from its first page to its last, and continues where an
 * interrupted run stopped. One that ended with failures is not continued: the next reads everything again, so that nothing
 * relies on its gaps.
 */
export async function executeBackfill(deps: RunDependencies, options: RunOptions): Promise<RunReport> {
  let passId: string | undefined;
  return await RunShell.run(
    deps,
    { ...options, kind: 'backfill' },
    async (shell) => {
      const pass = await openPass(deps.db, {
        kind: 'backfill',
        selectionKey: selectionKey(options.selection),
        restart: options.restart ?? false,
        now: deps.clock.now(),
      });
      passId = pass.id;
      options.onStart?.(shell.runId, pass.continued);
      const context = shell.context(pass);
      await Promise.all([TOKEN_ACCOUNT, ...shell.accounts].map((account) => readAccount(shell, context, account)));
    },
    async (shell, status) => {
      await endPassAs(shell, passId, status);
    },
  );
}

/** Ends the pass of a run that came to its end; one that was stopped, or shared its lists with another run, stays open. */
export async function endPassAs(shell: RunShell, passId: string | undefined, status: FinalStatus): Promise<void> {
  if (passId === undefined || shell.busy || (status !== 'succeeded' && status !== 'partial')) return;
  const { db, clock } = shell.deps;
  await endPass(db, passId, status === 'succeeded' ? 'finished' : 'partial', clock.now());
}

/** What another run is reading at this moment: wanted, and not leased. */
export function busyOf(wanted: readonly Resource[], leased: readonly Resource[]): ReadonlySet<string> {
  const names = new Set(leased.map((resource) => resource.name));
  return new Set(wanted.map((resource) => resource.name).filter((name) => !names.has(name)));
}

/** Reads every selected list of one account: its places first, then all others, each after those it takes parents from. */
async function readAccount(shell: RunShell, context: RunContext, accountId: string): Promise<void> {
  const wanted = await wantedResources(shell, accountId);
  if (wanted.length === 0) return;
  const leased = await shell.lease(accountId, wanted);
  const places = leased.find((resource) => resource.name === 'locations');
  if (places !== undefined && accountId !== TOKEN_ACCOUNT && !(await readPlaces(shell, context, accountId, places)))
    return;
  const locations = accountId === TOKEN_ACCOUNT ? [] : await shell.locations(accountId);
  const rest = leased.filter((resource) => resource !== places);
  await readAll(shell, context, accountId, { resources: rest, locations, busy: busyOf(wanted, leased) });
  if (shell.ending) return;
  await judgeSweeps(context, accountId, leased, shell.options.selection.locations.length === 0);
  shell.held += await decideCandidates(context, accountId, shell.deps.deleteThreshold);
}

/** Reads the places of an account; false when the account can't be read at all or the run is to end. */
export async function readPlaces(
  shell: RunShell,
  context: RunContext,
  accountId: string,
  places: Resource,
): Promise<boolean> {
  const [plan] = planUnits([places], accountId, [], (read) => read);
  if (plan === undefined) return true;
  const outcome = await shell.execute(context, plan.unit, 20, () => runUnit(context, plan.unit, true));
  if (outcome.state === 'failed' && outcome.error.code === 'api.forbidden') {
    shell.refused += 1;
    return false;
  }
  return !shell.ending;
}

/** What to read of an account. */
export interface Reading {
  readonly resources: readonly Resource[];
  readonly locations: readonly string[];
  /** Resources that another run is reading at this moment: they are not all there. */
  readonly busy: ReadonlySet<string>;
}

/** Reads lists whole, each after those it takes its parents from. */
export async function readAll(
  shell: RunShell,
  context: RunContext,
  accountId: string,
  { resources, locations, busy }: Reading,
): Promise<void> {
  const plans = planUnits(resources, accountId, locations, (read) => chooseRead(read, shell.deps.newerOperations));
  const running = new Map<Unit, Promise<UnitOutcome>>();
  const afterParents = async (unit: Unit, after: readonly Unit[]): Promise<UnitOutcome> => {
    const parents = await Promise.all(after.map((each) => running.get(each)));
    if (parents.some((outcome) => outcome?.state === 'stopped')) return shell.count({ state: 'stopped' });
    const parentBusy = unit.read.parent !== undefined && busy.has(unit.read.parent.resource);
    const complete = !parentBusy && parents.every((outcome) => outcome?.state !== 'failed');
    return await shell.execute(context, unit, unitPriority(unit, plans), () => runUnit(context, unit, complete));
  };
  // In the order of dependencies: a unit can only wait for one that is already in the map.
  const pending = [...plans];
  while (pending.length > 0) {
    const index = pending.findIndex((plan) => plan.after.every((unit) => running.has(unit)));
    const [plan] = pending.splice(Math.max(index, 0), 1);
    if (plan === undefined) break;
    running.set(plan.unit, afterParents(plan.unit, plan.after));
  }
  await Promise.all(running.values());
}

/** The selected resources of an account, with what must be in the warehouse before them and isn't yet. */
export async function wantedResources(shell: RunShell, accountId: string): Promise<readonly Resource[]> {
  const selected = selectResources(shell.options.selection.resources);
  const names = new Set(selected.map((resource) => resource.name));
  const add = async (name: string): Promise<void> => {
    if (names.has(name)) return;
    const certified = await shell.deps.db
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
