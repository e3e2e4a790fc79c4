import { zeroCounts } from '../core/counts.ts';
import { LobbieSyncError } from '../core/errors.ts';
import type { Reject, Row } from '../core/row.ts';
import { lockHolders } from '../db/lock-holders.ts';
import { classifyError, databaseCode, isDataError } from '../db/pool.ts';
import { type Transaction, withLoad } from '../db/transaction.ts';
import { resourceNamed } from '../extractors/registry.ts';
import type { Resource } from '../extractors/resource.ts';
import { loadRows } from '../loaders/load.ts';
import { relocate } from '../loaders/relocate.ts';
import { loadTolerantly } from '../loaders/tolerant.ts';
import { markChecked } from '../state/checks.ts';
import { closedLocations } from '../state/closed-locations.ts';
import { assertLease } from '../state/leases.ts';
import { addToSweep, saveCursor } from '../state/passes.ts';
import { addRejects } from '../state/rejects.ts';
import { addRunCounts } from '../state/runs.ts';
import { addSweepKeys } from '../state/sweep-keys.ts';
import { addUnknownFields } from '../state/unknown-fields.ts';
import type { Batch } from './batch.ts';
import { refuseJumpedClock } from './clock-guard.ts';
import { preparerOf } from './collect.ts';
import type { RunContext, Unit } from './context.ts';
import { noteHints } from './hints.ts';
import { noteVanished, vanishedInside } from './vanished.ts';

/** The result of storing a batch. */
export interface Stored {
  /** Rows that are new or were changed. */
  readonly inserted: number;
}

/** Another stream inserted the same new key a moment before, for instance that of a window which overlaps. */
const UNIQUE_VIOLATION = '23505';

/** A lock was not released in time. */
const LOCKED = 'database.55P03';

/** How long a stream waits for a database that is away before it gives up, milliseconds. */
const PATIENCE_MS = 5 * 60_000;

/**
 * Stores a batch in one transaction: rows, rejects, unknown fields, change hints, candidates for deletion, cursor and counts. After a
 * collision or a lost connection it tries again. If Postgres refuses a value, the record with that value is found and becomes a reject.
 */
export async function commitBatch(context: RunContext, batch: Batch): Promise<Stored> {
  const began = context.clock.now().getTime();
  const resource = batch.unit.resource.name;
  const requests = context.counters.takeRequests(resource);
  const unknown = context.counters.takeUnknown();
  let careful = false;
  let staged = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withLoad(context.pool, (tx) => store(context, tx, batch, { requests, unknown, careful, staged }));
    } catch (error) {
      if (databaseCode(error) === UNIQUE_VIOLATION && !staged) {
        staged = true;
        continue;
      }
      if (isDataError(error) && !careful) {
        careful = true;
        continue;
      }
      const classified: LobbieSyncError = classifyError(error);
      const waited = context.clock.now().getTime() - began;
      if (classified.action !== 'retry' || waited > PATIENCE_MS || context.stop.signal.aborted) {
        context.counters.returnRequests(resource, requests);
        context.counters.returnUnknown(unknown);
        throw classified.code === LOCKED ? await lockedBy(context, classified, resource) : classified;
      }
      const holders = classified.code === LOCKED ? await lockHolders(context.pool).catch(() => []) : undefined;
      context.logger.warn(
        { code: classified.code, attempt, resource, ...(holders && { holders }) },
        'batch is stored again',
      );
      await context.clock.sleep(Math.min(100 * 2 ** attempt, 5000), context.stop.signal);
    }
  }
}

/** The error of a batch that waited for a lock, with the sessions that hold the lock. */
async function lockedBy(context: RunContext, error: LobbieSyncError, resource: string): Promise<LobbieSyncError> {
  const holders = await lockHolders(context.pool).catch(() => []);
  if (holders.length === 0) return error;
  return new LobbieSyncError(`rows of ${resource} can't be stored: a table is locked by ${holders.join(', ')}`, {
    code: error.code,
    action: error.action,
    hint: 'End that session, or wait until it is done, and run again.',
    cause: error,
  });
}

interface Extras {
  readonly requests: number;
  readonly unknown: readonly (readonly [string, ReadonlyMap<string, number>])[];
  readonly careful: boolean;
  readonly staged: boolean;
}

async function store(context: RunContext, tx: Transaction, batch: Batch, extras: Extras): Promise<Stored> {
  const { accountId, resource } = batch.unit;
  const leasedAt = context.clock.now();
  const databaseNow = context.leased ? await assertLease(tx.db, context.runId, accountId, resource.name) : undefined;
  const now = context.clock.now();
  refuseJumpedClock(context, databaseNow, leasedAt, now);
  const options = { runId: context.runId, now, staged: extras.staged, noHistory: context.noHistory };
  const counts = new Map([[resource.name, { ...zeroCounts(), requests: extras.requests, rowsRead: batch.read }]]);
  const rejects: Reject[] = [];
  let fresh = 0;
  // All batches write tables in the order of their names, so that two batches can't wait for each other in a ring.
  for (const name of [...batch.collected.keys()].sort()) {
    const { rows, rejects: refused } = batch.collected.get(name) ?? { rows: [], rejects: [] };
    const loadable = resourceNamed(name);
    const { table } = preparerOf(loadable);
    const loaded = extras.careful
      ? await loadTolerantly(tx, table, rows, options, accountId)
      : { ...(await loadRows(tx, table, rows, options)), rejects: [] };
    const all = [...refused, ...loaded.rejects];
    rejects.push(...all);
    const { inserted, updated, unchanged } = loaded;
    fresh += inserted;
    counts.set(name, { ...(counts.get(name) ?? zeroCounts()), inserted, updated, unchanged, rejected: all.length });
    if (context.hints) await noteHints(tx.db, loadable, accountId, loaded.changed, now);
    await leaveClosed(context, tx, batch, loadable, rows);
    await context.doubts.dismiss(tx, accountId, loadable, rows, now);
    for (const inside of vanishedInside(loadable, loaded.changed)) await noteVanished(context, tx, batch, inside);
  }
  await addRejects(tx.db, context.runId, rejects, now);
  await noteParents(context, tx, batch);
  if (batch.sweepId !== null) {
    const rows = batch.collected.get(resource.name)?.rows ?? [];
    if (batch.unit.read.parent === undefined) await rememberKeys(tx, batch.sweepId, batch.unit, rows);
    const { rejected, updated } = counts.get(resource.name) ?? zeroCounts();
    // Only a nightly sync follows change hints, so that only there a mass change matters.
    await addToSweep(tx.db, batch.sweepId, { read: batch.read, rejected, changed: context.hints ? updated : 0 });
  }
  if (batch.scope !== null) {
    const key = { passId: context.passId, accountId, resource: resource.name, scope: batch.scope };
    await saveCursor(tx.db, key, batch.cursor, batch.done, now);
  }
  // All batches of a run count in the same rows. So these come last, to be locked only during the commit, and in the order of names, so
  // that two batches can't wait for each other in a ring.
  for (const [name, fields] of extras.unknown) await addUnknownFields(tx.db, context.runId, name, fields, now);
  for (const name of [...counts.keys()].sort()) {
    await addRunCounts(tx.db, context.runId, name, counts.get(name) ?? zeroCounts());
  }
  return { inserted: fresh };
}

/** Moves rows that several locations serve from closed locations to the one that has them now; they are read there from now on. */
async function leaveClosed(
  context: RunContext,
  tx: Transaction,
  { unit }: Batch,
  resource: Resource,
  rows: readonly Row[],
): Promise<void> {
  const { accountId, locationId } = unit;
  if (resource.sharedByLocations !== true || locationId === null || rows.length === 0) return;
  const from = (await closedLocations(tx.db, { accountId })).map((closed) => closed.locationId);
  if (from.length === 0) return;
  const keys = rows.map((row) => row.key.slice(1).join('/'));
  const { runId } = context;
  const move = { accountId, keys, from, to: locationId, runId, now: context.clock.now() };
  await relocate(tx, preparerOf(resource).table, move);
}

/** Only the parents of the tables that `checks` speaks of have one number as their id; all of them have. */
async function noteParents(context: RunContext, tx: Transaction, batch: Batch): Promise<void> {
  const { unit, parents } = batch;
  if (parents.length === 0 || unit.read.parent === undefined) return;
  await markChecked(tx.db, unit.accountId, unit.resource.name, parents);
  const whole = parents.filter((parent) => parent.whole);
  await noteVanished(context, tx, batch, {
    tables: [unit.resource, ...(unit.resource.embeds ?? []).map((each) => resourceNamed(each.resource))],
    column: unit.read.parent.column,
    parentIds: whole.map(({ parentId }) => parentId),
    readAt: new Date(Math.min(...whole.map(({ at }) => at.getTime()))),
  });
}

async function rememberKeys(tx: Transaction, sweepId: string, unit: Unit, rows: readonly Row[]): Promise<void> {
  const numeric = unit.resource.key.length === 1 && unit.resource.key[0] === 'id';
  const offset = unit.resource.scope === 'global' ? 0 : 1;
  const keys = [...new Set(rows.map((row) => row.key.slice(offset).join('/')))];
  await addSweepKeys(tx.db, sweepId, keys, numeric);
}
