import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MovableClock } from '../support/clock.ts';
import { useTestDatabase } from '../support/database.ts';
import { type Place, query, withApp } from '../support/harness.ts';
import { apply, enqueue, type NewRow, pull, rowsOf, type Stored } from '../support/push.ts';
import { MAKES, type Make } from '../support/push-makes.ts';

/** Answers that are no proof: what counts is what Lobbie has. */

describe.each(MAKES)('$make', ({ start }) => {
  const database = useTestDatabase();
  let api: Make;
  let place: Place;

  beforeAll(async () => {
    api = await start();
    // Pauses between sends are seconds; the time to settle is none.
    place = { ...api.place(database.url), clock: new MovableClock({ speed: 200 }) };
    await pull(place, ['locations', 'patients', 'appointments']);
  });
  afterAll(() => api.stop());
  beforeEach(() => api.behave());

  let next = 0;
  /** A patient whom no other test has, with all fields. */
  const another = (): Stored => {
    for (;;) {
      next += 1;
      const patient = api.truth('patients')[next];
      if (patient === undefined) throw new Error('all patients are used up');
      if (patient.email && patient.mobilePhone && patient.gender && patient.dateOfBirth) return patient;
    }
  };
  const truth = (id: number): Stored => api.truth('patients').find((each) => each.id === id);
  const row = async (id: string): Promise<Stored> => (await rowsOf(database.url, [id]))[0];
  const queue = async (each: NewRow) => (await enqueue(database.url, [{ account: api.account, ...each }]))[0] ?? '';
  const mirrored = async (id: number): Promise<Stored> =>
    (await query<Stored>(database.url, 'SELECT * FROM lobbie.patients WHERE id = $1', [id]))[0];

  describe('an update that is answered with 200', () => {
    test('and an error body is sent again, and succeeds once Lobbie has the value', async () => {
      const { id } = another();
      api.misbehave({ kind: 'no-effect', op: 'updatePatient', times: 1 });
      const change = await queue({ target: id, changes: { gender: 'other' } });
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
      expect(await row(change)).toMatchObject({ status: 'succeeded', attempts: 2, error: null });
      expect(truth(id).gender).toBe('other');
    });

    test('and an error body each time never succeeds, and leaves the mirror as it is', async () => {
      const { id, gender } = another();
      api.misbehave({ kind: 'no-effect', op: 'updatePatient' });
      const change = await queue({ target: id, changes: { gender: 'nothing' } });
      expect(await apply(place)).toMatchObject({ exitCode: 4 });
      expect(await row(change)).toMatchObject({ status: 'failed', attempts: 5 });
      expect((await mirrored(id)).gender).toBe(gender);
    });

    test('and the record of somebody else changes the mirror of neither', async () => {
      const [one, other] = [another(), another()];
      const before = await mirrored(other.id);
      api.misbehave({ kind: 'answered-as', op: 'updatePatient', id: other.id });
      const change = await queue({ target: one.id, changes: { email: 'one@example.com' } });
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
      expect(await row(change)).toMatchObject({ status: 'succeeded', attempts: 1, result_id: String(one.id) });
      expect((await mirrored(one.id)).email).toBe('one@example.com');
      expect(await mirrored(other.id)).toEqual(before);
    });

    test('of a record that was merged into another asks a person, and overwrites neither', async () => {
      const [one, other] = [another(), another()];
      const before = await mirrored(other.id);
      const change = await queue({ target: one.id, changes: { email: 'merged@example.com' } });
      api.misbehave({ kind: 'merged', op: 'getPatient', oldId: one.id, newId: other.id });
      expect(await apply(place)).toMatchObject({ exitCode: 4 });
      expect(await row(change)).toMatchObject({ status: 'rejected', attempts: 0 });
      expect((await row(change)).error).toContain(`record ${other.id}`);
      expect(truth(other.id).email).toBe(other.email);
      // It happens between the look and the write.
      const later = await queue({ target: one.id, changes: { email: 'merged@example.com' } });
      api.behave();
      api.misbehave({ kind: 'answered-as', op: 'updatePatient', id: other.id });
      api.misbehave({ kind: 'merged', op: 'getPatient', oldId: one.id, newId: other.id, fromNth: 2 });
      expect(await apply(place)).toMatchObject({ exitCode: 6 });
      expect(await row(later)).toMatchObject({ status: 'in_doubt', needs_person: true, attempts: 1 });
      expect((await row(later)).error).toContain(`record ${other.id}`);
      expect(await mirrored(other.id)).toEqual(before);
      api.behave();
      await withApp(place, (app) => app.push.resolve(later, { kind: 'again' }));
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
    });

    test('and empties what was not sent is noted', async () => {
      const { id } = another();
      api.misbehave({ kind: 'put-nulls', op: 'updatePatient', fields: ['mobilePhone'] });
      const change = await queue({ target: id, changes: { gender: 'other' } });
      const report = await apply(place);
      expect(report.totals).toMatchObject({ succeeded: 1, altered: 1 });
      expect((await row(change)).error).toContain('mobilePhone: changed with it');
      expect((await mirrored(id)).mobile_phone).toBeNull();
    });
  });

  describe('an update that is answered with 202', () => {
    test('and done later has one effect', async () => {
      const { id } = another();
      api.misbehave({ kind: 'late-effect', op: 'updatePatient', afterRequests: 2 });
      const change = await queue({ target: id, changes: { gender: 'later' } });
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
      expect(await row(change)).toMatchObject({ status: 'succeeded', attempts: 1 });
      expect(truth(id).gender).toBe('later');
    });

    test('and never done does not succeed', async () => {
      const { id } = another();
      api.misbehave({ kind: 'no-effect', op: 'updatePatient', status: 202, json: { accepted: true } });
      const change = await queue({ target: id, changes: { gender: 'never' } });
      expect(await apply(place)).toMatchObject({ exitCode: 4 });
      expect(await row(change)).toMatchObject({ status: 'failed' });
    });
  });

  describe('a delete', () => {
    test('that is answered with an error body at 200 marks nobody as deleted', async () => {
      const { id } = another();
      api.misbehave({ kind: 'no-effect', op: 'deletePatient', times: 1 });
      const gone = await queue({ operation: 'delete', target: id });
      const slow = new MovableClock({ now: place.clock?.now().getTime() ?? 0, speed: 0.1 });
      expect(await apply({ ...place, clock: slow }, { deletes: true, patienceMs: 0 })).toMatchObject({ exitCode: 4 });
      expect(await row(gone)).toMatchObject({ status: 'in_doubt', needs_person: false });
      expect((await mirrored(id))._deleted_at).toBeNull();
      expect(await apply(place, { deletes: true })).toMatchObject({ exitCode: 0 });
      expect(await row(gone)).toMatchObject({ status: 'succeeded', attempts: 2 });
      expect(truth(id)).toBeUndefined();
      expect((await mirrored(id))._deleted_at).toBeInstanceOf(Date);
    });

    test('of a record that was merged into another deletes neither', async () => {
      const [one, other] = [another(), another()];
      api.misbehave({ kind: 'merged', op: ['getPatient', 'deletePatient'], oldId: one.id, newId: other.id });
      const gone = await queue({ operation: 'delete', target: one.id });
      expect(await apply(place, { deletes: true })).toMatchObject({ exitCode: 4 });
      expect(await row(gone)).toMatchObject({ status: 'rejected', attempts: 0 });
      expect(truth(other.id)).toBeDefined();
    });
  });

  describe('a create', () => {
    const person = { firstName: 'Ida', lastName: 'Proof', dateOfBirth: '1971-02-03', email: 'ida.proof@example.com' };
    const made = () => api.truth('patients').filter(({ lastName }) => lastName === 'Proof').length;

    test('that is answered with an error body is left to a person, not sent again', async () => {
      api.misbehave({ kind: 'no-effect', op: 'createPatient', status: 201 });
      const id = await queue({ operation: 'create', changes: person });
      expect(await apply(place)).toMatchObject({ exitCode: 6 });
      expect(await row(id)).toMatchObject({ status: 'in_doubt', needs_person: true, attempts: 1 });
      api.behave();
      await withApp(place, (app) => app.push.resolve(id, { kind: 'again' }));
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
      expect(made()).toBe(1);
    });

    test('that is answered with the record of somebody else is left to a person', async () => {
      const other = another();
      const before = await mirrored(other.id);
      api.misbehave({ kind: 'answered-as', op: 'createPatient', id: other.id });
      const id = await queue({
        operation: 'create',
        changes: { ...person, firstName: 'Eva', email: 'eva@example.com' },
      });
      expect(await apply(place)).toMatchObject({ exitCode: 6 });
      expect(await row(id)).toMatchObject({ status: 'in_doubt', needs_person: true });
      expect(await mirrored(other.id)).toEqual(before);
      await query(database.url, `UPDATE lobbie_push.outbox SET status = 'cancelled' WHERE id = $1`, [id]);
    });

    test('that Lobbie keeps otherwise succeeds with a note, and the mirror has what Lobbie keeps', async () => {
      api.misbehave({ kind: 'kept-otherwise', op: 'createPatient', how: 'dropped' });
      const id = await queue({
        operation: 'create',
        changes: { ...person, firstName: 'Ada', email: 'ada@example.com' },
      });
      expect(await apply(place)).toMatchObject({ exitCode: 0 });
      expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
      expect((await row(id)).error).toMatch(/^email: /);
      expect((await mirrored((await row(id)).result_id)).email).toBeNull();
    });
  });

  test('a queue does not empty a clinic: the run stops after five records that lost what was not sent', async () => {
    const targets = Array.from({ length: 12 }, another);
    api.misbehave({ kind: 'put-nulls', op: 'updatePatient', fields: ['email'] });
    const ids = await enqueue(
      database.url,
      targets.map(({ id }) => ({ account: api.account, target: id, changes: { gender: 'wiped' } })),
    );
    const env = { ...place.env, LOBBIE_CONCURRENCY: '1' };
    const report = await apply({ ...place, env });
    expect(report).toMatchObject({ status: 'failed', exitCode: 4, error: { code: 'push.error_share' } });
    const sent = (await rowsOf(database.url, ids)).filter(({ attempts }) => attempts > 0).length;
    expect(sent).toBeGreaterThanOrEqual(5);
    expect(sent).toBeLessThan(9);
    await query(database.url, `UPDATE lobbie_push.outbox SET status = 'cancelled' WHERE status = 'pending'`);
  });
});
