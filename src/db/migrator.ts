import { readdir } from 'node:fs/promises';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import { LobbieSyncError } from '../core/errors.ts';
import { classifyError, createPool } from './pool.ts';

const FOLDER = new URL('../../migrations/', import.meta.url);

/** Reads migrations/*.ts by URL, so that it works on every platform and from any working directory. */
const provider: MigrationProvider = {
  async getMigrations() {
    const names = (await readdir(FOLDER)).filter((name) => /^\d{4}_\w+\.ts$/.test(name)).sort();
    const entries = names.map(
      async (name) => [name.replace(/\.ts$/, ''), (await import(new URL(name, FOLDER).href)) as Migration] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  },
};

export interface MigrationOutcome {
  /** Names of the migrations that were applied now. */
  readonly applied: readonly string[];
  /** How many the database has in total. */
  readonly total: number;
}

/**
 * Brings a database to the current schema. Each started copy takes the same lock, so two at once are safe: the second
 * finds nothing left to do. A failed migration is rolled back and thrown, never logged and passed over.
 *
 * @throws LobbieSyncError with action `abort`
 */
export async function migrateToLatest(connectionString: string): Promise<MigrationOutcome> {
  const pool = createPool({ connectionString, max: 2, applicationName: 'lobbie-sync migrate' });
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    await sql`CREATE SCHEMA IF NOT EXISTS lobbie_sync`.execute(db).catch((error: { code?: string }) => {
      // Two at once: IF NOT EXISTS still collides on the catalogue's unique index.
      if (error.code !== '23505' && error.code !== '42P06') throw error;
    });
    const migrator = new Migrator({
      db,
      provider,
      migrationTableSchema: 'lobbie_sync',
      allowUnorderedMigrations: false,
    });
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error !== undefined) {
      const failed = results.find((result) => result.status === 'Error')?.migrationName ?? 'the setup';
      const reason = classifyError(error);
      throw new LobbieSyncError(`migration ${failed} failed: ${reason.message}`, {
        code: 'database.migration',
        action: 'abort',
        hint: reason.hint ?? 'The database is unchanged; the code of the error tells what Postgres refused.',
        cause: reason,
      });
    }
    const applied = results.filter((result) => result.status === 'Success').map((result) => result.migrationName);
    return { applied, total: (await migrator.getMigrations()).length };
  } catch (error) {
    throw error instanceof LobbieSyncError ? error : classifyError(error);
  } finally {
    await db.destroy();
  }
}

/** Migrations that the database does not have yet. */
export async function pendingMigrations(connectionString: string): Promise<readonly string[]> {
  const pool = createPool({ connectionString, max: 1, applicationName: 'lobbie-sync migrate' });
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    const migrator = new Migrator({ db, provider, migrationTableSchema: 'lobbie_sync' });
    return (await migrator.getMigrations()).filter((each) => each.executedAt === undefined).map((each) => each.name);
  } finally {
    await db.destroy();
  }
}
