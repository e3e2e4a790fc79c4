import { ContractError } from '../core/errors.ts';
import type { Read } from './resource.ts';
import { hasContent, saidFailure } from './said-failure.ts';

/** One answer of a list: its records as received, and the cursor of the next page. */
export interface Page {
  readonly records: readonly unknown[];
  /** Null at the end of the list. Only the API says where a list ends; an empty page does not. */
  readonly nextCursor: string | null;
  /** Whether the answer has the key `nextCursor`. Without that key, a full page does not count as the end of the list. */
  readonly endSaid: boolean;
  /** Names beside the list that the contract does not know. */
  readonly unknownKeys: readonly string[];
}

/** Fields by which APIs say that more rows follow. If one of them is true, a missing cursor is a fault and not the end. */
const MORE = ['hasMore', 'has_more', 'hasNext', 'hasNextPage', 'moreResults'];

/** Fields in which other APIs name the next page, at the top of an answer or in one of {@link LINKS}. */
const NEXT = [
  'next',
  'nextPage',
  'nextLink',
  'nextUrl',
  'nextToken',
  'nextPageToken',
  'next_page_token',
  'next_cursor',
];
const LINKS = ['links', '_links', 'paging', 'pagination', 'page', 'meta', 'pageInfo'];

/** Whether an answer without a cursor names a next page elsewhere: its rows are not all, and how to get the others is not known. */
function pointsOn(body: Readonly<Record<string, unknown>>): boolean {
  const places = [body, ...LINKS.map((name) => body[name]).filter(isObject)];
  return places.some(
    (place, index) =>
      NEXT.some((name) => hasContent(place[name])) ||
      (index > 0 && (hasContent(place['nextCursor']) || MORE.some((name) => place[name] === true))),
  );
}

/**
 * Reads the records out of an answer.
 *
 * @throws ContractError when the list key is missing, since such an answer must not pass for an empty list
 */
export function parsePage(read: Read, body: unknown): Page {
  if (read.listKey === undefined) {
    if (!isObject(body)) throw fault(read, 'contract.not_an_object', 'the answer is not an object');
    return { records: [body], nextCursor: null, endSaid: true, unknownKeys: [] };
  }
  if (Array.isArray(body) && read.bareArray === true) {
    return { records: body, nextCursor: null, endSaid: false, unknownKeys: [] };
  }
  if (!isObject(body)) throw fault(read, 'contract.not_an_object', 'the answer is not an object');
  const key = [read.listKey, ...(read.listKeyAliases ?? [])].find((name) => Array.isArray(body[name]));
  if (key === undefined) {
    throw fault(read, 'contract.missing_list_key', `the answer has no array named ${read.listKey}`);
  }
  const failed = saidFailure(body, new Set([key]));
  if (failed !== undefined) {
    throw fault(
      read,
      'contract.failed_inside',
      `the answer has a list and says in ${failed} that it failed or is not whole`,
    );
  }
  const nextCursor = cursorOf(read, body['nextCursor']);
  if (nextCursor === null && (MORE.some((name) => body[name] === true) || pointsOn(body))) {
    throw fault(read, 'contract.no_end', 'the answer says that more rows follow and gives no cursor');
  }
  return {
    records: body[key] as readonly unknown[],
    nextCursor,
    endSaid: body['nextCursor'] !== undefined,
    unknownKeys: Object.keys(body).filter((name) => name !== key && name !== 'nextCursor'),
  };
}

function cursorOf(read: Read, value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw fault(read, 'contract.bad_cursor_type', 'nextCursor is neither text nor null');
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function fault(read: Read, code: string, message: string): ContractError {
  return new ContractError(`${read.operation}: ${message}`, {
    code,
    hint: 'The list was not taken as empty; what was stored before stays. If this persists, the API has changed.',
  });
}
