import type { Row } from '../core/row.ts';
import type { Transaction } from '../db/transaction.ts';
import { resourceNamed } from '../extractors/registry.ts';
import type { Resource } from '../extractors/resource.ts';
import { identifier, keyText, tableName } from '../loaders/names.ts';
import { addCandidates, keepMet } from '../state/deletes.ts';
import type { Batch } from './batch.ts';
import { preparerOf } from './collect.ts';
import type { RunContext } from './context.ts';

/** Parents of which everything that hangs below them is in the batch at hand. */
export interface WholeParents {
  /** Tables that hang below. */
  readonly tables: readonly Resource[];
  /** Their column with the parent's id. */
  readonly column: string;
  readonly parentIds: readonly string[];
}

/**
 * The changed records of a batch that carry other records inside: what a record no longer carries is gone. A record whose
 * array is missing says nothing about it.
 */
export function vanishedInside(resource: Resource, changed: readonly Row[]): WholeParents {
  const nothing: WholeParents = { tables: [], column: '', parentIds: [] };
  // Forms are judged with their packet, from which they come as a whole.
  if (resource.name !== 'labs' || changed.length === 0) return nothing;
  const panels = preparerOf(resource).table.columns.findIndex((column) => column.name === 'test_panels');
  const whole = changed.filter((row) => (row.values[panels] ?? '[]') !== '[]');
  return {
    tables: [resourceNamed('lab_test_panels'), resourceNamed('lab_test_components')],
    column: 'lab_id',
    parentIds: whole.map((row) => row.key[1] ?? ''),
  };
}

/**
 * Notes as candidates for deletion the stored rows below whole parents that the batch does not have. Nothing is noted
 * when the batch has a reject: the row that seems to be gone may be the one that could not be read, or within it. Nothing
 * is noted below a parent that is a candidate itself: an answer about it speaks of the parent. Rows that
 * can't be asked for by id are not given up for an answer that has none of them at all.
 */
export async function noteVanished(
  context: RunContext,
  tx: Transaction,
  batch: Batch,
  parents: WholeParents,
): Promise<void> {
  if (parents.parentIds.length === 0) return;
  if (parents.tables.some(({ name }) => (batch.collected.get(name)?.rejects.length ?? 0) > 0)) return;
  const parentIds = believed(batch, parents);
  if (parentIds.length === 0) return;
  const silent = silentForms(batch);
  for (const resource of parents.tables) {
    const own = batch.collected.get(resource.name);
    const { table } = preparerOf(resource);
    const received = new Set(own?.rows.map((row) => row.key.slice(1).join('/')));
    const { rows } = await tx.client.query<{ key: string; parent: string; location: string | null }>(
      `SELECT ${keyText(table)} AS key, t.${identifier(parents.column)}::text AS parent,
         ${resource.scope === 'location' ? 't.location_id::text' : 'NULL'} AS location
       FROM ${tableName(table)} t
       WHERE t.account_id = $1 AND t.${identifier(parents.column)} = ANY($2::bigint[]) AND t._deleted_at IS NULL
         AND NOT EXISTS (SELECT FROM lobbie_sync.deletes d WHERE d.account_id = $1 AND d.resource = $3
           AND d.key = t.${identifier(parents.column)}::text AND d.status IN ('candidate', 'held'))`,
      [batch.unit.accountId, parentIds, batch.unit.read.parent?.resource ?? batch.unit.resource.name],
    );
    await keepMet(tx.db, batch.unit.accountId, resource.name, [...received], context.clock.now());
    const kept = resource.name === 'form_answers' ? silent : undefined;
    const gone = rows.filter((row) => !received.has(row.key) && kept?.has(row.key.split('/')[0] ?? '') !== true);
    await addCandidates(
      tx.db,
      context.runId,
      gone.map((row) => ({
        accountId: batch.unit.accountId,
        locationId: row.location,
        resource: resource.name,
        key: row.key,
        parentId: row.parent,
        reason: 'no longer in the list of its parent',
      })),
      context.clock.now(),
    );
  }
}

/** The parents whose answer counts although it may have no row: where a read by id, or a 404, tells what an empty one means. */
function believed(batch: Batch, parents: WholeParents): readonly string[] {
  const [leading] = parents.tables;
  if (leading === undefined || leading.get !== undefined || batch.unit.read.absentOn404) return parents.parentIds;
  const { columns } = preparerOf(leading).table;
  const parentAt = columns.findIndex((column) => column.name === parents.column);
  const spoke = new Set(batch.collected.get(leading.name)?.rows.map((row) => row.values[parentAt]));
  return parents.parentIds.filter((id) => spoke.has(id));
}

/** Forms of a batch that carry no list of answers, not even an empty one: they say nothing about theirs. */
function silentForms(batch: Batch): ReadonlySet<string> {
  const answersAt = preparerOf(resourceNamed('forms')).table.columns.findIndex((column) => column.name === 'answers');
  const forms = batch.collected.get('forms')?.rows ?? [];
  return new Set(forms.filter((row) => row.values[answersAt]?.startsWith('[') !== true).map((row) => row.key[1] ?? ''));
}
