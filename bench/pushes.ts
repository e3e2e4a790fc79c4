import { backfill, deliver, startSimulatorProcess } from './processes.ts';
import { startBenchDatabase } from './support.ts';

export interface PushPoint {
  readonly rows: number;
  readonly seconds: number;
  /** Requests answered 2xx / requests that the limit allows during the run. */
  readonly share: number;
  /** Requests answered 429 / all requests. */
  readonly throttled: number;
  /** Whether the versions of every target follow the order of its rows. */
  readonly order: boolean;
  readonly peakMegabytes: number;
}

export interface PushFigures {
  readonly rate: number;
  readonly latencyMs: number;
  readonly small: PushPoint;
  readonly large: PushPoint;
  /** Peak memory, large / small. */
  readonly ratio: number;
}

const RATE = 50;
const LATENCY_MS = 60;
const TARGETS = 500;

async function deliverUpdates(rows: number): Promise<PushPoint> {
  const simulator = await startSimulatorProcess({ patients: TARGETS, 'rate-limit': RATE, latency: LATENCY_MS });
  const database = await startBenchDatabase();
  const place = { simulator, databaseUrl: database.url, requestsPerSecond: RATE };
  try {
    await backfill({ ...place, resources: ['locations', 'patients'] });
    await database.pool.query(
      `INSERT INTO lobbie_push.outbox (resource, operation, account_id, target_id, changes)
       SELECT 'patients', 'update', account_id, id, jsonb_build_object('email', format('p%s.%s@example.com', id, n))
       FROM (SELECT account_id, id, row_number() OVER (ORDER BY account_id, id) AS r FROM lobbie.patients) p,
         generate_series(1, $1::int / $2::int) n WHERE r <= $2::int ORDER BY n, r`,
      [rows, TARGETS],
    );
    const before = await simulator.stats();
    const figures = await deliver(place);
    const after = await simulator.stats();
    const sent = after.requests - before.requests;
    const refused = after.rejected429 - before.rejected429;
    const { rows: wrong } = await database.pool.query(
      `SELECT 1 FROM lobbie_history.patients h JOIN lobbie_push.outbox o ON o.account_id = h.account_id AND o.target_id = h.id
         AND o.changes ->> 'email' = h.email
       GROUP BY h.account_id, h.id HAVING array_agg(o.id ORDER BY h.version) <> array_agg(o.id ORDER BY o.id)
         OR count(*) <> $1 LIMIT 1`,
      [rows / TARGETS],
    );
    return {
      rows,
      seconds: figures.seconds,
      share: (sent - refused) / (figures.seconds * RATE),
      throttled: refused / sent,
      order: wrong.length === 0,
      peakMegabytes: figures.peakKilobytes / 1024,
    };
  } finally {
    await database.stop();
    await simulator.stop();
  }
}

/** Measures (f) how much of a rate limit deliveries use, whether they keep the order of each target, and their peak memory. */
export async function benchPushes(rows = 10_000): Promise<PushFigures> {
  const small = await deliverUpdates(rows / 10);
  const large = await deliverUpdates(rows);
  return {
    rate: RATE,
    latencyMs: LATENCY_MS,
    small,
    large,
    ratio: large.peakMegabytes / small.peakMegabytes,
  };
}
