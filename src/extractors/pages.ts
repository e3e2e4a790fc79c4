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

/** A page, when it was read, and whether the list was restarted with it. */
export interface ListPage extends Page {
  readonly readAt: Date;
  /** Whether the list was restarted with this page because the API no longer accepted a cursor. */
  readonly restarted: boolean;
}

export interface ReadPagesOptions {
  readonly read: Read;
  /** The ids and filter values that the rows must agree with. */
  readonly expected: Expected;
  readonly fetch: FetchPage;
  /** Where an earlier run stopped; null for the first page. */
  readonly start: string | null;
  readonly clock: Clock;
  /** Called before each page; false ends the read early without an error. It releases nothing. */
  readonly proceed: () => Promise<boolean>;
  /** Called with the fault of an answer that broke the contract; the page is then requested again. */
  readonly onFault?: (error: LobbieSyncError) => void;
}

/** How often a page is requested again when its answer breaks the contract; a broken gateway often recovers at once. */
const FAULT_RETRIES = 2;
/** How often a list is restarted before it counts as unreadable. */
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
      const passing = error instanceof ContractError && error.code !== 'contract.filter_ignored';
      if (!refused && !(passing && attempt < FAULT_RETRIES)) throw error;
      // A full page did not say whether it is the last. With a limit one below its rows, a healthy API sends a cursor for the
      // remaining row; an API that cuts lists off sends none.
      if (error.code === 'contract.no_end') limit = Math.max(1, Math.min(limit, rows) - 1);
      options.onFault?.(error);
      await options.clock.sleep(FAULT_PAUSE_MS * (attempt + 1));
    }
  }
}
