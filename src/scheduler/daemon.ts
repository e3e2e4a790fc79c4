import type { Kysely } from 'kysely';
import type pg from 'pg';
import type { Clock } from '../core/clock.ts';
import type { SyncDatabase } from '../db/tables.ts';
import type { Logger } from '../observability/logger.ts';
import { AlertCenter, type AlertSettings } from './alert-center.ts';
import type { SchedulerEvent } from './events.ts';
import type { Job } from './job.ts';
import { type JobView, Scheduler, type ScheduleSettings } from './scheduler.ts';
import { allTicks, clockTicks, cronTicks, type TickSource } from './ticks.ts';

/** What the status page may know of a daemon. */
export interface DaemonView {
  /** Whether the daemon is stopping and starts nothing new. */
  readonly draining: boolean;
  readonly jobs: readonly JobView[];
}

/** A part that is started and stopped with the daemon, e.g. the web server. */
export interface Part {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface DaemonOptions {
  readonly db: Kysely<SyncDatabase>;
  /** The pool under `db`. */
  readonly pool: pg.Pool;
  /** For the connection that holds a running job; not through a pooler in transaction mode. */
  readonly connectionString: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly jobs: readonly Job[];
  readonly schedule?: ScheduleSettings;
  readonly alerts?: AlertSettings;
  /** Parts that run beside the schedule; started first, stopped last. `report` takes events for the alerts. */
  readonly parts?: readonly ((view: DaemonView, report: (event: SchedulerEvent) => void) => Part)[];
  /** Default: node-cron and the clock. */
  readonly ticks?: TickSource;
}

export interface Daemon extends Part {
  readonly view: DaemonView;
  /** Resolves when the daemon is idle: no check of the schedule, no job of this process and no alert is in progress. */
  idle(): Promise<void>;
}

/**
 * The daemon: the schedule, its alerts, and what runs beside them.
 *
 * `start` resolves when the parts are up. It does not need the database: the schedule waits for it. `stop` starts nothing new,
 * asks running jobs to end in an orderly way, waits for them, and releases everything in reverse order. Both may be called more
 * than once; after `stop` the daemon can't be started again.
 *
 * @throws LobbieSyncError with exit code 2 when a job's times can't be followed; or what a part throws when it is created
 *
 * @example
 * const daemon = createDaemon({ db, connectionString, clock, logger, jobs, parts: [(view) => createWebServer({ ... view })] });
 * await daemon.start();
 * process.once('SIGTERM', () => void daemon.stop());
 */
export function createDaemon(options: DaemonOptions): Daemon {
  const { db, connectionString, clock, logger, jobs, schedule = {}, alerts = {} } = options;
  surviveLostConnections(options.pool);
  let draining = false;
  const center = new AlertCenter({ ...alerts, db, clock, logger });
  const beat = options.ticks ?? allTicks(cronTicks(), clockTicks(clock));
  const ticks: TickSource = {
    start: (onTick) =>
      beat.start(() => {
        onTick();
        center.tick();
      }),
  };
  const onEvent = center.take.bind(center);
  const scheduler = new Scheduler({ ...schedule, db, connectionString, clock, logger, jobs, ticks, onEvent });
  const view: DaemonView = {
    get draining() {
      return draining;
    },
    get jobs() {
      return scheduler.jobs;
    },
  };
  const parts = (options.parts ?? []).map((make) => make(view, onEvent));
  const releases: (() => Promise<void>)[] = [];
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  async function release(): Promise<void> {
    for (const each of releases.splice(0).reverse()) {
      await each().catch((error: unknown) =>
        logger.warn({ err: error }, 'a part of the daemon could not be stopped cleanly'),
      );
    }
  }

  async function begin(): Promise<void> {
    try {
      for (const part of parts) {
        await part.start();
        releases.push(() => part.stop());
        if (draining) return;
      }
      releases.push(() => center.stop());
      releases.push(() => scheduler.stop());
      scheduler.start();
    } catch (error) {
      await release();
      throw error;
    }
  }

  return {
    view,
    start() {
      if (stopping !== undefined) return stopping;
      starting ??= begin();
      return starting;
    },
    stop() {
      draining = true;
      stopping ??= (async () => {
        await starting?.catch(() => undefined);
        await release();
      })();
      return stopping;
    },
    async idle() {
      await scheduler.idle();
      await center.idle();
    },
  };
}

/**
 * Keeps a lost connection from ending the process. When a connection breaks during a query, the query fails and the connection
 * emits `error` as well, which ends the process if nobody listens. The pool itself listens only while a connection is idle.
 */
function surviveLostConnections(pool: pg.Pool): void {
  const known = new WeakSet<pg.PoolClient>();
  pool.on('acquire', (client) => {
    if (!known.has(client)) client.on('error', () => undefined);
    known.add(client);
  });
}
