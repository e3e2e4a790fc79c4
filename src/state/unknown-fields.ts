import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** A field that the API sends and the contract does not know, or a fault of values for which null is stored. */
export interface UnknownField {
  readonly resource: string;
  /** `name`; `name.inner` inside a JSON field; `page.name` beside the list of a page; `name: fault` for a value that null stands for. */
  readonly field: string;
  readonly firstSeenAt: Date;
  readonly firstRunId: string;
  readonly lastSeenAt: Date;
  /** How many records had it in the latest run that met it; pages for `page.name`. */
  readonly records: number;
}

/**
 * Adds to the counts of unknown fields of a run, and notes a field that is met for the first time.
 *
 * @param fields how many records had each, by name; names must be safe to show
 */
export async function addUnknownFields(
  db: Db,
  runId: string,
  resource: string,
  fields: ReadonlyMap<string, number>,
  now: Date,
): Promise<void> {
  if (fields.size === 0) return;
  await sql`WITH counted AS (
      SELECT f, n FROM unnest(${[...fields.keys()]}::text[], ${[...fields.values()]}::bigint[]) AS x(f, n)
    ), noted AS (
      INSERT INTO lobbie_sync.unknown_fields (resource, field, first_seen_at, first_run_id, last_seen_at, last_run_id, records)
      SELECT ${resource}, f, ${now}::timestamptz, ${runId}::bigint, ${now}::timestamptz, ${runId}::bigint, n FROM counted
      WHERE NOT EXISTS (SELECT FROM lobbie_sync.unknown_fields u WHERE u.resource = ${resource} AND u.field = f)
      ORDER BY f ON CONFLICT DO NOTHING
    )
    INSERT INTO lobbie_sync.run_unknown_fields AS u (run_id, resource, field, records)
    SELECT ${runId}::bigint, ${resource}, f, n FROM counted ORDER BY f
    ON CONFLICT (run_id, resource, field) DO UPDATE SET records = u.records + excluded.records`.execute(db);
}

/**
 * Notes at the end of a run which fields it met, and in how many records.
 *
 * @returns how many of them were never met before
 */
export async function noteLastSeen(db: Db, runId: string, now: Date): Promise<number> {
  const { rows } = await sql<{ isNew: boolean }>`UPDATE lobbie_sync.unknown_fields u
    SET last_seen_at = ${now}, last_run_id = r.run_id, records = r.records
    FROM lobbie_sync.run_unknown_fields r
    WHERE r.run_id = ${runId} AND u.resource = r.resource AND u.field = r.field
    RETURNING u.first_run_id = r.run_id AS "isNew"`.execute(db);
  return rows.filter(({ isNew }) => isNew).length;
}

/** More are shown nowhere: then something other than fields has names that change. */
const MOST_SHOWN = 1000;

/**
 * The fields that are still sent, the newest first, 1,000 at most.
 *
 * @param since leaves out fields that were not met since then
 */
export async function unknownFields(db: Db, since: Date): Promise<UnknownField[]> {
  const rows = await db
    .selectFrom('lobbie_sync.unknown_fields')
    .selectAll()
    .where('last_seen_at', '>=', since)
    .orderBy('first_seen_at', 'desc')
    .orderBy('resource')
    .orderBy('field')
    .limit(MOST_SHOWN)
    .execute();
  return rows.map((row) => ({
    resource: row.resource,
    field: row.field,
    firstSeenAt: row.first_seen_at,
    firstRunId: row.first_run_id,
    lastSeenAt: row.last_seen_at,
    records: Number(row.records),
  }));
}
