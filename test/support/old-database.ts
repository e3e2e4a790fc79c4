import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { Kysely, PostgresDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** All rows of a database as an earlier version left it, made by scripts/old-database.ts from that version's own code. */
export interface OldDatabase {
  /** The commit whose code filled it. */
  readonly commit: string;
  /** When, ISO 8601. */
  readonly at: string;
  /** Its migrations, in order. */
  readonly migrations: readonly string[];
  /** How its simulator was started, and by how many days its world moved on. */
  readonly simulator: {
    readonly seed: number;
    readonly patients: number;
    readonly accounts: number[];
    readonly locationsPerAccount: number;
    readonly days: number;
  };
  readonly tables: readonly {
    /** Schema and table. */
    readonly name: string;
    readonly columns: readonly string[];
    /** The rows in the text format of COPY. */
    readonly rows: string;
  }[];
}

export function readOldDatabase(commit: string): OldDatabase {
  const path = new URL(`../fixtures/database-${commit}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as OldDatabase;
}

/** Makes an empty database what the old one was: its migrations, its rows, its sequences. */
export async function restoreOldDatabase(url: string, old: OldDatabase): Promise<void> {
  await migrateTo(url, old.migrations);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // The rows are what triggers made of them already.
    await client.query('BEGIN; SET LOCAL session_replication_role = replica');
    for (const { name, columns, rows } of old.tables) {
      await client.query(`DELETE FROM ${name}`);
      const list = columns.map((column) => pg.escapeIdentifier(column)).join(', ');
      await pipeline(Readable.from([rows]), client.query(copyFrom(`COPY ${name} (${list}) FROM STDIN`)));
    }
    await client.query('COMMIT');
    await moveSequences(client);
  } finally {
    await client.end();
  }
}

/** Applies the migrations of the old version only. They are never edited, so that these are the ones it had. */
async function migrateTo(url: string, names: readonly string[]): Promise<void> {
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }) });
  const folder = new URL('../../migrations/', import.meta.url);
  const migrations = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await import(new URL(`${name}.ts`, folder).href)] as const)),
  );
  try {
    const { error } = await new Migrator({
      db,
      provider: { getMigrations: async () => migrations },
      migrationTableSchema: 'lobbie_sync',
    }).migrateToLatest();
    if (error !== undefined) throw error;
  } finally {
    await db.destroy();
  }
}

/** Numbers that were given stay given. */
async function moveSequences(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; column: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name, column_name AS column FROM information_schema.columns
     WHERE is_identity = 'YES' AND table_schema LIKE 'lobbie%'`,
  );
  for (const { name, column } of rows) {
    await client.query(
      `SELECT setval(pg_get_serial_sequence($1, $2), greatest(max(${pg.escapeIdentifier(column)}), 1)) FROM ${name}`,
      [name, column],
    );
  }
}
