import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { useTestDatabase } from '../support/database.ts';
import { control, type Place, query } from '../support/harness.ts';
import { apply, enqueue, pull, rowsOf, type Stored, truthOf } from '../support/push.ts';

/** Every operation against the simulator, and the outcome in Lobbie and in the mirror. */

const database = useTestDatabase();
let simulator: Simulator;
let place: Place;

beforeAll(async () => {
  simulator = await startSimulator({ patients: 30, accounts: [1001], locationsPerAccount: 2 });
  place = { api: simulator, databaseUrl: database.url, accounts: ['1001'] };
  await pull(place);
});
afterAll(() => simulator.stop());

const mirrored = async (table: string, id: string | number): Promise<Stored> =>
  (await query(database.url, `SELECT * FROM lobbie.${table} WHERE account_id = 1001 AND id = $1`, [id]))[0];
const versions = async (table: string, id: string | number): Promise<number> =>
  (await query(database.url, `SELECT FROM lobbie_history.${table} WHERE account_id = 1001 AND id = $1`, [id])).length;

const person = { firstName: 'Ada', lastName: 'Byron', dateOfBirth: '1980-12-10', email: 'ada@example.com' };

test('a new patient is in Lobbie and in the mirror, and the next pull changes nothing', async () => {
  const [id = ''] = await enqueue(database.url, [{ operation: 'create', ref: 'crm-1', changes: person }]);
  const report = await apply(place);
  expect(report).toMatchObject({ status: 'succeeded', exitCode: 0 });
  const [row] = await rowsOf(database.url, [id]);
  expect(row).toMatchObject({ status: 'succeeded', attempts: 1, error: null });
  expect(row.completed_at).toBeInstanceOf(Date);
  const truth = (await truthOf(simulator, 'patients')).find((each) => String(each.id) === row.result_id);
  expect(truth).toMatchObject(person);
  const stored = await mirrored('patients', row.result_id);
  expect(stored).toMatchObject({ first_name: 'Ada', email: 'ada@example.com', raw: truth });
  await pull(place, ['patients']);
  expect(await versions('patients', row.result_id)).toBe(1);
});

test('an update sends only what changes, and the mirror has it at once, as a version of its own', async () => {
  const [patient] = await truthOf(simulator, 'patients');
  const changes = { email: 'new@example.com', firstName: patient.firstName };
  const [id = ''] = await enqueue(database.url, [{ target: patient.id, changes }]);
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  expect((await rowsOf(database.url, [id]))[0]).toMatchObject({ status: 'succeeded', result_id: String(patient.id) });
  const after = (await truthOf(simulator, 'patients')).find((each) => each.id === patient.id);
  expect(after).toMatchObject({ ...patient, email: 'new@example.com', updatedAt: after.updatedAt });
  expect(await mirrored('patients', patient.id)).toMatchObject({ email: 'new@example.com', raw: after });
  expect(await versions('patients', patient.id)).toBe(2);
  await pull(place, ['patients']);
  expect(await versions('patients', patient.id)).toBe(2);
  const audit = await query<Stored>(
    database.url,
    `SELECT * FROM lobbie_sync.audit_log WHERE action = 'push.update' AND subject ->> 'outbox' = $1`,
    [id],
  );
  expect(audit).toHaveLength(1);
  expect(audit[0]).toMatchObject({ actor: 'crm', account_id: '1001', resource: 'patients' });
  expect(audit[0].subject).toMatchObject({ id: String(patient.id), outcome: 'succeeded', fields: ['email'] });
});

test('a delete waits for a person, and takes what hangs below along', async () => {
  await pull(place, ['allergies']);
  const below =
    'SELECT patient_id AS id, count(*)::int AS n FROM lobbie.allergies WHERE _deleted_at IS NULL GROUP BY 1 ORDER BY 2 DESC LIMIT 1';
  const [patient] = await query<Stored>(database.url, below);
  expect(patient.n).toBeGreaterThan(0);
  const [id = ''] = await enqueue(database.url, [{ operation: 'delete', target: patient.id }]);
  expect(await apply(place)).toMatchObject({ exitCode: 6, undecided: 1 });
  expect((await rowsOf(database.url, [id]))[0]).toMatchObject({ status: 'pending', attempts: 0 });
  expect(await apply(place, { deletes: true })).toMatchObject({ exitCode: 0 });
  expect((await rowsOf(database.url, [id]))[0]).toMatchObject({ status: 'succeeded', result_id: String(patient.id) });
  expect((await truthOf(simulator, 'patients')).some((each) => String(each.id) === patient.id)).toBe(false);
  const left = 'SELECT FROM lobbie.allergies WHERE patient_id = $1 AND _deleted_at IS NULL';
  expect(await query(database.url, left, [patient.id])).toHaveLength(0);
  expect((await mirrored('patients', patient.id))._deleted_at).toBeInstanceOf(Date);
  await pull(place, ['patients']);
  expect((await mirrored('patients', patient.id))._deleted_at).toBeInstanceOf(Date);
});

describe('visits', () => {
  const free = '2027-03-01T15:00:00Z';
  let visit: Stored;

  test('are booked for a patient who is created in the same run', async () => {
    const [practitioner] = await query<Stored>(
      database.url,
      'SELECT practitioner_id AS id FROM lobbie.appointments WHERE account_id = 1001 LIMIT 1',
    );
    const [type] = await query<Stored>(
      database.url,
      'SELECT id FROM lobbie.appointment_types WHERE account_id = 1001 LIMIT 1',
    );
    const [place_] = await query<Stored>(
      database.url,
      'SELECT id FROM lobbie.locations WHERE account_id = 1001 LIMIT 1',
    );
    const booking = {
      patientId: { externalRef: 'crm-17' },
      practitionerId: Number(practitioner.id),
      appointmentTypeId: Number(type.id),
      startTime: free,
      note: 'first visit',
    };
    const ids = await enqueue(database.url, [
      { resource: 'appointments', operation: 'create', location: place_.id, changes: booking },
      { operation: 'create', ref: 'crm-17', changes: { ...person, firstName: 'Grace', email: 'grace@example.com' } },
    ]);
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    const [appointment, patient] = await rowsOf(database.url, ids);
    expect(appointment).toMatchObject({ status: 'succeeded', attempts: 1 });
    visit = (await truthOf(simulator, 'appointments')).find((each) => String(each.id) === appointment.result_id);
    expect(visit).toMatchObject({ status: 'SCHEDULED', note: 'first visit' });
    expect(String(visit.patientId)).toBe(patient.result_id);
    expect(Date.parse(visit.startTime)).toBe(Date.parse(free));
    expect(await mirrored('appointments', visit.id)).toMatchObject({
      note: 'first visit',
      patient_id: patient.result_id,
    });
    await pull(place, ['appointments']);
    expect(await versions('appointments', visit.id)).toBe(1);
  });

  test('are moved, reassigned, annotated and cancelled, without a location named', async () => {
    const others =
      'SELECT DISTINCT practitioner_id::int AS id FROM lobbie.appointments WHERE practitioner_id <> $1 LIMIT 1';
    const [other] = await query<Stored>(database.url, others, [visit.practitionerId]);
    const changes = [
      { startTime: '2027-03-02T15:00:00Z' },
      { practitionerId: other.id, note: 'moved' },
      { status: 'CANCELLED' },
    ];
    const ids = await enqueue(
      database.url,
      changes.map((each) => ({ resource: 'appointments' as const, target: visit.id, changes: each })),
    );
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    for (const row of await rowsOf(database.url, ids)) expect(row).toMatchObject({ status: 'succeeded', attempts: 1 });
    const truth = (await truthOf(simulator, 'appointments')).find((each) => each.id === visit.id);
    expect(truth).toMatchObject({ status: 'CANCELLED', note: 'moved', practitionerId: other.id });
    const stored = await mirrored('appointments', visit.id);
    expect(stored).toMatchObject({ status: 'CANCELLED', note: 'moved' });
    expect(stored.start_time).toEqual(new Date('2027-03-02T15:00:00Z'));
    const before = await versions('appointments', visit.id);
    expect(before).toBe(4);
    await pull(place, ['appointments']);
    expect(await versions('appointments', visit.id)).toBe(before);
  });

  test('a taken slot is a final answer', async () => {
    const ids = await enqueue(database.url, [
      { resource: 'appointments', target: visit.id, changes: { status: 'SCHEDULED' } },
    ]);
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect((await rowsOf(database.url, ids))[0]).toMatchObject({ status: 'succeeded' });
    const taken = (await truthOf(simulator, 'appointments')).find((each) => each.id === visit.id);
    const booking = {
      patientId: taken.patientId,
      practitionerId: taken.practitionerId,
      appointmentTypeId: taken.appointmentTypeId,
      startTime: taken.startTime,
    };
    const [id = ''] = await enqueue(database.url, [
      { resource: 'appointments', operation: 'create', location: taken.locationId, changes: booking },
    ]);
    expect(await apply(place)).toMatchObject({ exitCode: 4 });
    const [row] = await rowsOf(database.url, [id]);
    expect(row).toMatchObject({ status: 'rejected', attempts: 1 });
    expect(row.error).toContain('409');
    expect(row.answer).toContain('not available');
  });
});

test('a row that both sides left alone is done without a write', async () => {
  const [patient] = await truthOf(simulator, 'patients');
  simulator.resetStats();
  const [id = ''] = await enqueue(database.url, [{ target: patient.id, changes: { email: patient.email } }]);
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  expect((await rowsOf(database.url, [id]))[0]).toMatchObject({ status: 'succeeded', attempts: 0 });
  expect(simulator.stats().perOperation).toEqual({ getPatient: 1 });
});

test('a patient whom Lobbie lost meanwhile is not updated', async () => {
  const patient = (await truthOf(simulator, 'patients')).at(3);
  await control(simulator, '/hide', { account: 1001, resource: 'patients', id: patient.id });
  const [id = ''] = await enqueue(database.url, [{ target: patient.id, changes: { email: 'gone@example.com' } }]);
  expect(await apply(place)).toMatchObject({ exitCode: 4 });
  const [row] = await rowsOf(database.url, [id]);
  expect(row.status).toBe('rejected');
  expect(row.error).toMatch(/^target_id: /);
});
