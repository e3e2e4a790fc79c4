import { describe, expect, test } from 'vitest';
import { ContractError } from '../../../src/core/errors.ts';
import { parsePage } from '../../../src/extractors/page.ts';
import type { Read } from '../../../src/extractors/resource.ts';

const list: Read = { operation: 'listPatients', scope: 'account', listKey: 'patients', listKeyAliases: ['items'] };

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof ContractError) return error.code;
    throw error;
  }
  return undefined;
}

describe('a list', () => {
  test('has its records under its key, or under an alias', () => {
    expect(parsePage(list, { patients: [{ id: 1 }], nextCursor: 'c' })).toMatchObject({
      records: [{ id: 1 }],
      nextCursor: 'c',
    });
    expect(parsePage(list, { items: [{ id: 1 }] }).records).toHaveLength(1);
    expect(parsePage(list, { patients: [], items: [1] }).records).toEqual([]);
  });

  test('that is empty and goes on is no end', () => {
    expect(parsePage(list, { patients: [], nextCursor: 'more' })).toMatchObject({ records: [], nextCursor: 'more' });
  });

  test.each([[{}], [{ patients: null }], [{ patients: {} }], [{ rows: [] }]])(
    'without its key is a fault, never empty: %j',
    (body) => {
      expect(codeOf(() => parsePage(list, body))).toBe('contract.missing_list_key');
    },
  );

  test.each([
    [{ hasMore: true }],
    [{ nextPageToken: 'a' }],
    [{ next: '/patients?page=2' }],
    [{ links: { next: '/patients?page=2' } }],
    [{ pagination: { hasNext: true } }],
    [{ meta: { nextCursor: 'a' } }],
  ])('that names more rows in another way than by its cursor has no end: %j', (more) => {
    expect(codeOf(() => parsePage(list, { patients: [{ id: 1 }], nextCursor: null, ...more }))).toBe('contract.no_end');
    expect(parsePage(list, { patients: [{ id: 1 }], nextCursor: 'c', ...more }).nextCursor).toBe('c');
  });

  test.each([
    [{ hasMore: false, next: null, nextPageToken: '' }],
    [{ links: { self: '/a', next: null }, pagination: { hasNext: false } }],
    [{ links: [], meta: 'x', page: 3 }],
  ])('that names none ends: %j', (more) => {
    expect(parsePage(list, { patients: [], nextCursor: null, ...more }).nextCursor).toBeNull();
  });

  test.each([
    [{ error: 'timeout' }],
    [{ errors: [{ message: 'timeout' }] }],
    [{ error: { code: 7 }, nextCursor: 'c' }],
    [{ success: false }],
    [{ ok: false }],
    [{ partial: true }],
    [{ timed_out: true }],
  ])('that says itself that it failed or is a part is a fault, whatever rows it has: %j', (body) => {
    for (const patients of [[], [{ id: 1 }]]) {
      expect(codeOf(() => parsePage(list, { patients, ...body }))).toBe('contract.failed_inside');
    }
  });

  test.each([
    [{ error: null }],
    [{ errors: [] }],
    [{ error: '' }],
    [{ error: false, success: true, partial: false, ok: true }],
  ])('that says that nothing failed is taken: %j', (body) => {
    expect(parsePage(list, { patients: [{ id: 1 }], ...body }).records).toHaveLength(1);
  });

  test.each([[null], ['text'], [7], [undefined], [[{ id: 1 }]]])('that is no object is a fault: %j', (body) => {
    expect(codeOf(() => parsePage(list, body))).toBe('contract.not_an_object');
  });

  test('may be the array itself only where the read says so', () => {
    expect(parsePage({ ...list, bareArray: true }, [{ id: 1 }])).toMatchObject({
      records: [{ id: 1 }],
      nextCursor: null,
    });
    expect(parsePage({ ...list, bareArray: true }, { patients: [] }).records).toEqual([]);
  });

  test.each<[unknown, string | null]>([
    [undefined, null],
    [null, null],
    ['', null],
    ['abc', 'abc'],
    [42, '42'],
    [0, '0'],
  ])('nextCursor %j', (nextCursor, wanted) => {
    expect(parsePage(list, { patients: [], nextCursor }).nextCursor).toBe(wanted);
  });

  test.each([[true], [{}], [[]]])('nextCursor %j is a fault', (nextCursor) => {
    expect(codeOf(() => parsePage(list, { patients: [], nextCursor }))).toBe('contract.bad_cursor_type');
  });
});

test('a single record is the answer itself, and its end', () => {
  const single: Read = { operation: 'getRemoteCareSetting', scope: 'location' };
  expect(parsePage(single, { id: 1, nextCursor: 'x' })).toMatchObject({
    records: [{ id: 1, nextCursor: 'x' }],
    nextCursor: null,
  });
  expect(codeOf(() => parsePage(single, [{ id: 1 }]))).toBe('contract.not_an_object');
  expect(codeOf(() => parsePage(single, null))).toBe('contract.not_an_object');
});

test('a fault names the operation and nothing of the answer', () => {
  try {
    parsePage(list, { canary: ['canary'] });
  } catch (error) {
    expect((error as Error).message).toBe('listPatients: the answer has no array named patients');
  }
});
