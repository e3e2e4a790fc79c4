import type { LobbieSyncError } from '../core/errors.ts';
import { readPages } from '../extractors/pages.ts';
import { type Window, windowQuery } from '../extractors/windows.ts';
import { collect } from './collect.ts';
import type { RunContext, Unit } from './context.ts';
import { expectedFor, pathContext, requestFor } from './request.ts';
import type { Chunk } from './stream.ts';

/** The position of a stream in one list. */
export interface ListCursor {
  /** Absent for the read without bounds. */
  readonly window?: Window;
  /** The next page; null for the first. */
  readonly next: string | null;
  readonly pages: number;
}

/**
 * Reads the pages of one list as chunks. Each page holds a slot of the semaphore until it is committed.
 *
 * @param filter further query parameters
 */
export async function* listChunks(
  context: RunContext,
  unit: Unit,
  start: ListCursor,
  filter: Readonly<Record<string, string>> = {},
): AsyncGenerator<Chunk> {
  const { read } = unit;
  const range = start.window !== undefined && read.window !== undefined ? windowQuery(start.window, read.window) : {};
  const query = { ...range, ...filter };
  let held = 0;
  try {
    const pages = readPages({
      read,
      start: start.next,
      clock: context.clock,
      expected: { ...expectedFor(unit), filter: checkable(unit, filter) },
      fetch: (cursor, limit) => requestFor(context, unit, { query, cursor, limit }),
      proceed: async () => {
        if (context.stop.requested) return false;
        if (held === 0) {
          await context.semaphore.acquire();
          held = 1;
        }
        return !context.stop.requested;
      },
      onFault: (error: LobbieSyncError) => noteFault(context, unit, error),
    });
    let count = start.pages;
    for await (const page of pages) {
      count = page.restarted ? 1 : count + 1;
      const cursor: ListCursor = {
        ...(start.window ? { window: start.window } : {}),
        next: page.nextCursor,
        pages: count,
      };
      const slots = held;
      held = 0;
      yield {
        collected: collect(unit.resource, read, page.records, {
          accountId: unit.accountId,
          context: pathContext(unit),
          readAt: page.readAt,
          unknown: (name) => context.counters.unknown(name),
          pageKeys: page.unknownKeys,
        }),
        read: page.records.length,
        cursor,
        done: page.nextCursor === null,
        slots,
      };
    }
  } finally {
    context.semaphore.release(held);
  }
}

/** The filters that can be checked in the rows. A status filter that may concern several columns can't be. */
function checkable(unit: Unit, filter: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { strategy, fields } = unit.resource;
  const several = strategy.kind === 'recent' && strategy.statusColumns !== undefined;
  return Object.fromEntries(
    Object.entries(filter).filter(
      ([name]) => (name === 'patientId' || (name === 'status' && !several)) && Object.hasOwn(fields, name),
    ),
  );
}

/** Logs an answer that broke the contract and is requested again. */
export function noteFault(context: RunContext, unit: Unit, error: LobbieSyncError): void {
  context.logger.warn(
    { code: error.code, operation: unit.read.operation, account: unit.accountId, location: unit.locationId },
    'the answer broke the contract and is requested again',
  );
}
