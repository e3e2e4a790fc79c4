import PQueue from 'p-queue';
import { zeroCounts } from '../core/counts.ts';
import type { Delete } from '../db/tables.ts';
import { type Transaction, withTransaction } from '../db/transaction.ts';
import { RESOURCES, resourceNamed } from '../extractors/registry.ts';
import type { Resource } from '../extractors/resource.ts';
import { tombstone, tombstoneBelow } from '../loaders/tombstones.ts';
import { forgetParents } from '../state/checks.ts';
import { closedLocations } from '../state/closed-locations.ts';
import { decideDeletes, explainDelete, listDeletes } from '../state/deletes.ts';
import { addRunCounts } from '../state/runs.ts';
import { preparerOf } from '../streams/collect.ts';
import type { RunContext } from '../streams/context.ts';
import { childrenOf } from '../streams/hints.ts';
import { stillThere } from './still-there.ts';

/** The candidates of one list of one account or location, and how many rows of it the warehouse has. */
export interface DeleteScope {
  readonly resource: string;
  readonly locationId: string | null;
  readonly candidates: readonly Delete[];
  readonly total: number;
}

/** Whether this number of deletions in a scope needs a person's approval. Pure. */
export const needsPerson = (candidates: number, total: number, threshold: number): boolean =>
  candidates > threshold * total;

/** The tables whose rows belong to rows of a resource, with the column that holds its id. */
export function dependants(name: string): readonly { readonly resource: Resource; readonly column: string }[] {
  const columns = new Set(
    childrenOf(name).flatMap((child) =>
      child.reads.flatMap((read) => (read.parent?.resource === name ? [read.parent.column] : [])),
    ),
  );
  return RESOURCES.flatMap((resource) =>
    resource.context.filter((column) => columns.has(column)).map((column) => ({ resource, column })),
  );
}

/**
 * Up to this number of candidates of a scope are read by id before they are compared with the threshold: a person should not be needed
 * for rows that the sweep only missed because rows moved while the list was read. More candidates are held at once, without requests.
 */
const CONFIRM_FIRST = 50;

/** What became of the candidates of an account. */
export interface Decided {
  /** Deletes that wait for a person now. */
  readonly held: number;
  /** Candidates about which the API gave no usable answer, by resource: whether their rows are gone is not known. */
  readonly unproven: ReadonlyMap<string, number>;
}

/**
 * Decides the candidates of an account. They are read by id if the API has such a read, and tombstoned if the API answers that the
 * row does not exist. If a scope would lose more than the threshold, its candidates are held for a person.
 */
export async function decideCandidates(context: RunContext, accountId: string, threshold: number): Promise<Decided> {
  const unproven = new Map<string, number>();
  const note = (resource: string, entries: number) => {
    if (entries > 0) unproven.set(resource, (unproven.get(resource) ?? 0) + entries);
  };
  for (const scope of await scopes(context, accountId)) {
    if (context.stop.requested) break;
    const few = scope.candidates.length <= CONFIRM_FIRST;
    const confirmed = few ? await confirm(context, scope.candidates) : undefined;
    const left = confirmed?.gone ?? scope.candidates;
    note(scope.resource, confirmed?.unproven ?? 0);
    if (needsPerson(left.length, scope.total, threshold)) await hold(context, scope, left);
    else if (few) await applyAll(context, left);
    else note(scope.resource, (await settle(context, left)).unproven);
  }
  return { held: (await listDeletes(context.db, { status: 'held', accountId })).length, unproven };
}

async function hold(context: RunContext, scope: DeleteScope, entries: readonly Delete[]): Promise<void> {
  const ids = entries.map((each) => each.id);
  await decideDeletes(context.db, ids, 'held', context.clock.now());
  context.logger.warn(
    { locationId: scope.locationId, resource: scope.resource, rows: ids.length, of: scope.total },
    'deletes are held: approve them with `lobbie-sync deletes approve`',
  );
}

/** Reads entries by id and applies those that are gone. An approval by a person does the same. */
export async function settle(
  context: RunContext,
  entries: readonly Delete[],
): Promise<{ applied: number; dismissed: number; unproven: number }> {
  const { gone, dismissed, unproven } = await confirm(context, entries);
  await applyAll(context, gone);
  return { applied: gone.length, dismissed, unproven };
}

/** Reads each entry by id, and dismisses those that the API still has. */
async function confirm(
  context: RunContext,
  entries: readonly Delete[],
): Promise<{ gone: Delete[]; dismissed: number; unproven: number }> {
  const gone: Delete[] = [];
  let unproven = 0;
  const there: string[] = [];
  const queue = new PQueue({ concurrency: context.concurrency });
  await queue.addAll(
    entries.map((entry) => async () => {
      const presence = await stillThere(context, entry);
      if (presence.kind === 'there') there.push(entry.id);
      if (presence.kind === 'unknown' || presence.kind === 'refused') unproven += 1;
      if (presence.kind === 'gone' || presence.kind === 'merged') gone.push(entry);
      if (presence.kind === 'merged') await explainDelete(context.db, entry.id, `merged into ${presence.into}`);
    }),
  );
  await decideDeletes(context.db, there, 'dismissed', context.clock.now());
  return { gone, dismissed: there.length, unproven };
}

async function applyAll(context: RunContext, gone: readonly Delete[]): Promise<void> {
  for (const [resource, group] of Map.groupBy(gone, (entry) => entry.resource)) {
    await apply(context, resourceNamed(resource), group);
  }
}

async function apply(context: RunContext, resource: Resource, entries: readonly Delete[]): Promise<void> {
  const accountId = entries[0]?.account_id ?? '0';
  await withTransaction(context.pool, async (tx) => {
    const keys = entries.map((entry) => entry.key);
    for (const [name, deleted] of await removeRows(context, tx, resource, accountId, keys)) {
      await addRunCounts(tx.db, context.runId, name, { ...zeroCounts(), deleted });
    }
    const ids = entries.map((entry) => entry.id);
    await decideDeletes(tx.db, ids, 'applied', context.clock.now());
  });
}

/** Marks rows as deleted, with all rows below them. Returns the number of marked rows by resource. */
export async function removeRows(
  context: Pick<RunContext, 'runId' | 'clock' | 'noHistory'>,
  tx: Transaction,
  resource: Resource,
  accountId: string,
  keys: readonly string[],
  times: { readonly now?: Date; readonly goneSince?: Date } = {},
): Promise<ReadonlyMap<string, number>> {
  const { runId, noHistory } = context;
  const options = { runId, now: context.clock.now(), noHistory, ...times };
  const marked = await tombstone(tx, preparerOf(resource).table, accountId, keys, options);
  const deleted = new Map([[resource.name, marked.length]]);
  // Rows whose key has more than one part have no rows below them.
  const parents = marked.filter((key) => /^\d+$/.test(key));
  for (const { resource: child, column } of dependants(resource.name)) {
    const below = await tombstoneBelow(tx, preparerOf(child).table, accountId, column, parents, options);
    if (below > 0) deleted.set(child.name, (deleted.get(child.name) ?? 0) + below);
  }
  const children = childrenOf(resource.name).map((child) => child.name);
  await forgetParents(tx.db, accountId, children, parents);
  return deleted;
}

async function scopes(context: RunContext, accountId: string): Promise<readonly DeleteScope[]> {
  // What a closed location has is decided about with the location, and locations themselves by a person only.
  const closed = new Set((await closedLocations(context.db, { accountId })).map(({ locationId }) => locationId));
  const candidates = (await listDeletes(context.db, { status: 'candidate', accountId })).filter(
    ({ location_id: location, resource }) =>
      !closed.has(location ?? '') && resourceNamed(resource).holdsLocations !== true,
  );
  const groups = Map.groupBy(candidates, (each) => `${each.resource}@${each.location_id ?? ''}`);
  const found: DeleteScope[] = [];
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const resource = resourceNamed(first.resource);
    const { rows } = await context.pool.query<{ total: number }>(
      `SELECT count(*)::int AS total FROM lobbie.${resource.name} WHERE _deleted_at IS NULL
         AND ${resource.scope === 'global' ? '$1::text IS NOT NULL' : 'account_id = $1::bigint'}
         AND ${resource.scope === 'location' ? '($2::bigint IS NULL OR location_id = $2::bigint)' : '$2::text IS NULL'}`,
      [accountId, resource.scope === 'location' ? first.location_id : null],
    );
    found.push({
      resource: resource.name,
      locationId: first.location_id,
      candidates: group,
      total: rows[0]?.total ?? 0,
    });
  }
  return found;
}
