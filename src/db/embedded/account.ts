import { lchown, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from './system-error.ts';

/** The operating system user that the server runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The account `nobody`. It works without an entry in /etc/passwd. Postgres refuses to run as root. */
export const UNPRIVILEGED: Account = { uid: 65534, gid: 65534 };

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/**
 * Chooses the account of the server: this user (undefined) unless it is root. Under root it is the owner of an existing data
 * directory, because Postgres must own it, else `nobody`.
 */
export async function chooseAccount(dataDir: string): Promise<Account | undefined> {
  if (!isRoot()) return undefined;
  try {
    const { uid, gid } = await stat(dataDir);
    if (uid !== 0) return { uid, gid };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  return UNPRIVILEGED;
}

/** Whether the permission bits let the account pass through a directory. Access control lists are not checked. */
export function maySearch(directory: { uid: number; gid: number; mode: number }, account: Account): boolean {
  if (directory.uid === account.uid) return (directory.mode & 0o100) !== 0;
  if (directory.gid === account.gid) return (directory.mode & 0o010) !== 0;
  return (directory.mode & 0o001) !== 0;
}

/**
 * The first directory on the path to `path` (itself included, as far as it exists) that the account can't pass through,
 * e.g. a home directory of mode 0700; undefined when there is none.
 */
export async function findBarrier(path: string, account: Account): Promise<string | undefined> {
  const existing = await nearestExisting(path);
  const chain: string[] = [];
  for (let current = existing; ; current = dirname(current)) {
    chain.unshift(current);
    if (dirname(current) === current) break;
  }
  for (const directory of chain) {
    if (!maySearch(await stat(directory), account)) return directory;
  }
  return undefined;
}

async function nearestExisting(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    return nearestExisting(dirname(path));
  }
}

/** Changes the owner of a whole directory to the account. Links are changed themselves, never followed. */
export async function giveTo(path: string, account: Account): Promise<void> {
  await lchown(path, account.uid, account.gid);
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    await lchown(join(entry.parentPath, basename(entry.name)), account.uid, account.gid);
  }
}
