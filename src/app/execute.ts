import { executeNightlySync } from '../nightly/nightly.ts';
import { executeBackfill, type RunDependencies, type RunOptions, type RunReport } from '../runs/run.ts';

export interface ExecuteOptions extends RunOptions {
  /** `backfill` reads everything; `sync` what can have changed, then the oldest-checked of the rest. */
  readonly kind: 'backfill' | 'sync';
}

/** Runs a reading of the given kind. */
export async function executeRun(deps: RunDependencies, options: ExecuteOptions): Promise<RunReport> {
  return await (options.kind === 'sync' ? executeNightlySync : executeBackfill)(deps, options);
}
