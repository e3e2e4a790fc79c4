import { LobbieSyncError, StopError } from '../core/errors.ts';
import { everything } from '../core/selection.ts';
import { StopSignal } from '../core/stop.ts';
import { migrateToLatest } from '../db/migrator.ts';
import { classifyError } from '../db/pool.ts';
import { deleteGroups } from '../inspect/status.ts';
import { createDaemon, type Daemon, type Part } from '../scheduler/daemon.ts';
import type { Job, JobAlert, JobResult } from '../scheduler/job.ts';
import type { MassChange } from '../state/mass-changes.ts';
import { runDetails } from '../state/runs.ts';
import { createWebServer, type WebServer } from '../web/server.ts';
import type { Access } from './access.ts';
import { executeRun } from './execute.ts';
import { PushDaemon } from './push-daemon.ts';

export interface ServiceOptions {
  /** Bring the database to the current schema before anything is scheduled. Default: refuse one that is behind. */
  readonly migrate: boolean;
  /** The migrations that the database lacks. */
  readonly pendingMigrations: () => Promise<readonly string[]>;
}

/** The daemon with its web server. */
export interface Service {
  /** Resolves when the pages are up and the schedule runs; waits for a database that is away. */
  start(): Promise<void>;
  /** Begins nothing more, lets what is under way end in an orderly way, and releases everything. */
  stop(): Promise<void>;
  readonly url: string | undefined;
  readonly nextDue: Date | undefined;
}

/** Waits between looks for a database that is away, milliseconds; the last one repeats. */
const LOOKS_MS = [1000, 2000, 5000, 15_000];
const DAY_MS = 86_400_000;

/**
 * Builds the daemon: the nightly sync on its schedule, deliveries of the outbox, alerts, and the status page.
 *
 * @throws LobbieSyncError with exit code 2 when settings don't go together
 */
export async function createService(access: Access, options: ServiceOptions): Promise<Service> {
  const { config, logger, clock } = access;
  const { host, port, adminToken, alertUrl, alertFormat } = config.serve;
  // Missing settings are reported before anything is started.
  config.lobbie();
  const db = await access.db();
  const api = await access.api();
  const ending = new AbortController();
  let web: WebServer | undefined;
  const daemon: Daemon = createDaemon({
    db,
    pool: await access.pool(),
    connectionString: await access.databaseUrl(),
    clock,
    logger,
    jobs: [nightlySync(access)],
    alerts: {
      ...(alertUrl === undefined ? {} : { target: { url: alertUrl, format: alertFormat } }),
      staleAfterMs: config.sync.freshnessDays * DAY_MS,
    },
    parts: [
      (view) => {
        web = createWebServer({
          db,
          clock,
          logger,
          view,
          host,
          port,
          adminToken,
          pendingMigrations: options.pendingMigrations,
          limiter: () => api.state,
        });
        return web;
      },
      // After the pages, so that they can say that the database is away.
      () => schemaPart(access, options, ending.signal),
      (_view, tell) => new PushDaemon(access, { onEnd: tell }),
    ],
  });
  return {
    start: () => daemon.start(),
    async stop() {
      ending.abort(new StopError('stop.signal', 'the daemon is stopping'));
      await daemon.stop();
    },
    get url() {
      return web?.url;
    },
    get nextDue() {
      return daemon.view.jobs[0]?.nextDue;
    },
  };
}

/** Waits for the database and sees to its schema before the schedule begins. */
function schemaPart(access: Access, options: ServiceOptions, ending: AbortSignal): Part {
  return {
    async start() {
      for (let looks = 0; !ending.aborted; looks += 1) {
        try {
          if (!options.migrate) return await access.requireSchema();
          const { applied } = await migrateToLatest(await access.databaseUrl());
          if (applied.length > 0) access.logger.info({ applied }, 'migrations were applied');
          return;
        } catch (cause) {
          const error = classifyError(cause);
          if (!isAway(error)) throw error;
          access.logger.warn({ err: error }, 'the database is away; waiting for it');
          const wait = LOOKS_MS[Math.min(looks, LOOKS_MS.length - 1)] ?? 1000;
          await access.clock.sleep(wait, ending).catch(() => undefined);
        }
      }
    },
    stop: async () => undefined,
  };
}

/** Whether a database may come by itself: it does not answer, it starts up, or its name is not known yet. */
export function isAway(error: LobbieSyncError): boolean {
  const reason = error.code === 'database.migration' && error.cause instanceof LobbieSyncError ? error.cause : error;
  return reason.action === 'retry' || ['database.ENOTFOUND', 'database.EAI_AGAIN'].includes(reason.code);
}

/** Codes of lists that could not be read because Lobbie was away: another attempt may read them. */
const PASSING: ReadonlySet<string> = new Set(['api.unavailable', 'api.timeout', 'api.throttled']);

/** Failures that pass by themselves although their exit code speaks of sign-in or settings: nobody was refused. */
const isPassingBy = ({ code }: LobbieSyncError): boolean => code === 'auth.unavailable' || code === 'clock.skew';

/** The nightly sync as a job of the scheduler. */
function nightlySync(access: Access): Job {
  const { cron, timezone } = access.config.serve;
  return {
    name: 'sync',
    cron,
    timezone,
    async run(signal) {
      const stop = new StopSignal();
      const onAbort = () => stop.request(signal.reason as StopError);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      try {
        const maxRequests = access.config.sync.nightlyMaxRequests;
        const deps = await access.dependenciesFor(everything);
        const report = await executeRun(deps, { kind: 'sync', selection: everything, maxRequests, stop });
        return await resultOf(access, report);
      } finally {
        signal.removeEventListener('abort', onAbort);
        stop.dispose();
      }
    },
  };
}

/** Names, ids and counts of lists of which an unusual part changed. */
export function massChangeAlert(changes: readonly MassChange[]): JobAlert {
  const lists = changes.map(
    ({ resource, accountId, changed, rows }) => `${resource} of account ${accountId}: ${changed} of ${rows} rows`,
  );
  return { key: 'mass_change', message: `an unusual part of a list changed in one nightly sync (${lists.join('; ')})` };
}

async function resultOf(access: Access, report: Awaited<ReturnType<typeof executeRun>>): Promise<JobResult> {
  const { runId, status, exitCode, error } = report;
  const retryable = error !== undefined && isPassingBy(error) ? { retryable: true } : {};
  const base = { runId, status, exitCode, message: error?.message ?? null, ...retryable };
  try {
    const [details, groups] = await access.ask(async (db) => [
      await runDetails(db, runId),
      await deleteGroups(db, { status: 'held' }),
    ]);
    const problems = (details?.problems ?? []).map(({ code }) => String(code));
    const held = groups.reduce((sum, group) => sum + group.deletes, 0);
    const message = `${held} deletes wait for a person: lobbie-sync deletes list`;
    return {
      ...base,
      message: details?.run.error ?? base.message,
      passing:
        error?.code === 'clock.jumped' ||
        (status === 'partial' && problems.length > 0 && problems.every((code) => PASSING.has(code))),
      requests: Number(details?.run.requests ?? 0),
      rows: Number(details?.run.rows_read ?? 0),
      alerts: [
        ...(held === 0 ? [] : [{ key: 'held_deletes', message }]),
        ...(details === undefined || details.massChanges.length === 0 ? [] : [massChangeAlert(details.massChanges)]),
      ],
    };
  } catch {
    return base;
  }
}
