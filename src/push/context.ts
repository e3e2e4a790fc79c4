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

/** How changes are delivered. */
export interface PushSettings {
  /** Account ids that the settings name. */
  readonly accounts: readonly string[];
  readonly appointmentBody: AppointmentBody;
  /** `resource.field` → who wins when both sides changed it. Default of every field: `ask`. */
  readonly policies: Readonly<Record<string, ConflictPolicy>>;
  /** `resource.field` of what Lobbie alone decides about. */
  readonly ownedByLobbie: ReadonlySet<string>;
  /** How long the answer to a write is waited for before it is read back instead, milliseconds. */
  readonly timeoutMs: number;
  /** How long a write that got no answer may still be under way, milliseconds. */
  readonly settleAfterMs: number;
}

/** One transaction for the outbox and the mirror together. */
export interface PushTransaction extends Transaction {
  /** Stores what came of a write at once, as a pull would: row, history, counts, what it makes due. */
  absorb(record: LoneRecord): Promise<void>;
  /** Marks a patient as deleted, with all that hangs below. */
  forget(accountId: string, patientId: string): Promise<void>;
}

/** What a delivery works with; built once per run. */
export interface PushContext {
  readonly runId: string;
  readonly api: ApiClient;
  readonly db: Kysely<SyncDatabase>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stop: StopSignal;
  readonly settings: PushSettings;
  readonly guards: Guards;
  /** Which rows. */
  readonly choice: OutboxChoice;
  /** Whether deletes may go without an approval of their own. */
  readonly deletes: boolean;
  /** Rows worked on at once. */
  readonly rowsAtOnce: number;
  /** Who started the run, for the audit log. */
  readonly actor: string;
  /** Counts a request. @throws StopError when the run is to end; the request must not be sent then */
  countRequest(resource: string): void;
  /** Takes back the count of a request that was not sent after all. */
  uncountRequest(resource: string): void;
  /** Counts records received. */
  countRecords(resource: string, records: number): void;
  /** Whether a filter of listPatients was seen to work, by account and filter. */
  readonly filters: Map<string, Promise<boolean>>;
  transaction<T>(work: (tx: PushTransaction) => Promise<T>): Promise<T>;
}

/** Pushes go before pulls, which have 5, or 4 when they are sent again. */
export const PUSH_PRIORITY = 2;

/** Sends of one write, until a person looks at it. */
export const MOST_TRIES = 5;
