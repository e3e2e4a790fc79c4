import { readdir } from 'node:fs/promises';
import type pg from 'pg';
import { EXIT, LobbieSyncError } from '../core/errors.ts';
import { MIGRATIONS } from './migrations-folder.ts';

/** What the database has, beside what this program brings. */
export interface SchemaState {
  /** Migrations of this program that the database does not have yet, in order. */
  readonly pending: readonly string[];
}

/** Names of the migrations that come with this program, in order. A checkout has them as .ts, the package as .js. */
export async function migrationNames(folder: URL = MIGRATIONS): Promise<readonly string[]> {
  const files = (await readdir(folder)).filter((name) => /^\d{4}_\w+\.[jt]s$/.test(name));
  return files.map((name) => name.slice(0, -3)).sort();
}

/**
 * Compares the database with the migrations of this program, by names alone: it neither loads a migration nor opens a
 * connection of its own, since every command asks this first.
 *
 * @throws LobbieSyncError `database.newer` when the database has migrations that this program does not know
 */
export async function readSchemaState(connection: pg.Pool | pg.ClientBase): Promise<SchemaState> {
  const known = await migrationNames();
  const applied = await appliedNames(connection);
  refuseNewer(applied, known);
  const done = new Set(applied);
  return { pending: known.filter((name) => !done.has(name)) };
}

/**
 * An older program would read and write tables whose meaning has changed since.
 *
 * @throws LobbieSyncError `database.newer`
 */
export function refuseNewer(applied: readonly string[], known: readonly string[]): void {
  const unknown = applied.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const names =
    unknown.length > 3 ? `${unknown.slice(0, 3).join(', ')} and ${unknown.length - 3} more` : unknown.join(', ');
  throw new LobbieSyncError(`a newer lobbie-sync has migrated this database; this version does not know ${names}`, {
    code: 'database.newer',
    action: 'abort',
    exitCode: EXIT.usage,
    hint: 'Use the version that migrated it, or a later one. Nothing was read or changed.',
  });
}

/** Names of the applied migrations; none while the table that keeps them does not exist. */
export async function appliedNames(connection: pg.Pool | pg.ClientBase): Promise<readonly string[]> {
  const { rows: found } = await connection.query<{ there: boolean }>(
    `SELECT to_regclass('lobbie_sync.kysely_migration') IS NOT NULL AS there`,
  );
  if (found[0]?.there !== true) return [];
  const { rows } = await connection.query<{ name: string }>(
    'SELECT name FROM lobbie_sync.kysely_migration ORDER BY name',
  );
  return rows.map(({ name }) => name);
}
