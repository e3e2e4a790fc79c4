import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** Parents whose list was read whole. */
export interface Checked {
  readonly parentId: string;
  /** When the request was sent: what changed later is not covered. */
  readonly at: Date;
}

/** Notes that the lists of parents were read whole. What became due after the request was sent stays due. */
export async function markChecked(
  db: Db,
  accountId: string,
  resource: string,
  checked: readonly Checked[],
): Promise<void> {
  if (checked.length === 0) return;
  const latest = new Map(checked.map((each) => [each.parentId, each.at]));
  await sql`INSERT INTO lobbie_sync.checks AS c (account_id, resource, parent_id, checked_at)
    SELECT ${accountId}::bigint, ${resource}, id, at
    FROM unnest(${[...latest.keys()]}::bigint[], ${[...latest.values()]}::timestamptz[]) AS x(id, at) ORDER BY id
    ON CONFLICT (account_id, resource, parent_id) DO UPDATE SET
      checked_at = greatest(c.checked_at, excluded.checked_at),
      due_since = CASE WHEN c.due_since > excluded.checked_at THEN c.due_since END,
      deferred_since = CASE WHEN c.deferred_since > excluded.checked_at THEN c.deferred_since END`.execute(db);
}

/** Notes that something speaks for reading the lists of these parents again. The latest sign counts: a list that was asked for before it came does not have it. */
export async function markDue(
  db: Db,
  accountId: string,
  resources: readonly string[],
  parentIds: readonly string[],
  at: Date,
): Promise<void> {
  if (resources.length === 0 || parentIds.length === 0) return;
  const ids = [...new Set(parentIds)];
  await sql`INSERT INTO lobbie_sync.checks AS c (account_id, resource, parent_id, due_since)
    SELECT ${accountId}::bigint, r, id, ${at}::timestamptz
    FROM unnest(${[...resources].sort()}::text[]) AS r CROSS JOIN unnest(${ids}::bigint[]) AS id ORDER BY r, id
    ON CONFLICT (account_id, resource, parent_id) DO UPDATE SET due_since = excluded.due_since
    WHERE c.due_since IS NULL OR c.due_since < excluded.due_since`.execute(db);
}

/** Forgets parents that are gone. */
export async function forgetParents(
  db: Db,
  accountId: string,
  resources: readonly string[],
  ids: readonly string[],
): Promise<void> {
  if (resources.length === 0 || ids.length === 0) return;
  await db
    .deleteFrom('lobbie_sync.checks')
    .where('account_id', '=', accountId)
    .where('resource', 'in', [...resources])
    .where(sql<boolean>`parent_id = ANY(${[...ids]}::bigint[])`)
    .execute();
}
