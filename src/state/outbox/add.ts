import { type Kysely, sql } from 'kysely';
import type { WritableResource, WriteOperation } from '../../core/writable.ts';
import type { SyncDatabase } from '../../db/tables.ts';

/** An outbox row before it is inserted. */
export interface NewOutboxRow {
  readonly resource: WritableResource;
  readonly operation: WriteOperation;
  readonly accountId: string;
  readonly locationId: string | null;
  readonly targetId: string | null;
  readonly externalRef: string | null;
  /** JSON text of an object: the driver's own form would round ids. */
  readonly changes: string;
  readonly allowNulls: boolean;
  readonly requestedBy: string;
}

/** A reference, which must be unique in the outbox within its account and resource. */
export type OutboxReference = Pick<NewOutboxRow, 'resource' | 'accountId'> & { readonly externalRef: string };

/** The references that the outbox already has. */
export async function usedReferences(
  db: Kysely<SyncDatabase>,
  references: readonly OutboxReference[],
): Promise<readonly OutboxReference[]> {
  const { rows } =
    await sql<OutboxReference>`SELECT o.resource, o.account_id::text AS "accountId", o.external_ref AS "externalRef"
    FROM unnest(${references.map((each) => each.resource)}::text[], ${references.map((each) => each.accountId)}::bigint[],
      ${references.map((each) => each.externalRef)}::text[]) AS w(resource, account_id, external_ref)
    JOIN lobbie_push.outbox o USING (account_id, resource, external_ref) WHERE o.external_ref IS NOT NULL`.execute(db);
  return rows;
}

/** An outbox row after it was inserted. */
export type InsertedRow = { readonly id: string } & Pick<NewOutboxRow, 'resource' | 'accountId' | 'externalRef'>;

/**
 * Inserts rows so that their ids follow their order. A row is left out if another writer has used its reference since
 * `usedReferences` looked.
 */
export async function insertRows(
  db: Kysely<SyncDatabase>,
  rows: readonly NewOutboxRow[],
): Promise<readonly InsertedRow[]> {
  const column = <Name extends keyof NewOutboxRow>(name: Name) => rows.map((row) => row[name]);
  const inserted = await sql<InsertedRow>`INSERT INTO lobbie_push.outbox AS o
      (resource, operation, account_id, location_id, target_id, external_ref, changes, allow_nulls, requested_by)
    SELECT resource, operation, account_id, location_id, target_id, external_ref, changes::jsonb, allow_nulls, requested_by
    FROM unnest(${column('resource')}::text[], ${column('operation')}::text[], ${column('accountId')}::bigint[],
      ${column('locationId')}::bigint[], ${column('targetId')}::bigint[], ${column('externalRef')}::text[],
      ${column('changes')}::text[], ${column('allowNulls')}::boolean[], ${column('requestedBy')}::text[]) WITH ORDINALITY
      AS w(resource, operation, account_id, location_id, target_id, external_ref, changes, allow_nulls, requested_by, position)
    ORDER BY position
    ON CONFLICT (account_id, resource, external_ref) WHERE external_ref IS NOT NULL DO NOTHING
    RETURNING o.id::text, o.resource, o.account_id::text AS "accountId", o.external_ref AS "externalRef"`.execute(db);
  return inserted.rows;
}
