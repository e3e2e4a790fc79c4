import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Document, readContract } from '../../simulator/contract.ts';
import type { Row } from '../../simulator/data/types.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { defineRows, type RowsSpec } from '../../simulator/rows/define.ts';
import { loadTables } from '../../simulator/rows/load-tables.ts';
import { type TestClient, testClient } from '../../simulator/testing.ts';

/** Lists of every shape that one file can declare, which the contract does not have. */

const instant = { type: 'string', format: 'date-time' };
const parameters = [
  { name: 'from', in: 'query', schema: instant },
  { name: 'to', in: 'query', schema: instant },
  { name: 'status', in: 'query', schema: { type: 'string' } },
  { name: 'word', in: 'query', schema: { type: 'string' } },
  { name: 'patientId', in: 'query', schema: { type: 'integer' } },
  { name: 'cursor', in: 'query', schema: { type: 'string' } },
  { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100 } },
];
const listOf = (operationId: string, scope: string, parent?: { list: string; param: string }): Row => ({
  operationId,
  parameters,
  'x-list-key': 'rows',
  'x-paginated': true,
  'x-scope': scope,
  'x-incremental': { from: 'from', to: 'to', field: 'createdAt' },
  ...(parent === undefined ? {} : { 'x-parent': parent }),
});

const ACCOUNT = '/partner/v2/account/{accountId}';
const PLACE = `${ACCOUNT}/location/{locationId}`;

function contract(): Document {
  const document = readContract();
  Object.assign(document.paths, {
    [`${PLACE}/wait`]: { get: listOf('listWaits', 'location') },
    [`${PLACE}/wait/{waitId}`]: { get: { operationId: 'getWait' } },
    [`${ACCOUNT}/tag`]: { get: listOf('listTags', 'account') },
    '/partner/v2/country': { get: listOf('listCountries', 'global') },
    [`${ACCOUNT}/patients/{patientId}/pulse`]: {
      get: listOf('listPulses', 'account', { list: 'listPatients', param: 'patientId' }),
    },
    [`${ACCOUNT}/patients/{patientId}/pulse/{pulseId}`]: { get: { operationId: 'getPulse' } },
    [`${ACCOUNT}/staff/{staffId}/badge`]: {
      get: listOf('listBadges', 'account', { list: 'listStaff', param: 'staffId' }),
    },
    [`${PLACE}/wait/{waitId}/call`]: { get: listOf('listCalls', 'location', { list: 'listWaits', param: 'waitId' }) },
  });
  return document;
}

const spec = (resource: string, list: string, idBase: number, more: Partial<RowsSpec> = {}): RowsSpec =>
  defineRows({
    resource,
    list,
    idBase,
    count: (patients) => patients,
    row: ({ id, hash, created, asOf, context: { clock }, patient, parent }) => ({
      id,
      patientId: patient().id,
      above: parent?.['id'] ?? null,
      word: hash(2) % 2 === 0 ? 'Early bird' : 'late',
      status: hash(3) % 3 === 0 ? 'CLOSED' : 'OPEN',
      createdAt: clock.utc(created),
      updatedAt: clock.utc(asOf),
    }),
    filters: { word: (value) => (row) => String(row['word']).toLowerCase().includes(String(value)) },
    evolve: {
      perDay: (patients) => patients / 5,
      change: (row, roll) => (row['status'] === 'OPEN' && roll % 2 === 0 ? { status: 'CLOSED' } : undefined),
    },
    ...more,
  });

const few = { count: (_patients: number, hash: number): number => hash % 4 };
const TABLES = [
  // A child before its parent: the order of the files does not count.
  spec('calls', 'listCalls', 9_000_000, few),
  spec('waits', 'listWaits', 8_000_000, { get: 'getWait' }),
  spec('tags', 'listTags', 10_000_000),
  spec('pulses', 'listPulses', 11_000_000, { ...few, get: 'getPulse' }),
  spec('badges', 'listBadges', 12_000_000, few),
  spec('countries', 'listCountries', 13_000_000, { count: () => 5, row: ({ id }) => ({ id }) }),
];

let simulator: Simulator;
let client: TestClient;
let place: string;
beforeAll(async () => {
  simulator = await startSimulator(
    { patients: 60 },
    { contract: contract(), tables: [...(await loadTables()), ...TABLES] },
  );
  client = await testClient(simulator);
  place = `/account/1001/location/${String((await client.truth(1001, 'locations'))[0]?.row['id'])}`;
});
afterAll(() => simulator.stop());

const ids = (rows: readonly Row[]): unknown[] => rows.map((row) => row['id']).sort();

describe('a declared list', () => {
  it('is served page by page at its scope', async () => {
    const waits = await client.truth(1001, 'waits');
    const here = waits.filter(({ locationId }) => place.endsWith(`/${String(locationId)}`)).map(({ row }) => row);
    expect(here.length).toBeGreaterThan(5);
    expect(ids(await client.rows(`${place}/wait`, 'rows', 7))).toEqual(ids(here));
    expect(ids(await client.rows('/account/1001/tag', 'rows', 7))).toEqual(
      ids((await client.truth(1001, 'tags')).map(({ row }) => row)),
    );
    expect(await client.rows('/country', 'rows')).toHaveLength(5);
  });

  it.each([
    ['pulses', 'patients', 'pulse', false],
    ['badges', 'staff', 'badge', false],
    ['calls', 'wait', 'call', true],
  ] as const)('%s is served below its parents', async (resource, above, path, atLocation) => {
    const truth = await client.truth(1001, resource);
    expect(truth.length).toBeGreaterThan(5);
    for (const { parentId, locationId } of truth.slice(0, 10)) {
      const base = atLocation ? `/account/1001/location/${String(locationId)}` : '/account/1001';
      const own = truth.filter((found) => found.parentId === parentId).map(({ row }) => row);
      expect(ids(await client.rows(`${base}/${above}/${String(parentId)}/${path}`, 'rows', 1))).toEqual(ids(own));
      expect(own.every((row) => row['above'] === parentId)).toBe(true);
    }
  });

  it('filters by fields, by patient, by its own filters and by date', async () => {
    const all = await client.rows(`${place}/wait`, 'rows');
    const [first] = all as [Row];
    const from = String(all.map((row) => String(row['createdAt'])).sort()[3]);
    for (const [query, accept] of [
      ['status=OPEN', (row: Row) => row['status'] === 'OPEN'],
      [`patientId=${String(first['patientId'])}`, (row: Row) => row['patientId'] === first['patientId']],
      ['word=early', (row: Row) => row['word'] === 'Early bird'],
      [`from=${from}`, (row: Row) => String(row['createdAt']) >= from],
    ] as const) {
      const wanted = all.filter(accept);
      expect(wanted.length, query).toBeGreaterThan(0);
      expect(wanted.length, query).toBeLessThan(all.length);
      expect(ids(await client.rows(`${place}/wait?${query}`, 'rows', 3))).toEqual(ids(wanted));
    }
  });

  it('gives one row by its id, and 404 for another', async () => {
    const [row] = (await client.rows(`${place}/wait`, 'rows')) as [Row];
    expect((await client.get(`${place}/wait/${String(row['id'])}`)).body).toEqual(row);
    expect((await client.get(`${place}/wait/1`)).status).toBe(404);
    const [pulse] = await client.truth(1001, 'pulses');
    const at = `/account/1001/patients/${String(pulse?.parentId)}/pulse`;
    expect((await client.get(`${at}/${String(pulse?.row['id'])}`)).body).toEqual(pulse?.row);
    expect((await client.get('/account/1001/patients/1/pulse')).status).toBe(404);
  });

  it('changes as its journal says', async () => {
    const resources = TABLES.map(({ resource }) => resource).filter((name) => name !== 'countries');
    const snapshot = async (): Promise<Map<string, string>> => {
      const found = new Map<string, string>();
      for (const resource of resources)
        for (const { row } of await client.truth(1001, resource))
          found.set(`${resource} ${String(row['id'])}`, JSON.stringify(row));
      return found;
    };
    const before = await snapshot();
    const journal = simulator
      .evolve(90)
      .filter((entry) => entry.accountId === 1001 && resources.includes(entry.resource));
    const after = await snapshot();
    const wanted = [...new Set([...before.keys(), ...after.keys()])]
      .filter((key) => before.get(key) !== after.get(key))
      .map((key) => `${key} ${!before.has(key) ? 'created' : after.has(key) ? 'updated' : 'deleted'}`);
    expect(journal.map(({ resource, id, change }) => `${resource} ${String(id)} ${change}`).sort()).toEqual(
      wanted.sort(),
    );
    for (const resource of resources)
      expect(journal.filter((entry) => entry.resource === resource).map(({ change }) => change)).toEqual(
        expect.arrayContaining(['created', 'updated']),
      );
  });
});

describe('a declaration that does not fit the contract', () => {
  it.each([
    [spec('waits', 'listNothing', 1), /no operation listNothing/],
    [spec('waits', 'getWait', 1), /x-list-key and x-scope/],
    [spec('calls', 'listCalls', 1), /nothing lists listWaits/],
  ])('is refused when the simulator starts: %#', async (table, message) => {
    await expect(startSimulator({ patients: 1 }, { contract: contract(), tables: [table] })).rejects.toThrow(message);
  });
});
