import { EXIT, LobbieSyncError } from '../../core/errors.ts';
import { codeOf } from './system-error.ts';

/** What a file system answers when a folder can't take the data, by its code. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'this user may not write there'],
  ['EPERM', 'this user may not write there'],
  ['EROFS', 'it lies on a file system that can only be read'],
  ['ENOTDIR', 'a file is in its way'],
  ['EEXIST', 'a file is in its way'],
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the quota of this user is used up'],
]);

/**
 * Does work with the folder of the embedded database.
 *
 * @throws LobbieSyncError `database.embedded_folder`, exit code 2, when the folder can't take the data; everything else as it is
 */
export async function withFolder<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = cause instanceof LobbieSyncError ? undefined : codeOf(cause);
    const reason = code === undefined ? undefined : REASONS.get(code);
    if (reason === undefined) throw cause;
    throw new LobbieSyncError(`the embedded Postgres can't keep its data in ${dataDir}: ${reason} (${code})`, {
      code: 'database.embedded_folder',
      action: 'abort',
      exitCode: EXIT.usage,
      hint: 'Run the command in a folder that this user may write to, or set DATABASE_URL to a Postgres 14 or later.',
      cause,
    });
  }
}
