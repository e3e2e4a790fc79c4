import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Row } from '../../simulator/data/types.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { type TestClient, testClient } from '../../simulator/testing.ts';

/** Lists of a location: path, key, resource. */
const LOCATION_LISTS: readonly (readonly [path: string, key: string, resource: string])[] = [
  ['/appointment', 'appointments', 'appointments'],
  ['/form', 'formPackets', 'form_packets'],
  ['/invoice', 'invoices', 'invoices'],
  ['/lab', 'labs', 'labs'],
  ['/payment-request', 'paymentRequests', 'payment_requests'],
  ['/recurring-payment', 'recurringPayments', 'recurring_payments'],
  ['/notification', 'notifications', 'notifications'],
  ['/notification-group', 'notificationGroups', 'notification_groups'],
  ['/remote-care/service', 'services', 'remote_care_services'],
  ['/form/template', 'formTemplates', 'form_templates'],
];
const ACCOUNT_LISTS: readonly (readonly [path: string, key: string, resource: string])[] = [
  ['/patients', 'patients', 'patients'],
  ['/location', 'locations', 'locations'],
  ['/staff', 'staff', 'staff'],
  ['/appointment/type', 'appointmentTypes', 'appointment_types'],
  ['/category', 'categories', 'categories'],
];

const byId = (rows: readonly Row[]): Row[] => [...rows].sort((a, b) => Number(a['id']) - Number(b['id']));
const account = '/account/1001';
let simulator: Simulator;
let client: TestClient;
let locations: number[];
let place: string;

beforeAll(async () => {
  simulator = await startSimulator({ patients: 80 });
  client = await testClient(simulator);
  locations = (await client.rows(`${account}/location`, 'locations')).map((row) => row['id'] as number);
  place = `${account}/location/${String(locations[0])}`;
});
afterAll(() => simulator.stop());

describe('paging', () => {
  for (const [path, key, resource] of [...LOCATION_LISTS, ...ACCOUNT_LISTS]) {
    it(`${resource}: pages of 1, 7 and 100 give the true rows`, async () => {
      const perLocation = LOCATION_LISTS.some(([, , name]) => name === resource);
      const truth = await client.truth(1001, resource);
      const bases = perLocation ? locations.map((id) => `${account}/location/${String(id)}`) : [account];
      for (const [at, base] of bases.entries()) {
        const whole = await client.rows(base + path, key);
        const own = truth.filter((found) => !perLocation || found.locationId === locations[at]);
        expect(byId(whole)).toEqual(byId(own.map((found) => found.row)));
        expect(await client.rows(base + path, key, 7)).toEqual(whole);
        if (at === bases.length - 1) expect(await client.rows(base + path, key, 1)).toEqual(whole);
      }
    });
  }

  it('serves children below their parents as the control API says', async () => {
    for (const [resource, path, key] of [
      ['allergies', (id: number) => `${account}/patients/${String(id)}/health-profile/allergies`, 'allergies'],
      ['category_transitions', (id: number) => `${account}/patients/${String(id)}/category/transition`, 'transitions'],
    ] as const) {
      const truth = await client.truth(1001, resource);
      const patients = await client.rows(`${account}/patients`, 'patients');
      for (const patient of patients.slice(0, 20)) {
        const own = truth.filter((found) => found.parentId === patient['id']).map((found) => found.row);
        expect(byId(await client.rows(path(patient['id'] as number), key))).toEqual(byId(own));
      }
    }
  });

  it('gives 20 rows by default and no cursor where there is no paging', async () => {
    expect((await client.get(`${place}/appointment`)).body?.['appointments']).toHaveLength(20);
    expect(Object.keys((await client.get('/role-group')).body as Row)).toEqual(['roleGroups']);
  });

  it('keeps ids apart over the accounts', async () => {
    const one = await client.rows(`${account}/patients`, 'patients');
    const two = await client.rows('/account/1002/patients', 'patients');
    expect(new Set([...one, ...two].map((row) => row['id'])).size).toBe(one.length + two.length);
  });

  it('binds a cursor to its list, filters and sort', async () => {
    const { body } = await client.get(`${place}/appointment?status=CHECKED_OUT&limit=2`);
    const cursor = String(body?.['nextCursor']);
    const status = async (path: string): Promise<number> => (await client.get(path)).status;
    expect(await status(`${place}/appointment?status=CHECKED_OUT&limit=50&cursor=${cursor}`)).toBe(200);
    expect(await status(`${place}/appointment?status=CANCELLED&cursor=${cursor}`)).toBe(400);
    expect(await status(`${place}/appointment?status=CHECKED_OUT&sortDir=DESC&cursor=${cursor}`)).toBe(400);
    expect(await status(`${place}/invoice?cursor=${cursor}`)).toBe(400);
    expect(
      await status(`${account}/location/${String(locations[1])}/appointment?status=CHECKED_OUT&cursor=${cursor}`),
    ).toBe(400);
    expect(await status(`${place}/appointment?status=CHECKED_OUT&cursor=${cursor.slice(2)}`)).toBe(400);
  });
});

describe('filters', () => {
  const same = async (path: string, key: string, accept: (row: Row) => boolean): Promise<void> => {
    const [plain = ''] = path.split('?');
    const all = await client.rows(plain, key);
    const wanted = all.filter(accept);
    expect(wanted.length).toBeGreaterThan(0);
    expect(byId(await client.rows(path, key, 9))).toEqual(byId(wanted));
  };
  const seconds = (text: unknown): number => Date.parse(String(text));

  it('compares windows with the field of the contract, both ends included, nulls outside', async () => {
    const [from, to] = ['2025-03-01T00:00:00Z', '2025-06-30T00:00:00Z'];
    const inside = (field: string) => (row: Row) =>
      seconds(row[field]) >= seconds(from) && seconds(row[field]) <= seconds(to);
    const span = `startDate=${from}&endDate=${to}`;
    await same(`${place}/appointment?${span}`, 'appointments', inside('startTime'));
    await same(`${place}/appointment?${span}&sortBy=CREATED_DATE&sortDir=DESC`, 'appointments', inside('startTime'));
    await same(`${place}/form?${span}`, 'formPackets', inside('createdAt'));
    await same(`${place}/invoice?${span}`, 'invoices', inside('createdAt'));
    await same(`${place}/lab?${span}`, 'labs', inside('entryOn'));
    await same(`${place}/notification?${span}`, 'notifications', inside('createdAt'));
    await same(
      `${place}/payment-request?createdAfter=${from}&createdBefore=${to}`,
      'paymentRequests',
      inside('createdAt'),
    );
    const [row] = await client.rows(`${place}/invoice`, 'invoices');
    const exact = `startDate=${String(row?.['createdAt'])}&endDate=${String(row?.['createdAt'])}`;
    expect(await client.rows(`${place}/invoice?${exact}`, 'invoices')).toContainEqual(row);
  });

  it('filters by patient, status and other fields', async () => {
    const patientId = (await client.rows(`${place}/notification`, 'notifications'))[0]?.['patientId'];
    for (const [path, key] of LOCATION_LISTS.slice(0, 7)) {
      const rows = await client.rows(place + path, key);
      const who = rows[0]?.['patientId'] ?? patientId;
      await same(`${place}${path}?patientId=${String(who)}`, key, (row) => row['patientId'] === who);
      if ('status' in (rows[0] as Row)) {
        const status = rows.find((row) => !['VOIDED', 'RESCHEDULED'].includes(String(row['status'])))?.['status'];
        await same(`${place}${path}?status=${String(status)}`, key, (row) => row['status'] === status);
      }
    }
    await same(
      `${place}/notification?status=FAILED`,
      'notifications',
      (row) => row['emailStatus'] === 'FAILED' || row['smsStatus'] === 'FAILED',
    );
    await same(
      `${place}/lab?vendorType=LABCORP&status=COMPLETE`,
      'labs',
      (row) => row['vendorType'] === 'LABCORP' && row['status'] === 'COMPLETE',
    );
    await same(`${account}/staff?isPractitioner=false`, 'staff', (row) => row['isPractitioner'] === false);
    await same(`${account}/staff?locationId=${String(locations[1])}`, 'staff', (row) =>
      (row['locationIds'] as number[]).includes(locations[1] as number),
    );
    await same(`${account}/location?active=false`, 'locations', (row) => row['active'] === false);
  });

  it('finds patients by name and e-mail', async () => {
    const patients = await client.rows(`${account}/patients`, 'patients');
    const known = patients.find((row) => row['email'] !== null) as Row;
    const part = String(known['lastName']).slice(0, 3);
    await same(`${account}/patients?name=${encodeURIComponent(part)}`, 'patients', (row) =>
      `${String(row['firstName'])} ${String(row['lastName'])}`.toLowerCase().includes(part.toLowerCase()),
    );
    await same(
      `${account}/patients?email=${String(known['email']).toUpperCase()}`,
      'patients',
      (row) => row['email'] === known['email'],
    );
  });

  it('sorts both ways', async () => {
    for (const [sortBy, field] of [
      ['START_TIME', 'startTime'],
      ['CREATED_DATE', 'createdAt'],
    ] as const) {
      const up = await client.rows(`${place}/appointment?sortBy=${sortBy}`, 'appointments', 30);
      const down = await client.rows(`${place}/appointment?sortBy=${sortBy}&sortDir=DESC`, 'appointments', 30);
      expect(down).toEqual(up.toReversed());
      const times = up
        .map((row) => row[field])
        .filter((time) => time !== null)
        .map(seconds);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
    const names = (await client.rows(`${account}/location?sortBy=NAME&sortDir=DESC`, 'locations', 1)).map((row) =>
      String(row['name']),
    );
    expect(names).toEqual(names.toSorted().toReversed());
  });

  it('refuses what it does not know', async () => {
    for (const path of [
      `${place}/appointment?limit=0`,
      `${place}/appointment?limit=101`,
      `${place}/appointment?limit=1.5`,
      `${place}/appointment?sortBy=NAME`,
      `${place}/appointment?status=RESCHEDULED`,
      `${place}/appointment?startDate=yesterday`,
      `${place}/appointment?patientId=x`,
      `${account}/staff?active=maybe`,
      `${account}/location/abc/appointment`,
    ])
      expect([path, (await client.get(path)).status]).toEqual([path, 400]);
    expect((await client.get('/account/4711/patients')).status).toBe(403);
    expect((await client.get(`${account}/location/4711/appointment`)).status).toBe(404);
    expect((await client.get(`${account}/patients/4711`)).status).toBe(404);
  });
});

describe('the data', () => {
  it('adds up', async () => {
    for (const invoice of await client.rows(`${place}/invoice`, 'invoices')) {
      const lines = invoice['lineItems'] as { quantity: number; unitPrice: number; total: number; taxAmount: number }[];
      const cents = (amount: unknown): number => Math.round(Number(amount) * 100);
      const subtotal = lines.reduce((sum, line) => sum + cents(line.total), 0);
      const tax = lines.reduce((sum, line) => sum + cents(line.taxAmount), 0);
      expect(cents(invoice['subtotalAmount'])).toBe(subtotal);
      expect(cents(invoice['totalAmount'])).toBe(subtotal + tax);
    }
    for (const request of await client.rows(`${place}/payment-request`, 'paymentRequests')) {
      expect(Number(request['amountPaidCents']) + Number(request['amountRemainingCents'])).toBe(request['amountCents']);
      expect(String(request['amountDisplay']).replace(/\D/g, '').replace(/^0+/, '')).toBe(
        String(request['amountCents']),
      );
    }
  });

  it('has categories that follow from the transitions', async () => {
    const counts = new Map<unknown, number>();
    for (const { row } of await client.truth(1001, 'patient_categories')) {
      counts.set(row['categoryId'], (counts.get(row['categoryId']) ?? 0) + 1);
      const path = `${account}/patients/${String(row['patientId'])}/category/transition`;
      const last = (await client.rows(path, 'transitions')).at(-1);
      if (last !== undefined)
        expect([row['categoryId'], row['assignedAt']]).toEqual([last['toCategoryId'], last['transitionedAt']]);
    }
    for (const category of await client.rows(`${account}/category`, 'categories'))
      expect(category['patientCount']).toBe(counts.get(category['id']) ?? 0);
  });

  it('shares templates over locations and bundles over the twin paths', async () => {
    const other = `${account}/location/${String(locations[1])}`;
    expect(await client.rows(`${other}/form/template`, 'formTemplates')).toEqual(
      await client.rows(`${place}/form/template`, 'formTemplates'),
    );
    expect((await client.get(`${other}/form/group`)).body).toEqual(
      (await client.get(`${place}/form/template/groups`)).body,
    );
  });

  it('answers the newer paths too', async () => {
    const id = (await client.rows(`${place}/form-packet?status=COMPLETED`, 'formPackets'))[0]?.['id'];
    const packet = (await client.get(`${place}/form/${String(id)}?includeAnswers=true`)).body as Row;
    expect((await client.get(`${place}/form-packet/${String(id)}/form`)).body).toEqual(packet['forms']);
    expect((await client.get(`${account}/patient?limit=5`)).body?.['patients']).toHaveLength(5);
  });

  it('leaves panels out of lists when configured so', async () => {
    const lean = await startSimulator({ patients: 10, labsEmbedPanels: false });
    const own = await testClient(lean);
    const lab = (await own.rows(`${place}/lab`, 'labs'))[0] as Row;
    expect('testPanels' in lab).toBe(false);
    expect((await own.get(`${place}/lab/${String(lab['id'])}`)).body).toHaveProperty('testPanels');
    await lean.stop();
  });

  it('is the same for the same seed and another for another', async () => {
    const twin = await startSimulator({ patients: 80 });
    const stranger = await startSimulator({ patients: 80, seed: 2 });
    const [twinClient, strangerClient] = [await testClient(twin), await testClient(stranger)];
    for (const path of ['/appointment', '/form', '/invoice', '/lab', '/payment-request', '/notification']) {
      const text = (await client.get(`${place}${path}?limit=100`)).text;
      expect((await twinClient.get(`${place}${path}?limit=100`)).text).toBe(text);
      const from = String((await strangerClient.rows(`${account}/location`, 'locations'))[0]?.['id']);
      expect((await strangerClient.get(`${account}/location/${from}${path}?limit=100`)).text).not.toBe(text);
    }
    await Promise.all([twin.stop(), stranger.stop()]);
  });
});
