import { StopError } from '../core/errors.ts';
import { type ListPage, readPages } from '../extractors/pages.ts';
import { collect } from './collect.ts';
import type { RunContext, Unit } from './context.ts';
import { noteFault } from './list-stream.ts';
import { ParentFailures } from './parent-failures.ts';
import { parentIds } from './parents.ts';
import { expectedFor, pathContext, requestFor } from './request.ts';
import type { Chunk } from './stream.ts';

/** The position of a stream over the children of parents. */
export interface ParentCursor {
  /** All parents up to this id are read. */
  readonly after: string | null;
  /** Parents that could not be read; tried once more at the end. */
  readonly failed: readonly string[];
  /** The parent that is partly read, and its next page. */
  readonly partial?: { readonly parent: string; readonly next: string };
}

export const noParents: ParentCursor = { after: null, failed: [] };

type First = { readonly pages: AsyncGenerator<ListPage>; readonly page: ListPage | undefined };

/**
 * Reads the children of every parent, several parents at once, and yields them in the order of the parents.
 *
 * @param source the parents. Default: all in the warehouse, in the order of their ids
 */
export async function* parentChunks(
  context: RunContext,
  unit: Unit,
  start: ParentCursor,
  source?: AsyncIterable<string>,
): AsyncGenerator<Chunk> {
  const stream = new ParentStream(context, unit, start, source);
  yield* stream.all();
  if (!stream.stopped && !context.stop.requested) yield* stream.again();
}

class ParentStream {
  readonly #context: RunContext;
  readonly #unit: Unit;
  readonly #start: ParentCursor;
  readonly #source: AsyncIterable<string> | undefined;
  #after: string | null;
  readonly #failures: ParentFailures;
  #stopped = false;

  constructor(context: RunContext, unit: Unit, start: ParentCursor, source: AsyncIterable<string> | undefined) {
    this.#context = context;
    this.#source = source;
    this.#unit = unit;
    this.#start = start;
    this.#after = start.after;
    this.#failures = new ParentFailures(unit, start.failed, source === undefined);
  }

  /** Whether a parent was not read to its end because the run is ending. No later parent may be yielded then. */
  get stopped(): boolean {
    return this.#stopped;
  }

  async *all(): AsyncGenerator<Chunk> {
    const { partial } = this.#start;
    if (partial !== undefined) {
      await this.#context.semaphore.acquire();
      const rest = { pages: this.#pages(partial.parent, partial.next), page: undefined };
      yield* this.#settle(partial.parent, this.#context.clock.now(), Promise.resolve(rest));
      if (this.#stopped) return;
    }
    const inFlight: { id: string; asked: Date; first: Promise<First> }[] = [];
    const ids = (this.#source ?? parentIds(this.#context, this.#unit, this.#after))[Symbol.asyncIterator]();
    let exhausted = false;
    try {
      for (;;) {
        while (!exhausted && inFlight.length < this.#context.concurrency * 2 && !this.#context.stop.requested) {
          // Waiting for a slot while holding others could make all streams wait for each other.
          if (inFlight.length === 0) await this.#context.semaphore.acquire();
          else if (!this.#context.semaphore.tryAcquire()) break;
          const next = await ids.next().catch((error: unknown) => {
            this.#context.semaphore.release();
            throw error;
          });
          if (next.done) {
            this.#context.semaphore.release();
            exhausted = true;
            break;
          }
          const asked = this.#context.clock.now();
          const first = this.#first(next.value);
          // It is awaited when it is the head; until then a failure must not count as unhandled.
          first.catch(() => undefined);
          inFlight.push({ id: next.value, asked, first });
          // Without this check, a head that is ready would wait until the window is full.
          if (await isSettled((inFlight[0] as { first: Promise<First> }).first)) break;
        }
        const head = inFlight.shift();
        if (head === undefined) return;
        if (this.#context.stop.requested && !(await isSettled(head.first))) {
          inFlight.unshift(head);
          return;
        }
        yield* this.#settle(head.id, head.asked, head.first);
        // The cursor holds one position only, so a later parent must not be stored before this one.
        if (this.#stopped) return;
      }
    } finally {
      for (const { first } of inFlight) {
        await first.catch(() => undefined);
        this.#context.semaphore.release();
      }
    }
  }

  /** Tries the failed parents once more at the end. If one fails again, the stream fails. */
  async *again(): AsyncGenerator<Chunk> {
    const retry = this.#failures.take();
    for (const [index, id] of retry.entries()) {
      if (this.#context.stop.requested) this.#stopped = true;
      else {
        await this.#context.semaphore.acquire();
        const asked = this.#context.clock.now();
        const first = this.#first(id);
        first.catch(() => undefined);
        yield* this.#settle(id, asked, first, retry.slice(index + 1));
      }
      if (this.#stopped) {
        this.#failures.giveBack(retry.slice(index));
        yield this.#chunk([], undefined, false, 0);
        return;
      }
    }
    this.#failures.throwIfFailed();
    yield this.#chunk([], undefined, true, 0);
  }

  async *#settle(
    id: string,
    asked: Date,
    first: Promise<First>,
    waiting: readonly string[] = [],
  ): AsyncGenerator<Chunk> {
    // The slot is passed on with the last chunk of the parent, and released here if there is none.
    const slot = { held: true };
    try {
      const settled = await first;
      yield* this.#rest(id, settled, slot, waiting);
      this.#failures.answered();
    } catch (error) {
      if (error instanceof StopError || this.#context.stop.requested) {
        this.#stopped = true;
        return;
      }
      const absent = this.#failures.judge(id, asked, error);
      this.#advance(id);
      slot.held = false;
      yield { ...this.#chunk([], undefined, false, 1, waiting), parents: absent };
    } finally {
      if (slot.held) this.#context.semaphore.release();
    }
  }

  async #first(id: string): Promise<First> {
    const pages = this.#pages(id, null);
    const first = await pages.next();
    return { pages, page: first.done ? undefined : first.value };
  }

  #pages(id: string, start: string | null): AsyncGenerator<ListPage> {
    return readPages({
      read: this.#unit.read,
      start,
      clock: this.#context.clock,
      expected: expectedFor(this.#unit, id),
      fetch: (cursor, limit) => requestFor(this.#context, this.#unit, { parentId: id, cursor, limit }),
      proceed: async () => !this.#context.stop.requested,
      onFault: (error) => noteFault(this.#context, this.#unit, error),
    });
  }

  /** Yields the pages of one parent. Its slot is passed on with the last page. */
  async *#rest(id: string, first: First, slot: { held: boolean }, waiting: readonly string[]): AsyncGenerator<Chunk> {
    let page = first.page;
    // Only a list of a single page is certain to be whole within one batch.
    let pages = 0;
    if (page === undefined) {
      pages = 1;
      const next = await first.pages.next();
      page = next.done ? undefined : next.value;
    }
    while (page !== undefined) {
      const { nextCursor } = page;
      pages += 1;
      if (nextCursor === null) {
        this.#advance(id);
        slot.held = false;
        const parents = [{ parentId: id, at: page.readAt, whole: pages === 1 }];
        yield { ...this.#chunk(page.records, { id, page }, false, 1, waiting), parents };
        return;
      }
      yield this.#chunk(page.records, { id, page, next: nextCursor }, false, 0, waiting);
      const next = await first.pages.next();
      page = next.done ? undefined : next.value;
    }
    // Stopped between two pages. The cursor holds the position.
    this.#stopped = true;
  }

  #advance(id: string): void {
    if (this.#after === null || BigInt(id) > BigInt(this.#after)) this.#after = id;
  }

  #chunk(
    records: readonly unknown[],
    from: { id: string; page: ListPage; next?: string } | undefined,
    done: boolean,
    slots: number,
    waiting: readonly string[] = [],
  ): Chunk {
    const cursor: ParentCursor = {
      after: this.#after,
      failed: [...this.#failures.ids, ...waiting],
      ...(from?.next === undefined ? {} : { partial: { parent: from.id, next: from.next } }),
    };
    const collected =
      from === undefined
        ? new Map()
        : collect(this.#unit.resource, this.#unit.read, records, {
            accountId: this.#unit.accountId,
            context: pathContext(this.#unit, from.id),
            readAt: from.page.readAt,
            unknown: (name) => this.#context.counters.unknown(name),
            pageKeys: from.page.unknownKeys,
          });
    return { collected, read: records.length, cursor, done, slots };
  }
}

/** Whether a promise is settled, after pending microtasks and I/O callbacks have run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const afterCallbacks = new Promise((resolve) => setImmediate(resolve, pending));
  return (await Promise.race([promise.catch(() => undefined), afterCallbacks])) !== pending;
}
