import { type Kysely, sql } from 'kysely';

/**
 * A record that only comes inside another record has no `raw` of its own: the `raw` of its carrier holds it. Rows that have one lose
 * it here, without a version, since nothing that Lobbie says of them changed. Past versions keep theirs.
 *
 * The triggers are switched off for the statement: they would record a version of every row.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const name of ['form_answers', 'lab_test_panels']) {
    await sql
      .raw(`
ALTER TABLE lobbie.${name} ALTER COLUMN raw DROP NOT NULL, DISABLE TRIGGER USER;
UPDATE lobbie.${name} SET raw = NULL;
ALTER TABLE lobbie.${name} ENABLE TRIGGER USER;
COMMENT ON COLUMN lobbie.${name}.raw IS 'Always null: the record stands in the raw of the record that carries it.';`)
      .execute(db);
  }
}
