import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { createPool } from '../../../src/db/pool.ts';
import { kyselyOnPool } from '../../../src/db/transaction.ts';
import { silentLogger } from '../../../src/observability/logger.ts';
import { createDaemon, type Daemon, type DaemonOptions } from '../../../src/scheduler/daemon.ts';
import type { Job, JobResult } from '../../../src/scheduler/job.ts';
import type { TickSource } from '../../../src/scheduler/ticks.ts';
import { withDatabase } from '../../support/databases.ts';
import type { MovableClock } from './movable-clock.ts';

/** Ticks when the test says so. */
export class ManualTicks implements TickSource {
  #onTick: (() => void) | undefined;

  start(onTick: () => void): () => Promise<void> {
    this.#onTick = onTick;
    return async () => {
      this.#onTick = undefined;
    };
  }

  beat(): void {
    this.#onTick?.();
  }
}

export const SUCCESS: JobResult = { status: 'succeeded', exitCode: 0 };
export const FAILURE: JobResult = { status: 'failed', exitCode: 1, message: 'the API is away' };

/** A daemon under test with connections of its own, stopped after the test. */
export interface TestDaemon {
  readonly daemon: Daemon;
  readonly ticks: ManualTicks;
  /** One check of the schedule, with everything that follows from it. */
  beat(): Promise<void>;
  stop(): Promise<void>;
}

export async function startDaemon(
  url: string,
  clock: MovableClock,
  options: Pick<DaemonOptions, 'jobs'> & Partial<DaemonOptions>,
): Promise<TestDaemon> {
  const pool = createPool({ connectionString: url });
  const ticks = new ManualTicks();
  const daemon = createDaemon({
    db: kyselyOnPool(pool),
    pool,
    connectionString: url,
    clock,
    logger: silentLogger,
    ticks,
    ...options,
  });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= daemon.stop().then(() => pool.end());
    return stopped;
  };
  onTestFinished(stop);
  await daemon.start();
  return {
    daemon,
    ticks,
    stop,
    async beat() {
      ticks.beat();
      await daemon.idle();
    },
  };
}

/** A job that follows a script, one step for each run, and records when it was started. */
export function scriptedJob(clock: MovableClock, more: Partial<Job> = {}) {
  const begun: string[] = [];
  const script: ((signal: AbortSignal) => JobResult | Promise<JobResult>)[] = [];
  let running = 0;
  let most = 0;
  const job: Job = {
    name: 'sync',
    cron: '0 2 * * *',
    timezone: 'UTC',
    async run(signal) {
      begun.push(clock.now().toISOString().slice(0, 16));
      running += 1;
      most = Math.max(most, running);
      try {
        return await (script.shift() ?? (() => SUCCESS))(signal);
      } finally {
        running -= 1;
      }
    },
    ...more,
  };
  return { job, begun, script, most: () => most };
}

/** A step of a script that runs until it is asked to end, or until the test ends it. */
export function longRun() {
  const gate = Promise.withResolvers<JobResult>();
  const begun = Promise.withResolvers<void>();
  return {
    begun: begun.promise,
    end: gate.resolve,
    step: (signal: AbortSignal): Promise<JobResult> => {
      begun.resolve();
      signal.addEventListener('abort', () => gate.resolve({ status: 'incomplete', exitCode: 5 }));
      return gate.promise;
    },
  };
}

/** Receives alerts; `down` makes it refuse. */
export async function startReceiver() {
  const told: string[] = [];
  const bodies: string[] = [];
  const state = { down: false };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      response.writeHead(state.down ? 503 : 200).end();
      if (state.down) return;
      bodies.push(body);
      for (const { kind, key, state: now } of JSON.parse(body).alerts) told.push(`${kind} ${key} ${now}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return { told, bodies, state, target: { url, retryDelaysMs: [] } };
}

/** Runs statements on a connection of its own, in the server's maintenance database or the given one. */
export async function query<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Every recorded nightly sync: `<due> <status> <attempts>`. */
export async function nights(url: string): Promise<string[]> {
  const rows = await query<{ due: string; status: string; attempts: number }>(
    url,
    `SELECT to_char(due_at AT TIME ZONE 'UTC', 'MM-DD"T"HH24:MI') AS due, status, attempts
     FROM lobbie_sync.schedule WHERE status <> 'first_start' ORDER BY job, due_at`,
  );
  return rows.map(({ due, status, attempts }) => `${due} ${status} ${attempts}`);
}

/** Ends every connection to the database and lets nobody in. */
export async function takeDown(database: { readonly url: string; readonly name: string }): Promise<void> {
  const server = withDatabase(database.url, 'postgres');
  await query(server, `ALTER DATABASE ${database.name} WITH ALLOW_CONNECTIONS false`);
  await query(server, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database.name]);
}

export async function bringBack(database: { readonly url: string; readonly name: string }): Promise<void> {
  await query(withDatabase(database.url, 'postgres'), `ALTER DATABASE ${database.name} WITH ALLOW_CONNECTIONS true`);
}
