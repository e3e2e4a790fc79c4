import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StopError } from '../../src/core/errors.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { executeTargeted } from '../../src/runs/targeted.ts';
import { MovableClock } from '../support/clock.ts';
import { dropDatabase, type TestDatabase, useTestDatabase } from '../support/database.ts';
import { count, query } from '../support/harness.ts';
import { type Call, type FakeApi, listOf, type Reply, startFakeApi } from '../support/harness-api.ts';
import { type Choice, DAY_MS, Syncer } from '../support/night.ts';
import { copyDatabase } from '../support/night-database.ts';

/**
 * Deletions against an API made by hand that says 404 to every read by id unless told otherwise: whatever is taken for gone
 * is deleted here, so that only the rules about readings stand between a row and its tombstone.
 */

const NOW = Date.parse('2026-01-15T12:00:00Z');
const ids = Array.from({ length: 40 }, (_, index) => index + 1);
const on = (day: number): string => new Date(NOW - day * DAY_MS).toISOString();
const patient = (id: number): string => `{"id":${id},"firstName":"F${id}","lastName":"L${id}"}`;
const notification = (id: number): string =>
  `{"id":${id},"patientId":${id},"type":"REMINDER","emailStatus":"SENT","createdAt":"${on(id / 10)}"}`;
const allergy = (id: number): string => `{"id":${id},"allergen":"A${id}","status":"ACTIVE"}`;
const template = (id: number): string => `{"id":${id},"name":"T${id}","active":true}`;
const appointment = (id: number): string =>
  `{"id":${id},"patientId":${id},"status":"CHECKED_OUT","startTime":"${on(id)}","createdAt":"${on(id + 5)}"}`;
const packet = (id: number): string => `{"id":${id},"patientId":${id},"status":"PENDING","createdAt":"${on(1)}"}`;
const answers = [1, 2, 3].map((id) => `{"formElementId":${id},"label":"Q${id}","value":"V${id}"}`).join(',');
const form = (id: number): string => `{"id":${id},"status":"COMPLETED","answers":[${answers}]}`;

let api: FakeApi;
let syncer: Syncer;
let database: TestDatabase;
const filled = useTestDatabase();

const list = (path: string, key: string, records: readonly string[]) =>
  api.answers.set(path, listOf(key, records, { pageSize: 10 }));
const withDates = (path: string, key: string, records: readonly string[], dates: readonly string[]) =>
  api.answers.set(path, listOf(key, records, { pageSize: 10, dates }));
const patientsAre = (which: readonly number[]) => list('account/7/patients', 'patients', which.map(patient));
const notificationsAre = (which: readonly number[]) =>
  withDates(
    'account/7/location/70/notification',
    'notifications',
    which.map(notification),
    which.map((id) => on(id / 10)),
  );
const allergiesAre = (of: number, which: readonly number[]) =>
  list(`account/7/patients/${of}/health-profile/allergies`, 'allergies', which.map(allergy));
const packetIs = (id: number, forms: readonly string[], more = '') =>
  api.answers.set(`account/7/location/70/form/${id}`, () => ({
    text: `{"id":${id},"patientId":${id},"status":"PENDING"${more},"forms":[${forms.join(',')}]}`,
  }));

function world(): void {
  api.answers.clear();
  api.intercept = () => undefined;
  list('account/7/location', 'locations', [`{"id":70,"createdAt":"${on(100)}"}`, `{"id":71,"createdAt":"${on(100)}"}`]);
  patientsAre(ids);
  notificationsAre(ids);
  withDates('account/7/location/70/appointment', 'appointments', ids.map(appointment), ids.map(on));
  withDates(
    'account/7/location/70/form',
    'formPackets',
    ids.map(packet),
    ids.map(() => on(1)),
  );
  for (const id of ids) {
    allergiesAre(id, [id, id + 100]);
    packetIs(id, [form(id + 1000), form(id + 2000)]);
  }
  for (const place of [70, 71])
    list(
      `account/7/location/${place}/form/template`,
      'formTemplates',
      ids.slice(0, place === 70 ? 40 : 20).map(template),
    );
}

beforeAll(async () => {
  api = await startFakeApi();
  world();
  const first = new Syncer({ api, databaseUrl: filled.url, accounts: ['7'], clock: new MovableClock({ now: NOW }) });
  expect(await first.run('backfill')).toMatchObject({ status: 'succeeded' });
  await first.close();
});
afterAll(() => api.stop());
beforeEach(async () => {
  world();
  api.calls.length = 0;
  database = await copyDatabase(filled);
  syncer = new Syncer({
    api,
    databaseUrl: database.url,
    accounts: ['7'],
    clock: new MovableClock({ now: NOW + DAY_MS }),
  });
});
afterEach(async () => {
  await syncer.close();
  await dropDatabase(database);
});

const deleted = (table: string) =>
  count(database.url, `SELECT count(*) FROM lobbie.${table} WHERE _deleted_at IS NOT NULL`);
const entries = () =>
  query<{ resource: string; key: string; status: string }>(
    database.url,
    'SELECT resource, key, status FROM lobbie_sync.deletes ORDER BY resource, key, id',
  );
const night = (choice: Choice = {}) => syncer.run('sync', choice);
const certified = (operation: string) =>
  count(
    database.url,
    `SELECT count(*) FROM lobbie_sync.sweeps WHERE operation = $1 AND status = 'certified' AND started_at >= $2`,
    [operation, new Date(NOW + DAY_MS)],
  );
const pageOf = (path: string, page: number, answer: (call: Call) => Reply | undefined) => (call: Call) =>
  call.path === path && call.query.get('cursor') === (page === 1 ? null : `c${(page - 1) * 10}`)
    ? answer(call)
    : undefined;
const PATIENTS = 'account/7/patients';

test('a patient whom a full read no longer finds is deleted, with the rows below, and nothing else', async () => {
  patientsAre(ids.filter((id) => id !== 7));
  const report = await night();
  expect(report).toMatchObject({ status: 'succeeded', exitCode: 0 });
  expect(await entries()).toEqual([{ resource: 'patients', key: '7', status: 'applied' }]);
  expect(await deleted('patients')).toBe(1);
  expect(await deleted('allergies')).toBe(2);
  for (const table of ['appointments', 'notifications', 'form_packets', 'forms']) expect(await deleted(table)).toBe(0);
  expect(api.calls.filter(({ path }) => path === 'account/7/patients/7')).toHaveLength(1);
});

describe('nobody is deleted', () => {
  const gone = ids.filter((id) => id !== 7);
  beforeEach(() => patientsAre(gone));
  afterEach(async () => {
    expect(await deleted('patients')).toBe(0);
    expect(await deleted('allergies')).toBe(0);
  });

  test('by a reading that a signal stops in the middle', async () => {
    const stop = new StopSignal();
    api.intercept = pageOf(PATIENTS, 3, () => {
      stop.request(new StopError('stop.signal', 'a test asked for the end'));
      return undefined;
    });
    expect(await night({ stop })).toMatchObject({ status: 'incomplete', exitCode: 5 });
    expect(await certified('listPatients')).toBe(0);
    expect(await entries()).toEqual([]);
  });

  test('by a reading that the budget ends in the middle', async () => {
    expect(await night({ maxRequests: 6 })).toMatchObject({ status: 'incomplete', exitCode: 5 });
    expect(await certified('listPatients')).toBe(0);
    expect(await entries()).toEqual([]);
  });

  test.each<[string, Reply]>([
    ['403 in the middle', { status: 403, text: '{"error":"Forbidden"}' }],
    ['a list key that is missing', { text: '{"nextCursor":null}' }],
    ['404 in the middle', { status: 404, text: '{"error":"Not Found"}' }],
    ['a list that is no list', { text: '{"patients":{},"nextCursor":null}' }],
    ['500 in the middle', { status: 500, text: '' }],
  ])('by %s', async (_name, reply) => {
    api.intercept = pageOf(PATIENTS, 3, () => reply);
    expect(await night()).toMatchObject({ status: 'partial', exitCode: 4 });
    expect(await certified('listPatients')).toBe(0);
    expect(await entries()).toEqual([]);
  });

  test('by a list that is empty all of a sudden', async () => {
    patientsAre([]);
    await night();
    expect(await certified('listPatients')).toBe(1);
    expect(await entries()).toEqual([]);
    expect(syncer.log.text).toContain('a list that had rows is now empty');
  });

  test('when a row of the list could not be read', async () => {
    list(PATIENTS, 'patients', [...gone.map(patient), '{"id":"none","firstName":"X"}']);
    await night();
    expect(await certified('listPatients')).toBe(1);
    expect(await entries()).toEqual([]);
  });

  test('by an API that fails to confirm; the next nightly sync decides', async () => {
    api.intercept = ({ path }) => (path === 'account/7/patients/7' ? { status: 500, text: '' } : undefined);
    expect(await night()).toMatchObject({ status: 'partial', exitCode: 4 });
    expect(await entries()).toEqual([{ resource: 'patients', key: '7', status: 'candidate' }]);
    expect(await deleted('patients')).toBe(0);

    syncer.clock.jump(DAY_MS);
    api.intercept = () => undefined;
    await night();
    expect(await entries()).toEqual([{ resource: 'patients', key: '7', status: 'applied' }]);
    // For the checks after each test of this group.
    await query(database.url, 'UPDATE lobbie.patients SET _deleted_at = NULL WHERE id = 7');
    expect(await deleted('allergies')).toBe(2);
    await query(database.url, 'UPDATE lobbie.allergies SET _deleted_at = NULL');
  });

  test('when a read by id still has the row; it is read by id again when it is missed again', async () => {
    api.answers.set('account/7/patients/7', () => ({ text: patient(7) }));
    await night();
    expect(await entries()).toEqual([{ resource: 'patients', key: '7', status: 'dismissed' }]);
    syncer.clock.jump(DAY_MS);
    await night();
    expect(await entries()).toEqual([
      { resource: 'patients', key: '7', status: 'dismissed' },
      { resource: 'patients', key: '7', status: 'dismissed' },
    ]);
  });
});

describe('a part of a list', () => {
  test('proves no absence: the recent part, a window and the list of a person', async () => {
    notificationsAre(ids.filter((id) => id !== 7));
    expect(await night()).toMatchObject({ status: 'succeeded' });
    expect(await certified('listNotifications#recent')).toBe(2);
    expect(await certified('listNotifications')).toBe(0);
    for (const target of [{ window: { from: on(30), to: on(-2) }, patients: [] }, { patients: ['7'] }]) {
      const report = await executeTargeted(syncer.deps, { selection: everything, target, stop: new StopSignal() });
      expect(report).toMatchObject({ status: 'succeeded' });
    }
    expect(await deleted('notifications')).toBe(0);
    expect(await entries()).toEqual([]);
    // The full re-read comes at the latest at the freshness target, and then the row is gone.
    for (let day = 0; day < 30 && (await deleted('notifications')) === 0; day += 1) {
      syncer.clock.jump(DAY_MS);
      await night();
    }
    expect(await entries()).toEqual([{ resource: 'notifications', key: '7', status: 'applied' }]);
  });
});

describe('a list below a parent', () => {
  /** A change of the patient is the change hint for which the lists below are read. */
  const changePatient = (id: number) =>
    list(PATIENTS, 'patients', [...ids.filter((each) => each !== id).map(patient), patient(id).replace('F', 'G')]);

  test('loses the row that the read by id does not have either', async () => {
    changePatient(7);
    allergiesAre(7, [7]);
    expect(await night()).toMatchObject({ status: 'succeeded' });
    expect(await entries()).toEqual([{ resource: 'allergies', key: '107', status: 'applied' }]);
    expect(await deleted('allergies')).toBe(1);
  });

  test.each<[string, string]>([
    ['is missing its key', '{"nextCursor":null}'],
    ['has a row that can not be read', `{"allergies":[${allergy(7)},{"id":"none"}],"nextCursor":null}`],
  ])('loses nothing when it %s', async (_name, text) => {
    changePatient(7);
    api.answers.set('account/7/patients/7/health-profile/allergies', () => ({ text }));
    await night();
    expect(await entries()).toEqual([]);
    expect(await deleted('allergies')).toBe(0);
  });

  test('loses nothing when its parent is answered with 404', async () => {
    changePatient(7);
    api.answers.delete('account/7/patients/7/health-profile/allergies');
    api.answers.set('account/7/patients/7/health-profile/allergies', () => ({ status: 404, text: '{}' }));
    await night();
    expect(await entries()).toEqual([]);
  });

  const changePacket = (id: number) =>
    withDates(
      'account/7/location/70/form',
      'formPackets',
      ids.map((each) => (each === id ? packet(each).replace('PENDING', 'IN_PROGRESS') : packet(each))),
      ids.map(() => on(1)),
    );

  test('forms and answers that a packet no longer has are deleted', async () => {
    changePacket(3);
    packetIs(3, [form(1003)]);
    expect(await night()).toMatchObject({ status: 'succeeded' });
    expect(await deleted('forms')).toBe(1);
    expect(await deleted('form_answers')).toBe(3);
  });

  test.each<[string, string]>([
    ['a packet without its forms', '{"id":3,"patientId":3,"status":"IN_PROGRESS"}'],
    ['a packet whose forms are null', '{"id":3,"patientId":3,"status":"IN_PROGRESS","forms":null}'],
    ['a packet whose forms are no list', '{"id":3,"patientId":3,"status":"IN_PROGRESS","forms":{"a":1}}'],
    [
      'a form that can not be read',
      `{"id":3,"status":"IN_PROGRESS","forms":[${form(1003)},{"id":"none","answers":[]}]}`,
    ],
    [
      'a form without its answers',
      `{"id":3,"status":"IN_PROGRESS","forms":[${form(1003)},{"id":2003,"status":"PENDING"}]}`,
    ],
    [
      'an answer that can not be read',
      `{"id":3,"status":"IN_PROGRESS","forms":[${form(1003)},{"id":2003,"status":"COMPLETED","answers":[{"formElementId":"none"}]}]}`,
    ],
    ['a packet that has no forms all of a sudden', '{"id":3,"patientId":3,"status":"IN_PROGRESS","forms":[]}'],
  ])('%s deletes nothing', async (_name, text) => {
    changePacket(3);
    api.answers.set('account/7/location/70/form/3', () => ({ text }));
    await night();
    expect(await deleted('forms')).toBe(0);
    expect(await deleted('form_answers')).toBe(0);
    expect(await entries()).toEqual([]);
  });
});

describe('rows that several locations serve', () => {
  test('are not missed because one location was read in an earlier run of the nightly sync', async () => {
    // The second location can't be read, and the nightly sync is stopped after that; the first one is judged by then.
    const stop = new StopSignal();
    api.intercept = ({ path }) => {
      if (path === 'account/7/location/71/form/template') return { status: 404, text: '{}' };
      if (path === 'account/7/location/70/notification-group') stop.request(new StopError('stop.signal', 'the end'));
      return undefined;
    };
    expect(await night({ stop })).toMatchObject({ status: 'incomplete' });
    api.intercept = () => undefined;
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(await entries()).toEqual([]);
    expect(await deleted('form_templates')).toBe(0);
  });
});
