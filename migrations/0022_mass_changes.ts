import { type Kysely, sql } from 'kysely';

/** Lists of which an unusual part changed in one nightly sync, and change hints that wait for the rotation because of that. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(MASS).execute(db);
}

const MASS = `
ALTER TABLE lobbie_sync.sweeps ADD COLUMN rows_changed bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN lobbie_sync.sweeps.rows_changed IS 'Rows that were stored before and got a new version by this sweep of a nightly sync.';

ALTER TABLE lobbie_sync.checks ADD COLUMN deferred_since timestamptz;
COMMENT ON COLUMN lobbie_sync.checks.deferred_since IS 'Since when a change hint of a mass change asks for the list of this parent: the rotation reads it before others, and no request is added for it.';

CREATE TABLE lobbie_sync.mass_changes (
  sweep_id bigint PRIMARY KEY,
  run_id bigint NOT NULL,
  at timestamptz NOT NULL,
  account_id bigint NOT NULL,
  location_id bigint NOT NULL DEFAULT 0,
  resource text NOT NULL,
  rows_changed bigint NOT NULL,
  rows bigint NOT NULL,
  hints_deferred bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE lobbie_sync.mass_changes IS 'Lists of which more than LOBBIE_CHANGE_THRESHOLD of the rows changed in one nightly sync. Their change hints wait for the rotation.';
COMMENT ON COLUMN lobbie_sync.mass_changes.hints_deferred IS 'Lists of parents that were to be read for that and wait for the rotation.';
CREATE INDEX mass_changes_by_run ON lobbie_sync.mass_changes (run_id);
`;
