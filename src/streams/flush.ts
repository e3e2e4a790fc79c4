import type { Kysely } from 'kysely';
import { zeroCounts } from '../core/counts.ts';
import type { SyncDatabase } from '../db/tables.ts';
import { addRunCounts } from '../state/runs.ts';
import { addUnknownFields, noteLastSeen } from '../state/unknown-fields.ts';
import type { Counters } from './counters.ts';

/** Stores the requests and unknown fields counted since the last batch. If that fails, the counters keep their values. */
export async function flushCounters(
  db: Kysely<SyncDatabase>,
  runId: string,
  counters: Counters,
  now: Date,
): Promise<number> {
  for (const resource of counters.pendingResources()) {
    const requests = counters.takeRequests(resource);
    try {
      await addRunCounts(db, runId, resource, { ...zeroCounts(), requests });
    } catch (error) {
      counters.returnRequests(resource, requests);
      throw error;
    }
  }
  const unknown = counters.takeUnknown();
  for (const [index, [resource, fields]] of unknown.entries()) {
    try {
      await addUnknownFields(db, runId, resource, fields, now);
    } catch (error) {
      counters.returnUnknown(unknown.slice(index));
      throw error;
    }
  }
  return await noteLastSeen(db, runId, now);
}
