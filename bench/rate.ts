import { setTimeout as sleep } from 'node:timers/promises';
import { startBackfill, startSimulatorProcess } from './processes.ts';
import { median, startBenchDatabase } from './support.ts';

export interface RateFigures {
  readonly rate: number;
  readonly latencyMs: number;
  readonly seconds: number;
  /** Data requests answered 2xx / what the limit allows; one figure for each repetition. */
  readonly shares: readonly number[];
  readonly share: number;
  /** Requests answered 429 / all requests. */
  readonly throttled: number;
}

const RATE = 60;
const LATENCY_MS = 60;
const WARM_UP_SECONDS = 8;

/** Measures (c) how much of a rate limit a backfill uses in its busy middle, as the server counts. */
export async function benchRate(seconds = 45, repetitions = 2): Promise<RateFigures> {
  const shares: number[] = [];
  let requests = 0;
  let refused = 0;
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const simulator = await startSimulatorProcess({ patients: 1000, 'rate-limit': RATE, latency: LATENCY_MS });
    const database = await startBenchDatabase();
    const run = startBackfill({ simulator, databaseUrl: database.url, requestsPerSecond: RATE });
    try {
      const sample = async () => ({ at: performance.now(), ...(await simulator.stats()) });
      await sleep(WARM_UP_SECONDS * 1000);
      const from = await sample();
      await sleep(seconds * 1000);
      const to = await sample();
      const good = (stats: { statuses: Record<string, number> }) =>
        Object.entries(stats.statuses).reduce((sum, [status, count]) => sum + (status.startsWith('2') ? count : 0), 0);
      shares.push((good(to) - good(from)) / (((to.at - from.at) / 1000) * RATE));
      // Counted over the whole run so far, so that a refusal at the start counts too.
      requests += to.requests;
      refused += to.rejected429;
    } finally {
      await run.stop();
      await database.stop();
      await simulator.stop();
    }
  }
  return { rate: RATE, latencyMs: LATENCY_MS, seconds, shares, share: median(shares), throttled: refused / requests };
}
