import { type Kysely, sql } from 'kysely';

/**
 * Every table has a key: `CREATE PUBLICATION … FOR ALL TABLES` refuses changes of a table without one, and whoever sets that up for
 * their own tables must not stop the mirror.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(KEYS).execute(db);
}

const KEYS = `
ALTER TABLE lobbie_sync.sweep_keys ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;

DO $keys$
DECLARE
  past regclass;
  made text;
BEGIN
  FOR past IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'lobbie_history' AND c.relkind = 'r' AND NOT EXISTS
      (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p') ORDER BY c.relname
  LOOP
    EXECUTE format('ALTER TABLE %s ADD COLUMN _past_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY', past);
  END LOOP;
  -- The same for tables that come later.
  made := pg_get_functiondef('lobbie_sync.track_history(text)'::regprocedure);
  IF position('ADD CHECK (valid_from < valid_to)' IN made) = 0 THEN
    RAISE EXCEPTION 'lobbie_sync.track_history is not the one that is known';
  END IF;
  EXECUTE replace(made, 'ADD CHECK (valid_from < valid_to)',
    'ADD CHECK (valid_from < valid_to), ADD COLUMN _past_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY');
END $keys$;
`;
