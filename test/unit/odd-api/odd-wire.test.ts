import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OddClient } from '../../odd-api/client.ts';
import type { OddApi, OddSpec } from '../../odd-api/start.ts';
import { startOddApi } from '../../odd-api/start.ts';
import type { Entry, Row } from '../../odd-api/world/collection.ts';

let api: OddApi;
let client: OddClient;
let now: number;
let path: string;
let patient: Entry;

beforeEach(async () => {
  now = Date.UTC(2027, 2, 4, 12);
  api = await startOddApi({ seed: 6, patients: 20, clock: () => now });
  client = new OddClient(api);
  patient = api.world.patients.entries().find(({ row }) => /[^\u0000-\u007f]/.test(String(row['lastName']))) as Entry;
  path = `/account/${patient.home.accountId}/patients/${patient.key}`;
});

afterEach(async () => {
  expect(api.faults).toEqual([]);
  await api.close();
});

const stored = () => api.world.patients.get(patient.key);

function put(changes: Row) {
  return client.send('PUT', path, changes);
}

/** A raw fetch, for bodies that are no UTF-8 and answers that never end. */
async function fetchBytes(signal?: AbortSignal): Promise<{ type: string | null; bytes: Buffer }> {
  const headers = { authorization: `Bearer ${await client.token()}` };
  const response = await fetch(`${api.url}/partner/v2${path}`, {
    headers,
    ...(signal === undefined ? {} : { signal }),
  });
  return { type: response.headers.get('content-type'), bytes: Buffer.from(await response.arrayBuffer()) };
}

async function codeOf(failing: Promise<unknown>): Promise<string | undefined> {
  try {
    await failing;
    return undefined;
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    return cause?.code ?? (error as Error).name;
  }
}

async function oddBytes(spec: OddSpec) {
  api.odd.clear();
  api.odd.add({ ...spec, op: 'getPatient' });
  return fetchBytes();
}

describe('bytes and connections', () => {
  test('other encodings', async () => {
    api.world.patients.update(patient.key, { lastName: 'Müller ☂' });
    const bare = await oddBytes({ kind: 'latin1' });
    expect([bare.type, bare.bytes.toString('latin1').includes('"Müller ?"')]).toEqual(['application/json', true]);
    expect((await oddBytes({ kind: 'latin1', declared: true })).type).toContain('ISO-8859-1');
    const little = await oddBytes({ kind: 'utf16' });
    expect([...little.bytes.subarray(0, 2)]).toEqual([0xff, 0xfe]);
    expect(little.bytes.toString('utf16le')).toContain('"Müller ☂"');
    const big = await oddBytes({ kind: 'utf16', bigEndian: true, declared: true });
    expect([...big.bytes.subarray(0, 2)]).toEqual([0xfe, 0xff]);
    expect(big.type).toContain('utf-16');
  });

  test('bodies that end early, or lie about being packed', async () => {
    api.odd.clear();
    const whole = (await fetchBytes()).bytes.length;
    expect((await oddBytes({ kind: 'truncated' })).bytes.length).toBe(Math.floor(whole / 2));
    expect(await codeOf(oddBytes({ kind: 'truncated', how: 'cut' }))).toMatch(/UND_ERR_SOCKET|ECONNRESET/);
    expect(await codeOf(oddBytes({ kind: 'gzip-lie' }))).toBe('Z_DATA_ERROR');
  });

  test('slow, late and stalled bodies', async () => {
    const whole = (await fetchBytes()).bytes;
    const slow = await oddBytes({ kind: 'slow', bytes: 50, everyMs: 1 });
    expect(JSON.parse(slow.bytes.toString())).toEqual(JSON.parse(whole.toString()));
    await oddBytes({ kind: 'delay', ms: 1 });
    api.odd.clear();
    api.odd.add({ kind: 'stalled', op: 'getPatient' });
    expect(await codeOf(fetchBytes(AbortSignal.timeout(150)))).toBe('TimeoutError');
  });

  test('no answer, and answers from elsewhere', async () => {
    expect(await codeOf(oddBytes({ kind: 'reset' }))).toMatch(/UND_ERR_SOCKET|ECONNRESET/);
    api.odd.clear();
    api.odd.add({ kind: 'redirect', status: 307, to: 'http://other.example.test/x' });
    const reply = await client.get(path.replace(/\/patients.*/, '/patients'));
    expect([reply.status, reply.headers.get('location')]).toEqual([307, 'http://other.example.test/x']);
  });

  test('the token endpoint and the API away, each for itself', async () => {
    await api.refuse('token');
    expect(await codeOf(client.token())).toBe('ECONNREFUSED');
    await api.accept('token');
    expect((await client.get(path)).status).toBe(200);
    await api.refuse('api');
    expect(await codeOf(client.get(path))).toMatch(/ECONNREFUSED|UND_ERR_SOCKET|ECONNRESET/);
    await api.accept('api');
    expect((await client.get(path)).status).toBe(200);
    api.odd.add({ kind: 'html', op: 'token' });
    const page = await fetch(api.tokenUrl, { method: 'POST' });
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<html>')]);
    api.odd.clear();
    api.odd.add({ kind: 'away', op: 'token' });
    expect((await fetch(api.tokenUrl, { method: 'POST' })).status).toBe(503);
  });
});

describe('odd answers to writes', () => {
  test('said and not done', async () => {
    api.odd.add({ kind: 'no-effect', op: ['updatePatient', 'deletePatient'] });
    const before = stored();
    expect((await put({ email: 'x@y.example.test' })).json).toEqual({ success: false });
    api.odd.clear();
    api.odd.add({ kind: 'no-effect', status: 202, json: {} });
    expect((await put({ email: 'x@y.example.test' })).status).toBe(202);
    api.odd.clear();
    api.odd.add({ kind: 'no-effect', op: 'deletePatient', json: { error: 'locked' } });
    const removed = await client.send('DELETE', path);
    expect([removed.status, removed.json]).toEqual([200, { error: 'locked' }]);
    expect(stored()).toEqual(before);
  });

  test('done later, by requests or by the clock', async () => {
    api.odd.add({ kind: 'late-effect', op: 'updatePatient', afterRequests: 2 });
    expect((await put({ email: 'late@x.example.test' })).status).toBe(202);
    await client.get('/role-group');
    expect(stored()).not.toMatchObject({ email: 'late@x.example.test' });
    await client.get('/role-group');
    expect(stored()).toMatchObject({ email: 'late@x.example.test' });
    api.odd.clear();
    api.odd.add({ kind: 'late-effect', op: 'updatePatient', afterMs: 60_000 });
    await put({ email: 'later@x.example.test' });
    await client.get('/role-group');
    expect(stored()).toMatchObject({ email: 'late@x.example.test' });
    now += 60_000;
    await client.get('/role-group');
    expect(stored()).toMatchObject({ email: 'later@x.example.test' });
  });

  test('done, and the answer lost or that of another record', async () => {
    api.odd.add({ kind: 'lost-answer', op: 'updatePatient' });
    expect(await codeOf(put({ firstName: 'Lost' }))).toMatch(/UND_ERR_SOCKET|ECONNRESET/);
    expect(stored()).toMatchObject({ firstName: 'Lost' });
    api.odd.clear();
    api.odd.add({ kind: 'lost-answer', how: 'gateway' });
    expect((await put({ firstName: 'Again' })).status).toBe(502);
    expect(stored()).toMatchObject({ firstName: 'Again' });
    api.odd.clear();
    const other = api.world.patients.entries().find(({ key }) => key !== patient.key) as Entry;
    api.odd.add({ kind: 'answered-as', id: other.key });
    expect((await put({ firstName: 'Third' })).json).toMatchObject({ id: other.key });
    expect(stored()).toMatchObject({ firstName: 'Third' });
  });

  test('fields not sent are emptied', async () => {
    api.world.patients.update(patient.key, { email: 'a@b.example.test', gender: 'male' });
    api.odd.add({ kind: 'put-nulls', op: 'updatePatient' });
    const reply = await put({ firstName: 'Only' });
    expect(reply.json).toMatchObject({ firstName: 'Only' });
    expect(stored()).toMatchObject({ firstName: 'Only', email: null, gender: null, lastName: null });
  });

  test('kept in another form, or not at all', async () => {
    const cases = { folded: 'a"b\'c@x.test', upper: 'A"B\'C@X.TEST', quotes: 'A”b’C@x.test' } as const;
    for (const [how, kept] of Object.entries(cases) as [keyof typeof cases, string][]) {
      api.odd.clear();
      api.odd.add({ kind: 'kept-otherwise', how });
      await put({ email: 'A"b\'C@x.test' });
      expect(stored()).toMatchObject({ email: kept });
    }
    api.odd.clear();
    api.odd.add({ kind: 'kept-otherwise', how: 'dropped' });
    await put({ email: 'gone@x.example.test', gender: 'male' });
    expect(stored()).toMatchObject({ email: cases.quotes, gender: 'male' });
  });

  test('slots on a grid, slots that are taken, instants as Postgres prints them', async () => {
    const visit = api.world.appointments.in({ accountId: Number(patient.home.accountId) })[0] as Entry;
    const { patientId, practitionerId, appointmentTypeId } = visit.row;
    const visits = `/account/${visit.home.accountId}/location/${visit.home.locationId}/appointment`;
    const book = (startTime: string) =>
      client.send('POST', visits, { patientId, practitionerId, appointmentTypeId, startTime });
    const startOf = (json: unknown) => Date.parse(String((json as Row)['startTime']));
    api.odd.add({ kind: 'slots-rounded', minutes: 15 });
    expect(startOf((await book('2028-01-01T10:08:00Z')).json)).toBe(Date.UTC(2028, 0, 1, 10, 15));
    api.odd.clear();
    api.odd.add({ kind: 'taken-slot' });
    expect((await book('2028-01-01T10:16:00Z')).status).toBe(409);
    expect((await book('2028-01-03T10:16:00Z')).status).toBe(201);
    api.odd.clear();
    api.odd.add({ kind: 'taken-slot', always: true });
    expect((await book('2029-01-03T10:16:00Z')).status).toBe(409);
    api.odd.clear();
    expect((await book('2028-02-04 15:07:00+00')).status).toBe(400);
    api.odd.add({ kind: 'lenient-instants' });
    api.odd.add({ kind: 'stamp-local', field: 'startTime', zone: 'Pacific/Honolulu' });
    const lenient = await book('2028-02-04 15:07:00+00');
    expect([lenient.status, (lenient.json as Row)['startTime']]).toEqual([201, '2028-02-04T05:07:00']);
  });
});
