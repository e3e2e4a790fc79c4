import { type ChildProcess, spawn } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { LobbieSyncError } from '../../core/errors.ts';
import { type Account, chooseAccount } from './account.ts';
import { findEmbeddedPostgres, type PostgresBinaries, prepareBinaries, type ReadyBinaries } from './binaries.ts';
import { checkOwner, lastLines, prepareData } from './cluster.ts';
import { askServer, connectionUrl } from './connect.ts';
import { chooseDataDirectory } from './directories.ts';
import { withFolder } from './folder.ts';
import { disownPostmasterFile, isLivePostmaster, readPostmasterFile } from './postmaster.ts';
import { run, spawnOptions } from './run.ts';
import { logCodes, serverArguments, serverSettings } from './settings.ts';
import { freePort, openLog, readLog, readOrMakePassword, readPort, stateFiles, writePort } from './state-files.ts';
import { codeOf } from './system-error.ts';

export interface EmbeddedPostgresOptions {
  /**
   * The data directory; created when missing. The files `<dataDir>.password`, `.port` and `.log` lie beside it. Under root the
   * data may be kept elsewhere, see `EmbeddedPostgres.dataDir`.
   */
  readonly dataDir: string;
  /** Default: the port of the last start, else a random free one. A server that already runs keeps its port. */
  readonly port?: number;
  /** False: a crash of the machine may lose or damage data; for tests only. Default: true. */
  readonly durable?: boolean;
  /** Receives notes for a person, e.g. that the data are kept elsewhere. Default: none. */
  readonly log?: (message: string) => void;
  /** Default: the optional package for this platform. */
  readonly binaries?: PostgresBinaries;
  /** How long a start may take, including the recovery after a crash, milliseconds. Default: 60,000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

export interface EmbeddedPostgres {
  /** The connection URL of the superuser for the database `lobbie`. It holds the password. */
  readonly url: string;
  readonly port: number;
  /** The directory that holds the data. */
  readonly dataDir: string;
  /** The server's process id. */
  readonly pid: number;
  /** Whether another process started the server; then that process should stop it. */
  readonly alreadyRunning: boolean;
  /** Ends all connections, flushes all data and waits until the server has ended. It may be called again. */
  stop(): Promise<void>;
}

/** SQLSTATE lock_file_exists: a server, or a part of a killed one, is still running. It is worth waiting for. */
const LOCK_FILE_EXISTS = 'F0001';
const LAUNCHES = 8;
const STOP_TIMEOUT_MS = 60_000;

/**
 * Starts a Postgres server on 127.0.0.1, or finds the one that runs on the data directory. The server is a separate process that
 * survives this one, even if this one is killed; the next start finds it again. Under root it runs as the owner of the data
 * directory, which is `nobody` for a new one.
 *
 * @throws LobbieSyncError with the codes `database.embedded_*`; each says how to fix the problem.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const wanted = resolve(options.dataDir);
  return await withFolder(wanted, () => startIn(wanted, options));
}

async function startIn(wanted: string, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log = () => {}, clock = systemClock, durable = true } = options;
  const placed = await chooseDataDirectory(wanted, await chooseAccount(wanted), log);
  const dataDir = join(await realpath(dirname(placed)), basename(placed));
  const account = await chooseAccount(dataDir);
  await checkOwner(dataDir);
  const files = stateFiles(dataDir);
  const password = await readOrMakePassword(files.password, dataDir);
  const found = (pid: number, port: number, alreadyRunning: boolean): EmbeddedPostgres => ({
    url: connectionUrl(port, password),
    port,
    dataDir,
    pid,
    alreadyRunning,
    stop: () => stopServer(dataDir, pid, clock, binaries?.pgCtl),
  });

  const deadline = clock.now().getTime() + (options.timeoutMs ?? 60_000);
  let binaries: ReadyBinaries | undefined;
  let launched: Launched | undefined;
  let launches = 0;
  let elsewhere = false;
  let failure: Failure | undefined;
  while (clock.now().getTime() < deadline) {
    const file = await readPostmasterFile(dataDir);
    if (file !== undefined && (await isLivePostmaster(file.pid))) {
      if (file.port !== undefined && (await askServer({ port: file.port, password, dataDir })) === 'ready') {
        await writePort(files.port, file.port);
        return found(file.pid, file.port, file.pid !== launched?.child.pid);
      }
      await clock.sleep(25);
      continue;
    }
    if (launched !== undefined) {
      if (launched.isRunning()) {
        await clock.sleep(10);
        continue;
      }
      failure = { text: await readLog(files.log, launched.offset), startError: launched.startError() };
      launched = undefined;
      const waiting = logCodes(failure.text).has(LOCK_FILE_EXISTS);
      if (launches >= LAUNCHES) break;
      if (waiting) {
        await clock.sleep(250 * launches);
        continue;
      }
      // After any other failure, only another port may help, because another program may have just taken this one.
      if (elsewhere || options.port !== undefined) break;
      elsewhere = true;
      continue;
    }
    binaries ??= await prepareBinaries(options.binaries ?? findEmbeddedPostgres(), account, dirname(dataDir), log);
    await prepareData(dataDir, binaries, account, password, durable);
    if (file !== undefined) await disownPostmasterFile(dataDir, file);
    const port = options.port ?? (await freePort(elsewhere ? undefined : await readPort(files.port)));
    launched = await launch(binaries, serverArguments(dataDir, serverSettings({ port, durable })), account, files.log);
    launches += 1;
  }
  throw startError(
    files.log,
    failure ?? { text: await readLog(files.log, launched?.offset ?? 0), startError: undefined },
  );
}

interface Failure {
  readonly text: string;
  readonly startError: string | undefined;
}

interface Launched {
  readonly child: ChildProcess;
  /** The length of the log before this start. */
  readonly offset: number;
  isRunning(): boolean;
  startError(): string | undefined;
}

async function launch(
  binaries: ReadyBinaries,
  args: readonly string[],
  account: Account | undefined,
  logPath: string,
): Promise<Launched> {
  const { file, offset } = await openLog(logPath);
  try {
    let startError: string | undefined;
    // The server is detached from the terminal, so that Ctrl+C reaches only this program, which then stops the server itself.
    const child = spawn(binaries.postgres, args, {
      ...spawnOptions(binaries.postgres, account),
      detached: true,
      stdio: ['ignore', file.fd, file.fd],
    });
    child.once('error', (error) => {
      startError = codeOf(error) ?? 'unknown';
    });
    child.unref();
    return {
      child,
      offset,
      isRunning: () => startError === undefined && child.exitCode === null && child.signalCode === null,
      startError: () => startError,
    };
  } finally {
    await file.close();
  }
}

function startError(logPath: string, failure: Failure): LobbieSyncError {
  const reason = failure.startError === undefined ? '' : ` (${failure.startError})`;
  return new LobbieSyncError(`the embedded Postgres does not start${reason}: ${lastLines(failure.text)}`, {
    code: 'database.embedded_start',
    action: 'abort',
    hint: `See its log ${logPath}, or set DATABASE_URL to a Postgres 14 or later.`,
  });
}

async function stopServer(dataDir: string, pid: number, clock: Clock, pgCtl: string | undefined): Promise<void> {
  const isThere = async () => (await readPostmasterFile(dataDir))?.pid === pid && (await isLivePostmaster(pid));
  if (!(await isThere())) {
    // The server may have removed its file already and still be stopping.
    await waitUntilGone(pid, clock);
    return;
  }
  if (process.platform === 'win32') {
    // Windows has no signals: Node would end the process before it could flush its data.
    await run(pgCtl ?? 'pg_ctl', ['stop', '-D', dataDir, '-m', 'fast', '-w'], undefined);
  } else {
    process.kill(pid, 'SIGINT');
  }
  await waitUntilGone(pid, clock);
}

async function waitUntilGone(pid: number, clock: Clock): Promise<void> {
  const deadline = clock.now().getTime() + STOP_TIMEOUT_MS;
  while (await isLivePostmaster(pid)) {
    if (clock.now().getTime() > deadline) {
      throw new LobbieSyncError(`the embedded Postgres (process ${pid}) does not stop`, {
        code: 'database.embedded_stop',
        action: 'abort',
        hint: 'A query may hold it up: end it, or send the process SIGQUIT (it recovers at the next start).',
      });
    }
    await clock.sleep(20);
  }
}
