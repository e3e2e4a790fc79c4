import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useTestDatabase } from '../support/database.ts';
import { makeApp, type Place, query } from '../support/harness.ts';
import { apply, enqueue, pull, rowsOf } from '../support/push.ts';
import { SmallApi } from '../support/push-api.ts';

/** What happens to a row between the look at it and the write: nothing may be sent for what is not so any more. */

const database = useTestDatabase();
let api: SmallApi;
let place: Place;

beforeAll(async () => {
  api = await SmallApi.start();
  for (let id = 1; id <= 9; id += 1)
    api.patients.set(String(id), { id, firstName: `P${id}`, lastName: 'L', email: null });
  place = { api: api.fake, databaseUrl: database.url, accounts: ['7'] };
  await pull(place, ['locations', 'patients']);
});
afterAll(() => api.stop());

/** Delivers, and does something while the record is being read that the write depends on. */
async function meanwhile(work: () => Promise<unknown>) {
  const serve = api.fake.intercept;
  let done = false;
  api.fake.intercept = async (call) => {
    const reply = await serve(call);
    if (!done && /patients\/\d+$/.test(call.path)) {
      done = true;
      await work();
    }
    return reply;
  };
  try {
    return await apply(place);
  } finally {
    api.fake.intercept = serve;
  }
}

const sql = (text: string, values: readonly unknown[] = []) => query(database.url, text, values);

describe('a row that is', () => {
  test('changed meanwhile is looked at again, and goes as it is then', async () => {
    const [id = ''] = await enqueue(database.url, [{ account: 7, target: 1, changes: { gender: 'First' } }]);
    const change = `UPDATE lobbie_push.outbox SET changes = '{"email": "second@example.com"}' WHERE id = $1`;
    expect(await meanwhile(() => sql(change, [id]))).toMatchObject({ exitCode: 0 });
    expect((await rowsOf(database.url, [id]))[0]).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(api.patients.get('1')).toMatchObject({ email: 'second@example.com' });
    expect(api.patients.get('1')).not.toHaveProperty('gender');
    expect(api.done.splice(0)).toEqual(['PUT patients/1']);
  });

  test('cancelled meanwhile is not sent', async () => {
    const [id = ''] = await enqueue(database.url, [{ account: 7, target: 2, changes: { gender: 'Never' } }]);
    const app = makeApp(place);
    await meanwhile(() => app.push.cancel({ ids: [id] }));
    await app.close();
    expect((await rowsOf(database.url, [id]))[0]).toMatchObject({ status: 'cancelled', attempts: 0 });
    expect(api.done.splice(0)).toEqual([]);
  });

  test('in a pause that begins meanwhile stays where it is', async () => {
    const [id = ''] = await enqueue(database.url, [{ account: 7, target: 3, changes: { gender: 'Later' } }]);
    const app = makeApp(place);
    expect(await meanwhile(() => app.push.pause(null))).toMatchObject({ exitCode: 5 });
    expect((await rowsOf(database.url, [id]))[0]).toMatchObject({ status: 'pending', attempts: 0 });
    expect(api.done.splice(0)).toEqual([]);
    await app.push.resume();
    await app.close();
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(api.done.splice(0)).toEqual(['PUT patients/3']);
  });

  test('in the hands of a run that was taken for dead meanwhile is not sent by it', async () => {
    const [id = ''] = await enqueue(database.url, [{ account: 7, target: 4, changes: { gender: 'By the next' } }]);
    const closed = `UPDATE lobbie_sync.runs SET status = 'incomplete', finished_at = now() WHERE status = 'running'`;
    await meanwhile(() => sql(closed));
    expect((await rowsOf(database.url, [id]))[0]).toMatchObject({ status: 'pending', attempts: 0 });
    expect(api.done.splice(0)).toEqual([]);
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
    expect(api.done.splice(0)).toEqual(['PUT patients/4']);
  });

  test('changed meanwhile is not rejected for what it was', async () => {
    const [id = ''] = await enqueue(database.url, [{ account: 7, target: 999, changes: { gender: 'Nobody' } }]);
    const change = 'UPDATE lobbie_push.outbox SET target_id = 5 WHERE id = $1';
    expect(await meanwhile(() => sql(change, [id]))).toMatchObject({ exitCode: 0 });
    expect((await rowsOf(database.url, [id]))[0]).toMatchObject({ status: 'succeeded', result_id: '5' });
    api.done.splice(0);
  });
});

test('a claim that came to nothing counts as no request', async () => {
  const [id = ''] = await enqueue(database.url, [{ account: 7, target: 6, changes: { gender: 'Counted' } }]);
  const app = makeApp(place);
  const report = await meanwhile(() => app.push.cancel({ ids: [id] }));
  const details = await app.runDetails(report.runId);
  await app.close();
  expect(details?.run.requests).toBe('1');
});

test('a delivery of some rows says nothing of others that wait', async () => {
  const [one = '', other = ''] = await enqueue(database.url, [
    { account: 7, target: 7, changes: { gender: 'Chosen' } },
    { account: 7, target: 8, changes: { gender: 'Waiting' } },
  ]);
  await sql(`UPDATE lobbie_push.outbox SET not_before = now() + interval '1 hour' WHERE id = $1`, [other]);
  const broken = { status: 500, text: '' };
  let calls = 0;
  api.manners.before = () => {
    calls += 1;
    return calls === 1 ? broken : undefined;
  };
  expect(await apply(place, { ids: [one] })).toMatchObject({ exitCode: 0, totals: { in_doubt: 1, succeeded: 1 } });
  await sql(`UPDATE lobbie_push.outbox SET status = 'cancelled' WHERE id = $1`, [other]);
});
