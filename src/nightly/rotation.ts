import { judgeSweeps } from '../deletions/judge.ts';
import { endPass, openPass } from '../state/passes.ts';
import type { RunContext, Unit } from '../streams/context.ts';
import { unitScope } from '../streams/context.ts';
import { runUnit } from '../streams/unit.ts';
import type { UnitOutcome } from '../streams/unit-outcome.ts';

/** A list of one place that is read whole in reread, with what is known of its last reading. */
export interface FullReread {
  readonly unit: Unit;
  /** When its last proven whole reading began; null: never. */
  readonly lastAt: Date | null;
  /** Requests that a whole reading takes, estimated from its rows. */
  readonly cost: number;
}

const DAY_MS = 86_400_000;

/**
 * Requests that were saved up for full re-reads: each night adds a share, and what was read whole since has spent some. Earlier spending
 * is not known once a list was read again, so that the most favourable beginning counts. Pure.
 */
function savedUp(rereads: readonly FullReread[], share: number, nights: number, now: Date): number {
  const nightsAgo = ({ lastAt }: FullReread) =>
    lastAt === null ? Number.POSITIVE_INFINITY : Math.round((now.getTime() - lastAt.getTime()) / DAY_MS);
  let most = 0;
  for (let length = 1; length <= nights; length += 1) {
    const spent = rereads.reduce((sum, each) => sum + (nightsAgo(each) < length ? each.cost : 0), 0);
    most = Math.max(most, share * length - spent);
  }
  return most;
}

/**
 * The lists that are read whole tonight: what is late, and then the oldest, as far as was saved up for it. Each night adds an equal
 * share, so that everything comes round within the freshness target with two nights to spare; a list that costs more than one share
 * waits until enough nights have saved for it, so that no night spends what the plan did not promise. Pure.
 */
export function dueFullRereads(rereads: readonly FullReread[], days: number, now: Date): readonly FullReread[] {
  const age = (reread: FullReread) => reread.lastAt?.getTime() ?? Number.NEGATIVE_INFINITY;
  const oldestFirst = [...rereads].sort((a, b) => age(a) - age(b));
  const nights = Math.max(1, days - 2);
  const share = rereads.reduce((sum, reread) => sum + reread.cost, 0) / nights;
  const late = now.getTime() - (days - 1) * DAY_MS;
  const today = now.getTime() - DAY_MS / 2;
  let saved = savedUp(rereads, share, nights, now);
  const chosen: FullReread[] = [];
  for (const reread of oldestFirst) {
    // What was read within half a day is done.
    if (age(reread) > today) break;
    // A rounding error must not cost a night.
    if (age(reread) > late && reread.cost > saved + 1e-6) continue;
    chosen.push(reread);
    saved -= reread.cost;
  }
  return chosen;
}

/** The last whole readings of lists and how many rows they have, for the units given. */
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
    // Read without bounds and in windows: twice.
    const cost = 2 * Math.max(1, Math.ceil(Number(rows[0]?.rows ?? 0) / 100));
    rereads.push({ unit, lastAt: rows[0]?.last ?? null, cost });
  }
  return rereads;
}

/**
 * Reads a list whole in a pass of its own, which a night that ends before it leaves open: the next night goes on there. What
 * it did not meet is judged before the pass ends, for the keys of ended passes are cleared away.
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
