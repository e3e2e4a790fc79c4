import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { useTestDatabase } from '../support/database.ts';
import { withClient } from '../support/databases.ts';
import { control, count, Log, makeApp, type Place, query } from '../support/harness.ts';
import { apply, enqueue, journalOf, type NewRow, pull, rowsOf, type Stored, truthOf } from '../support/push.ts';

/** Many rows: their order, bad ones among them, guards, and who may insert them. */

const database = useTestDatabase();
let simulator: Simulator;
let place: Place;
let patients: Stored[];
let visit: Stored;

beforeAll(async () => {
  simulator = await startSimulator({ patients: 60, accounts: [1001], locationsPerAccount: 2 });
  place = { api: simulator, databaseUrl: database.url, accounts: ['1001'] };
  await pull(place);
  patients = await truthOf(simulator, 'patients');
  [visit] = await query<Stored>(database.url, 'SELECT * FROM lobbie.appointments WHERE account_id = 1001 LIMIT 1');
});
afterAll(() => simulator.stop());

const run = async (choice = {}) => await apply(place, choice);
const insert = (text: string, values: readonly unknown[] = []) => query<Stored>(database.url, text, values);

test('rows of one target go in their order, however many targets go side by side', async () => {
  const rounds = 12;
  const targets = patients.slice(0, 20).map((each) => each.id);
  const rows: NewRow[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const target of targets) rows.push({ target, changes: { email: `p${target}.${round}@example.com` } });
  }
  await enqueue(database.url, rows);
  expect(await run()).toMatchObject({ exitCode: 0, totals: { succeeded: rounds * targets.length } });
  const after = await truthOf(simulator, 'patients');
  for (const target of targets) {
    expect(after.find((each) => each.id === target).email).toBe(`p${target}.${rounds - 1}@example.com`);
    const { rows: versions } = await withClient(database.url, (client) =>
      client.query('SELECT email FROM lobbie_history.patients WHERE id = $1 ORDER BY version', [target]),
    );
    expect(versions.slice(1).map((each) => each.email)).toEqual(
      Array.from({ length: rounds }, (_, round) => `p${target}.${round}@example.com`),
    );
  }
});

describe('bad rows', () => {
  const person = { firstName: 'A', lastName: 'B' };
  const MARK = 'Qvbadvalueqv';
  const bookable = () => ({
    patientId: Number(visit.patient_id),
    practitionerId: Number(visit.practitioner_id),
    appointmentTypeId: Number(visit.appointment_type_id),
    startTime: '2027-06-01T15:00:00Z',
  });
  const cases: readonly (readonly [name: string, field: string, row: () => NewRow])[] = [
    ['no first name', 'firstName', () => ({ operation: 'create', changes: { lastName: MARK } })],
    ['an empty name', 'lastName', () => ({ operation: 'create', changes: { firstName: 'A', lastName: '  ' } })],
    ['a name that is a number', 'firstName', () => ({ target: 1, changes: { firstName: 5 } })],
    ['a name that is a list', 'firstName', () => ({ target: 1, changes: { firstName: [MARK] } })],
    ['no e-mail address', 'email', () => ({ target: 1, changes: { email: MARK } })],
    ['a birth date in another form', 'dateOfBirth', () => ({ target: 1, changes: { dateOfBirth: '31/12/1990' } })],
    ['a birth date that no calendar has', 'dateOfBirth', () => ({ target: 1, changes: { dateOfBirth: '1990-02-30' } })],
    ['a birth date to come', 'dateOfBirth', () => ({ target: 1, changes: { dateOfBirth: '2999-01-01' } })],
    ['no phone', 'mobilePhone', () => ({ target: 1, changes: { mobilePhone: MARK } })],
    ['a phone too short', 'mobilePhone', () => ({ target: 1, changes: { mobilePhone: '12345' } })],
    ['a field that nobody knows', 'loyalty', () => ({ target: 1, changes: { loyalty: MARK } })],
    ['a field that can not be written', 'homeAddress', () => ({ target: 1, changes: { homeAddress: { city: MARK } } })],
    ['a null that is not meant', 'email', () => ({ target: 1, changes: { email: null } })],
    ['a null that can not be', 'firstName', () => ({ target: 1, changes: { firstName: null }, allowNulls: true })],
    ['nothing to change', 'changes', () => ({ target: 1, changes: {} })],
    ['an account that is not ours', 'account_id', () => ({ account: 7, operation: 'create', changes: person })],
    [
      'a time without an offset',
      'startTime',
      () => ({ resource: 'appointments', target: visit.id, changes: { startTime: '2027-06-01T15:00:00' } }),
    ],
    [
      'a day in place of a time',
      'startTime',
      () => ({ resource: 'appointments', target: visit.id, changes: { startTime: '2027-06-01' } }),
    ],
    [
      'a status that Lobbie does not take',
      'status',
      () => ({ resource: 'appointments', target: visit.id, changes: { status: 'RESCHEDULED' } }),
    ],
    [
      'a practitioner who is no id',
      'practitionerId',
      () => ({ resource: 'appointments', target: visit.id, changes: { practitionerId: MARK } }),
    ],
    [
      'another patient for a visit',
      'patientId',
      () => ({ resource: 'appointments', target: visit.id, changes: { patientId: 5 } }),
    ],
    [
      'a visit that nobody knows',
      'location_id',
      () => ({ resource: 'appointments', target: 999_999_999, changes: { note: MARK } }),
    ],
    [
      'a patient whom no row creates',
      'patientId',
      () => ({
        resource: 'appointments',
        operation: 'create',
        location: visit.location_id,
        changes: { ...bookable(), patientId: { externalRef: MARK } },
      }),
    ],
    [
      'a booking without a type',
      'appointmentTypeId',
      () => ({
        resource: 'appointments',
        operation: 'create',
        location: visit.location_id,
        changes: { ...bookable(), appointmentTypeId: undefined },
      }),
    ],
    [
      'an id out of range',
      'practitionerId',
      () => ({
        resource: 'appointments',
        target: visit.id,
        changes: { practitionerId: '99999999999999999999' },
      }),
    ],
  ];

  test('are rejected by the name of their field, all at once, and the others go on', async () => {
    const good = patients.slice(20, 30).map((each): NewRow => ({ target: each.id, changes: { gender: 'Other' } }));
    const bad = cases.map(([, , make]) => make());
    const rows = [...good.slice(0, 5), ...bad, ...good.slice(5)];
    const ids = await enqueue(database.url, rows);
    simulator.resetStats();
    const log = new Log();
    const report = await apply(place, { log });
    expect(report).toMatchObject({ exitCode: 4, status: 'partial', totals: { succeeded: 10, rejected: cases.length } });
    const stored = await rowsOf(database.url, ids);
    for (const [index, [name, field]] of cases.entries()) {
      const row = stored[5 + index];
      expect(row, name).toMatchObject({ status: 'rejected', attempts: 0, result_id: null });
      expect(row.error, name).toMatch(new RegExp(`(^|; )${field}: `));
      expect(row.error, name).not.toContain(MARK);
      expect(row.completed_at, name).toBeInstanceOf(Date);
    }
    expect(log.text).not.toContain(MARK);
    // Nothing of them was sent.
    expect(simulator.stats().perOperation).toEqual({ getPatient: 10, updatePatient: 10 });
    expect(
      await count(database.url, `SELECT count(*) FROM lobbie_sync.audit_log WHERE subject::text LIKE '%${MARK}%'`),
    ).toBe(0);
  });

  test('name all their faults at once', async () => {
    const changes = { email: MARK, dateOfBirth: MARK, shoe: 5 };
    const [id = ''] = await enqueue(database.url, [{ operation: 'create', changes }]);
    await run();
    const [row] = await rowsOf(database.url, [id]);
    for (const field of ['email', 'dateOfBirth', 'shoe', 'firstName', 'lastName'])
      expect(row.error).toContain(`${field}: `);
  });

  test('can be fixed and tried again', async () => {
    const target = patients[31].id;
    const [id = ''] = await enqueue(database.url, [{ target, changes: { email: MARK } }]);
    await run();
    await insert(`UPDATE lobbie_push.outbox SET changes = '{"email": "fixed@example.com"}' WHERE id = $1`, [id]);
    const app = makeApp(place);
    await app.push.retry({ ids: [id] });
    await app.close();
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect((await rowsOf(database.url, [id]))[0]).toMatchObject({ status: 'succeeded' });
  });

  test.each([
    ['a resource that is none', `('staff', 'update', 1001, NULL, 1, '{}')`],
    ['an operation that is none', `('patients', 'merge', 1001, NULL, 1, '{}')`],
    ['a delete of a visit', `('appointments', 'delete', 1001, 5, 1, '{}')`],
    ['an update without a target', `('patients', 'update', 1001, NULL, NULL, '{}')`],
    ['a create with a target', `('patients', 'create', 1001, NULL, 1, '{}')`],
    ['a booking without a location', `('appointments', 'create', 1001, NULL, NULL, '{}')`],
    ['changes that are a list', `('patients', 'update', 1001, NULL, 1, '[]')`],
  ])('are refused at the insert: %s', async (_name, values) => {
    const statement = `INSERT INTO lobbie_push.outbox (resource, operation, account_id, location_id, target_id, changes) VALUES ${values}`;
    await expect(insert(statement)).rejects.toMatchObject({ code: '23514' });
  });

  test('are refused at the insert: a reference that is used already', async () => {
    await enqueue(database.url, [{ operation: 'create', ref: 'once', changes: person }]);
    await expect(enqueue(database.url, [{ operation: 'create', ref: 'once', changes: person }])).rejects.toMatchObject({
      code: '23505',
    });
    await insert(`UPDATE lobbie_push.outbox SET status = 'cancelled' WHERE external_ref = 'once'`);
  });
});

describe('guards', () => {
  const some = (from: number, to: number, email: string) =>
    enqueue(
      database.url,
      patients
        .slice(from, to)
        .map((each) => ({ target: each.id, changes: { email: `${email}${each.id}@example.com` } })),
    );
  const statuses = async (ids: readonly string[]) =>
    (await rowsOf(database.url, ids)).map((each) => each.status).sort();

  test('a cap ends a run as incomplete; the next goes on', async () => {
    const ids = await some(0, 5, 'capped');
    expect(await run({ maxChanges: 3 })).toMatchObject({ exitCode: 5, status: 'incomplete' });
    expect(await statuses(ids)).toEqual(['pending', 'pending', 'succeeded', 'succeeded', 'succeeded']);
    expect(await run({ maxChanges: 3 })).toMatchObject({ exitCode: 0 });
    expect(await statuses(ids)).toEqual(Array(5).fill('succeeded'));
  });

  test('a budget of requests is kept', async () => {
    const ids = await some(0, 5, 'budget');
    simulator.resetStats();
    expect(await run({ maxRequests: 4 })).toMatchObject({ exitCode: 5, status: 'incomplete' });
    expect(simulator.stats().requests).toBe(4);
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect(await statuses(ids)).toEqual(Array(5).fill('succeeded'));
  });

  test('too many refusals stop a run', async () => {
    const ids = await some(0, 60, 'refused');
    await control(simulator, '/faults', [{ kind: 'status', status: 422, operation: 'updatePatient' }]);
    const report = await run();
    await control(simulator, '/faults', []);
    expect(report).toMatchObject({ exitCode: 4, status: 'failed', error: { code: 'push.error_share' } });
    const rejected = (await statuses(ids)).filter((status) => status === 'rejected').length;
    expect(rejected).toBeGreaterThanOrEqual(20);
    expect(rejected).toBeLessThan(40);
    const [first] = (await rowsOf(database.url, ids)).filter((each) => each.status === 'rejected');
    expect(first.error).toContain('422');
    await insert(`UPDATE lobbie_push.outbox SET status = 'cancelled' WHERE id = ANY($1) AND status = 'pending'`, [ids]);
  });

  test('a pause holds everything', async () => {
    const ids = await some(0, 2, 'paused');
    const app = makeApp(place);
    await app.push.pause('a test');
    simulator.resetStats();
    expect(await run()).toMatchObject({ exitCode: 5, status: 'incomplete' });
    expect(simulator.stats().requests).toBe(0);
    expect(await app.push.summary()).toMatchObject({ paused: { reason: 'a test' } });
    await app.push.resume();
    await app.close();
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect(await statuses(ids)).toEqual(['succeeded', 'succeeded']);
  });

  test('a delete goes when it is approved', async () => {
    const [kept, gone] = patients.slice(-2);
    const ids = await enqueue(database.url, [
      { operation: 'delete', target: kept.id },
      { operation: 'delete', target: gone.id },
    ]);
    const app = makeApp(place);
    expect(await app.push.approve({ ids: ids.slice(1) })).toEqual(ids.slice(1));
    await app.close();
    expect(await run()).toMatchObject({ exitCode: 6 });
    expect((await rowsOf(database.url, ids)).map((each) => each.status)).toEqual(['pending', 'succeeded']);
    await insert(`UPDATE lobbie_push.outbox SET status = 'cancelled' WHERE id = $1`, [ids[0]]);
  });
});

test('two deliveries at once do nothing twice', async () => {
  const ids = await enqueue(
    database.url,
    patients.slice(0, 40).map((each) => ({ target: each.id, changes: { gender: `Twice${each.id}` } })),
  );
  const before = (await journalOf(simulator)).length;
  const reports = await Promise.all([run(), run()]);
  for (const report of reports) expect(report.exitCode).toBe(0);
  expect(reports[0].totals.succeeded + reports[1].totals.succeeded).toBe(40);
  expect((await journalOf(simulator)).length - before).toBe(40);
  for (const row of await rowsOf(database.url, ids)) expect(row).toMatchObject({ status: 'succeeded', attempts: 1 });
});

test('who may insert need not be able to read', async () => {
  const role = `writer_${database.name}`;
  await insert(`CREATE ROLE "${role}" LOGIN PASSWORD 'writer'`);
  try {
    await insert('SELECT lobbie_push.allow_insert($1)', [role]);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'writer';
    await withClient(url.href, async (client) => {
      await client.query(
        `INSERT INTO lobbie_push.outbox (resource, operation, account_id, target_id, changes) VALUES ('patients', 'update', 1001, $1, $2)`,
        [patients[3].id, { gender: 'By the writer' }],
      );
      const refused = { code: '42501' };
      await expect(client.query('SELECT id FROM lobbie_push.outbox')).rejects.toMatchObject(refused);
      await expect(client.query('SELECT id FROM lobbie.patients')).rejects.toMatchObject(refused);
      await expect(client.query('UPDATE lobbie_push.outbox SET approved_at = now()')).rejects.toMatchObject(refused);
      const approved = `INSERT INTO lobbie_push.outbox (resource, operation, account_id, target_id, approved_at) VALUES ('patients', 'delete', 1001, 1, now())`;
      await expect(client.query(approved)).rejects.toMatchObject(refused);
    });
    const row = (await rowsOf(database.url)).at(-1);
    expect(row).toMatchObject({ requested_by: role, base: { id: patients[3].id } });
    expect(await run()).toMatchObject({ exitCode: 0 });
    expect((await rowsOf(database.url, [row.id]))[0]).toMatchObject({ status: 'succeeded' });
  } finally {
    await insert(`DROP OWNED BY "${role}"`);
    await insert(`DROP ROLE "${role}"`);
  }
});
