import { zeroCounts } from '../core/counts.ts';
import type { Delete } from '../db/tables.ts';
import { type Transaction, withTransaction } from '../db/transaction.ts';
import { RESOURCES, resourceNamed } from '../extractors/registry.ts';
import type { Resource } from '../extractors/resource.ts';
import { restore, restoreBelow, type TombstoneOptions, tombstoneAt } from '../loaders/tombstones.ts';
import { forgetParents } from '../state/checks.ts';
import { type ClosedLocation, closedLocations, forgetListProofs, reopenLocations } from '../state/closed-locations.ts';
import { decideDeletes, openAtLocation } from '../state/deletes.ts';
import { addRunCounts } from '../state/runs.ts';
import { preparerOf } from '../streams/collect.ts';
import type { RunContext } from '../streams/context.ts';
import { childrenOf } from '../streams/hints.ts';
import { answers } from './closed-locations.ts';
import { removeRows } from './deletions.ts';
import { stillThere } from './still-there.ts';

/** Whether an entry is a location, so that the decision covers all rows of that location. */
export const isLocation = (entry: Pick<Delete, 'resource'>): boolean =>
  resourceNamed(entry.resource).holdsLocations === true;

/** Resources whose rows belong to a location, in the order of names, as all batches take their locks. */
const located = (): readonly Resource[] =>
  RESOURCES.filter(({ scope }) => scope === 'location').sort((a, b) => (a.name < b.name ? -1 : 1));

/** Applies the approval of closed locations: checks each once more, and marks the rows of those that are still closed as deleted. */
export async function settleLocations(
  context: RunContext,
  entries: readonly Delete[],
): Promise<{ applied: number; dismissed: number }> {
  const sum = { applied: 0, dismissed: 0 };
  const closed = await closedLocations(context.db, { deleteIds: entries.map(({ id }) => id) });
  for (const entry of entries) {
    // An entry that no run has checked since it was held has no closed location; the next run decides about it.
    const location = closed.find(({ deleteId }) => deleteId === entry.id);
    if (location === undefined) continue;
    const found = await open(context, entry, location);
    if (found === undefined) continue;
    if (found) await reopenLocations(context.db, entry.account_id, [entry.key], context.clock.now());
    else await mark(context, entry, location);
    sum[found ? 'dismissed' : 'applied'] += 1;
  }
  return sum;
}

/** Whether a location is open after all; undefined when that can't be determined now. */
async function open(context: RunContext, entry: Delete, location: ClosedLocation): Promise<boolean | undefined> {
  if (context.stop.requested) return undefined;
  if (location.cause === 'lists_refused') return await answers(context, location);
  const { kind } = await stillThere(context, entry);
  return kind === 'unknown' ? undefined : kind === 'there';
}

/**
 * Marks all rows of a closed location as deleted, in one transaction. Rows that several locations serve are marked only if a full read
 * of the other locations did not meet them; the others stand at another location or were not searched for yet.
 */
async function mark(context: RunContext, entry: Delete, { cause, locationId }: ClosedLocation): Promise<void> {
  const { account_id: accountId } = entry;
  const now = context.clock.now();
  const options = { runId: context.runId, now, noHistory: context.noHistory };
  const count = async (tx: Transaction, rows: ReadonlyMap<string, number>) => {
    for (const [name, deleted] of rows) {
      if (deleted > 0) await addRunCounts(tx.db, context.runId, name, { ...zeroCounts(), deleted });
    }
  };
  await withTransaction(context.pool, async (tx) => {
    const waiting = await openAtLocation(tx.db, accountId, locationId);
    for (const resource of located()) {
      if (resource.sharedByLocations === true) {
        const alone = waiting.filter((each) => each.resource === resource.name).map(({ key }) => key);
        await count(tx, await removeRows(context, tx, resource, accountId, alone, { now }));
        continue;
      }
      const marked = await tombstoneAt(tx, preparerOf(resource).table, accountId, locationId, options);
      const below = childrenOf(resource.name).map(({ name }) => name);
      await forgetParents(
        tx.db,
        accountId,
        below,
        marked.filter((key) => /^\d+$/.test(key)),
      );
      await count(tx, new Map([[resource.name, marked.length]]));
    }
    // A location that is still listed is not marked itself, because the next read would remove the mark at once.
    if (cause === 'left_list') {
      const holder = resourceNamed(entry.resource);
      await count(tx, await removeRows(context, tx, holder, accountId, [locationId], { now }));
    }
    await forgetListProofs(tx.db, accountId, locationId);
    await decideDeletes(tx.db, [entry.id, ...waiting.map(({ id }) => id)], 'applied', now);
  });
}

/** Removes the tombstones that {@link settleLocations} set for a location. Returns the number of rows. */
export async function unmarkLocation(tx: Transaction, entry: Delete, options: TombstoneOptions): Promise<number> {
  const { account_id: accountId, key, decided_at: decided } = entry;
  if (decided === null) return 0;
  const holder = preparerOf(resourceNamed(entry.resource)).table;
  // All rows were marked in the transaction of the decision, so with its instant.
  const below = { column: 'location_id', parentId: key, at: decided.toISOString() };
  let rows = (await restore(tx, holder, accountId, [key], options)).length;
  for (const resource of located()) {
    rows += await restoreBelow(tx, preparerOf(resource).table, accountId, below, options);
  }
  return rows;
}
