import { zeroCounts } from '../core/counts.ts';
import { EXIT, type ExitCode, type LobbieSyncError, StopError } from '../core/errors.ts';
import type { Selection } from '../core/selection.ts';
import type { StopSignal } from '../core/stop.ts';
import { classifyDatabaseError } from '../db/pool.ts';
import type { RunStatus } from '../db/tables.ts';
import { chooseRead, selectResources } from '../extractors/select.ts';
import { addRunCounts, closeDeadRuns, closeRun } from '../state/runs.ts';
import type { Progress, RunContext } from './context.ts';
import { Permits } from './permits.ts';
import type { RunDependencies } from './run.ts';
import { RunSession } from './session.ts';
import { Tally } from './tally.ts';
import { recordProblem } from './unit.ts';
import { planUnits, TOKEN_ACCOUNT } from './units.ts';
import { type ListCheck, recount, recountParents } from './verify-lists.ts';
import { type SampleCheck, sampleById } from './verify-sample.ts';

export interface VerifyOptions {
  readonly selection: Selection;
  /** Rows re-read by id per resource and account, and parents whose lists are counted again. */
  readonly sample: number;
  readonly stop: StopSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface VerifyReport {
  readonly runId: string;
  readonly status: Exclude<RunStatus, 'running'>;
  readonly exitCode: ExitCode;
  readonly error: LobbieSyncError | undefined;
  readonly lists: readonly ListCheck[];
  readonly sampled: readonly SampleCheck[];
  /** Rows missing, left over or different, in all. */
  readonly gaps: number;
}

/**
 * Proves the mirror against the API, without changing it: every list is counted and compared again key by key and content
 * by content; lists that hang below a parent are compared for a random sample of parents; and random rows are read by id.
 */
export async function executeVerify(deps: RunDependencies, options: VerifyOptions): Promise<VerifyReport> {
  const { db, clock, logger } = deps;
  let lost: LobbieSyncError | undefined;
  const session = await RunSession.open({
    connectionString: deps.connectionString,
    kind: 'verify',
    selection: options.selection,
    clock,
    logger,
    onLost: (error) => {
      lost = error;
    },
  });
  const tally = new Tally(Number.POSITIVE_INFINITY, options.stop);
  const context: RunContext = {
    runId: session.runId,
    passId: '0',
    passStartedAt: clock.now(),
    api: deps.api,
    pool: deps.pool,
    db,
    clock,
    logger,
    concurrency: deps.concurrency,
    stop: options.stop,
    tally,
    permits: new Permits(deps.concurrency),
    onProgress: options.onProgress ?? (() => undefined),
  };
  const lists: ListCheck[] = [];
  const sampled: SampleCheck[] = [];
  let failed = 0;
  let fatal: LobbieSyncError | undefined;
  try {
    await closeDeadRuns(db, clock.now());
    const accounts = options.selection.accounts.length > 0 ? options.selection.accounts : deps.accounts;
    const resources = selectResources(options.selection.resources);
    for (const accountId of [TOKEN_ACCOUNT, ...accounts]) {
      const locations = accountId === TOKEN_ACCOUNT ? [] : await knownLocations(context, accountId, options.selection);
      const plans = planUnits(resources, accountId, locations, (read) => chooseRead(read, deps.newerOperations));
      for (const { unit } of plans) {
        if (options.stop.requested) break;
        try {
          lists.push(
            unit.read.parent === undefined
              ? await recount(context, unit)
              : await recountParents(context, unit, options.sample),
          );
          context.onProgress({ unit, state: 'done', rows: 0, requests: tally.total });
        } catch (cause) {
          const error = classifyDatabaseError(cause);
          if (error instanceof StopError || options.stop.requested) break;
          if (error.action === 'abort') throw error;
          failed += 1;
          await recordProblem(context, unit, error);
        }
      }
      if (accountId !== TOKEN_ACCOUNT) {
        for (const resource of resources) {
          if (options.stop.requested) break;
          const check = await sampleById(context, resource, accountId, options.sample);
          if (check !== undefined) sampled.push(check);
        }
      }
    }
  } catch (cause) {
    if (!(cause instanceof StopError)) fatal = classifyDatabaseError(cause);
  }
  const gaps =
    lists.reduce((sum, list) => sum + list.missing + list.extra + list.changed, 0) +
    sampled.reduce((sum, check) => sum + check.different + check.vanished, 0);
  const error = fatal ?? lost ?? options.stop.reason;
  const status: VerifyReport['status'] =
    fatal !== undefined || lost !== undefined
      ? 'failed'
      : options.stop.requested
        ? 'incomplete'
        : failed > 0 || gaps > 0
          ? 'partial'
          : 'succeeded';
  const exitCode: ExitCode =
    status === 'failed'
      ? (error?.exitCode ?? EXIT.unexpected)
      : gaps > 0
        ? EXIT.gap
        : status === 'incomplete'
          ? EXIT.incomplete
          : failed > 0
            ? EXIT.partial
            : EXIT.done;
  try {
    for (const resource of tally.pendingResources()) {
      await addRunCounts(db, session.runId, resource, { ...zeroCounts(), requests: tally.takeRequests(resource) });
    }
    const reasons = [
      error?.message,
      gaps > 0 ? `${gaps} rows differ between the API and the warehouse` : undefined,
      failed > 0 ? `${failed} lists could not be read` : undefined,
    ].filter((text) => text !== undefined);
    await closeRun(db, session.runId, { status, error: reasons.join('; ') || null, at: clock.now() });
  } finally {
    await session.close();
  }
  return { runId: session.runId, status, exitCode, error, lists, sampled, gaps };
}

async function knownLocations(
  context: RunContext,
  accountId: string,
  selection: Selection,
): Promise<readonly string[]> {
  const { rows } = await context.pool.query<{ id: string }>(
    'SELECT id::text AS id FROM lobbie.locations WHERE account_id = $1 AND _deleted_at IS NULL ORDER BY id',
    [accountId],
  );
  const chosen = new Set(selection.locations);
  return rows.map((row) => row.id).filter((id) => chosen.size === 0 || chosen.has(id));
}
