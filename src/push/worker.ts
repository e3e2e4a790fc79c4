import PQueue from 'p-queue';
import { type LobbieSyncError, StopError } from '../core/errors.ts';
import { classifyError } from '../db/pool.ts';
import { eligibleRows, nextDue } from '../state/outbox.ts';
import { readControl } from '../state/outbox-control.ts';
import { doubtAbandoned, moveRow, type Verdict } from '../state/outbox-writes.ts';
import type { PushContext } from './context.ts';
import { deliverRow } from './deliver.ts';
import { type OutboxRow, parseRow } from './row.ts';
import { atHand, type RowOutcome } from './settle.ts';

/** Rows of a run by what became of them; a row that was in doubt and then settled counts as both. */
export type PushTotals = Record<RowOutcome, number>;

export const noTotals = (): PushTotals => ({
  succeeded: 0,
  conflict: 0,
  rejected: 0,
  refused: 0,
  failed: 0,
  in_doubt: 0,
  postponed: 0,
  left: 0,
});

export interface WorkerOptions {
  /** Counted up row by row, so that it tells how far a run came that fails. */
  readonly totals: PushTotals;
  /** Rows that are due within this time are waited for, milliseconds. */
  readonly patienceMs: number;
}

/** How often a row that Lobbie can't be asked about is looked at again within one run. */
const POSTPONEMENTS = 2;
/** Rows at hand for each request that may be under way: between its requests a row is with the database. */
const ROWS_PER_REQUEST = 2;
/** Passes in a row that find rows and can't move any, because others are at them, before a run leaves it at that. */
const IDLE_PASSES = 3;
/** First pause before that, milliseconds; four times as long each time. */
const PAUSE_MS = 2000;

/**
 * Delivers what may be delivered, oldest first, several targets side by side and the rows of one target one after the other,
 * until nothing is left, or nothing that is due soon. Holds a handful of rows in memory, however long the queue is.
 *
 * @throws LobbieSyncError when going on is pointless: credentials, database, too much that goes wrong
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
  /** Rows that were moved on. */
  #moves = 0;
  #fatal: LobbieSyncError | undefined;

  constructor(context: PushContext, options: WorkerOptions) {
    this.#context = context;
    this.#options = options;
    this.#queue = new PQueue({ concurrency: context.concurrency * ROWS_PER_REQUEST });
  }

  async run(): Promise<void> {
    for (let idle = 0; idle < IDLE_PASSES; ) {
      const before = this.#moves;
      await this.#obeyPause();
      const found = await this.#pass();
      await this.#queue.onIdle();
      if (this.#fatal !== undefined) throw this.#fatal;
      if (this.#ending) return;
      idle = this.#moves === before ? idle + 1 : 0;
      if (!found && !(await this.#waitForNext())) return;
    }
  }

  get #ending(): boolean {
    return this.#fatal !== undefined || this.#context.stop.requested;
  }

  async #obeyPause(): Promise<void> {
    const { pausedAt } = await readControl(this.#context.db);
    if (pausedAt === null) return;
    const hint = 'See `lobbie-sync push status` for why, and `lobbie-sync push resume` to let them go on.';
    this.#context.stop.request(new StopError('stop.signal', 'deliveries are paused', hint));
  }

  /** Goes once through the queue; true when it found anything to work on. */
  async #pass(): Promise<boolean> {
    const { db, runId, logger, clock, concurrency } = this.#context;
    const doubted = await doubtAbandoned(db, runId, [...this.#busy], clock.now());
    if (doubted.length > 0) logger.warn({ rows: doubted.length }, 'writes whose answer was never stored are in doubt');
    let after = '0';
    let found = false;
    while (!this.#ending) {
      const rows = await this.#eligible({ after, limit: concurrency * ROWS_PER_REQUEST * 4 });
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.id;
      found = true;
      for (const row of rows) {
        this.#busy.add(row.id);
        this.#queue.add(() => this.#work(row)).catch((error: unknown) => this.#end(classifyError(error)));
      }
      await this.#queue.onSizeLessThan(concurrency * ROWS_PER_REQUEST);
    }
    return found;
  }

  async #eligible(more: Pick<Parameters<typeof eligibleRows>[1], 'after' | 'limit' | 'target'>): Promise<OutboxRow[]> {
    const { db, choice, clock, deletes } = this.#context;
    const now = clock.now();
    return (await eligibleRows(db, { ...choice, ...more, now, busy: [...this.#busy], deletes })).map(parseRow);
  }

  /** Works on a row, and then on those that waited behind it. */
  async #work(first: OutboxRow): Promise<void> {
    let row: OutboxRow | undefined = first;
    while (row !== undefined) {
      const outcome: RowOutcome | undefined = this.#ending ? undefined : await this.#one(row);
      this.#busy.delete(row.id);
      if (outcome === undefined || outcome === 'left' || outcome === 'postponed' || this.#ending) return;
      const { id, accountId, resource, targetId }: OutboxRow = row;
      if (targetId === null) return;
      const after = outcome === 'in_doubt' ? String(BigInt(id) - 1n) : id;
      [row] = await this.#eligible({ after, limit: 1, target: { accountId, resource, targetId } });
      if (row !== undefined) this.#busy.add(row.id);
    }
  }

  /** Undefined: the run is to end. */
  async #one(row: OutboxRow): Promise<RowOutcome | undefined> {
    try {
      const outcome = await deliverRow(this.#context, row);
      const { id: outbox, resource, operation, accountId, targetId } = row;
      this.#context.logger.debug(
        { outbox, resource, operation, accountId, targetId, outcome },
        'a change was worked on',
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
      return await this.#postpone(row, error);
    }
  }

  #count(outcome: RowOutcome): void {
    this.#options.totals[outcome] += 1;
    if (outcome !== 'left') this.#moves += 1;
    if (outcome === 'succeeded' || outcome === 'conflict') this.#context.guards.note('sound');
    if (outcome === 'refused' || outcome === 'failed') this.#context.guards.note('lost');
    if (outcome === 'postponed') this.#context.guards.note('away');
  }

  /** A row that this program chokes on: it ends there, and not the queue. */
  async #giveUp(row: OutboxRow, error: LobbieSyncError): Promise<RowOutcome | undefined> {
    this.#context.logger.error({ outbox: row.id, err: error }, 'a row could not be worked on');
    const doubt = row.status === 'in_doubt';
    const verdict = { status: doubt ? 'in_doubt' : 'failed', error: error.message, needsPerson: doubt } as const;
    return await this.#move(row, verdict, doubt ? 'in_doubt' : 'failed');
  }

  /** Lobbie can't be asked about this row now; it keeps its place in the queue and its turn comes again. */
  async #postpone(row: OutboxRow, error: LobbieSyncError): Promise<RowOutcome | undefined> {
    const { clock, logger } = this.#context;
    const times = this.#postponed.get(row.id) ?? 0;
    this.#postponed.set(row.id, times + 1);
    const { code } = error;
    logger.debug({ outbox: row.id, code }, 'a row is postponed');
    // The last one lasts into the next run.
    const notBefore = new Date(clock.now().getTime() + PAUSE_MS * 4 ** Math.min(times, POSTPONEMENTS));
    const status = row.status === 'in_doubt' ? 'in_doubt' : 'pending';
    const { unansweredSince } = row;
    return await this.#move(row, { status, error: error.message, notBefore, unansweredSince }, 'postponed');
  }

  /** Moves a row that nothing was sent for. */
  async #move(row: OutboxRow, verdict: Verdict, outcome: RowOutcome): Promise<RowOutcome | undefined> {
    const { db, runId, clock } = this.#context;
    try {
      const moved = await moveRow(db, { ...atHand(row, runId), inFlight: false }, verdict, clock.now());
      this.#count(moved ? outcome : 'left');
      return moved ? outcome : 'left';
    } catch (cause) {
      this.#end(classifyError(cause));
      return undefined;
    }
  }

  #end(error: LobbieSyncError): void {
    if (error instanceof StopError) this.#context.stop.request(error);
    else this.#fatal ??= error;
  }

  /** Waits for the next row that is due soon; false when there is none. */
  async #waitForNext(): Promise<boolean> {
    const { db, choice, clock, stop } = this.#context;
    const now = clock.now();
    const due = await nextDue(db, choice, now);
    if (due === undefined) return false;
    const wait = due.getTime() - now.getTime();
    if (wait > this.#options.patienceMs) return false;
    const waiting = new AbortController();
    const end = () => waiting.abort();
    stop.signal.addEventListener('abort', end, { once: true });
    await clock.sleep(wait + 1, waiting.signal).catch(() => undefined);
    stop.signal.removeEventListener('abort', end);
    return !this.#ending;
  }
}
