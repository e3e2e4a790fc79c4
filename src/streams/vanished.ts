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

/** Parents of which everything that hangs below them is in the batch at hand. */
export interface WholeParents {
  /** Tables that hang below. */
  readonly tables: readonly Resource[];
  /** Their column with the parent's id. */
  readonly column: string;
  readonly parentIds: readonly string[];
  /** When the answers were requested that have them: what is missing was absent then. */
  readonly readAt: Date;
}

/**
 * The changed records of a batch that carry other records inside: what a record no longer carries is gone. A record that does not
 * tell the inner ones as a whole says nothing about them. Records below a parent are judged with it: they come as a whole.
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

/** A resource and all that comes inside its records. */
const within = (resource: Resource): readonly Resource[] => [
  resource,
  ...(resource.embeds ?? []).flatMap((each) => within(resourceNamed(each.resource))),
];

const columnAt = (resource: Resource, name: string): number =>
  preparerOf(resource).table.columns.findIndex((column) => column.name === name);

/** The earliest of the requests that brought some rows: what none of them has was absent since. */
const earliest = (rows: readonly Row[]): Date => new Date(Math.min(...rows.map((row) => row.readAt.getTime())));

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
  for (const resource of parents.tables) {
    const { table } = preparerOf(resource);
    const received = new Set(batch.collected.get(resource.name)?.rows.map((row) => row.key.slice(1).join('/')));
    const { carrier, ids: silent } = silentCarriers(batch, parents, resource);
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
    const gone = rows.filter((row) => !received.has(row.key) && !silent.has(row.carrier ?? ''));
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

/** Records of a batch that carry rows of a resource and do not tell them as a whole: they say nothing about theirs. */
function silentCarriers(
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
  const silent = rows.filter((row) => !wholeWhen.holds(row.values[at] ?? null));
  return { carrier: embedded?.column, ids: new Set(silent.map((row) => row.key[1] ?? '')) };
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
