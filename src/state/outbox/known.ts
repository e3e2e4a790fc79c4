import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** A patient in the mirror, used to test a filter of the API; protected health information. */
export interface KnownPatient {
  readonly id: string;
  readonly lastName: string;
}

/** The patient with the highest id whose last name has three letters of the alphabet or more; undefined if the mirror has none. */
export async function knownPatient(db: Db, accountId: string): Promise<KnownPatient | undefined> {
  const { rows } = await sql<KnownPatient>`SELECT id::text, last_name AS "lastName" FROM lobbie.patients
    WHERE account_id = ${accountId} AND _deleted_at IS NULL AND trim(last_name) ~ '^[A-Za-z0-9]{3,}$' ORDER BY id DESC LIMIT 1`.execute(
    db,
  );
  return rows[0];
}

/** The ids of those records that the mirror had before an instant. */
export async function knownBefore(
  db: Db,
  { accountId, resource }: { readonly accountId: string; readonly resource: 'patients' | 'appointments' },
  ids: readonly string[],
  before: Date,
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`SELECT DISTINCT id::text FROM ${sql.table(`lobbie_history.${resource}`)}
    WHERE account_id = ${accountId} AND id = ANY(${[...ids]}::bigint[]) AND valid_from < ${before}`.execute(db);
  return new Set(rows.map((row) => row.id));
}

/** The ids of those records that other outbox rows created. */
export async function resultsOfOthers(
  db: Db,
  row: { readonly id: string; readonly accountId: string; readonly resource: string },
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`SELECT DISTINCT result_id::text AS id FROM lobbie_push.outbox
    WHERE account_id = ${row.accountId} AND resource = ${row.resource} AND operation = 'create'
      AND result_id = ANY(${[...ids]}::bigint[]) AND id <> ${row.id}`.execute(db);
  return new Set(rows.map((each) => each.id));
}
