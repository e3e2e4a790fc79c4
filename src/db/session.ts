import pg from 'pg';
import { EXIT, LobbieSyncError } from '../core/errors.ts';

/**
 * What every session sets for itself, whatever the URL, the role or the database say: a role may default to serializable
 * transactions, to a time-out of seconds or to a schema in which somebody else made a function named like one of ours.
 *
 * Plain SET statements, because a function would be looked up by the very path that is not trusted yet; and statements rather than
 * start-up options, because PgBouncer refuses those.
 */
const SETTINGS: readonly string[] = [
  'search_path TO pg_catalog, pg_temp',
  'statement_timeout TO 0',
  "default_transaction_isolation TO 'read committed'",
  'default_transaction_read_only TO off',
  'default_transaction_deferrable TO off',
  "TimeZone TO 'UTC'",
  "DateStyle TO 'ISO, YMD'",
  "IntervalStyle TO 'postgres'",
  "bytea_output TO 'hex'",
  'extra_float_digits TO 1',
  'standard_conforming_strings TO on',
  'client_min_messages TO warning',
  'idle_in_transaction_session_timeout TO 600000',
  'jit TO off',
  // A peer that lost power is noticed within two minutes, and its locks are free then.
  'tcp_keepalives_idle TO 30',
  'tcp_keepalives_interval TO 10',
  'tcp_keepalives_count TO 6',
  // The same for one that lost power while an answer to it is under way: no keep-alive is sent then, only the answer again and again.
  'tcp_user_timeout TO 120000',
];

/**
 * How long a statement waits for a lock, milliseconds. A run that meets a longer one names its holder, heeds a request to stop, and
 * waits anew.
 */
const LOCK_TIMEOUT_MS = 5000;

const PREPARE = SETTINGS.map((setting) => `SET ${setting}`).join('; ');

/** A session that holds a lock is idle on purpose. Postgres before 14 has no such timeout, and would refuse the name. */
const NEVER_IDLE = `SELECT CASE WHEN current_setting('idle_session_timeout', true) IS NOT NULL
  THEN set_config('idle_session_timeout', '0', false) END`;

/** The first keep-alive of a connection, milliseconds. */
const KEEP_ALIVE_MS = 30_000;

/** Options of the driver that every connection shares. */
export const CONNECTION = {
  connectionTimeoutMillis: 15_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
} as const;

/**
 * Makes a fresh connection ready, and refuses by name what can't work.
 *
 * @throws LobbieSyncError `database.encoding` for a database that can't hold every text
 */
export async function prepareSession(client: pg.ClientBase, lockTimeoutMs = LOCK_TIMEOUT_MS): Promise<void> {
  // A connection that breaks reports it here too; without a listener that would end the process. Whoever uses it gets the error.
  client.on('error', () => undefined);
  // All in one message: a session whose idle timeout is short must not be idle between two of them.
  const results = (await client.query(
    `${PREPARE}; SET lock_timeout TO ${lockTimeoutMs}; ${NEVER_IDLE}; SELECT current_setting('server_encoding') AS encoding`,
  )) as unknown as readonly pg.QueryResult<{ encoding: string }>[];
  const encoding = results.at(-1)?.rows[0]?.encoding;
  if (encoding !== 'UTF8') {
    throw new LobbieSyncError(`the database has the encoding ${encoding}, which can't hold every text`, {
      code: 'database.encoding',
      action: 'abort',
      exitCode: EXIT.usage,
      hint: "Create it anew: CREATE DATABASE lobbie ENCODING 'UTF8' TEMPLATE template0, and set DATABASE_URL to it.",
    });
  }
}

/** Opens a connection of its own, ready for use. */
export async function openClient(options: {
  readonly connectionString: string;
  readonly applicationName: string;
  /** Longest time for one statement, milliseconds. Default: none. */
  readonly queryTimeoutMs?: number;
}): Promise<pg.Client> {
  const client = new pg.Client({
    ...CONNECTION,
    connectionString: options.connectionString,
    application_name: options.applicationName,
    ...(options.queryTimeoutMs === undefined ? {} : { query_timeout: options.queryTimeoutMs }),
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await prepareSession(client);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}
