import { userInfo } from 'node:os';
import type { Kysely } from 'kysely';
import type pg from 'pg';
import type { ApiClient } from '../api/client.ts';
import type { OperationSpec } from '../api/operation.ts';
import { operations } from '../api/operations.generated.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { SyncDatabase } from '../db/tables.ts';
import type { Logger } from '../observability/logger.ts';
import type { LifecycleOptions, RunDependencies } from '../runs/lifecycle.ts';

/** What the groups of methods get from the App. */
export interface Access {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The Lobbie client. @throws ConfigError when a setting for Lobbie is missing */
  api(): Promise<ApiClient>;
  /** The URL of the database; starts the embedded Postgres when none is configured. */
  databaseUrl(): Promise<string>;
  pool(): Promise<pg.Pool>;
  db(): Promise<Kysely<SyncDatabase>>;
  /** @throws LobbieSyncError (exit code 2) unless the database has exactly the current schema */
  requireSchema(): Promise<void>;
  /** What a run over a selection is built on; refuses accounts that the settings don't name. */
  dependenciesFor(selection: LifecycleOptions['selection']): Promise<RunDependencies>;
  /** Answers from the state tables; a failure is reported by its code, because the driver's texts may quote a row. */
  ask<T>(work: (db: Kysely<SyncDatabase>) => Promise<T>): Promise<T>;
}

/** Who works here, for the audit log. A container's user may have no name. */
export function actor(): string {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    return `cli:${process.geteuid?.() ?? 'unknown'}`;
  }
}

/** The operations whose newer form the settings choose. */
export function newerOperations(chosen: readonly string[]): ReadonlySet<string> {
  const specs: Readonly<Record<string, OperationSpec>> = operations;
  const observed = (name: string) => name === 'getFormPacketForms' || specs[name]?.newerPathEvidence === 'observed';
  return new Set(
    Object.keys(specs).filter(
      (name) => chosen.includes('all') || chosen.includes(name) || (chosen.includes('observed') && observed(name)),
    ),
  );
}
