import type { Answer, Call } from '../http/call.ts';
import { answer, isRow, rowsOf } from '../http/call.ts';
import { hash } from '../random.ts';
import type { Row } from '../world/collection.ts';
import type { Odd } from './types.ts';

/** A list's answer with other rows or another cursor. */
function withPage(call: Call, found: Answer, change: (page: Row, rows: readonly Row[]) => Row): Answer {
  const rows = rowsOf(call, found);
  if (rows === undefined || call.listKey === undefined) return found;
  return { ...found, json: change(found.json as Row, rows) };
}

const page = (change: (page: Row, rows: readonly Row[], call: Call) => Row): Odd => ({
  handle: async (call, next) => withPage(call, await next(), (body, rows) => change(body, rows, call)),
});

const keyOf = (call: Call): string => call.listKey ?? '';

/** The first page of a list, whatever cursor was sent. */
function firstPage(call: Call, next: () => Promise<Answer>): Promise<Answer> {
  call.query.delete('cursor');
  return next();
}

export const pageKinds = {
  /** The first row of a page comes again as its last, older by stamp and content: the newer stands first. */
  'duplicate-id': ({ older = {}, newerFirst = true }: { older?: Row; newerFirst?: boolean }): Odd =>
    page((body, rows, call) => {
      const first = rows.find(isRow);
      if (first === undefined) return body;
      const stamp = first['updatedAt'];
      const past =
        typeof stamp === 'string' ? { updatedAt: new Date(Date.parse(stamp) - 3_600_000).toISOString() } : {};
      const copy = { ...first, ...past, ...older };
      return { ...body, [keyOf(call)]: newerFirst ? [...rows, copy] : [copy, ...rows] };
    }),

  /** A page as a test wants it. */
  'changed-page': ({ change }: { change: (page: Row) => Row }): Odd => page((body) => change(body)),

  /** A filter is taken and does nothing. */
  'ignored-filter': ({ filter }: { filter: string }): Odd => ({
    handle: (call, next) => {
      call.query.delete(filter);
      return next();
    },
  }),

  /** A full page without the key `nextCursor`, though the list goes on. */
  'no-next-cursor': (_settings: object): Odd => ({
    handle: async (call, next) => {
      call.tuning.fullPages = true;
      return withPage(call, await next(), ({ nextCursor: _cursor, ...body }) => body);
    },
  }),

  /** A key beside the rows that no contract knows. */
  'unknown-top-key': ({ key = 'total', value = 1 }: { key?: string; value?: unknown }): Odd =>
    page((body) => ({ ...body, [key]: value })),

  /** The array under another name. */
  'list-key': ({ to }: { to: string }): Odd =>
    page(({ ...body }, rows, call) => {
      delete body[keyOf(call)];
      return { ...body, [to]: rows };
    }),

  /** Something else than an array under the name of the list: nothing, an empty object, the rows by their ids, or one level deeper. */
  'list-shape': ({ form = 'object' }: { form?: 'null' | 'object' | 'by-id' | 'nested' | 'text' }): Odd =>
    page((body, rows, call) => {
      const forms = {
        null: null,
        object: {},
        'by-id': Object.fromEntries(rows.filter(isRow).map((row) => [String(row['id']), row])),
        nested: [rows],
        text: JSON.stringify(rows),
      };
      return { ...body, [keyOf(call)]: forms[form] };
    }),

  /** A cursor that is none: another type, or one that another list gave. */
  'odd-cursor': ({ value }: { value: unknown }): Odd => page((body) => ({ ...body, nextCursor: value })),

  /** Half of the rows as 206, as if a range had been asked for, and no cursor. */
  part: ({ status = 206 }: { status?: number }): Odd => ({
    handle: async (call, next) => {
      const found = withPage(call, await next(), (body, rows) => ({
        ...body,
        [keyOf(call)]: rows.slice(0, Math.floor(rows.length / 2)),
        nextCursor: null,
      }));
      return found.status === 200 ? { ...found, status } : found;
    },
  }),

  /** No rows, no cursor, and beside them the word that something went wrong. */
  'failed-inside': ({ key = 'error', value = 'search timed out' }: { key?: string; value?: unknown }): Odd =>
    page((body, _rows, call) => ({ ...body, [keyOf(call)]: [], nextCursor: null, [key]: value })),

  /** Pages without rows, each with a cursor never seen before. */
  'empty-pages': (_settings: object): Odd => ({
    handle: (call) => answer(200, { [keyOf(call)]: [], nextCursor: `void-${call.n}` }),
  }),

  /** The first page for ever, each time with a cursor never seen before. */
  'endless-pages': (_settings: object): Odd => ({
    handle: async (call, next) =>
      withPage(call, await firstPage(call, next), (body) => ({ ...body, nextCursor: `more-${call.n}` })),
  }),

  /** The first page for ever, with one cursor. */
  'cursor-repeats': ({ cursor = 'again' }: { cursor?: string }): Odd => ({
    handle: async (call, next) =>
      withPage(call, await firstPage(call, next), (body) => ({ ...body, nextCursor: cursor })),
  }),

  /** Pages are cut by number of rows and the order is another one at each request: rows are missed and come twice. */
  'rows-move': (_settings: object): Odd => ({
    handle: (call, next) => {
      call.tuning.stir = `move-${hash(String(call.n))}`;
      return next();
    },
  }),

  /** Rows that a list leaves out while the reads by id still know them: a location that left. */
  'rows-missing': ({ ids }: { ids: readonly number[] }): Odd =>
    page((body, rows, call) => ({
      ...body,
      [keyOf(call)]: rows.filter((row) => !isRow(row) || !ids.includes(Number(row['id']))),
    })),

  /** Something among the rows that is no record. */
  'odd-row': ({ value }: { value: unknown }): Odd =>
    page((body, rows, call) => ({ ...body, [keyOf(call)]: [...rows, value] })),
};
