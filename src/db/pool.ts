import pg from 'pg';
import { type ErrorAction, LobbieSyncError } from '../core/errors.ts';
import { CONNECTION, prepareSession } from './session.ts';

export interface DatabaseOptions {
  readonly connectionString: string;
  /** The largest number of connections. Default 6. */
  readonly max?: number;
  /** Shown in pg_stat_activity. Default `lobbie-sync`. */
  readonly applicationName?: string;
  /** How long a statement waits for a lock, milliseconds. Default 5000. */
  readonly lockTimeoutMs?: number;
  /** Called when an idle connection breaks. */
  readonly onError?: (error: Error) => void;
}

/** A pool whose sessions are prepared by {@link prepareSession}. */
export function createPool(options: DatabaseOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.max ?? 6,
    application_name: options.applicationName ?? 'lobbie-sync',
    ...CONNECTION,
    onConnect: (client: pg.PoolClient) => prepareSession(client, options.lockTimeoutMs),
  } as pg.PoolConfig & { readonly onConnect: (client: pg.PoolClient) => Promise<void> });
  pool.on('error', (error) => options.onError?.(error));
  return pool;
}

/** The SQLSTATE or network code of a database error, if it has one. */
export function databaseCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Sentences of the driver for a connection that is gone, for which it has no code. */
const LOST: readonly string[] = [
  'Connection terminated',
  'is not queryable',
  'timeout exceeded when trying to connect',
  'Connection ended unexpectedly',
  'Query read timeout',
];

/** Prefixes of SQLSTATE and network codes → what to do. The first prefix that fits counts; any other code aborts the run. */
const BY_CODE: readonly (readonly [prefix: string, action: ErrorAction, hint: string])[] = [
  ['28', 'abort', 'Check user and password in DATABASE_URL.'],
  ['3D', 'abort', 'The database named in DATABASE_URL does not exist; create it first.'],
  ['42501', 'abort', 'The database user lacks a right; `lobbie-sync doctor` names it.'],
  ['42P01', 'abort', 'A table is missing: run `lobbie-sync migrate`.'],
  ['42703', 'abort', 'A column is missing: run `lobbie-sync migrate`.'],
  ['3F000', 'abort', 'A schema is missing: run `lobbie-sync migrate`.'],
  ['53100', 'abort', 'The disk of the database is full.'],
  ['40', 'retry', 'The transaction collided with another; it is tried again.'],
  ['55P03', 'retry', 'A lock was not free in time; it is tried again.'],
  ['53', 'retry', 'The database is short of resources (connections, memory).'],
  ['57', 'retry', 'The database was restarted or ended the session.'],
  ['08', 'retry', 'The connection to the database was lost.'],
  ['ECONN', 'retry', 'Check that the database of DATABASE_URL is running and reachable.'],
  ['EPIPE', 'retry', 'The connection to the database was lost.'],
  ['ETIMEDOUT', 'retry', 'Check that the database of DATABASE_URL is running and reachable.'],
  ['ENOTFOUND', 'abort', 'Check the host in DATABASE_URL.'],
];

/** Whether the database refused a value (class 22 and check violations), so that one row is at fault and others may be stored. */
export function isDataError(error: unknown): boolean {
  const code = databaseCode(error) ?? '';
  return /^(22|23502|23514|54000|54001)/.test(code);
}

/**
 * Classifies an error that was caught where the database is used, by its code. Its text is left out, because it may quote a row.
 * An error without a code of the database or the network is a fault of this program.
 */
export function classifyError(error: unknown): LobbieSyncError {
  if (error instanceof LobbieSyncError) return error;
  const message = error instanceof Error ? error.message : '';
  // The driver gives no code for a connection that ended during a query; these are its fixed texts.
  const lost = LOST.some((sentence) => message.includes(sentence));
  const code = databaseCode(error) ?? (lost ? '08006' : undefined);
  if (code === undefined) return unexpected(error);
  const [, action, hint] = BY_CODE.find(([prefix]) => code.startsWith(prefix)) ?? ['', 'abort' as const, undefined];
  return new LobbieSyncError(`the database answered with error ${code}`, {
    code: `database.${code}`,
    action,
    ...(hint === undefined ? {} : { hint }),
    cause: withoutValues(error),
  });
}

/** A fault of this program: where it happened. Its message is left out, because it may quote patient data. */
function unexpected(error: unknown): LobbieSyncError {
  const { name, stack } = error instanceof Error ? error : { name: typeof error, stack: undefined };
  // A path of the machine says nothing to whoever reads it elsewhere, and may hold a name.
  const where = stack
    ?.split('\n')
    .find((line) => line.trimStart().startsWith('at '))
    ?.replace(/(?:file:\/\/)?(?:[A-Za-z]:)?[\\/][^\s()]*[\\/]((?:src|dist|migrations|node_modules)[\\/])/, '$1');
  return new LobbieSyncError(`unexpected ${name}${where === undefined ? '' : ` ${where.trim()}`}`, {
    code: 'internal.unexpected',
    action: 'abort',
    hint: 'This is a fault of lobbie-sync; please report it with this line.',
  });
}

/** The fields of a Postgres error without its texts, because message, detail and context may quote a row. */
function withoutValues(error: unknown): Record<string, unknown> {
  const { code, severity, schema, table, column, constraint, routine } = (error ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries({ code, severity, schema, table, column, constraint, routine }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}
