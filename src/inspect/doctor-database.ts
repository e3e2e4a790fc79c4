import type pg from 'pg';
import type { LobbieSyncError } from '../core/errors.ts';
import { classifyError, createPool } from '../db/pool.ts';
import { kyselyOnPool } from '../db/transaction.ts';
import { countFuture, latestBelieved } from '../state/future.ts';
import type { DoctorDependencies, Finding } from './finding.ts';

/** The first version whose features the schema relies on. */
const OLDEST_VERSION = 140_000;

const finding = (name: string, ok: Finding['ok'], detail: string, hint: string | null = null): Finding => ({
  name,
  area: 'database',
  ok,
  detail,
  hint,
});

type DatabaseDependencies = Pick<DoctorDependencies, 'databaseUrl' | 'pendingMigrations'> &
  Partial<Pick<DoctorDependencies, 'config' | 'now'>>;

/** Checks the database: whether it answers, its version, rights, schema and encryption, and times in the future. */
export async function examineDatabase(deps: DatabaseDependencies): Promise<readonly Finding[]> {
  let pool: pg.Pool | undefined;
  try {
    const url = await deps.databaseUrl();
    pool = createPool({ connectionString: url, max: 1, applicationName: 'lobbie-sync doctor' });
    const server = await version(pool);
    if (server.ok === false) return [server];
    const known = await schema(deps, url);
    const times = known.ok === true ? await future(pool, deps) : [];
    return [server, await encryption(pool, url), ...(await rights(pool)), known, ...times];
  } catch (error) {
    const known: LobbieSyncError = classifyError(error);
    return [finding('database', false, known.message, known.hint ?? 'Check DATABASE_URL.')];
  } finally {
    await pool?.end();
  }
}

async function version(pool: pg.Pool): Promise<Finding> {
  const { rows } = await pool.query<{ number: string; text: string }>(
    `SELECT current_setting('server_version_num') AS number, split_part(current_setting('server_version'), ' ', 1) AS text`,
  );
  const found = Number(rows[0]?.number);
  return found >= OLDEST_VERSION
    ? finding('database', true, `Postgres ${rows[0]?.text} answers`)
    : finding('database', false, `Postgres ${rows[0]?.text} is too old`, 'Point DATABASE_URL at Postgres 14 or later.');
}

async function encryption(pool: pg.Pool, url: string): Promise<Finding> {
  const { hostname } = new URL(url);
  const local = hostname === '' || hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  const { rows } = await pool.query<{ ssl: boolean }>('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
  if (rows[0]?.ssl === true) return finding('encryption', true, 'the connection uses TLS');
  if (local) return finding('encryption', true, 'not needed: the database is on this machine');
  const hint =
    'Patient data travels in the clear: add ?sslmode=verify-full to DATABASE_URL and turn on ssl in the server.';
  return finding('encryption', 'warning', 'the connection is not encrypted', hint);
}

async function rights(pool: pg.Pool): Promise<readonly Finding[]> {
  const { rows } = await pool.query<{ name: string; can_create: boolean; can_temp: boolean }>(
    `SELECT current_database() AS name, has_database_privilege(current_database(), 'CREATE') AS can_create,
      has_database_privilege(current_database(), 'TEMP') AS can_temp`,
  );
  const { name, can_create, can_temp } = rows[0] as (typeof rows)[number];
  const { rows: closed } = await pool.query<{ nspname: string }>(
    `SELECT nspname FROM pg_namespace WHERE nspname IN ('lobbie', 'lobbie_sync', 'lobbie_history', 'lobbie_push')
      AND NOT has_schema_privilege(oid, 'USAGE') ORDER BY 1`,
  );
  const database = `"${name}"`;
  const schemas = closed.map((row) => row.nspname).join(', ');
  return [
    can_create
      ? finding('right to create schemas', true, `CREATE on database ${database}`)
      : finding(
          'right to create schemas',
          'warning',
          `no CREATE on database ${database}: migrations can't run as this user`,
          `GRANT CREATE ON DATABASE ${database} TO <user>;`,
        ),
    can_temp
      ? finding('right to stage rows', true, `TEMP on database ${database}`)
      : finding(
          'right to stage rows',
          false,
          `no TEMP on database ${database}`,
          `GRANT TEMP ON DATABASE ${database} TO <user>;`,
        ),
    schemas === ''
      ? finding('right to use schemas', true, 'USAGE on every schema that is there')
      : finding('right to use schemas', false, `no USAGE on ${schemas}`, `GRANT USAGE ON SCHEMA ${schemas} TO <user>;`),
  ];
}

async function schema(deps: Pick<DoctorDependencies, 'pendingMigrations'>, url: string): Promise<Finding> {
  const pending = await deps.pendingMigrations(url);
  return pending.length === 0
    ? finding('schema', true, 'current')
    : finding('schema', false, `${pending.length} migrations are missing`, 'Run `lobbie-sync migrate`.');
}

/** Counts times in the future, which a clock that was ahead has left. Without any, there is no finding. */
async function future(pool: pg.Pool, { config, now }: DatabaseDependencies): Promise<readonly Finding[]> {
  if (config === undefined || now === undefined) return [];
  const believed = latestBelieved(now(), config.sync.maxClockSkewMs);
  const found = believed === null ? [] : await countFuture(kyselyOnPool(pool), believed);
  if (found.length === 0) return [];
  const counts = found.map(({ what, of, entries }) => `${of === 'rows' ? `rows of ${what}` : what}: ${entries}`);
  const hint = 'A clock was ahead when these were written. The next run brings them back to the present.';
  return [finding('times in the future', 'warning', counts.join(', '), hint)];
}
