import type { ParentRead } from './batch.ts';
import { Channel } from './channel.ts';
import { type Collected, merge } from './collect.ts';
import { commitBatch } from './commit.ts';
import type { RunContext, Unit } from './context.ts';

/** The result of one request, and the position of its stream after it. */
export interface Chunk {
  readonly collected: Collected;
  /** Records at the top level of the answer. */
  readonly read: number;
  /** The position from which the stream can continue; stored in `lobbie_sync.cursors`. */
  readonly cursor: unknown;
  /** Whether this chunk ends the stream. */
  readonly done: boolean;
  /** Slots of the semaphore to release once the chunk is committed. */
  readonly slots: number;
  /** Parents whose lists end with this chunk. */
  readonly parents?: readonly ParentRead[];
}

/** The unit, sweep and scope that a stream is stored for. */
export interface StreamTarget {
  readonly unit: Unit;
  /** Null for a read outside any sweep. */
  readonly sweepId: string | null;
  /** Null for a stream without a stored cursor: its progress is stored in another way. */
  readonly scope: string | null;
}

/** The most chunks of one stream that wait to be stored, and the most that one transaction stores. */
const AHEAD = 16;

/**
 * Reads and stores at the same time: while a batch is stored, the next pages are read. All waiting chunks are stored together.
 *
 * @returns whether the stream reached its end; false when it was stopped
 */
export async function pump(context: RunContext, target: StreamTarget, source: AsyncIterable<Chunk>): Promise<boolean> {
  const channel = new Channel<Chunk>(AHEAD);
  const reading = (async () => {
    try {
      for await (const chunk of source) {
        if (!(await channel.push(chunk))) {
          context.semaphore.release(chunk.slots);
          return;
        }
      }
      channel.end();
    } catch (error) {
      channel.end(error);
    }
  })();

  let done = false;
  let taken: Chunk[] = [];
  try {
    for (;;) {
      const next = await channel.take(AHEAD);
      if (next === undefined) return done;
      taken = next;
      const last = taken.at(-1) as Chunk;
      const read = taken.reduce((sum, chunk) => sum + chunk.read, 0);
      await commitBatch(context, {
        unit: target.unit,
        scope: target.scope,
        sweepId: target.sweepId,
        parents: taken.flatMap((chunk) => chunk.parents ?? []),
        collected: merge(taken.map((chunk) => chunk.collected)),
        read,
        cursor: last.cursor,
        done: last.done,
      });
      done = last.done;
      context.onProgress({ unit: target.unit, state: 'reading', rows: read, requests: context.counters.total });
      context.semaphore.release(taken.reduce((sum, chunk) => sum + chunk.slots, 0));
      taken = [];
    }
  } finally {
    // Chunks that can't be stored any more are dropped, so that other streams get their slots.
    for (const chunk of [...taken, ...channel.drain()]) context.semaphore.release(chunk.slots);
    await reading;
  }
}
