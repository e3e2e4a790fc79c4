import type { Kysely } from 'kysely';
import type pg from 'pg';
import { type ApiClient, createApiClient } from '../api/client.ts';
import { type Config, type ConfigSources, LOCAL_FOLDER, loadConfig } from '../config/config.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { ConfigError, LobbieSyncError } from '../core/errors.ts';
import { startEmbeddedPostgres } from '../db/embedded/index.ts';
import { type MigrationOutcome, migrateToLatest, pendingMigrations } from '../db/migrator.ts';
import { classifyError, createPool } from '../db/pool.ts';
import type { SyncDatabase } from '../db/tables.ts';
import { kyselyOnPool } from '../db/transaction.ts';
import { COST_LEGEND, describeResources, type ResourceDescription } from '../inspect/catalogue.ts';
import type { Finding } from '../inspect/finding.ts';
import type { StatusReport } from '../inspect/status.ts';
import { type NightlyPlan, planNightlySync } from '../nightly/plan.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import type { RunDependencies, RunReport } from '../runs/run.ts';
import { executeTargeted, type TargetedOptions } from '../runs/targeted.ts';
import { latestRuns, type RunDetails, runDetails } from '../state/runs.ts';
import { type Access, actor, newerOperations } from './access.ts';
import { createService, type Service } from './daemon.ts';
import { Deletes } from './deletes.ts';
import { examineAll } from './doctor.ts';
import { executeRun, type ExecuteOptions as RunOptions } from './execute.ts';
import { Push } from './push.ts';
import { Rejects } from './rejects.ts';
import { type RepairOptions, type RepairReport, verifyAndRepair } from './verify.ts';

export { type EmbeddedPostgres, startEmbeddedPostgres } from '../db/embedded/index.ts';
export type { DeleteStatus, Run } from '../db/tables.ts';
export type { ResourceDescription } from '../inspect/catalogue.ts';
export type { Finding } from '../inspect/finding.ts';
export type { DeleteEntry, DeleteFilter, DeleteGroup, ListFreshness, StatusReport } from '../inspect/status.ts';
export type { NightlyPlan, Phase } from '../nightly/plan.ts';
export type { PlanEntry } from '../push/plan.ts';
export type { DeleteChoice } from '../runs/decide-deletes.ts';
export type { RunReport } from '../runs/run.ts';
export type { Target, TargetedOptions } from '../runs/targeted.ts';
export type { OutboxEntry, OutboxSummary } from '../state/outbox/review.ts';
export type { RejectFilter, RejectSummary, StoredReject } from '../state/rejects.ts';
export type { RunDetails } from '../state/runs.ts';
export type { Progress } from '../streams/context.ts';
export type { ReplayReport } from '../streams/replay.ts';
export type { Service } from './daemon.ts';
export type { ApproveReport } from './deletes.ts';
export type { ExecuteOptions as RunOptions } from './execute.ts';
export type { Decision, OutboxValues } from './push.ts';
export type { AddOptions, AddReport } from './push-add.ts';
export type { ApplyReport, PlanReport } from './push-run.ts';
export type { RepairReport } from './verify.ts';
export { COST_LEGEND, LOCAL_FOLDER };

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
  return new App(config, createLogger({ ...config.log, level: quieter, ...stream }));
}

/** What can be synced; `newerPaths` as in LOBBIE_NEWER_PATHS. */
export function resourceCatalogue(newerPaths: readonly string[] = []): readonly ResourceDescription[] {
  return describeResources(newerOperations(newerPaths));
}

/**
 * Everything a command needs, built from the settings when it is first asked for and released in reverse order. The only
 * place that knows how the parts are put together.
 */
export class App {
  readonly config: Config;
  readonly logger: Logger;
  readonly rejects: Rejects;
  readonly deletes: Deletes;
  readonly push: Push;
  readonly #access: Access;
  readonly #releases: (() => Promise<void>)[] = [];
  #closing = false;
  #url: Promise<string> | undefined;
  #pool: pg.Pool | undefined;
  #api: ApiClient | undefined;

  constructor(config: Config, logger: Logger = createLogger(config.log), clock: Clock = systemClock) {
    this.config = config;
    this.logger = logger;
    this.#access = {
      config,
      logger,
      clock,
      api: () => this.api(),
      databaseUrl: () => this.databaseUrl(),
      pool: () => this.pool(),
      db: () => this.db(),
      requireSchema: () => this.requireSchema(),
      dependenciesFor: (selection) => this.#dependenciesFor(selection),
      ask: (work) => this.#ask(work),
    };
    this.rejects = new Rejects(this.#access);
    this.deletes = new Deletes(this.#access);
    this.push = new Push(this.#access);
  }

  /** The database to use; starts the embedded one when none is configured. */
  databaseUrl(): Promise<string> {
    this.#url ??= (async () => {
      if (this.config.databaseUrl !== undefined) return this.config.databaseUrl;
      const postgres = await startEmbeddedPostgres({ dataDir: `${LOCAL_FOLDER}/postgres` });
      // One that another command started stays as it is.
      if (!postgres.alreadyRunning) this.#releases.push(() => postgres.stop());
      return postgres.url;
    })();
    return this.#url;
  }

  async pool(): Promise<pg.Pool> {
    if (this.#pool === undefined) {
      const connectionString = await this.databaseUrl();
      const pool = createPool({
        connectionString,
        onError: (error) => {
          // A pool that ends does not wait for its connections; the embedded server may cut them off.
          if (!this.#closing) this.logger.warn({ err: error }, 'an idle database connection was lost');
        },
      });
      this.#pool = pool;
      this.#releases.push(() => pool.end());
    }
    return this.#pool;
  }

  async db(): Promise<Kysely<SyncDatabase>> {
    return kyselyOnPool(await this.pool());
  }

  /** The Lobbie client. @throws ConfigError when a setting for Lobbie is missing */
  api(): ApiClient {
    if (this.#api === undefined) {
      const { apiUrl: baseUrl, ...lobbie } = this.config.lobbie();
      const { logger, clock } = this.#access;
      const api = createApiClient({ ...lobbie, baseUrl, logger, clock, stopwatch: clock });
      this.#api = api;
      this.#releases.push(() => api.close());
    }
    return this.#api;
  }

  async migrate(): Promise<MigrationOutcome> {
    return await migrateToLatest(await this.databaseUrl());
  }

  /** Fails with a sentence that tells what to do unless the database has the current schema. */
  async requireSchema(): Promise<void> {
    let pending: readonly string[];
    try {
      pending = await pendingMigrations(await this.databaseUrl());
    } catch (error) {
      throw classifyError(error);
    }
    if (pending.length > 0) {
      throw new LobbieSyncError(`the database lacks ${pending.length} migrations`, {
        code: 'database.not_migrated',
        action: 'abort',
        exitCode: 2,
        hint: 'Run `lobbie-sync migrate` first.',
      });
    }
  }

  /** What runs are built on. */
  async runDependencies(): Promise<RunDependencies> {
    const lobbie = this.config.lobbie();
    return {
      api: this.api(),
      pool: await this.pool(),
      db: await this.db(),
      connectionString: await this.databaseUrl(),
      clock: this.#access.clock,
      logger: this.logger,
      accounts: lobbie.accountIds,
      concurrency: lobbie.concurrency,
      newerOperations: newerOperations(lobbie.newerPaths),
      actor: actor(),
      deleteThreshold: this.config.sync.deleteThreshold,
      freshnessDays: this.config.sync.freshnessDays,
      retainRunsDays: this.config.sync.retainRunsDays,
      noHistory: new Set(this.config.sync.noHistory),
      pushShare: this.config.push.share,
    };
  }

  /** Reads a selection into the warehouse. */
  async run(options: RunOptions): Promise<RunReport> {
    return await executeRun(await this.#dependenciesFor(options.selection), options);
  }

  /** Reads one stretch of time, or everything of some persons. The run keeps what it was narrowed to. */
  async runTargeted(options: TargetedOptions): Promise<RunReport> {
    const deps = await this.#dependenciesFor(options.selection);
    const { window, patients } = options.target;
    const target = { ...window, ...(patients.length > 0 ? { patients } : {}) };
    const selection = { ...options.selection, target };
    const places = await deps.pool.query('SELECT FROM lobbie.locations LIMIT 1');
    if (places.rowCount === 0) {
      throw new LobbieSyncError('the warehouse knows no locations yet, which nearly all lists hang below', {
        code: 'state.no_locations',
        action: 'abort',
        exitCode: 2,
        hint: 'Run `lobbie-sync backfill` without a date or a patient first, or with --resource locations.',
      });
    }
    return await executeTargeted(deps, { ...options, selection });
  }

  /** What a nightly sync would take, from the warehouse alone; no request is sent. */
  async plan(selection: RunOptions['selection'], budget: number | null): Promise<NightlyPlan> {
    const deps = await this.#dependenciesFor(selection);
    const { requestsPerSecond } = this.config.lobbie();
    return await this.#ask(() => planNightlySync(deps, { selection, budget, requestsPerSecond }));
  }

  /** The daemon: schedule, alerts and status page. */
  async service(options: { readonly migrate: boolean }): Promise<Service> {
    const pending = async () => await pendingMigrations(await this.databaseUrl());
    return await createService(this.#access, { ...options, pendingMigrations: pending });
  }

  /** Reads by id and counts again; writes nothing but its own run. */
  async verify(options: RepairOptions): Promise<RepairReport> {
    return await verifyAndRepair(await this.#dependenciesFor(options.selection), options);
  }

  /** Checks everything a run needs. */
  async doctor(onFinding?: (finding: Finding) => void): Promise<readonly Finding[]> {
    return await examineAll(this.#access, onFinding);
  }

  /** How the mirror stands; `undefined` while the database lacks migrations, whose names are told then. */
  async status(limit: number): Promise<StatusReport | { readonly pendingMigrations: readonly string[] }> {
    return await this.#ask(async (db) => {
      const pending = await pendingMigrations(await this.databaseUrl());
      if (pending.length > 0) return { pendingMigrations: pending };
      const { readStatus } = await import('../inspect/status.ts');
      const { accounts, newerPaths } = this.#lobbieIfSet();
      const { freshnessDays } = this.config.sync;
      const lists = { accounts, newerOperations: newerOperations(newerPaths), freshnessDays };
      const report = await readStatus(db, { ...lists, limit, now: this.#access.clock.now() });
      return { ...report, pendingMigrations: pending };
    });
  }

  async latestRuns(limit: number): ReturnType<typeof latestRuns> {
    return await this.#ask((db) => latestRuns(db, limit));
  }

  async runDetails(runId: string): Promise<RunDetails | undefined> {
    return await this.#ask((db) => runDetails(db, runId));
  }

  async #dependenciesFor(selection: RunOptions['selection']): Promise<RunDependencies> {
    const deps = await this.runDependencies();
    const foreign = selection.accounts.filter((id) => !deps.accounts.includes(id));
    if (foreign.length > 0) throw new ConfigError([`--account ${foreign.join(', ')} is not in LOBBIE_ACCOUNT_IDS`]);
    await this.requireSchema();
    return deps;
  }

  /** Answers from the state tables; what goes wrong is told by code, as the driver's texts may quote a row. */
  async #ask<T>(work: (db: Kysely<SyncDatabase>) => Promise<T>): Promise<T> {
    try {
      return await work(await this.db());
    } catch (error) {
      throw classifyError(error);
    }
  }

  #lobbieIfSet(): { accounts: readonly string[]; newerPaths: readonly string[] } {
    try {
      const { accountIds: accounts, newerPaths } = this.config.lobbie();
      return { accounts, newerPaths };
    } catch {
      return { accounts: [], newerPaths: [] };
    }
  }

  /** Ends what was started, last first. Safe to call twice. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const release of this.#releases.splice(0).reverse()) {
      await release().catch((error: unknown) => this.logger.warn({ err: error }, 'could not be ended cleanly'));
    }
  }
}
