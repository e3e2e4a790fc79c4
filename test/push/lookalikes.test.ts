import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MovableClock } from '../support/clock.ts';
import { useTestDatabase } from '../support/database.ts';
import type { Place } from '../support/harness.ts';
import { query, withApp } from '../support/harness.ts';
import { apply, enqueue, type NewRow, pull, rowsOf, type Stored } from '../support/push.ts';
import { MAKES, type Make, type Misbehaviour } from '../support/push-makes.ts';

/** A write whose answer is lost, and of which Lobbie keeps something in another form: never a second record. */

describe.each(MAKES)('$make', ({ start }) => {
  const database = useTestDatabase();
  let api: Make;
  let place: Place;

  beforeAll(async () => {
    api = await start();
    place = { ...api.place(database.url), clock: new MovableClock({ speed: 200 }) };
    await pull(place, ['locations', 'staff', 'appointment_types', 'patients', 'appointments']);
  });
  afterAll(() => api.stop());
  beforeEach(() => api.behave());

  const row = async (id: string): Promise<Stored> => (await rowsOf(database.url, [id]))[0];
  const queue = async (each: NewRow) => (await enqueue(database.url, [{ account: api.account, ...each }]))[0] ?? '';
  const set = (id: string, status: string) =>
    query(database.url, 'UPDATE lobbie_push.outbox SET status = $2 WHERE id = $1', [id, status]);

  describe('a new patient', () => {
    let serial = 0;
    const keep = (how: Extract<Misbehaviour, { kind: 'kept-otherwise' }>['how'], field?: string): Misbehaviour => ({
      ...{ kind: 'kept-otherwise', op: 'createPatient', how },
      ...(field === undefined ? {} : { field }),
    });
    const cases: readonly (readonly [name: string, kept: Misbehaviour, more: object, sure: boolean | undefined])[] = [
      ['whose address is kept in small letters', keep('folded'), { email: 'Ola.LOOK@Example.com' }, true],
      ['whose address is not kept', keep('dropped'), {}, undefined],
      ['whose name has another quote sign', keep('quotes', 'lastName'), { lastName: "O'Looker" }, true],
      ['whose name has lost its marks', keep('stripped', 'lastName'), { lastName: 'Löøkér' }, true],
      [
        'without an address, whose name has lost its marks',
        keep('stripped', 'lastName'),
        { lastName: 'Kümmel', email: undefined },
        true,
      ],
      ['whose birth date is not kept', keep('dropped', 'dateOfBirth'), {}, undefined],
      ['whose phone is kept as digits', keep('trimmed'), { mobilePhone: '+1 (212) 555-0199' }, true],
    ];

    test.each(cases)('%s', async (_name, kept, more, sure) => {
      serial += 1;
      const who = {
        firstName: `Ola${serial}`,
        lastName: 'Look',
        dateOfBirth: '1969-05-06',
        email: `ola${serial}@example.com`,
      };
      const changes = { ...who, ...more };
      const made = () => api.truth('patients').filter(({ firstName }) => firstName === who.firstName);
      api.misbehave({ kind: 'lost-answer', op: 'createPatient', how: 'gateway', times: 1 }, kept);
      const id = await queue({ operation: 'create', changes });
      const report = await apply(place);
      expect(made()).toHaveLength(1);
      const stored = await row(id);
      expect(stored.attempts).toBe(1);
      // Null where a value was sent is less certain than a key that is left out.
      if (sure !== undefined) expect(stored.status === 'succeeded').toBe(sure);
      expect(report.exitCode).toBe(stored.status === 'succeeded' ? 0 : 6);
      if (stored.status === 'succeeded') return;
      expect(stored).toMatchObject({ status: 'in_doubt', needs_person: true });
      expect(stored.error).toContain(String(made()[0]?.id));
      await withApp(place, (app) => app.push.resolve(id, { kind: 'adopt', resultId: String(made()[0]?.id) }));
      expect(await row(id)).toMatchObject({ status: 'succeeded' });
    });

    test('who was never made is sent again, although a namesake is there whom the mirror knows', async () => {
      const known = api.truth('patients').find(({ email, dateOfBirth }) => email && dateOfBirth);
      const changes = {
        firstName: known.firstName,
        lastName: known.lastName,
        dateOfBirth: '2001-01-01',
        email: 'namesake@example.com',
      };
      const before = api.truth('patients').length;
      api.misbehave({ kind: 'no-effect', op: 'createPatient', status: 503, times: 1 });
      const id = await queue({ operation: 'create', changes });
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
      expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 2 });
      expect(api.truth('patients')).toHaveLength(before + 1);
    });
  });

  describe('a booking', () => {
    let day = 0;
    /** A booking on a day that nobody has a visit on. */
    const booking = (time: string): NewRow & { readonly changes: Stored } => {
      day += 1;
      const visit = api.truth('visits').find(({ patientId, practitionerId }) => patientId && practitionerId);
      const { patientId, practitionerId, appointmentTypeId } = visit;
      const startTime = time.replace('DAY', `2027-06-${String(day).padStart(2, '0')}`);
      const changes = { patientId, practitionerId, appointmentTypeId, startTime };
      return { resource: 'appointments', operation: 'create', location: api.location, changes };
    };
    const visits = () => api.truth('visits').length;

    test.each([
      ['as Postgres prints it', 'DAY 15:07:00+00'],
      ['with a comma and a short offset', 'DAYT10:07:00,000-05'],
    ])('at an instant %s is found again, and booked once', async (_name, time) => {
      const before = visits();
      api.misbehave({ kind: 'lost-answer', op: 'createAppointment', how: 'gateway', times: 1 });
      const id = await queue(booking(time));
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
      expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
      expect(visits()).toBe(before + 1);
    });

    test('that is sent again and collides with itself is the visit that it made', async () => {
      const before = visits();
      api.misbehave(
        { kind: 'lost-answer', op: 'createAppointment', how: 'gateway', times: 1 },
        { kind: 'taken-slot', op: 'createAppointment' },
      );
      const id = await queue(booking('DAY 15:00:00+00'));
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
      expect(await row(id)).toMatchObject({ status: 'succeeded' });
      expect(visits()).toBe(before + 1);
    });

    test('that Lobbie rounds to its grid is left to a person, not booked twice', async () => {
      const before = visits();
      api.misbehave(
        { kind: 'lost-answer', op: 'createAppointment', how: 'gateway', times: 1 },
        { kind: 'slots-rounded', op: 'createAppointment' },
      );
      const id = await queue(booking('DAYT15:07:00Z'));
      expect(await apply(place)).toMatchObject({ exitCode: 6 });
      expect(await row(id)).toMatchObject({ status: 'in_doubt', needs_person: true, attempts: 1 });
      expect(visits()).toBe(before + 1);
      await set(id, 'cancelled');
    });

    test('that Lobbie shows at the time of the place is left to a person, not booked twice', async () => {
      const before = visits();
      api.misbehave(
        { kind: 'lost-answer', op: 'createAppointment', how: 'gateway', times: 1 },
        { kind: 'stamp-local', op: 'listAppointments', field: 'startTime', zone: 'America/New_York' },
      );
      const id = await queue(booking('DAYT15:00:00Z'));
      expect(await apply(place)).toMatchObject({ exitCode: 6 });
      expect(await row(id)).toMatchObject({ status: 'in_doubt', needs_person: true, attempts: 1 });
      expect(visits()).toBe(before + 1);
      await set(id, 'cancelled');
    });

    test('with no answer and no effect is sent again, although the patient has an older visit that day', async () => {
      const each = booking('DAYT15:00:00Z');
      const near = {
        ...each.changes,
        startTime: String(each.changes.startTime).replace('T15', 'T18'),
        status: 'SCHEDULED',
      };
      api.change('visits', 0, { ...near, createdAt: '2020-01-01T00:00:00Z' });
      const before = visits();
      api.misbehave({ kind: 'no-effect', op: 'createAppointment', status: 503, times: 1 });
      const id = await queue(each);
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
      expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 2 });
      expect(visits()).toBe(before + 1);
    });
  });

  test('a move to an instant as Postgres prints it, whose answer is lost, is no conflict with itself', async () => {
    const visit = api.truth('visits').find(({ status }) => status === 'SCHEDULED');
    api.misbehave({ kind: 'lost-answer', op: 'updateAppointment', how: 'gateway', times: 1 });
    const changes = { startTime: '2027-09-04 15:07:00+00' };
    const id = await queue({ resource: 'appointments', target: visit.id, location: api.location, changes });
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(Date.parse(api.truth('visits').find(({ id: each }) => each === visit.id).startTime)).toBe(
      Date.parse('2027-09-04T15:07:00Z'),
    );
  });
});
