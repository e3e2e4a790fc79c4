import PQueue from 'p-queue';
import { type LobbieSyncError, StopError } from '../core/errors.ts';
import { classifyError } from '../db/pool.ts';
import { readControl } from '../state/outbox/control.ts';
import { eligibleRows, nextDue } from '../state/outbox/rows.ts';
import { doubtAbandoned, moveRow, type Verdict } from '../state/outbox/writes.ts';
import type { PushContext } from './context.ts';
import { deliverRow } from './deliver.ts';
import { type OutboxRow, parseRow } from './row.ts';
import { atHand, type RowOutcome } from './settle.ts';

/** How many rows of a run had each outcome; a row that was in doubt and then settled counts twice. Those that altered more than was sent have succeeded, too. */
export type PushTotals = Record<Exclude<RowOutcome, 'emptied'>, number>;

export const noTotals = (): PushTotals => ({
  succeeded: 0,
  altered: 0,
  conflict: 0,
  rejected: 0,
  refused: 0,
  failed: 0,
  in_doubt: 0,
  postponed: 0,
  left: 0,
});

export interface WorkerOptions {
  /** Counted row by row, so that it is right even if the run fails. */
  readonly totals: PushTotals;
  /** How long the run waits for rows that are not due yet, milliseconds. */
  readonly patienceMs: number;
}

/** A run ends after this many passes in a row that find rows but change none, because other workers hold them. */
const IDLE_PASSES = 3;
/** Pauses before a postponed row is tried again, milliseconds. The last one is too long for this run, so a later run tries again. */
const PAUSES_MS = [2000, 300_000] as const;
/** How often a run looks for new rows while slow rows are in progress, milliseconds. */
const LOOK_MS = 1000;

/**
 * Delivers all eligible rows, oldest first. Different targets are delivered side by side, rows of one target one after the other.
 * It ends when no row is left that is due soon. It holds only a few rows in memory, however long the queue is.
 *
 * @throws LobbieSyncError when the run can't continue: wrong credentials, no database, or too many changes that go wrong
 */
export async function deliverQueue(context: PushContext, options: WorkerOptions): Promise<void> {
  await new Worker(context, options).run();
}

class Worker {
  readonly #context: PushContext;
  readonly #options: WorkerOptions;
  readonly #queue: PQueue;
  readonly #busy = new Set<string>();
  readonly #postponed = new Map<string, number>();
  /** How many rows got a new state, and how many were worked on. */
  #moves = 0;
  #ends = 0;
  /** Resolves when work on any row has ended. */
  #ended = Promise.withResolvers<void>();
  #fatal: LobbieSyncError | undefined;

  constructor(context: PushContext, options: WorkerOptions) {
    this.#context = context;
    this.#options = options;
    this.#queue = new PQueue({ concurrency: context.rowsAtOnce });
  }

  async run(): Promise<void> {
    let idle = 0;
    let moves = -1;
    while (!this.#ending && idle < IDLE_PASSES) {
      await this.#obeyPause();
      const ends = this.#ends;
      const before = this.#context.clock.now();
      const found = await this.#pass();
      if (found) {
        idle = this.#moves === moves ? idle + 1 : 0;
        moves = this.#moves;
      }
      // A slow row must not hold up others: look for rows that were inserted or became eligible meanwhile.
      if (this.#busy.size > 0) await this.#sleep(LOOK_MS, this.#ended.promise);
      // A row that ended during the pass may have made others eligible that the pass did not see.
      else if (!found && this.#ends === ends && !(await this.#waitForNext(before))) break;
    }
    await this.#queue.onIdle();
    if (this.#fatal !== undefined) throw this.#fatal;
  }

  /** Waits for a time, or until a promise resolves or the run has to end. */
  async #sleep(ms: number, until?: Promise<void>): Promise<void> {
    const { clock, stop } = this.#context;
    const waiting = new AbortController();
    const end = () => waiting.abort();
    stop.signal.addEventListener('abort', end, { once: true });
    void until?.then(end);
    await clock.sleep(ms, waiting.signal).catch(() => undefined);
    stop.signal.removeEventListener('abort', end);
  }

  get #ending(): boolean {
    return this.#fatal !== undefined || this.#context.stop.requested;
  }

  async #obeyPause(): Promise<void> {
    const { pausedAt } = await readControl(this.#context.db);
    if (pausedAt === null) return;
    const hint = 'Run `lobbie-sync push status` to see why, and `lobbie-sync push resume` to continue.';
    this.#context.stop.request(new StopError('stop.signal', 'deliveries are paused', hint));
  }

  /** Goes through the queue once; true when it found a row to work on. */
  async #pass(): Promise<boolean> {
    const { db, runId, logger, clock, rowsAtOnce } = this.#context;
    const doubted = await doubtAbandoned(db, runId, [...this.#busy], clock.now());
    if (doubted.length > 0)
      logger.warn({ rows: doubted.length }, 'writes without a stored answer are in doubt, because their process ended');
    this.#ended = Promise.withResolvers();
    let after = '0';
    let found = false;
    while (!this.#ending) {
      const rows = await this.#eligible({ after, limit: rowsAtOnce * 4 });
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.id;
      found = true;
      for (const row of rows) {
        this.#queue.add(() => this.#work(row)).catch((error: unknown) => this.#end(classifyError(error)));
      }
      await this.#queue.onSizeLessThan(rowsAtOnce);
    }
    return found;
  }

  /** Reads eligible rows and marks them as busy in this run. */
  async #eligible(more: Pick<Parameters<typeof eligibleRows>[1], 'after' | 'limit' | 'target'>): Promise<OutboxRow[]> {
    const { db, choice, clock, deletes } = this.#context;
    const now = clock.now();
    const found = await eligibleRows(db, { ...choice, ...more, now, busy: [...this.#busy], deletes });
    // A pass and a row that just ended may have read the same rows at the same time.
    const rows = found.filter(({ id }) => !this.#busy.has(id));
    for (const { id } of rows) this.#busy.add(id);
    return rows.map(parseRow);
  }

  /** Works on a row, and then on those that waited behind it. */
  async #work(first: OutboxRow): Promise<void> {
    let row: OutboxRow | undefined = first;
    while (row !== undefined) {
      const outcome: RowOutcome | undefined = this.#ending ? undefined : await this.#one(row);
      this.#busy.delete(row.id);
      this.#ends += 1;
      this.#ended.resolve();
      if (outcome === undefined || outcome === 'left' || outcome === 'postponed' || this.#ending) return;
      const { id, accountId, resource, targetId }: OutboxRow = row;
      if (targetId === null) return;
      const after = outcome === 'in_doubt' ? String(BigInt(id) - 1n) : id;
      [row] = await this.#eligible({ after, limit: 1, target: { accountId, resource, targetId } });
    }
  }

  /** Delivers one row. Undefined: the run has to end. */
  async #one(row: OutboxRow): Promise<RowOutcome | undefined> {
    try {
      const outcome = await deliverRow(this.#context, row);
      const { id: outbox, resource, operation, accountId, targetId } = row;
      this.#context.logger.debug(
        { outbox, resource, operation, accountId, targetId, outcome },
        'a change was processed',
      );
      this.#count(outcome);
      return outcome;
    } catch (cause) {
      const error = classifyError(cause);
      if (error instanceof StopError) {
        this.#context.stop.request(error);
        return undefined;
      }
      if (error.code === 'internal.unexpected') return await this.#giveUp(row, error);
      if (error.action === 'abort') {
        this.#end(error);
        return undefined;
      }
      if (error.code === 'api.forbidden' && row.status !== 'in_doubt') {
        const reason = `${error.message}: the grant for it is missing`;
        return await this.#move(row, { status: 'failed', error: reason }, 'failed');
      }
      return await this.#postpone(row, error);
    }
  }

  #count(outcome: RowOutcome, first = true): void {
    const { totals } = this.#options;
    totals[outcome === 'emptied' ? 'altered' : outcome] += 1;
    if (outcome === 'altered' || outcome === 'emptied') totals.succeeded += 1;
    if (outcome !== 'left') this.#moves += 1;
    if (outcome === 'succeeded' || outcome === 'conflict') this.#context.guards.note('sound');
    if (outcome === 'refused' || outcome === 'failed' || outcome === 'altered') this.#context.guards.note('lost');
    if (outcome === 'emptied') this.#context.guards.note('emptied');
    // A row that is postponed again says nothing new about Lobbie.
    if (outcome === 'postponed' && first) this.#context.guards.note('away');
  }

  /** Ends a row that caused an unexpected error in this program, so that the rest of the queue can go on. */
  async #giveUp(row: OutboxRow, error: LobbieSyncError): Promise<RowOutcome | undefined> {
    this.#context.logger.error({ outbox: row.id, err: error }, 'an outbox row caused an unexpected error');
    const doubt = row.status === 'in_doubt';
    const verdict = { status: doubt ? 'in_doubt' : 'failed', error: error.message, needsPerson: doubt } as const;
    return await this.#move(row, verdict, doubt ? 'in_doubt' : 'failed');
  }

  /** Postpones a row because Lobbie can't be asked about it now. The row stays in the queue and is tried again. */
  async #postpone(row: OutboxRow, error: LobbieSyncError): Promise<RowOutcome | undefined> {
    const { clock, logger } = this.#context;
    const times = this.#postponed.get(row.id) ?? 0;
    this.#postponed.set(row.id, times + 1);
    const { code } = error;
    logger.debug({ outbox: row.id, code }, 'an outbox row is postponed');
    const notBefore = new Date(clock.now().getTime() + (PAUSES_MS[times] ?? PAUSES_MS[1]));
    const status = row.status === 'in_doubt' ? 'in_doubt' : 'pending';
    const { doubtSince } = row;
    return await this.#move(row, { status, error: error.message, notBefore, doubtSince }, 'postponed');
  }

  /** Sets the new state of a row for which nothing was sent. */
  async #move(row: OutboxRow, verdict: Verdict, outcome: RowOutcome): Promise<RowOutcome | undefined> {
    const { db, runId, clock } = this.#context;
    try {
      const moved = await moveRow(db, { ...atHand(row, runId), inFlight: false }, verdict, clock.now());
      this.#count(moved ? outcome : 'left', (this.#postponed.get(row.id) ?? 0) <= 1);
      return moved ? outcome : 'left';
    } catch (cause) {
      this.#end(classifyError(cause));
      return undefined;
    }
  }

  #end(error: LobbieSyncError): void {
    if (!(error instanceof StopError)) this.#fatal ??= error;
    // Rows that wait for a slot of the rate limiter must not be sent any more.
    this.#context.stop.request(error instanceof StopError ? error : new StopError('stop.signal', error.message));
  }

  /**
   * Waits until the next row is due; false when none is due soon.
   *
   * @param since when the last pass began. Asked from now on, a row that became due since that pass would be left behind.
   */
  async #waitForNext(since: Date): Promise<boolean> {
    const { db, choice, clock } = this.#context;
    const due = await nextDue(db, choice, since);
    if (due === undefined) return false;
    const wait = Math.max(0, due.getTime() - clock.now().getTime());
    if (wait > this.#options.patienceMs) return false;
    await this.#sleep(wait + 1);
    return !this.#ending;
  }
}
