import type pg from 'pg';
import type { ApiClient } from '../api/client.ts';

/** How often it is looked whether other runs use the same key, milliseconds. */
const SHARE_EVERY_MS = 2000;

/** Divides the request rate evenly among the runs that are open, for they all use one key. */
export function shareRate(deps: { readonly api: ApiClient; readonly pool: pg.Pool }): { stop(): Promise<void> } {
  let looking = Promise.resolve();
  const look = async () => {
    const { rows } = await deps.pool.query<{ runs: number }>(
      `SELECT count(*)::int AS runs FROM lobbie_sync.runs WHERE status = 'running'`,
    );
    deps.api.share(1 / Math.max(1, rows[0]?.runs ?? 1));
  };
  const timer = setInterval(() => {
    // A database that is away is noticed by those who need it.
    looking = looking.then(look).catch(() => undefined);
  }, SHARE_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
      deps.api.share(1);
    },
  };
}
