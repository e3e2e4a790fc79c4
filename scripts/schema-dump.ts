import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/db/embedded/index.ts';
import { migrateToLatest } from '../src/db/migrator.ts';
import { schemaText } from '../test/support/schema-text.ts';

/** Writes what the migrations make of an empty database to docs/schema.sql. */
const folder = mkdtempSync(join(tmpdir(), 'lobbie-sync-schema-'));
const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), durable: false });
const client = new pg.Client({ connectionString: server.url });
try {
  await migrateToLatest(server.url);
  await client.connect();
  writeFileSync(new URL('../docs/schema.sql', import.meta.url), await schemaText(client));
} finally {
  await client.end();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
