import { createHash } from 'node:crypto';
import { access, chmod, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { EXIT, LobbieSyncError } from '../../core/errors.ts';
import { type Account, findBarrier } from './account.ts';
import { codeOf } from './system-error.ts';

/** Directories, best first, for files that `nobody` has to reach when the project lies in a directory closed to it. */
export function sharedDirectories(): readonly string[] {
  return ['/var/lib/lobbie-sync', join(tmpdir(), 'lobbie-sync-root')];
}

/**
 * Creates a directory and its missing parents. If another account has to use them, it can pass through but not list them, whatever
 * the umask; otherwise only this user can.
 */
export async function makeDirectory(path: string, account: Account | undefined): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined || account === undefined) return;
  for (let current = path; ; current = dirname(current)) {
    await chmod(current, 0o711);
    if (current === resolve(first)) return;
  }
}

/**
 * Whether a directory at a predictable path belongs to this user. Anybody may create names in a temporary directory, so binaries
 * or data found there must not be trusted otherwise.
 */
export async function isOurs(path: string): Promise<boolean> {
  const entry = await lstat(path);
  return entry.isDirectory() && entry.uid === process.geteuid?.() && (entry.mode & 0o022) === 0;
}

/**
 * Yields directories, best first, in which the account can reach files; each exists and belongs to this user. A directory is
 * created only when the caller asks for it.
 */
export async function* reachableDirectories(
  preferred: string,
  account: Account | undefined,
  shared: readonly string[] = sharedDirectories(),
): AsyncGenerator<string, void, void> {
  if (await isReachable(preferred, account)) yield preferred;
  if (account === undefined) return;
  for (const directory of shared) {
    if ((await isReachable(directory, account)) && (await isOurs(directory))) yield directory;
  }
}

async function isReachable(directory: string, account: Account | undefined): Promise<boolean> {
  try {
    if (account !== undefined && (await findBarrier(directory, account)) !== undefined) return false;
    await makeDirectory(directory, account);
    return true;
  } catch (error) {
    // The directory is read-only or belongs to somebody else; the next one may work.
    if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(codeOf(error) ?? '')) return false;
    throw error;
  }
}

/**
 * Chooses the directory that holds the data: the wanted one, or a shared one if root runs the server as another account that can't
 * reach the wanted one. The shared directory is always the same for the same wanted path. Existing data stay where they are,
 * because an empty database elsewhere would look like a loss of data.
 *
 * @throws LobbieSyncError `database.embedded_unreachable` when data lie behind a closed directory, or no directory can be used.
 */
export async function chooseDataDirectory(
  wanted: string,
  account: Account | undefined,
  log: (message: string) => void,
  shared: readonly string[] = sharedDirectories(),
): Promise<string> {
  const parent = dirname(wanted);
  const barrier = account === undefined ? undefined : await findBarrier(parent, account);
  const hasData = await exists(join(wanted, 'PG_VERSION'));
  if (account !== undefined && !hasData) {
    const name = `data-${createHash('sha256').update(wanted).digest('hex').slice(0, 12)}`;
    for (const create of barrier === undefined ? [false] : [false, true]) {
      for (const base of shared) {
        const directory = join(base, name);
        if (!(await isUsable(directory, account, create))) continue;
        log(
          `the embedded Postgres keeps its data in ${directory}, because others can't pass through ${barrier ?? parent}`,
        );
        return join(directory, basename(wanted));
      }
    }
  }
  if (barrier === undefined) {
    await makeDirectory(parent, account);
    return wanted;
  }
  throw new LobbieSyncError(`the embedded Postgres can't reach its data: ${barrier} is closed to its account`, {
    code: 'database.embedded_unreachable',
    action: 'abort',
    exitCode: EXIT.usage,
    hint: `Let others pass through it (chmod o+x ${barrier}), run as an ordinary user, or set DATABASE_URL.`,
  });
}

async function isUsable(directory: string, account: Account, create: boolean): Promise<boolean> {
  if (!create && !(await exists(directory))) return false;
  const parent = dirname(directory);
  return (
    (await isReachable(parent, account)) &&
    (await isOurs(parent)) &&
    (await isReachable(directory, account)) &&
    (await isOurs(directory))
  );
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}
