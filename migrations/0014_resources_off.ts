import { type Kysely, sql } from 'kysely';

/** Lists that an account does not have, by the word of a person: not read, no failure, not stale. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(OFF).execute(db);
}

const OFF = `
CREATE TABLE lobbie_sync.resources_off (
  account_id bigint NOT NULL,
  resource text NOT NULL,
  via text NOT NULL,
  reason text NOT NULL,
  actor text NOT NULL,
  since timestamptz NOT NULL,
  PRIMARY KEY (account_id, resource)
);
COMMENT ON TABLE lobbie_sync.resources_off IS 'Lists that a person switched off for an account, because it does not have them. They are not read and count neither as failed nor as stale. account_id 0: the lists of the token.';
COMMENT ON COLUMN lobbie_sync.resources_off.via IS 'The list that was named; this one hangs below it, or is it.';

CREATE OR REPLACE VIEW lobbie_sync.freshness AS
SELECT l.account_id, NULLIF(l.location_id, 0) AS location_id, l.resource, l.operation, l.last_certified_at,
  l.oldest_checked_at, t.rows
FROM lobbie_sync.list_state l
LEFT JOIN lobbie_sync.table_rows t
  ON t.account_id = l.account_id AND t.resource = l.resource AND t.location_id = l.location_id
WHERE NOT EXISTS (SELECT FROM lobbie.locations p
  WHERE p.account_id = l.account_id AND p.id = l.location_id AND p._deleted_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM lobbie_sync.resources_off o WHERE o.account_id = l.account_id AND o.resource = l.resource);
`;
