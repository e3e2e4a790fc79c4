import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationsOf, readContract, resolve, type Schema } from '../../simulator/contract.ts';
import type { Row } from '../../simulator/data/types.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { type TestClient, testClient } from '../../simulator/testing.ts';

const account = '/account/1001';
let simulator: Simulator;
let client: TestClient;
let place: string;
let practitionerId: unknown;
let appointmentTypeId: unknown;

const post = (path: string, body?: unknown) => client.call('POST', path, body);
const put = (path: string, body?: unknown) => client.call('PUT', path, body);
const made = async (path: string, body: unknown): Promise<Row> => (await post(path, body)).body as Row;

beforeAll(async () => {
  simulator = await startSimulator({ patients: 150 });
  client = await testClient(simulator);
  const locations = await client.rows(`${account}/location`, 'locations');
  place = `${account}/location/${String(locations[0]?.['id'])}`;
  practitionerId = (await client.rows(`${account}/staff?isPractitioner=true`, 'staff'))[0]?.['id'];
  appointmentTypeId = (await client.rows(`${account}/appointment/type`, 'appointmentTypes'))[0]?.['id'];
});
afterAll(() => simulator.stop());

describe('patients', () => {
  const person = {
    firstName: 'Zoë',
    lastName: "O'Neil",
    dateOfBirth: '1990-02-03',
    email: 'zoe@example.net',
    mobilePhone: '+1 (415) 555-0101',
  };

  it('are created once, changed and deleted', async () => {
    const { status, body } = await post(`${account}/patients`, person);
    const id = String(body?.['id']);
    expect([status, body?.['mobilePhone'], body?.['homeAddress']]).toEqual([201, '14155550101', null]);
    const all = await client.rows(`${account}/patients`, 'patients');
    expect(all.at(-1)).toEqual(body);
    expect((await post(`${account}/patients`, person)).status).toBe(409);
    expect((await post(`${account}/patients`, { firstName: 'No' })).status).toBe(400);
    expect((await post(`${account}/patients`, { ...person, dateOfBirth: 'soon' })).status).toBe(400);
    const changed = await put(`${account}/patients/${id}`, { gender: 'Female' });
    expect(changed.body).toMatchObject({ ...person, gender: 'Female', mobilePhone: '14155550101' });
    expect((await client.get(`${account}/patients/${id}`)).body).toEqual(changed.body);
    expect(await client.rows(`${account}/patients?email=zoe@example.net`, 'patients')).toHaveLength(1);
    expect((await client.call('DELETE', `${account}/patients/${id}`)).status).toBe(204);
    expect((await client.call('DELETE', `${account}/patients/${id}`)).status).toBe(404);
    expect((await client.get(`${account}/patients/${id}/category/transition`)).status).toBe(404);
    expect((await client.rows(`${account}/patients`, 'patients')).length).toBe(all.length - 1);
  });

  it('are matched by a verified address: one, none, several', async () => {
    const prove = async (email: string): Promise<number> => {
      const { id, token } = await made(`${account}/identity-proof`, { verificationMethod: 'EMAIL' });
      const path = `${account}/identity-proof/${String(id)}`;
      expect((await client.get(`${path}/patient`)).status).toBe(403);
      expect((await post(`${path}/verify`, { email, code: '123456' })).status).toBe(400);
      await post(`${path}/send`, { email });
      expect((await post(`${path}/verify`, { email, code: '1' })).body).toMatchObject({ verified: false });
      expect((await post(`${path}/verify`, { email, code: '123456' })).body).toMatchObject({ verified: true });
      expect((await client.call('GET', path, undefined, { 'x-identity-token': 'x' })).status).toBe(403);
      const status = await client.call('GET', path, undefined, { 'x-identity-token': String(token) });
      expect(status.body).toMatchObject({ isVerified: true, missingVerifications: [] });
      return (await client.get(`${path}/patient`)).status;
    };
    await made(`${account}/patients`, { ...person, email: 'one@example.net' });
    await made(`${account}/patients`, { ...person, email: 'two@example.net' });
    await made(`${account}/patients`, { ...person, firstName: 'Max', email: 'two@example.net' });
    expect(await prove('one@example.net')).toBe(200);
    expect(await prove('none@example.net')).toBe(404);
    expect(await prove('two@example.net')).toBe(422);
  });
});

describe('appointments', () => {
  it('are booked, refused when taken, moved and called off', async () => {
    const patientId = (await client.rows(`${account}/patients`, 'patients'))[0]?.['id'];
    const wish = {
      patientId,
      practitionerId,
      appointmentTypeId,
      startTime: '2026-07-01T22:00:00Z',
      note: 'tab\t"quote"\\ 😀',
    };
    const booked = await post(`${place}/appointment`, wish);
    expect([booked.status, booked.body?.['startTime']]).toEqual([201, '2026-07-01T18:00:00-04:00']);
    const { startTime, ...rest } = wish;
    expect((await post(`${place}/appointment`, { ...rest, startDateTime: startTime })).status).toBe(409);
    expect((await post(`${place}/appointment`, { ...wish, patientId: 1 })).status).toBe(404);
    expect((await post(`${place}/appointment`, rest)).status).toBe(400);
    const path = `${place}/appointment/${String(booked.body?.['id'])}`;
    expect((await put(path, { startTime: '2026-12-01T22:00:00Z' })).body?.['startTime']).toBe(
      '2026-12-01T17:00:00-05:00',
    );
    const later = await client.rows(`${place}/appointment?startDate=2026-11-30T00:00:00Z`, 'appointments');
    expect(later.map((row) => row['id'])).toEqual([booked.body?.['id']]);
    expect((await post(`${place}/appointment`, wish)).status).toBe(201);
    expect((await put(path, { status: 'CANCELLED' })).body).toMatchObject({ status: 'CANCELLED', note: wish.note });
    expect((await put(path, { status: 'GONE' })).status).toBe(400);
    expect((await client.get(path)).body).toMatchObject({ status: 'CANCELLED', locationName: expect.any(String) });
  });

  it('are booked through a self-scheduling journey', async () => {
    const care = (await client.get(`${place}/remote-care/setting`)).body as Row;
    const settingId = (care['selfSchedulingSettingIds'] as number[])[0];
    const setting = (await client.get(`${account}/self-scheduling/setting/${String(settingId)}`)).body as Row;
    const type = (setting['appointmentTypeIds'] as number[])[0] as number;
    const locationId = care['locationId'] as number;
    const free = async (): Promise<Row> => {
      const range = `startUnix=${String(Date.parse('2026-01-16T00:00:00Z'))}&endUnix=${String(Date.parse('2026-01-24T00:00:00Z'))}`;
      const query = `selfSchedulingSettingId=${String(settingId)}&${range}&locationId=${String(locationId)}&appointmentTypeId=${String(type)}`;
      return (await client.get(`${account}/self-scheduling/availability?${query}`)).body as Row;
    };
    const slots = Object.values((await free())['slotsByDate'] as Record<string, Row[]>).flat();
    const slot = slots[0] as { startUnix: number; practitionerToConfig: Record<string, number> };
    const [practitioner, schedulerConfigId] = Object.entries(slot.practitionerToConfig)[0] as [string, number];
    const attempt = await made(`${account}/self-scheduling/attempt`, { selfSchedulingSettingId: settingId });
    const path = `${account}/self-scheduling/attempt/${String(attempt['id'])}`;
    const body = {
      appointmentTypeId: type,
      locationId,
      practitionerId: Number(practitioner),
      schedulerConfigId,
      startDateTime: new Date(slot.startUnix).toISOString(),
    };
    expect((await post(`${path}/appointment`, body)).status).toBe(409);
    const person = {
      firstName: 'Ada',
      lastName: 'Self',
      dateOfBirth: '1980-02-29',
      email: 'self@example.net',
      phone: '4155550123',
    };
    expect((await post(`${path}/patient`, person)).status).toBe(201);
    expect((await post(`${path}/patient`, person)).status).toBe(200);
    expect((await post(`${path}/appointment`, body)).status).toBe(201);
    const journey = (await client.get(path)).body as Row;
    expect((await client.get(`${place}/appointment/${String(journey['appointmentId'])}`)).body).toMatchObject({
      patientId: journey['patientId'],
    });
    const left = Object.values((await free())['slotsByDate'] as Record<string, Row[]>).flat();
    const same = left.find((other) => other['startUnix'] === slot.startUnix);
    expect(Object.keys((same?.['practitionerToConfig'] ?? {}) as Row)).not.toContain(practitioner);
    const conversion = await made(`${place}/remote-care/conversion`, { patient: { firstName: 'Ada' } });
    const there = `${place}/remote-care/conversion/${String(conversion['id'])}`;
    await put(there, { selfSchedulingAttemptIds: [attempt['id']] });
    expect((await client.get(there)).body).toMatchObject({ status: 'CONVERTED', patient: { firstName: 'Ada' } });
  });
});

describe('appointments by the self-scheduling body', () => {
  let other: Simulator;
  let own: TestClient;
  let path: string;
  let wish: Row;
  let patientId: unknown;
  const book = (body: Row) => own.call('POST', path, body);

  beforeAll(async () => {
    other = await startSimulator({ patients: 40, appointmentBody: 'self-scheduling' });
    own = await testClient(other);
    const first = async (list: string, key: string) => (await own.rows(`${account}/${list}`, key))[0]?.['id'];
    const locationId = await first('location', 'locations');
    path = `${account}/location/${String(locationId)}/appointment`;
    patientId = await first('patients', 'patients');
    wish = {
      appointmentTypeId: await first('appointment/type', 'appointmentTypes'),
      locationId,
      practitionerId: await first('staff?isPractitioner=true', 'staff'),
      schedulerConfigId: 101,
      startDateTime: '2026-01-16T23:00:00Z',
    };
  });
  afterAll(() => other.stop());

  it('are booked for nobody yet, or for a patient', async () => {
    const { status, body } = await book(wish);
    const { practitionerId: who, locationId, appointmentTypeId: type } = wish;
    expect([status, body]).toMatchObject([
      201,
      { patientId: null, practitionerId: who, locationId, appointmentTypeId: type, note: null },
    ]);
    expect(body?.['startTime']).toBe('2026-01-16T18:00:00-05:00');
    const visit = `${path}/${String(body?.['id'])}`;
    expect((await own.get(visit)).body).toMatchObject({ patientId: null, patientName: null });
    expect((await book(wish)).status).toBe(409);
    const known = await book({ ...wish, startDateTime: '2026-07-01T22:00:00Z', patientId, note: 'by phone' });
    expect([known.status, known.body]).toMatchObject([201, { patientId, note: 'by phone' }]);
    const ofPatient = (await own.rows(`${path}?patientId=${String(patientId)}`, 'appointments')).map(
      (row) => row['id'],
    );
    expect([ofPatient.includes(known.body?.['id']), ofPatient.includes(body?.['id'])]).toEqual([true, false]);
    other.evolve(2);
    expect((await own.get(visit)).body).toMatchObject({
      patientId: null,
      status: expect.not.stringMatching(/^SCHEDULED$/),
    });
  });

  it('are refused without what the body needs, and for another location than that of the path', async () => {
    const refusal = async (body: Row): Promise<unknown[]> => {
      const reply = await book(body);
      return [reply.status, reply.body?.['message']];
    };
    for (const field of ['appointmentTypeId', 'locationId', 'practitionerId', 'schedulerConfigId', 'startDateTime']) {
      const { [field]: _left, ...rest } = wish;
      expect(await refusal(rest)).toEqual([400, `${field} is required`]);
    }
    const { startDateTime, ...rest } = wish;
    expect(await refusal({ ...rest, startTime: startDateTime })).toEqual([400, 'startDateTime is required']);
    expect(await refusal({ ...wish, locationId: 1 })).toEqual([400, 'locationId must be that of the path']);
    expect(await refusal({ ...wish, patientId: null })).toEqual([400, 'patientId must be integer']);
    expect(await refusal({ ...wish, note: null })).toEqual([400, 'note must be string']);
    expect((await book({ ...wish, patientId: 1 })).status).toBe(404);
  });
});

describe('bodies', () => {
  const document = readContract();
  const withBody = operationsOf(document).flatMap(({ body, ...rest }) =>
    body === undefined ? [] : [{ ...rest, body }],
  );
  /** Fields that may not be null by the contract. */
  const strict = (body: Schema): string[] =>
    Object.entries(body['properties'] as Record<string, Schema>)
      .filter(([, inner]) => ![resolve(document, inner)['type']].flat().includes('null'))
      .map(([field]) => field);

  it.each(withBody)('of $id are refused with null where the contract has none', async ({ method, paths, body }) => {
    const names: Row = { accountId: 1001, locationId: place.split('/').at(-1) };
    const path = (paths[0] as string)
      .replace('/partner/v2', '')
      .replace(/:(\w+)/g, (_, name) => String(names[name] ?? 1));
    const [good] = body['examples'] as Row[];
    const before = simulator.world.journal.length;
    expect(strict(body)).not.toEqual([]);
    for (const field of strict(body)) {
      const reply = await client.call(method, path, { ...good, [field]: null });
      expect([reply.status, reply.body?.['message']]).toEqual([400, expect.stringContaining(field)]);
    }
    expect(simulator.world.journal.length).toBe(before);
  });

  it('are refused with null deeper down and under another name', async () => {
    const refusal = async (path: string, body: Row): Promise<unknown> => {
      const reply = await post(`${place}/${path}`, body);
      return [reply.status, reply.body?.['message']];
    };
    expect(await refusal('form/1/prefill', { prefill: { reason: null } })).toEqual([400, 'reason must be string']);
    expect(await refusal('remote-care/conversion', { serviceIds: [null] })).toEqual([
      400,
      'an element of serviceIds must be integer',
    ]);
    const wish = { patientId: 1, practitionerId: 1, appointmentTypeId: 1, startDateTime: null };
    expect(await refusal('appointment', wish)).toEqual([400, 'startTime must be string']);
  });
});

describe('form packets', () => {
  it('are given out, prefilled, extended and archived', async () => {
    const patientId = (await client.rows(`${account}/patients`, 'patients'))[1]?.['id'];
    const templates = (await client.rows(`${place}/form/template`, 'formTemplates')).map((row) => row['id'] as number);
    const body = {
      patientId,
      formTemplateIds: [templates[0]],
      prefill: { patient_first_name: 'Prefilled', nothing: 'x' },
    };
    const packet = await made(`${place}/form`, body);
    expect(packet).toMatchObject({ status: 'PENDING', completedAt: null, formTemplateIds: [templates[0]] });
    const path = `${place}/form/${String(packet['id'])}`;
    const answers = async (): Promise<Row> =>
      (((await client.get(`${path}?includeAnswers=true`)).body as Row)['forms'] as Row[])[0] as Row;
    expect((await answers())['mappedAnswers']).toEqual({ patient_first_name: 'Prefilled' });
    const result = await post(`${path}/prefill`, {
      prefill: { patient_first_name: 'Again', patient_last_name: 'Last' },
    });
    expect(result.body).toEqual({ prefilled: ['patient_last_name'], skipped: ['patient_first_name'] });
    const changed = await put(path, { formTemplateIds: [templates[1]], dueDate: '2026-02-01T12:00:00Z' });
    expect(changed.body).toMatchObject({
      formTemplateIds: [templates[0], templates[1]],
      dueDate: '2026-02-01T07:00:00-05:00',
    });
    expect((await put(path, { status: 'COMPLETED' })).body).toMatchObject({ status: 'COMPLETED' });
    expect(await answers()).toMatchObject({ isComplete: true, completionPercentage: 100 });
    expect((await put(`${path}/archive`)).body).toMatchObject({ isArchived: true, status: 'ARCHIVED' });
    expect((await put(path, { dueDate: '2026-02-01T12:00:00Z' })).status).toBe(409);
    expect((await client.rows(`${place}/form?status=ARCHIVED`, 'formPackets')).map((row) => row['id'])).toContain(
      packet['id'],
    );
    expect((await post(`${place}/form`, { patientId })).status).toBe(400);
    expect((await post(`${place}/form`, { patientId, formTemplateIds: [1] })).status).toBe(404);
  });
});

describe('webhooks', () => {
  it('are registered, tested with a signed ping, changed and removed, in both forms', async () => {
    const deliveries: { signature: string; body: string }[] = [];
    const receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => {
        body += String(part);
      });
      request.on('end', () => {
        deliveries.push({ signature: String(request.headers['x-lobbie-signature']), body });
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}/hook`;
    for (const base of [`${account}/webhook`, '/webhook']) {
      expect((await post(base, { url: 'http://example.com/x', eventTypes: ['test.ping'] })).status).toBe(400);
      expect((await post(base, { url, eventTypes: [] })).status).toBe(400);
      const created = await made(base, { url, eventTypes: ['form-packet.created'], name: 'mine' });
      const path = `${base}/${String(created['id'])}`;
      const { signingSecret, ...endpoint } = created;
      expect((await client.get(path)).body).toEqual(endpoint);
      const test = await post(`${path}/test`);
      await expect
        .poll(async () => (await client.get(path)).body)
        .toMatchObject({ lastDelivery: { status: 'SUCCEEDED' } });
      const { signature, body } = deliveries.at(-1) as { signature: string; body: string };
      const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
      expect(
        createHmac('sha256', String(signingSecret))
          .update(`${String(t)}.${body}`)
          .digest('hex'),
      ).toBe(v1);
      expect(JSON.parse(body)).toMatchObject({ eventType: 'test.ping', eventId: test.body?.['eventId'] });
      expect((await put(path, { enabled: false })).body).toMatchObject({ enabled: false, name: 'mine' });
      expect((await client.call('DELETE', path)).status).toBe(204);
      expect((await client.get(path)).status).toBe(404);
    }
    receiver.close();
  });
});
