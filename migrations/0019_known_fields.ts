import { type Kysely, sql } from 'kysely';

/** A JSON value without the fields that are no content: for rows that were stored when the hash covered those, too. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(KNOWN_FIELDS).execute(db);
}

const KNOWN_FIELDS = `
CREATE FUNCTION lobbie_sync.known_fields(value jsonb, known jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE jsonb_typeof(value)
    WHEN 'array' THEN (SELECT coalesce(jsonb_agg(lobbie_sync.known_fields(e.element, known) ORDER BY e.ordinality), '[]')
      FROM jsonb_array_elements(value) WITH ORDINALITY AS e(element))
    WHEN 'object' THEN coalesce((SELECT jsonb_object_agg(m.key,
        CASE jsonb_typeof(known -> m.key) WHEN 'object' THEN lobbie_sync.known_fields(m.value, known -> m.key) ELSE m.value END)
      FROM jsonb_each(value) AS m WHERE known ? m.key), value)
    ELSE value END
$$;
COMMENT ON FUNCTION lobbie_sync.known_fields IS 'A JSON value with the named fields only, in each object of an array: {"name": true} keeps a value whole, {"name": {...}} some of its fields. An object with none of them stays whole.';
`;
