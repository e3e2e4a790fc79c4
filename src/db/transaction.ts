import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import type { SyncDatabase } from './tables.ts';

/**
 * One transaction on one connection: Kysely for the state tables and the raw client for COPY, so that rows and cursor
 * commit together or not at all.
 */
export interface Transaction {
  readonly client: pg.ClientBase;
  readonly db: Kysely<SyncDatabase>;
}

/** A Kysely that speaks over one given connection and never releases it. */
export function kyselyOn(client: pg.ClientBase): Kysely<SyncDatabase> {
  const connection = { query: client.query.bind(client), release: () => undefined };
  return new Kysely<SyncDatabase>({
    dialect: new PostgresDialect({ pool: { connect: async () => connection, end: async () => undefined } as never }),
  });
}

/** Temporary tables that exist on a connection; forgotten when the transaction that made them rolls back. */
const staged = new WeakMap<pg.ClientBase, Set<string>>();

export function stagedTables(client: pg.ClientBase): Set<string> {
  const known = staged.get(client) ?? new Set<string>();
  staged.set(client, known);
  return known;
}

/**
 * Everything a load looks up is looked up by key. On fresh tables without statistics the planner would read them as a whole
 * instead, which was measured to be ten times slower. Queries over whole tables run outside of such a transaction.
 *
 * And it does not wait for the disk: a server that crashes may lose the last moments, rows and cursor together, so that the
 * next run reads them again. The commit that closes the run waits, and with it everything before is on disk.
 */
const BEGIN_LOAD =
  'BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; ' +
  'SET LOCAL synchronous_commit = off';

/** Runs `work` in a transaction that looks everything up by key and whose loss only costs reading it again. */
export async function withLoad<T>(pool: pg.Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return await within(pool, BEGIN_LOAD, work);
}

/**
 * Runs `work` in a transaction. Any throw rolls everything back, and a connection that failed to roll back is closed
 * rather than returned.
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
    // A temporary table made before this transaction outlives the rollback; closing the connection settles both cases.
    broken = error instanceof Error ? error : new Error('transaction failed');
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release(broken);
  }
}

/** A Kysely over the pool, for reads and for small writes of state that stand alone. */
export function kyselyOnPool(pool: pg.Pool): Kysely<SyncDatabase> {
  return new Kysely<SyncDatabase>({ dialect: new PostgresDialect({ pool }) });
}
