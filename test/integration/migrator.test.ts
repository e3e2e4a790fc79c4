import { readdirSync } from 'node:fs';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { migrateToLatest, pendingMigrations } from '../../src/db/migrator.ts';
import { useTestDatabase } from '../support/database.ts';

const names = readdirSync(new URL('../../migrations/', import.meta.url))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replace(/\.ts$/, ''))
  .sort();

async function query<T extends object>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

const tables = (url: string) =>
  query<{ name: string }>(
    url,
    `SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
     WHERE table_schema IN ('lobbie', 'lobbie_sync') AND table_name NOT LIKE 'kysely%' ORDER BY 1`,
  );

describe('an empty database', () => {
  const database = useTestDatabase({ from: 'nothing' });

  test('gets every migration in order; the second time there is nothing to do', async () => {
    expect(await pendingMigrations(database.url)).toEqual(names);
    expect(await migrateToLatest(database.url)).toEqual({ applied: names, total: names.length });
    expect(await pendingMigrations(database.url)).toEqual([]);
    const before = await tables(database.url);
    expect(await migrateToLatest(database.url)).toEqual({ applied: [], total: names.length });
    expect(await tables(database.url)).toEqual(before);
  });
});

describe('two copies started at once', () => {
  const database = useTestDatabase({ from: 'nothing' });

  test('are safe: each migration is applied once, by one of them', async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => migrateToLatest(database.url)));
    expect(outcomes.flatMap(({ applied }) => applied).sort()).toEqual(names);
    expect(outcomes.map(({ total }) => total)).toEqual([names.length, names.length, names.length]);
    expect(await pendingMigrations(database.url)).toEqual([]);
  });
});

describe('a migration that fails', () => {
  const database = useTestDatabase({ from: 'nothing' });

  test('is rolled back, thrown with what to do, and can be tried again', async () => {
    // Somebody's own table stands where one of the later migrations wants to make its.
    await query(database.url, 'CREATE SCHEMA lobbie; CREATE TABLE lobbie.patients (mine integer);');
    await expect(migrateToLatest(database.url)).rejects.toMatchObject({
      name: 'LobbieSyncError',
      code: 'database.migration',
      action: 'abort',
      message: expect.stringMatching(/^migration 0003_patients failed: .*42P07/),
      hint: expect.any(String),
    });
    expect(await tables(database.url)).toEqual([{ name: 'lobbie.patients' }]);
    expect(await pendingMigrations(database.url)).toEqual(names);
    await query(database.url, 'DROP TABLE lobbie.patients');
    expect((await migrateToLatest(database.url)).applied).toEqual(names);
  });
});

test('a database that is not there is an error that names the code and no password', async () => {
  const url = 'postgres://user:canary@127.0.0.1:1/nothing';
  const error = await migrateToLatest(url).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'LobbieSyncError', code: 'database.ECONNREFUSED' });
  expect(JSON.stringify({ ...(error as object), message: (error as Error).message })).not.toContain('canary');
});
