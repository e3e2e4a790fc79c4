import type pg from 'pg';

/** Modes that keep a reading from storing rows. */
const MODES = ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'];

/**
 * Who holds a lock on one of our tables that keeps others from writing, e.g. `pid 4711 (psql)`: what a person needs to find and end
 * it. Sessions of this product are left out.
 */
export async function lockHolders(client: Pick<pg.ClientBase, 'query'>): Promise<readonly string[]> {
  const { rows } = await client.query<{ pid: number; application: string }>(
    `SELECT DISTINCT l.pid, a.application_name AS application FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
     JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE l.granted AND l.mode = ANY($1::text[]) AND n.nspname = ANY($2::text[]) AND NOT starts_with(a.application_name, 'lobbie-sync')
     ORDER BY l.pid`,
    [MODES, ['lobbie', 'lobbie_history', 'lobbie_sync', 'lobbie_push']],
  );
  return rows.map(named);
}

/** Who holds an advisory lock of one 64-bit key. */
export async function advisoryHolders(client: Pick<pg.ClientBase, 'query'>, key: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ pid: number; application: string }>(
    `SELECT l.pid, a.application_name AS application FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.granted AND l.locktype = 'advisory' AND l.objsubid = 1
       AND l.classid::bigint = ($1::bigint >> 32) & 4294967295 AND l.objid::bigint = $1::bigint & 4294967295 ORDER BY l.pid`,
    [key],
  );
  return rows.map(named);
}

const named = ({ pid, application }: { pid: number; application: string }): string =>
  `pid ${pid} (${application === '' ? 'without a name' : application})`;
