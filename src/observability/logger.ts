import { createRequire } from 'node:module';
import { type Logger as PinoLogger, pino } from 'pino';
import type Pretty from 'pino-pretty';
import { LobbieSyncError } from '../core/errors.ts';
import { lossyStream } from './lossy-stream.ts';

/** The log of the project's code. It takes ids, names, codes and counts only, never a record or the value of a field. */
export interface Logger {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

export interface LoggerOptions {
  /** `trace` to `fatal`, or `silent`. */
  readonly level: string;
  /** `pretty` for people, `json` for programs. */
  readonly format: 'pretty' | 'json';
  /** Default: standard error, so that data on standard output stays clean. */
  readonly stream?: NodeJS.WritableStream;
}

/** Names of log fields that could hold records, bodies or secrets; their values are cut out. */
const NEVER = [
  'record',
  'row',
  'raw',
  'body',
  'payload',
  'data',
  'token',
  'secret',
  'password',
  'authorization',
  'apiKey',
];

/** An error for the log. Drivers quote rows in messages and details, so only messages of this project are kept. */
function describe(error: unknown): Record<string, unknown> {
  if (error instanceof LobbieSyncError) return { name: error.name, code: error.code, message: error.message };
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  return { name: String(name ?? 'Error'), ...(typeof code === 'string' ? { code } : {}) };
}

/** A pino logger that writes to standard error. */
export function createLogger(options: LoggerOptions): PinoLogger {
  const destination = lossyStream(options.stream ?? process.stderr);
  const stream = options.format === 'pretty' ? prettyStream(destination) : destination;
  return pino(
    {
      level: options.level,
      redact: { paths: NEVER.flatMap((name) => [name, `*.${name}`]), censor: '[cut]' },
      serializers: { err: describe, error: describe, cause: describe },
    },
    stream as never,
  );
}

/** Lines for people. Its code is loaded only here: most commands end without a line in the log. */
function prettyStream(destination: NodeJS.WritableStream): Pick<NodeJS.WritableStream, 'write'> {
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof Pretty;
  const colorize = 'isTTY' in destination && destination.isTTY === true;
  const pretty = prettyFactory({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', colorize });
  return { write: (line: string) => destination.write(pretty(line)) };
}

/** A logger that writes nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
