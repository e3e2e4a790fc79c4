import type { Kysely } from 'kysely';
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
