import { type Kysely, sql } from 'kysely';

/** Fields that the contract does not know, each once with its first day: counts by run go with the runs. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
CREATE TABLE lobbie_sync.unknown_fields (
  resource text NOT NULL,
  field text NOT NULL,
  first_seen_at timestamptz NOT NULL,
  first_run_id bigint NOT NULL,
  PRIMARY KEY (resource, field)
);
COMMENT ON TABLE lobbie_sync.unknown_fields IS 'Fields that the API sends and the contract does not know, and faults of values for which null is stored: when each was met first. Names only.';
INSERT INTO lobbie_sync.unknown_fields (resource, field, first_seen_at, first_run_id)
SELECT DISTINCT ON (u.resource, u.field) u.resource, u.field, r.started_at, u.run_id
FROM lobbie_sync.run_unknown_fields u JOIN lobbie_sync.runs r ON r.id = u.run_id
ORDER BY u.resource, u.field, u.run_id;`)
    .execute(db);
}
