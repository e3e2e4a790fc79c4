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

/** What a run needs wherever it works; built once per run. */
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
  /** Tables with rows that may be gone. */
  readonly doubts: Doubts;
  /** How many requests may be under way at once; what one stream may ask for ahead follows from it. */
  readonly concurrency: number;
  /** Whether the run holds the leases of what it writes; a targeted read beside another run doesn't. */
  readonly leased: boolean;
  /** Whether new and changed rows make the lists below their parents due. Not in a backfill, which reads them anyway. */
  readonly hints: boolean;
  /** Tables that keep no history. */
  readonly noHistory: ReadonlySet<string>;
  readonly onProgress: (progress: Progress) => void;
}

/** Something happened that a person who watches wants to see. */
export interface Progress {
  readonly unit: Unit;
  readonly state: 'started' | 'reading' | 'done' | 'failed' | 'stopped' | 'skipped';
  /** Rows received by this unit since the last event. */
  readonly rows: number;
  /** Requests of the run so far. */
  readonly requests: number;
}

/** One list (or single read) of one account or location: what is leased, swept and certified as a whole. */
export interface Unit {
  readonly resource: Resource;
  readonly read: Read;
  /** `0` for what belongs to the token and to no account. */
  readonly accountId: string;
  /** Null for what is read once per account. */
  readonly locationId: string | null;
}

/** The scope text that tells the streams of a unit apart from those of others. */
export const unitScope = (unit: Unit): string => `${unit.read.operation}@${unit.locationId ?? '-'}`;

/** How a unit is named to people. */
export function unitName(unit: Unit): string {
  const account = unit.accountId === '0' ? '' : ` of account ${unit.accountId}`;
  const location = unit.locationId === null ? '' : `, location ${unit.locationId}`;
  return `${unit.resource.name}${account}${location}`;
}
