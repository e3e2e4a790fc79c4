import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Row } from '../../../src/core/row.ts';
import { dedupe as dedupeOf } from '../../../src/loaders/load.ts';

const row = (key: readonly string[], hash: string, secondary = false): Row => ({
  values: [],
  key,
  hash,
  formerHashes: () => [],
  raw: '{}',
  readAt: new Date(0),
  secondary,
});
const table = {
  columns: [
    { name: 'id', sql: 'bigint' },
    { name: 'updated_at', sql: 'timestamptz' },
  ],
  members: {},
  rawInCarrier: false,
  versioned: true,
};
const dedupe = (rows: readonly Row[]) => dedupeOf(table, rows);
const hashes = (rows: readonly Row[]) => rows.map(({ hash }) => hash);

describe('repeated keys', () => {
  test('are reduced to their last copy, in the order of first appearance', () => {
    expect(hashes(dedupe([row(['1'], 'a'), row(['2'], 'b'), row(['1'], 'c')]))).toEqual(['c', 'b']);
  });

  test('of several columns are not mistaken for each other', () => {
    expect(dedupe([row(['1', '12'], 'a'), row(['11', '2'], 'b'), row(['1', '1', '2'], 'c')])).toHaveLength(3);
    expect(dedupe([row(['a,b', 'c'], 'a'), row(['a', 'b,c'], 'b'), row(['a","b', 'c'], 'c')])).toHaveLength(3);
  });

  test('a row of a second list does not hide one of the first', () => {
    expect(hashes(dedupe([row(['1'], 'first'), row(['1'], 'second', true)]))).toEqual(['first']);
    expect(hashes(dedupe([row(['1'], 'second', true), row(['1'], 'first')]))).toEqual(['first']);
    expect(hashes(dedupe([row(['1'], 'x', true), row(['1'], 'y', true)]))).toEqual(['y']);
  });

  describe('with stamps of their own', () => {
    const stamped = (hash: string, stamp: string | null, readAt = 0): Row => ({
      ...row(['1'], hash),
      values: ['1', stamp],
      readAt: new Date(readAt),
    });
    const [old, young] = ['2025-01-10T10:00:00Z', '2025-01-10T10:00:00.5Z'];

    test('the younger of one answer counts, wherever it stands', () => {
      expect(hashes(dedupe([stamped('young', young), stamped('old', old)]))).toEqual(['young']);
      expect(hashes(dedupe([stamped('old', old), stamped('young', young)]))).toEqual(['young']);
    });

    test('the last counts where the stamps are equal or one is missing', () => {
      expect(hashes(dedupe([stamped('a', old), stamped('b', old)]))).toEqual(['b']);
      expect(hashes(dedupe([stamped('a', young), stamped('b', null)]))).toEqual(['b']);
    });

    test('a later answer counts, whatever it says of itself', () => {
      expect(hashes(dedupe([stamped('first', young, 1), stamped('later', old, 2)]))).toEqual(['later']);
      expect(hashes(dedupe([stamped('later', old, 2), stamped('first', young, 1)]))).toEqual(['later']);
    });

    test('without a column for it a stamp is none', () => {
      const rows = [stamped('a', young), stamped('b', old)];
      expect(hashes(dedupeOf({ ...table, versioned: false }, rows))).toEqual(['b']);
    });
  });

  test('every key is there once, for any batch', () => {
    const some = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()));
    fc.assert(
      fc.property(some, (given) => {
        const rows = given.map(([id, secondary], index) => row([String(id)], String(index), secondary));
        const kept = dedupe(rows);
        expect(kept.map(({ key }) => key[0]).sort()).toEqual([...new Set(given.map(([id]) => String(id)))].sort());
        for (const each of kept) {
          const same = rows.filter(({ key }) => key[0] === each.key[0]);
          expect(each.secondary).toBe(same.every(({ secondary }) => secondary));
          expect(each).toBe(same.filter(({ secondary }) => secondary === each.secondary).at(-1));
        }
      }),
    );
  });
});
