import { isDeepStrictEqual } from 'node:util';
import type { JournalEntry, Simulator } from '../../simulator/index.ts';
import { createApiClient } from '../../src/api/client.ts';
import { type ExecuteOptions, executeRun } from '../../src/app/execute.ts';
import { everything, type Selection } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { createPool } from '../../src/db/pool.ts';
import { kyselyOnPool } from '../../src/db/transaction.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { RunDependencies, RunReport } from '../../src/runs/run.ts';
import { MovableClock } from './clock.ts';
import { readAsText } from './compare.ts';
import { Log, query } from './harness.ts';
import { keyOf as keyColumns, type TrueRow, type Truth } from './truth.ts';

/** Nights in a world whose days pass at a word. */

export const DAY_MS = 86_400_000;

/** When the simulator's world begins, unless told otherwise, and half an hour after that, when the first run starts. */
export const BEGINNING = '2026-01-15T12:00:00Z';
export const FIRST_RUN = Date.parse(BEGINNING) + 1_800_000;

export interface SyncerOptions {
  readonly api: {
    readonly url: string;
    readonly tokenUrl: string;
    readonly clientId?: string;
    readonly clientSecret?: string;
  };
  readonly databaseUrl: string;
  readonly accounts?: readonly string[];
  readonly clock?: MovableClock;
  readonly freshnessDays?: number;
  readonly deleteThreshold?: number;
  readonly changeThreshold?: number;
  readonly concurrency?: number;
  /** Measures the time of a request. Default: the machine's clock. */
  readonly stopwatch?: MovableClock;
  /** Default: clocks are not compared, because days of tests pass at a word. */
  readonly maxClockSkewMs?: number;
}

export interface Choice extends Partial<Omit<ExecuteOptions, 'selection' | 'kind'>> {
  readonly selection?: Partial<Selection>;
}

/** What runs are made with: one pool and one client, as in a process of the product, under one clock. */
export class Syncer {
  readonly clock: MovableClock;
  readonly deps: RunDependencies;
  readonly log = new Log();

  constructor(options: SyncerOptions) {
    this.clock = options.clock ?? new MovableClock({ now: FIRST_RUN });
    const { clock } = this;
    const concurrency = options.concurrency ?? 8;
    const pool = createPool({ connectionString: options.databaseUrl });
    const logger = createLogger({ level: 'warn', format: 'json', stream: this.log });
    this.deps = {
      api: createApiClient({
        baseUrl: options.api.url,
        tokenUrl: options.api.tokenUrl,
        clientId: options.api.clientId ?? 'demo-client',
        clientSecret: options.api.clientSecret ?? 'demo-secret',
        requestsPerSecond: 0,
        concurrency,
        clock,
        stopwatch: options.stopwatch,
        retry: { baseMs: 2, capMs: 10 },
      }),
      pool,
      db: kyselyOnPool(pool),
      connectionString: options.databaseUrl,
      clock,
      logger,
      accounts: options.accounts ?? ['1001'],
      concurrency,
      newerOperations: new Set(),
      actor: 'test',
      deleteThreshold: options.deleteThreshold ?? 0.05,
      changeThreshold: options.changeThreshold ?? 0.2,
      freshnessDays: options.freshnessDays ?? 30,
      noHistory: new Set(),
      maxClockSkewMs: options.maxClockSkewMs,
      pushRateFraction: 0.5,
    };
  }

  async run(kind: 'backfill' | 'sync', { selection, ...choice }: Choice = {}): Promise<RunReport> {
    const stop = choice.stop ?? new StopSignal();
    try {
      return await executeRun(this.deps, { kind, stop, ...choice, selection: { ...everything, ...selection } });
    } finally {
      stop.dispose();
    }
  }

  async close(): Promise<void> {
    await this.deps.api.close();
    await this.deps.pool.end();
  }
}

/** A night later: the world has moved on by a day, and so has the clock. */
export function nextDay(simulator: Simulator, syncer: Syncer): JournalEntry[] {
  const journal = simulator.evolve(1);
  syncer.clock.jump(DAY_MS);
  return journal;
}

/** How a row of the warehouse differs from the API: it lacks, it is as it was before, it is gone from the API. */
export type Difference = 'missing' | 'stale' | 'extra';

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function keyOf(table: string, { account, record, path }: TrueRow): string {
  const values = new Map<string, unknown>([['account_id', account]]);
  for (const [name, value] of Object.entries(path)) values.set(name, value);
  for (const [name, value] of Object.entries(record)) if (value !== null) values.set(snake(name), value);
  return keyColumns(table)
    .map((name) => String(values.get(name)))
    .join('/');
}

/** The fields of a record as the columns of a row have them. */
function columnsOf(record: Readonly<Record<string, unknown>>, row: string): Record<string, unknown> {
  const columns = JSON.parse(row) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.keys(record).map((name) => [name, columns[snake(name)]]));
}

/**
 * Compares every living row with the truth, by key and by the record as received, or by its columns where the record stands in
 * another one's `raw`: key → how it differs, for each table that differs at all. Other columns are compared elsewhere.
 */
export async function differing(url: string, truth: Truth): Promise<Map<string, Map<string, Difference>>> {
  const found = new Map<string, Map<string, Difference>>();
  for (const [table, rows] of truth) {
    const expected = new Map(rows.map((row) => [keyOf(table, row), row.record]));
    const stored = await readAsText(
      url,
      `SELECT ${keyColumns(table).join(` || '/' || `)} AS key, raw, to_jsonb(t)::text AS columns FROM lobbie.${table} t WHERE _deleted_at IS NULL`,
    );
    const different = new Map<string, Difference>();
    const met = new Set<string>();
    for (const { key, raw, columns } of stored) {
      met.add(key ?? '');
      const record = expected.get(key ?? '');
      if (record === undefined) different.set(key ?? '', 'extra');
      else if (
        !isDeepStrictEqual(raw === null ? columnsOf(record, columns ?? '{}') : JSON.parse(raw ?? 'null'), record)
      )
        different.set(key ?? '', 'stale');
    }
    for (const key of expected.keys()) if (!met.has(key)) different.set(key, 'missing');
    if (different.size > 0) found.set(table, different);
  }
  return found;
}

/** The same in words, for a comparison with nothing. */
export const inWords = (found: ReadonlyMap<string, ReadonlyMap<string, Difference>>): string[] =>
  [...found].flatMap(([table, rows]) => [...rows].map(([key, difference]) => `${table} ${key} ${difference}`)).sort();

/** Keys of a journal's entry in the warehouse, as {@link differing} names rows. */
export const journalKey = (entry: JournalEntry): string => `${entry.accountId}/${entry.id}`;

/** Requests of a run by resource. */
export async function requestsOf(url: string, runId: string): Promise<Map<string, number>> {
  const rows = await query<{ resource: string; requests: number }>(
    url,
    'SELECT resource, requests::int AS requests FROM lobbie_sync.run_resources WHERE run_id = $1',
    [runId],
  );
  return new Map(rows.map((row) => [row.resource, row.requests]));
}

/**
 * What is wrong with the history: versions that are there twice or that leave a number out, and times between two versions
 * that are not covered or covered twice. In words; empty when every row's versions tile time.
 */
export async function historyFaults(url: string, tables: readonly string[]): Promise<string[]> {
  const faults: string[] = [];
  for (const table of tables) {
    const key = keyColumns(table).join(', ');
    const rows = await query<{ key: string; what: string }>(
      url,
      `SELECT key, what FROM (
         SELECT concat_ws('/', ${key}) AS key,
           CASE WHEN _version <> row_number() OVER w THEN 'version ' || _version || ' in place ' || row_number() OVER w
             WHEN valid_to IS DISTINCT FROM lead(valid_from) OVER w THEN 'version ' || _version || ' does not end where the next begins'
           END AS what
         FROM lobbie_history.${table} WINDOW w AS (PARTITION BY ${key} ORDER BY valid_from, _version)) x
       WHERE what IS NOT NULL LIMIT 5`,
    );
    faults.push(...rows.map((row) => `${table} ${row.key}: ${row.what}`));
  }
  return faults;
}
