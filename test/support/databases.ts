import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Every database of the tests is named `lobbie_test_<run>_<rest>`; a run is `<start in base 36>p<process id>`. */
const PREFIX = 'lobbie_test_';
const ONE_DAY_MS = 86_400_000;
/** object_in_use: somebody else clones the same template at this moment. */
const OBJECT_IN_USE = '55006';

export function newRunId(now: Date, pid: number): string {
  return `${now.getTime().toString(36)}p${pid}`;
}

export function databaseName(runId: string, rest: string): string {
  return `${PREFIX}${runId}_${rest}`;
}

/** Whether a database was left by a run that began more than a day ago. */
export function isLeftover(name: string, now: Date): boolean {
  const start = /^lobbie_test_([0-9a-z]+)p\d+_/.exec(name)?.[1];
  return start !== undefined && now.getTime() - Number.parseInt(start, 36) > ONE_DAY_MS;
}

/** The same server, another database. */
export function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

export function withoutPassword(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.password = '';
  return url.href;
}

/** Runs work on one connection of its own and closes it. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Clones of one template collide; they wait for each other on this lock (any constant that all of them know). */
const CLONE_LOCK = 823_411_907;

/**
 * Copying files takes less than half of the work of copying pages by way of the log, but waits for a checkpoint, which is slow
 * unless the server leaves its files to the system. Servers before 15 copy files in any case.
 */
const BY_FILES = `current_setting('fsync') = 'off' AND current_setting('server_version_num')::int >= 150000`;

export async function cloneDatabase(serverUrl: string, template: string, name: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    const { rows } = await client.query<{ files: boolean }>(`select pg_advisory_lock($1), ${BY_FILES} as files`, [
      CLONE_LOCK,
    ]);
    const strategy = rows[0]?.files === true ? ' strategy file_copy' : '';
    for (let attempt = 1; ; attempt += 1) {
      try {
        await client.query(`create database ${quote(name)} template ${quote(template)}${strategy}`);
        return;
      } catch (error) {
        // Autovacuum or a client that is just leaving; both are gone in a moment.
        if (!(error instanceof pg.DatabaseError) || error.code !== OBJECT_IN_USE || attempt >= 20) throw error;
        await sleep(50 * attempt);
      }
    }
  });
}

export async function removeDatabase(serverUrl: string, name: string): Promise<void> {
  await withClient(serverUrl, (client) => client.query(`drop database if exists ${quote(name)} with (force)`));
}

/** Names of this run's databases. */
export async function listDatabases(serverUrl: string): Promise<string[]> {
  return withClient(serverUrl, async (client) => {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database where datname like $1', [
      `${PREFIX.replaceAll('_', '\\_')}%`,
    ]);
    return rows.map((row) => row.datname);
  });
}

function quote(name: string): string {
  return pg.escapeIdentifier(name);
}
