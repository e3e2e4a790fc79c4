import { type Kysely, sql } from 'kysely';
import type { Run, SyncDatabase } from '../db/tables.ts';
import { type AlertState, alertStates } from '../state/alert-states.ts';
import { type OutboxSummary, outboxSummary } from '../state/outbox/review.ts';
import { type ResourceAge, resourceAges } from '../state/resource-ages.ts';
import { latestRuns } from '../state/runs.ts';
import { latestNightlySyncs, type NightlySync } from '../state/schedule.ts';

type Db = Kysely<SyncDatabase>;

/** Totals of the ended runs of one kind and status. */
export interface RunTotals {
  readonly kind: string;
  readonly status: string;
  readonly runs: number;
  readonly requests: number;
  readonly read: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly rejected: number;
}

/** Everything that the page, its JSON and the metrics show from the database: ids and counts, no records, no selections. */
export interface Overview {
  readonly runs: readonly PublicRun[];
  readonly totals: readonly RunTotals[];
  readonly lastSuccess: readonly { readonly kind: string; readonly at: Date }[];
  /** Runs whose process lives. */
  readonly running: readonly { readonly kind: string; readonly id: string }[];
  readonly openRejects: readonly { readonly resource: string; readonly rejects: number }[];
  readonly freshness: readonly ResourceAge[];
  readonly nightlySyncs: readonly NightlySync[];
  readonly alerts: readonly AlertState[];
  /** Changes on their way to Lobbie. */
  readonly outbox: OutboxSummary;
}

export type PublicRun = Omit<Run, 'selection' | 'host' | 'pid'>;

/** Reads the overview with one query after the other, so that the status page does not take connections from a running job. */
export async function readOverview(db: Db, now: Date): Promise<Overview> {
  const latest = await latestRuns(db, 20, 'readings');
  const runs = latest.map(({ selection: _selection, host: _host, pid: _pid, ...run }) => run);
  const totals = await sql<RunTotals>`SELECT kind, status, count(*)::int AS runs, sum(requests)::float8 AS requests,
      sum(rows_read)::float8 AS read, sum(rows_inserted)::float8 AS inserted, sum(rows_updated)::float8 AS updated,
      sum(rows_unchanged)::float8 AS unchanged, sum(rows_deleted)::float8 AS deleted,
      sum(rows_rejected)::float8 AS rejected
    FROM lobbie_sync.runs WHERE status <> 'running' GROUP BY kind, status ORDER BY kind, status`.execute(db);
  const lastSuccess = await sql<{ kind: string; at: Date }>`SELECT kind,
      -- One that ended in the future would hide that none has succeeded since.
      coalesce(max(finished_at) FILTER (WHERE finished_at <= ${now}::timestamptz + interval '5 minutes'), max(finished_at)) AS at
    FROM lobbie_sync.runs
    WHERE status = 'succeeded' AND finished_at IS NOT NULL GROUP BY kind ORDER BY kind`.execute(db);
  const running = await sql<{ kind: string; id: string }>`SELECT kind, id::text AS id
    FROM lobbie_sync.living_runs ORDER BY lobbie_sync.living_runs.id`.execute(db);
  const openRejects = await sql<{ resource: string; rejects: number }>`SELECT resource, count(*)::int AS rejects
    FROM lobbie_sync.rejects WHERE replayed_at IS NULL GROUP BY resource ORDER BY resource`.execute(db);
  return {
    runs,
    totals: totals.rows,
    lastSuccess: lastSuccess.rows,
    running: running.rows,
    openRejects: openRejects.rows,
    freshness: await resourceAges(db),
    nightlySyncs: await latestNightlySyncs(db, 30),
    alerts: await alertStates(db),
    outbox: await outboxSummary(db, now),
  };
}
