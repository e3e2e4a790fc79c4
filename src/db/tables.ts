import type { ColumnType, Generated, Insertable, Selectable } from 'kysely';
import type { OutboxStatus, WritableResource, WriteOperation } from '../core/writable.ts';

/** A Postgres bigint: the driver returns text, and accepts numbers, bigints and text. */
type BigInt8 = ColumnType<string, string | number | bigint, string | number | bigint>;
type DefaultedBigInt8 = ColumnType<string, string | number | bigint | undefined, string | number | bigint>;
type GeneratedId = ColumnType<string, never, never>;
type Json<T> = ColumnType<T, string, string>;
type DefaultedJson<T> = ColumnType<T, string | undefined, string>;

export type RunKind = 'backfill' | 'sync' | 'push' | 'webhook' | 'verify';
export type RunStatus = 'running' | 'succeeded' | 'partial' | 'incomplete' | 'failed';

export interface CountColumns {
  requests: DefaultedBigInt8;
  rows_read: DefaultedBigInt8;
  rows_inserted: DefaultedBigInt8;
  rows_updated: DefaultedBigInt8;
  rows_unchanged: DefaultedBigInt8;
  rows_deleted: DefaultedBigInt8;
  rows_rejected: DefaultedBigInt8;
}

interface RunsTable extends CountColumns {
  id: GeneratedId;
  kind: RunKind;
  status: RunStatus;
  started_at: Date;
  finished_at: Date | null;
  error: string | null;
  selection: DefaultedJson<unknown>;
  host: string | null;
  pid: number | null;
}

interface RunResourcesTable extends CountColumns {
  run_id: BigInt8;
  resource: string;
}

interface RunUnknownFieldsTable {
  run_id: BigInt8;
  resource: string;
  field: string;
  records: BigInt8;
}

interface UnknownFieldsTable {
  resource: string;
  field: string;
  first_seen_at: Date;
  first_run_id: BigInt8;
  last_seen_at: Date;
  last_run_id: BigInt8;
  records: BigInt8;
}

interface RunProblemsTable {
  id: GeneratedId;
  run_id: BigInt8;
  at: Date;
  account_id: BigInt8 | null;
  location_id: BigInt8 | null;
  resource: string | null;
  scope: string | null;
  code: string;
  message: string;
  hint: string | null;
}

interface PassesTable {
  id: GeneratedId;
  kind: string;
  selection_key: string;
  status: 'open' | 'finished' | 'partial' | 'abandoned';
  started_at: Date;
  finished_at: Date | null;
}

interface SweepsTable {
  id: GeneratedId;
  pass_id: BigInt8;
  account_id: BigInt8;
  location_id: DefaultedBigInt8;
  resource: string;
  operation: string;
  status: 'open' | 'certified' | 'failed';
  started_at: Date;
  finished_at: Date | null;
  rows_read: DefaultedBigInt8;
  rows_rejected: DefaultedBigInt8;
  reason: string | null;
  whole: ColumnType<boolean, boolean | undefined, boolean>;
  judged: ColumnType<boolean, boolean | undefined, boolean>;
}

interface ChecksTable {
  account_id: BigInt8;
  resource: string;
  parent_id: BigInt8;
  checked_at: Date | null;
  due_since: Date | null;
}

export type DeleteStatus = 'candidate' | 'held' | 'applied' | 'dismissed' | 'restored';

interface DeletesTable {
  id: GeneratedId;
  run_id: BigInt8;
  account_id: BigInt8;
  location_id: BigInt8 | null;
  resource: string;
  key: string;
  parent_id: BigInt8 | null;
  reason: string;
  status: DeleteStatus;
  found_at: Date;
  decided_at: Date | null;
  /** The certified sweeps that did not meet the row; null: the list of its parent did not have it. */
  sweep_ids: string[] | null;
  /** Since when it is known to be absent. */
  absent_at: Date;
}

interface ListStateTable {
  account_id: BigInt8;
  location_id: DefaultedBigInt8;
  resource: string;
  operation: string;
  last_certified_at: Date;
  oldest_checked_at: Date;
}

interface TableRowsTable {
  account_id: BigInt8;
  location_id: DefaultedBigInt8;
  resource: string;
  rows: BigInt8;
  counted_at: Date;
}

interface CursorsTable {
  pass_id: BigInt8;
  account_id: BigInt8;
  resource: string;
  scope: string;
  cursor: Json<unknown> | null;
  status: 'open' | 'done';
  updated_at: Date;
}

interface LeasesTable {
  account_id: BigInt8;
  resource: string;
  run_id: BigInt8;
  acquired_at: Date;
}

interface RejectsTable {
  id: GeneratedId;
  run_id: BigInt8;
  account_id: BigInt8 | null;
  resource: string;
  record_key: string | null;
  reason: string;
  record: Json<unknown>;
  context: DefaultedJson<Record<string, string>>;
  rejected_at: Date;
  replayed_at: Date | null;
}

interface AuditLogTable {
  id: GeneratedId;
  at: Date;
  actor: string;
  action: string;
  account_id: BigInt8 | null;
  resource: string | null;
  subject: DefaultedJson<unknown>;
  run_id: BigInt8 | null;
}

interface OutboxTable {
  id: GeneratedId;
  resource: WritableResource;
  operation: WriteOperation;
  account_id: BigInt8;
  location_id: BigInt8 | null;
  target_id: BigInt8 | null;
  external_ref: string | null;
  changes: DefaultedJson<unknown>;
  allow_nulls: ColumnType<boolean, boolean | undefined, boolean>;
  status: ColumnType<OutboxStatus, OutboxStatus | undefined, OutboxStatus>;
  error: string | null;
  attempts: ColumnType<number, number | undefined, number>;
  result_id: BigInt8 | null;
  base: Json<unknown> | null;
  requested_by: ColumnType<string, string | undefined, string>;
  requested_at: ColumnType<Date, Date | undefined, Date>;
  completed_at: Date | null;
  approved_by: string | null;
  approved_at: Date | null;
  resolution: DefaultedJson<Record<string, 'ours' | 'theirs'>>;
  conflict_fields: string[] | null;
  remote: Json<unknown> | null;
  answer: string | null;
  needs_person: ColumnType<boolean, boolean | undefined, boolean>;
  tries: ColumnType<number, number | undefined, number>;
  not_before: Date | null;
  run_id: BigInt8 | null;
  sent_at: Date | null;
  doubt_since: Date | null;
}

/** The outcome of one attempt to write; `sent` while it is not known. */
export type AttemptOutcome = 'sent' | 'done' | 'refused' | 'not_done' | 'unknown';

interface PushAttemptsTable {
  id: GeneratedId;
  outbox_id: BigInt8;
  run_id: BigInt8;
  operation: string;
  sent_at: Date;
  ended_at: Date | null;
  outcome: AttemptOutcome;
  http_status: number | null;
  code: string | null;
  request_id: string | null;
}

interface PushControlTable {
  one: ColumnType<boolean, boolean | undefined, boolean>;
  paused_at: Date | null;
  paused_by: string | null;
  reason: string | null;
}

interface FreshnessView {
  account_id: string;
  location_id: string | null;
  resource: string;
  operation: string;
  last_certified_at: Date;
  oldest_checked_at: Date;
  rows: string | null;
}

/** The state tables for Kysely. Synced tables are not listed, because their SQL is built from the resources. */
export interface SyncDatabase {
  'lobbie_sync.runs': RunsTable;
  'lobbie_sync.run_resources': RunResourcesTable;
  'lobbie_sync.run_unknown_fields': RunUnknownFieldsTable;
  'lobbie_sync.unknown_fields': UnknownFieldsTable;
  'lobbie_sync.run_problems': RunProblemsTable;
  'lobbie_sync.passes': PassesTable;
  'lobbie_sync.sweeps': SweepsTable;
  'lobbie_sync.checks': ChecksTable;
  'lobbie_sync.deletes': DeletesTable;
  'lobbie_sync.table_rows': TableRowsTable;
  'lobbie_sync.list_state': ListStateTable;
  'lobbie_sync.cursors': CursorsTable;
  'lobbie_sync.leases': LeasesTable;
  'lobbie_sync.rejects': RejectsTable;
  'lobbie_sync.audit_log': AuditLogTable;
  'lobbie_sync.freshness': FreshnessView;
  'lobbie_push.outbox': OutboxTable;
  'lobbie_push.attempts': PushAttemptsTable;
  'lobbie_push.control': PushControlTable;
}

export type Delete = Selectable<DeletesTable>;
export type Run = Selectable<RunsTable>;
export type NewProblem = Insertable<RunProblemsTable>;
export type { Generated };
