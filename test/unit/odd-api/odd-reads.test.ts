import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Reply } from '../../odd-api/client.ts';
import { OddClient } from '../../odd-api/client.ts';
import { retryAfterForms } from '../../odd-api/odd/bodies.ts';
import { ODD_DATES } from '../../odd-api/odd/values.ts';
import type { OddApi, OddSpec } from '../../odd-api/start.ts';
import { startOddApi } from '../../odd-api/start.ts';
import type { Entry, Row } from '../../odd-api/world/collection.ts';

const NOW = Date.UTC(2027, 2, 4, 12);

let api: OddApi;
let client: OddClient;
let account: string;
let patient: Entry;

beforeEach(async () => {
  api = await startOddApi({ seed: 5, patients: 25, clock: () => NOW });
  client = new OddClient(api);
  patient = api.world.patients.entries().find(({ row }) => 'updatedAt' in row && row['email'] !== null) as Entry;
  account = `/account/${patient.home.accountId}`;
});

afterEach(async () => {
  expect(api.faults).toEqual([]);
  await api.close();
});

const getPatient = () => client.get(`${account}/patients/${patient.key}`);
const listPatients = (query: Record<string, string> = {}) => client.get(`${account}/patients`, query);
const pageOf = (reply: Reply) => reply.json as { patients: Row[]; nextCursor?: string | null };

/** The odd kind on reads of one patient. */
async function oddPatient(spec: OddSpec): Promise<Reply> {
  api.odd.clear();
  api.odd.add({ ...spec, op: 'getPatient' });
  return getPatient();
}

async function oddList(spec: OddSpec, query: Record<string, string> = {}): Promise<Reply> {
  api.odd.clear();
  api.odd.add({ ...spec, op: 'listPatients' });
  return listPatients(query);
}

async function bytesOf(path: string): Promise<Buffer> {
  const authorization = `Bearer ${await client.token()}`;
  const response = await fetch(`${api.url}/partner/v2${path}`, { headers: { authorization } });
  return Buffer.from(await response.arrayBuffer());
}

describe('which requests an odd kind is for', () => {
  test('operation, path, number, times and time choose; names take away', async () => {
    let now = NOW;
    const own = await startOddApi({ seed: 1, patients: 2, clock: () => now });
    const asks = new OddClient(own);
    const statuses = async (count: number, path = '/role-group') => {
      const found: number[] = [];
      for (let index = 0; index < count; index += 1) found.push((await asks.get(path)).status);
      return found;
    };
    own.odd.add({ kind: 'away', op: 'listRoleGroups', nth: 2 });
    expect(await statuses(3)).toEqual([200, 503, 200]);
    expect(await statuses(2, '/webhook')).toEqual([200, 200]);
    expect(own.odd.applied('away')).toBe(1);
    expect(own.odd.remove('away')).toBe(true);
    expect(own.odd.remove('away')).toBe(false);
    own.odd.add({ kind: 'refused', status: 403, path: /webhook$/, times: 1 });
    expect(await statuses(2, '/webhook')).toEqual([403, 200]);
    own.odd.clear();
    own.odd.add({ kind: 'away', since: NOW + 1000, until: NOW + 2000 });
    expect(await statuses(1)).toEqual([200]);
    now += 1500;
    expect(await statuses(1)).toEqual([503]);
    now += 1000;
    expect(await statuses(1)).toEqual([200]);
    expect(own.requests.all.filter(({ odd }) => odd.includes('away')).map(({ status }) => status)).toEqual([503, 503]);
    await own.close();
  });

  test('kinds compose: the body of one and the header of another', async () => {
    api.odd.add({ kind: 'date-skew', ms: -60_000 });
    api.odd.add({ kind: 'new-field', op: 'getPatient' });
    api.odd.add({ kind: 'bom', op: 'getPatient' });
    const reply = await getPatient();
    expect(reply.headers.get('date')).toBe(new Date(NOW - 60_000).toUTCString());
    expect((await bytesOf(`${account}/patients/${patient.key}`)).subarray(0, 3)).toEqual(
      Buffer.from([0xef, 0xbb, 0xbf]),
    );
    expect(reply.text).toContain('"loyaltyTier":"silver"');
  });
});

describe('bodies, refusals and clocks', () => {
  test('error bodies at 200', async () => {
    expect((await oddPatient({ kind: 'error-body' })).json).toEqual({ error: 'temporarily unavailable' });
    for (const json of [{}, { success: false }, [], null, 'text']) {
      const reply = await oddPatient({ kind: 'error-body', json });
      expect([reply.status, reply.json]).toEqual([200, json]);
    }
    expect((await oddPatient({ kind: 'error-body', text: '' })).text).toBe('');
    const page = await oddPatient({ kind: 'html' });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html']);
  });

  test('refusals and waits', async () => {
    for (const status of [401, 403, 404]) {
      expect((await oddList({ kind: 'refused', status })).status).toBe(status);
      expect((await getPatient()).status).toBe(200);
    }
    api.odd.clear();
    api.odd.add({ kind: 'filter-refused', filter: 'email' });
    expect((await listPatients({ email: 'a' })).status).toBe(400);
    expect((await listPatients()).status).toBe(200);
    for (const value of Object.values(retryAfterForms(NOW, 7))) {
      const reply = await oddPatient({ kind: 'retry-after', value });
      expect([reply.status, reply.headers.get('retry-after')]).toEqual([429, value.trim()]);
    }
  });

  test('dates of the server', async () => {
    expect((await oddPatient({ kind: 'date-garbage' })).headers.get('date')).toBe('yesterday');
    expect((await oddPatient({ kind: 'date-missing' })).headers.get('date')).toBeNull();
    api.odd.clear();
    expect((await getPatient()).headers.get('date')).toBe(new Date(NOW).toUTCString());
  });

  test('stamps that go back, never end or are local', async () => {
    const stamp = Date.parse(String(patient.row['updatedAt']));
    const back = (await oddPatient({ kind: 'stamp-shift' })).json as Row;
    expect(Date.parse(String(back['updatedAt']))).toBe(stamp - 86_400_000);
    expect((await oddPatient({ kind: 'stamp-fixed' })).json).toMatchObject({ updatedAt: '9999-12-31T23:59:59Z' });
    api.world.patients.update(patient.key, { updatedAt: '2026-11-01T06:30:00Z' });
    const second = (await oddPatient({ kind: 'stamp-local' })).json;
    api.world.patients.update(patient.key, { updatedAt: '2026-11-01T05:30:00Z' });
    const first = (await oddPatient({ kind: 'stamp-local' })).json;
    expect([first, second]).toMatchObject([{ updatedAt: '2026-11-01T01:30:00' }, { updatedAt: '2026-11-01T01:30:00' }]);
  });
});

describe('records', () => {
  test('keys, moving and new fields', async () => {
    const orders = new Set<string>();
    for (let index = 0; index < 4; index += 1) {
      orders.add(Object.keys(pageOf(await oddList({ kind: 'shuffled-keys' })).patients[0] as Row).join());
    }
    expect(orders.size).toBeGreaterThan(1);
    api.odd.clear();
    api.odd.add({ kind: 'moving-field', form: 'url', field: 'photoUrl' });
    const [one, two] = [await listPatients(), await listPatients()].map(
      (reply) => pageOf(reply).patients[0]?.['photoUrl'],
    );
    expect(one).not.toBe(two);
    api.odd.add({ kind: 'moving-inside', field: 'servedAt' });
    const { home, key } = api.world.invoices
      .entries()
      .find(({ row }) => (row['lineItems'] as Row[]).length > 0) as Entry;
    const invoice = async () =>
      (await client.get(`/account/${home.accountId}/location/${home.locationId}/invoice/${key}`)).json as Row;
    const lines = [await invoice(), await invoice()].map((each) => (each['lineItems'] as Row[])[0]?.['servedAt']);
    expect(lines[0]).not.toBe(lines[1]);
    expect(await invoice()).not.toHaveProperty('servedAt');
    const dropped = (await oddPatient({ kind: 'drop-field', field: 'email' })).json as Row;
    expect(dropped).not.toHaveProperty('email');
    expect((await oddPatient({ kind: 'set-field', field: 'email', value: 5 })).json).toMatchObject({ email: 5 });
    expect((await oddPatient({ kind: 'set-field', field: 'email', value: 5, ids: [1] })).json).not.toMatchObject({
      email: 5,
    });
  });

  test('odd dates, numbers and texts', async () => {
    for (const form of Object.keys(ODD_DATES) as (keyof typeof ODD_DATES)[]) {
      const reply = await oddPatient({ kind: 'odd-date', field: 'dateOfBirth', form });
      expect(reply.json).toMatchObject({ dateOfBirth: ODD_DATES[form] });
    }
    const id = String(patient.key);
    const numbers = {
      text: `"${id}"`,
      'beyond-2^53': '9007199254740993',
      exponent: `${id}e0`,
      'with-point': `${id}.0`,
      huge: '1e400',
    } as const;
    for (const [form, written] of Object.entries(numbers) as [keyof typeof numbers, string][]) {
      expect((await oddPatient({ kind: 'odd-number', field: 'id', form })).text).toMatch(
        new RegExp(`"id":${written.replaceAll('.', '\\.')}[,}]`),
      );
    }
    expect((await oddPatient({ kind: 'odd-text', field: 'firstName', form: 'nul' })).text).toContain('"a\\u0000b"');
    expect((await oddPatient({ kind: 'odd-text', field: 'firstName', form: 'lone-high-surrogate' })).text).toContain(
      '"a\\ud83d"',
    );
  });

  test('deep, huge and no records', async () => {
    const deep = await oddPatient({ kind: 'deep-record' });
    expect(deep.text).toContain('{"d":'.repeat(5_000));
    expect(deep.json).toBeDefined();
    expect((await oddPatient({ kind: 'huge-record', bytes: 300_000 })).text.length).toBeGreaterThan(300_000);
    const rows = pageOf(await oddList({ kind: 'odd-record', value: null })).patients;
    expect(new Set(rows)).toEqual(new Set([null]));
    expect(pageOf(await oddList({ kind: 'odd-row', value: 'x' })).patients.at(-1)).toBe('x');
  });

  test('rows of somebody else, merged patients, rows that left the list', async () => {
    const lab = api.world.labs.entries().find(({ row }) => row['testPanels'] !== null) as Entry;
    const labs = `/account/${lab.home.accountId}/location/${lab.home.locationId}/lab`;
    api.odd.add({ kind: 'foreign-rows', op: 'listLabs', field: 'locationId', value: 77 });
    const foreign = (await client.get(labs)).json as { labs: Row[] };
    expect(new Set(foreign.labs.map((row) => row['locationId']))).toEqual(new Set([77]));

    const other = api.world.patients
      .in({ accountId: Number(patient.home.accountId) })
      .find(({ key }) => key !== patient.key) as Entry;
    expect((await oddPatient({ kind: 'merged', oldId: patient.key, newId: other.key })).json).toMatchObject({
      id: other.key,
    });
    api.odd.clear();
    api.world.mergePatients(patient.key, other.key);
    expect((await getPatient()).status).toBe(404);
    expect(api.world.appointments.entries().some(({ row }) => row['patientId'] === patient.key)).toBe(false);

    api.odd.add({ kind: 'rows-missing', op: 'listPatients', ids: [other.key] });
    const rows = await client.all(`${account}/patients`, 'patients');
    expect(rows.some((row) => row['id'] === other.key)).toBe(false);
    expect((await client.get(`${account}/patients/${other.key}`)).status).toBe(200);

    api.odd.clear();
    api.odd.add({ kind: 'lab-panels-later' });
    expect((await client.get(`${labs}/${lab.key}`)).json).toMatchObject({ testPanels: null });
    expect((await client.get(`${labs}/${lab.key}/test-component`)).json).toEqual({ testComponents: [] });
    api.odd.clear();
    expect((await client.get(`${labs}/${lab.key}/test-component`)).json).not.toEqual({ testComponents: [] });
  });
});

describe('pages', () => {
  test('an id twice, the newer first', async () => {
    const rows = pageOf(
      await oddList({ kind: 'duplicate-id', older: { lastName: 'Before' } }, { limit: '5' }),
    ).patients;
    expect(rows.at(-1)).toMatchObject({ id: rows[0]?.['id'], lastName: 'Before' });
  });

  test('a full page without the key, keys that nobody knows, the array under another name', async () => {
    const full = await oddList({ kind: 'no-next-cursor' }, { limit: '10' });
    expect(pageOf(full).patients.length).toBe(10);
    expect(full.json).not.toHaveProperty('nextCursor');
    expect((await oddList({ kind: 'unknown-top-key' })).json).toMatchObject({ total: 1 });
    expect(Object.keys((await oddList({ kind: 'list-key', to: 'data' })).json as Row).sort()).toEqual([
      'data',
      'nextCursor',
    ]);
  });

  test('cursors without end', async () => {
    for (const kind of ['empty-pages', 'endless-pages'] as const) {
      const first = pageOf(await oddList({ kind }));
      const second = pageOf(await listPatients({ cursor: String(first.nextCursor) }));
      expect(second.nextCursor).not.toBe(first.nextCursor);
      expect(second.patients).toEqual(first.patients);
      expect(second.patients.length === 0).toBe(kind === 'empty-pages');
    }
    await oddList({ kind: 'cursor-repeats' });
    expect(pageOf(await listPatients({ cursor: 'again' })).nextCursor).toBe('again');
  });

  test('rows move between reads: some are missed, some come twice', async () => {
    await oddList({ kind: 'rows-move' });
    const ids = (await client.all(`${account}/patients`, 'patients', { limit: '3' })).map((row) => row['id']);
    expect(ids.length).toBe(25);
    expect(new Set(ids).size).toBeLessThan(25);
  });
});
