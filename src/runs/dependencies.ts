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

/** What every run needs; the composition root builds it. */
export interface RunDependencies {
  readonly api: ApiClient;
  readonly pool: pg.Pool;
  readonly db: Kysely<SyncDatabase>;
  readonly connectionString: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Account ids that the settings name. */
  readonly accounts: readonly string[];
  /** Requests in progress at once. */
  readonly concurrency: number;
  /** Operations for which the settings choose the newer path. */
  readonly newerOperations: ReadonlySet<string>;
  /** Who started it, for the audit log. */
  readonly actor: string;
  /** The fraction of a scope's rows that may be tombstoned without a person, 0 to 1. */
  readonly deleteThreshold: number;
  /** The fraction of a list's rows that may change in one nightly sync before its change hints wait for the rotation, 0 to 1. */
  readonly changeThreshold: number;
  /** The freshness target: every row is checked again within this number of days, as far as the budget allows. */
  readonly freshnessDays: number;
  /** How far the clocks of this machine, Lobbie and the database may differ, milliseconds. Default: not compared. */
  readonly maxClockSkewMs?: number | undefined;
  /** How many days ended runs and their records are retained. Default: for ever. */
  readonly retainRunsDays?: number | undefined;
  /** Tables that keep no history. */
  readonly noHistory: ReadonlySet<string>;
  /** The fraction of the request rate for deliveries while other runs are open, more than 0 and less than 1. */
  readonly pushRateFraction: number;
}

/** The kind, scope and limits of a run. */
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
  /** The number of units by their outcome. */
  readonly units: Readonly<Record<UnitOutcome['state'], number>>;
}
