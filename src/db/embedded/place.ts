import { createHash } from 'node:crypto';
import { access, chmod, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { EXIT, LobbieSyncError } from '../../core/errors.ts';
import { type Account, findBarrier } from './account.ts';
import { codeOf } from './system-error.ts';

/** Where root may keep what `nobody` has to reach when the project itself lies in a closed directory; best first. */
export function sharedPlaces(): readonly string[] {
  return ['/var/lib/lobbie-sync', join(tmpdir(), 'lobbie-sync-root')];
}

/**
 * Creates a directory and those above it that are missing. For another account they can be passed through but not listed,
 * whatever the umask; otherwise they are this user's alone.
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
 * Whether a directory at a predictable path is really ours: anybody may create names in a temporary directory, and
 * binaries or data found there would be trusted.
 */
export async function isOurs(path: string): Promise<boolean> {
  const entry = await lstat(path);
  return entry.isDirectory() && entry.uid === process.geteuid?.() && (entry.mode & 0o022) === 0;
}

/**
 * Directories, best first, in which the account reaches what is put there; each exists and belongs to this user. The next
 * one is only created when it is asked for.
 */
export async function* reachablePlaces(
  preferred: string,
  account: Account | undefined,
  shared: readonly string[] = sharedPlaces(),
): AsyncGenerator<string, void, void> {
  if (await isReachable(preferred, account)) yield preferred;
  if (account === undefined) return;
  for (const place of shared) {
    if ((await isReachable(place, account)) && (await isOurs(place))) yield place;
  }
}

async function isReachable(place: string, account: Account | undefined): Promise<boolean> {
  try {
    if (account !== undefined && (await findBarrier(place, account)) !== undefined) return false;
    await makeDirectory(place, account);
    return true;
  } catch (error) {
    // Read-only or foreign: the next place may do.
    if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(codeOf(error) ?? '')) return false;
    throw error;
  }
}

/**
 * The directory that really holds the data: the wanted one, or, when root runs the server as another account that can't
 * reach it, one in a shared place that is always the same for the same wanted path. Data that are found in either stay
 * where they are: an empty database elsewhere would look like a loss.
 *
 * @throws LobbieSyncError `database.embedded_unreachable` when data lie behind a closed directory or no place is left.
 */
export async function placeData(
  wanted: string,
  account: Account | undefined,
  log: (message: string) => void,
  shared: readonly string[] = sharedPlaces(),
): Promise<string> {
  const parent = dirname(wanted);
  const barrier = account === undefined ? undefined : await findBarrier(parent, account);
  const hasData = await exists(join(wanted, 'PG_VERSION'));
  if (account !== undefined && !hasData) {
    const name = `data-${createHash('sha256').update(wanted).digest('hex').slice(0, 12)}`;
    for (const create of barrier === undefined ? [false] : [false, true]) {
      for (const place of shared) {
        const directory = join(place, name);
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
  const place = dirname(directory);
  return (
    (await isReachable(place, account)) &&
    (await isOurs(place)) &&
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
