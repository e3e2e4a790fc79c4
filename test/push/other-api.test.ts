import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MovableClock } from '../support/clock.ts';
import { useTestDatabase } from '../support/database.ts';
import { count, Log, makeApp, type Place, query } from '../support/harness.ts';
import { apply, enqueue, type NewRow, pull, rowsOf, type Stored } from '../support/push.ts';
import { SmallApi } from '../support/push-api.ts';

/** Another implementation of the API, with manners of its own. */

const database = useTestDatabase();
let api: SmallApi;
let place: Place;
const ANN = {
  id: 1,
  firstName: 'Ann',
  lastName: 'Lee',
  dateOfBirth: '1990-01-15',
  email: 'ann@example.com',
  gender: null,
};

beforeAll(async () => {
  api = await SmallApi.start();
  api.patients.set('1', { ...ANN });
  api.patients.set('2', { id: 2, firstName: 'Bob', lastName: 'Ray', email: 'bob@example.com' });
  const visit = {
    id: 5,
    patientId: 1,
    practitionerId: 3,
    locationId: 70,
    startTime: '2027-01-05T09:00:00-05:00',
    note: null,
  };
  api.visits.set('5', { ...visit, status: 'SCHEDULED' });
  const env = { LOBBIE_PUSH_SETTLE_SECONDS: '0' };
  place = { api: api.fake, databaseUrl: database.url, accounts: ['7'], env };
  await pull(place, ['locations', 'patients', 'appointments']);
});
afterAll(() => api.stop());
beforeEach(() => {
  Object.assign(api.manners, {
    answer: (record: object) => record,
    filters: 'heard',
    before: () => undefined,
    after: () => undefined,
    hidden: new Set(),
  });
  api.done.length = 0;
});

const queue = async (row: NewRow): Promise<string> => (await enqueue(database.url, [{ account: 7, ...row }]))[0] ?? '';
const row = async (id: string): Promise<Stored> => (await rowsOf(database.url, [id]))[0];
const mirrored = async (table: string, id: string): Promise<Stored> =>
  (await query<Stored>(database.url, `SELECT * FROM lobbie.${table} WHERE account_id = 7 AND id = $1`, [id]))[0];
const times =
  <T>(most: number, reply: T) =>
  () => {
    most -= 1;
    return most >= 0 ? reply : undefined;
  };
const broken = { status: 500, text: 'oops' };

describe('answers', () => {
  test('that hold a part of the record leave the rest of the row as it is', async () => {
    api.manners.answer = ({ id, email }) => ({ id, email });
    const id = await queue({ target: 1, changes: { email: 'ann.lee@example.com' } });
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(await row(id)).toMatchObject({ status: 'succeeded', result_id: '1' });
    expect(await mirrored('patients', '1')).toMatchObject({ first_name: 'Ann', email: 'ann.lee@example.com' });
    await pull(place, ['patients']);
    expect(await mirrored('patients', '1')).toMatchObject({ _version: 2 });
  });

  test('without a body count, for an update', async () => {
    api.manners.answer = () => undefined;
    const id = await queue({ target: 1, changes: { gender: 'Female' } });
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(await mirrored('patients', '1')).toMatchObject({ gender: 'Female' });
  });

  test('without an id are looked up, for a create', async () => {
    api.manners.answer = () => undefined;
    const id = await queue({
      operation: 'create',
      changes: { firstName: 'Cy', lastName: 'Day', email: 'Cy@Example.com' },
    });
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(api.done).toEqual(['POST patients']);
    const made = [...api.patients.values()].at(-1);
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 1, result_id: String(made?.['id']) });
    // Beyond what a double holds, and still the same.
    expect(BigInt((await row(id)).result_id)).toBeGreaterThan(2n ** 53n);
    expect(await mirrored('patients', (await row(id)).result_id)).toMatchObject({ first_name: 'Cy' });
  });

  test('of a visit with the names of persons do not bring them into the mirror', async () => {
    api.manners.answer = (record) => ({ ...record, patientName: 'Some Body' });
    const id = await queue({ resource: 'appointments', target: 5, changes: { note: 'bring the card' } });
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(await row(id)).toMatchObject({ status: 'succeeded', location_id: '70' });
    const stored = await mirrored('appointments', '5');
    expect(stored).toMatchObject({ note: 'bring the card', _version: 2 });
    expect(stored.raw).not.toHaveProperty('patientName');
    await pull(place, ['appointments']);
    expect(await mirrored('appointments', '5')).toMatchObject({ _version: 2 });
  });
});

test('null is sent only on purpose', async () => {
  const meant = await queue({ target: 2, changes: { email: null }, allowNulls: true });
  const careless = await queue({ target: 1, changes: { email: null } });
  expect(await apply(place)).toMatchObject({ exitCode: 4 });
  expect(await row(meant)).toMatchObject({ status: 'succeeded' });
  expect(await row(careless)).toMatchObject({ status: 'rejected' });
  expect(api.patients.get('2')?.['email']).toBeNull();
  expect(api.patients.get('1')?.['email']).not.toBeNull();
  expect(await mirrored('patients', '2')).toMatchObject({ email: null, first_name: 'Bob' });
});

describe('a create whose answer is lost', () => {
  const person = (name: string) => ({
    firstName: name,
    lastName: 'Doe',
    dateOfBirth: '2001-02-03',
    email: `${name}@example.com`,
  });
  const made = () => api.done.filter((each) => each === 'POST patients').length;

  test('is found although the list does not hear its filters', async () => {
    api.manners.filters = 'unheard';
    api.manners.after = times(1, broken);
    const id = await queue({ operation: 'create', changes: person('Dora') });
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(made()).toBe(1);
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  test('is found although the filter finds nobody at all', async () => {
    api.manners.filters = 'blind';
    api.manners.after = times(1, broken);
    const id = await queue({ operation: 'create', changes: person('Dana') });
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(made()).toBe(1);
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  test('is found although Lobbie stores the address in small letters', async () => {
    const id = await queue({ operation: 'create', changes: { ...person('Eve'), email: 'EVE@Example.com' } });
    const lost = times(1, broken);
    api.manners.after = () => {
      for (const record of api.patients.values()) {
        if (record['firstName'] === 'Eve') record['email'] = 'eve@example.com';
      }
      return lost();
    };
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(made()).toBe(1);
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  /** The new patient shows in no list until a second POST has collided with it. */
  const lagging = (name: string) => {
    const known = new Set(api.patients.keys());
    const fresh = () => [...api.patients].filter(([id, record]) => !known.has(id) && record['firstName'] === name);
    api.manners.before = ({ method }) => {
      if (method !== 'POST' || fresh().length === 0) return undefined;
      api.manners.hidden.clear();
      return { status: 409, text: '{"message":"exists"}' };
    };
    api.manners.after = () => {
      for (const [id] of fresh()) api.manners.hidden.add(id);
      return broken;
    };
  };

  test('is adopted when it shows only after a second send was answered with a conflict', async () => {
    const id = await queue({ operation: 'create', changes: person('Finn') });
    lagging('Finn');
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(made()).toBe(1);
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 2 });
  });

  test('asks a person when several fit after such a conflict', async () => {
    const id = await queue({ operation: 'create', changes: person('Fay') });
    lagging('Fay');
    const { before } = api.manners;
    api.manners.before = async (call) => {
      const reply = await before(call);
      if (reply !== undefined) api.patients.set('40', { id: 40, ...person('Fay') });
      return reply;
    };
    expect(await apply(place)).toMatchObject({ exitCode: 6 });
    expect(await row(id)).toMatchObject({ status: 'in_doubt', needs_person: true });
    await query(database.url, `UPDATE lobbie_push.outbox SET status = 'cancelled' WHERE id = $1`, [id]);
  });

  test('is waited for while it may be under way: what comes late makes no second one', async () => {
    const id = await queue({ operation: 'create', changes: person('Lara') });
    // It is begun, takes longer than anybody waits for it, and is done all the same.
    const late = Promise.withResolvers<void>();
    let posts = 0;
    api.manners.before = async ({ method }) => {
      posts += method === 'POST' ? 1 : 0;
      if (method === 'POST' && posts === 1) await late.promise;
      return undefined;
    };
    const clock = new MovableClock();
    const env = { LOBBIE_PUSH_TIMEOUT_SECONDS: '60', LOBBIE_PUSH_SETTLE_SECONDS: '50' };
    const delivery = apply({ ...place, env, clock });
    await expect.poll(() => posts).toBe(1);
    clock.jump(60_000);
    // The time to settle begins when nobody waits any more: counted from the send it would be over by now, and nothing would wait.
    const settling = expect.poll(() => clock.waits.some((ms) => ms > 30_000 && ms <= 50_000)).toBe(true);
    await Promise.race([settling, delivery]);
    expect({ posts, made: made() }).toEqual({ posts: 1, made: 0 });
    late.resolve();
    await expect.poll(made).toBe(1);
    clock.jump(50_000);
    expect(await delivery).toMatchObject({ exitCode: 0 });
    expect({ posts, made: made() }).toEqual({ posts: 1, made: 1 });
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  test('is not mixed up with what another row became', async () => {
    const twins = [await queue({ operation: 'create', changes: person('Gus') })];
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    twins.push(await queue({ operation: 'create', changes: person('Gus') }));
    api.manners.before = times(1, broken);
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    const results = (await rowsOf(database.url, twins)).map((each) => each.result_id);
    expect(new Set(results).size).toBe(2);
    expect(made()).toBe(2);
  });
});

test('a namesake whom the mirror knew before is not taken for a new patient', async () => {
  const [namesake] = [...api.patients].find(([, record]) => record['firstName'] === 'Bob') ?? [];
  const id = await queue({ operation: 'create', changes: { firstName: 'Bob', lastName: 'Ray' } });
  api.manners.before = times(1, broken);
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 2 });
  expect((await row(id)).result_id).not.toBe(namesake);
  // And what it became is found, when the answer is lost instead.
  const other = await queue({ operation: 'create', changes: { firstName: 'Bob', lastName: 'Ray' } });
  api.manners.after = times(1, broken);
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  expect(await row(other)).toMatchObject({ status: 'succeeded', attempts: 1 });
});

test('a page that was requested before a write, and arrives after it, undoes nothing', async () => {
  api.patients.set('30', { id: 30, firstName: 'Old', lastName: 'Page', email: 'old.page@example.com' });
  api.patients.set('31', { id: 31, firstName: 'Gone', lastName: 'Page', email: 'gone.page@example.com' });
  await pull(place, ['patients']);
  const serve = api.fake.intercept;
  const asked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  api.fake.intercept = async (call) => {
    const reply = await serve(call);
    if (call.method === 'GET' && call.path === 'account/7/patients') {
      asked.resolve();
      await release.promise;
    }
    return reply;
  };
  const pulled = pull(place, ['patients']);
  await asked.promise;
  await queue({ target: 30, changes: { firstName: 'New' } });
  await queue({ operation: 'delete', target: 31 });
  expect(await apply(place, { deletes: true })).toMatchObject({ exitCode: 0 });
  release.resolve();
  await pulled;
  api.fake.intercept = serve;
  expect(await mirrored('patients', '30')).toMatchObject({ first_name: 'New', _version: 2 });
  expect((await mirrored('patients', '31'))._deleted_at).toBeInstanceOf(Date);
  await pull(place, ['patients']);
  expect(await mirrored('patients', '30')).toMatchObject({ first_name: 'New', _version: 2 });
});

test('a visit that is over, and that nobody knew of, asks a person; the search looks beyond a default range', async () => {
  const changes = { practitionerId: 3, appointmentTypeId: 4, startTime: '2027-03-05T09:00:00-05:00', patientId: 1 };
  const booking = { resource: 'appointments', operation: 'create', location: 70, changes } as const;
  api.visits.set('60', { id: 60, ...changes, status: 'CANCELLED' });
  const over = await queue(booking);
  api.manners.before = times(1, broken);
  expect(await apply(place)).toMatchObject({ exitCode: 6 });
  expect(await row(over)).toMatchObject({ status: 'in_doubt', needs_person: true });
  await query(database.url, `UPDATE lobbie_push.outbox SET status = 'cancelled' WHERE id = $1`, [over]);
  api.visits.delete('60');
  // Without a range the list shows none of next year's visits.
  const serve = api.fake.intercept;
  api.fake.intercept = async (call) => {
    const list = call.method === 'GET' && call.path === 'account/7/location/70/appointment';
    if (list && call.query.get('startDate') === null) return { text: '{"appointments":[],"nextCursor":null}' };
    return await serve(call);
  };
  api.manners.before = () => undefined;
  api.manners.after = times(1, broken);
  const id = await queue(booking);
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  api.fake.intercept = serve;
  expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  expect(api.done).toEqual(['POST appointment']);
});

test('what the mirror can not take does not hold up its row', async () => {
  const id = await queue({ target: 1, changes: { gender: 'Kept' } });
  await query(
    database.url,
    `CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION 'no' USING ERRCODE = '22003'; END $$`,
  );
  await query(
    database.url,
    'CREATE TRIGGER refuse BEFORE UPDATE ON lobbie.patients FOR EACH ROW EXECUTE FUNCTION public.refuse()',
  );
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  await query(database.url, 'DROP TRIGGER refuse ON lobbie.patients');
  expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  expect(api.patients.get('1')).toMatchObject({ gender: 'Kept' });
  await pull(place, ['patients']);
  expect(await mirrored('patients', '1')).toMatchObject({ gender: 'Kept' });
});

test('twenty rows in a row that Lobbie can not be queried about end the run, and stay in the queue', async () => {
  const ids = await enqueue(
    database.url,
    Array.from({ length: 60 }, () => ({ account: 7, target: 1, changes: { gender: 'Away' } })).map((each, index) => ({
      ...each,
      target: 1000 + index,
    })),
  );
  const serve = api.fake.intercept;
  api.fake.intercept = async (call) => (/patients\/1\d\d\d$/.test(call.path) ? { text: '[]' } : await serve(call));
  const report = await apply(place, { patienceMs: 0 });
  api.fake.intercept = serve;
  expect(report).toMatchObject({ exitCode: 4, error: { code: 'push.unreachable' } });
  const states = (await rowsOf(database.url, ids)).map((each) => each.status);
  expect(new Set(states)).toEqual(new Set(['pending']));
  await query(database.url, `UPDATE lobbie_push.outbox SET status = 'cancelled' WHERE id = ANY($1)`, [ids]);
});

describe('final answers', () => {
  test.each([
    [400, 'rejected'],
    [403, 'failed'],
    [404, 'rejected'],
    [409, 'rejected'],
    [422, 'rejected'],
    [418, 'failed'],
  ])('%i is one, with its reason', async (status, expected) => {
    api.manners.before = () => ({ status, text: '{"error":"No","message":"what Lobbie said"}' });
    const id = await queue({ operation: 'create', changes: { firstName: 'No', lastName: 'One' } });
    expect(await apply(place)).toMatchObject({ exitCode: 4 });
    expect(await row(id)).toMatchObject({ status: expected, attempts: 1 });
    expect((await row(id)).error).toContain(String(status));
    expect((await row(id)).error).not.toContain('what Lobbie said');
    expect((await row(id)).answer).toContain('what Lobbie said');
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(await row(id)).toMatchObject({ status: expected, attempts: 1 });
  });

  test('429 is none: the write follows later', async () => {
    api.manners.before = times(2, { status: 429, text: '' });
    const id = await queue({ target: 1, changes: { firstName: 'Anna' } });
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 3, tries: 1 });
    const outcomes = await query<Stored>(
      database.url,
      'SELECT outcome FROM lobbie_push.attempts WHERE outbox_id = $1 ORDER BY id',
      [id],
    );
    expect(outcomes.map((each) => each.outcome)).toEqual(['not_done', 'not_done', 'done']);
  });

  test('401 ends the run: nothing is lost by it', async () => {
    api.manners.before = () => ({ status: 401, text: '' });
    const id = await queue({ operation: 'create', changes: { firstName: 'Later', lastName: 'On' } });
    expect(await apply(place)).toMatchObject({ exitCode: 3, status: 'failed' });
    expect(await row(id)).toMatchObject({ status: 'pending', completed_at: null });
    api.manners.before = () => undefined;
    await query(database.url, 'UPDATE lobbie_push.outbox SET not_before = NULL WHERE id = $1', [id]);
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
  });
});

test('a booking takes the form of the self-scheduling page when the settings say so', async () => {
  const changes = {
    practitionerId: 3,
    appointmentTypeId: 4,
    startTime: '2027-02-05T09:00:00-05:00',
    patientId: 1,
    schedulerConfigId: 8,
  };
  const id = await queue({ resource: 'appointments', operation: 'create', location: 70, changes });
  const sent: unknown[] = [];
  api.manners.before = ({ body }) => {
    sent.push(JSON.parse(body));
    return undefined;
  };
  expect(await apply({ ...place, env: { ...place.env, LOBBIE_APPOINTMENT_BODY: 'self-scheduling' } })).toMatchObject({
    exitCode: 0,
  });
  expect(await row(id)).toMatchObject({ status: 'succeeded' });
  const { startTime, ...rest } = changes;
  expect(sent).toEqual([{ ...rest, locationId: 70, startDateTime: startTime }]);
});

test('and that of the operation list otherwise, which has no scheduler', async () => {
  const changes = { practitionerId: 3, appointmentTypeId: 4, startDateTime: '2027-02-06T09:00:00-05:00', patientId: 1 };
  const id = await queue({ resource: 'appointments', operation: 'create', location: 70, changes });
  const foreign = await queue({
    resource: 'appointments',
    operation: 'create',
    location: 70,
    changes: { ...changes, schedulerConfigId: 8 },
  });
  const sent: unknown[] = [];
  api.manners.before = ({ body }) => {
    sent.push(JSON.parse(body));
    return undefined;
  };
  expect(await apply(place)).toMatchObject({ exitCode: 4 });
  expect(await row(id)).toMatchObject({ status: 'succeeded' });
  expect((await row(foreign)).error).toMatch(/^schedulerConfigId: /);
  const { startDateTime, ...rest } = changes;
  expect(sent).toEqual([{ ...rest, startTime: startDateTime }]);
});

test('nothing about a person is shown: not in logs, errors, attempts or the audit log', async () => {
  const MARK = 'Zyxpushcanary';
  const log = new Log();
  const person = { firstName: MARK, lastName: MARK, email: `${MARK}@example.com`, gender: MARK };
  api.manners.before = ({ method }) =>
    method === 'POST' ? { status: 409, text: `{"message":"${MARK} exists"}` } : undefined;
  await queue({ operation: 'create', ref: MARK, changes: person });
  await queue({ target: 1, changes: { [`${MARK} x`]: MARK, dateOfBirth: MARK } });
  await queue({ target: 1, changes: { gender: MARK } });
  await queue({ target: 2, changes: { email: `${MARK}@example.com` } });
  Object.assign(api.patients.get('2') as object, { email: `theirs.${MARK}@example.com` });
  api.manners.after = times(1, { status: 500, text: MARK });
  const report = await apply(place, { log });
  expect(report.exitCode).toBe(6);
  expect(report.totals).toMatchObject({ succeeded: 1, rejected: 1, refused: 1, conflict: 1 });
  expect(log.text.length).toBeGreaterThan(500);
  expect(log.text).not.toContain(MARK);
  expect(JSON.stringify(report)).not.toContain(MARK);
  const app = makeApp(place);
  const shown = [await app.push.summary(), await app.push.list({ limit: 100 }), await app.runDetails(report.runId)];
  expect(JSON.stringify(shown, (_key, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
    MARK,
  );
  await app.close();
  for (const table of [
    'lobbie_push.attempts',
    'lobbie_sync.audit_log',
    'lobbie_sync.runs',
    'lobbie_sync.run_problems',
    'lobbie_sync.run_unknown_fields',
  ]) {
    expect(await count(database.url, `SELECT count(*) FROM ${table} t WHERE t::text LIKE '%${MARK}%'`), table).toBe(0);
  }
  expect(await count(database.url, `SELECT count(*) FROM lobbie_push.outbox WHERE error LIKE '%${MARK}%'`)).toBe(0);
  // What Lobbie said is kept where it may be.
  expect(await count(database.url, `SELECT count(*) FROM lobbie_push.outbox WHERE answer LIKE '%${MARK}%'`)).toBe(1);
});
