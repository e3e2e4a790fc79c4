import { hostname } from 'node:os';
import type pg from 'pg';
import type { ApiClient } from '../api/client.ts';

/** How often it is looked whether other runs use the same key, milliseconds. */
const SHARE_EVERY_MS = 2000;

/** Open runs by what they do and where. */
export interface OpenRuns {
  /** Deliveries to Lobbie, of this process and of all. */
  readonly ownPushes: number;
  readonly pushes: number;
  /** All other runs. */
  readonly ownPulls: number;
  readonly pulls: number;
}

/**
 * The share of the rate that a process may use. Deliveries have a share of their own as long as anything else is open, so
 * that no reading, however long, holds them up; within each kind the runs share evenly. Pure.
 *
 * @param pushShare share of all deliveries together while other runs are open, more than 0 and less than 1
 */
export function rateFraction({ ownPushes, pushes, ownPulls, pulls }: OpenRuns, pushShare: number): number {
  const own = ownPushes + ownPulls;
  if (own === 0) return 1;
  if (pushes === 0 || pulls === 0) return own / (pushes + pulls);
  return Math.min(1, (pushShare * ownPushes) / pushes + ((1 - pushShare) * ownPulls) / pulls);
}

/** Divides the request rate among the runs that are open, for they all use one key. */
export function divideRate(deps: { readonly api: ApiClient; readonly pool: pg.Pool; readonly pushShare: number }): {
  stop(): Promise<void>;
} {
  let looking = Promise.resolve();
  const look = async () => {
    const { rows } = await deps.pool.query<OpenRuns>(
      `SELECT count(*) FILTER (WHERE push AND own)::int AS "ownPushes", count(*) FILTER (WHERE push)::int AS pushes,
         count(*) FILTER (WHERE NOT push AND own)::int AS "ownPulls", count(*) FILTER (WHERE NOT push)::int AS pulls
       FROM (SELECT kind = 'push' AS push, coalesce(host = $1 AND pid = $2, false) AS own
         FROM lobbie_sync.runs WHERE status = 'running') r`,
      [hostname(), process.pid],
    );
    if (rows[0] !== undefined) deps.api.useFraction(rateFraction(rows[0], deps.pushShare));
  };
  const timer = setInterval(() => {
    // A database that is away is noticed by those who need it.
    looking = looking.then(look).catch(() => undefined);
  }, SHARE_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
      // Another run of this process may go on.
      await look().catch(() => deps.api.useFraction(1));
    },
  };
}
