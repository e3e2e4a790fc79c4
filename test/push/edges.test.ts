import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { useTestDatabase } from '../support/database.ts';
import { type Place, query, withApp } from '../support/harness.ts';
import { apply, enqueue, type NewRow, pull, rowsOf, type Stored } from '../support/push.ts';
import { SmallApi } from '../support/push-api.ts';

/** Things that go together badly: decisions and later changes, doubts and others' changes, slow rows and quick ones. */

const database = useTestDatabase();
let api: SmallApi;
let place: Place;

beforeAll(async () => {
  api = await SmallApi.start();
  for (let id = 1; id <= 60; id += 1) {
    api.patients.set(String(id), {
      id,
      firstName: `P${id}`,
      lastName: 'L',
      email: `p${id}@example.com`,
      gender: 'Male',
    });
  }
  place = { api: api.fake, databaseUrl: database.url, accounts: ['7'], env: { LOBBIE_PUSH_SETTLE_SECONDS: '0' } };
  await pull(place, ['locations', 'patients']);
});
afterAll(() => api.stop());
beforeEach(() => {
  Object.assign(api.manners, { answer: (record: object) => record, before: () => undefined, after: () => undefined });
  api.done.length = 0;
});

const queue = async (row: NewRow): Promise<string> => (await enqueue(database.url, [{ account: 7, ...row }]))[0] ?? '';
const row = async (id: string): Promise<Stored> => (await rowsOf(database.url, [id]))[0];
const patient = (id: number) => api.patients.get(String(id)) as Stored;
const sql = (text: string, values: readonly unknown[] = []) => query<Stored>(database.url, text, values);

describe.each(['ours', 'theirs'] as const)('a decision for %s', (side) => {
  test('leaves alone what was not in question', async () => {
    const target = side === 'ours' ? 1 : 2;
    // Whoever sends whole records sends what did not change, too.
    const id = await queue({ target, changes: { email: 'mine@example.com', gender: 'Male' } });
    Object.assign(patient(target), { email: 'theirs@example.com', gender: 'Female' });
    expect(await apply(place)).toMatchObject({ exitCode: 6 });
    expect(await row(id)).toMatchObject({ status: 'conflict', conflict_fields: ['email'] });
    await withApp(place, (app) => app.push.resolve(id, { kind: 'conflict', fields: {}, rest: side }));
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(patient(target)).toMatchObject({
      gender: 'Female',
      email: side === 'ours' ? 'mine@example.com' : 'theirs@example.com',
    });
    expect(api.done).toEqual(side === 'ours' ? [`PUT patients/${target}`] : []);
    const [entry] = await sql(
      `SELECT subject FROM lobbie_sync.audit_log WHERE action = 'push.resolve' ORDER BY id DESC LIMIT 1`,
    );
    expect(entry.subject).toMatchObject({ outbox: id, rest: side });
  });
});

test('a row after one whose field was left to Lobbie sees that Lobbie has changed it', async () => {
  const ids = await enqueue(database.url, [
    { account: 7, target: 3, changes: { email: 'mine@example.com', gender: 'Other' } },
    { account: 7, target: 3, changes: { email: 'mine@example.com' } },
  ]);
  patient(3).email = 'theirs@example.com';
  expect(await apply(place)).toMatchObject({ exitCode: 6 });
  await withApp(place, (app) => app.push.resolve(ids[0] ?? '', { kind: 'conflict', fields: {}, rest: 'theirs' }));
  let lost = true;
  api.manners.after = () => {
    const reply = lost ? { status: 500, text: '' } : undefined;
    lost = false;
    return reply;
  };
  expect(await apply(place)).toMatchObject({ exitCode: 6 });
  const [first, second] = await rowsOf(database.url, ids);
  expect(first).toMatchObject({ status: 'succeeded', attempts: 1 });
  expect(second).toMatchObject({ status: 'conflict', conflict_fields: ['email'] });
  await withApp(place, (app) => app.push.cancel({ ids }));
});

test('in doubt about a record that the mirror never had, what others changed meanwhile is theirs', async () => {
  api.patients.set('90', { id: 90, firstName: 'New', lastName: 'Here', email: 'was@example.com' });
  const id = await queue({ target: 90, changes: { email: 'mine@example.com' } });
  api.manners.after = () => {
    patient(90).email = 'others@example.com';
    return { status: 500, text: '' };
  };
  expect(await apply(place)).toMatchObject({ exitCode: 6 });
  expect(await row(id)).toMatchObject({ status: 'conflict', attempts: 1 });
  expect(patient(90).email).toBe('others@example.com');
  await withApp(place, (app) => app.push.cancel({ ids: [id] }));
});

describe('a create that Lobbie says was carried out, and does not show', () => {
  let id: string;

  test('is not sent again, but left to a person', async () => {
    api.manners.answer = () => undefined;
    api.manners.after = () => {
      for (const [key, record] of api.patients) if (record['firstName'] === 'Hid') api.manners.hidden.add(key);
      return undefined;
    };
    id = await queue({ operation: 'create', changes: { firstName: 'Hid', lastName: 'Den', email: 'hid@example.com' } });
    expect(await apply(place)).toMatchObject({ exitCode: 6 });
    expect(await row(id)).toMatchObject({ status: 'in_doubt', needs_person: true, attempts: 1 });
    expect(await apply(place)).toMatchObject({ exitCode: 6 });
    expect(api.done).toEqual(['POST patients']);
  });

  test('who may name a record that is there, and that no other row became', async () => {
    const real = [...api.patients].find(([, record]) => record['firstName'] === 'Hid')?.[0] ?? '';
    await withApp(place, async (app) => {
      await expect(app.push.resolve(id, { kind: 'adopt', resultId: '77777' })).rejects.toMatchObject({ exitCode: 2 });
      expect(await row(id)).toMatchObject({ status: 'in_doubt' });
      expect(await app.push.resolve(id, { kind: 'adopt', resultId: real })).toEqual({ status: 'succeeded' });
    });
    expect(await row(id)).toMatchObject({ status: 'succeeded', result_id: real });
    const [stored] = await sql('SELECT first_name FROM lobbie.patients WHERE account_id = 7 AND id = $1', [real]);
    expect(stored.first_name).toBe('Hid');
    const again = await queue({ operation: 'create', changes: { firstName: 'Hid', lastName: 'Den' } });
    await sql(`UPDATE lobbie_push.outbox SET status = 'in_doubt', needs_person = true WHERE id = $1`, [again]);
    await withApp(place, async (app) => {
      await expect(app.push.resolve(again, { kind: 'adopt', resultId: real })).rejects.toMatchObject({ exitCode: 2 });
      await app.push.resolve(again, { kind: 'again' });
      await app.push.cancel({ ids: [again] });
    });
    api.manners.hidden.clear();
  });
});

test('an answer that holds only the id leaves the mirror with what was sent', async () => {
  api.manners.answer = ({ id }) => ({ id });
  const id = await queue({
    operation: 'create',
    changes: { firstName: 'Only', lastName: 'Id', email: 'only@example.com' },
  });
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  const { result_id } = await row(id);
  const [stored] = await sql('SELECT * FROM lobbie.patients WHERE account_id = 7 AND id = $1', [result_id]);
  expect(stored).toMatchObject({ first_name: 'Only', email: 'only@example.com' });
});

test('one slow row holds up nobody, not even rows that come in meanwhile', async () => {
  const slow = Promise.withResolvers<void>();
  const order: string[] = [];
  api.manners.before = async ({ path }) => {
    if (path.endsWith('/10')) await slow.promise;
    order.push(path.split('/').at(-1) ?? '');
    return undefined;
  };
  await queue({ target: 10, changes: { gender: 'Slow' } });
  const delivered = apply(place);
  while (!(await sql(`SELECT FROM lobbie_push.outbox WHERE status = 'in_flight'`)).length)
    await new Promise((r) => setTimeout(r, 10));
  const id = await queue({ target: 11, changes: { gender: 'Quick' } });
  while ((await row(id)).status !== 'succeeded') await new Promise((r) => setTimeout(r, 20));
  slow.resolve();
  expect(await delivered).toMatchObject({ exitCode: 0, totals: { succeeded: 2 } });
  expect(order).toEqual(['11', '10']);
});

test('a small budget of requests delivers what it can pay for', async () => {
  const ids = await enqueue(
    database.url,
    Array.from({ length: 10 }, (_, index) => ({ account: 7, target: 20 + index, changes: { gender: 'Cheap' } })),
  );
  expect(await apply(place, { maxRequests: 8 })).toMatchObject({ exitCode: 5 });
  expect((await rowsOf(database.url, ids)).filter((each) => each.status === 'succeeded')).toHaveLength(4);
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
});

test('a missing grant is reported at once, for each row', async () => {
  const serve = api.fake.intercept;
  api.fake.intercept = async (call) =>
    /patients\/40$/.test(call.path) ? { status: 403, text: '' } : await serve(call);
  const id = await queue({ target: 40, changes: { gender: 'Refused' } });
  expect(await apply(place)).toMatchObject({ exitCode: 4 });
  api.fake.intercept = serve;
  expect(await row(id)).toMatchObject({ status: 'failed', attempts: 0 });
  expect((await row(id)).error).toContain('grant');
});

test('a reference in another form is named as what it is', async () => {
  const changes = {
    patientId: { ref: 'c1' },
    practitionerId: 1,
    appointmentTypeId: 1,
    startTime: '2027-01-01T09:00:00Z',
  };
  const id = await queue({ resource: 'appointments', operation: 'create', location: 70, changes });
  expect(await apply(place)).toMatchObject({ exitCode: 4 });
  expect((await row(id)).error).toBe('patientId: expected an id, got an object');
});
