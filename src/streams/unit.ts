import { ApiError } from '../core/errors.ts';
import { tileWindows, type Window, windowLabel } from '../extractors/windows.ts';
import {
  closeSweep,
  loadCursors,
  openSweep,
  PARENTS_INCOMPLETE,
  type StreamState,
  saveCursor,
} from '../state/passes.ts';
import { certify } from './certify.ts';
import { type RunContext, type Unit, unitName, unitScope } from './context.ts';
import { type ListCursor, listChunks } from './list-stream.ts';
import { noParents, type ParentCursor, parentChunks } from './parent-stream.ts';
import { pump } from './stream.ts';
import { outcomeOf, type UnitOutcome } from './unit-outcome.ts';

/** A list that has not ended after this number of pages is read by several streams. */
const LARGE_AFTER_PAGES = 5;

/**
 * Reads one list of one account or location from its stored position to its end, and certifies it.
 *
 * @param complete whether the lists of its parents were certified; if not, this list can't be certified
 */
export async function runUnit(context: RunContext, unit: Unit, complete: boolean): Promise<UnitOutcome> {
  const sweep = await openSweep(
    context.db,
    context.passId,
    {
      accountId: unit.accountId,
      locationId: unit.locationId,
      resource: unit.resource.name,
      operation: unit.read.operation,
    },
    { complete, streams: unitScope(unit), now: context.clock.now() },
  );
  if (sweep.status === 'certified') return { state: 'skipped' };
  try {
    const ended = await readUnit(context, unit, sweep.id);
    if (!ended) return { state: 'stopped' };
    await certify(context, unit, sweep, complete);
    return { state: 'certified' };
  } catch (cause) {
    return await outcomeOf(context, unit, cause, (code) =>
      closeSweep(context.db, sweep.id, complete ? code : PARENTS_INCOMPLETE, context.clock.now()),
    );
  }
}

async function readUnit(context: RunContext, unit: Unit, sweepId: string): Promise<boolean> {
  const prefix = unitScope(unit);
  const key = { passId: context.passId, accountId: unit.accountId, resource: unit.resource.name };
  const states = await loadCursors<unknown>(context.db, key, prefix);
  const main = states.find((state) => state.scope === prefix);
  if (unit.read.parent !== undefined) {
    if (main?.done) return true;
    const start = (main?.cursor as ParentCursor | null | undefined) ?? noParents;
    return await pump(context, { unit, sweepId, scope: prefix }, parentChunks(context, unit, start));
  }
  try {
    return unit.read.window === undefined
      ? await readList(context, unit, sweepId, prefix, main)
      : await readWindowed(context, unit, sweepId, states as readonly StreamState<ListCursor>[]);
  } catch (error) {
    if (!(unit.read.absentOn404 && error instanceof ApiError && error.code === 'api.not_found')) throw error;
    await saveCursor(context.db, { ...key, scope: prefix }, null, true, context.clock.now());
    return true;
  }
}

async function readList(
  context: RunContext,
  unit: Unit,
  sweepId: string,
  scope: string,
  state: StreamState<unknown> | undefined,
  window?: Window,
  onPage?: (pages: number) => void,
): Promise<boolean> {
  if (state?.done) return true;
  const start = (state?.cursor as ListCursor | null | undefined) ?? {
    ...(window ? { window } : {}),
    next: null,
    pages: 0,
  };
  const source = listChunks(context, unit, start);
  return await pump(context, { unit, sweepId, scope }, onPage === undefined ? source : watched(source, onPage));
}

/** Calls `onPage` with the number of pages so far, after each page. */
async function* watched<T extends { cursor: unknown }>(source: AsyncIterable<T>, onPage: (pages: number) => void) {
  for await (const chunk of source) {
    onPage((chunk.cursor as ListCursor).pages);
    yield chunk;
  }
}

/**
 * Reads a list with a date filter twice: once without bounds, which also finds rows without a date, and once in windows that cover all
 * of time, which also finds rows that a default range would hide. The documents do not promise that one of them is whole, but together
 * they are. A large list is read in several windows at the same time.
 */
async function readWindowed(
  context: RunContext,
  unit: Unit,
  sweepId: string,
  states: readonly StreamState<ListCursor>[],
): Promise<boolean> {
  const prefix = unitScope(unit);
  const main = states.find((state) => state.scope === prefix);
  const planned = states.filter((state) => state.scope !== prefix);
  let tiles: Promise<boolean[]> | undefined;
  const startTiles = (count: number) => {
    tiles ??= (async () => {
      const known = planned.length > 0 ? planned : await planWindows(context, unit, count);
      // All of them must have ended before the first failure is thrown, because the run may end with it.
      const outcomes = await Promise.allSettled(known.map((state) => readTile(context, unit, sweepId, state)));
      return outcomes.map((outcome) => {
        if (outcome.status === 'rejected') throw outcome.reason;
        return outcome.value;
      });
    })();
    // Awaited below; until then a failure must not count as unhandled.
    tiles.catch(() => undefined);
  };
  if (planned.length > 0) startTiles(planned.length);
  const ended = await readList(context, unit, sweepId, prefix, main, undefined, (pages) => {
    if (pages >= LARGE_AFTER_PAGES) startTiles(context.concurrency);
  }).catch(async (error: unknown) => {
    await tiles?.catch(() => undefined);
    throw error;
  });
  if (ended) startTiles(1);
  const all = (await tiles) ?? [];
  return ended && all.every(Boolean);
}

async function planWindows(context: RunContext, unit: Unit, count: number): Promise<StreamState<ListCursor>[]> {
  const { rows } = await context.pool.query<{ since: Date | null }>(
    'SELECT created_at AS since FROM lobbie.locations WHERE account_id = $1 AND id = $2',
    [unit.accountId, unit.locationId],
  );
  const until = context.passStartedAt;
  const since = rows[0]?.since ?? new Date(until.getTime() - 3 * 365 * 86_400_000);
  const states = tileWindows(since, until, Math.min(8, Math.max(1, count))).map((window) => ({
    scope: `${unitScope(unit)}[${windowLabel(window)}]`,
    cursor: { window, next: null, pages: 0 },
    done: false,
  }));
  // All cursors or none: the next run assumes that the windows it finds cover all of time.
  await context.db.transaction().execute(async (tx) => {
    for (const { scope, cursor } of states) {
      const key = { passId: context.passId, accountId: unit.accountId, resource: unit.resource.name, scope };
      await saveCursor(tx, key, cursor, false, context.clock.now());
    }
  });
  return states;
}

/** Reads one window. If the API refuses the range, that is logged and is no failure: the read without bounds has to suffice. */
async function readTile(
  context: RunContext,
  unit: Unit,
  sweepId: string,
  state: StreamState<ListCursor>,
): Promise<boolean> {
  try {
    return await readList(context, unit, sweepId, state.scope, state);
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'api.bad_request')) throw error;
    context.logger.warn(
      { code: error.code, unit: unitName(unit) },
      'the API refuses this date range; the list is read without it',
    );
    return true;
  }
}
