import { zeroCounts } from '../core/counts.ts';
import type { LobbieSyncError } from '../core/errors.ts';
import type { Reject } from '../core/row.ts';
import { classifyDatabaseError, databaseCode, isDataError } from '../db/pool.ts';
import { withTransaction } from '../db/transaction.ts';
import { resourceNamed } from '../extractors/registry.ts';
import { loadRows } from '../loaders/load.ts';
import { loadTolerantly } from '../loaders/tolerant.ts';
import { assertLease } from '../state/leases.ts';
import { addToSweep, type StreamKey, saveCursor } from '../state/passes.ts';
import { addRejects } from '../state/rejects.ts';
import { addRunCounts, addUnknownFields } from '../state/runs.ts';
import { type Collected, preparerOf } from './collect.ts';
import type { RunContext } from './context.ts';

/** What one transaction stores. */
export interface Batch {
  readonly stream: StreamKey;
  readonly sweepId: string;
  readonly collected: Collected;
  /** Records received at the top level of the answers. */
  readonly read: number;
  readonly cursor: unknown;
  readonly done: boolean;
}

/** Another stream inserted the same new key a moment before: two windows overlap there. */
const UNIQUE_VIOLATION = '23505';

/** How long a database that is away is waited for before the stream gives up, milliseconds. */
const PATIENCE_MS = 5 * 60_000;

/**
 * Stores a batch: rows, rejects, unknown fields, the cursor that follows them and the counts, in one transaction. A
 * collision or a lost connection is tried again; a value that Postgres refuses is searched for and rejected by name.
 */
export async function commitBatch(context: RunContext, batch: Batch): Promise<void> {
  const began = context.clock.now().getTime();
  const requests = context.tally.takeRequests(batch.stream.resource);
  const unknown = context.tally.takeUnknown();
  let careful = false;
  let staged = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await store(context, batch, { requests, unknown, careful, staged });
      return;
    } catch (error) {
      if (databaseCode(error) === UNIQUE_VIOLATION && !staged) {
        staged = true;
        continue;
      }
      if (isDataError(error) && !careful) {
        careful = true;
        continue;
      }
      const classified: LobbieSyncError = classifyDatabaseError(error);
      const waited = context.clock.now().getTime() - began;
      if (classified.action !== 'retry' || waited > PATIENCE_MS || context.stop.signal.aborted) {
        context.tally.returnRequests(batch.stream.resource, requests);
        context.tally.returnUnknown(unknown);
        throw classified;
      }
      context.logger.warn({ code: classified.code, attempt, resource: batch.stream.resource }, 'batch is stored again');
      await context.clock.sleep(Math.min(100 * 2 ** attempt, 5000), context.stop.signal);
    }
  }
}

interface Extras {
  readonly requests: number;
  readonly unknown: readonly (readonly [string, ReadonlyMap<string, number>])[];
  readonly careful: boolean;
  readonly staged: boolean;
}

async function store(context: RunContext, batch: Batch, extras: Extras): Promise<void> {
  const { stream } = batch;
  const now = context.clock.now();
  const options = { runId: context.runId, now, staged: extras.staged };
  await withTransaction(context.pool, async (tx) => {
    await assertLease(tx.db, context.runId, stream.accountId, stream.resource);
    const counts = new Map([[stream.resource, { ...zeroCounts(), requests: extras.requests, rowsRead: batch.read }]]);
    const rejects: Reject[] = [];
    // In the order of names, as all batches do: two that touch the same tables can't wait for each other in a ring.
    for (const name of [...batch.collected.keys()].sort()) {
      const { rows, rejects: refused } = batch.collected.get(name) ?? { rows: [], rejects: [] };
      const { table } = preparerOf(resourceNamed(name));
      const loaded = extras.careful
        ? await loadTolerantly(tx, table, rows, options, stream.accountId)
        : { ...(await loadRows(tx, table, rows, options)), rejects: [] };
      const all = [...refused, ...loaded.rejects];
      rejects.push(...all);
      const { inserted, updated, unchanged } = loaded;
      const known = counts.get(name) ?? zeroCounts();
      counts.set(name, { ...known, inserted, updated, unchanged, rejected: all.length });
    }
    await addRejects(tx.db, context.runId, rejects, now);
    for (const [resource, fields] of extras.unknown) await addUnknownFields(tx.db, context.runId, resource, fields);
    await saveCursor(tx.db, stream, batch.cursor, batch.done, now);
    const mine = counts.get(stream.resource);
    await addToSweep(tx.db, batch.sweepId, batch.read, mine?.rejected ?? 0);
    for (const name of [...counts.keys()].sort()) {
      await addRunCounts(tx.db, context.runId, name, counts.get(name) ?? zeroCounts());
    }
  });
}
