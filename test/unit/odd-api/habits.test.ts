import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OddClient } from '../../odd-api/client.ts';
import type { OddApi } from '../../odd-api/start.ts';
import { startOddApi } from '../../odd-api/start.ts';
import type { Entry, Row } from '../../odd-api/world/collection.ts';
import { problems } from './contract.ts';

const NOW = Date.UTC(2027, 2, 4, 12);

let api: OddApi;
let client: OddClient;
let account: string;
let location: string;

beforeAll(async () => {
  api = await startOddApi({ seed: 'habits', patients: 60, clock: () => NOW });
  client = new OddClient(api);
  const { key, home } = api.world.locations.entries()[0] as Entry;
  account = `/account/${home.accountId}`;
  location = `${account}/location/${key}`;
});

afterAll(async () => {
  expect(api.faults).toEqual([]);
  await api.close();
});

const idsOf = (rows: readonly Row[]) => rows.map((row) => row['id']);

/** The bytes as they travel. */
async function rawGet(path: string, accept: string): Promise<{ encoding: string | undefined; bytes: Buffer }> {
  const authorization = `Bearer ${await client.token()}`;
  return new Promise((resolve, reject) => {
    const headers = { authorization, 'accept-encoding': accept };
    request(`${api.url}/partner/v2${path}`, { headers }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      resolve({ encoding: response.headers['content-encoding'], bytes });
    })
      .on('error', reject)
      .end();
  });
}

describe('habits of the odd API', () => {
  test('the same seed and time make the same world, another seed another one', async () => {
    const again = await startOddApi({ seed: 'habits', patients: 60, clock: () => NOW });
    const other = await startOddApi({ seed: 'other', patients: 60, clock: () => NOW });
    expect(again.world.patients.entries()).toEqual(api.world.patients.entries());
    expect(other.world.patients.entries()).not.toEqual(api.world.patients.entries());
    await Promise.all([again.close(), other.close()]);
  });

  test('ids leave gaps', () => {
    const keys = api.world.patients.keys();
    expect(keys.slice(1).filter((key, index) => key === (keys[index] ?? 0) + 1).length).toBeLessThan(keys.length / 10);
  });

  test('pages hold fewer rows than requested, and a cursor all the same', async () => {
    const { json } = await client.get(`${account}/patients`, { limit: '50' });
    const page = json as { patients: Row[]; nextCursor?: string };
    const sizes = [page.patients.length];
    expect(page.nextCursor).toMatch(/[+/=&%#;]/);
    const next = await client.get(`${account}/patients`, { limit: '50', cursor: page.nextCursor ?? '' });
    sizes.push((next.json as { patients: Row[] }).patients.length);
    expect(Math.min(...sizes)).toBeLessThan(50);
    // A cursor is bound to its list and filters.
    expect((await client.get(`${account}/patients`, { name: 'a', cursor: page.nextCursor ?? '' })).status).toBe(400);
  });

  test('a row that goes while the list is read takes no other one along', async () => {
    const { json } = await client.get(`${account}/patients`, { limit: '10' });
    const page = json as { patients: Row[]; nextCursor: string };
    const whole = idsOf(await client.all(`${account}/patients`, 'patients', { limit: '10' }));
    const last = page.patients.at(-1)?.['id'] as number;
    const saved = api.world.patients.find(last) as Entry;
    api.world.patients.delete(last);
    const next = await client.get(`${account}/patients`, { limit: '10', cursor: page.nextCursor });
    const rest = idsOf((next.json as { patients: Row[] }).patients);
    expect(rest).toEqual(whole.slice(page.patients.length, page.patients.length + rest.length));
    api.world.patients.add(saved.row, saved.home);
  });

  test('lists end in three ways', async () => {
    const ends = new Set<unknown>();
    for (const list of ['staff', 'category', 'patients', 'appointment/type', 'location']) {
      const { json } = await client.get(`${account}/${list}`, { limit: '100' });
      const page = json as Row;
      ends.add('nextCursor' in page ? page['nextCursor'] : 'absent');
    }
    for (const list of ['invoice', 'lab', 'payment-request', 'form/template', 'remote-care/service']) {
      const { json } = await client.get(`${location}/${list}`, { limit: '100' });
      const page = json as Row;
      if (page['nextCursor']) continue;
      ends.add('nextCursor' in page ? page['nextCursor'] : 'absent');
    }
    for (const end of [null, '', 'absent']) expect(ends).toContain(end);
  });

  test('nulls are left out in part, instants come in several forms of the same moment', async () => {
    const rows = await client.all(`${account}/patients`, 'patients', { limit: '100' });
    expect(rows.some((row) => row['email'] === null)).toBe(true);
    expect(rows.some((row) => !('email' in row))).toBe(true);
    const forms = new Set<string>();
    for (const row of rows) {
      const stamp = row['updatedAt'];
      if (typeof stamp !== 'string') continue;
      const kept = api.world.patients.get(row['id'] as number)['updatedAt'];
      expect(Date.parse(stamp)).toBe(Date.parse(String(kept)));
      forms.add(stamp.replaceAll(/\d/g, '0'));
    }
    expect(forms.size).toBeGreaterThanOrEqual(5);
  });

  test('a read by id shows the same record with its keys in another order', async () => {
    const [row] = (await client.all(`${account}/patients`, 'patients')) as [Row];
    const { json } = await client.get(`${account}/patients/${row['id']}`);
    expect(json).toEqual(row);
    expect(Object.keys(json as Row)).not.toEqual(Object.keys(row));
  });

  test('visits carry the offset of their location', async () => {
    const { row, home } = api.world.appointments.entries()[0] as Entry;
    const path = `/account/${home.accountId}/location/${home.locationId}/appointment/${row['id']}`;
    const { startTime } = (await client.get(path)).json as { startTime: string };
    expect(startTime).toMatch(/[+-]\d\d:00$/);
    expect(Date.parse(startTime)).toBe(Date.parse(String(row['startTime'])));
  });

  test('bodies are packed for clients that accept it', async () => {
    const packed = await rawGet('/role-group', 'br, gzip');
    expect(packed.encoding).toBe('gzip');
    const bare = await rawGet('/role-group', 'identity');
    expect(bare.encoding).toBeUndefined();
    expect(gunzipSync(packed.bytes).equals(bare.bytes)).toBe(true);
  });

  test('filters and sorting follow the contract', async () => {
    const visits = api.world.appointments.in({ locationId: Number(location.split('/').at(-1)) }).map(({ row }) => row);
    const [one] = visits as [Row];
    const ask = (query: Record<string, string>) => client.all(`${location}/appointment`, 'appointments', query);
    const match = (fits: (row: Row) => boolean) => idsOf(visits.filter(fits)).sort();
    expect(idsOf(await ask({ patientId: String(one['patientId']) })).sort()).toEqual(
      match((row) => row['patientId'] === one['patientId']),
    );
    expect(idsOf(await ask({ status: 'CANCELLED' })).sort()).toEqual(match((row) => row['status'] === 'CANCELLED'));
    expect((await client.get(`${location}/appointment`, { status: 'VOIDED' })).status).toBe(400);
    const start = '2027-01-01T00:00:00-07:00';
    expect(idsOf(await ask({ startDate: start, limit: '3' })).sort()).toEqual(
      match((row) => Date.parse(String(row['startTime'])) >= Date.parse(start)),
    );
    for (const sortDir of ['ASC', 'DESC']) {
      const found = await ask({ sortBy: 'START_TIME', sortDir, limit: '4' });
      const times = found.map((row) => Date.parse(String(row['startTime'])));
      expect(times).toEqual(times.toSorted((left, right) => (sortDir === 'ASC' ? left - right : right - left)));
      expect(found.length).toBe(visits.length);
    }
  });
});

describe('writes to the odd API', () => {
  test('a patient is made, changed and removed with all that hangs on them', async () => {
    const made = await client.send('POST', `${account}/patients`, {
      firstName: 'Ána',
      lastName: 'Núñez',
      mobilePhone: '+1 (415) 555-0100',
    });
    expect([made.status, problems('createPatient', made.json)]).toEqual([201, []]);
    const { id } = made.json as { id: number };
    expect(api.world.patients.get(id)).toMatchObject({ firstName: 'Ána', mobilePhone: '14155550100', email: null });
    expect((await client.get(`${account}/patients/${id}/category`)).status).toBe(200);

    const changed = await client.send('PUT', `${account}/patients/${id}`, { email: 'a@b.example.test' });
    expect([changed.status, problems('updatePatient', changed.json)]).toEqual([200, []]);
    expect(api.world.patients.get(id)).toMatchObject({ lastName: 'Núñez', email: 'a@b.example.test' });

    for (const bad of [
      { firstName: 'x' },
      { firstName: 'x', lastName: 1 },
      { firstName: 'x', lastName: 'y', dateOfBirth: '2000-02-30' },
    ]) {
      expect((await client.send('POST', `${account}/patients`, bad)).status).toBe(400);
    }
    expect((await client.send('DELETE', `${account}/patients/${id}`)).status).toBe(204);
    expect((await client.get(`${account}/patients/${id}`)).status).toBe(404);
    expect(api.world.patientCategories.find(id)).toBeUndefined();
  });

  test('a visit is made and moved, its end follows', async () => {
    const { row } = api.world.appointments.entries()[0] as Entry;
    const body = {
      patientId: row['patientId'],
      practitionerId: row['practitionerId'],
      appointmentTypeId: row['appointmentTypeId'],
      startTime: '2027-05-01T09:00:00-05:00',
    };
    const made = await client.send('POST', `${location}/appointment`, body);
    expect([made.status, problems('createAppointment', made.json)]).toEqual([201, []]);
    const { id, durationMinutes } = made.json as { id: number; durationMinutes: number };
    const moved = await client.send('PUT', `${location}/appointment/${id}`, {
      startTime: '2027-05-02T10:00:00Z',
      status: 'CONFIRMED',
    });
    expect([moved.status, problems('updateAppointment', moved.json)]).toEqual([200, []]);
    expect(api.world.appointments.get(id)).toMatchObject({
      startTime: '2027-05-02T10:00:00.000Z',
      endTime: new Date(Date.UTC(2027, 4, 2, 10) + durationMinutes * 60_000).toISOString(),
      status: 'CONFIRMED',
    });
    for (const bad of [
      { startTime: '2027-05-02 10:00:00+00' },
      { status: 'VOIDED' },
      { practitionerId: 1 },
      { note: null },
    ]) {
      expect((await client.send('PUT', `${location}/appointment/${id}`, bad)).status).toBe(400);
    }
  });

  test('what tests change in the world is served, and its stamp follows the clock', async () => {
    const { key } = api.world.patients.entries()[1] as Entry;
    api.world.patients.update(key, { lastName: 'Changed', updatedAt: '2020-01-01T00:00:00.000Z' });
    expect((await client.get(`${account}/patients/${key}`)).json).toMatchObject({ lastName: 'Changed' });
    api.world.patients.update(key, { lastName: 'Again' });
    expect(api.world.patients.get(key)['updatedAt']).toBe(new Date(NOW).toISOString());
  });

  test('every request is noted and counted by operation', async () => {
    api.requests.clear();
    const { key } = api.world.patients.entries()[1] as Entry;
    await client.get(`${account}/patients/${key}`, { x: '1' });
    await client.get('/role-group');
    await client.get('/nothing');
    expect(api.requests.counts()).toEqual({ getPatient: 1, listRoleGroups: 1, unknown: 1 });
    expect(api.requests.count()).toBe(3);
    expect(api.requests.of('getPatient')[0]).toMatchObject({
      method: 'GET',
      path: `/partner/v2${account}/patients/${key}`,
      query: { x: '1' },
      time: NOW,
      status: 200,
      odd: [],
    });
  });
});
