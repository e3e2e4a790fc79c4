import { type ChildProcess, spawn } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { LobbieSyncError } from '../../core/errors.ts';
import { type Account, chooseAccount } from './account.ts';
import { findEmbeddedPostgres, type PostgresBinaries, prepareBinaries, type ReadyBinaries } from './binaries.ts';
import { checkOwner, lastLines, prepareData } from './cluster.ts';
import { askServer, connectionUrl } from './connect.ts';
import { placeData } from './place.ts';
import { disownPostmasterFile, isLivePostmaster, readPostmasterFile } from './postmaster.ts';
import { run, spawnOptions } from './run.ts';
import { logCodes, serverArguments, serverSettings } from './settings.ts';
import { freePort, openLog, readLog, readOrMakePassword, readPort, stateFiles, writePort } from './state-files.ts';
import { codeOf } from './system-error.ts';

export interface EmbeddedPostgresOptions {
  /**
   * The data directory; created when missing. Beside it stand `<dataDir>.password`, `.port` and `.log`. Under root it may
   * be kept elsewhere, see `EmbeddedPostgres.dataDir`.
   */
  readonly dataDir: string;
  /** Default: that of the last start, else a random free one. A server that already runs keeps the one it has. */
  readonly port?: number;
  /** False turns off what protects from a crash of the machine, for tests. Default: true. */
  readonly durable?: boolean;
  /** Told what a person may want to know, e.g. that the data lie elsewhere. Default: nobody. */
  readonly log?: (message: string) => void;
  /** Default: the optional package for this platform. */
  readonly binaries?: PostgresBinaries;
  /** Milliseconds until a start is given up; recovery after a crash counts. Default: 60,000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

export interface EmbeddedPostgres {
  /** The superuser's connection to the database `lobbie`. Holds the password. */
  readonly url: string;
  readonly port: number;
  /** Where the data really are. */
  readonly dataDir: string;
  /** The server's process id. */
  readonly pid: number;
  /** Somebody else started it; then it is theirs to stop. */
  readonly alreadyRunning: boolean;
  /** Ends all connections, writes everything down and waits until the server is gone. May be called again. */
  stop(): Promise<void>;
}

/** SQLSTATE lock_file_exists: the server is, or parts of a killed one are, still there. Worth waiting for. */
const LOCK_FILE_EXISTS = 'F0001';
const LAUNCHES = 8;
const STOP_TIMEOUT_MS = 60_000;

/**
 * Starts a Postgres server on 127.0.0.1, or finds the one that runs on the data directory. It is a process of its own
 * that outlives this one, also when this one is killed; the next start finds it again. Under root it runs as the owner
 * of the data directory, at first `nobody`.
 *
 * @throws LobbieSyncError with the codes `database.embedded_*`; each says how to mend it.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log = () => {}, clock = systemClock, durable = true } = options;
  const wanted = resolve(options.dataDir);
  const placed = await placeData(wanted, await chooseAccount(wanted), log);
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
      // Anything else gets a second try only where another port may help: the last one may have been taken just now.
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
  /** Length of the log before this start. */
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
    // Detached: Ctrl+C in the terminal is for this program, which stops the server in its own time.
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
  return new LobbieSyncError(`the embedded Postgres does not come up${reason}: ${lastLines(failure.text)}`, {
    code: 'database.embedded_start',
    action: 'abort',
    hint: `See its log ${logPath}, or set DATABASE_URL to a Postgres 14 or later.`,
  });
}

async function stopServer(dataDir: string, pid: number, clock: Clock, pgCtl: string | undefined): Promise<void> {
  const isThere = async () => (await readPostmasterFile(dataDir))?.pid === pid && (await isLivePostmaster(pid));
  if (!(await isThere())) {
    // It may have removed its file already and still be on its way out.
    await waitUntilGone(pid, clock);
    return;
  }
  if (process.platform === 'win32') {
    // Windows has no signals; Node would end the process without letting it write anything down.
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
