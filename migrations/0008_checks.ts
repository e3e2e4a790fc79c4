import { type Kysely, sql } from 'kysely';

/** What was checked when, what was seen, and what is to be deleted. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(CHECKS).execute(db);
}

const CHECKS = `
CREATE TABLE lobbie_sync.checks (
  account_id bigint NOT NULL,
  resource text NOT NULL,
  parent_id bigint NOT NULL,
  checked_at timestamptz,
  due_since timestamptz,
  PRIMARY KEY (account_id, resource, parent_id)
);
CREATE INDEX checks_due ON lobbie_sync.checks (account_id, resource, due_since) WHERE due_since IS NOT NULL;
CREATE INDEX checks_oldest ON lobbie_sync.checks (account_id, resource, checked_at);
COMMENT ON TABLE lobbie_sync.checks IS 'Per list that hangs below a parent: when the parent''s list was last read whole, and since when something says that it should be.';

CREATE TABLE lobbie_sync.sweep_keys (
  sweep_id bigint NOT NULL,
  ids bigint[],
  keys text[]
);
CREATE INDEX sweep_keys_by_sweep ON lobbie_sync.sweep_keys (sweep_id);
COMMENT ON TABLE lobbie_sync.sweep_keys IS 'Keys that a sweep met, one row a batch. Kept until the sweep is judged.';

CREATE TABLE lobbie_sync.deletes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id bigint NOT NULL,
  account_id bigint NOT NULL,
  location_id bigint,
  resource text NOT NULL,
  key text NOT NULL,
  parent_id bigint,
  reason text NOT NULL,
  status text NOT NULL CHECK (status IN ('candidate', 'held', 'applied', 'kept', 'restored')),
  found_at timestamptz NOT NULL,
  decided_at timestamptz
);
CREATE UNIQUE INDEX deletes_open ON lobbie_sync.deletes (account_id, resource, key) WHERE status IN ('candidate', 'held');
CREATE INDEX deletes_by_run ON lobbie_sync.deletes (run_id, id);
COMMENT ON TABLE lobbie_sync.deletes IS 'Rows that a whole reading no longer met: candidates, held for a person, applied as tombstones, or kept because the API still has them.';

ALTER TABLE lobbie_sync.sweeps ADD COLUMN whole boolean NOT NULL DEFAULT true, ADD COLUMN judged boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN lobbie_sync.sweeps.whole IS 'False for a nightly look at the recent part of a list: it proves nothing about the rest and never deletes.';

CREATE TABLE lobbie_sync.table_rows (
  account_id bigint NOT NULL,
  location_id bigint NOT NULL DEFAULT 0,
  resource text NOT NULL,
  rows bigint NOT NULL,
  counted_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, resource, location_id)
);

CREATE OR REPLACE VIEW lobbie_sync.freshness AS
WITH lists AS (
  SELECT DISTINCT ON (account_id, resource, location_id, operation)
    account_id, location_id, resource, operation, finished_at, started_at
  FROM lobbie_sync.sweeps WHERE status = 'certified' AND whole
  ORDER BY account_id, resource, location_id, operation, started_at DESC
), parents AS (
  SELECT account_id, resource, min(checked_at) AS oldest FROM lobbie_sync.checks GROUP BY account_id, resource
)
SELECT l.account_id, NULLIF(l.location_id, 0) AS location_id, l.resource, l.operation,
  l.finished_at AS last_certified_at,
  COALESCE(p.oldest, l.started_at) AS oldest_checked_at,
  t.rows
FROM lists l
LEFT JOIN parents p ON p.account_id = l.account_id AND p.resource = l.resource
LEFT JOIN lobbie_sync.table_rows t
  ON t.account_id = l.account_id AND t.resource = l.resource AND t.location_id = l.location_id;
COMMENT ON VIEW lobbie_sync.freshness IS 'Per account, location and list: the last reading that is proven to be whole, and the time since when every row has been checked at least once.';

-- The children of a parent are looked up when its list was read whole.
CREATE INDEX category_transitions_by_patient ON lobbie.category_transitions (account_id, patient_id);
CREATE INDEX allergies_by_patient ON lobbie.allergies (account_id, patient_id);
CREATE INDEX medications_by_patient ON lobbie.medications (account_id, patient_id);
CREATE INDEX problems_by_patient ON lobbie.problems (account_id, patient_id);
CREATE INDEX invoice_line_items_by_invoice ON lobbie.invoice_line_items (account_id, invoice_id);
CREATE INDEX forms_by_packet ON lobbie.forms (account_id, form_packet_id);
CREATE INDEX form_answers_by_packet ON lobbie.form_answers (account_id, form_packet_id);
CREATE INDEX lab_test_components_by_lab ON lobbie.lab_test_components (account_id, lab_id);
CREATE INDEX crm_statuses_by_group ON lobbie.crm_statuses (account_id, group_id);
CREATE INDEX form_template_elements_by_template ON lobbie.form_template_elements (account_id, form_template_id);
CREATE INDEX form_template_attributes_by_template ON lobbie.form_template_attributes (account_id, form_template_id);
`;
