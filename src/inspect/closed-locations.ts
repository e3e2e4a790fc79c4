import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';
import type { ClosureCause } from '../state/closed-locations.ts';

/** A location whose lists are not read because it is closed: ids, times and counts. */
export interface ClosedLocationReport {
  readonly accountId: string;
  readonly locationId: string;
  readonly cause: ClosureCause;
  /** Since when it is known to be closed. */
  readonly since: Date;
  /** The delete that asks about its rows, for `deletes approve` and `deletes restore`. */
  readonly deleteId: string;
  /** `held`: waits for a person. `kept`: a person keeps its rows. `marked`: its rows are marked as deleted. */
  readonly decision: 'held' | 'kept' | 'marked';
  /** Its rows that are not deleted, by table, as last counted. A row that other locations serve too is never marked. */
  readonly rows: readonly { readonly resource: string; readonly rows: number }[];
}

/** The closed locations of the given accounts and locations; empty lists mean all. */
export async function closedLocationReports(
  db: Kysely<SyncDatabase>,
  filter: { readonly accounts?: readonly string[]; readonly locations?: readonly string[] } = {},
): Promise<readonly ClosedLocationReport[]> {
  const { accounts = [], locations = [] } = filter;
  const { rows } = await sql<ClosedLocationReport>`SELECT c.account_id::text AS "accountId",
      c.location_id::text AS "locationId", c.cause, c.since, c.delete_id::text AS "deleteId",
      CASE d.status WHEN 'restored' THEN 'kept' WHEN 'applied' THEN 'marked' ELSE 'held' END AS decision,
      coalesce((SELECT jsonb_agg(jsonb_build_object('resource', t.resource, 'rows', t.rows) ORDER BY t.resource)
        FROM lobbie_sync.table_rows t WHERE t.account_id = c.account_id AND t.location_id = c.location_id AND t.rows > 0), '[]') AS rows
    FROM lobbie_sync.closed_locations c LEFT JOIN lobbie_sync.deletes d ON d.id = c.delete_id
    WHERE (cardinality(${accounts}::bigint[]) = 0 OR c.account_id = ANY(${accounts}::bigint[]))
      AND (cardinality(${locations}::bigint[]) = 0 OR c.location_id = ANY(${locations}::bigint[]))
    ORDER BY c.account_id, c.location_id`.execute(db);
  return rows;
}
