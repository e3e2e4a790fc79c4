import type { Kysely } from 'kysely';
import type pg from 'pg';
import type { ApiClient } from '../api/client.ts';
import type { Clock } from '../core/clock.ts';
import type { ExitCode, LobbieSyncError } from '../core/errors.ts';
import type { Selection } from '../core/selection.ts';
import type { StopSignal } from '../core/stop.ts';
import type { RunKind, SyncDatabase } from '../db/tables.ts';
import type { Logger } from '../observability/logger.ts';
import type { Progress } from '../streams/context.ts';
import type { UnitOutcome } from '../streams/unit-outcome.ts';
import type { FinalStatus } from './outcome.ts';

/** What every run is built on; made by the composition root. */
export interface RunDependencies {
  readonly api: ApiClient;
  readonly pool: pg.Pool;
  readonly db: Kysely<SyncDatabase>;
  readonly connectionString: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Account ids that the settings name. */
  readonly accounts: readonly string[];
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Operations whose newer form the settings choose. */
  readonly newerOperations: ReadonlySet<string>;
  /** Who started it, for the audit log. */
  readonly actor: string;
  /** Share of a scope's rows that may be tombstoned without a person, 0 to 1. */
  readonly deleteThreshold: number;
  /** Every row is checked again within so many days, as far as the budget allows. */
  readonly freshnessDays: number;
  /** How far the clocks of this machine, Lobbie and the database may differ, milliseconds. Default: not compared. */
  readonly maxClockSkewMs?: number | undefined;
  /** Days that ended runs and what is recorded of them are kept. Default: for ever. */
  readonly retainRunsDays?: number | undefined;
  /** Tables that keep no history. */
  readonly noHistory: ReadonlySet<string>;
  /** Share of the request rate that deliveries have while other runs are open, more than 0 and less than 1. */
  readonly pushShare: number;
}

/** What a run is asked for. */
export interface LifecycleOptions {
  readonly kind: RunKind;
  readonly selection: Selection;
  /** Requests that may be sent. Default: no limit. */
  readonly maxRequests?: number | undefined;
  readonly stop: StopSignal;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface RunReport {
  readonly runId: string;
  readonly status: FinalStatus;
  readonly exitCode: ExitCode;
  readonly error: LobbieSyncError | undefined;
  /** Units by what became of them. */
  readonly units: Readonly<Record<UnitOutcome['state'], number>>;
}
