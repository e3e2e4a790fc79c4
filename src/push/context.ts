import type { Kysely } from 'kysely';
import type { ApiClient } from '../api/client.ts';
import type { Clock } from '../core/clock.ts';
import type { LoneRecord } from '../core/row.ts';
import type { StopSignal } from '../core/stop.ts';
import type { AppointmentBody, ConflictPolicy } from '../core/writable.ts';
import type { SyncDatabase } from '../db/tables.ts';
import type { Transaction } from '../db/transaction.ts';
import type { Logger } from '../observability/logger.ts';
import type { OutboxChoice } from '../state/outbox/rows.ts';
import type { Guards } from './guards.ts';

/** The settings of deliveries. */
export interface PushSettings {
  /** The configured account ids. */
  readonly accounts: readonly string[];
  readonly appointmentBody: AppointmentBody;
  /** `resource.field` → who wins when both sides changed it. Default of every field: `ask`. */
  readonly policies: Readonly<Record<string, ConflictPolicy>>;
  /** Fields that only Lobbie may change, as `resource.field`. */
  readonly ownedByLobbie: ReadonlySet<string>;
  /** How long to wait for the answer to a write. After that the write is in doubt and Lobbie is read back; milliseconds. */
  readonly timeoutMs: number;
  /** How long a write without an answer may still take effect in Lobbie, milliseconds. */
  readonly settleAfterMs: number;
}

/** A transaction over the outbox and the mirror together. */
export interface PushTransaction extends Transaction {
  /** Stores the record that a write left, as a pull would: row, history, counts and change hints. */
  storeRecord(record: LoneRecord): Promise<void>;
  /** Marks a patient and all rows below as deleted. */
  markDeleted(accountId: string, patientId: string): Promise<void>;
}

/** The dependencies and limits of a delivery; built once per run. */
export interface PushContext {
  readonly runId: string;
  readonly api: ApiClient;
  readonly db: Kysely<SyncDatabase>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stop: StopSignal;
  readonly settings: PushSettings;
  readonly guards: Guards;
  /** The rows to deliver. */
  readonly choice: OutboxChoice;
  /** Whether deletes may be sent without an approval of their own. */
  readonly deletes: boolean;
  /** Rows worked on at once. */
  readonly rowsAtOnce: number;
  /** Who started the run, for the audit log. */
  readonly actor: string;
  /** Counts a request. @throws StopError when the run has to end; then the request must not be sent */
  countRequest(resource: string): void;
  /** Reverses the count of a request that was not sent. */
  uncountRequest(resource: string): void;
  /** Counts records received. */
  countRecords(resource: string, records: number): void;
  /** Whether a filter of listPatients works, by account and filter; tested once per run. */
  readonly filters: Map<string, Promise<boolean>>;
  transaction<T>(work: (tx: PushTransaction) => Promise<T>): Promise<T>;
}

/** The priority of deliveries at the rate limiter. Reads have 5, or 4 when they are retried; the smaller number goes first. */
export const PUSH_PRIORITY = 2;

/** How often a write is sent before the row fails and needs a person. */
export const MOST_TRIES = 5;
