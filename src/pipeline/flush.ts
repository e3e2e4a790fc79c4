import type { Kysely } from 'kysely';
import { zeroCounts } from '../core/counts.ts';
import type { SyncDatabase } from '../db/tables.ts';
import { addRunCounts, addUnknownFields } from '../state/runs.ts';
import type { Tally } from './tally.ts';

/** Stores what was counted since the last batch: requests that brought no batch, and unknown fields. */
export async function flushTally(db: Kysely<SyncDatabase>, runId: string, tally: Tally): Promise<void> {
  for (const resource of tally.pendingResources()) {
    await addRunCounts(db, runId, resource, { ...zeroCounts(), requests: tally.takeRequests(resource) });
  }
  for (const [resource, fields] of tally.takeUnknown()) await addUnknownFields(db, runId, resource, fields);
}
