import { type Kysely, sql } from 'kysely';

/** Columns whose values move by themselves: a change of them alone is stored in place and is no version. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(VOLATILE).execute(db);
}

const VOLATILE = `
CREATE TABLE lobbie_sync.volatile_columns (
  table_name text NOT NULL,
  column_name text NOT NULL,
  PRIMARY KEY (table_name, column_name)
);
COMMENT ON TABLE lobbie_sync.volatile_columns IS 'Columns of the schema lobbie that move by themselves, as counts and signed links: a change of them alone is no version of a row.';
INSERT INTO lobbie_sync.volatile_columns VALUES
  ('categories', 'patient_count'), ('payment_requests', 'payment_url'), ('webhook_endpoints', 'last_delivery');

CREATE OR REPLACE FUNCTION lobbie_sync.next_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  moving text[];
BEGIN
  -- The loader counts by itself; this is for whoever does not. A row that stays the same, byte by byte, is no version.
  IF NEW *= OLD THEN
    RETURN NEW;
  END IF;
  IF NEW._version = OLD._version AND NEW._loaded_at = OLD._loaded_at THEN
    SELECT array_agg(column_name) INTO moving FROM lobbie_sync.volatile_columns WHERE table_name = TG_TABLE_NAME;
    moving := moving || ARRAY['raw', '_content_hash', '_read_at'];
    IF to_jsonb(NEW) - moving = to_jsonb(OLD) - moving THEN
      RETURN NEW;
    END IF;
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
`;
