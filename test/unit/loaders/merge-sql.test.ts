import { describe, expect, test } from 'vitest';
import type { TableSpec } from '../../../src/core/row.ts';
import { tableSpec } from '../../../src/extractors/prepare.ts';
import { RESOURCES } from '../../../src/extractors/registry.ts';
import {
  copyColumns,
  copyIntoStaging,
  copyIntoTable,
  createStaging,
  findDifferent,
  mergeStaged,
  stagingName,
  TECHNICAL,
} from '../../../src/loaders/merge-sql.ts';
import { identifier, tableName } from '../../../src/loaders/names.ts';

/** Names that break any text they are not quoted in. */
const awkward: TableSpec = {
  name: 'Order',
  columns: [
    { name: 'account_id', sql: 'bigint' },
    { name: 'user', sql: 'bigint' },
    { name: 'select', sql: 'text' },
    { name: 'Mixed Case', sql: 'text' },
    { name: 'updated_at', sql: 'timestamptz' },
    { name: 'location_id', sql: 'bigint' },
  ],
  primaryKey: ['account_id', 'user'],
  keepFirst: ['location_id'],
  volatile: [],
  members: {},
  rawInCarrier: false,
  versioned: true,
};

const texts = (table: TableSpec): string[] => [
  createStaging(table),
  copyIntoStaging(table),
  copyIntoTable(table),
  findDifferent(table),
  mergeStaged(table),
];

test('quotes within a name are doubled', () => {
  expect(identifier('a"b')).toBe('"a""b"');
  expect(tableName({ ...awkward, name: 'x"; DROP TABLE y; --' })).toBe('lobbie."x""; DROP TABLE y; --"');
});

test('every name of a table stands in quotes', () => {
  for (const text of texts(awkward)) {
    const unquoted = text.replace(/"(?:[^"]|"")*"/g, '');
    for (const name of ['Order', 'user', 'select', 'Mixed Case']) expect(unquoted.split(/\W+/)).not.toContain(name);
  }
});

describe.each(RESOURCES.map((resource) => [resource.name, tableSpec(resource)] as const))('%s', (name, table) => {
  test('is copied with all its columns and those of the loader, each once', () => {
    expect(copyColumns(table)).toEqual([...table.columns.map((column) => column.name), ...TECHNICAL]);
    expect(new Set(copyColumns(table)).size).toBe(copyColumns(table).length);
    for (const column of copyColumns(table)) {
      expect(copyIntoTable(table)).toContain(identifier(column));
      expect(copyIntoStaging(table)).toContain(identifier(column));
    }
  });

  test('is staged in a table of this session that a commit empties', () => {
    expect(createStaging(table)).toContain(`CREATE TEMPORARY TABLE IF NOT EXISTS "${stagingName(table)}"`);
    expect(createStaging(table)).toContain('ON COMMIT DELETE ROWS');
    expect(stagingName(table)).toBe(`stage_${name}`);
  });

  test('is looked up with one array per key column beside the account', () => {
    const account = table.primaryKey[0] === 'account_id' ? 1 : 0;
    const parameters = new Set(findDifferent(table).match(/\$\d+/g));
    // The account, the keys, the hashes, and whether the batch is of a second list.
    expect([...parameters].sort()).toEqual(
      Array.from({ length: table.primaryKey.length + 2 }, (_, index) => `$${index + 1}`),
    );
    expect(findDifferent(table).match(/\[\]/g)).toHaveLength(table.primaryKey.length - account + 1);
  });

  test('is merged by its key, which is never assigned', () => {
    const text = mergeStaged(table);
    const assigned = text.slice(text.indexOf(' SET '), text.lastIndexOf(' WHERE '));
    expect(text).toContain(`ON CONFLICT (${table.primaryKey.map(identifier).join(', ')})`);
    for (const column of [...table.primaryKey, ...table.keepFirst])
      expect(assigned).not.toContain(`${identifier(column)} =`);
    for (const column of copyColumns(table)) {
      if (table.primaryKey.includes(column) || table.keepFirst.includes(column)) continue;
      const moves = table.volatile.length > 0 && ['_run_id', '_loaded_at'].includes(column);
      expect(assigned).toContain(
        moves ? `THEN excluded.${identifier(column)} ELSE` : `${identifier(column)} = excluded.${identifier(column)}`,
      );
    }
    expect(assigned).toContain('_deleted_at = NULL');
  });

  test('is ordered by its own time of change where it has one, else by the time of the read', () => {
    expect(mergeStaged(table).includes('t.updated_at <> excluded.updated_at')).toBe(table.versioned);
    expect(mergeStaged(table)).toContain('t._read_at <= excluded._read_at');
  });
});
