import { Writable } from 'node:stream';
import pg from 'pg';
import type { FaultRule, Simulator, StatsReport } from '../../simulator/index.ts';
import { type ApiClientOptions, createApiClient } from '../../src/api/client.ts';
import { App } from '../../src/app/app.ts';
import { executeRun, type ExecuteOptions as RunOptions } from '../../src/app/execute.ts';
import { loadConfig } from '../../src/config/config.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { everything, type Selection } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { RunReport } from '../../src/runs/run.ts';

/** Where a run reads and what it writes to. */
export interface Place {
  readonly api: { readonly url: string; readonly tokenUrl: string };
  readonly databaseUrl: string;
  readonly accounts?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** The settings of a run against a local server, as environment. */
export function environment(place: Place): Record<string, string> {
  return {
    LOBBIE_API_URL: place.api.url,
    LOBBIE_TOKEN_URL: place.api.tokenUrl,
    LOBBIE_CLIENT_ID: 'demo-client',
    LOBBIE_CLIENT_SECRET: 'demo-secret',
    LOBBIE_ACCOUNT_IDS: (place.accounts ?? ['1001', '1002']).join(','),
    LOBBIE_REQUESTS_PER_SECOND: '10000',
    LOBBIE_CONCURRENCY: '8',
    DATABASE_URL: place.databaseUrl,
    // Days of tests pass at a word; tests of the clock say otherwise.
    LOBBIE_MAX_CLOCK_SKEW: '1000000000',
    LOG_LEVEL: 'trace',
    LOG_FORMAT: 'json',
    ...place.env,
  };
}

/** What was logged, as text. */
export class Log extends Writable {
  text = '';
  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

/** An App with these settings; the caller closes it. */
export function makeApp(place: Place, log: Log = new Log(), clock: Clock = place.clock ?? systemClock): App {
  // A folder that does not exist: a file of settings of whoever runs the tests must not be read.
  const config = loadConfig({ env: environment(place), cwd: '/nowhere', terminal: false });
  return new App(config, createLogger({ ...config.log, stream: log }), clock);
}

/** Work with an app of its own. */
export async function withApp<T>(place: Place, work: (app: App) => Promise<T>): Promise<T> {
  const app = makeApp(place);
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

export interface RunChoice extends Partial<Omit<RunOptions, 'selection'>> {
  readonly selection?: Partial<Selection>;
  /** Changes to the client, for instance a shorter timeout. */
  readonly client?: Partial<ApiClientOptions>;
  readonly log?: Log;
}

/** One run in a process of the test's own: built, run and released. */
export async function runOnce(place: Place, choice: RunChoice = {}): Promise<RunReport> {
  const { selection, client, log, ...rest } = choice;
  const app = makeApp(place, log);
  const options: RunOptions = {
    kind: 'backfill',
    stop: new StopSignal(),
    ...rest,
    selection: { ...everything, ...selection },
  };
  try {
    if (client === undefined) return await app.run(options);
    const { apiUrl, ...lobbie } = app.config.lobbie();
    const api = createApiClient({
      ...lobbie,
      baseUrl: apiUrl,
      logger: app.logger,
      ...(place.clock === undefined ? {} : { clock: place.clock }),
      ...client,
    });
    try {
      return await executeRun({ ...(await app.runDependencies()), api }, options);
    } finally {
      await api.close();
    }
  } finally {
    options.stop.dispose();
    await app.close();
  }
}

/** Runs until one ends as done; answers the reports. Fails after `most` runs. */
export async function runToTheEnd(place: Place, most: number, choice: RunChoice = {}): Promise<RunReport[]> {
  const reports: RunReport[] = [];
  while (reports.length < most) {
    const report = await runOnce(place, choice);
    reports.push(report);
    if (report.exitCode === 0) return reports;
  }
  const seen = reports.map((report) => `${report.status} (${report.error?.message ?? 'no error'})`).join(', ');
  throw new Error(`not done after ${most} runs: ${seen}`);
}

/** A query on a connection of its own. */
export async function query<T extends object = Record<string, string>>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'test' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** The only number of a query. */
export async function count(url: string, text: string, values: readonly unknown[] = []): Promise<number> {
  const [row] = await query<{ n: string }>(url, `SELECT (${text})::text AS n`, values);
  return Number(row?.n);
}

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly resource: string | null;
  readonly account_id: string | null;
  readonly location_id: string | null;
  readonly scope: string | null;
}

export async function problemsOf(url: string, runId: string): Promise<Problem[]> {
  return await query<Problem>(
    url,
    `SELECT code, message, resource, account_id::text, location_id::text, scope
     FROM lobbie_sync.run_problems WHERE run_id = $1 ORDER BY id`,
    [runId],
  );
}

/** A run's row with numbers as numbers. */
export async function runRow(url: string, runId: string): Promise<Record<string, number> & { status: string }> {
  const [row] = await query<Record<string, string>>(url, 'SELECT * FROM lobbie_sync.runs WHERE id = $1', [runId]);
  const numbers = Object.entries(row ?? {}).filter(([name]) => name === 'requests' || name.startsWith('rows_'));
  return {
    ...Object.fromEntries(numbers.map(([name, value]) => [name, Number(value)])),
    status: row?.['status'],
  } as never;
}

/** Writes to the mirror's tables since the server began to count, once everybody's counts have arrived. */
export async function writesToMirror(url: string): Promise<Record<string, number>> {
  const [row] = await query<Record<'ins' | 'upd' | 'del', string>>(
    url,
    `SELECT coalesce(sum(n_tup_ins), 0)::text AS ins, coalesce(sum(n_tup_upd), 0)::text AS upd, coalesce(sum(n_tup_del), 0)::text AS del
     FROM pg_stat_user_tables WHERE schemaname = 'lobbie'`,
  );
  return { inserted: Number(row?.ins), updated: Number(row?.upd), deleted: Number(row?.del) };
}

/** Waits until no session but the asking one is left: an ended session has handed over all it counted. */
export async function sessionsGone(url: string): Promise<void> {
  for (;;) {
    const left = await count(
      url,
      `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    );
    if (left === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** All records that the simulator has served. */
export const recordsServed = (stats: StatsReport): number =>
  Object.values(stats.recordsServed).reduce((sum, records) => sum + records, 0);

/** Hands fault rules, or anything else, to the simulator's control API. */
export async function control(simulator: Simulator, path: string, body: unknown): Promise<void> {
  const response = await fetch(simulator.adminUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

/** Lists with pages. One without that comes empty by mistake cannot be told from a list that is empty. */
export const PAGINATED: readonly string[] = [
  'listLocations',
  'listStaff',
  'listAppointmentTypes',
  'listCategories',
  'listPatients',
  'listCategoryTransitions',
  'listAppointments',
  'listFormPackets',
  'listInvoices',
  'listLineItems',
  'listLabs',
  'listPaymentRequests',
  'listRecurringPayments',
  'listNotifications',
  'listNotificationGroups',
  'listServices',
  'listFormTemplates',
];

/** A rule for each list with pages. */
export const onPaginated = (rule: FaultRule): FaultRule[] => PAGINATED.map((operation) => ({ ...rule, operation }));
