import type { Delete } from '../db/tables.ts';
import { withTransaction } from '../db/transaction.ts';
import { parsePage } from '../extractors/page.ts';
import { RESOURCES } from '../extractors/registry.ts';
import type { Read, Resource } from '../extractors/resource.ts';
import { tableName } from '../loaders/names.ts';
import {
  type ClosedLocation,
  type ClosureCause,
  closedLocations,
  closeLocation,
  reopenLocations,
} from '../state/closed-locations.ts';
import { addCandidates, decideDeletes, explainDelete, listDeletes } from '../state/deletes.ts';
import { PARENTS_INCOMPLETE, passSweeps } from '../state/passes.ts';
import { sweepKeysSql } from '../state/sweep-keys.ts';
import { preparerOf } from '../streams/collect.ts';
import type { RunContext } from '../streams/context.ts';
import { requestFor } from '../streams/request.ts';
import { judgeSweeps } from './judge.ts';
import { stillThere } from './still-there.ts';

/** The reason of a candidate for a location that was marked as deleted while its rows were not. */
const LEFT = 'no longer in the list of locations';

/** Days for which all lists of a listed location are refused before it counts as closed: a grant that lapsed comes back sooner. */
const REFUSED_DAYS = 3;

/** The codes with which a refused list ends. A second list of the same rows fails together with the first. */
const REFUSALS = ['api.not_found', 'api.forbidden', PARENTS_INCOMPLETE];

const DAY_MS = 86_400_000;

/** A read of a location's list that needs no parent and always answers if the location exists. */
const plainRead = (resource: Resource): Read | undefined =>
  resource.scope === 'location'
    ? resource.reads.find((read) => read.parent === undefined && read.absentOn404 !== true)
    : undefined;

/**
 * Decides which locations of an account are closed, after the list of locations was read and before any of their own lists is read. A
 * location is closed if a full read did not meet it and a read by id does not find it; its rows are then held for a person. It is open
 * again once a full read meets it.
 *
 * @param holder the resource whose rows are the locations
 * @returns how many may be gone although the API gave no usable answer about them
 */
export async function judgeLocations(context: RunContext, accountId: string, holder: Resource): Promise<number> {
  await reopenMet(context, accountId, holder);
  await judgeSweeps(context, accountId, [holder], true);
  await reopenAnswering(context, accountId);
  await noteUnasked(context, accountId, holder);
  return await holdMissing(context, accountId, holder);
}

async function reopenMet(context: RunContext, accountId: string, holder: Resource): Promise<void> {
  for (const sweep of await passSweeps(context.db, context.passId, accountId, holder.name)) {
    const { rows } = await context.pool.query<{ id: string }>(
      `SELECT c.location_id::text AS id FROM lobbie_sync.closed_locations c
       WHERE c.account_id = $1 AND c.cause = 'left_list' AND (c.since < $3 OR c.since > $4)
         AND c.location_id::text IN (${sweepKeysSql('$2')})`,
      [accountId, [sweep.id], sweep.started_at, context.clock.now()],
    );
    await reopen(
      context,
      accountId,
      rows.map(({ id }) => id),
    );
  }
}

/** Reopens locations that had refused all of their lists and answer again. Takes one request per location and run. */
async function reopenAnswering(context: RunContext, accountId: string): Promise<void> {
  for (const closed of await closedLocations(context.db, { accountId })) {
    if (closed.cause !== 'lists_refused') continue;
    if (await answers(context, closed)) await reopen(context, accountId, [closed.locationId]);
  }
}

async function reopen(context: RunContext, accountId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await reopenLocations(context.db, accountId, ids, context.clock.now());
  context.logger.warn({ account: accountId, locations: ids }, 'locations that were closed are open again');
}

/** Whether a list of a location answers with a page. */
export async function answers(context: RunContext, { accountId, locationId }: ClosedLocation): Promise<boolean> {
  const resource = RESOURCES.find((each) => plainRead(each) !== undefined);
  const read = resource === undefined ? undefined : plainRead(resource);
  if (resource === undefined || read === undefined || context.stop.requested) return false;
  try {
    const unit = { resource, read, accountId, locationId };
    const { body } = await requestFor(context, unit, read.paginated === true ? { limit: 1 } : {});
    parsePage(read, body);
    return true;
  } catch {
    // After a refusal or without an answer, the location stays closed, and the next run tries again.
    return false;
  }
}

/** Adds candidates for locations that were marked as deleted while their rows were not, so that a person decides. */
async function noteUnasked(context: RunContext, accountId: string, holder: Resource): Promise<void> {
  const { rows } = await context.pool.query<{ id: string; at: Date }>(
    `SELECT p.id::text AS id, p._deleted_at AS at FROM ${tableName(preparerOf(holder).table)} p
     WHERE p.account_id = $1 AND p._deleted_at IS NOT NULL
       AND NOT EXISTS (SELECT FROM lobbie_sync.closed_locations c WHERE c.account_id = p.account_id AND c.location_id = p.id)
       AND EXISTS (SELECT FROM lobbie_sync.table_rows t WHERE t.account_id = p.account_id AND t.location_id = p.id AND t.rows > 0)`,
    [accountId],
  );
  for (const { id, at } of rows) await note(context, accountId, holder, id, { reason: LEFT, since: at });
}

async function note(
  context: RunContext,
  accountId: string,
  holder: Resource,
  id: string,
  { reason, since }: { readonly reason: string; readonly since: Date },
): Promise<void> {
  const candidate = { accountId, locationId: null, resource: holder.name, key: id, parentId: null };
  const proof = { reason, sweepIds: null, absentAt: since };
  await addCandidates(context.db, context.runId, [{ ...candidate, ...proof }], context.clock.now());
}

/**
 * Reads the locations that a full read did not meet by id, and holds those that are gone for a person. A location whose read by id is
 * refused is held, too: holding marks nothing as deleted.
 */
async function holdMissing(context: RunContext, accountId: string, holder: Resource): Promise<number> {
  let unproven = 0;
  const known = new Set((await closedLocations(context.db, { accountId })).map(({ locationId }) => locationId));
  const entries = [
    ...(await listDeletes(context.db, { status: 'candidate', accountId, resource: holder.name })),
    ...(await listDeletes(context.db, { status: 'held', accountId, resource: holder.name })),
  ].filter((entry) => !known.has(entry.key));
  for (const entry of entries) {
    const presence = await stillThere(context, entry);
    if (presence.kind === 'there') await decideDeletes(context.db, [entry.id], 'dismissed', context.clock.now());
    if (presence.kind === 'unknown') unproven += 1;
    if (presence.kind === 'there' || presence.kind === 'unknown') continue;
    if (presence.kind === 'merged') await explainDelete(context.db, entry.id, `merged into ${presence.into}`);
    await hold(context, entry, 'left_list');
  }
  return unproven;
}

async function hold(context: RunContext, entry: Delete, cause: ClosureCause): Promise<void> {
  const { account_id: accountId, key: locationId, absent_at: since, id: deleteId } = entry;
  await withTransaction(context.pool, async (tx) => {
    await decideDeletes(tx.db, [deleteId], 'held', context.clock.now());
    await closeLocation(tx.db, { accountId, locationId, cause, since, deleteId });
  });
  context.logger.warn(
    { account: accountId, location: locationId, cause, delete: deleteId },
    'a location is closed and its lists are not read any more; `lobbie-sync deletes approve` marks its rows, `deletes restore` keeps them',
  );
}

/**
 * Holds listed locations of which every list was refused with 403 or 404, for {@link REFUSED_DAYS} and in this pass, while lists of another
 * location of the account answered. Called at the end of a nightly sync.
 *
 * @param resources the resources of the account that the run read
 */
export async function judgeRefusals(
  context: RunContext,
  accountId: string,
  holder: Resource,
  resources: readonly Resource[],
): Promise<void> {
  const names = resources.filter((resource) => plainRead(resource) !== undefined).map(({ name }) => name);
  const { rows } = await context.pool.query<{ id: string; since: Date }>(
    `WITH asked AS (
       SELECT location_id, count(DISTINCT resource) AS lists,
         bool_and(status = 'failed' AND reason = ANY($5)) AS refused, bool_or(status = 'certified') AS answered
       FROM lobbie_sync.sweeps WHERE pass_id = $1 AND account_id = $2 AND location_id <> 0 AND resource = ANY($3)
       GROUP BY location_id)
     SELECT p.id::text AS id, since FROM asked JOIN ${tableName(preparerOf(holder).table)} p ON p.account_id = $2 AND p.id = asked.location_id
       CROSS JOIN LATERAL (SELECT coalesce(max(l.last_certified_at), p._loaded_at) AS since FROM lobbie_sync.list_state l
         WHERE l.account_id = $2 AND l.location_id = p.id AND l.resource = ANY($3)) proven
     WHERE refused AND lists = cardinality($3) AND since < $4 AND EXISTS (SELECT FROM asked other WHERE other.answered)
       AND NOT EXISTS (SELECT FROM lobbie_sync.closed_locations c WHERE c.account_id = $2 AND c.location_id = p.id)`,
    [context.passId, accountId, names, new Date(context.clock.now().getTime() - REFUSED_DAYS * DAY_MS), REFUSALS],
  );
  if (rows.length === 0) return;
  for (const { id, since } of rows) {
    await note(context, accountId, holder, id, { reason: 'all of its lists answer 403 or 404', since });
  }
  const refused = new Set(rows.map(({ id }) => id));
  for (const entry of await listDeletes(context.db, { status: 'candidate', accountId, resource: holder.name })) {
    if (refused.has(entry.key)) await hold(context, entry, 'lists_refused');
  }
}
