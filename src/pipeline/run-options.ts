import type { Kysely } from 'kysely';
import type pg from 'pg';
import type { ApiClient } from '../api/client.ts';
import type { Clock } from '../core/clock.ts';
import type { ExitCode, LobbieSyncError } from '../core/errors.ts';
import type { Selection } from '../core/selection.ts';
import type { StopSignal } from '../core/stop.ts';
import type { RunKind, SyncDatabase } from '../db/tables.ts';
import type { Logger } from '../observability/logger.ts';
import type { Progress } from './context.ts';
import type { FinalStatus } from './outcome.ts';
import type { UnitOutcome } from './unit.ts';

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
}

export interface RunOptions {
  readonly kind: Extract<RunKind, 'backfill' | 'sync'>;
  readonly selection: Selection;
  /** Begin at the first page even if an earlier run was interrupted. Default false. */
  readonly restart?: boolean;
  /** Requests that may be sent. Default: no limit. */
  readonly maxRequests?: number;
  readonly stop: StopSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Told the run's id once it is open. */
  readonly onStart?: (runId: string, continued: boolean) => void;
}

export interface RunReport {
  readonly runId: string;
  readonly status: FinalStatus;
  readonly exitCode: ExitCode;
  readonly error: LobbieSyncError | undefined;
  /** Units by what became of them. */
  readonly units: Readonly<Record<UnitOutcome['state'], number>>;
}
