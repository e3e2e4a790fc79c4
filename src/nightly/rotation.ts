import { judgeSweeps } from '../deletions/judge.ts';
import { endPass, openPass } from '../state/passes.ts';
import type { RunContext, Unit } from '../streams/context.ts';
import { unitScope } from '../streams/context.ts';
import { runUnit } from '../streams/unit.ts';
import type { UnitOutcome } from '../streams/unit-outcome.ts';

/** A long list of one location, when it was last read whole, and what a full re-read costs. */
export interface FullReread {
  readonly unit: Unit;
  /** When its last certified full read began; null for never. */
  readonly lastAt: Date | null;
  /** Requests that a full re-read takes, estimated from its rows. */
  readonly cost: number;
}

const DAY_MS = 86_400_000;

/**
 * Requests that were saved up for full re-reads. Each night adds a quota, and each full re-read spends its cost. Only the last re-read of
 * each list is known, so the sum is computed from each of the last nights on, and the largest is taken. Pure.
 */
function savedUp(rereads: readonly FullReread[], quota: number, nights: number, now: Date): number {
  const nightsAgo = ({ lastAt }: FullReread) =>
    lastAt === null ? Number.POSITIVE_INFINITY : Math.round((now.getTime() - lastAt.getTime()) / DAY_MS);
  let most = 0;
  for (let length = 1; length <= nights; length += 1) {
    const spent = rereads.reduce((sum, each) => sum + (nightsAgo(each) < length ? each.cost : 0), 0);
    most = Math.max(most, quota * length - spent);
  }
  return most;
}

/**
 * The lists that this nightly sync reads whole: those that are late, then the oldest that the saved requests pay for. Each night adds
 * an equal quota, so that every list is re-read within the freshness target with two nights to spare. A list that costs more than one
 * quota waits until enough nights have saved for it, so that no nightly sync spends more than planned. Pure.
 *
 * @param days the freshness target
 */
export function dueFullRereads(rereads: readonly FullReread[], days: number, now: Date): readonly FullReread[] {
  const age = (reread: FullReread) => reread.lastAt?.getTime() ?? Number.NEGATIVE_INFINITY;
  const oldestFirst = [...rereads].sort((a, b) => age(a) - age(b));
  const nights = Math.max(1, days - 2);
  const quota = rereads.reduce((sum, reread) => sum + reread.cost, 0) / nights;
  const late = now.getTime() - (days - 1) * DAY_MS;
  const today = now.getTime() - DAY_MS / 2;
  let saved = savedUp(rereads, quota, nights, now);
  const chosen: FullReread[] = [];
  for (const reread of oldestFirst) {
    // Lists that were read within half a day are done.
    if (age(reread) > today) break;
    // The small sum keeps a rounding error from delaying a re-read by a night.
    if (age(reread) > late && reread.cost > saved + 1e-6) continue;
    chosen.push(reread);
    saved -= reread.cost;
  }
  return chosen;
}

/** The last full re-read and the cost of the next one, for each unit. */
export async function fullRereadsOf(
  context: Pick<RunContext, 'pool'>,
  units: readonly Unit[],
): Promise<readonly FullReread[]> {
  const rereads: FullReread[] = [];
  for (const unit of units) {
    const { rows } = await context.pool.query<{ last: Date | null; rows: string | null }>(
      `SELECT (SELECT oldest_checked_at FROM lobbie_sync.list_state WHERE account_id = $1 AND location_id = $2 AND resource = $3
           AND operation = $4) AS last,
         (SELECT rows FROM lobbie_sync.table_rows WHERE account_id = $1 AND location_id = $2 AND resource = $3) AS rows`,
      [unit.accountId, unit.locationId ?? '0', unit.resource.name, unit.read.operation],
    );
    // Twice, because a full re-read reads the list without bounds and in windows.
    const cost = 2 * Math.max(1, Math.ceil(Number(rows[0]?.rows ?? 0) / 100));
    rereads.push({ unit, lastAt: rows[0]?.last ?? null, cost });
  }
  return rereads;
}

/**
 * Reads a list whole in a pass of its own. If the nightly sync ends before, the pass stays open and the next nightly sync continues it.
 * Rows that the sweep did not meet become candidates before the pass ends, because the keys of ended passes are removed.
 */
export async function runFullReread(context: RunContext, unit: Unit): Promise<UnitOutcome> {
  const now = context.clock.now();
  const selectionKey = `${unit.accountId}/${unit.resource.name}/${unitScope(unit)}`;
  const pass = await openPass(context.db, { kind: 'rotation', selectionKey, restart: false, now });
  const own: RunContext = { ...context, passId: pass.id, passStartedAt: pass.startedAt };
  const outcome = await runUnit(own, unit, true);
  if (outcome.state === 'certified' || outcome.state === 'skipped') {
    await judgeSweeps(own, unit.accountId, [unit.resource], true);
  }
  if (outcome.state !== 'stopped') {
    await endPass(context.db, pass.id, outcome.state === 'failed' ? 'partial' : 'finished', context.clock.now());
  }
  return outcome;
}
