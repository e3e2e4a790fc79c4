import type { Kysely } from 'kysely';
import type pg from 'pg';
import type { ApiClient } from '../api/client.ts';
import type { Clock } from '../core/clock.ts';
import type { StopSignal } from '../core/stop.ts';
import type { SyncDatabase } from '../db/tables.ts';
import type { Read, Resource } from '../extractors/resource.ts';
import type { Logger } from '../observability/logger.ts';
import type { Counters } from './counters.ts';
import type { Doubts } from './doubts.ts';
import type { Semaphore } from './semaphore.ts';

/** The dependencies and state of a run; built once per run. */
export interface RunContext {
  readonly runId: string;
  readonly passId: string;
  readonly passStartedAt: Date;
  readonly api: ApiClient;
  readonly pool: pg.Pool;
  readonly db: Kysely<SyncDatabase>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stop: StopSignal;
  readonly counters: Counters;
  readonly semaphore: Semaphore;
  /** Tables with candidates for deletion. */
  readonly doubts: Doubts;
  /** How many requests may be in progress at once, which also limits how far one stream reads ahead. */
  readonly concurrency: number;
  /** Whether the run holds leases for the resources it writes; a targeted read does not. */
  readonly leased: boolean;
  /** Whether new and changed rows are change hints. Not in a backfill, which reads all lists anyway. */
  readonly hints: boolean;
  /** How far the database's clock may differ from this machine's, milliseconds. Default: not compared. */
  readonly maxClockSkewMs?: number | undefined;
  /** Tables that keep no history. */
  readonly noHistory: ReadonlySet<string>;
  readonly onProgress: (progress: Progress) => void;
}

/** An event for the progress display. */
export interface Progress {
  readonly unit: Unit;
  readonly state: 'started' | 'reading' | 'done' | 'failed' | 'stopped' | 'skipped';
  /** Rows received by this unit since the last event. */
  readonly rows: number;
  /** Requests of the run so far. */
  readonly requests: number;
}

/** One list (or single read) of one account or location. It is swept and certified as a whole. */
export interface Unit {
  readonly resource: Resource;
  readonly read: Read;
  /** `0` for lists that belong to the token and to no account. */
  readonly accountId: string;
  /** Null for lists that are read once per account. */
  readonly locationId: string | null;
}

/** The scope text that identifies the streams of a unit. */
export const unitScope = (unit: Unit): string => `${unit.read.operation}@${unit.locationId ?? '-'}`;

/** The name of a unit in messages. */
export function unitName(unit: Unit): string {
  const account = unit.accountId === '0' ? '' : ` of account ${unit.accountId}`;
  const location = unit.locationId === null ? '' : `, location ${unit.locationId}`;
  return `${unit.resource.name}${account}${location}`;
}
