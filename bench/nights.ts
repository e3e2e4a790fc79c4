import { createApiClient } from '../src/api/client.ts';
import { executeRun } from '../src/app/execute.ts';
import { type Clock, systemClock } from '../src/core/clock.ts';
import { everything } from '../src/core/selection.ts';
import { StopSignal } from '../src/core/stop.ts';
import { kyselyOnPool } from '../src/db/transaction.ts';
import { silentLogger } from '../src/observability/logger.ts';
import type { RunDependencies } from '../src/runs/run.ts';
import { startSimulatorProcess } from './processes.ts';
import { startBenchDatabase } from './support.ts';

/** The cost of one run. */
export interface NightFigures {
  readonly name: string;
  readonly status: string;
  readonly requests: number;
  readonly seconds: number;
  readonly rowsRead: number;
  readonly written: number;
}

export interface NightsReport {
  readonly patients: number;
  readonly runs: readonly NightFigures[];
  /** Requests of the nightly sync after a day of changes, as a fraction of the full read. */
  readonly share: number;
}

const DAY_MS = 86_400_000;

/**
 * Measures requests and seconds of a full read, of the nightly sync after a day of changes, and of one after a day without changes.
 * There are one account, five locations, no rate limit, and a simulator in its own process. The clock passed to the run moves the
 * days.
 */
export async function benchNights(patients: number): Promise<NightsReport> {
  const database = await startBenchDatabase();
  const simulator = await startSimulatorProcess({ patients, accounts: 1001, locations: 5 });
  const began = Date.parse('2026-01-15T12:30:00Z') - Date.now();
  let days = 0;
  const clock: Clock = {
    now: () => new Date(Date.now() + began + days * DAY_MS),
    sleep: systemClock.sleep,
  };
  const api = createApiClient({
    baseUrl: simulator.url,
    tokenUrl: simulator.tokenUrl,
    clientId: 'demo-client',
    clientSecret: 'demo-secret',
    requestsPerSecond: 0,
    concurrency: 8,
    clock,
  });
  try {
    const deps: RunDependencies = {
      api,
      pool: database.pool,
      db: kyselyOnPool(database.pool),
      connectionString: database.url,
      clock,
      logger: silentLogger,
      accounts: ['1001'],
      concurrency: 8,
      newerOperations: new Set(),
      actor: 'bench',
      deleteThreshold: 0.05,
      changeThreshold: 0.2,
      freshnessDays: 30,
      noHistory: new Set(),
      pushRateFraction: 0.5,
    };
    const run = async (name: string, kind: 'backfill' | 'sync'): Promise<NightFigures> => {
      const start = performance.now();
      const report = await executeRun(deps, { kind, selection: everything, stop: new StopSignal() });
      const seconds = (performance.now() - start) / 1000;
      const { rows } = await database.pool.query<{ requests: string; read: string; written: string }>(
        `SELECT requests, rows_read AS read, rows_inserted + rows_updated + rows_deleted AS written
         FROM lobbie_sync.runs WHERE id = $1`,
        [report.runId],
      );
      const row = rows[0];
      return {
        name,
        status: report.status,
        requests: Number(row?.requests),
        seconds,
        rowsRead: Number(row?.read),
        written: Number(row?.written),
      };
    };
    const full = await run('full read', 'backfill');
    days += 1;
    await simulator.evolve(1);
    const after = await run('nightly sync after changes', 'sync');
    days += 1;
    const quiet = await run('nightly sync without changes', 'sync');
    return { patients, runs: [full, after, quiet], share: after.requests / full.requests };
  } finally {
    await api.close();
    await simulator.stop();
    await database.stop();
  }
}
