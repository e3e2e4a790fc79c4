import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { startEmbeddedPostgres } from '../src/db/embedded/index.ts';
import type { OldDatabase } from '../test/support/old-database.ts';

/**
 * Fills a database with the code of an earlier commit, and writes its rows to test/fixtures for the upgrade test. All data
 * are the simulator's.
 *
 *     git worktree add ../old c13d892 && (cd ../old && npm ci)
 *     node scripts/old-database.ts ../old
 */
const checkout = resolve(process.argv[2] ?? '');
const commit = execFileSync('git', ['-C', checkout, 'rev-parse', '--short=7', 'HEAD'], { encoding: 'utf8' }).trim();
const bin = join(checkout, 'bin', 'lobbie-sync.js');
const simulator = { seed: 7, patients: 10, accounts: [1001], locationsPerAccount: 1, days: 21 };
const folder = mkdtempSync(join(tmpdir(), 'lobbie-sync-old-'));

function old(settings: Record<string, string>, ...args: string[]): void {
  // 6: a delete may wait for a person, which is a state like another.
  try {
    execFileSync(process.execPath, [bin, ...args], {
      cwd: folder,
      stdio: 'inherit',
      env: { ...process.env, ...settings },
    });
  } catch (error) {
    if ((error as { status?: number }).status !== 6) throw error;
  }
}

async function startSimulator() {
  const { seed, patients, accounts, locationsPerAccount } = simulator;
  const flags = { port: 0, seed, patients, accounts: accounts.join(','), locations: locationsPerAccount };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [bin, 'simulate', '--json', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let document = '';
  for await (const line of createInterface({ input: child.stdout })) {
    document += line;
    if (line === '}') break;
  }
  return { child, ...(JSON.parse(document) as { adminUrl: string; settings: Record<string, string> }) };
}

async function dump(client: pg.Client): Promise<OldDatabase['tables']> {
  const { rows } = await client.query<{ name: string; columns: string[] }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name,
       array_agg(column_name::text ORDER BY ordinal_position) FILTER (WHERE is_generated = 'NEVER') AS columns
     FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema LIKE 'lobbie%' AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'kysely%' GROUP BY 1 ORDER BY 1`,
  );
  const tables = [];
  for (const { name, columns } of rows) {
    const list = columns.map((column) => pg.escapeIdentifier(column)).join(', ');
    const copied = await text(client.query(copyTo(`COPY (SELECT ${list} FROM ${name} ORDER BY 1, 2) TO STDOUT`)));
    if (copied !== '') tables.push({ name, columns, rows: copied });
  }
  return tables;
}

const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), durable: false });
const { child, adminUrl, settings: api } = await startSimulator();
const client = new pg.Client({ connectionString: server.url });
try {
  const settings = { ...api, DATABASE_URL: server.url, LOBBIE_REQUESTS_PER_SECOND: '1000', LOBBIE_CONCURRENCY: '4' };
  await client.connect();
  old(settings, 'migrate');
  old(settings, 'backfill');
  const moved = await fetch(`${adminUrl}/evolve`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ days: simulator.days }),
  });
  if (!moved.ok) throw new Error(`the simulated world stands still: ${moved.status}`);
  old(settings, 'sync');
  // Changes that the nightly sync leaves to its rotation are read too, so that an hour later nothing is new.
  old(settings, 'backfill');
  const { rows: patients } = await client.query<{ id: string }>('SELECT id FROM lobbie.patients ORDER BY id LIMIT 2');
  const queue = async (id: string | undefined, email: string) =>
    await client.query(
      `INSERT INTO lobbie_push.outbox (resource, operation, account_id, target_id, external_ref, changes, requested_by)
       VALUES ('patients', 'update', 1001, $1, $2, $3, 'fixture')`,
      [id, email, JSON.stringify({ email })],
    );
  await queue(patients[0]?.id, 'delivered@example.com');
  old(settings, 'push', 'apply');
  await queue(patients[1]?.id, 'waiting@example.com');
  const { rows: migrations } = await client.query<{ name: string }>(
    'SELECT name FROM lobbie_sync.kysely_migration ORDER BY name',
  );
  const result: OldDatabase = {
    commit,
    at: new Date().toISOString(),
    migrations: migrations.map(({ name }) => name),
    simulator,
    tables: await dump(client),
  };
  const path = new URL(`../test/fixtures/database-${commit}.json.gz`, import.meta.url);
  const packed = gzipSync(JSON.stringify(result), { level: 9 });
  writeFileSync(path, packed);
  process.stdout.write(`${path.pathname}: ${result.tables.length} tables with rows, ${packed.length} bytes\n`);
} finally {
  await client.end();
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
