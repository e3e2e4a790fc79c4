import { hash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { ContractError, LobbieSyncError } from '../core/errors.ts';
import { type Page, parsePage } from './page.ts';
import type { Read } from './resource.ts';

/** Sends the request for one page; `cursor` is null for the first. */
export type FetchPage = (cursor: string | null) => Promise<{ readonly body: unknown; readonly sentAt: Date }>;

/** A page and what is known of its place in the list. */
export interface ListPage extends Page {
  readonly readAt: Date;
  /** Whether the list was begun anew with this page, because a cursor was no longer accepted. */
  readonly restarted: boolean;
}

export interface ReadPagesOptions {
  readonly read: Read;
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
  let seen = new Set<string>();
  while (await options.proceed()) {
    const page = await readPage(options, cursor, seen);
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
      seen = new Set();
      continue;
    }
    yield { ...page, restarted };
    restarted = false;
    if (page.nextCursor === null) return;
    seen.add(fingerprint(page.nextCursor));
    cursor = page.nextCursor;
  }
}

async function readPage(
  options: ReadPagesOptions,
  cursor: string | null,
  seen: ReadonlySet<string>,
): Promise<Omit<ListPage, 'restarted'> | 'restart'> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const { body, sentAt } = await options.fetch(cursor);
      const page = parsePage(options.read, body);
      if (page.nextCursor !== null && (page.nextCursor === cursor || seen.has(fingerprint(page.nextCursor)))) {
        throw new ContractError(`${options.read.operation}: the list points back to a page that was read already`, {
          code: 'contract.repeated_cursor',
          hint: 'The rows read so far are stored; the list counts as not read to its end.',
        });
      }
      return { ...page, readAt: sentAt };
    } catch (error) {
      if (!(error instanceof LobbieSyncError)) throw error;
      const refused = error.action === 'restart' && cursor !== null;
      if (refused && attempt >= 1) return 'restart';
      if (!refused && !(error instanceof ContractError && attempt < FAULT_RETRIES)) throw error;
      options.onFault?.(error);
      await options.clock.sleep(FAULT_PAUSE_MS * (attempt + 1));
    }
  }
}

/** Cursors may be long; 96 bits tell them apart and keep ten thousand pages within a megabyte. */
const fingerprint = (cursor: string): string => hash('sha256', cursor, 'base64').slice(0, 16);
