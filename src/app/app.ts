import type { Kysely } from 'kysely';
import type pg from 'pg';
import type { ApiClient } from '../api/client.ts';
import { type Config, type ConfigSources, loadConfig } from '../config/config.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { LobbieSyncError } from '../core/errors.ts';
import type { MigrationOutcome } from '../db/migrator.ts';
import type { SyncDatabase } from '../db/tables.ts';
import type { Finding } from '../inspect/finding.ts';
import type { StatusReport } from '../inspect/status.ts';
import type { NightlyPlan } from '../nightly/plan.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import type { RunDependencies, RunReport } from '../runs/run.ts';
import type { TargetedOptions } from '../runs/targeted.ts';
import type { RunDetails } from '../state/runs.ts';
import { newerOperations } from './access.ts';
import { Connections } from './connections.ts';
import type { Service } from './daemon.ts';
import type { Deletes } from './deletes.ts';
import type { ExecuteOptions } from './execute.ts';
import { lazily } from './lazily.ts';
import type { Push } from './push.ts';
import type { Rejects } from './rejects.ts';
import type { Resources } from './resources.ts';
import type { RepairOptions, RepairReport } from './verify.ts';

export interface AppSources extends ConfigSources {
  /** Default: standard error. */
  readonly logStream?: NodeJS.WritableStream;
  /** Log nothing below this level, whatever the settings say. */
  readonly least?: 'error';
}

/** Reads the settings and makes the App. @throws ConfigError that lists every value that is wrong */
export function openApp(sources: AppSources): App {
  const config = loadConfig(sources);
  const { level } = config.log;
  const quieter = sources.least !== undefined && !['fatal', 'silent'].includes(level) ? sources.least : level;
  const stream = sources.logStream === undefined ? {} : { stream: sources.logStream };
  const logger = createLogger({ ...config.log, level: quieter, ...stream });
  for (const warning of config.warnings) logger.warn(warning);
  return new App(config, logger);
}

/**
 * Everything a command can do. Each method loads the code that it needs when it is called: a look at the status must not
 * wait for the code of the daemon.
 */
export class App {
  readonly config: Config;
  readonly logger: Logger;
  readonly rejects: Rejects;
  readonly deletes: Deletes;
  readonly push: Push;
  readonly resources: Resources;
  readonly #connections: Connections;

  constructor(config: Config, logger: Logger = createLogger(config.log), clock: Clock = systemClock) {
    this.config = config;
    this.logger = logger;
    const connections = new Connections(config, logger, clock);
    this.#connections = connections;
    this.rejects = lazily(async () => new (await import('./rejects.ts')).Rejects(connections));
    this.deletes = lazily(async () => new (await import('./deletes.ts')).Deletes(connections));
    this.push = lazily(async () => new (await import('./push.ts')).Push(connections));
    this.resources = lazily(async () => new (await import('./resources.ts')).Resources(connections));
  }

  /** The URL of the database; starts the embedded Postgres when none is configured. */
  databaseUrl(): Promise<string> {
    return this.#connections.databaseUrl();
  }

  pool(): Promise<pg.Pool> {
    return this.#connections.pool();
  }

  db(): Promise<Kysely<SyncDatabase>> {
    return this.#connections.db();
  }

  /** The Lobbie client. @throws ConfigError when a setting for Lobbie is missing */
  api(): Promise<ApiClient> {
    return this.#connections.api();
  }

  /** Brings the database to the current schema. */
  async migrate(): Promise<MigrationOutcome> {
    const { migrateToLatest } = await import('../db/migrator.ts');
    return await migrateToLatest(await this.databaseUrl());
  }

  /** Fails with a sentence that says what to do unless the database has exactly the current schema. */
  requireSchema(): Promise<void> {
    return this.#connections.requireSchema();
  }

  /** What runs are built on. */
  runDependencies(): Promise<RunDependencies> {
    return this.#connections.runDependencies();
  }

  /** Reads a selection into the warehouse. */
  async run(options: ExecuteOptions): Promise<RunReport> {
    const { executeRun } = await import('./execute.ts');
    return await executeRun(await this.#connections.dependenciesFor(options.selection), options);
  }

  /** Reads a date range, or all lists of some patients. The run records what it was narrowed to. */
  async runTargeted(options: TargetedOptions): Promise<RunReport> {
    const { executeTargeted } = await import('../runs/targeted.ts');
    const deps = await this.#connections.dependenciesFor(options.selection);
    const { window, patients } = options.target;
    const target = { ...window, ...(patients.length > 0 ? { patients } : {}) };
    const selection = { ...options.selection, target };
    const locations = await deps.pool.query('SELECT FROM lobbie.locations LIMIT 1');
    if (locations.rowCount === 0) {
      throw new LobbieSyncError('the warehouse has no locations yet, and nearly all lists belong to a location', {
        code: 'state.no_locations',
        action: 'abort',
        exitCode: 2,
        hint: 'Run `lobbie-sync backfill` without a date or a patient first, or with --resource locations.',
      });
    }
    return await executeTargeted(deps, { ...options, selection });
  }

  /** What a nightly sync would take, from the warehouse alone; no request is sent. */
  async plan(selection: ExecuteOptions['selection'], budget: number | null): Promise<NightlyPlan> {
    const { planNightlySync } = await import('../nightly/plan.ts');
    const deps = await this.#connections.dependenciesFor(selection);
    const { requestsPerSecond } = this.config.lobbie();
    return await this.#connections.ask(() => planNightlySync(deps, { selection, budget, requestsPerSecond }));
  }

  /** The daemon: schedule, deliveries, alerts and status page. */
  async service(options: { readonly migrate: boolean }): Promise<Service> {
    const { createService } = await import('./daemon.ts');
    const pendingMigrations = async () => (await this.#connections.schemaState()).pending;
    return await createService(this.#connections, { ...options, pendingMigrations });
  }

  /** Reads by id and counts again; writes nothing but its own run unless it is to repair what it finds. */
  async verify(options: RepairOptions): Promise<RepairReport> {
    const { verifyAndRepair } = await import('./verify.ts');
    return await verifyAndRepair(await this.#connections.dependenciesFor(options.selection), options);
  }

  /** Checks everything that a run needs. */
  async doctor(onFinding?: (finding: Finding) => void): Promise<readonly Finding[]> {
    const { examineAll } = await import('./doctor.ts');
    return await examineAll(this.#connections, onFinding);
  }

  /** The state of the mirror; only the names of the missing migrations while the database lacks any. */
  async status(limit: number): Promise<StatusReport | { readonly pendingMigrations: readonly string[] }> {
    // The code is loaded while the database answers.
    const [{ readStatus }, { pending }] = await Promise.all([
      import('../inspect/status.ts'),
      this.#connections.schemaState(),
    ]);
    if (pending.length > 0) return { pendingMigrations: pending };
    const { accounts, newerPaths } = this.#lobbieIfSet();
    const newer = newerOperations(newerPaths);
    const { freshnessDays, maxClockSkewMs } = this.config.sync;
    const now = this.#connections.clock.now();
    const report = await this.#connections.ask((db) =>
      readStatus(db, { accounts, newerOperations: newer, limit, now, freshnessDays, maxClockSkewMs }),
    );
    return { ...report, pendingMigrations: pending };
  }

  /** The latest runs, newest first. */
  async latestRuns(limit: number): Promise<Awaited<ReturnType<typeof import('../state/runs.ts').latestRuns>>> {
    const { latestRuns } = await import('../state/runs.ts');
    return await this.#connections.ask((db) => latestRuns(db, limit));
  }

  async runDetails(runId: string): Promise<RunDetails | undefined> {
    const { runDetails } = await import('../state/runs.ts');
    return await this.#connections.ask((db) => runDetails(db, runId));
  }

  /** Closes what was opened, last first. Safe to call twice. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  #lobbieIfSet(): { accounts: readonly string[]; newerPaths: readonly string[] } {
    try {
      const { accountIds, newerPaths } = this.config.lobbie();
      return { accounts: accountIds, newerPaths };
    } catch {
      return { accounts: [], newerPaths: [] };
    }
  }
}
