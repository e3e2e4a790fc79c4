import { existsSync } from 'node:fs';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import { LobbieSyncError } from '../core/errors.ts';
import { existingSchemas, WithoutMadeSchemas } from './made-schemas.ts';
import { MIGRATIONS } from './migrations-folder.ts';
import { classifyError, createPool } from './pool.ts';
import { appliedNames, migrationNames, readSchemaState, refuseNewer } from './schema-state.ts';

/** How long a migration waits for another one, or for whoever uses a table, milliseconds. */
const MIGRATION_LOCK_MS = 300_000;

/** Loads the migrations by URL, so that it works on every platform and from any working directory. */
const provider: MigrationProvider = {
  async getMigrations() {
    const entries = (await migrationNames()).map(async (name) => {
      const [built, source] = [new URL(`${name}.js`, MIGRATIONS), new URL(`${name}.ts`, MIGRATIONS)];
      return [name, (await import((existsSync(built) ? built : source).href)) as Migration] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  },
};

export interface MigrationOutcome {
  /** Names of the migrations that this call applied. */
  readonly applied: readonly string[];
  /** How many migrations there are in total. */
  readonly total: number;
}

/**
 * Brings a database to the current schema. All processes take the same lock, so two at once are safe: the second finds nothing
 * left to do. A failed migration is rolled back, and its error is thrown.
 *
 * @throws LobbieSyncError with action `abort`; `database.newer` when the database has migrations that this program lacks
 */
export async function migrateToLatest(connectionString: string): Promise<MigrationOutcome> {
  const pool = createPool({
    connectionString,
    max: 2,
    applicationName: 'lobbie-sync migrate',
    lockTimeoutMs: MIGRATION_LOCK_MS,
  });
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    const made = await existingSchemas(db);
    if (!made.has('lobbie_sync')) {
      await sql`CREATE SCHEMA IF NOT EXISTS lobbie_sync`.execute(db).catch((error: { code?: string }) => {
        // When two processes start at once, IF NOT EXISTS still collides on the unique index of the catalogue.
        if (error.code !== '23505' && error.code !== '42P06') throw error;
      });
    }
    refuseNewer(await appliedNames(pool), await migrationNames());
    const migrator = new Migrator({
      db: db.withPlugin(new WithoutMadeSchemas(made)),
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
        hint: reason.hint ?? 'The database is unchanged; the error code says what Postgres refused.',
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

/** Migrations that the database does not have yet. @throws LobbieSyncError `database.newer` */
export async function pendingMigrations(connectionString: string): Promise<readonly string[]> {
  const pool = createPool({ connectionString, max: 1, applicationName: 'lobbie-sync migrate' });
  try {
    return (await readSchemaState(pool)).pending;
  } finally {
    await pool.end();
  }
}
