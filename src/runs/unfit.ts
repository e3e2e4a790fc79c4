import type pg from 'pg';
import { EXIT, LobbieSyncError } from '../core/errors.ts';

/** If the first session has to wait longer than this for the second, milliseconds, a pooler gives both the same connection. */
const ANSWER_MS = 5000;

/**
 * Refuses a database in which no run can work, before anything is read.
 *
 * @param another opens a second session, by which a pooler in transaction mode is detected: while the second session has a transaction
 * open, such a pooler serves the first session by another backend than before
 * @throws LobbieSyncError `database.standby`, `database.pooler`; exit code 2
 */
export async function refuseUnfit(client: pg.Client, another: () => Promise<pg.Client>): Promise<void> {
  const { rows } = await client.query<{ standby: boolean; pid: number }>(
    'SELECT pg_is_in_recovery() AS standby, pg_backend_pid() AS pid',
  );
  if (rows[0]?.standby === true) {
    throw unfit(
      'database.standby',
      'the database is a standby, which is read-only',
      'Set DATABASE_URL to the primary.',
    );
  }
  const second = await another();
  try {
    await second.query('BEGIN; SELECT 1');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, ANSWER_MS, undefined);
    });
    const again = client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const answer = await Promise.race([again, late]);
    clearTimeout(timer);
    await second.query('ROLLBACK');
    if (answer === undefined) await again.catch(() => undefined);
    if (answer?.rows[0]?.pid === rows[0]?.pid) return;
  } finally {
    await second.end().catch(() => undefined);
  }
  throw unfit(
    'database.pooler',
    'DATABASE_URL leads to a pooler in transaction mode, which does not reserve a session for a run',
    'Connect to the database directly, or to a pool in session mode.',
  );
}

const unfit = (code: string, message: string, hint: string): LobbieSyncError =>
  new LobbieSyncError(message, { code, action: 'abort', exitCode: EXIT.usage, hint });
