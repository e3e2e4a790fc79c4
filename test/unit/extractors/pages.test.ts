import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/core/clock.ts';
import { ApiError, type LobbieSyncError } from '../../../src/core/errors.ts';
import { expectedOf } from '../../../src/extractors/answer.ts';
import { type ListPage, readPages } from '../../../src/extractors/pages.ts';
import { resourceNamed } from '../../../src/extractors/registry.ts';
import type { Read } from '../../../src/extractors/resource.ts';

const read: Read = { operation: 'listPatients', scope: 'account', listKey: 'patients', paginated: true };
const expected = expectedOf(resourceNamed('patients'), read, { accountId: '1001', locationId: null });
const clock: Clock = { now: () => new Date(0), sleep: async () => undefined };
const page = (id: number, nextCursor: string | null) => ({ patients: [{ id }], nextCursor });
const refused = () =>
  new ApiError('the cursor is refused', { code: 'api.cursor', action: 'restart', operationId: 'listPatients' });
const forbidden = () =>
  new ApiError('no grant', { code: 'api.forbidden', action: 'account', operationId: 'listPatients' });

interface Reading {
  readonly pages: ListPage[];
  readonly asked: (string | null)[];
  readonly faults: string[];
  readonly error: LobbieSyncError | undefined;
}

/** Reads a list whose answers are given by a function of the cursor and of how often it was requested. */
async function reading(
  answer: (cursor: string | null, time: number, limit: number | undefined) => unknown,
  options: { start?: string; most?: number } = {},
): Promise<Reading> {
  const asked: (string | null)[] = [];
  const faults: string[] = [];
  const pages: ListPage[] = [];
  let error: LobbieSyncError | undefined;
  try {
    for await (const each of readPages({
      read,
      expected,
      clock,
      start: options.start ?? null,
      fetch: async (cursor, limit) => {
        // Sleeping takes no time here, so a reader that never gives up would hang the test instead of failing it.
        if (asked.length >= 500) throw new Error('asks for ever');
        const time = asked.filter((one) => one === cursor).length;
        asked.push(cursor);
        const body = answer(cursor, time, limit);
        if (body instanceof Error) throw body;
        return { body, sentAt: new Date(asked.length) };
      },
      proceed: async () => pages.length < (options.most ?? 100) && asked.length < 200,
      onFault: (fault) => faults.push(fault.code),
    })) {
      pages.push(each);
    }
  } catch (thrown) {
    error = thrown as LobbieSyncError;
  }
  return { pages, asked, faults, error };
}

const ids = ({ pages }: Reading): unknown[] =>
  pages.flatMap(({ records }) => records.map((each) => (each as { id: number }).id));

describe('reading to the end', () => {
  const pages: Record<string, unknown> = { '': page(1, 'a'), a: { patients: [], nextCursor: 'b' }, b: page(3, null) };

  test('follows cursors, through an empty page, until the API says that it is the last', async () => {
    const result = await reading((cursor) => pages[cursor ?? '']);
    expect(result.asked).toEqual([null, 'a', 'b']);
    expect(ids(result)).toEqual([1, 3]);
    expect(result.pages.map(({ nextCursor }) => nextCursor)).toEqual(['a', 'b', null]);
    expect(result).toMatchObject({ error: undefined, faults: [] });
  });

  test('begins where an earlier run stopped', async () => {
    const result = await reading((cursor) => pages[cursor ?? ''], { start: 'b' });
    expect(result.asked).toEqual(['b']);
    expect(ids(result)).toEqual([3]);
  });

  test('stops without an error when it may not go on', async () => {
    const result = await reading((cursor) => pages[cursor ?? ''], { most: 1 });
    expect(result.asked).toEqual([null]);
    expect(result.error).toBeUndefined();
  });

  test('each page says when its request was sent', async () => {
    const result = await reading((cursor) => pages[cursor ?? '']);
    expect(result.pages.map(({ readAt }) => readAt.getTime())).toEqual([1, 2, 3]);
  });
});

describe('an answer that breaks the contract', () => {
  test('is requested twice more', async () => {
    const result = await reading((_cursor, time) => (time < 2 ? {} : page(1, null)));
    expect(result.asked).toEqual([null, null, null]);
    expect(result.faults).toEqual(['contract.missing_list_key', 'contract.missing_list_key']);
    expect(ids(result)).toEqual([1]);
  });

  test('and then ends the list as a fault, never as empty', async () => {
    const result = await reading(() => ({}));
    expect(result.asked).toHaveLength(3);
    expect(result.error).toMatchObject({ code: 'contract.missing_list_key', action: 'skip' });
  });

  test('on a later page leaves the earlier ones handed out', async () => {
    const result = await reading((cursor) => (cursor === null ? page(1, 'a') : { rows: [] }));
    expect(ids(result)).toEqual([1]);
    expect(result.asked).toEqual([null, 'a', 'a', 'a']);
    expect(result.error?.code).toBe('contract.missing_list_key');
  });

  test('is not what an error of the API is: that is not tried again here', async () => {
    const result = await reading(() => forbidden());
    expect(result.asked).toEqual([null]);
    expect(result.error?.code).toBe('api.forbidden');
  });
});

describe('a cursor that repeats', () => {
  test.each<[string, Record<string, string>]>([
    ['at once', { '': 'a', a: 'a' }],
    ['after one page', { '': 'a', a: 'b', b: 'a' }],
    ['far back', { '': 'a', a: 'b', b: 'c', c: 'd', d: 'a' }],
  ])('%s ends the list as a fault', async (_where, next) => {
    const result = await reading((cursor) => page(1, next[cursor ?? ''] ?? null));
    expect(result.error?.code).toBe('contract.repeated_cursor');
    expect(new Set(result.asked).size).toBe(Object.keys(next).length);
    expect(result.asked.length).toBe(Object.keys(next).length + 2);
  });

  test('is found too when the chain leads back to where an interrupted run went on', async () => {
    const next: Record<string, string> = { a: 'b', b: 'a' };
    const result = await reading((cursor) => page(1, next[cursor ?? ''] ?? null), { start: 'a' });
    expect(result.error?.code).toBe('contract.repeated_cursor');
    expect(result.asked.length).toBeLessThan(10);
  });
});

describe('a cursor that is refused', () => {
  test('is tried once more', async () => {
    const result = await reading((cursor, time) =>
      cursor === null ? page(1, 'a') : time === 0 ? refused() : page(2, null),
    );
    expect(result.asked).toEqual([null, 'a', 'a']);
    expect(ids(result)).toEqual([1, 2]);
    expect(result.pages.every(({ restarted }) => !restarted)).toBe(true);
  });

  test('again, begins the list anew, and the first page says so', async () => {
    const result = await reading((cursor, time) => {
      if (cursor === null) return page(1, time === 0 ? 'a' : 'b');
      return cursor === 'a' ? refused() : page(2, null);
    });
    expect(result.asked).toEqual([null, 'a', 'a', null, 'b']);
    expect(result.pages.map(({ restarted }) => restarted)).toEqual([false, true, false]);
    expect(ids(result)).toEqual([1, 1, 2]);
  });

  test('an old cursor of an interrupted run begins the list anew', async () => {
    const result = await reading((cursor) => (cursor === null ? page(1, null) : refused()), { start: 'old' });
    expect(result.asked).toEqual(['old', 'old', null]);
    expect(result.pages).toMatchObject([{ restarted: true }]);
  });

  test('the same cursors may come again after that', async () => {
    const result = await reading((cursor, time) => {
      if (cursor === null) return page(1, 'a');
      if (cursor === 'a') return page(2, 'b');
      return time < 2 ? refused() : page(3, null);
    });
    expect(result.error).toBeUndefined();
    expect(ids(result)).toEqual([1, 2, 1, 2, 3]);
  });

  test('for ever, ends the list after three attempts', async () => {
    const result = await reading((cursor) => (cursor === null ? page(1, 'a') : refused()));
    expect(result.error).toMatchObject({ code: 'contract.cursor_refused', action: 'skip' });
    expect(result.asked.filter((cursor) => cursor === null)).toHaveLength(4);
  });

  test('on the first page, where there is no cursor, is the error that it is', async () => {
    const result = await reading(() => refused());
    expect(result.asked).toEqual([null]);
    expect(result.error?.code).toBe('api.cursor');
  });
});

describe('a list that does not say where it ends', () => {
  const rows = (from: number, count: number) => Array.from({ length: count }, (_, at) => ({ id: from + at }));

  test('ends without a fault at a page that is not full', async () => {
    const result = await reading((cursor) =>
      cursor === null ? { patients: rows(1, 100), nextCursor: 'a' } : { patients: rows(101, 30) },
    );
    expect(ids(result).length).toBe(130);
    expect(result).toMatchObject({ error: undefined, faults: [] });
  });

  test('is a fault when a full page has no key for the next cursor', async () => {
    const result = await reading((_cursor, _time, limit) => ({ patients: rows(1, limit ?? 0) }));
    expect(result.error).toMatchObject({ code: 'contract.no_end', action: 'skip' });
    expect(result.pages).toEqual([]);
  });

  test('is read to its end when the last page happens to be full', async () => {
    const stored = rows(1, 200);
    const result = await reading((cursor, _time, limit = 100) => {
      const from = Number(cursor ?? 0);
      const end = from + limit;
      return { patients: stored.slice(from, end), ...(end < stored.length ? { nextCursor: String(end) } : {}) };
    });
    expect(ids(result)).toEqual(stored.map(({ id }) => id));
    expect(result).toMatchObject({ error: undefined, faults: ['contract.no_end'] });
  });

  test('is a fault at the page size of an API that caps it', async () => {
    const result = await reading((cursor) =>
      cursor === null ? { patients: rows(1, 50), nextCursor: 'a' } : { patients: rows(51, 50) },
    );
    expect(result.error).toMatchObject({ code: 'contract.no_end' });
    expect(ids(result).length).toBe(50);
  });

  test.each(['hasMore', 'has_more', 'hasNextPage'])('is a fault when %s says that more follows', async (name) => {
    const result = await reading(() => ({ patients: rows(1, 3), nextCursor: null, [name]: true }));
    expect(result.error).toMatchObject({ code: 'contract.no_end' });
  });

  test('ends after pages without rows and with ever new cursors', async () => {
    const result = await reading((cursor) => ({ patients: [], nextCursor: `${cursor ?? ''}x` }));
    expect(result.error).toMatchObject({ code: 'contract.endless_list' });
    expect(result.asked.length).toBeLessThan(30);
  });

  test('ends after pages that repeat the same rows with ever new cursors', async () => {
    const result = await reading((cursor) => ({ patients: rows(1, 100), nextCursor: `${cursor ?? ''}x` }));
    expect(result.error).toMatchObject({ code: 'contract.endless_list' });
    expect(result.pages.length).toBeLessThan(6);
  });

  test('goes on through some empty pages and rows that moved', async () => {
    const result = await reading((cursor) => {
      const at = Number(cursor ?? 0);
      return { patients: at % 3 === 0 ? rows(at, 100) : [], nextCursor: at < 30 ? String(at + 1) : null };
    });
    expect(result.error).toBeUndefined();
    expect(result.pages.length).toBe(31);
  });
});

describe('rows that belong elsewhere', () => {
  test('are a fault of the list, and none of the page is handed on', async () => {
    const result = await reading(() => ({ patients: [{ id: 1 }, { id: 2, accountId: 1002 }], nextCursor: null }));
    expect(result.error).toMatchObject({ code: 'contract.foreign_row', action: 'skip' });
    expect(result.error?.message).not.toContain('1002');
    expect(result.pages).toEqual([]);
  });
});

test('names beside the list are handed on as unknown', async () => {
  const result = await reading(() => ({ patients: [{ id: 1 }], nextCursor: null, total: 1, served: 'x' }));
  expect(result.pages[0]?.unknownKeys).toEqual(['total', 'served']);
});
