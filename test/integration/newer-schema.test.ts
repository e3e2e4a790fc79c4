import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { migrateToLatest, pendingMigrations } from '../../src/db/migrator.ts';
import { useTestDatabase } from '../support/database.ts';
import { withClient } from '../support/databases.ts';

const BIN = fileURLToPath(new URL('../../bin/lobbie-sync.js', import.meta.url));

describe('a database that a newer version has migrated', () => {
  const database = useTestDatabase();

  test('is refused by every command, in a sentence that says what to do', async () => {
    await withClient(database.url, (client) =>
      client.query(`INSERT INTO lobbie_sync.kysely_migration (name, timestamp) VALUES ('9999_tomorrow', '2030-01-01')`),
    );
    const refused = { code: 'database.newer', exitCode: 2, message: expect.stringContaining('9999_tomorrow') };
    await expect(pendingMigrations(database.url)).rejects.toMatchObject(refused);
    await expect(migrateToLatest(database.url)).rejects.toMatchObject(refused);
    for (const command of [['status'], ['migrate'], ['sync'], ['push', 'status']]) {
      const { status, stderr } = run(command);
      expect({ command, status }).toEqual({ command, status: 2 });
      expect(stderr).toMatch(/a newer lobbie-sync has migrated this database.*9999_tomorrow[\s\S]*Use the version/);
    }
  });

  function run(args: readonly string[]): { status: number | null; stderr: string } {
    return spawnSync(process.execPath, [BIN, ...args], {
      encoding: 'utf8',
      cwd: tmpdir(),
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: database.url,
        LOBBIE_API_URL: 'http://127.0.0.1:1/lobbie/api',
        LOBBIE_TOKEN_URL: 'http://127.0.0.1:1/oauth/token',
        LOBBIE_CLIENT_ID: 'nobody',
        LOBBIE_CLIENT_SECRET: 'nothing',
        LOBBIE_ACCOUNT_IDS: '1001',
      },
    });
  }
});
