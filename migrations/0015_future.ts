import { type Kysely, sql } from 'kysely';

/**
 * What a clock that was ahead left behind: counts it, and brings rows, versions and state back to a time that has come. A row whose
 * time lies in the future is not taken for missing, a check in the future keeps its parent from ever being asked again, and a run in the
 * future hides that none has succeeded since.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(NEXT_VERSION).execute(db);
  await sql.raw(COUNT).execute(db);
  await sql.raw(MEND_ROWS).execute(db);
  await sql.raw(MEND_STATE).execute(db);
}

const NEXT_VERSION = `
DO $mend$
DECLARE
  made text := pg_get_functiondef('lobbie_sync.next_version()'::regprocedure);
  before text := 'IF NEW *= OLD THEN';
BEGIN
  IF position(before IN made) = 0 THEN
    RAISE EXCEPTION 'lobbie_sync.next_version is not the one that is known';
  END IF;
  -- The times of versions are put right: that is no version.
  EXECUTE replace(made, before, $text$IF current_setting('lobbie_sync.mending', true) = TG_TABLE_NAME THEN
    RETURN NEW;
  END IF;
  $text$ || before);
END $mend$;
`;

/**
 * Tables of rows have no index on their times. Small ones are always looked at; large ones only where the state gives a reason, because
 * no run with a wrong clock leaves rows and no trace.
 */
const COUNT = `
CREATE FUNCTION lobbie_sync.future_state(believed timestamptz) RETURNS TABLE (what text, entries bigint)
  LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM (
    SELECT 'runs', (SELECT count(*) FROM lobbie_sync.runs WHERE started_at > believed OR finished_at > believed)
    UNION ALL SELECT 'passes', (SELECT count(*) FROM lobbie_sync.passes WHERE started_at > believed OR finished_at > believed)
    UNION ALL SELECT 'sweeps', (SELECT count(*) FROM lobbie_sync.sweeps WHERE started_at > believed OR finished_at > believed)
    UNION ALL SELECT 'lists', (SELECT count(*) FROM lobbie_sync.list_state WHERE last_certified_at > believed OR oldest_checked_at > believed)
    UNION ALL SELECT 'deletes', (SELECT count(*) FROM lobbie_sync.deletes WHERE found_at > believed OR decided_at > believed OR absent_at > believed)
    UNION ALL SELECT 'alerts', (SELECT count(*) FROM lobbie_sync.alert_state WHERE since > believed OR last_sent > believed)
    -- By index, list by list: there are millions of checks, and a handful of lists.
    UNION ALL SELECT 'checks', (
      WITH RECURSIVE list AS (
        (SELECT account_id, resource FROM lobbie_sync.checks ORDER BY account_id, resource LIMIT 1)
        UNION ALL
        SELECT n.account_id, n.resource FROM list l CROSS JOIN LATERAL (
          SELECT c.account_id, c.resource FROM lobbie_sync.checks c
          WHERE (c.account_id, c.resource) > (l.account_id, l.resource) ORDER BY c.account_id, c.resource LIMIT 1) n
      )
      SELECT coalesce(sum(
        (SELECT count(*) FROM lobbie_sync.checks c WHERE c.account_id = l.account_id AND c.resource = l.resource AND c.checked_at > believed)
        + (SELECT count(*) FROM lobbie_sync.checks c WHERE c.account_id = l.account_id AND c.resource = l.resource AND c.due_since > believed
          AND (c.checked_at IS NULL OR c.checked_at <= believed))), 0)::bigint FROM list l)
  ) x (what, entries) WHERE entries > 0
$$;
COMMENT ON FUNCTION lobbie_sync.future_state(timestamptz) IS 'How many entries of the mirror''s own state lie after an instant, by kind: a clock was ahead when they were written.';

CREATE FUNCTION lobbie_sync.future_rows(believed timestamptz, large boolean) RETURNS TABLE (name text, entries bigint)
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  source record;
BEGIN
  FOR source IN SELECT c.oid, c.relname FROM pg_class c
    WHERE c.relnamespace = 'lobbie'::regnamespace AND c.relkind = 'r' AND (large OR pg_relation_size(c.oid) < 8388608)
      AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = '_read_at' AND NOT a.attisdropped)
    ORDER BY c.relname
  LOOP
    name := source.relname;
    EXECUTE format('SELECT count(*) FROM %s WHERE _loaded_at > $1 OR _read_at > $1 OR _deleted_at > $1', source.oid::regclass)
      INTO entries USING believed;
    IF entries > 0 THEN
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION lobbie_sync.future_rows(timestamptz, boolean) IS 'How many rows of each table of the schema lobbie lie after an instant; small tables alone, or large ones too.';
`;

/** Versions of a row keep their order, a microsecond apart, and each still ends where the next begins. */
const MEND_ROWS = `
CREATE FUNCTION lobbie_sync.mend_future_rows(table_name text, present timestamptz, believed timestamptz) RETURNS bigint
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $mend$
DECLARE
  source text := format('lobbie.%I', table_name);
  past text := format('lobbie_history.%I', table_name || '_past');
  key text;
  on_q text;
  on_f text;
  mended bigint;
BEGIN
  SELECT string_agg(quote_ident(a.attname), ', '), string_agg(format('m.%1$I = q.%1$I', a.attname), ' AND '),
      string_agg(format('f.%1$I = q.%1$I', a.attname), ' AND ')
    INTO STRICT key, on_q, on_f
    FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
    WHERE i.indrelid = source::regclass AND i.indisprimary;
  EXECUTE format('LOCK TABLE %s, %s IN SHARE ROW EXCLUSIVE MODE', source, past);
  PERFORM set_config('lobbie_sync.mending', table_name, true);
  EXECUTE format($sql$
    WITH hit AS MATERIALIZED (
      SELECT %3$s FROM %1$s WHERE _loaded_at > $2 UNION SELECT %3$s FROM %2$s WHERE valid_to > $2
    ), ends AS MATERIALIZED (
      SELECT %3$s, _loaded_at AS t FROM %1$s JOIN hit USING (%3$s)
      UNION SELECT %3$s, valid_from FROM %2$s JOIN hit USING (%3$s)
      UNION SELECT %3$s, valid_to FROM %2$s JOIN hit USING (%3$s)
    ), base AS (
      SELECT %3$s, greatest($1, max(t) FILTER (WHERE t <= $2)) AS t0 FROM ends GROUP BY %3$s
    ), m AS MATERIALIZED (
      SELECT %3$s, t, t0 + row_number() OVER (PARTITION BY %3$s ORDER BY t) * interval '1 microsecond' AS moved
      FROM ends JOIN base USING (%3$s) WHERE t > $2
    ), older AS (
      UPDATE %2$s p SET valid_to = x.ends, valid_from = x.begins, _loaded_at = x.begins,
        _read_at = CASE WHEN p._read_at > $2 THEN $1 ELSE p._read_at END,
        _deleted_at = CASE WHEN p._deleted_at > $2 THEN x.begins ELSE p._deleted_at END
      FROM (SELECT q.ctid AS tid, m.moved AS ends, coalesce(f.moved, q.valid_from) AS begins
        FROM %2$s q JOIN m ON %4$s AND m.t = q.valid_to LEFT JOIN m f ON %5$s AND f.t = q.valid_from) x
      WHERE p.ctid = x.tid
    )
    UPDATE %1$s c SET _loaded_at = x.begins,
      _read_at = CASE WHEN c._read_at > $2 THEN $1 ELSE c._read_at END,
      _deleted_at = CASE WHEN c._deleted_at > $2 THEN x.begins ELSE c._deleted_at END
    FROM (SELECT q.ctid AS tid, coalesce(m.moved, q._loaded_at) AS begins
      FROM %1$s q LEFT JOIN m ON %4$s AND m.t = q._loaded_at
      WHERE q._loaded_at > $2 OR q._read_at > $2 OR q._deleted_at > $2) x
    WHERE c.ctid = x.tid
  $sql$, source, past, key, on_q, on_f) USING present, believed;
  GET DIAGNOSTICS mended = ROW_COUNT;
  PERFORM set_config('lobbie_sync.mending', '', true);
  RETURN mended;
END $mend$;
COMMENT ON FUNCTION lobbie_sync.mend_future_rows(text, timestamptz, timestamptz) IS 'Brings the times of rows of one table, and of their versions, back from the future. No new version.';
`;

/**
 * What was checked by a run whose clock was ahead was checked at an unknown time: after everything that a run before it did. That
 * earliest time is what still proves something. Where there is none before, the present has to do.
 */
const MEND_STATE = `
CREATE FUNCTION lobbie_sync.mend_future_state(present timestamptz, believed timestamptz) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $mend$
DECLARE
  proven timestamptz;
BEGIN
  SELECT max(r.started_at) INTO proven FROM lobbie_sync.runs r WHERE r.started_at <= believed AND r.id <
    (SELECT min(w.id) FROM lobbie_sync.runs w WHERE w.started_at > believed OR w.finished_at > believed);
  proven := least(coalesce(proven, present), present);
  UPDATE lobbie_sync.checks SET checked_at = CASE WHEN checked_at > believed THEN proven ELSE checked_at END,
    due_since = CASE WHEN due_since > believed THEN present ELSE due_since END
    WHERE checked_at > believed OR due_since > believed;
  UPDATE lobbie_sync.list_state SET
    last_certified_at = CASE WHEN last_certified_at > believed THEN proven ELSE last_certified_at END,
    oldest_checked_at = CASE WHEN oldest_checked_at > believed THEN proven ELSE oldest_checked_at END
    WHERE last_certified_at > believed OR oldest_checked_at > believed;
  UPDATE lobbie_sync.sweeps SET started_at = CASE WHEN started_at > believed THEN proven ELSE started_at END,
    finished_at = CASE WHEN finished_at <= believed THEN finished_at WHEN started_at > believed THEN proven ELSE greatest(started_at, proven) END
    WHERE started_at > believed OR finished_at > believed;
  -- What was begun under a wrong clock is not gone on with: its windows end in the future.
  UPDATE lobbie_sync.passes SET status = CASE WHEN status = 'open' THEN 'abandoned' ELSE status END,
    finished_at = CASE WHEN status = 'open' OR finished_at > believed THEN present ELSE finished_at END,
    started_at = CASE WHEN started_at > believed THEN proven ELSE started_at END
    WHERE started_at > believed OR finished_at > believed;
  UPDATE lobbie_sync.deletes SET found_at = CASE WHEN found_at > believed THEN present ELSE found_at END,
    decided_at = CASE WHEN decided_at > believed THEN present ELSE decided_at END,
    absent_at = CASE WHEN absent_at > believed THEN present ELSE absent_at END
    WHERE found_at > believed OR decided_at > believed OR absent_at > believed;
  UPDATE lobbie_sync.alert_state SET since = CASE WHEN since > believed THEN present ELSE since END,
    last_sent = CASE WHEN last_sent > believed THEN present ELSE last_sent END
    WHERE since > believed OR last_sent > believed;
  UPDATE lobbie_sync.table_rows SET counted_at = present WHERE counted_at > believed;
  UPDATE lobbie_sync.run_problems SET at = present WHERE at > believed;
  UPDATE lobbie_sync.rejects SET rejected_at = CASE WHEN rejected_at > believed THEN present ELSE rejected_at END,
    replayed_at = CASE WHEN replayed_at > believed THEN present ELSE replayed_at END
    WHERE rejected_at > believed OR replayed_at > believed;
  -- Last: the runs are what says that something lies in the future, and since when.
  UPDATE lobbie_sync.runs SET
    finished_at = CASE WHEN finished_at <= believed THEN finished_at WHEN started_at <= believed THEN greatest(started_at, proven)
      ELSE least(present, proven + (finished_at - started_at)) END,
    started_at = CASE WHEN started_at > believed THEN proven ELSE started_at END
    WHERE started_at > believed OR finished_at > believed;
END $mend$;
COMMENT ON FUNCTION lobbie_sync.mend_future_state(timestamptz, timestamptz) IS 'Brings the times of the mirror''s own state back from the future.';
REVOKE ALL ON FUNCTION lobbie_sync.mend_future_rows(text, timestamptz, timestamptz),
  lobbie_sync.mend_future_state(timestamptz, timestamptz) FROM PUBLIC;
`;
