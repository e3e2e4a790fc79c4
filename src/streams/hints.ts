import { type Kysely, sql } from 'kysely';
import type { Row } from '../core/row.ts';
import type { SyncDatabase } from '../db/tables.ts';
import { RESOURCES } from '../extractors/registry.ts';
import type { Resource } from '../extractors/resource.ts';
import { markDue } from '../state/checks.ts';
import { preparerOf } from './collect.ts';

/** The resources whose lists are read once for each row of the given one. */
export function childrenOf(name: string): readonly Resource[] {
  return RESOURCES.filter((resource) => resource.reads.some((read) => read.parent?.resource === name));
}

/**
 * Records new and changed rows as change hints: the lists below them become due. A row with a patient's id also makes that patient's
 * lists due, because a visit, a lab or a bill usually changes the patient's record.
 */
export async function noteHints(
  db: Kysely<SyncDatabase>,
  resource: Resource,
  accountId: string,
  changed: readonly Row[],
  at: Date,
): Promise<void> {
  if (changed.length === 0) return;
  const below = childrenOf(resource.name).map((child) => child.name);
  const idAt = preparerOf(resource).table.columns.findIndex((column) => column.name === 'id');
  const ids = changed.map((row) => row.values[idAt]).filter((id) => id !== null && id !== undefined);
  if (below.length > 0 && idAt >= 0) await markDue(db, accountId, below, ids, at);
  if (resource.strategy.kind === 'children') return;
  const patientAt = preparerOf(resource).table.columns.findIndex((column) => column.name === 'patient_id');
  if (patientAt < 0) return;
  const patients = changed.map((row) => row.values[patientAt]).filter((id) => id !== null && id !== undefined);
  await markDue(
    db,
    accountId,
    childrenOf('patients').map((child) => child.name),
    patients,
    at,
  );
}

/**
 * Makes the hints of a resource's changed rows wait for the rotation. A parent that was never read stays due.
 *
 * @param since when the reading began that changed them
 * @returns how many lists of parents wait
 */
export async function deferHints(
  db: Kysely<SyncDatabase>,
  resource: Resource,
  accountId: string,
  since: Date,
): Promise<number> {
  const columns = preparerOf(resource).table.columns.map(({ name }) => name);
  const defer = async (lists: readonly Resource[], column: string): Promise<number> => {
    const names = lists.map(({ name }) => name);
    if (names.length === 0 || !columns.includes(column)) return 0;
    const { numAffectedRows = 0n } =
      await sql`UPDATE lobbie_sync.checks c SET due_since = NULL, deferred_since = c.due_since
      WHERE c.account_id = ${accountId} AND c.resource = ANY(${names}::text[]) AND c.due_since >= ${since} AND c.checked_at IS NOT NULL
        AND c.parent_id IN (SELECT t.${sql.ref(column)} FROM lobbie.${sql.ref(resource.name)} t
          WHERE t.account_id = ${accountId} AND t._loaded_at >= ${since} AND t._version > 1)`.execute(db);
    return Number(numAffectedRows);
  };
  const below = await defer(childrenOf(resource.name), 'id');
  if (resource.strategy.kind === 'children') return below;
  return below + (await defer(childrenOf('patients'), 'patient_id'));
}
