import { type Kysely, sql } from 'kysely';

/**
 * Every version of every row. Current versions stay where they are, so that a first load and an unchanged row cost
 * nothing; a version that is superseded moves to `lobbie_history.<table>_past`, by trigger, so that no statement can
 * forget it. `lobbie_history.<table>` shows both.
 *
 * For later migrations: after `ALTER TABLE lobbie.x ADD COLUMN y …`, or `CREATE TABLE lobbie.x (…)`, say
 * `SELECT lobbie_sync.track_history('x')`. It brings table, past table, view and functions in step and may be called
 * any number of times. A column whose type changes needs the view and the function `x_as_of` dropped first, and so does a
 * new one named `version`, `valid_from` or `valid_to`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(FUNCTIONS).execute(db);
  await sql.raw(TRACK).execute(db);
  await sql.raw(TRACK_ALL).execute(db);
}

const FUNCTIONS = `
CREATE SCHEMA IF NOT EXISTS lobbie_history;
COMMENT ON SCHEMA lobbie_history IS 'Every version of every row of the schema lobbie. Protected health information.';

CREATE FUNCTION lobbie_sync.next_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- The loader counts by itself; this is for whoever does not. A row that stays the same, byte by byte, is no version.
  IF NEW *= OLD THEN
    RETURN NEW;
  END IF;
  IF NEW._loaded_at = OLD._loaded_at AND NEW._version <> OLD._version + 1 THEN
    -- The statement knows nothing of versions and left the time alone.
    NEW._loaded_at := greatest(clock_timestamp(), OLD._loaded_at + interval '1 microsecond');
  ELSIF NEW._loaded_at <= OLD._loaded_at THEN
    -- Two changes at one reading of a clock, or a clock that is behind: as near to it as the order of versions allows.
    NEW._loaded_at := OLD._loaded_at + interval '1 microsecond';
  END IF;
  NEW._version := OLD._version + 1;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION lobbie_sync.next_version() IS 'Numbers a changed row and gives it a time after that of the version before, where the statement did not.';

CREATE FUNCTION lobbie_sync.refuse_key_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the primary key of a synced row never changes: its history would be torn' USING ERRCODE = '0A000';
END $$;
REVOKE ALL ON FUNCTION lobbie_sync.next_version(), lobbie_sync.refuse_key_change() FROM PUBLIC;
`;

/**
 * The function that records takes part in every change of a row, therefore:
 * - SECURITY DEFINER: who may update a table needs no right on its history.
 * - A hash join by force: its plan is made once a session, maybe for one row, and serves a thousand later; the sessions of
 *   lobbie-sync prefer nested loops, which would be a million steps then.
 * - No unique index: a row that was removed by hand and read again begins at version 1 once more, and a history that
 *   refused it would stop the mirror.
 * - Nothing but types is taken over from the table: a constraint that is relaxed there must not bind here.
 *
 * CREATE OR REPLACE VIEW only adds columns at the end, so columns younger than `_version` come after those of the history.
 */
const TRACK = `
CREATE FUNCTION lobbie_sync.track_history(name text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $track$
DECLARE
  source regclass;
  past text := format('lobbie_history.%I', name || '_past');
  shown text := format('lobbie_history.%I', name);
  recorder text := format('lobbie_sync.%I', 'record_' || name || '_history');
  key text[];
  columns text[];
  younger text[];
  added text[];
  own_version boolean;
BEGIN
  EXECUTE format('ALTER TABLE lobbie.%I ADD COLUMN IF NOT EXISTS _version integer NOT NULL DEFAULT 1', name);
  source := format('lobbie.%I', name)::regclass;
  SELECT array_agg(quote_ident(a.attname) ORDER BY array_position(i.indkey::int2[], a.attnum)) INTO STRICT key
    FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
    WHERE i.indrelid = source AND i.indisprimary;

  IF to_regclass(past) IS NULL THEN
    EXECUTE format('CREATE TABLE %s AS SELECT *, _loaded_at AS valid_from, _loaded_at AS valid_to FROM %s WITH NO DATA', past, source);
    EXECUTE format('ALTER TABLE %s ALTER valid_from SET NOT NULL, ALTER valid_to SET NOT NULL, ADD CHECK (valid_from < valid_to)', past);
    EXECUTE format('CREATE INDEX ON %s (%s, _version)', past, array_to_string(key, ', '));
    EXECUTE format('COMMENT ON TABLE %s IS %L', past, 'Superseded versions of lobbie.' || name || '. Protected health information. Query lobbie_history.' || name || ', which has the current ones too.');
  END IF;
  SELECT array_agg(format('ADD COLUMN %I %s', s.attname, format_type(s.atttypid, s.atttypmod)) ORDER BY s.attnum) INTO added
    FROM pg_attribute s
    WHERE s.attrelid = source AND s.attnum > 0 AND NOT s.attisdropped
      AND NOT EXISTS (SELECT FROM pg_attribute p WHERE p.attrelid = past::regclass AND p.attname = s.attname AND NOT p.attisdropped);
  IF added IS NOT NULL THEN
    EXECUTE format('ALTER TABLE %s %s', past, array_to_string(added, ', '));
  END IF;

  SELECT array_agg(quote_ident(a.attname) ORDER BY a.attnum) FILTER (WHERE a.attnum <= v.attnum),
         coalesce(array_agg(quote_ident(a.attname) ORDER BY a.attnum) FILTER (WHERE a.attnum > v.attnum), '{}'),
         bool_or(a.attname = 'version' AND a.attnum < v.attnum)
    INTO columns, younger, own_version
    FROM pg_attribute a JOIN pg_attribute v ON v.attrelid = a.attrelid AND v.attname = '_version'
    WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped;
  -- A column "version" that Lobbie has itself keeps its name and meaning; the number is in "_version" everywhere.
  EXECUTE format('CREATE OR REPLACE VIEW %s AS SELECT %s FROM %s UNION ALL SELECT %s FROM %s', shown,
    array_to_string(columns || array['valid_from', 'valid_to'] || CASE WHEN own_version THEN '{}' ELSE array['_version AS version'] END || younger, ', '), past,
    array_to_string(columns || array['_loaded_at', 'NULL::timestamptz'] || CASE WHEN own_version THEN '{}' ELSE array['_version'] END || younger, ', '), source);
  EXECUTE format('COMMENT ON VIEW %s IS %L', shown, 'Every version of every row of lobbie.' || name || '. Protected health information.');
  EXECUTE format('COMMENT ON COLUMN %s.valid_from IS %L', shown, 'When lobbie-sync stored this version.');
  EXECUTE format('COMMENT ON COLUMN %s.valid_to IS %L', shown, 'When lobbie-sync stored the next version; null: this is the current one.');
  EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', shown, CASE WHEN own_version THEN '_version' ELSE 'version' END, 'Number of this version of the row, from 1.');

  -- A body as text, not BEGIN ATOMIC: h.* then follows the view when it gets columns. Inlined, so that keys use indexes.
  EXECUTE format('CREATE OR REPLACE FUNCTION lobbie_history.%I(at timestamptz) RETURNS SETOF %s LANGUAGE sql STABLE AS %L', name || '_as_of', shown,
    format('SELECT h.* FROM %s h WHERE h.valid_from <= $1 AND (h.valid_to > $1 OR h.valid_to IS NULL) AND h._deleted_at IS NULL', shown));
  EXECUTE format('COMMENT ON FUNCTION lobbie_history.%I(timestamptz) IS %L', name || '_as_of', 'lobbie.' || name || ' as it was at that instant, without rows that were deleted then.');

  EXECUTE format($record$
    CREATE OR REPLACE FUNCTION %1$s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = pg_catalog, pg_temp SET enable_hashjoin = on SET enable_nestloop = off AS $body$
    BEGIN
      IF TG_TABLE_NAME = ANY (string_to_array(replace(current_setting('lobbie_sync.no_history', true), ' ', ''), ',')) THEN
        RETURN NULL;
      END IF;
      INSERT INTO %2$s (%3$s, valid_from, valid_to)
      SELECT %4$s, o._loaded_at, n._loaded_at
      FROM old_rows o JOIN new_rows n ON %5$s
      WHERE n._version <> o._version;
      RETURN NULL;
    END $body$ $record$,
    recorder, past, array_to_string(columns || younger, ', '),
    (SELECT string_agg('o.' || c, ', ') FROM unnest(columns || younger) c),
    (SELECT string_agg(format('o.%1$s = n.%1$s', k), ' AND ') FROM unnest(key) k));
  EXECUTE format('REVOKE ALL ON FUNCTION %s() FROM PUBLIC', recorder);

  EXECUTE format('CREATE OR REPLACE TRIGGER history_key BEFORE UPDATE OF %1$s ON %2$s FOR EACH ROW WHEN (%3$s) EXECUTE FUNCTION lobbie_sync.refuse_key_change()',
    array_to_string(key, ', '), source, (SELECT string_agg(format('OLD.%1$s IS DISTINCT FROM NEW.%1$s', k), ' OR ') FROM unnest(key) k));
  EXECUTE format('CREATE OR REPLACE TRIGGER history_version BEFORE UPDATE ON %s FOR EACH ROW WHEN (NEW._version <> OLD._version + 1 OR NEW._loaded_at <= OLD._loaded_at) EXECUTE FUNCTION lobbie_sync.next_version()', source);
  EXECUTE format('CREATE OR REPLACE TRIGGER history_record AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %s()', source, recorder);
END $track$;
REVOKE ALL ON FUNCTION lobbie_sync.track_history(text) FROM PUBLIC;
COMMENT ON FUNCTION lobbie_sync.track_history(text) IS 'Makes, or brings up to date, the history of one table of the schema lobbie. For migrations.';
`;

/** In the order of names, as batches lock them: a sync that runs meanwhile waits, and nobody waits in a ring. */
const TRACK_ALL = `
SELECT lobbie_sync.track_history(name) FROM unnest(ARRAY[
  'allergies', 'appointment_types', 'appointments', 'categories', 'category_transitions', 'crm_status_groups',
  'crm_statuses', 'form_answers', 'form_packets', 'form_template_attributes', 'form_template_elements',
  'form_template_groups', 'form_templates', 'forms', 'invoice_line_items', 'invoices', 'lab_test_components',
  'lab_test_panels', 'labs', 'locations', 'medications', 'notification_groups', 'notifications', 'patient_categories',
  'patients', 'payment_requests', 'problems', 'recurring_payments', 'remote_care_services', 'remote_care_settings',
  'role_groups', 'self_scheduling_settings', 'staff', 'webhook_endpoints', 'webhook_event_types'
]) AS name;
`;
