import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Row, TableSpec } from '../../../src/core/row.ts';
import { copyValue, rowLine } from '../../../src/loaders/copy-text.ts';

test.each<[string | null, string]>([
  [null, '\\N'],
  ['', ''],
  ['plain', 'plain'],
  ['\\N', '\\\\N'],
  ['\\.', '\\\\.'],
  ['a\tb\nc\rd\\e', 'a\\tb\\nc\\rd\\\\e'],
  ['\b\f\v😀', '\b\f\v😀'],
])('%j', (value, wanted) => {
  expect(copyValue(value)).toBe(wanted);
});

test('no value can end a column or a row, or be read as null', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('\\', '\n', '\r', '\t', 'N', '.', 'a') }), (value) => {
      const text = copyValue(value);
      expect(text).not.toMatch(/[\n\r\t]/);
      expect(text).not.toBe('\\N');
      expect(text.replace(/\\(.)/g, (_, char: string) => ({ n: '\n', r: '\r', t: '\t' })[char] ?? char)).toBe(value);
    }),
  );
});

describe('a line', () => {
  const table: TableSpec = {
    name: 'widgets',
    columns: [
      { name: 'account_id', sql: 'bigint' },
      { name: 'id', sql: 'bigint' },
      { name: 'label', sql: 'text' },
      { name: 'parts', sql: 'jsonb' },
    ],
    primaryKey: ['account_id', 'id'],
    keepFirst: [],
    volatile: [],
    members: {},
    rawInCarrier: false,
    versioned: false,
  };
  const row: Row = {
    values: ['1', '2', 'a\tb', null],
    key: ['1', '2'],
    hash: '0123456789abcdef0123456789abcdef',
    formerHashes: () => [],
    raw: '{"label":"a\\tb"}',
    readAt: new Date('2024-01-01T00:00:00Z'),
    secondary: false,
  };
  const toLine = rowLine(table, { runId: '9', now: new Date('2024-02-01T00:00:00Z') });

  test('has the columns, the record, and what the loader knows of it', () => {
    expect(toLine(row)).toBe(
      '1\t2\ta\\tb\t\\N\t{"label":"a\\\\tb"}\t\\\\x0123456789abcdef0123456789abcdef' +
        '\t9\t2024-02-01T00:00:00.000Z\t2024-01-01T00:00:00.000Z\t1\n',
    );
  });

  test('leaves the record out where the row that carries it holds it', () => {
    const inside = rowLine({ ...table, rawInCarrier: true }, { runId: '9', now: new Date('2024-02-01T00:00:00Z') });
    expect(inside(row).split('\t')[4]).toBe('\\N');
  });

  test('has the time of its own read, whichever row came before', () => {
    const later = { ...row, readAt: new Date('2024-01-02T00:00:00Z'), secondary: true };
    expect([row, later, row].map((each) => toLine(each).split('\t').slice(-2))).toEqual([
      ['2024-01-01T00:00:00.000Z', '1\n'],
      ['2024-01-02T00:00:00.000Z', '2\n'],
      ['2024-01-01T00:00:00.000Z', '1\n'],
    ]);
  });
});
