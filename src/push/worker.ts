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

/** Passes in a row that find rows and can't move any, because others are at them, before a run leaves it at that. */
const IDLE_PASSES = 3;
/** Pauses before a row that Lobbie can't be asked about is looked at again, milliseconds. The last one is left to a later run. */
const PAUSES_MS = [2000, 300_000] as const;
/** How often a run looks for new rows while others take their time, milliseconds. */
const LOOK_MS = 1000;

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
  /** Rows that were moved on, and all whose turn has ended. */
  #moves = 0;
  #ends = 0;
  /** Resolves when a row at hand has ended. */
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
      const found = await this.#pass();
      if (found) {
        idle = this.#moves === moves ? idle + 1 : 0;
        moves = this.#moves;
      }
      // One that takes its time holds up nobody: others may have come in, or become free.
      if (this.#busy.size > 0) await this.#sleep(LOOK_MS, this.#ended.promise);
      // What ended during the pass may have made others free that the pass did not see.
      else if (!found && this.#ends === ends && !(await this.#waitForNext())) break;
    }
    await this.#queue.onIdle();
    if (this.#fatal !== undefined) throw this.#fatal;
  }

  /** Waits so long, or until something else is so, or the run is to end. */
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
    const hint = 'See `lobbie-sync push status` for why, and `lobbie-sync push resume` to let them go on.';
    this.#context.stop.request(new StopError('stop.signal', 'deliveries are paused', hint));
  }

  /** Goes once through the queue; true when it found anything to work on. */
  async #pass(): Promise<boolean> {
    const { db, runId, logger, clock, rowsAtOnce } = this.#context;
    const doubted = await doubtAbandoned(db, runId, [...this.#busy], clock.now());
    if (doubted.length > 0) logger.warn({ rows: doubted.length }, 'writes whose answer was never stored are in doubt');
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

  /** Rows that may be worked on, and that are at hand from now on. */
  async #eligible(more: Pick<Parameters<typeof eligibleRows>[1], 'after' | 'limit' | 'target'>): Promise<OutboxRow[]> {
    const { db, choice, clock, deletes } = this.#context;
    const now = clock.now();
    const found = await eligibleRows(db, { ...choice, ...more, now, busy: [...this.#busy], deletes });
    // A pass and a row that just ended may have asked at the same time.
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
      if (error.code === 'api.forbidden' && row.status !== 'in_doubt') {
        const told = `${error.message}: the grant for it is missing`;
        return await this.#move(row, { status: 'failed', error: told }, 'failed');
      }
      return await this.#postpone(row, error);
    }
  }

  #count(outcome: RowOutcome, first = true): void {
    this.#options.totals[outcome] += 1;
    if (outcome !== 'left') this.#moves += 1;
    if (outcome === 'succeeded' || outcome === 'conflict') this.#context.guards.note('sound');
    if (outcome === 'refused' || outcome === 'failed') this.#context.guards.note('lost');
    // The same row again is no news of Lobbie.
    if (outcome === 'postponed' && first) this.#context.guards.note('away');
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
    const notBefore = new Date(clock.now().getTime() + (PAUSES_MS[times] ?? PAUSES_MS[1]));
    const status = row.status === 'in_doubt' ? 'in_doubt' : 'pending';
    const { doubtSince } = row;
    return await this.#move(row, { status, error: error.message, notBefore, doubtSince }, 'postponed');
  }

  /** Moves a row that nothing was sent for. */
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
    // Whoever waits to send sends nothing more.
    this.#context.stop.request(error instanceof StopError ? error : new StopError('stop.signal', error.message));
  }

  /** Waits for the next row that is due soon; false when there is none. */
  async #waitForNext(): Promise<boolean> {
    const { db, choice, clock } = this.#context;
    const now = clock.now();
    const due = await nextDue(db, choice, now);
    if (due === undefined) return false;
    const wait = due.getTime() - now.getTime();
    if (wait > this.#options.patienceMs) return false;
    await this.#sleep(wait + 1);
    return !this.#ending;
  }
}
