import type { Row } from '../core/row.ts';
import type { Transaction } from '../db/transaction.ts';
import { resourceNamed } from '../extractors/registry.ts';
import type { Resource } from '../extractors/resource.ts';
import { carrierOf } from '../extractors/select.ts';
import { identifier, keyText, tableName } from '../loaders/names.ts';
import { addCandidates } from '../state/deletes.ts';
import type { Batch } from './batch.ts';
import { preparerOf } from './collect.ts';
import type { RunContext } from './context.ts';

/** Parents whose children are all in the present batch. */
export interface WholeParents {
  /** The children's tables. */
  readonly tables: readonly Resource[];
  /** The children's column with the parent's id. */
  readonly column: string;
  readonly parentIds: readonly string[];
  /** When the answers were requested. Rows that they do not have were absent then. */
  readonly readAt: Date;
}

/**
 * The changed records of a batch that carry all of their inner records: an inner row that such a record no longer carries is gone.
 * Records that may leave inner ones out (`wholeWhen`) prove nothing. Records below a parent are judged together with the parent's list.
 */
export function vanishedInside(resource: Resource, changed: readonly Row[]): readonly WholeParents[] {
  if (changed.length === 0 || resource.reads.some((read) => read.parent !== undefined)) return [];
  return (resource.embeds ?? []).flatMap(({ resource: name, column, wholeWhen }) => {
    if (wholeWhen === undefined) return [];
    const at = columnAt(resource, wholeWhen.column);
    const whole = changed.filter((row) => wholeWhen.holds(row.values[at] ?? null));
    const parentIds = whole.map((row) => row.key[1] ?? '');
    return parentIds.length === 0
      ? []
      : [{ tables: within(resourceNamed(name)), column, parentIds, readAt: earliest(whole) }];
  });
}

/** A resource and all resources that come inside its records. */
const within = (resource: Resource): readonly Resource[] => [
  resource,
  ...(resource.embeds ?? []).flatMap((each) => within(resourceNamed(each.resource))),
];

const columnAt = (resource: Resource, name: string): number =>
  preparerOf(resource).table.columns.findIndex((column) => column.name === name);

/** When the earliest of the requests for some rows was sent. */
const earliest = (rows: readonly Row[]): Date => new Date(Math.min(...rows.map((row) => row.readAt.getTime())));

/**
 * Adds stored rows below whole parents as candidates for deletion if the batch does not have them. It adds none in these cases:
 * - The batch has a reject: the row that seems to be gone may be the rejected record, or inside it.
 * - The parent is a candidate itself: then the answer proves something about the parent only.
 * - The rows can't be read by id and the answer has none at all.
 */
export async function noteVanished(
  context: RunContext,
  tx: Transaction,
  batch: Batch,
  parents: WholeParents,
): Promise<void> {
  if (parents.parentIds.length === 0) return;
  if (parents.tables.some(({ name }) => (batch.collected.get(name)?.rejects.length ?? 0) > 0)) return;
  const parentIds = provenParents(batch, parents);
  if (parentIds.length === 0) return;
  for (const resource of parents.tables) {
    const { table } = preparerOf(resource);
    const received = new Set(batch.collected.get(resource.name)?.rows.map((row) => row.key.slice(1).join('/')));
    const { carrier, ids: partial } = partialCarriers(batch, parents, resource);
    const { rows } = await tx.client.query<{
      key: string;
      parent: string;
      location: string | null;
      carrier: string | null;
    }>(
      `SELECT ${keyText(table)} AS key, t.${identifier(parents.column)}::text AS parent,
         ${resource.scope === 'location' ? 't.location_id::text' : 'NULL'} AS location,
         ${carrier === undefined ? 'NULL' : `t.${identifier(carrier)}::text`} AS carrier
       FROM ${tableName(table)} t
       WHERE t.account_id = $1 AND t.${identifier(parents.column)} = ANY($2::bigint[]) AND t._deleted_at IS NULL
         AND NOT EXISTS (SELECT FROM lobbie_sync.deletes d WHERE d.account_id = $1 AND d.resource = $3
           AND d.key = t.${identifier(parents.column)}::text AND d.status IN ('candidate', 'held'))`,
      [batch.unit.accountId, parentIds, batch.unit.read.parent?.resource ?? batch.unit.resource.name],
    );
    const gone = rows.filter((row) => !received.has(row.key) && !partial.has(row.carrier ?? ''));
    if (gone.length === 0) continue;
    context.doubts.add(batch.unit.accountId, resource.name);
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
        sweepIds: null,
        absentAt: parents.readAt,
      })),
      context.clock.now(),
    );
  }
}

/** The records of a batch that carry rows of a resource but may leave some out, so that they prove nothing about missing rows. */
function partialCarriers(
  batch: Batch,
  parents: WholeParents,
  resource: Resource,
): { readonly carrier: string | undefined; readonly ids: ReadonlySet<string> } {
  const carrier = carrierOf(resource);
  const embedded = carrier?.embeds?.find((each) => each.resource === resource.name);
  const wholeWhen = embedded?.wholeWhen;
  if (carrier === undefined || wholeWhen === undefined || !parents.tables.includes(carrier)) {
    return { carrier: undefined, ids: new Set() };
  }
  const at = columnAt(carrier, wholeWhen.column);
  const rows = batch.collected.get(carrier.name)?.rows ?? [];
  const partial = rows.filter((row) => !wholeWhen.holds(row.values[at] ?? null));
  return { carrier: embedded?.column, ids: new Set(partial.map((row) => row.key[1] ?? '')) };
}

/**
 * The parents whose answers prove something. An empty list does only if its rows can be read by id, or if 404 says that there are none;
 * otherwise only parents with at least one row count.
 */
function provenParents(batch: Batch, parents: WholeParents): readonly string[] {
  const [leading] = parents.tables;
  if (leading === undefined || leading.get !== undefined || batch.unit.read.absentOn404) return parents.parentIds;
  const { columns } = preparerOf(leading).table;
  const parentAt = columns.findIndex((column) => column.name === parents.column);
  const withRows = new Set(batch.collected.get(leading.name)?.rows.map((row) => row.values[parentAt]));
  return parents.parentIds.filter((id) => withRows.has(id));
}
