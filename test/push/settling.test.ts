import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MovableClock } from '../support/clock.ts';
import { useTestDatabase } from '../support/database.ts';
import type { Place } from '../support/harness.ts';
import { apply, enqueue, pull, rowsOf } from '../support/push.ts';
import { SmallApi } from '../support/push-api.ts';

/** Creates that Lobbie answered, and whose record no list shows before some time has passed. */

const SETTLE_SECONDS = 50;
const database = useTestDatabase();
let api: SmallApi;
let place: Place;

beforeAll(async () => {
  api = await SmallApi.start();
  api.patients.set('1', { id: 1, firstName: 'Ann', lastName: 'Lee', email: 'ann@example.com' });
  const env = { LOBBIE_PUSH_SETTLE_SECONDS: `${SETTLE_SECONDS}` };
  place = { api: api.fake, databaseUrl: database.url, accounts: ['7'], env };
  await pull(place, ['locations', 'patients']);
});
afterAll(() => api.stop());
beforeEach(() => {
  api.done.length = 0;
  api.manners.hidden.clear();
});

describe('a create that was answered', () => {
  test.each<[string, () => { status: number; text: string }]>([
    ['without an id', () => ({ status: 201, text: '' })],
    ['with a fault', () => ({ status: 500, text: '' })],
  ])('%s is searched for again after its time to settle, before anything else is done', async (answer, reply) => {
    const known = new Set(api.patients.keys());
    const fresh = () => [...api.patients.keys()].filter((id) => !known.has(id));
    api.manners.after = () => {
      for (const id of fresh()) api.manners.hidden.add(id);
      return reply();
    };
    const email = `${answer.replaceAll(' ', '.')}@example.com`;
    const changes = { firstName: 'Late', lastName: 'Comer', email };
    const [id = ''] = await enqueue(database.url, [{ account: 7, operation: 'create', changes }]);
    const clock = new MovableClock();
    const delivery = apply({ ...place, clock });
    let ended = false;
    delivery.finally(() => {
      ended = true;
    });
    const row = async () => (await rowsOf(database.url, [id]))[0];
    // Read back once, it has a time before which nothing is done with it.
    await expect.poll(async () => ended || (await row()).not_before !== null).toBe(true);
    expect(api.done).toEqual(['POST patients']);
    expect(await row()).toMatchObject({ status: 'in_doubt', needs_person: false });
    api.manners.hidden.clear();
    clock.jump(SETTLE_SECONDS * 1000);
    expect(await delivery).toMatchObject({ exitCode: 0, undecided: 0 });
    expect(api.done).toEqual(['POST patients']);
    const [made = ''] = fresh();
    expect(await row()).toMatchObject({ status: 'succeeded', attempts: 1, result_id: made });
  });
});
