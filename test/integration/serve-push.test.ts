import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { runCommand, type Started, startCommand, untilSo } from '../support/command.ts';
import { useTestDatabase } from '../support/database.ts';
import { control, type Place, query } from '../support/harness.ts';
import { enqueue, pull, rowsOf, type Stored, truthOf } from '../support/push.ts';

/** The daemon delivers what is inserted. */

const database = useTestDatabase();
let simulator: Simulator;
let place: Place;
let patients: Stored[];
let daemon: Started | undefined;

beforeAll(async () => {
  simulator = await startSimulator({ patients: 40, accounts: [1001], locationsPerAccount: 1 });
  const env = { LOBBIE_SYNC_PORT: '0', LOBBIE_PUSH_SETTLE_SECONDS: '1' };
  place = { api: simulator, databaseUrl: database.url, accounts: ['1001'], env };
  await pull(place);
  patients = await truthOf(simulator, 'patients');
});
afterAll(() => simulator.stop());
afterEach(async () => {
  daemon?.child.kill('SIGTERM');
  await daemon?.ended;
  daemon = undefined;
});

async function serve(env: Record<string, string> = {}): Promise<Started> {
  const started = startCommand({ ...place, env: { ...place.env, ...env } }, ['serve']);
  daemon = started;
  await until(() => started.out().includes('Serving'), started);
  return started;
}

async function until(so: () => boolean | Promise<boolean>, started = daemon): Promise<void> {
  if (started === undefined) throw new Error('no daemon was started');
  await untilSo(started, so);
}
const status = async (id: string): Promise<string> => (await rowsOf(database.url, [id]))[0].status;

test('a row is delivered by the call of its insert, not only by the next look', async () => {
  await serve();
  // The look at the start is over once the daemon has rested for a while.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const genders = ['One', 'Two', 'Three', 'Four', 'Five'];
  const began = performance.now();
  for (const gender of genders) {
    const [id = ''] = await enqueue(database.url, [{ target: patients[0].id, changes: { gender } }]);
    await until(async () => (await status(id)) === 'succeeded');
  }
  // A look comes every 15 seconds and each row is inserted after the one before was delivered: the first may have met a look
  // at once, and each of the others would have waited for another one.
  expect(performance.now() - began).toBeLessThan((genders.length - 1) * 15_000);
});

test('a delete waits until it is approved, and is delivered then', async () => {
  await serve();
  const [gone = '', other = ''] = await enqueue(database.url, [
    { operation: 'delete', target: patients[1].id },
    { target: patients[2].id, changes: { gender: 'Beside' } },
  ]);
  await until(async () => (await status(other)) === 'succeeded');
  expect(await status(gone)).toBe('pending');
  expect((await runCommand(place, ['push', 'approve', gone])).code).toBe(0);
  await until(async () => (await status(gone)) === 'succeeded');
});

test('what waits at the start is delivered, and a killed daemon leaves nothing undone or doubled', async () => {
  await control(simulator, '/faults', [{ kind: 'timeout-after', operation: 'createPatient', times: 1 }]);
  const changes = { firstName: 'Kill', lastName: 'Proof', email: 'kill.proof@example.com' };
  const [id = ''] = await enqueue(database.url, [{ operation: 'create', changes }]);
  const first = await serve();
  await until(async () => (await status(id)) === 'in_flight');
  await until(async () => (await truthOf(simulator, 'patients')).some((each) => each.email === changes.email));
  first.child.kill('SIGKILL');
  await first.ended;
  await serve();
  await until(async () => (await status(id)) === 'succeeded');
  const people = (await truthOf(simulator, 'patients')).filter((each) => each.email === changes.email);
  expect(people).toHaveLength(1);
});

test('too much that goes wrong pauses deliveries, for a person to look', async () => {
  await control(simulator, '/faults', [{ kind: 'status', status: 422, operation: 'updatePatient' }]);
  const ids = await enqueue(
    database.url,
    patients.slice(3, 40).map((each) => ({ target: each.id, changes: { gender: 'Refused' } })),
  );
  const { err } = await serve();
  const paused = async () =>
    (await query<Stored>(database.url, 'SELECT * FROM lobbie_push.control'))[0].paused_at !== null;
  await until(paused);
  await control(simulator, '/faults', []);
  const told = `SELECT key, state FROM lobbie_sync.alert_state WHERE key LIKE '%push%' ORDER BY key`;
  await until(async () =>
    (await query<Stored>(database.url, told)).some((each) => each.key === 'condition:push:paused'),
  );
  expect((await rowsOf(database.url, ids)).filter((each) => each.status === 'pending').length).toBeGreaterThan(0);
  expect((await runCommand(place, ['push', 'resume'])).code).toBe(0);
  await until(async () => (await rowsOf(database.url, ids)).every((each) => each.status !== 'pending'));
  await until(async () =>
    (await query<Stored>(database.url, told)).some(
      (each) => each.key === 'condition:push:paused' && each.state === 'ok',
    ),
  );
  expect(err()).not.toContain('Refused');
});

test('a database that goes away and comes back does not stop it', async () => {
  await serve();
  await query(
    database.url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'lobbie-sync%'`,
  );
  const [id = ''] = await enqueue(database.url, [{ target: patients[0].id, changes: { gender: 'Back' } }]);
  await until(async () => (await status(id)) === 'succeeded');
});
