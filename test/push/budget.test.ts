import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { StopError } from '../../src/core/errors.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { useTestDatabase } from '../support/database.ts';
import { makeApp, type Place, runRow } from '../support/harness.ts';
import { enqueue, pull, rowsOf, truthOf } from '../support/push.ts';

/** Deliveries beside a reading of the same process. */

const database = useTestDatabase();
let simulator: Simulator;
let place: Place;

beforeAll(async () => {
  simulator = await startSimulator({ patients: 60, accounts: [1001], locationsPerAccount: 2 });
  place = { api: simulator, databaseUrl: database.url, accounts: ['1001'] };
  await pull(place);
});
afterAll(() => simulator.stop());

test('deliveries go before the requests of a reading that wait, and have a budget of their own', async () => {
  const app = makeApp({ ...place, env: { LOBBIE_REQUESTS_PER_SECOND: '5' } });
  const stop = new StopSignal();
  const [patient] = await truthOf(simulator, 'patients');
  simulator.resetStats();
  const reading = app.run({ kind: 'backfill', selection: everything, stop, maxRequests: 1000 });
  // The reading is under way, with more requests waiting than may be sent in a while. At this rate a slow machine, too, is
  // ready with the next delivery's request before the reading has had many turns.
  while (simulator.stats().requests < 16) await new Promise((resolve) => setTimeout(resolve, 20));
  const rows = 6;
  const ids = await enqueue(
    database.url,
    Array.from({ length: rows }, (_, index) => ({ target: patient.id, changes: { gender: `Beside ${index}` } })),
  );
  const before = simulator.stats().requests;
  // One target: twelve requests, each after the answer of the one before.
  const report = await app.push.apply({ selection: everything, stop: new StopSignal() });
  const between = simulator.stats().requests - before - 2 * rows;
  expect(report).toMatchObject({ exitCode: 0, totals: { succeeded: rows } });
  expect(await runRow(database.url, report.runId)).toMatchObject({ requests: 2 * rows });
  for (const row of await rowsOf(database.url, ids)) expect(row.status).toBe('succeeded');
  // The eight or more that wait at any time would have gone before each of the twelve.
  expect(between).toBeLessThan(8 * rows);
  stop.request(new StopError('stop.signal', 'enough was read'));
  await reading;
  stop.dispose();
  await app.close();
});

test('a long queue of deliveries leaves a fraction of the requests to the reading', async () => {
  const app = makeApp({ ...place, env: { LOBBIE_REQUESTS_PER_SECOND: '20', LOBBIE_PUSH_SHARE: '0.5' } });
  const stop = new StopSignal();
  const patients = (await truthOf(simulator, 'patients')).slice(0, 30);
  await enqueue(
    database.url,
    patients.map(({ id }) => ({ target: id, changes: { gender: 'Beside many' } })),
  );
  simulator.resetStats();
  const reading = app.run({ kind: 'backfill', selection: everything, stop, restart: true });
  while (simulator.stats().requests < 16) await new Promise((resolve) => setTimeout(resolve, 20));
  const before = simulator.stats().requests;
  const report = await app.push.apply({ selection: everything, stop: new StopSignal() });
  const between = simulator.stats().requests - before - 2 * patients.length;
  expect(report).toMatchObject({ exitCode: 0, totals: { succeeded: patients.length } });
  // As many as the deliveries had; the reading may have had a start or two fewer while the delivery was slow to begin or to end.
  expect(between).toBeGreaterThanOrEqual(1.5 * patients.length);
  stop.request(new StopError('stop.signal', 'enough was read'));
  await reading;
  stop.dispose();
  await app.close();
});
