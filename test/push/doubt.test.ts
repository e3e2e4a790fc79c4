import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FaultRule, type Simulator, startSimulator } from '../../simulator/index.ts';
import { MovableClock } from '../support/clock.ts';
import { useTestDatabase } from '../support/database.ts';
import { control, makeApp, type Place, query } from '../support/harness.ts';
import { apply, enqueue, journalOf, pull, rowsOf, type Stored, truthOf } from '../support/push.ts';
import { newPerson, WRITE_KINDS } from '../support/push-kinds.ts';

/** Writes whose outcome nobody knows: each has exactly one effect in the end. */

const database = useTestDatabase();
let simulator: Simulator;
let place: Place;
/** Ten times as fast as the machine's, so that the time to settle is a tenth of a second. */
const clock = new MovableClock({ speed: 10 });
/** A minute of the machine: no request that gets its answer comes near it. */
const TIMEOUT_SECONDS = 600;
beforeAll(async () => {
  simulator = await startSimulator({ patients: 40, accounts: [1001], locationsPerAccount: 2 });
  const env = { LOBBIE_PUSH_SETTLE_SECONDS: '1', LOBBIE_PUSH_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS) };
  place = { api: simulator, databaseUrl: database.url, accounts: ['1001'], env, clock };
  await pull(place);
});
afterAll(() => simulator.stop());

/** A clock on which no pause is over before the run has ended. */
const slowClock = () => new MovableClock({ now: clock.now().getTime(), speed: 0.1 });

const faults = (...rules: FaultRule[]) => control(simulator, '/faults', rules);
const row = async (id: string): Promise<Stored> => (await rowsOf(database.url, [id]))[0];

const FAULTS: readonly { readonly name: string; readonly kind: FaultRule['kind']; readonly done: boolean }[] = [
  { name: 'a 500 before the work', kind: 'status', done: false },
  { name: 'a 500 after the work', kind: 'status-after', done: true },
  { name: 'a connection that breaks before the work', kind: 'reset-before', done: false },
  { name: 'an answer that is lost', kind: 'reset-after', done: true },
  { name: 'an answer that is cut', kind: 'truncate', done: true },
  { name: 'a time-out without the work', kind: 'timeout', done: false },
  { name: 'a time-out after the work', kind: 'timeout-after', done: true },
];

describe.each(WRITE_KINDS)('$name', ({ write: operation, effect, make }) => {
  test.each(FAULTS)('$name', async ({ kind, done }) => {
    const [id = ''] = await enqueue(database.url, [await make({ simulator, databaseUrl: database.url })]);
    await faults({ kind, operation, times: 1 });
    const before = (await journalOf(simulator)).filter((line) => effect.test(line)).length;
    simulator.resetStats();
    const delivery = apply(place, { deletes: true });
    if (kind.startsWith('timeout')) {
      await expect.poll(() => simulator.stats().perOperation[operation]).toBe(1);
      clock.jump(TIMEOUT_SECONDS * 1000);
    }
    const report = await delivery;
    await faults();
    expect(report).toMatchObject({ exitCode: 0, status: 'succeeded' });
    const after = (await journalOf(simulator)).filter((line) => effect.test(line)).length;
    expect(after - before).toBe(1);
    expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: done ? 1 : 2, error: null });
    const attempts = 'SELECT outcome FROM lobbie_push.attempts WHERE outbox_id = $1 ORDER BY id';
    const outcomes = (await query<Stored>(database.url, attempts, [id])).map((each) => each.outcome);
    expect(outcomes).toEqual(done ? ['unknown'] : ['unknown', 'done']);
    expect((await row(id)).result_id).toMatch(/^\d+$/);
    const audit = `SELECT subject ->> 'outcome' AS outcome FROM lobbie_sync.audit_log WHERE action LIKE 'push.%' AND subject ->> 'outbox' = $1 ORDER BY id`;
    const entries = (await query<Stored>(database.url, audit, [id])).map((each) => each.outcome);
    expect(entries).toEqual(['in_doubt', 'succeeded']);
  });
});

test('a write that Lobbie fails again and again is given up, and known not to be carried out', async () => {
  const [id = ''] = await enqueue(database.url, [{ operation: 'create', changes: newPerson() }]);
  await faults({ kind: 'status', operation: 'createPatient' });
  // The pauses in between are waited for by nobody here.
  const hasty = { ...place, env: { LOBBIE_PUSH_SETTLE_SECONDS: '0' }, clock: slowClock() };
  for (let tries = 1; tries < 5; tries += 1) {
    expect(await apply(hasty, { patienceMs: 0 })).toMatchObject({ exitCode: 4, status: 'partial' });
    await query(database.url, 'UPDATE lobbie_push.outbox SET not_before = NULL WHERE id = $1', [id]);
  }
  expect(await apply(hasty, { patienceMs: 0 })).toMatchObject({ exitCode: 4, status: 'partial' });
  await faults();
  expect(await row(id)).toMatchObject({ status: 'failed', attempts: 5, result_id: null });
  expect((await row(id)).error).toContain('not carried out');
  // A person may try again.
  const app = makeApp(place);
  expect(await app.push.retry({ ids: [id] })).toEqual([id]);
  await app.close();
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 6 });
});

describe('several records that fit', () => {
  let id: string;
  let twins: string[];

  test('ask a person', async () => {
    const changes = newPerson();
    const patients = await truthOf(simulator, 'patients');
    twins = patients.slice(8, 10).map((each) => String(each.id));
    for (const twin of twins) {
      await control(simulator, '/patch', { account: 1001, resource: 'patients', id: Number(twin), fields: changes });
    }
    [id = ''] = await enqueue(database.url, [{ operation: 'create', changes }]);
    await faults({ kind: 'status', operation: 'createPatient', times: 1 });
    const before = (await truthOf(simulator, 'patients')).length;
    expect(await apply(place)).toMatchObject({ exitCode: 6, undecided: 1 });
    await faults();
    expect(await row(id)).toMatchObject({ status: 'in_doubt', needs_person: true, attempts: 1 });
    for (const twin of twins) expect((await row(id)).error).toContain(twin);
    // Nobody decides for the person.
    expect(await apply(place)).toMatchObject({ exitCode: 6 });
    expect(await row(id)).toMatchObject({ status: 'in_doubt', attempts: 1 });
    expect(await truthOf(simulator, 'patients')).toHaveLength(before);
  });

  test('who says which', async () => {
    const app = makeApp(place);
    expect(await app.push.resolve(id, { kind: 'adopt', resultId: twins[1] ?? '' })).toEqual({ status: 'succeeded' });
    await app.close();
    expect(await row(id)).toMatchObject({ status: 'succeeded', result_id: twins[1] });
    expect(await apply(place)).toMatchObject({ exitCode: 0 });
  });
});

test('a cancelled visit at the same time is not taken for a booking that was never made', async () => {
  const booking = WRITE_KINDS.find(({ write }) => write === 'createAppointment');
  const first = (await booking?.make({ simulator, databaseUrl: database.url })) ?? {};
  const [earlier = ''] = await enqueue(database.url, [first]);
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  const visit = (await row(earlier)).result_id;
  await enqueue(database.url, [{ resource: 'appointments', target: visit, changes: { status: 'CANCELLED' } }]);
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  const [id = ''] = await enqueue(database.url, [first]);
  await faults({ kind: 'status', operation: 'createAppointment', times: 1 });
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  await faults();
  const again = await row(id);
  expect(again).toMatchObject({ status: 'succeeded', attempts: 2 });
  expect(again.result_id).not.toBe(visit);
});

test('Lobbie unreachable: nothing is in doubt, and the row stays in the queue', async () => {
  const [id = ''] = await enqueue(database.url, [{ operation: 'create', changes: newPerson() }]);
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const env = { ...place.env, LOBBIE_API_URL: `http://127.0.0.1:${port}/lobbie/api` };
  expect(await apply({ ...place, env, clock: slowClock() }, { patienceMs: 0 })).toMatchObject({ exitCode: 4 });
  expect(await row(id)).toMatchObject({ status: 'pending', tries: 0, completed_at: null });
  expect(await apply(place)).toMatchObject({ exitCode: 0 });
  expect(await row(id)).toMatchObject({ status: 'succeeded', attempts: 2 });
});
