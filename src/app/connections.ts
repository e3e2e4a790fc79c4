import type { Kysely } from 'kysely';
import type pg from 'pg';
import type { ApiClient } from '../api/client.ts';
import { type Config, LOCAL_FOLDER } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { ConfigError, LobbieSyncError } from '../core/errors.ts';
import type { Selection } from '../core/selection.ts';
import { classifyError, createPool } from '../db/pool.ts';
import { readSchemaState, type SchemaState } from '../db/schema-state.ts';
import type { SyncDatabase } from '../db/tables.ts';
import type { Logger } from '../observability/logger.ts';
import type { RunDependencies } from '../runs/lifecycle.ts';
import { type Access, actor, newerOperations } from './access.ts';

/**
 * Database and API as the settings name them. Each is opened when it is first needed, its code too, and closed in reverse
 * order.
 */
export class Connections implements Access {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly #releases: (() => Promise<void>)[] = [];
  #closing = false;
  #url: Promise<string> | undefined;
  #pool: Promise<pg.Pool> | undefined;
  #api: Promise<ApiClient> | undefined;

  constructor(config: Config, logger: Logger, clock: Clock) {
    this.config = config;
    this.logger = logger;
    this.clock = clock;
  }

  databaseUrl(): Promise<string> {
    this.#url ??= this.#findDatabase();
    return this.#url;
  }

  pool(): Promise<pg.Pool> {
    this.#pool ??= this.#openPool();
    return this.#pool;
  }

  async db(): Promise<Kysely<SyncDatabase>> {
    const { kyselyOnPool } = await import('../db/transaction.ts');
    return kyselyOnPool(await this.pool());
  }

  api(): Promise<ApiClient> {
    this.#api ??= this.#openApi();
    return this.#api;
  }

  async schemaState(): Promise<SchemaState> {
    try {
      return await readSchemaState(await this.pool());
    } catch (error) {
      throw classifyError(error);
    }
  }

  async requireSchema(): Promise<void> {
    const { pending } = await this.schemaState();
    if (pending.length === 0) return;
    throw new LobbieSyncError(`the database lacks ${pending.length} migrations`, {
      code: 'database.not_migrated',
      action: 'abort',
      exitCode: 2,
      hint: 'Run `lobbie-sync migrate` first.',
    });
  }

  async runDependencies(): Promise<RunDependencies> {
    const lobbie = this.config.lobbie();
    return {
      api: await this.api(),
      pool: await this.pool(),
      db: await this.db(),
      connectionString: await this.databaseUrl(),
      clock: this.clock,
      logger: this.logger,
      accounts: lobbie.accountIds,
      concurrency: lobbie.concurrency,
      newerOperations: newerOperations(lobbie.newerPaths),
      actor: actor(),
      deleteThreshold: this.config.sync.deleteThreshold,
      changeThreshold: this.config.sync.changeThreshold,
      freshnessDays: this.config.sync.freshnessDays,
      maxClockSkewMs: this.config.sync.maxClockSkewMs,
      retainRunsDays: this.config.sync.retainRunsDays,
      noHistory: new Set(this.config.sync.noHistory),
      pushRateFraction: this.config.push.rateFraction,
    };
  }

  async dependenciesFor(selection: Selection): Promise<RunDependencies> {
    const deps = await this.runDependencies();
    const foreign = selection.accounts.filter((id) => !deps.accounts.includes(id));
    if (foreign.length > 0) throw new ConfigError([`--account ${foreign.join(', ')} is not in LOBBIE_ACCOUNT_IDS`]);
    await this.requireSchema();
    return deps;
  }

  async ask<T>(work: (db: Kysely<SyncDatabase>) => Promise<T>): Promise<T> {
    try {
      return await work(await this.db());
    } catch (error) {
      throw classifyError(error);
    }
  }

  /** Closes what was opened, last first. Safe to call twice. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const release of this.#releases.splice(0).reverse()) {
      await release().catch((error: unknown) => this.logger.warn({ err: error }, 'could not be closed cleanly'));
    }
  }

  async #findDatabase(): Promise<string> {
    if (this.config.databaseUrl !== undefined) return this.config.databaseUrl;
    const { startEmbeddedPostgres } = await import('../db/embedded/index.ts');
    const postgres = await startEmbeddedPostgres({ dataDir: `${LOCAL_FOLDER}/postgres` });
    // A server that another command started keeps running.
    if (!postgres.alreadyRunning) this.#releases.push(() => postgres.stop());
    return postgres.url;
  }

  async #openPool(): Promise<pg.Pool> {
    const pool = createPool({
      connectionString: await this.databaseUrl(),
      onError: (error) => {
        // A pool that ends does not wait for its connections; the embedded server may cut them off.
        if (!this.#closing) this.logger.warn({ err: error }, 'an idle database connection was lost');
      },
    });
    this.#releases.push(() => pool.end());
    return pool;
  }

  async #openApi(): Promise<ApiClient> {
    const { apiUrl: baseUrl, ...lobbie } = this.config.lobbie();
    const { logger, clock } = this;
    const { createApiClient } = await import('../api/client.ts');
    const api = createApiClient({
      ...lobbie,
      baseUrl,
      logger,
      clock,
      stopwatch: clock,
      urgentFraction: this.config.push.rateFraction,
    });
    this.#releases.push(() => api.close());
    return api;
  }
}
