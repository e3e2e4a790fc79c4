import pg from 'pg';
import { EXIT, LobbieSyncError } from '../../core/errors.ts';
import { codeOf } from './system-error.ts';

const USER = 'lobbie';
const DATABASE = 'lobbie';

export function connectionUrl(port: number, password: string): string {
  return `postgres://${USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${DATABASE}`;
}

/** The meaning of the SQLSTATE of a refused connection. */
const BY_CODE: Readonly<Record<string, 'not yet' | 'full' | 'not ours'>> = {
  ECONNREFUSED: 'not yet',
  ECONNRESET: 'not yet',
  '57P03': 'not yet', // cannot_connect_now: starting, recovering or shutting down
  '57P01': 'not yet', // admin_shutdown: it was stopped meanwhile
  '53300': 'full', // too_many_connections: it runs
  '28P01': 'not ours', // invalid_password
  '28000': 'not ours', // invalid_authorization_specification
};

/** Codes that mean that another session creates, or has just created, the same database. */
const CREATED_BY_ANOTHER = new Set(['42P04', '23505', '55006']);

/**
 * Checks that the server on a port accepts connections and belongs to this data directory, and creates the database if it is
 * missing. `later`: check again.
 *
 * @throws LobbieSyncError `database.embedded_password` when the server is there but the password isn't its own.
 */
export async function askServer(server: {
  readonly port: number;
  readonly password: string;
  readonly dataDir: string;
}): Promise<'ready' | 'later'> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: server.port,
    user: USER,
    password: server.password,
    database: 'postgres',
    ssl: false,
    // The time-out is short, because another program on the port may accept and never answer. A slow server is asked again.
    connectionTimeoutMillis: 2000,
  });
  // A server that goes away between two steps reports that here too; the awaited call already has the error.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ directory: string; present: boolean }>(
      `select current_setting('data_directory') as directory,
              exists (select from pg_database where datname = $1) as present`,
      [DATABASE],
    );
    const [row] = rows;
    if (row === undefined || (process.platform !== 'win32' && row.directory !== server.dataDir)) return 'later';
    if (!row.present) await client.query(`create database ${DATABASE}`);
    return 'ready';
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (CREATED_BY_ANOTHER.has(code)) return 'later';
    const meaning = BY_CODE[code];
    if (meaning === 'full') return 'ready';
    if (meaning !== 'not ours') return 'later';
    throw new LobbieSyncError(`the embedded Postgres on port ${server.port} refuses its password (${code})`, {
      code: 'database.embedded_password',
      action: 'abort',
      exitCode: EXIT.usage,
      hint: `Put ${server.dataDir}.password back, or stop the server and remove ${server.dataDir}.`,
      cause: error,
    });
  } finally {
    await client.end().catch(() => {});
  }
}
