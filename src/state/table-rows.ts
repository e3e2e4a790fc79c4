import type pg from 'pg';

/** A table to count, and whether its rows belong to accounts and locations. */
export interface Countable {
  readonly name: string;
  readonly byAccount: boolean;
  readonly byLocation: boolean;
}

/**
 * Counts the rows of tables that are not deleted, by account and location. Freshness and estimates use these counts instead of
 * reading the tables.
 */
export async function countTables(pool: pg.Pool, tables: readonly Countable[], at: Date): Promise<void> {
  for (const table of tables) {
    const account = table.byAccount ? 'account_id' : '0';
    const location = table.byLocation ? 'coalesce(location_id, 0)' : '0';
    await pool.query(
      `WITH counted AS (SELECT ${account} AS account_id, ${location} AS location_id, count(*) AS rows
         FROM lobbie."${table.name}" WHERE _deleted_at IS NULL GROUP BY 1, 2),
       gone AS (DELETE FROM lobbie_sync.table_rows r WHERE resource = $1 AND NOT EXISTS
         (SELECT FROM counted c WHERE c.account_id = r.account_id AND c.location_id = r.location_id))
       INSERT INTO lobbie_sync.table_rows (account_id, location_id, resource, rows, counted_at)
       SELECT account_id, location_id, $1, rows, $2 FROM counted
       ON CONFLICT (account_id, resource, location_id) DO UPDATE SET rows = excluded.rows, counted_at = excluded.counted_at`,
      [table.name, at],
    );
  }
}
