import { type Kysely, sql } from 'kysely';

/** What proves that a row is gone, what lists are known to be whole since when, and a sharper word for candidates that stay. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(PROOFS).execute(db);
  await sql.raw(LISTS).execute(db);
}

const PROOFS = `
ALTER TABLE lobbie_sync.deletes
  ADD COLUMN sweep_ids bigint[],
  ADD COLUMN absent_at timestamptz;
UPDATE lobbie_sync.deletes SET absent_at = found_at;
ALTER TABLE lobbie_sync.deletes ALTER absent_at SET NOT NULL;
COMMENT ON COLUMN lobbie_sync.deletes.sweep_ids IS 'The certified sweeps that did not meet the row; null: the list of its parent, read whole, did not have it.';
COMMENT ON COLUMN lobbie_sync.deletes.absent_at IS 'Since when the row is known to be absent: the start of the first of those sweeps, or when the list of its parent was requested.';

ALTER TABLE lobbie_sync.deletes DROP CONSTRAINT deletes_status_check;
UPDATE lobbie_sync.deletes SET status = 'dismissed' WHERE status = 'kept';
ALTER TABLE lobbie_sync.deletes ADD CONSTRAINT deletes_status_check
  CHECK (status IN ('candidate', 'held', 'applied', 'dismissed', 'restored'));
COMMENT ON TABLE lobbie_sync.deletes IS 'Rows that a whole reading no longer met: candidates, held for a person, applied as tombstones, dismissed because Lobbie still has them, or restored by a person.';
`;

/** Sweeps of passes that have ended were judged, or never could be: both count as they did. */
const LISTS = `
UPDATE lobbie_sync.sweeps s SET judged = true FROM lobbie_sync.passes p
  WHERE p.id = s.pass_id AND p.status <> 'open' AND s.status = 'certified' AND NOT s.judged;

CREATE TABLE lobbie_sync.list_state (
  account_id bigint NOT NULL,
  location_id bigint NOT NULL DEFAULT 0,
  resource text NOT NULL,
  operation text NOT NULL,
  last_certified_at timestamptz NOT NULL,
  oldest_checked_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, resource, location_id, operation)
);
COMMENT ON TABLE lobbie_sync.list_state IS 'One row for each list of an account or location: when it was last proven to be whole, and since when every row of it was checked at least once. Written by the run that proves it.';

INSERT INTO lobbie_sync.list_state (account_id, location_id, resource, operation, last_certified_at, oldest_checked_at)
WITH lists AS (
  SELECT DISTINCT ON (account_id, resource, location_id, operation)
    account_id, location_id, resource, operation, finished_at, started_at
  FROM lobbie_sync.sweeps WHERE status = 'certified' AND whole
  ORDER BY account_id, resource, location_id, operation, started_at DESC
), parents AS (
  SELECT account_id, resource, min(checked_at) AS oldest FROM lobbie_sync.checks GROUP BY account_id, resource
)
SELECT l.account_id, l.location_id, l.resource, l.operation, coalesce(l.finished_at, l.started_at), coalesce(p.oldest, l.started_at)
FROM lists l LEFT JOIN parents p ON p.account_id = l.account_id AND p.resource = l.resource;

CREATE OR REPLACE VIEW lobbie_sync.freshness AS
SELECT l.account_id, NULLIF(l.location_id, 0) AS location_id, l.resource, l.operation, l.last_certified_at,
  l.oldest_checked_at, t.rows
FROM lobbie_sync.list_state l
LEFT JOIN lobbie_sync.table_rows t
  ON t.account_id = l.account_id AND t.resource = l.resource AND t.location_id = l.location_id
WHERE l.location_id = 0 OR EXISTS (SELECT FROM lobbie.locations p
  WHERE p.account_id = l.account_id AND p.id = l.location_id AND p._deleted_at IS NULL);
COMMENT ON VIEW lobbie_sync.freshness IS 'Per account, location and list: the last reading that is proven to be whole and judged for what is gone, and the time since when every row has been checked at least once. Locations that are gone are left out.';
`;
