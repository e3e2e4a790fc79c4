/**
 * lobbie-sync as a library: everything that the command line can do with a mirror, and the client of the Lobbie API alone.
 * The simulator is an entry of its own, `lobbie-sync/simulator`.
 */
export {
  type ApiClient,
  type ApiClientOptions,
  type ApiResponse,
  type CallOptions,
  createApiClient,
} from './api/client.ts';
export {
  type CreateAppOptions,
  createApp,
  type LobbieSync,
  type QueuedChange,
  type ReadOptions,
  type ReadProgress,
} from './app/library.ts';
export type {
  AddReport,
  ApplyReport,
  ListFreshness,
  NightlyPlan,
  OutboxEntry,
  OutboxSummary,
  RepairReport,
  RunDetails,
  RunReport,
  StatusReport,
} from './app/types.ts';
export { ApiError, ConfigError, EXIT, type ExitCode, LobbieSyncError } from './core/errors.ts';
export type { Selection } from './core/selection.ts';
