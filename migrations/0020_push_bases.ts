import { type Kysely, sql } from 'kysely';

/**
 * The base of a row no longer depends on when its insert commits. The row keeps the snapshot under which its base was read, and each
 * field that a delivery wrote keeps the transaction that stored it: a write that the snapshot did not see yet is laid over the base
 * when the row is read. Before, a delivery rewrote the bases of later rows, and missed those whose insert was still open.
 *
 * A row that was sent can't be changed any more: it would succeed with changes that were never sent.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(TABLES).execute(db);
  await sql.raw(TRIGGERS).execute(db);
}

const TABLES = `
ALTER TABLE lobbie_push.outbox ADD COLUMN base_snapshot pg_snapshot;
COMMENT ON COLUMN lobbie_push.outbox.base_snapshot IS 'The snapshot under which base was read: writes of other rows that it did not see are laid over base. Null: none are.';
UPDATE lobbie_push.outbox SET base_snapshot = pg_current_snapshot()
  WHERE base IS NOT NULL AND status IN ('pending', 'in_flight', 'in_doubt', 'conflict');

CREATE TABLE lobbie_push.own_writes (
  account_id bigint NOT NULL,
  resource text NOT NULL,
  record_id bigint NOT NULL,
  field text NOT NULL,
  value jsonb NOT NULL,
  outbox_id bigint NOT NULL,
  written_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (account_id, resource, record_id, field)
);
COMMENT ON TABLE lobbie_push.own_writes IS 'The value that an outbox row last wrote to a field, and the transaction that stored the answer. Removed after a day. Protected health information.';
CREATE INDEX own_writes_by_time ON lobbie_push.own_writes (written_at);

UPDATE lobbie_push.outbox o SET status = 'in_doubt', doubt_since = now(), error = 'another write of the record was sent at the same time'
  WHERE o.status = 'in_flight' AND o.target_id IS NOT NULL AND EXISTS (SELECT FROM lobbie_push.outbox e
    WHERE e.account_id = o.account_id AND e.resource = o.resource AND e.target_id = o.target_id AND e.id < o.id AND e.status = 'in_flight');
CREATE UNIQUE INDEX outbox_one_in_flight ON lobbie_push.outbox (account_id, resource, target_id)
  WHERE status = 'in_flight' AND target_id IS NOT NULL;
CREATE INDEX outbox_sent_target ON lobbie_push.outbox (account_id, resource, target_id)
  WHERE status IN ('in_flight', 'in_doubt') AND target_id IS NOT NULL;
`;

/** The values and the snapshot are read in one statement: each statement of the function has a snapshot of its own. */
const TRIGGERS = `
CREATE OR REPLACE FUNCTION lobbie_push.take_base() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_base jsonb;
  found_location bigint;
  seen pg_snapshot;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.resource, NEW.operation, NEW.account_id, NEW.location_id, NEW.target_id, NEW.external_ref, NEW.changes, NEW.allow_nulls)
      IS NOT DISTINCT FROM
      (OLD.resource, OLD.operation, OLD.account_id, OLD.location_id, OLD.target_id, OLD.external_ref, OLD.changes, OLD.allow_nulls) THEN
      RETURN NEW;
    END IF;
    IF OLD.status NOT IN ('pending', 'rejected', 'failed', 'conflict') THEN
      RAISE EXCEPTION 'outbox row % is %: what was sent can not be changed', OLD.id, OLD.status
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Insert another row.';
    END IF;
    IF (NEW.resource, NEW.account_id, NEW.target_id) IS NOT DISTINCT FROM (OLD.resource, OLD.account_id, OLD.target_id) THEN
      RETURN NEW;
    END IF;
    -- The base belongs to another record.
    NEW.base := NULL;
    NEW.base_snapshot := NULL;
  END IF;
  IF NEW.target_id IS NULL THEN
    RETURN NEW;
  END IF;
  IF NEW.resource = 'patients' THEN
    SELECT p.raw, pg_current_snapshot() INTO found_base, seen FROM lobbie.patients p
      WHERE p.account_id = NEW.account_id AND p.id = NEW.target_id AND p._deleted_at IS NULL;
  ELSE
    SELECT a.raw, a.location_id, pg_current_snapshot() INTO found_base, found_location, seen FROM lobbie.appointments a
      WHERE a.account_id = NEW.account_id AND a.id = NEW.target_id AND a._deleted_at IS NULL;
    NEW.location_id := coalesce(NEW.location_id, found_location);
  END IF;
  IF NEW.base IS NULL THEN
    NEW.base := found_base;
    NEW.base_snapshot := seen;
  ELSIF NEW.base_snapshot IS NULL THEN
    NEW.base_snapshot := pg_current_snapshot();
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER outbox_sent BEFORE UPDATE OF resource, operation, account_id, location_id, target_id, external_ref, changes, allow_nulls
  ON lobbie_push.outbox FOR EACH ROW EXECUTE FUNCTION lobbie_push.take_base();
`;
