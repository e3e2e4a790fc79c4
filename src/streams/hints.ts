import type { Kysely } from 'kysely';
import type { Row } from '../core/row.ts';
import type { SyncDatabase } from '../db/tables.ts';
import { RESOURCES } from '../extractors/registry.ts';
import type { Resource } from '../extractors/resource.ts';
import { markDue } from '../state/checks.ts';
import { preparerOf } from './collect.ts';

/** Resources whose lists hang below rows of the given one. */
export function childrenOf(name: string): readonly Resource[] {
  return RESOURCES.filter((resource) => resource.reads.some((read) => read.parent?.resource === name));
}

/**
 * A new or changed row is a sign: the lists below it are read again, and a row that names a patient makes that patient's
 * lists due, since whoever had a visit, a lab or a bill is the one whose record changes.
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
