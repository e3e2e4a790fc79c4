import type { Selection } from '../core/selection.ts';
import { chooseRead, selectResources } from '../extractors/select.ts';
import type { RunDependencies } from '../runs/lifecycle.ts';
import { offByAccount } from '../state/resources-off.ts';
import type { Unit } from '../streams/context.ts';
import { knownLocations } from '../streams/locations.ts';
import { planUnits, TOKEN_ACCOUNT } from '../streams/units.ts';
import { rotationQuota } from './children.ts';
import { estimateParents, estimateRecent } from './estimates.ts';
import { mostOfLatest, type RequestRange, rangeOf, totalRange } from './range.ts';
import { dueFullRereads, type FullReread, fullRereadsOf } from './rotation.ts';

/** The parts of a nightly sync, the most valuable first. */
export type Phase = 'whole lists' | 'recent parts' | 'change hints' | 'late lists' | 'rotation';

/** The estimated requests of one resource in one part of the nightly sync. */
export interface PlanLine {
  readonly phase: Phase;
  readonly resource: string;
  readonly requests: number;
  readonly why: string;
}

/** What a nightly sync would take. All numbers are estimates from what the warehouse holds now. */
export interface NightlyPlan {
  readonly lines: readonly PlanLine[];
  readonly requests: number;
  /** What the next nightly sync is expected to take, with the changes of the day, which nobody knows yet. */
  readonly range: RequestRange;
  /** At the configured rate. */
  readonly minutes: number;
  /** Requests that a full read of the selection takes. */
  readonly fullRead: number;
  readonly budget: number | null;
  readonly freshnessDays: number;
  /** Days in which everything is checked once within the budget; the freshness target when the budget meets it, null for never. */
  readonly daysToComeRound: number | null;
  /** Requests a night that would meet the freshness target. */
  readonly budgetForFloor: number;
}

const DAY_MS = 86_400_000;

/**
 * Whether a budget meets the freshness target. The parts of each nightly sync come first; the rest of the budget is for the rotation.
 * Pure.
 *
 * @param nightly requests of the parts that each nightly sync reads, without the rotation
 * @param round requests of one complete rotation
 * @param budget requests a night; null for no limit
 * @param days the freshness target
 */
export function targetWithin(
  nightly: number,
  round: number,
  budget: number | null,
  days: number,
): { days: number | null; budgetForFloor: number } {
  const quota = Math.ceil(round / Math.max(1, days - 2));
  const budgetForFloor = nightly + quota;
  if (budget === null || budget >= budgetForFloor || round === 0) return { days, budgetForFloor };
  const left = budget - nightly;
  return { days: left <= 0 ? null : Math.ceil(round / left), budgetForFloor };
}

/** Estimates a nightly sync from the warehouse alone; no request is sent. */
export async function planNightlySync(
  deps: RunDependencies,
  options: { readonly selection: Selection; readonly budget: number | null; readonly requestsPerSecond: number },
): Promise<NightlyPlan> {
  const now = deps.clock.now();
  const lines: PlanLine[] = [];
  const add = (phase: Phase, resource: string, requests: number, why: string) => {
    if (requests > 0) lines.push({ phase, resource, requests, why });
  };
  let round = 0;
  const whole = new Map<string, number>();
  const addWhole = (resource: string, requests: number) => whole.set(resource, (whole.get(resource) ?? 0) + requests);
  const accounts = options.selection.accounts.length > 0 ? options.selection.accounts : deps.accounts;
  for (const account of [TOKEN_ACCOUNT, ...accounts]) {
    const units = await unitsOf(deps, account, options.selection);
    const rereads: FullReread[] = [];
    for (const unit of units) {
      const { name, strategy } = unit.resource;
      if (strategy.kind === 'children' || unit.read.parent !== undefined) {
        const counts = await estimateParents(deps, unit, deps.freshnessDays, now);
        addWhole(name, counts.total);
        if (strategy.kind !== 'children') {
          add('whole lists', name, counts.total, 'one request for each parent');
          continue;
        }
        round += counts.total;
        add('change hints', name, counts.due, 'parents that are new or changed or have a change hint so far');
        const quota = rotationQuota(counts, deps.freshnessDays);
        add(
          'rotation',
          name,
          Math.min(quota, counts.total),
          `checked longest ago, all ${counts.total} within ${deps.freshnessDays} days`,
        );
        continue;
      }
      const [reread] = await fullRereadsOf(deps, [unit]);
      const pages = Math.max(1, (reread?.cost ?? 2) / 2);
      if (strategy.kind === 'recent') {
        addWhole(name, pages * 2);
        round += pages * 2;
        if (reread !== undefined) rereads.push(reread);
        add('recent parts', name, await recentCost(deps, unit, now), 'window, newest and open rows');
      } else {
        addWhole(name, pages);
        const late = strategy.kind === 'full' && strategy.late === true;
        add(late ? 'late lists' : 'whole lists', name, pages, 'the whole list, 100 rows a request');
      }
    }
    for (const reread of dueFullRereads(rereads, deps.freshnessDays, now)) {
      add('rotation', reread.unit.resource.name, reread.cost, 'a long list whose full re-read is due');
    }
  }
  const merged = mergeLines(lines);
  const requests = merged.reduce((sum, line) => sum + line.requests, 0);
  const nightly = merged.reduce((sum, line) => sum + (line.phase === 'rotation' ? 0 : line.requests), 0);
  const target = targetWithin(nightly, round, options.budget, deps.freshnessDays);
  return {
    lines: merged,
    requests,
    range: await rangeWithin(deps, merged, whole, options.budget),
    minutes: requests / options.requestsPerSecond / 60,
    fullRead: [...whole.values()].reduce((sum, requests) => sum + requests, 0),
    budget: options.budget,
    freshnessDays: deps.freshnessDays,
    daysToComeRound: target.days,
    budgetForFloor: target.budgetForFloor,
  };
}

async function rangeWithin(
  deps: RunDependencies,
  lines: readonly PlanLine[],
  whole: ReadonlyMap<string, number>,
  budget: number | null,
): Promise<RequestRange> {
  const most = await mostOfLatest(deps);
  const ranges = [...whole].map(([resource, all]) => {
    const planned = lines.reduce((sum, line) => sum + (line.resource === resource ? line.requests : 0), 0);
    // Without any recorded nightly sync the maximum is unknown; a resource that none of them read took no requests.
    const latest = most.size === 0 ? undefined : (most.get(resource) ?? 0);
    return rangeOf({ planned, whole: all + planned, most: latest });
  });
  return totalRange(ranges, budget);
}

async function unitsOf(deps: RunDependencies, account: string, selection: Selection): Promise<readonly Unit[]> {
  const locations = await knownLocations(deps.pool, account, selection);
  const off = (await offByAccount(deps.db)).get(account);
  const resources = selectResources(selection.resources).filter(({ name }) => off?.has(name) !== true);
  return planUnits(resources, account, locations, (read) => chooseRead(read, deps.newerOperations)).map(
    ({ unit }) => unit,
  );
}

async function recentCost(deps: RunDependencies, unit: Unit, now: Date): Promise<number> {
  const { strategy } = unit.resource;
  if (strategy.kind !== 'recent' || unit.read.window === undefined) return 0;
  const since = new Date(now.getTime() - strategy.days * DAY_MS);
  const { recent, open: openRows } = await estimateRecent(deps, unit, strategy, since);
  return (
    Math.max(1, Math.ceil(recent / 100)) +
    strategy.openStatuses.length +
    Math.floor(openRows / 100) +
    (strategy.newestFirst ? 1 : 0)
  );
}

/** One line for each part and resource, in the order of the nightly sync. */
function mergeLines(lines: readonly PlanLine[]): PlanLine[] {
  const order: readonly Phase[] = ['whole lists', 'recent parts', 'change hints', 'late lists', 'rotation'];
  const merged = [...Map.groupBy(lines, (line) => `${line.phase}/${line.resource}`).values()].map((group) => ({
    ...(group[0] as PlanLine),
    requests: group.reduce((sum, line) => sum + line.requests, 0),
  }));
  return merged.sort((a, b) => order.indexOf(a.phase) - order.indexOf(b.phase) || b.requests - a.requests);
}
