import { type Kysely, sql } from 'kysely';

/** Locations that Lobbie no longer serves: what is asked of them, and what a person has decided about their rows. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(CLOSED).execute(db);
}

const CLOSED = `
CREATE TABLE lobbie_sync.closed_locations (
  account_id bigint NOT NULL,
  location_id bigint NOT NULL,
  cause text NOT NULL CHECK (cause IN ('left_list', 'lists_refused')),
  since timestamptz NOT NULL,
  delete_id bigint NOT NULL,
  PRIMARY KEY (account_id, location_id)
);
COMMENT ON TABLE lobbie_sync.closed_locations IS 'Locations that are closed now: their lists are not read. A row goes when the location is back.';
COMMENT ON COLUMN lobbie_sync.closed_locations.cause IS 'left_list: no longer in the list of locations. lists_refused: listed, but all of its lists answer 403 or 404.';
COMMENT ON COLUMN lobbie_sync.closed_locations.delete_id IS 'The entry of lobbie_sync.deletes that asks a person about its rows: held, applied (its rows are marked) or restored (they are kept).';

CREATE VIEW lobbie_sync.open_locations AS
SELECT p.account_id, p.id FROM lobbie.locations p
WHERE p._deleted_at IS NULL AND NOT EXISTS (SELECT FROM lobbie_sync.closed_locations c
  WHERE c.account_id = p.account_id AND c.location_id = p.id);
COMMENT ON VIEW lobbie_sync.open_locations IS 'Locations whose lists are read: neither marked as deleted nor closed.';

CREATE OR REPLACE VIEW lobbie_sync.freshness AS
SELECT l.account_id, NULLIF(l.location_id, 0) AS location_id, l.resource, l.operation, l.last_certified_at,
  l.oldest_checked_at, t.rows
FROM lobbie_sync.list_state l
LEFT JOIN lobbie_sync.table_rows t
  ON t.account_id = l.account_id AND t.resource = l.resource AND t.location_id = l.location_id
WHERE NOT EXISTS (SELECT FROM lobbie.locations p
  WHERE p.account_id = l.account_id AND p.id = l.location_id AND p._deleted_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM lobbie_sync.closed_locations c
    WHERE c.account_id = l.account_id AND c.location_id = l.location_id)
  AND NOT EXISTS (SELECT FROM lobbie_sync.resources_off o WHERE o.account_id = l.account_id AND o.resource = l.resource);
`;
