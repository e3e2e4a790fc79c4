import type { Kysely } from 'kysely';
import { zeroCounts } from '../core/counts.ts';
import type { SyncDatabase } from '../db/tables.ts';
import { addRunCounts, addUnknownFields } from '../state/runs.ts';
import type { Counters } from './counters.ts';

/** Stores what was counted since the last batch: requests that brought no batch, and unknown fields. */
export async function flushCounters(db: Kysely<SyncDatabase>, runId: string, counters: Counters): Promise<void> {
  for (const resource of counters.pendingResources()) {
    await addRunCounts(db, runId, resource, { ...zeroCounts(), requests: counters.takeRequests(resource) });
  }
  for (const [resource, fields] of counters.takeUnknown()) await addUnknownFields(db, runId, resource, fields);
}
