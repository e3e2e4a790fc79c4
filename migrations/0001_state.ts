import { type Kysely, sql } from 'kysely';

/** Schemas and what the mirror knows of itself: runs, passes, sweeps, cursors, leases, rejects, audit. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(STATE).execute(db);
}

const STATE = `
CREATE SCHEMA IF NOT EXISTS lobbie;
COMMENT ON SCHEMA lobbie IS 'Current state of the Lobbie accounts. Protected health information.';
COMMENT ON SCHEMA lobbie_sync IS 'What the mirror knows of itself. Holds no patient data, except the records in rejects.';

CREATE TABLE lobbie_sync.runs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('backfill', 'sync', 'push', 'webhook', 'verify')),
  status text NOT NULL CHECK (status IN ('running', 'succeeded', 'partial', 'incomplete', 'failed')),
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  requests bigint NOT NULL DEFAULT 0,
  rows_read bigint NOT NULL DEFAULT 0,
  rows_inserted bigint NOT NULL DEFAULT 0,
  rows_updated bigint NOT NULL DEFAULT 0,
  rows_unchanged bigint NOT NULL DEFAULT 0,
  rows_deleted bigint NOT NULL DEFAULT 0,
  rows_rejected bigint NOT NULL DEFAULT 0,
  error text,
  selection jsonb NOT NULL DEFAULT '{}',
  host text,
  pid integer
);
CREATE INDEX runs_running ON lobbie_sync.runs (id) WHERE status = 'running';

CREATE TABLE lobbie_sync.run_resources (
  run_id bigint NOT NULL,
  resource text NOT NULL,
  requests bigint NOT NULL DEFAULT 0,
  rows_read bigint NOT NULL DEFAULT 0,
  rows_inserted bigint NOT NULL DEFAULT 0,
  rows_updated bigint NOT NULL DEFAULT 0,
  rows_unchanged bigint NOT NULL DEFAULT 0,
  rows_deleted bigint NOT NULL DEFAULT 0,
  rows_rejected bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (run_id, resource)
);

CREATE TABLE lobbie_sync.run_unknown_fields (
  run_id bigint NOT NULL,
  resource text NOT NULL,
  field text NOT NULL,
  records bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (run_id, resource, field)
);
COMMENT ON TABLE lobbie_sync.run_unknown_fields IS 'Fields the contract does not know: kept in raw, counted here.';

CREATE TABLE lobbie_sync.run_problems (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id bigint NOT NULL,
  at timestamptz NOT NULL,
  account_id bigint,
  location_id bigint,
  resource text,
  scope text,
  code text NOT NULL,
  message text NOT NULL,
  hint text
);
CREATE INDEX run_problems_by_run ON lobbie_sync.run_problems (run_id, id);
COMMENT ON TABLE lobbie_sync.run_problems IS 'Why a run is not a plain success: one row for each stream that could not be read to its end.';

CREATE TABLE lobbie_sync.passes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  selection_key text NOT NULL,
  status text NOT NULL CHECK (status IN ('open', 'finished', 'partial', 'abandoned')),
  started_at timestamptz NOT NULL,
  finished_at timestamptz
);
CREATE UNIQUE INDEX passes_open ON lobbie_sync.passes (kind, selection_key) WHERE status = 'open';
COMMENT ON TABLE lobbie_sync.passes IS 'One reading of a selection from beginning to end; an interrupted one is continued by the next run.';

CREATE TABLE lobbie_sync.sweeps (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pass_id bigint NOT NULL,
  account_id bigint NOT NULL,
  location_id bigint NOT NULL DEFAULT 0,
  resource text NOT NULL,
  operation text NOT NULL,
  status text NOT NULL CHECK (status IN ('open', 'certified', 'failed')),
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  rows_read bigint NOT NULL DEFAULT 0,
  rows_rejected bigint NOT NULL DEFAULT 0,
  reason text,
  UNIQUE (pass_id, account_id, location_id, resource, operation)
);
CREATE INDEX sweeps_by_scope ON lobbie_sync.sweeps (account_id, resource, location_id, status, started_at);
COMMENT ON TABLE lobbie_sync.sweeps IS 'One list of one account or location read within a pass; certified when first to last page were read unbroken.';

CREATE TABLE lobbie_sync.cursors (
  pass_id bigint NOT NULL,
  account_id bigint NOT NULL,
  resource text NOT NULL,
  scope text NOT NULL,
  cursor jsonb,
  status text NOT NULL CHECK (status IN ('open', 'done')),
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (pass_id, account_id, resource, scope)
);

CREATE TABLE lobbie_sync.leases (
  account_id bigint NOT NULL,
  resource text NOT NULL,
  run_id bigint NOT NULL,
  acquired_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, resource)
);
COMMENT ON TABLE lobbie_sync.leases IS 'Who reads what now. A lease whose run holds no advisory lock any more belongs to a dead process.';

CREATE TABLE lobbie_sync.rejects (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id bigint NOT NULL,
  account_id bigint,
  resource text NOT NULL,
  record_key text,
  reason text NOT NULL,
  record jsonb NOT NULL,
  context jsonb NOT NULL DEFAULT '{}',
  rejected_at timestamptz NOT NULL,
  replayed_at timestamptz
);
CREATE INDEX rejects_by_run ON lobbie_sync.rejects (run_id, id);
CREATE INDEX rejects_open ON lobbie_sync.rejects (resource, id) WHERE replayed_at IS NULL;
COMMENT ON COLUMN lobbie_sync.rejects.record IS 'The record as received. Protected health information. A JSON string where jsonb cannot hold it.';

CREATE TABLE lobbie_sync.audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  account_id bigint,
  resource text,
  subject jsonb NOT NULL DEFAULT '{}',
  run_id bigint
);
CREATE FUNCTION lobbie_sync.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lobbie_sync.audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION lobbie_sync.refuse_change();

CREATE VIEW lobbie_sync.freshness AS
SELECT DISTINCT ON (account_id, resource, location_id, operation)
  account_id,
  NULLIF(location_id, 0) AS location_id,
  resource,
  operation,
  finished_at AS last_certified_at,
  started_at AS oldest_checked_at,
  rows_read AS rows
FROM lobbie_sync.sweeps
WHERE status = 'certified'
ORDER BY account_id, resource, location_id, operation, started_at DESC;
COMMENT ON VIEW lobbie_sync.freshness IS 'Per account, location and list: the last reading that is proven to be whole. Every row of it was checked at oldest_checked_at or later.';
`;
