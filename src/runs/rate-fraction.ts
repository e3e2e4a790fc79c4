import { hostname } from 'node:os';
import type pg from 'pg';
import type { ApiClient } from '../api/client.ts';

/** How often the open runs are counted, milliseconds. */
const COUNT_EVERY_MS = 2000;

/** The number of open runs by direction, of this process and of all. */
export interface OpenRuns {
  /** Deliveries to Lobbie. */
  readonly ownPushes: number;
  readonly pushes: number;
  /** All other runs. */
  readonly ownPulls: number;
  readonly pulls: number;
}

/**
 * The fraction of the rate that a process may use. While other runs are open, deliveries have a fraction of their own, so that a long
 * read does not delay them. Runs of one kind divide their fraction evenly. Pure.
 *
 * @param forPushes the fraction for all deliveries together while other runs are open, more than 0 and less than 1
 */
export function rateFraction({ ownPushes, pushes, ownPulls, pulls }: OpenRuns, forPushes: number): number {
  const own = ownPushes + ownPulls;
  if (own === 0) return 1;
  if (pushes === 0 || pulls === 0) return own / (pushes + pulls);
  return Math.min(1, (forPushes * ownPushes) / pushes + ((1 - forPushes) * ownPulls) / pulls);
}

/**
 * The fraction of its own requests that a process gives to its deliveries while its reads wait: what `rateFraction` counts for them. Pure.
 */
export function urgentFraction(open: OpenRuns, forPushes: number): number {
  if (open.ownPushes === 0 || open.ownPulls === 0) return forPushes;
  return Math.min(1, (forPushes * open.ownPushes) / open.pushes / rateFraction(open, forPushes));
}

/** Divides the request rate among the open runs, because they all use one key. */
export function divideRate(deps: {
  readonly api: ApiClient;
  readonly pool: pg.Pool;
  readonly pushRateFraction: number;
}): { stop(): Promise<void> } {
  let looking = Promise.resolve();
  const look = async () => {
    const { rows } = await deps.pool.query<OpenRuns>(
      `SELECT count(*) FILTER (WHERE push AND own)::int AS "ownPushes", count(*) FILTER (WHERE push)::int AS pushes,
         count(*) FILTER (WHERE NOT push AND own)::int AS "ownPulls", count(*) FILTER (WHERE NOT push)::int AS pulls
       FROM (SELECT kind = 'push' AS push, coalesce(host = $1 AND pid = $2, false) AS own
         FROM lobbie_sync.runs WHERE status = 'running') r`,
      [hostname(), process.pid],
    );
    const [open] = rows;
    if (open === undefined) return;
    const { pushRateFraction } = deps;
    deps.api.useFraction(rateFraction(open, pushRateFraction), urgentFraction(open, pushRateFraction));
  };
  const timer = setInterval(() => {
    // Errors are ignored: the run itself reports a database that is away.
    looking = looking.then(look).catch(() => undefined);
  }, COUNT_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
      // Another run of this process may continue, so its fraction is computed again.
      await look().catch(() => deps.api.useFraction(1));
    },
  };
}
