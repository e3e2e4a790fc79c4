import { mkdir, readdir, rm, statfs } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findEmbeddedPostgres,
  findLocalPostgres,
  type PostgresBinaries,
  startEmbeddedPostgres,
} from '../../src/db/embedded/index.ts';

/** The one database server of a test run. */
export interface TestServer {
  /** A connection that may create databases. */
  readonly url: string;
  /** For people: which kind was found. */
  readonly description: string;
  /** Ends a server that was started for this run; `keep` lets it live, for a database that is kept for inspection. */
  stop(keep: boolean): Promise<void>;
}

/** How long an engine may take to answer. One that is there answers in milliseconds. */
const ENGINE_TIMEOUT_MS = 5000;
/** An image that has to be fetched first takes its time; after this the embedded server is faster. */
const CONTAINER_TIMEOUT_MS = 120_000;

/**
 * In this order: TEST_DATABASE_URL, a container where a Docker engine answers, the embedded server, one of the system.
 */
export async function startTestServer(): Promise<TestServer> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given) return { url: given, description: 'TEST_DATABASE_URL', stop: async () => {} };
  return (await startContainer()) ?? (await startEmbedded());
}

async function startContainer(): Promise<TestServer | undefined> {
  try {
    const { getContainerRuntimeClient } = await import('testcontainers');
    await within(ENGINE_TIMEOUT_MS, getContainerRuntimeClient());
  } catch {
    return undefined;
  }
  try {
    const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
    const starting = new PostgreSqlContainer('postgres:17')
      .withCommand(['postgres', '-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off'])
      .start();
    const container = await within(CONTAINER_TIMEOUT_MS, starting);
    return {
      url: container.getConnectionUri(),
      description: 'container postgres:17',
      // Testcontainers removes it in any case once this process ends: nothing to keep.
      stop: async () => {
        await container.stop();
      },
    };
  } catch (error) {
    console.warn(
      `no container (${error instanceof Error ? error.message : 'unknown error'}), trying an embedded server`,
    );
    return undefined;
  }
}

function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${milliseconds} ms`)), milliseconds);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

const PREFIX = 'lobbie-sync-test-';
/** Linux keeps files in memory here. */
const MEMORY = '/dev/shm';
/** More than a test run needs: the write-ahead log takes up to 2 GB, a database 15 MB. */
const ROOM_BYTES = 4 * 1024 ** 3;

/**
 * The data lie in memory where there is room. A test run makes and drops hundreds of databases with some 700 files each; on a disk,
 * finding a free number for each new file took a third of the CPU time of Postgres.
 */
async function chooseRoot(): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(MEMORY);
    return Math.min(bavail * bsize, freemem()) >= ROOM_BYTES ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

async function startEmbedded(): Promise<TestServer> {
  await removeLeftovers();
  const home = join(await chooseRoot(), `${PREFIX}${process.pid}`);
  await mkdir(home, { recursive: true, mode: 0o711 });
  const binaries = await findBinaries();
  const server = await startEmbeddedPostgres({ dataDir: join(home, 'postgres'), durable: false, binaries });
  return {
    url: server.url,
    description: binaries.movable === undefined ? `server of the system (${binaries.bin})` : 'embedded server',
    stop: async (keep) => {
      if (keep) {
        console.log(`the server is kept until the next run; its password is in ${server.dataDir}.password`);
        return;
      }
      await server.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function findBinaries(): Promise<PostgresBinaries> {
  try {
    return findEmbeddedPostgres();
  } catch (missing) {
    const local = await findLocalPostgres();
    if (local === undefined) throw missing;
    return local;
  }
}

/** Servers that a killed run left, or that were kept for inspection: they live until the next run. */
async function removeLeftovers(): Promise<void> {
  const roots = await Promise.all(
    [tmpdir(), MEMORY].map(async (root) => (await readdir(root).catch(() => [])).map((name) => ({ root, name }))),
  );
  for (const { root, name } of roots.flat()) {
    const pid = Number(name.startsWith(PREFIX) ? name.slice(PREFIX.length) : Number.NaN);
    if (!Number.isSafeInteger(pid) || isAlive(pid)) continue;
    const home = join(root, name);
    try {
      // Starting is how a server is found again, whatever state it was left in.
      const server = await startEmbeddedPostgres({
        dataDir: join(home, 'postgres'),
        durable: false,
        binaries: await findBinaries(),
      });
      await server.stop();
      await rm(home, { recursive: true, force: true });
    } catch {
      // Another user's, or another run is removing it at this moment.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
