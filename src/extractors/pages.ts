import type { Clock } from '../core/clock.ts';
import { ContractError, LobbieSyncError } from '../core/errors.ts';
import { acceptSingle, type Expected, refuseForeign, refuseUnfiltered } from './answer.ts';
import { Chain } from './chain.ts';
import { type Page, parsePage } from './page.ts';
import type { Read } from './resource.ts';

/**
 * Sends the request for one page; `cursor` is null for the first, `limit` the rows to ask for, undefined for a list without
 * pages.
 */
export type FetchPage = (
  cursor: string | null,
  limit: number | undefined,
) => Promise<{ readonly body: unknown; readonly sentAt: Date }>;

/** The largest page the API gives. */
const PAGE_LIMIT = 100;

/** A page and what is known of its place in the list. */
export interface ListPage extends Page {
  readonly readAt: Date;
  /** Whether the list was begun anew with this page, because a cursor was no longer accepted. */
  readonly restarted: boolean;
}

export interface ReadPagesOptions {
  readonly read: Read;
  /** What the rows have to agree with. */
  readonly expected: Expected;
  readonly fetch: FetchPage;
  /** Where an earlier run stopped; null for the first page. */
  readonly start: string | null;
  readonly clock: Clock;
  /** Asked before each page; false ends the reading early without an error. Frees nothing by itself. */
  readonly proceed: () => Promise<boolean>;
  /** Told about an answer that broke the contract and is asked for once more. */
  readonly onFault?: (error: LobbieSyncError) => void;
}

/** Times that a page is asked for again when its answer breaks the contract; a broken gateway often heals at once. */
const FAULT_RETRIES = 2;
/** Times that a list is begun anew before it counts as unreadable. */
const RESTARTS = 3;
const FAULT_PAUSE_MS = 200;

/**
 * Reads a list from `start` to its end, page by page. A cursor that was met before, anywhere in the chain, is a fault:
 * following it would read the same pages for ever.
 *
 * @throws ContractError when a page stays broken; ApiError when the API gives no usable answer
 */
export async function* readPages(options: ReadPagesOptions): AsyncGenerator<ListPage, void, void> {
  let cursor = options.start;
  let restarts = 0;
  let restarted = false;
  let chain = new Chain(options.read);
  while (await options.proceed()) {
    const page = await readPage(options, cursor, chain);
    if (page === 'restart') {
      restarts += 1;
      if (restarts > RESTARTS) {
        throw new ContractError(`${options.read.operation}: cursors of this list are refused again and again`, {
          code: 'contract.cursor_refused',
          hint: 'Run again at a quieter time; a shorter read (--location, --resource) ends before its cursor expires.',
        });
      }
      cursor = null;
      restarted = true;
      chain = new Chain(options.read);
      continue;
    }
    yield { ...page, restarted };
    restarted = false;
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}

async function readPage(
  options: ReadPagesOptions,
  cursor: string | null,
  chain: Chain,
): Promise<Omit<ListPage, 'restarted'> | 'restart'> {
  const { read, expected } = options;
  let limit = PAGE_LIMIT;
  let rows = 0;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const { body, sentAt } = await options.fetch(cursor, read.paginated ? limit : undefined);
      const page = parsePage(read, body);
      rows = page.records.length;
      if (read.listKey === undefined) acceptSingle(read, expected, body);
      else {
        refuseForeign(read, expected, page.records);
        refuseUnfiltered(read, expected, page.records);
      }
      chain.follow(page, cursor, limit);
      return { ...page, readAt: sentAt };
    } catch (error) {
      if (!(error instanceof LobbieSyncError)) throw error;
      const refused = error.action === 'restart' && cursor !== null;
      if (refused && attempt >= 1) return 'restart';
      if (!refused && !(error instanceof ContractError && attempt < FAULT_RETRIES)) throw error;
      // Asked for one row less than it has, a page that is the last one names the page of the row that is left. One that was cut
      // off stays silent.
      if (error.code === 'contract.no_end') limit = Math.max(1, Math.min(limit, rows) - 1);
      options.onFault?.(error);
      await options.clock.sleep(FAULT_PAUSE_MS * (attempt + 1));
    }
  }
}
