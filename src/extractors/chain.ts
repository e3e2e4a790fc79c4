import { hash } from 'node:crypto';
import { idOf } from './answer.ts';
import { fault, type Page } from './page.ts';
import type { Read } from './resource.ts';

/** Pages without a row that may follow each other: a filter that works after paging can leave some empty. */
const EMPTY_IN_A_ROW = 20;
/** A list with more pages than this does not end: it would hold two million rows at ten a page. */
const MOST_PAGES = 200_000;
/** Pages that may repeat all rows of an earlier page. Rows that move while a list is read repeat single rows, not whole pages. */
const REPEATED_PAGES = 3;

/** Remembers the pages of one list, to distinguish a list that never ends from a long one. */
export class Chain {
  readonly #read: Read;
  readonly #cursors = new Set<string>();
  readonly #contents = new Set<string>();
  #pages = 0;
  #empty = 0;
  #repeated = 0;
  /** Rows of the largest page that another one followed: the page size of an API that caps `limit` lower. */
  #size = Number.POSITIVE_INFINITY;

  constructor(read: Read) {
    this.#read = read;
  }

  /**
   * Adds the next page.
   *
   * @param cursor the cursor that the request for this page sent
   * @param limit the number of rows requested
   * @throws ContractError `contract.repeated_cursor`, `contract.endless_list`, or `contract.no_end` for a full page that does
   * not say whether more follow
   */
  follow(page: Page, cursor: string | null, limit: number): void {
    const rows = page.records.length;
    if (page.nextCursor === null) {
      if (this.#read.paginated && !page.endSaid && rows >= Math.min(limit, this.#size)) {
        throw fault(this.#read, 'contract.no_end', 'a full page does not say whether more rows follow');
      }
      return;
    }
    // Following a cursor that was met before, anywhere in the chain, would read the same pages for ever.
    const next = fingerprint(page.nextCursor);
    if (page.nextCursor === cursor || this.#cursors.has(next)) {
      throw fault(this.#read, 'contract.repeated_cursor', 'the list points back to a page that was read already');
    }
    const empty = rows === 0 ? this.#empty + 1 : 0;
    const content = rows === 0 ? '' : fingerprint(identities(page.records));
    const repeated = this.#repeated + (this.#contents.has(content) ? 1 : 0);
    if (empty > EMPTY_IN_A_ROW || repeated > REPEATED_PAGES || this.#pages >= MOST_PAGES) {
      throw fault(this.#read, 'contract.endless_list', 'the list goes on without new rows');
    }
    this.#cursors.add(next);
    if (content !== '') this.#contents.add(content);
    this.#empty = empty;
    this.#repeated = repeated;
    this.#pages += 1;
    if (rows > 0) this.#size = Number.isFinite(this.#size) ? Math.max(this.#size, rows) : rows;
  }
}

/** Cursors may be long; 96 bits distinguish them and keep ten thousand pages within a megabyte. */
const fingerprint = (text: string): string => hash('sha256', text, 'base64').slice(0, 16);

/** Which rows a page has: their ids, or the rows themselves where they have none. */
const identities = (records: readonly unknown[]): string =>
  JSON.stringify(records.map((record) => idOf((record as { readonly id?: unknown } | null)?.id) ?? record));
