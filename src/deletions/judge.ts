import type { Resource } from '../extractors/resource.ts';
import { keyText, ofAccount, tableName } from '../loaders/names.ts';
import { atClosedLocation } from '../state/closed-locations.ts';
import { addCandidates } from '../state/deletes.ts';
import { markJudged, passSweeps, type SweepRow } from '../state/passes.ts';
import { sweepKeysSql } from '../state/sweep-keys.ts';
import { preparerOf } from '../streams/collect.ts';
import type { RunContext } from '../streams/context.ts';

/** Sweeps that together read a whole scope and so prove which rows are absent from it. */
export interface Verdict {
  readonly sweeps: readonly SweepRow[];
  /** Null: the whole account. */
  readonly locationId: string | null;
}

/**
 * The sweeps of a resource that prove absence: certified, whole, and without a reject. A row that several locations serve is absent
 * only when no location has it, so the sweeps of such a resource are one proof together. Pure.
 *
 * @param complete whether the pass read all locations of the account
 */
export function verdicts(resource: Resource, sweeps: readonly SweepRow[], complete: boolean): readonly Verdict[] {
  const several = resource.sharedByLocations === true || resource.reads.length > 1;
  if (several) return complete && sweeps.length > 0 && sweeps.every(sound) ? [{ sweeps, locationId: null }] : [];
  return sweeps.filter(sound).map((sweep) => ({
    sweeps: [sweep],
    locationId: sweep.location_id === '0' ? null : sweep.location_id,
  }));
}

/**
 * Certified sweeps that will never prove absence: those with a reject, those of a part of the list, and those of some locations of a
 * shared resource. Other sweeps may still prove it: the next run of the pass ends an open or failed sweep, and sweeps that are one proof
 * together wait for the last of them. Pure.
 */
function inconclusive(resource: Resource, sweeps: readonly SweepRow[], complete: boolean): readonly SweepRow[] {
  const certified = sweeps.filter((sweep) => sweep.status === 'certified');
  const several = resource.sharedByLocations === true || resource.reads.length > 1;
  if (!several) return certified.filter((sweep) => !sound(sweep));
  if (!complete) return certified;
  // All have ended and one of them proves nothing, so together they prove nothing.
  return certified.length === sweeps.length && !certified.every(sound) ? certified : [];
}

const sound = (sweep: SweepRow): boolean => sweep.whole && sweep.status === 'certified' && sweep.rows_rejected === '0';

/**
 * Compares the keys that certified sweeps of a pass met with the rows in the warehouse, and adds the rows they did not meet as candidates
 * for deletion. Sweeps that met no row at all, although rows are stored, add no candidates.
 */
export async function judgeSweeps(
  context: RunContext,
  accountId: string,
  resources: readonly Resource[],
  complete: boolean,
): Promise<void> {
  for (const resource of resources) {
    // Lists below a parent are judged parent by parent as they are read.
    if (resource.reads.some((read) => read.parent !== undefined)) continue;
    const sweeps = await passSweeps(context.db, context.passId, accountId, resource.name);
    const judged = verdicts(resource, sweeps, complete);
    for (const verdict of judged) await judge(context, accountId, resource, verdict);
    await markJudged(context.db, accountId, resource.name, [
      ...judged.flatMap((verdict) => verdict.sweeps),
      ...inconclusive(resource, sweeps, complete),
    ]);
  }
}

async function judge(context: RunContext, accountId: string, resource: Resource, verdict: Verdict): Promise<void> {
  const { table } = preparerOf(resource);
  const sweeps = verdict.sweeps.map((sweep) => sweep.id);
  const begun = new Date(Math.min(...verdict.sweeps.map((sweep) => sweep.started_at.getTime())));
  // An entry that waits for a decision is dismissed if a later sweep met its row.
  await context.pool.query(
    `UPDATE lobbie_sync.deletes d SET status = 'dismissed', decided_at = $4
     FROM (${sweepKeysSql('$3')}) seen
     WHERE d.account_id = $1 AND d.resource = $2 AND d.status IN ('candidate', 'held') AND d.key = seen.k
       AND d.absent_at <= $5 AND NOT EXISTS (SELECT FROM lobbie_sync.closed_locations c WHERE c.delete_id = d.id)`,
    [accountId, resource.name, sweeps, context.clock.now(), begun],
  );
  const { rows } = await context.pool.query<{ key: string; location: string | null; met: number }>(
    `WITH seen AS MATERIALIZED (${sweepKeysSql('$2')})
     SELECT ${keyText(table)} AS key, ${resource.scope === 'location' ? 't.location_id::text' : 'NULL'} AS location,
       (SELECT count(*)::int FROM seen) AS met
     FROM ${tableName(table)} t
     WHERE t._deleted_at IS NULL AND t._read_at < $3
       AND ${ofAccount(table)}
       AND ${resource.scope === 'location' ? '($4::bigint IS NULL OR t.location_id = $4::bigint)' : '$4::bigint IS NULL'}
       AND NOT ${resource.holdsLocations === true ? atClosedLocation('t.account_id', 't.id') : 'false'}
       AND NOT EXISTS (SELECT FROM seen WHERE seen.k = ${keyText(table)})`,
    [accountId, sweeps, begun, verdict.locationId],
  );
  if (rows.length === 0) return;
  if (rows[0]?.met === 0) {
    context.logger.warn(
      { account: accountId, location: verdict.locationId, resource: resource.name, rows: rows.length },
      'a list that had rows is now empty; nothing is deleted because of that',
    );
    return;
  }
  await addCandidates(
    context.db,
    context.runId,
    rows.map((row) => ({
      accountId,
      locationId: row.location,
      resource: resource.name,
      key: row.key,
      parentId: null,
      reason: 'not met by a whole reading',
      sweepIds: sweeps,
      absentAt: begun,
    })),
    context.clock.now(),
  );
}
