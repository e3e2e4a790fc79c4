import { type Kysely, sql } from 'kysely';

/** When an unknown field was met last, and how often: one that Lobbie no longer sends goes with the runs that met it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
ALTER TABLE lobbie_sync.unknown_fields
  ADD COLUMN last_seen_at timestamptz, ADD COLUMN last_run_id bigint, ADD COLUMN records bigint;
UPDATE lobbie_sync.unknown_fields u SET last_seen_at = l.at, last_run_id = l.run_id, records = l.records
FROM (SELECT DISTINCT ON (c.resource, c.field) c.resource, c.field, c.run_id, c.records, r.started_at AS at
  FROM lobbie_sync.run_unknown_fields c JOIN lobbie_sync.runs r ON r.id = c.run_id
  ORDER BY c.resource, c.field, c.run_id DESC) l
WHERE l.resource = u.resource AND l.field = u.field;
UPDATE lobbie_sync.unknown_fields SET last_seen_at = first_seen_at, last_run_id = first_run_id, records = 0 WHERE last_seen_at IS NULL;
ALTER TABLE lobbie_sync.unknown_fields
  ALTER COLUMN last_seen_at SET NOT NULL, ALTER COLUMN last_run_id SET NOT NULL, ALTER COLUMN records SET NOT NULL;
COMMENT ON COLUMN lobbie_sync.unknown_fields.records IS 'How many records had it in the latest run that met it; pages for a key beside a list.';`)
    .execute(db);
}
