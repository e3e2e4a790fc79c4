import { afterAll, beforeAll, expect, test } from 'vitest';
import { useTestDatabase } from '../support/database.ts';
import { type Place, query } from '../support/harness.ts';
import { apply, enqueue, pull, rowsOf, type Stored } from '../support/push.ts';
import { SmallApi } from '../support/push-api.ts';

/** The database is lost while an answer is stored: the same answer is stored again, and no record is blamed for it. */

const database = useTestDatabase();
let api: SmallApi;
let place: Place;

beforeAll(async () => {
  api = await SmallApi.start();
  for (let id = 1; id <= 12; id += 1)
    api.patients.set(String(id), { id, firstName: `P${id}`, lastName: 'L', email: null, gender: 'before' });
  place = { api: api.fake, databaseUrl: database.url, accounts: ['7'] };
  await pull(place, ['locations', 'patients']);
  // Every second connection that stores a record dies of it. A sequence counts on, whatever is rolled back.
  await query(database.url, 'CREATE SEQUENCE public.deaths');
  await query(
    database.url,
    `CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF nextval('public.deaths') % 2 = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
       RETURN NEW;
     END $$`,
  );
  await query(
    database.url,
    'CREATE TRIGGER die BEFORE UPDATE ON lobbie.patients FOR EACH ROW EXECUTE FUNCTION public.die()',
  );
});
afterAll(() => api.stop());

const deliver = async (gender: string) => {
  const rows = Array.from({ length: 12 }, (_, n) => ({ account: 7, target: n + 1, changes: { gender } }));
  const ids = await enqueue(database.url, rows);
  api.fake.calls.length = 0;
  const report = await apply(place);
  return { report, rows: await rowsOf(database.url, ids) };
};

test('each row succeeds with one write and no other look at Lobbie, and the mirror has the value', async () => {
  const { report, rows } = await deliver('first');
  expect(report).toMatchObject({ exitCode: 0, totals: { succeeded: 12, in_doubt: 0, left: 0 } });
  for (const row of rows) expect(row).toMatchObject({ status: 'succeeded', attempts: 1, error: null });
  expect(api.fake.calls.filter(({ method }) => method === 'GET')).toHaveLength(12);
  const [{ deaths } = { deaths: 0 }] = await query<Stored>(
    database.url,
    'SELECT last_value::int AS deaths FROM public.deaths',
  );
  expect(deaths).toBeGreaterThan(12);
  const mirrored = await query<Stored>(database.url, 'SELECT gender FROM lobbie.patients WHERE account_id = 7');
  expect(mirrored.map(({ gender }) => gender)).toEqual(Array(12).fill('first'));
});

test('and the next change of each is no conflict with that write', async () => {
  const { report } = await deliver('second');
  expect(report).toMatchObject({ exitCode: 0, totals: { succeeded: 12, conflict: 0 } });
});
