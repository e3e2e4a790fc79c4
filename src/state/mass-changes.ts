import { type Kysely, sql } from 'kysely';
import type { SyncDatabase } from '../db/tables.ts';

type Db = Kysely<SyncDatabase>;

/** How much of one list changed while a nightly sync read it. */
export interface ListChange {
  readonly sweepId: string;
  readonly accountId: string;
  /** Null for a list of the whole account. */
  readonly locationId: string | null;
  readonly resource: string;
  /** Rows that were stored before and got a new version. */
  readonly changed: number;
  /** Rows of the list, or of the part that was read. */
  readonly rows: number;
  /** When the sweep began. */
  readonly startedAt: Date;
}

/** A list of which an unusual part changed. */
export interface MassChange extends Omit<ListChange, 'sweepId' | 'startedAt'> {
  readonly runId: string;
  readonly at: Date;
  /** Lists of parents that were to be read for that, and that wait for the rotation. */
  readonly hintsDeferred: number;
}

/**
 * Sweeps of recent nightly syncs that changed more than a few rows of an account and that were not noted as a mass change: the ended
 * ones of a pass, and all of earlier passes, whose process may be gone.
 */
export async function changedSweeps(
  db: Db,
  options: { readonly passId: string; readonly accountId: string; readonly since: Date; readonly few: number },
): Promise<readonly ListChange[]> {
  const { passId, accountId, since, few } = options;
  const { rows } = await sql<ListChange>`SELECT s.id::text AS "sweepId", s.account_id::text AS "accountId",
      NULLIF(s.location_id, 0)::text AS "locationId", s.resource, s.rows_changed::float8 AS changed, s.started_at AS "startedAt",
      coalesce(CASE WHEN s.whole THEN (SELECT t.rows FROM lobbie_sync.table_rows t WHERE t.account_id = s.account_id
        AND t.resource = s.resource AND t.location_id = s.location_id) END, s.rows_read)::float8 AS rows
    FROM lobbie_sync.passes p JOIN lobbie_sync.sweeps s ON s.pass_id = p.id AND s.account_id = ${accountId}
    WHERE p.kind IN ('sync', 'rotation') AND (p.started_at >= ${since} OR p.status = 'open')
      AND (s.status <> 'open' OR p.id <> ${passId}) AND s.rows_changed > ${few}
      AND NOT EXISTS (SELECT FROM lobbie_sync.mass_changes m WHERE m.sweep_id = s.id)
    ORDER BY s.id`.execute(db);
  return rows;
}

/** Notes a mass change; false if its sweep was noted before. */
export async function addMassChange(db: Db, change: ListChange & { runId: string; at: Date }): Promise<boolean> {
  const { sweepId, runId, at, accountId, locationId, resource, changed, rows } = change;
  const { numAffectedRows = 0n } =
    await sql`INSERT INTO lobbie_sync.mass_changes (sweep_id, run_id, at, account_id, location_id, resource, rows_changed, rows)
      VALUES (${sweepId}, ${runId}, ${at}, ${accountId}, ${locationId ?? '0'}, ${resource}, ${changed}, ${rows})
      ON CONFLICT DO NOTHING`.execute(db);
  return numAffectedRows > 0n;
}

export async function setHintsDeferred(db: Db, sweepId: string, lists: number): Promise<void> {
  await sql`UPDATE lobbie_sync.mass_changes SET hints_deferred = ${lists} WHERE sweep_id = ${sweepId}`.execute(db);
}

const COLUMNS = sql`run_id::text AS "runId", at, account_id::text AS "accountId", NULLIF(location_id, 0)::text AS "locationId",
  resource, rows_changed::float8 AS changed, rows::float8 AS rows, hints_deferred::float8 AS "hintsDeferred"`;

/** The mass changes that a run noted. */
export async function massChangesOf(db: Db, runId: string): Promise<readonly MassChange[]> {
  const { rows } = await sql<MassChange>`SELECT ${COLUMNS} FROM lobbie_sync.mass_changes
    WHERE run_id = ${runId} ORDER BY account_id, resource, location_id`.execute(db);
  return rows;
}

/** The mass changes of the latest nightly sync that ended. */
export async function latestMassChanges(db: Db): Promise<readonly MassChange[]> {
  const { rows } = await sql<MassChange>`SELECT ${COLUMNS} FROM lobbie_sync.mass_changes
    WHERE run_id = (SELECT max(id) FROM lobbie_sync.runs WHERE kind = 'sync' AND status <> 'running' AND NOT jsonb_exists(selection, 'target'))
    ORDER BY account_id, resource, location_id`.execute(db);
  return rows;
}
