import { describe, expect, test } from 'vitest';
import { WRITABLE } from '../../../src/core/writable.ts';
import { bodyOf, changedFields, fieldsWith, mergeUpdate } from '../../../src/push/merge.ts';

const fields = WRITABLE.patients;

describe('fields that differ between two readings', () => {
  test('are those that can be written and have another value', () => {
    const base = { firstName: 'A', lastName: 'A', gender: 'x', unheardOf: 1 };
    expect(
      changedFields(fields, base, { firstName: 'B', lastName: 'A', gender: null, unheardOf: 2 }).toSorted(),
    ).toEqual(['firstName', 'gender']);
    expect(changedFields(fields, base, base)).toEqual([]);
  });

  test('are none where the earlier reading is not known', () => {
    expect(changedFields(fields, null, { firstName: 'B' })).toEqual([]);
  });
});

test('fields are selected by their verdict, and only those to send are sent', () => {
  const merged = mergeUpdate({
    ...{ fields, base: { firstName: 'A', lastName: 'A', gender: 'A' }, resolution: {}, policy: () => 'ask' as const },
    wanted: { firstName: 'B', lastName: 'B', gender: 'A' },
    now: { firstName: 'A', lastName: 'C', gender: 'C' },
  });
  expect(fieldsWith(merged, 'send')).toEqual(['firstName']);
  expect(fieldsWith(merged, 'conflict')).toEqual(['lastName']);
  expect(fieldsWith(merged, 'theirs')).toEqual(['gender']);
  expect(fieldsWith(merged, 'already')).toEqual([]);
  expect(bodyOf(merged)).toEqual({ firstName: 'B' });
});

test('a field that is not known is compared as text', () => {
  const [merged] = mergeUpdate({
    ...{ fields: {}, base: { other: 'A' }, resolution: {}, policy: () => 'ask' as const },
    ...{ wanted: { other: 'B' }, now: { other: 'A' } },
  });
  expect(merged).toMatchObject({ verdict: 'send', stored: 'A', wanted: 'B', now: 'A' });
});
