import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import type { SyncDatabase } from './tables.ts';

/**
 * One transaction on one connection. It offers Kysely for the state tables and the raw client for COPY, so that rows and cursor
 * commit together or not at all.
 */
export interface Transaction {
  readonly client: pg.ClientBase;
  readonly db: Kysely<SyncDatabase>;
}

/** A Kysely on one given connection, which it never releases. */
export function kyselyOn(client: pg.ClientBase): Kysely<SyncDatabase> {
  const connection = { query: client.query.bind(client), release: () => undefined };
  return new Kysely<SyncDatabase>({
    dialect: new PostgresDialect({ pool: { connect: async () => connection, end: async () => undefined } as never }),
  });
}

/** The temporary tables that exist on a connection; cleared when a transaction rolls back, because that may have removed them. */
const staged = new WeakMap<pg.ClientBase, Set<string>>();

export function stagedTables(client: pg.ClientBase): Set<string> {
  const known = staged.get(client) ?? new Set<string>();
  staged.set(client, known);
  return known;
}

/**
 * The settings of a load. A load looks everything up by key, but on new tables without statistics the planner would scan whole
 * tables, which was measured to be ten times slower. So scans are disabled; queries over whole tables run in other transactions.
 *
 * The commit does not wait for the disk. A server that crashes may lose the last moments, but rows and cursor together, so the
 * next run reads them again. The commit that closes the run waits, and then everything before it is on disk too.
 */
const BEGIN_LOAD =
  'BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; ' +
  'SET LOCAL synchronous_commit = off';

/** Runs `work` in a transaction for loading: it looks everything up by key and does not wait for the disk. */
export async function withLoad<T>(pool: pg.Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return await within(pool, BEGIN_LOAD, work);
}

/**
 * Runs `work` in a transaction. Any error rolls everything back, and the connection is then closed
 * rather than returned to the pool.
 */
export async function withTransaction<T>(pool: pg.Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return await within(pool, 'BEGIN', work);
}

async function within<T>(pool: pg.Pool, begin: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(begin);
    const result = await work({ client, db: kyselyOn(client) });
    await client.query('COMMIT');
    return result;
  } catch (error) {
    staged.delete(client);
    // A temporary table made before this transaction survives the rollback, one made within it does not. Closing the
    // connection removes both.
    broken = error instanceof Error ? error : new Error('transaction failed');
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release(broken);
  }
}

/** A Kysely on the pool, for reads and for single small writes of state. */
export function kyselyOnPool(pool: pg.Pool): Kysely<SyncDatabase> {
  return new Kysely<SyncDatabase>({ dialect: new PostgresDialect({ pool }) });
}
