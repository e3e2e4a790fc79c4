import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { useTestDatabase } from '../support/database.ts';
import { control, type Place, query, withApp } from '../support/harness.ts';
import { apply, enqueue, pull, rowsOf, type Stored, truthOf } from '../support/push.ts';

/** What both sides changed. */

const database = useTestDatabase();
let simulator: Simulator;
let place: Place;
let patients: Stored[];

beforeAll(async () => {
  simulator = await startSimulator({ patients: 30, accounts: [1001], locationsPerAccount: 2 });
  place = { api: simulator, databaseUrl: database.url, accounts: ['1001'] };
  await pull(place);
  patients = await truthOf(simulator, 'patients');
});
afterAll(() => simulator.stop());

const taken = new Set<number>();
/** A patient whom no other test has. */
function another(): Stored {
  const patient = patients.find((each) => !taken.has(each.id));
  taken.add(patient.id);
  return patient;
}
const truth = async (id: number): Promise<Stored> =>
  (await truthOf(simulator, 'patients')).find((each) => each.id === id);
/** Somebody changes a patient in Lobbie. */
const meanwhile = (id: number, fields: object) =>
  control(simulator, '/patch', { account: 1001, resource: 'patients', id, fields });
const row = async (id: string): Promise<Stored> => (await rowsOf(database.url, [id]))[0];

const resolve = (id: string, rest: 'ours' | 'theirs', fields = {}) =>
  withApp(place, (app) => app.push.resolve(id, { kind: 'conflict', fields, rest }));

test('a change of another field is merged', async () => {
  const patient = another();
  await meanwhile(patient.id, { gender: 'Other' });
  const [id = ''] = await enqueue(database.url, [{ target: patient.id, changes: { email: 'merged@example.com' } }]);
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  expect(await row(id)).toMatchObject({ status: 'succeeded' });
  expect(await truth(patient.id)).toMatchObject({ gender: 'Other', email: 'merged@example.com' });
});

describe('a field that both changed', () => {
  let patient: Stored;
  let ids: string[];

  test('is not overwritten, and keeps later rows of the patient waiting', async () => {
    patient = another();
    ids = await enqueue(database.url, [
      { target: patient.id, changes: { email: 'ours@example.com', gender: 'Female' } },
      { target: patient.id, changes: { mobilePhone: '(212) 555-0100' } },
    ]);
    await meanwhile(patient.id, { email: 'theirs@example.com' });
    expect(await apply(place)).toMatchObject({ exitCode: 6, status: 'partial', undecided: 1 });
    const [conflict, waiting] = await rowsOf(database.url, ids);
    expect(conflict).toMatchObject({ status: 'conflict', attempts: 0, conflict_fields: ['email'], completed_at: null });
    expect(conflict.remote).toMatchObject({ email: 'theirs@example.com' });
    expect(waiting).toMatchObject({ status: 'pending', attempts: 0 });
    expect(await truth(patient.id)).toMatchObject({ email: 'theirs@example.com', gender: patient.gender });
    // It stays a conflict, whoever asks.
    expect(await apply(place)).toMatchObject({ exitCode: 6 });
  });

  test('is a conflict again when Lobbie changes it after the decision', async () => {
    expect(await resolve(ids[0] ?? '', 'ours')).toEqual({ status: 'pending' });
    await meanwhile(patient.id, { email: 'theirs.again@example.com' });
    expect(await apply(place)).toMatchObject({ exitCode: 6 });
    expect(await row(ids[0] ?? '')).toMatchObject({ status: 'conflict' });
    expect(await truth(patient.id)).toMatchObject({ email: 'theirs.again@example.com' });
  });

  test('is written when the person says ours; what waited follows', async () => {
    await resolve(ids[0] ?? '', 'ours');
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    for (const each of await rowsOf(database.url, ids))
      expect(each).toMatchObject({ status: 'succeeded', attempts: 1 });
    const after = { email: 'ours@example.com', gender: 'Female', mobilePhone: '12125550100' };
    expect(await truth(patient.id)).toMatchObject(after);
  });

  test('is left alone when the person says theirs; the others go', async () => {
    const other = another();
    const changes = { email: 'ours@example.com', firstName: 'Renamed' };
    const [id = ''] = await enqueue(database.url, [{ target: other.id, changes }]);
    await meanwhile(other.id, { email: 'kept@example.com' });
    await apply(place);
    await withApp(place, (app) => app.push.resolve(id, { kind: 'conflict', fields: { email: 'theirs' } }));
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(await truth(other.id)).toMatchObject({ email: 'kept@example.com', firstName: 'Renamed' });
  });

  test('decides about fields in question only, and about all of them', async () => {
    const other = another();
    const [id = ''] = await enqueue(database.url, [{ target: other.id, changes: { email: 'x@example.com' } }]);
    await meanwhile(other.id, { email: 'y@example.com' });
    await apply(place);
    await withApp(place, async (app) => {
      const decide = (fields: object) => app.push.resolve(id, { kind: 'conflict', fields: fields as never });
      await expect(decide({ gender: 'ours' })).rejects.toMatchObject({ exitCode: 2 });
      await expect(decide({})).rejects.toMatchObject({ exitCode: 2 });
      await expect(app.push.resolve(id, { kind: 'again' })).rejects.toMatchObject({ exitCode: 2 });
    });
    expect(await row(id)).toMatchObject({ status: 'conflict' });
    await withApp(place, (app) => app.push.cancel({ ids: [id] }));
    expect(await row(id)).toMatchObject({ status: 'cancelled' });
  });
});

test('what others change between the insert and the delivery is theirs, also when a sync has brought it in', async () => {
  const patient = another();
  const [id = ''] = await enqueue(database.url, [{ target: patient.id, changes: { email: 'evening@example.com' } }]);
  await meanwhile(patient.id, { email: 'night@example.com' });
  await pull(place, ['patients']);
  expect(await apply(place)).toMatchObject({ exitCode: 6 });
  expect(await row(id)).toMatchObject({ status: 'conflict' });
  await withApp(place, (app) => app.push.cancel({ ids: [id] }));
});

test('several rows for one field are no conflict among themselves', async () => {
  const patient = another();
  const emails = ['one@example.com', 'two@example.com', 'three@example.com'];
  await enqueue(
    database.url,
    emails.map((email) => ({ target: patient.id, changes: { email } })),
  );
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  expect(await truth(patient.id)).toMatchObject({ email: 'three@example.com' });
});

test('a row for a record that the mirror never had has nothing to compare with, and is sent', async () => {
  const patient = another();
  await query(database.url, 'DELETE FROM lobbie.patients WHERE id = $1', [patient.id]);
  const [id = ''] = await enqueue(database.url, [{ target: patient.id, changes: { email: 'unknown@example.com' } }]);
  expect((await row(id)).base).toBeNull();
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  expect(await truth(patient.id)).toMatchObject({ email: 'unknown@example.com' });
});

test('a delete of a record that has changed meanwhile asks a person', async () => {
  const patient = another();
  const [id = ''] = await enqueue(database.url, [{ operation: 'delete', target: patient.id }]);
  await meanwhile(patient.id, { email: 'still.here@example.com' });
  expect(await apply(place, { deletes: true })).toMatchObject({ exitCode: 6 });
  expect(await row(id)).toMatchObject({ status: 'conflict', conflict_fields: ['email'] });
  expect(await truth(patient.id)).toBeDefined();
  expect(await resolve(id, 'ours')).toEqual({ status: 'pending' });
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  expect(await truth(patient.id)).toBeUndefined();
});

describe('settings', () => {
  const settings = {
    LOBBIE_PUSH_CONFLICTS: 'patients.email=ours,patients.gender=theirs',
    LOBBIE_PUSH_OWNERS: 'patients.mobilePhone=lobbie,patients.firstName=warehouse',
  };

  test('decide about a field that both changed', async () => {
    const patient = another();
    const changes = { email: 'ours@example.com', gender: 'ours', firstName: 'Ours' };
    const [id = ''] = await enqueue(database.url, [{ target: patient.id, changes }]);
    await meanwhile(patient.id, { email: 'theirs@example.com', gender: 'theirs', firstName: 'Theirs' });
    expect(await apply({ ...place, env: settings })).toMatchObject({ exitCode: 0 });
    expect(await row(id)).toMatchObject({ status: 'succeeded' });
    expect(await truth(patient.id)).toMatchObject({ email: 'ours@example.com', gender: 'theirs', firstName: 'Ours' });
  });

  test('keep a field that Lobbie owns from being written', async () => {
    const patient = another();
    const [id = ''] = await enqueue(database.url, [{ target: patient.id, changes: { mobilePhone: '2125550111' } }]);
    expect(await apply({ ...place, env: settings })).toMatchObject({ exitCode: 4 });
    expect(await row(id)).toMatchObject({ status: 'rejected', attempts: 0 });
    expect((await row(id)).error).toContain('mobilePhone: belongs to Lobbie');
    expect(await truth(patient.id)).toMatchObject({ mobilePhone: patient.mobilePhone });
  });
});

test('a plan shows all of it and writes nothing', async () => {
  const [conflicting, merging, same] = [another(), another(), another()];
  await enqueue(database.url, [
    { target: conflicting.id, changes: { email: 'ours@example.com' } },
    { target: merging.id, changes: { email: 'merge@example.com' } },
    { target: same.id, changes: { email: same.email } },
    { target: merging.id, changes: { email: 'no address' } },
    { operation: 'create', changes: { firstName: 'New', lastName: 'Person' } },
  ]);
  await meanwhile(conflicting.id, { email: 'theirs@example.com' });
  const before = await rowsOf(database.url);
  simulator.resetStats();
  const report = await withApp(place, (app) =>
    app.push.plan({ selection: everything, stop: new StopSignal(), limit: 100 }, false),
  );
  expect(report).toMatchObject({ exitCode: 0 });
  expect(report.entries.map((entry) => entry.verdict)).toEqual(['conflict', 'send', 'nothing', 'rejected', 'send']);
  expect(report.entries[0]?.fields).toEqual([
    {
      field: 'email',
      verdict: 'conflict',
      stored: conflicting.email,
      wanted: 'ours@example.com',
      now: 'theirs@example.com',
    },
  ]);
  expect(report.entries[3]?.faults).toEqual([{ field: 'email', problem: 'is not an e-mail address' }]);
  expect(await rowsOf(database.url)).toEqual(before);
  expect(Object.keys(simulator.stats().perOperation)).toEqual(['getPatient']);
});
