import { type ExitCode, type LobbieSyncError, StopError } from '../core/errors.ts';
import type { Selection } from '../core/selection.ts';
import type { StopSignal } from '../core/stop.ts';
import { classifyDatabaseError } from '../db/pool.ts';
import { chooseRead, selectResources } from '../extractors/select.ts';
import { closeDeadRuns, closeRun } from '../state/runs.ts';
import type { Progress, RunContext } from './context.ts';
import { flushTally } from './flush.ts';
import { decideOutcome, type FinalStatus } from './outcome.ts';
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
  readonly status: FinalStatus;
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
  const stop = options.stop.reason;
  fatal ??= lost;
  const { status, exitCode, message } = decideOutcome({
    fatal,
    stop,
    stopped: 0,
    failed,
    busy: 0,
    gaps,
    refused: false,
  });
  try {
    await flushTally(db, session.runId, tally);
    await closeRun(db, session.runId, { status, error: message, at: clock.now() });
  } finally {
    await session.close();
  }
  return { runId: session.runId, status, exitCode, error: fatal ?? stop, lists, sampled, gaps };
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
