import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';
import { codeOf } from './system-error.ts';

/** The content of `postmaster.pid`, which a running server writes into its data directory. */
export interface PostmasterFile {
  readonly pid: number;
  /** Undefined at the very start of the server. */
  readonly port: number | undefined;
}

/** Reads `postmaster.pid`. Postgres fixes its lines (src/include/utils/pidfile.h): 1 is the process id, 4 the port. */
export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const lines = text.split('\n');
  const pid = Number(lines[0]?.trim());
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const port = Number(lines[3]?.trim());
  return { pid, port: Number.isSafeInteger(port) && port > 0 && port < 65536 ? port : undefined };
}

export async function readPostmasterFile(dataDir: string): Promise<PostmasterFile | undefined> {
  try {
    return parsePostmasterFile(await readFile(join(dataDir, 'postmaster.pid'), 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Whether a process id belongs to a running Postgres. Signal 0 is not enough: after a crash or a reboot the id may belong to another
 * program, and in a container without an init a dead server stays as a zombie.
 */
export async function isLivePostmaster(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false;
  }
  if (process.platform === 'linux') {
    try {
      const [, name, state] = /^\d+ \((.*)\) (\S)/s.exec(await readFile(`/proc/${pid}/stat`, 'utf8')) ?? [];
      return name === 'postgres' && state !== 'Z' && state !== 'X';
    } catch (error) {
      return codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ESRCH';
    }
  }
  if (process.platform === 'win32') return true;
  const { exitCode, output } = await run('/bin/ps', ['-p', String(pid), '-o', 'stat=,comm='], undefined);
  return exitCode !== 0 ? false : output.includes('postgres') && !output.trimStart().startsWith('Z');
}

/**
 * Replaces the process id in the file of a dead server by that of this process. Postgres refuses to start while the process in the
 * file lives, even if it is a zombie or another program, but it ignores its own parent, which this process will be. The file must
 * stay, because its last lines let Postgres notice backends of the dead server that still hold the shared memory.
 */
export async function disownPostmasterFile(dataDir: string, dead: PostmasterFile): Promise<void> {
  if (process.platform === 'win32') return;
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(join(dataDir, 'postmaster.pid'), 'r+');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    const text = await file.readFile('utf8');
    // Another process may have started a server since; its file must not be changed.
    if (parsePostmasterFile(text)?.pid !== dead.pid) return;
    const next = `${process.pid}${text.slice(text.indexOf('\n'))}`;
    await file.truncate(0);
    await file.write(next, 0, 'utf8');
  } finally {
    await file.close();
  }
}
