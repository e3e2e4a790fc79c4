import { describe, expect, test } from 'vitest';
import { bigint, date, instant, integer, json, text } from '../../../src/extractors/fields.ts';
import { members, membersOf } from '../../../src/extractors/members.ts';
import { createPreparer, type UnknownFields } from '../../../src/extractors/prepare.ts';
import { defineResource, type Resource, type ResourceOptions } from '../../../src/extractors/resource.ts';

const options: ResourceOptions = {
  name: 'widgets',
  strategy: { kind: 'full' },
  description: 'Only for this test.',
  scope: 'location',
  reads: [],
  context: ['owner_id'],
  fields: {
    id: bigint('operational'),
    locationId: bigint('operational'),
    ownerId: bigint('operational'),
    label: text('clinical', { aliases: ['name', 'title'] }),
    bornOn: date('quasi'),
    seats: integer('operational'),
    parts: json('clinical'),
    updatedAt: instant('operational'),
  },
};
const widgets = defineResource(options);

function prepare(
  record: Record<string, unknown>,
  more: { resource?: Resource; context?: Record<string, string>; secondary?: boolean; unknown?: UnknownFields } = {},
) {
  return createPreparer(more.resource ?? widgets).prepare(
    { record, context: more.context ?? { location_id: '5', owner_id: '6' } },
    {
      accountId: '1001',
      readAt: new Date(0),
      secondary: more.secondary ?? false,
      unknown: more.unknown ?? new Map(),
    },
  );
}

function row(...given: Parameters<typeof prepare>) {
  const prepared = prepare(...given);
  if ('reject' in prepared) throw new Error(prepared.reject.reason);
  return prepared.row;
}

function reject(...given: Parameters<typeof prepare>) {
  const prepared = prepare(...given);
  if ('row' in prepared) throw new Error('it was taken');
  return prepared.reject;
}

function columns(resource: Resource, values: readonly (string | null)[]) {
  return Object.fromEntries(createPreparer(resource).table.columns.map(({ name }, index) => [name, values[index]]));
}

describe('a row', () => {
  test('has the columns of fields and path in the order of the table, and its key first', () => {
    const { table } = createPreparer(widgets);
    expect(table).toMatchObject({ name: 'widgets', primaryKey: ['account_id', 'id'], keepFirst: [], versioned: true });
    expect(table.columns.map(({ name }) => name)).toEqual([
      'account_id',
      'id',
      'location_id',
      'owner_id',
      'label',
      'born_on',
      'seats',
      'parts',
      'updated_at',
    ]);
    const made = row({ id: 7, label: 'x', bornOn: '2020-01-01', seats: 2, parts: [1], updatedAt: '2024-01-01' });
    expect(columns(widgets, made.values)).toEqual({
      account_id: '1001',
      id: '7',
      location_id: '5',
      owner_id: '6',
      label: 'x',
      born_on: '2020-01-01',
      seats: '2',
      parts: '[1]',
      updated_at: '2024-01-01T00:00:00Z',
    });
    expect(made).toMatchObject({ key: ['1001', '7'], secondary: false, readAt: new Date(0) });
    expect(made.hash).toMatch(/^01[0-9a-f]{32}$/);
  });

  test('keeps the record as it came, digits beyond 2^53 too', () => {
    const id = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('9007199254740993');
    const made = row({ id, extra: { deep: [null] } });
    expect(made.raw).toBe('{"id":9007199254740993,"extra":{"deep":[null]}}');
    expect(made.key).toEqual(['1001', '9007199254740993']);
  });

  test('missing and null fields are null', () => {
    expect(columns(widgets, row({ id: 1, label: null }).values)).toMatchObject({
      label: null,
      born_on: null,
      parts: null,
    });
  });

  test('of a global resource has no account', () => {
    const roles = defineResource({ ...options, name: 'roles', scope: 'global', context: [] });
    const made = row({ id: 3 }, { resource: roles, context: {} });
    expect(made.key).toEqual(['3']);
    expect(columns(roles, made.values)).not.toHaveProperty('account_id');
  });

  test('of a second list says so', () => {
    expect(row({ id: 1 }, { secondary: true }).secondary).toBe(true);
  });
});

describe('aliases', () => {
  test('fill in what the field itself leaves out, in their order', () => {
    expect(columns(widgets, row({ id: 1, name: 'n', title: 't' }).values)['label']).toBe('n');
    expect(columns(widgets, row({ id: 1, title: 't' }).values)['label']).toBe('t');
    expect(columns(widgets, row({ id: 1, label: null, title: 't' }).values)['label']).toBeNull();
    expect(columns(widgets, row({ id: 1, label: 'own', name: 'n' }).values)['label']).toBe('own');
  });

  test('are known fields, and raw keeps the name that was sent', () => {
    const unknown: UnknownFields = new Map();
    expect(row({ id: 1, title: 't' }, { unknown }).raw).toBe('{"id":1,"title":"t"}');
    expect(unknown.size).toBe(0);
  });
});

describe('unknown fields', () => {
  test('are counted by name and kept in raw', () => {
    const unknown: UnknownFields = new Map();
    row({ id: 1, mood: 'x' }, { unknown });
    row({ id: 2, mood: 'y', height: 1 }, { unknown });
    expect([...unknown]).toEqual([
      ['mood', 2],
      ['height', 1],
    ]);
  });

  test('that carry more than a name are counted without it', () => {
    const unknown: UnknownFields = new Map();
    row({ id: 1, 'Jane Doe, born 1970': 1, [`x${'y'.repeat(80)}`]: 1, 'naïve\n': 1 }, { unknown });
    expect([...unknown]).toEqual([['(unprintable)', 3]]);
  });

  test('named like parts of an object do no harm', () => {
    const record = JSON.parse('{"id":1,"__proto__":{"label":"no"},"constructor":1,"toString":2}') as Record<
      string,
      unknown
    >;
    const unknown: UnknownFields = new Map();
    const made = row(record, { unknown });
    expect(columns(widgets, made.values)['label']).toBeNull();
    expect([...unknown.keys()]).toEqual(['__proto__', 'constructor', 'toString']);
  });
});

describe('ids of the path', () => {
  test('fill the gaps of a record; ids in the record take precedence', () => {
    expect(columns(widgets, row({ id: 1, ownerId: 77 }).values)).toMatchObject({ owner_id: '77', location_id: '5' });
    expect(columns(widgets, row({ id: 1, ownerId: null }).values)['owner_id']).toBe('6');
  });

  test('are part of the hash: a record that moves unchanged is a changed row', () => {
    const here = row({ id: 1 }, { context: { location_id: '5', owner_id: '6' } });
    expect(row({ id: 1 }, { context: { location_id: '5', owner_id: '6' } }).hash).toBe(here.hash);
    expect(row({ id: 1 }, { context: { location_id: '5', owner_id: '7' } }).hash).not.toBe(here.hash);
    expect(row({ id: 1 }, { context: { location_id: '8', owner_id: '6' } }).hash).not.toBe(here.hash);
  });

  test('the location of a row that several locations share is not', () => {
    const shared = defineResource({ ...options, name: 'catalogue', sharedByLocations: true });
    const at = (location_id: string, owner_id = '6') =>
      row({ id: 1 }, { resource: shared, context: { location_id, owner_id } });
    expect(createPreparer(shared).table.keepFirst).toEqual(['location_id']);
    expect(at('5').hash).toBe(at('8').hash);
    expect(at('5').hash).not.toBe(at('5', '7').hash);
  });

  test('every change of a known field is a change of the hash', () => {
    const hashes = [
      { id: 1 },
      { id: 1, label: '' },
      { id: 1, label: 'a' },
      { id: 1, seats: 1 },
      { id: 1, parts: [] },
      { id: 1, parts: [1] },
      { id: 1, parts: ['1'] },
      { id: 1, parts: [{ a: 1, b: 2 }] },
      { id: 1, parts: [{ a: 2, b: 1 }] },
      { id: 1, updatedAt: '2024-01-01' },
    ].map((record) => row(record).hash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('what is no change', () => {
  const same = (a: Record<string, unknown>, b: Record<string, unknown>) => expect(row(a).hash).toBe(row(b).hash);

  test('another order of keys, at any depth', () => {
    same(
      { id: 1, label: 'x', parts: [{ a: 1, b: { c: 2, d: 3 } }] },
      { parts: [{ b: { d: 3, c: 2 }, a: 1 }], label: 'x', id: 1 },
    );
  });

  test('a field that nobody knows, new or moving', () => {
    same({ id: 1 }, { id: 1, servedAt: '2024-01-01T00:00:00Z' });
    same({ id: 1, servedAt: 'a' }, { id: 1, servedAt: 'b' });
  });

  test('another spelling of the same value', () => {
    same({ id: 1, updatedAt: '2024-01-01T10:00:00Z' }, { id: '1', updatedAt: '2024-01-01T12:00:00.000+02:00' });
    same({ id: 1, label: null }, { id: 1 });
    same({ id: 1, label: 'x' }, { id: 1, title: 'x' });
  });
});

test('a field that moves by itself is named to the loader', () => {
  const fields = { ...options.fields, seats: integer('operational', { volatile: true }) };
  expect(createPreparer(defineResource({ ...options, fields })).table.volatile).toEqual(['seats']);
});

describe('values that are stored as null', () => {
  const seen = (record: Record<string, unknown>) => {
    const unknown: UnknownFields = new Map();
    return { values: columns(widgets, row(record, { unknown }).values), unknown: [...unknown] };
  };

  test('are empty texts where a column holds none, and times outside the calendar', () => {
    expect(seen({ id: 1, label: '', bornOn: '', seats: '', updatedAt: '0001-01-01T00:00:00+05:00' })).toMatchObject({
      values: { label: '', born_on: null, seats: null, updated_at: null },
      unknown: [
        ['bornOn: is an empty text', 1],
        ['seats: is an empty text', 1],
        ['updatedAt: is outside the years 1 to 9999', 1],
      ],
    });
  });

  test('are no reason to take a record that has another fault', () => {
    expect(reject({ id: 1, bornOn: '', seats: 'many' }).reason).toContain('seats: ');
  });

  test('do not stand for a key', () => {
    expect(reject({ id: '' }).reason).toBe('id: required, but missing');
  });
});

test('a record that is nested too deep is a reject of its own, with what is flat of it', () => {
  let parts: unknown = [];
  for (let level = 0; level < 50_000; level += 1) parts = [parts];
  expect(reject({ id: 1, label: 'x', parts })).toMatchObject({
    reason: 'is nested too deep',
    record: '{"id":1,"label":"x"}',
  });
});

describe('ids made up where none is sent', () => {
  const made = defineResource({
    ...options,
    name: 'made_up',
    surrogateId: ({ record }) => (typeof record['label'] === 'string' ? '-5' : undefined),
  });

  test('stand in for a missing id only', () => {
    expect(row({ label: 'x' }, { resource: made }).key).toEqual(['1001', '-5']);
    expect(row({ id: null, label: 'x' }, { resource: made }).key).toEqual(['1001', '-5']);
    expect(row({ id: 9, label: 'x' }, { resource: made }).key).toEqual(['1001', '9']);
  });

  test('negative ones are made up: a record that brings one is rejected, because it could be taken for another', () => {
    expect(reject({ id: -5, label: 'x' }, { resource: made }).reason).toBe('id: is negative, and ids are positive');
    expect(reject({ id: '-9' }).reason).toBe('id: is negative, and ids are positive');
    expect(row({ id: 0 }).key).toEqual(['1001', '0']);
  });

  test('a record that gives nothing to make one from is rejected', () => {
    expect(reject({}, { resource: made }).reason).toBe('id: required, but missing');
  });
});

describe('rejects', () => {
  test('a missing key', () => {
    expect(reject({ label: 'x' })).toMatchObject({
      accountId: '1001',
      resource: 'widgets',
      recordKey: null,
      reason: 'id: required, but missing',
      record: '{"label":"x"}',
      context: { location_id: '5', owner_id: '6' },
    });
  });

  test('name every field at fault and no value', () => {
    const found = reject({ id: 12, bornOn: 'canary', seats: 'canary', parts: 'canary', label: ['canary'] });
    for (const field of ['bornOn', 'seats', 'parts', 'label']) expect(found.reason).toContain(`${field}: `);
    expect(found.reason).not.toContain('canary');
    expect(found.recordKey).toBe('12');
  });

  test('show a key only where it looks like an id', () => {
    expect(reject({ id: 'canary' }).recordKey).toBeNull();
    expect(reject({ id: '12', seats: 'x' }).recordKey).toBe('12');
  });

  test('name the field whose text Postgres cannot hold, known or not', () => {
    expect(reject({ id: 1, label: 'a\0' }).reason).toMatch(/^label: .*NUL/);
    expect(reject({ id: 1, other: { deep: ['\ud800'] } }).reason).toMatch(/^other: .*surrogate/);
    expect(reject({ id: 1, 'ca\0nary': 1 }).reason).toMatch(/^\(unprintable\): /);
  });

  test('a compound key takes what the record lacks from the path', () => {
    const pairs = defineResource({ ...options, name: 'pairs', key: ['owner_id', 'seats'] });
    expect(row({ seats: 3 }, { resource: pairs }).key).toEqual(['1001', '6', '3']);
    expect(reject({ seats: 3, bornOn: 'x' }, { resource: pairs }).recordKey).toBe('6/3');
  });
});

describe('records inside a JSON field', () => {
  const inner = { id: bigint('operational'), label: text('clinical'), at: instant('operational', { volatile: true }) };
  const nested = (known: ReturnType<typeof members>) =>
    defineResource({ ...options, fields: { ...options.fields, parts: json('clinical', { members: known }) } });
  const withTable = nested(membersOf(inner));
  const without = nested(members('id', 'label'));
  const hashOf = (parts: unknown, resource = withTable) => row({ id: 1, parts }, { resource }).hash;

  test.each([
    ['the order of their keys', [{ label: 'a', id: 1 }]],
    ['a field that nobody knows', [{ id: 1, label: 'a', servedAt: 'now' }]],
    ['a field that moves by itself', [{ id: 1, label: 'a', at: '2024-01-01T00:00:00Z' }]],
  ])('are the same whatever %s', (_name, parts) => {
    expect(hashOf(parts)).toBe(hashOf([{ id: 1, label: 'a' }]));
    expect(hashOf(parts)).toMatch(/^02/);
  });

  test.each([
    ['a known field', [{ id: 1, label: 'b' }]],
    [
      'their order',
      [
        { id: 2, label: 'b' },
        { id: 1, label: 'a' },
      ],
    ],
    [
      'one more',
      [
        { id: 1, label: 'a' },
        { id: 2, label: 'b' },
      ],
    ],
    ['nothing that is known', [{ ID: 1, Label: 'a' }]],
    ['no record at all', ['a']],
  ])('are others by %s', (_name, parts) => {
    const two = [
      { id: 1, label: 'a' },
      { id: 2, label: 'b' },
    ];
    expect(hashOf(parts)).not.toBe(hashOf([{ id: 1, label: 'a' }]));
    if (parts.length === 2 && (parts[0] as { id: number }).id === 2) expect(hashOf(parts)).not.toBe(hashOf(two));
  });

  test('count in whole when they have no known field, so that no change is missed', () => {
    expect(hashOf([{ Label: 'a' }])).not.toBe(hashOf([{ Label: 'b' }]));
  });

  test('have their unknown fields counted where no table of their own does that', () => {
    const unknown: UnknownFields = new Map();
    const record = {
      id: 1,
      parts: [
        { id: 1, odd: 1 },
        { id: 2, odd: 2, 'name with spaces': 1 },
      ],
    };
    row(record, { resource: without, unknown });
    expect([...unknown]).toEqual([
      ['parts.odd', 2],
      ['(unprintable)', 1],
    ]);
    const none: UnknownFields = new Map();
    row(record, { resource: withTable, unknown: none });
    expect(none.size).toBe(0);
  });

  test('are recognised in rows that were stored by their whole JSON', () => {
    const parts = [{ id: 1, label: 'a', servedAt: 'now' }];
    const [, whole] = row({ id: 1, parts }, { resource: withTable }).formerHashes();
    expect(whole).toBe(row({ id: 1, parts }).hash);
  });

  test('without unknown fields have the hash that rows had before, behind another first byte', () => {
    const parts = [{ id: 1, label: 'a' }];
    expect(hashOf(parts)).toBe(`02${row({ id: 1, parts }).hash.slice(2)}`);
    expect(row({ id: 1, parts }, { resource: withTable }).formerHashes()).toHaveLength(1);
  });

  test('may have fields named like parts of an object', () => {
    const plain = hashOf([{ id: 1, label: 'a' }]);
    expect(hashOf([{ id: 1, label: 'a', constructor: { x: 1 }, toString: [1] }])).toBe(plain);
    expect(hashOf([{ constructor: { x: 1 } }])).not.toBe(hashOf([{ constructor: { x: 2 } }]));
  });
});
