import { type Kysely, sql } from 'kysely';

/** The reverse direction: rows that people and tools insert, and what was sent for them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(OUTBOX).execute(db);
  await sql.raw(TRIGGERS).execute(db);
  await sql.raw(WRITERS).execute(db);
  await sql.raw(LIVING).execute(db);
}

/**
 * `active` rows are those that are not decided yet: they keep later rows of the same target waiting. The partial indexes
 * hold only those, so that a queue of years costs no more than what is open. `outbox_finished` is there to be counted: it has
 * few keys, so it is small, and a row enters it at its end only.
 */
const OUTBOX = `
CREATE SCHEMA IF NOT EXISTS lobbie_push;
COMMENT ON SCHEMA lobbie_push IS 'Changes on their way to Lobbie. Protected health information.';

CREATE TABLE lobbie_push.outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  resource text NOT NULL CHECK (resource IN ('patients', 'appointments')),
  operation text NOT NULL CHECK (operation IN ('create', 'update', 'delete')),
  account_id bigint NOT NULL CHECK (account_id > 0),
  location_id bigint CHECK (location_id > 0),
  target_id bigint CHECK (target_id > 0),
  external_ref text CHECK (external_ref <> ''),
  changes jsonb NOT NULL DEFAULT '{}',
  allow_nulls boolean NOT NULL DEFAULT false,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN
    ('pending', 'in_flight', 'succeeded', 'conflict', 'rejected', 'failed', 'in_doubt', 'cancelled')),
  error text,
  attempts integer NOT NULL DEFAULT 0,
  result_id bigint,
  base jsonb,
  requested_by text NOT NULL DEFAULT session_user,
  requested_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  approved_by text,
  approved_at timestamptz,
  resolution jsonb NOT NULL DEFAULT '{}',
  conflict_fields text[],
  remote jsonb,
  answer text,
  needs_person boolean NOT NULL DEFAULT false,
  tries integer NOT NULL DEFAULT 0,
  not_before timestamptz,
  run_id bigint,
  sent_at timestamptz,
  doubt_since timestamptz,
  CONSTRAINT outbox_changes_is_an_object CHECK (jsonb_typeof(changes) = 'object'),
  CONSTRAINT outbox_target_unless_create CHECK ((operation = 'create') = (target_id IS NULL)),
  CONSTRAINT outbox_delete_of_patients_only CHECK (operation <> 'delete' OR resource = 'patients'),
  CONSTRAINT outbox_location_of_a_booking CHECK (operation <> 'create' OR resource <> 'appointments' OR location_id IS NOT NULL)
);
CREATE UNIQUE INDEX outbox_external_ref ON lobbie_push.outbox (account_id, resource, external_ref) WHERE external_ref IS NOT NULL;
CREATE INDEX outbox_active ON lobbie_push.outbox (id) WHERE status IN ('pending', 'in_flight', 'in_doubt', 'conflict');
CREATE INDEX outbox_active_target ON lobbie_push.outbox (account_id, resource, target_id, id)
  WHERE status IN ('pending', 'in_flight', 'in_doubt', 'conflict') AND target_id IS NOT NULL;
CREATE INDEX outbox_finished ON lobbie_push.outbox (status, account_id, resource, location_id)
  WHERE status IN ('succeeded', 'rejected', 'failed', 'cancelled');
CREATE INDEX outbox_lost ON lobbie_push.outbox (completed_at) WHERE status IN ('rejected', 'failed');
CREATE INDEX outbox_result ON lobbie_push.outbox (account_id, resource, result_id) WHERE operation = 'create' AND result_id IS NOT NULL;

COMMENT ON TABLE lobbie_push.outbox IS 'Changes of patients and appointments that people and tools want in Lobbie. Protected health information.';
COMMENT ON COLUMN lobbie_push.outbox.external_ref IS 'The writer''s own reference; a second row with it is refused.';
COMMENT ON COLUMN lobbie_push.outbox.changes IS 'API field name to value. Only keys that are present are sent.';
COMMENT ON COLUMN lobbie_push.outbox.allow_nulls IS 'Whether a null in changes is meant: it clears the field.';
COMMENT ON COLUMN lobbie_push.outbox.error IS 'Why it is not done: field names, ids and codes, never a value.';
COMMENT ON COLUMN lobbie_push.outbox.attempts IS 'How often the write was sent.';
COMMENT ON COLUMN lobbie_push.outbox.base IS 'The record as the mirror had it when the row was inserted, or else when it was first looked at.';
COMMENT ON COLUMN lobbie_push.outbox.approved_at IS 'A delete is delivered once this is set, or by push apply --yes.';
COMMENT ON COLUMN lobbie_push.outbox.resolution IS 'Field to ours or theirs: what a person decided about a conflict.';
COMMENT ON COLUMN lobbie_push.outbox.conflict_fields IS 'Fields that both sides changed.';
COMMENT ON COLUMN lobbie_push.outbox.remote IS 'Lobbie''s record as it was when the conflict was seen.';
COMMENT ON COLUMN lobbie_push.outbox.answer IS 'What Lobbie answered when it refused the write. May hold protected health information.';
COMMENT ON COLUMN lobbie_push.outbox.needs_person IS 'In doubt, and reading back does not settle it.';
COMMENT ON COLUMN lobbie_push.outbox.tries IS 'How often the write was sent since a person last decided about the row.';
COMMENT ON COLUMN lobbie_push.outbox.not_before IS 'Not looked at before this instant.';
COMMENT ON COLUMN lobbie_push.outbox.sent_at IS 'When the write was last marked in flight, right before it was sent.';
COMMENT ON COLUMN lobbie_push.outbox.doubt_since IS 'Since when nobody waits for an answer to that write any more. It may still be under way, or not show yet, so that it is not sent again before the time to settle is over. Null where that can not be.';

CREATE TABLE lobbie_push.attempts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  outbox_id bigint NOT NULL,
  run_id bigint NOT NULL,
  operation text NOT NULL,
  sent_at timestamptz NOT NULL,
  ended_at timestamptz,
  outcome text NOT NULL CHECK (outcome IN ('sent', 'done', 'refused', 'not_done', 'unknown')),
  http_status integer,
  code text,
  request_id text
);
CREATE INDEX attempts_by_row ON lobbie_push.attempts (outbox_id, id);
COMMENT ON TABLE lobbie_push.attempts IS 'Every write that was sent: one row each, made before it is sent. No values.';
COMMENT ON COLUMN lobbie_push.attempts.outcome IS 'sent: no end is known (yet). done: carried out. refused: a final no. not_done: certainly not carried out. unknown: settled by reading back.';

CREATE TABLE lobbie_push.control (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  paused_at timestamptz,
  paused_by text,
  reason text
);
INSERT INTO lobbie_push.control DEFAULT VALUES;
COMMENT ON TABLE lobbie_push.control IS 'Whether deliveries are paused. One row.';
`;

/**
 * The base is taken as the row comes in: what others change from then on is their change, also when a sync brings it into
 * the mirror before the row is delivered. SECURITY DEFINER, because who may insert need not be able to read.
 */
const TRIGGERS = `
CREATE FUNCTION lobbie_push.take_base() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  place bigint;
BEGIN
  IF NEW.target_id IS NULL THEN
    RETURN NEW;
  END IF;
  IF NEW.resource = 'patients' THEN
    IF NEW.base IS NULL THEN
      SELECT p.raw INTO NEW.base FROM lobbie.patients p
        WHERE p.account_id = NEW.account_id AND p.id = NEW.target_id AND p._deleted_at IS NULL;
    END IF;
  ELSE
    SELECT coalesce(NEW.base, a.raw), a.location_id INTO NEW.base, place FROM lobbie.appointments a
      WHERE a.account_id = NEW.account_id AND a.id = NEW.target_id AND a._deleted_at IS NULL;
    NEW.location_id := coalesce(NEW.location_id, place);
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION lobbie_push.tell() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_notify('lobbie_push', '');
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION lobbie_push.take_base(), lobbie_push.tell() FROM PUBLIC;

CREATE TRIGGER outbox_base BEFORE INSERT ON lobbie_push.outbox FOR EACH ROW EXECUTE FUNCTION lobbie_push.take_base();
CREATE TRIGGER outbox_tell AFTER INSERT OR UPDATE OF changes, approved_by, approved_at, resolution ON lobbie_push.outbox
  FOR EACH STATEMENT EXECUTE FUNCTION lobbie_push.tell();
CREATE TRIGGER control_tell AFTER UPDATE ON lobbie_push.control FOR EACH STATEMENT EXECUTE FUNCTION lobbie_push.tell();
`;

const WRITERS = `
CREATE FUNCTION lobbie_push.allow_insert(who name) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA lobbie_push TO %I', who);
  EXECUTE format('GRANT INSERT (resource, operation, account_id, location_id, target_id, external_ref, changes, allow_nulls, requested_by) ON lobbie_push.outbox TO %I', who);
END $$;
REVOKE ALL ON FUNCTION lobbie_push.allow_insert(name) FROM PUBLIC;
COMMENT ON FUNCTION lobbie_push.allow_insert(name) IS 'Lets a role insert rows, and nothing else: it can neither read them nor approve deletes.';
`;

/** A living process holds its run's advisory lock, whose upper half is `lobb` in ASCII (see src/state/runs.ts). */
const LIVING = `
CREATE VIEW lobbie_sync.living_runs AS
SELECT r.id, r.kind, r.started_at FROM lobbie_sync.runs r
WHERE r.status = 'running' AND EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted
  AND l.classid::bigint = x'6c6f6262'::bigint AND l.objid::bigint = r.id % 4294967296
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()));
COMMENT ON VIEW lobbie_sync.living_runs IS 'Runs whose process lives. One that is running and not here belongs to a process that is gone; the next run closes it.';
`;
