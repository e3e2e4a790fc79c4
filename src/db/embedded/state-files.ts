import { randomBytes } from 'node:crypto';
import { chmod, link, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { EXIT, LobbieSyncError } from '../../core/errors.ts';
import { exists } from './directories.ts';
import { codeOf } from './system-error.ts';

/** The files beside a data directory. They belong to the user who starts the server, not to the server's account. */
export function stateFiles(dataDir: string) {
  return { password: `${dataDir}.password`, port: `${dataDir}.port`, log: `${dataDir}.log` } as const;
}

/**
 * Reads the superuser's password, or creates a random one (192 bits). Only this user can read its file, so that nobody else on the
 * machine can sign in. Two processes that create it at once get the same one.
 *
 * @throws LobbieSyncError `database.embedded_password` when data exist but their password is missing or can't be read.
 */
export async function readOrMakePassword(path: string, dataDir: string): Promise<string> {
  try {
    return await readPassword(path);
  } catch (error) {
    const missing = codeOf(error) === 'ENOENT';
    if (!missing || (await exists(`${dataDir}/PG_VERSION`))) {
      throw new LobbieSyncError(`the password of the embedded Postgres can't be read: ${path}`, {
        code: 'database.embedded_password',
        action: 'abort',
        exitCode: EXIT.usage,
        hint: missing
          ? `Put the file back, or remove ${dataDir} to begin with an empty database.`
          : 'Run as the user who started lobbie-sync here first.',
        cause: error,
      });
    }
  }
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(aside, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await link(aside, path);
  } catch (error) {
    // Some file systems have no hard links; on those the last writer wins.
    if (codeOf(error) !== 'EEXIST') await rename(aside, path);
  } finally {
    await rm(aside, { force: true });
  }
  return readPassword(path);
}

async function readPassword(path: string): Promise<string> {
  const password = (await readFile(path, 'utf8')).trim();
  if (process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
  return password;
}

/** The port of the last start, which is reused so that saved connections of BI tools keep working; undefined when there is none. */
export async function readPort(path: string): Promise<number | undefined> {
  try {
    const port = Number((await readFile(path, 'utf8')).trim());
    return Number.isSafeInteger(port) && port > 0 && port < 65536 ? port : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export async function writePort(path: string, port: number): Promise<void> {
  await writeFile(path, `${port}\n`, { mode: 0o600 });
}

/**
 * Finds a free port: the preferred one, else a random one. It lies below the range of outgoing connections (from 32768 on Linux),
 * where another program would soon take it.
 */
export async function freePort(preferred: number | undefined, random: () => number = Math.random): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = 20_000 + Math.floor(random() * 12_000);
    if (await isFree(port)) return port;
  }
  throw new LobbieSyncError('no free port for the embedded Postgres between 20000 and 32000', {
    code: 'database.embedded_port',
    action: 'abort',
    hint: 'Give one with the option `port`, or set DATABASE_URL.',
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

const LOG_LIMIT_BYTES = 5_000_000;

/** Opens the server's log for appending, and truncates it first if it is too long. `offset` is its length. */
export async function openLog(path: string) {
  const long = (await exists(path)) && (await stat(path)).size > LOG_LIMIT_BYTES;
  const file = await open(path, long ? 'w' : 'a', 0o600);
  return { file, offset: (await file.stat()).size };
}

/** Reads the log from an offset on, at most its last 16 kB. */
export async function readLog(path: string, offset: number): Promise<string> {
  const text = (await readFile(path)).subarray(offset).toString('utf8');
  return text.slice(-16_000);
}
