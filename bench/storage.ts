import { backfill, startSimulatorProcess } from './processes.ts';
import { startBenchDatabase } from './support.ts';

/** What one table costs, with its indexes and its out-of-line values. */
export interface TableSize {
  readonly name: string;
  readonly rows: number;
  /** Bytes on disk per patient of the account. */
  readonly perPatient: number;
  readonly indexesPerPatient: number;
}

export interface StorageReport {
  readonly patients: number;
  readonly perPatient: number;
  readonly tables: readonly TableSize[];
}

/** Measures (g) the size of the warehouse after a first backfill of two accounts, per patient. */
export async function benchStorage(patients: number): Promise<StorageReport> {
  const simulator = await startSimulatorProcess({ patients });
  const database = await startBenchDatabase();
  try {
    await backfill({ simulator, databaseUrl: database.url });
    await database.pool.query('VACUUM (ANALYZE)');
    const { rows } = await database.pool.query<{ name: string; rows: string; bytes: string; indexes: string }>(
      `SELECT c.oid::regclass::text AS name, greatest(c.reltuples, 0)::text AS rows,
         pg_total_relation_size(c.oid)::text AS bytes, pg_indexes_size(c.oid)::text AS indexes
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname IN ('lobbie', 'lobbie_history', 'lobbie_sync', 'lobbie_push') AND c.relkind = 'r'
       ORDER BY pg_total_relation_size(c.oid) DESC`,
    );
    const all = 2 * patients;
    const tables = rows.map((row) => ({
      name: row.name,
      rows: Number(row.rows),
      perPatient: Number(row.bytes) / all,
      indexesPerPatient: Number(row.indexes) / all,
    }));
    return { patients, perPatient: tables.reduce((sum, table) => sum + table.perPatient, 0), tables };
  } finally {
    await database.stop();
    await simulator.stop();
  }
}
