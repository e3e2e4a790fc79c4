import type { Answer, Call } from '../http/call.ts';
import { answer, Refusal } from '../http/call.ts';
import { hash } from '../random.ts';
import type { Position } from '../wire/cursor.ts';
import { readCursor, writeCursor } from '../wire/cursor.ts';
import { render } from '../wire/render.ts';
import type { Entry, Row } from '../world/collection.ts';
import { packetShape } from './gets.ts';
import type { ListRoute } from './lists.ts';
import { homeOf } from './scope.ts';

/** Rows of a page where the client names no limit; no page tells the true number. */
const DEFAULT_LIMIT = 25;

/** Answers a list in the contract's terms, with page habits of its own. */
export function readList(call: Call, route: ListRoute): Answer {
  const entries = call.world[route.kind].in(homeOf(call, route.parent)).filter((entry) => belongs(call, route, entry));
  const filtered = filter(call, route, entries);
  if (!route.paged) return answer(200, { [route.key]: rows(call, route, filtered) });

  const list = identity(call);
  const cursor = call.query.get('cursor');
  const from = cursor === null ? undefined : readCursor(list, cursor);
  if (cursor !== null && from === undefined) throw new Refusal(400, 'cursor is not known');
  const limit = limitOf(call);
  const size = call.tuning.fullPages === true ? limit : habitualSize(list, limit, from?.page ?? 0);
  const page = cut(order(call, route, filtered), from, size, call.tuning.stir !== undefined);
  const body: Row = { [route.key]: rows(call, route, page.entries) };
  const last = page.entries.at(-1);
  if (page.more && last !== undefined) {
    body['nextCursor'] = writeCursor(list, page.after(last));
  } else {
    end(body, route, page.entries.length === limit);
  }
  // Some lists name the cursor before the rows.
  return answer(200, hash(route.op) % 2 === 0 ? body : Object.fromEntries(Object.entries(body).reverse()));
}

/** A list without a parent and an account shows only what has no account either. */
function belongs(call: Call, route: ListRoute, entry: Entry): boolean {
  const global = call.params['accountId'] === undefined;
  return !global || route.kind !== 'webhooks' || entry.home.accountId === undefined;
}

function rows(call: Call, route: ListRoute, entries: readonly Entry[]): Row[] {
  return entries.map((entry) => {
    const row = route.kind === 'formPackets' ? packetShape(entry.row, false) : entry.row;
    return render(call.world, route.kind, entry, row, false);
  });
}

function filter(call: Call, route: ListRoute, entries: Entry[]): Entry[] {
  const filters = Object.entries(route.filters ?? {}).flatMap(([name, fits]) => {
    const value = call.query.get(name);
    if (value === null) return [];
    // Tried on nothing first, so that a bad value is refused in an empty list too.
    fits({}, value);
    return [(entry: Entry) => fits(entry.row, value)];
  });
  return entries.filter((entry) => filters.every((fits) => fits(entry)));
}

/** What a cursor is bound to: the list with its filters. */
function identity(call: Call): string {
  const parameters = [...call.query].filter(([name]) => name !== 'cursor' && name !== 'limit').sort();
  return `${call.path}?${JSON.stringify(parameters)}`;
}

function limitOf(call: Call): number {
  const text = call.query.get('limit');
  if (text === null) return DEFAULT_LIMIT;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) throw new Refusal(400, 'limit must be 1 to 100');
  return limit;
}

/** Often fewer rows than asked for, with a cursor all the same. */
function habitualSize(list: string, limit: number, page: number): number {
  const habit = hash(`${list}/${page}`);
  return habit % 3 === 0 ? limit : Math.max(1, Math.floor((limit * (50 + (habit % 45))) / 100));
}

interface Sorted {
  readonly entry: Entry;
  readonly value: string | number;
}

function order(call: Call, route: ListRoute, entries: readonly Entry[]): Sorted[] {
  const { query, tuning } = call;
  const sortBy = query.get('sortBy');
  const down = query.get('sortDir') === 'DESC' ? -1 : 1;
  const field = sortBy === null ? undefined : route.sorts?.[sortBy];
  if (sortBy !== null && field === undefined) throw new Refusal(400, 'sortBy is not known here');
  const sorted = entries.map((entry) => {
    if (tuning.stir !== undefined) return { entry, value: hash(`${tuning.stir}/${entry.key}`) };
    if (field !== undefined) return { entry, value: String(entry.row[field] ?? '') };
    // Neither by id nor by time, yet always the same place for the same record.
    return { entry, value: hash(`${route.op}/${entry.key}`) };
  });
  return sorted.sort((left, right) => down * compare(left, { value: right.value, key: right.entry.key }));
}

function compare(
  { entry, value }: Sorted,
  position: { readonly value: string | number; readonly key: number },
): number {
  if (value !== position.value) return value < position.value ? -1 : 1;
  return entry.key - position.key;
}

interface Page {
  readonly entries: readonly Entry[];
  readonly more: boolean;
  after(last: Entry): Position;
}

function cut(sorted: readonly Sorted[], from: Position | undefined, size: number, byNumber: boolean): Page {
  let start = 0;
  if (from !== undefined && byNumber) start = from.rows;
  else if (from !== undefined) {
    const at = sorted.findIndex(({ entry }) => entry.key === from.key);
    // The row of the cursor may be gone: go on after its place.
    start = at >= 0 ? at + 1 : firstAfter(sorted, from);
  }
  const part = sorted.slice(start, start + size);
  const value = part.at(-1)?.value ?? 0;
  return {
    entries: part.map(({ entry }) => entry),
    more: start + size < sorted.length,
    after: (last) => ({
      value,
      key: last.key,
      rows: (from?.rows ?? 0) + part.length,
      page: (from?.page ?? 0) + 1,
    }),
  };
}

function firstAfter(sorted: readonly Sorted[], from: Position): number {
  const first = sorted[0];
  const last = sorted.at(-1);
  const down =
    first !== undefined && last !== undefined && compare(last, { value: first.value, key: first.entry.key }) < 0;
  const at = sorted.findIndex((one) => (down ? compare(one, from) < 0 : compare(one, from) > 0));
  return at < 0 ? sorted.length : at;
}

/** The end of a list: null, an empty text, or no key at all where the page is not full. */
function end(body: Row, route: ListRoute, full: boolean): void {
  const habit = hash(`${route.op}/end`) % 3;
  if (habit === 0) body['nextCursor'] = null;
  if (habit === 1) body['nextCursor'] = '';
  if (habit === 2 && full) body['nextCursor'] = null;
}
