import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EXIT, LobbieSyncError } from '../../core/errors.ts';
import { type Account, giveTo, isRoot } from './account.ts';
import type { ReadyBinaries } from './binaries.ts';
import { exists } from './directories.ts';
import { run } from './run.ts';
import { codeOf } from './system-error.ts';

/** Refuses the data of another user. Otherwise Postgres would report the permissions only in a log that can't be read either. */
export async function checkOwner(dataDir: string): Promise<void> {
  if (isRoot() || process.geteuid === undefined || !(await exists(dataDir))) return;
  const { uid } = await stat(dataDir);
  if (uid === process.geteuid()) return;
  throw new LobbieSyncError(`${dataDir} belongs to user ${uid}, but this is user ${process.geteuid()}`, {
    code: 'database.embedded_owner',
    action: 'abort',
    exitCode: EXIT.usage,
    hint: 'Run as the user who created it (root creates it for user 65534), or remove it to start with an empty database.',
  });
}

/** Creates the cluster if there is none. It is made under another name and renamed, so a data directory is complete or absent. */
export async function prepareData(
  dataDir: string,
  binaries: ReadyBinaries,
  account: Account | undefined,
  password: string,
  durable: boolean,
): Promise<void> {
  if (await exists(join(dataDir, 'PG_VERSION'))) {
    await checkMajor(dataDir, binaries.major);
    // Root may have copied or changed files since.
    if (account !== undefined && (await stat(dataDir)).uid !== account.uid) await giveTo(dataDir, account);
    return;
  }
  await removeAbandoned(dataDir);
  const aside = `${dataDir}.new-${randomBytes(6).toString('hex')}`;
  const passwordFile = join(aside, 'password');
  await mkdir(aside, { mode: 0o700 });
  try {
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (account !== undefined) await giveTo(aside, account);
    const made = await run(
      binaries.initdb,
      [
        '-D',
        join(aside, 'data'),
        '--username=lobbie',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        ...localeArguments(binaries.major),
        '--no-instructions',
        ...(durable ? [] : ['--no-sync']),
      ],
      account,
    );
    if (made.exitCode !== 0) {
      throw new LobbieSyncError(
        `initdb failed (${made.startError ?? `exit code ${made.exitCode}`}): ${lastLines(made.output)}`,
        {
          code: 'database.embedded_initdb',
          action: 'abort',
          hint: 'Fix the problem that it names, or set DATABASE_URL to a Postgres 14 or later.',
        },
      );
    }
    await rename(join(aside, 'data'), dataDir);
  } catch (error) {
    // Another process was faster; its cluster has the same password.
    if (!['EEXIST', 'ENOTEMPTY'].includes(codeOf(error) ?? '') || !(await exists(join(dataDir, 'PG_VERSION'))))
      throw error;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/**
 * The locale options of initdb. The order of text must be the same everywhere and must not change with an update of the system's
 * C library, because that damages indexes. The builtin provider (17 and later) guarantees it, with correct case for all of Unicode.
 */
function localeArguments(major: number): string[] {
  const locale = process.platform === 'linux' ? 'C.UTF-8' : 'C';
  if (major < 17) return [`--locale=${locale}`, '--lc-messages=C'];
  return ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', `--locale=${locale}`, '--lc-messages=C'];
}

/** Removes what a killed initdb left behind. Ten minutes are far longer than a running one needs. */
async function removeAbandoned(dataDir: string): Promise<void> {
  for (const name of await readdir(dirname(dataDir))) {
    if (!name.startsWith(`${basename(dataDir)}.new-`)) continue;
    const path = join(dirname(dataDir), name);
    const changed = (await stat(path).catch(() => undefined))?.mtimeMs;
    if (changed !== undefined && Date.now() - changed > 600_000) await rm(path, { recursive: true, force: true });
  }
}

async function checkMajor(dataDir: string, major: number): Promise<void> {
  const has = Number(await readFile(join(dataDir, 'PG_VERSION'), 'utf8'));
  if (has === major) return;
  throw new LobbieSyncError(`${dataDir} was created by Postgres ${has}, but the installed version is ${major}`, {
    code: 'database.embedded_version',
    action: 'abort',
    exitCode: EXIT.usage,
    hint: `Install Postgres ${has} and set DATABASE_URL to it, or remove the directory and run a backfill.`,
  });
}

/** The end of what a program wrote, on one line. */
export function lastLines(text: string): string {
  return text.trim().split('\n').slice(-6).join(' | ') || 'it wrote nothing';
}
