import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { lockHolders } from '../../src/db/lock-holders.ts';
import { migrateToLatest } from '../../src/db/migrator.ts';
import { classifyError, createPool } from '../../src/db/pool.ts';
import { openClient } from '../../src/db/session.ts';
import { refuseUnfit } from '../../src/runs/unfit.ts';
import { useTestDatabase } from '../support/database.ts';
import { query } from '../support/harness.ts';
import { differing, inWords, Syncer } from '../support/night.ts';
import { readTruth, type Truth } from '../support/truth.ts';

/** What a database, a role, a pooler or a person beside may do to our sessions. */

const database = useTestDatabase();
let simulator: Simulator;
let truth: Truth;
const name = () => new URL(database.url).pathname.slice(1);

beforeAll(async () => {
  simulator = await startSimulator({ seed: 3, patients: 30, accounts: [1001] });
  truth = await readTruth(simulator);
});
afterAll(() => simulator.stop());
const opened: pg.Client[] = [];
afterEach(async () => {
  for (const client of opened.splice(0)) await client.end().catch(() => undefined);
});

async function connect(url = database.url, applicationName = 'somebody'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: applicationName });
  client.on('error', () => undefined);
  await client.connect();
  opened.push(client);
  return client;
}

async function backfill(meanwhile?: (running: () => boolean) => Promise<void>) {
  const syncer = new Syncer({ api: simulator, databaseUrl: database.url });
  let running = true;
  try {
    const run = syncer.run('backfill', { restart: true }).finally(() => {
      running = false;
    });
    await Promise.all([run, meanwhile?.(() => running)]);
    return { report: await run, log: syncer.log.text };
  } finally {
    await syncer.close();
  }
}

describe('defaults of the database', () => {
  const defaults = [
    `default_transaction_isolation TO 'serializable'`,
    'default_transaction_read_only TO on',
    `statement_timeout TO '1ms'`,
    `idle_session_timeout TO '5ms'`,
    `"DateStyle" TO 'SQL, DMY'`,
    `"TimeZone" TO 'Pacific/Auckland'`,
    `bytea_output TO 'escape'`,
    `search_path TO 'public'`,
  ];

  test('do not reach our sessions', async () => {
    const client = await connect();
    await client.query(
      'CREATE FUNCTION public.unnest(bigint[]) RETURNS SETOF bigint LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION $m$entered$m$; END$$',
    );
    for (const setting of defaults) await client.query(`ALTER DATABASE "${name()}" SET ${setting}`);
    try {
      const { report } = await backfill();
      expect(report).toMatchObject({ status: 'succeeded', exitCode: 0 });
    } finally {
      await client.query(`SET default_transaction_read_only TO off`);
      await client.query(`ALTER DATABASE "${name()}" RESET ALL`);
      await client.query('DROP FUNCTION public.unnest(bigint[])');
    }
    expect(inWords(await differing(database.url, truth))).toEqual([]);
  });

  test('and options of the URL do not either', async () => {
    const url = new URL(database.url);
    url.searchParams.set(
      'options',
      '-c search_path=public -c statement_timeout=1 -c default_transaction_isolation=serializable',
    );
    const client = await openClient({ connectionString: url.toString(), applicationName: 'lobbie-sync test' });
    opened.push(client);
    const { rows } = await client.query(
      `SELECT current_setting('search_path') AS path, current_setting('statement_timeout') AS timeout,
         current_setting('transaction_isolation') AS isolation, current_setting('TimeZone') AS zone`,
    );
    expect(rows).toEqual([{ path: 'pg_catalog, pg_temp', timeout: '0', isolation: 'read committed', zone: 'UTC' }]);
  });
});

test('a peer that lost power is noticed within two minutes, idle or with an answer under way', async () => {
  const client = await openClient({ connectionString: database.url, applicationName: 'lobbie-sync test' });
  opened.push(client);
  const { rows } = await client.query<{ name: string; setting: string; unit: string | null }>(
    `SELECT name, setting, unit FROM pg_settings WHERE name LIKE 'tcp_%' ORDER BY name`,
  );
  const of = (name: string) => Number(rows.find((row) => row.name === name)?.setting);
  const idle = of('tcp_keepalives_idle') + of('tcp_keepalives_interval') * of('tcp_keepalives_count');
  expect(idle).toBeGreaterThan(0);
  expect(idle).toBeLessThanOrEqual(120);
  expect(of('tcp_user_timeout')).toBeGreaterThan(0);
  expect(of('tcp_user_timeout')).toBeLessThanOrEqual(120_000);
});

test('connections that the server ends in mid-run are waited out, and the run goes on', async () => {
  let ended = 0;
  const { report } = await backfill(async (running) => {
    const client = await connect();
    while (running()) {
      const { rowCount } = await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
           AND application_name IN ('lobbie-sync', 'lobbie-sync run') AND pid <> pg_backend_pid()`,
      );
      ended += rowCount ?? 0;
      if (ended > 12) return;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  });
  expect(ended).toBeGreaterThan(3);
  expect(report).toMatchObject({ status: 'succeeded', exitCode: 0 });
  expect(await query(database.url, `SELECT code FROM lobbie_sync.run_problems WHERE run_id = ${report.runId}`)).toEqual(
    [],
  );
  expect(inWords(await differing(database.url, truth))).toEqual([]);
});

test('a table that somebody has locked is waited for, and the log says by whom', async () => {
  const locker = await connect(database.url, 'a reader of tables');
  await query(database.url, 'DELETE FROM lobbie.staff');
  await locker.query('BEGIN; LOCK TABLE lobbie.staff IN SHARE MODE');
  const pid = (await locker.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
  const { report, log } = await backfill(async () => {
    const client = await openClient({ connectionString: database.url, applicationName: 'lobbie-sync test' });
    opened.push(client);
    for (;;) {
      const { rows } = await client.query(
        `SELECT FROM pg_locks WHERE NOT granted AND relation = 'lobbie.staff'::regclass`,
      );
      if (rows.length > 0) break;
    }
    expect(await lockHolders(client)).toEqual([`pid ${pid} (a reader of tables)`]);
    // Longer than one wait of ours.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    await locker.query('ROLLBACK');
  });
  expect(report).toMatchObject({ status: 'succeeded' });
  expect(log).toContain(`pid ${pid} (a reader of tables)`);
});

test('a database that can not hold every text is refused by name', async () => {
  const client = await connect();
  const latin = `lobbie_test_latin_${randomBytes(4).toString('hex')}`;
  await client.query(
    `CREATE DATABASE ${latin} ENCODING 'LATIN1' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
  );
  try {
    const url = new URL(database.url);
    url.pathname = `/${latin}`;
    const pool = createPool({ connectionString: url.toString() });
    const error = await pool.query('SELECT 1').catch((cause: unknown) => classifyError(cause));
    await pool.end();
    expect(error).toMatchObject({ code: 'database.encoding', exitCode: 2 });
  } finally {
    await client.query(`DROP DATABASE ${latin}`);
  }
});

test('a role without the right to create schemas migrates into those that were made for it', async () => {
  const client = await connect();
  const suffix = randomBytes(4).toString('hex');
  const [role, made] = [`lobbie_test_owner_${suffix}`, `lobbie_test_made_${suffix}`];
  await client.query(`CREATE ROLE ${role} LOGIN PASSWORD '${suffix}'`);
  await client.query(`CREATE DATABASE ${made} TEMPLATE template0`);
  const url = new URL(database.url);
  url.pathname = `/${made}`;
  const admin = await connect(url.toString());
  for (const schema of ['lobbie', 'lobbie_sync', 'lobbie_history', 'lobbie_push']) {
    await admin.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${role}`);
  }
  try {
    url.username = role;
    url.password = suffix;
    const { applied, total } = await migrateToLatest(url.toString());
    expect(applied.length).toBe(total);
  } finally {
    await admin.end();
    await client.query(`DROP DATABASE ${made}`);
    await client.query(`DROP ROLE ${role}`);
  }
});

describe('a pooler', () => {
  /** A session whose backend is another one as soon as somebody else has a transaction open. */
  const session = (pids: number[], standby = false) =>
    ({
      query: async () => ({ rows: [{ standby, pid: pids.shift() }] }),
      end: async () => undefined,
    }) as unknown as pg.Client;

  test('in transaction mode is refused by name; a session of its own is taken', async () => {
    const pooled = refuseUnfit(session([1, 2]), async () => session([]));
    await expect(pooled).rejects.toMatchObject({ code: 'database.pooler', exitCode: 2 });
    await refuseUnfit(session([1, 1]), async () => session([]));
    const client = await openClient({ connectionString: database.url, applicationName: 'lobbie-sync test' });
    opened.push(client);
    await refuseUnfit(client, () =>
      openClient({ connectionString: database.url, applicationName: 'lobbie-sync test' }),
    );
  });

  test('a standby is refused by name', async () => {
    const standby = refuseUnfit(session([1], true), async () => session([]));
    await expect(standby).rejects.toMatchObject({ code: 'database.standby', exitCode: 2 });
  });
});

describe('what an error says', () => {
  test.each([
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
  ])('%s: the connection was lost', (message) => {
    expect(classifyError(new Error(message))).toMatchObject({ code: 'database.08006', action: 'retry' });
  });

  test('names no folder of the machine', () => {
    const error = new TypeError('canary');
    error.stack = 'TypeError: canary\n    at work (file:///home/somebody/lobbie/src/streams/unit.ts:3:4)';
    expect(classifyError(error).message).toBe('unexpected TypeError at work (src/streams/unit.ts:3:4)');
    error.stack = 'TypeError: canary\n    at Object.x (C:\\Users\\somebody\\node_modules\\pg\\lib\\client.js:1:2)';
    expect(classifyError(error).message).not.toContain('somebody');
  });
});
