import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { StopError } from '../../src/core/errors.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { MovableClock } from '../support/clock.ts';
import { dropDatabase, type TestDatabase, useTestDatabase } from '../support/database.ts';
import { control, count, query } from '../support/harness.ts';
import { DAY_MS, FIRST_RUN, Syncer } from '../support/night.ts';
import { copyDatabase } from '../support/night-database.ts';

/** What proves that a row is gone, and that a list is whole: not who noted it, but which reading. */

const filled = useTestDatabase();
let simulator: Simulator;
let database: TestDatabase;
let syncer: Syncer;

beforeAll(async () => {
  simulator = await startSimulator({ seed: 11, patients: 60, accounts: [1001, 1002] });
  const first = new Syncer({ api: simulator, databaseUrl: filled.url, accounts: ['1001', '1002'] });
  expect(await first.run('backfill')).toMatchObject({ status: 'succeeded' });
  await first.close();
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  database = await copyDatabase(filled);
  syncer = new Syncer({
    api: simulator,
    databaseUrl: database.url,
    accounts: ['1001', '1002'],
    clock: new MovableClock({ now: FIRST_RUN + DAY_MS }),
  });
});
afterEach(async () => {
  simulator.setFaults([]);
  for (const [resource, ids] of hidden) {
    for (const id of ids) await control(simulator, '/unhide', { account: 1001, resource, id: Number(id) });
  }
  hidden.clear();
  await syncer.close();
  await dropDatabase(database);
});

const hidden = new Map<string, string[]>();
async function hide(resource: string, ids: readonly string[]): Promise<void> {
  hidden.set(resource, [...(hidden.get(resource) ?? []), ...ids]);
  for (const id of ids) await control(simulator, '/hide', { account: 1001, resource, id: Number(id) });
}

const idsOf = async (table: string, most: number) =>
  (
    await query<{ id: string }>(
      database.url,
      `SELECT id::text AS id FROM lobbie.${table} WHERE account_id = 1001 AND _deleted_at IS NULL ORDER BY id LIMIT ${most}`,
    )
  ).map(({ id }) => id);
const entries = (resource: string) =>
  query<{ key: string; status: string; proof: string }>(
    database.url,
    `SELECT key, status, CASE WHEN sweep_ids IS NULL THEN 'check' ELSE 'sweep' END AS proof FROM lobbie_sync.deletes
     WHERE resource = '${resource}' ORDER BY key`,
  );
const freshness = async (resource: string, more = '') =>
  (
    await query<{ certified: Date; oldest: Date }>(
      database.url,
      `SELECT last_certified_at AS certified, oldest_checked_at AS oldest FROM lobbie_sync.freshness
       WHERE account_id = 1001 AND resource = '${resource}' ${more} ORDER BY location_id NULLS FIRST`,
    )
  ).map(({ certified, oldest }) => ({ certified: certified.getTime(), oldest: oldest.getTime() }));

describe('two accounts, and deletes that are held in one of them', () => {
  test.each([
    ['the first', ['1001', '1002']],
    ['the last', ['1002', '1001']],
  ])('end with the exit code of a person, whichever ends last: %s', async (_which, accounts) => {
    await hide('patients', await idsOf('patients', 30));
    const both = new Syncer({ api: simulator, databaseUrl: database.url, accounts, clock: syncer.clock });
    const report = await both.run('backfill', { restart: true });
    await both.close();
    expect(report).toMatchObject({ status: 'partial', exitCode: 6 });
    const held = `SELECT count(*) FROM lobbie_sync.deletes WHERE status = 'held' AND resource = 'patients'`;
    expect(await count(database.url, held)).toBe(30);
  });
});

describe('a candidate that an ended run left open', () => {
  /** Notes candidates and ends before they are decided. */
  async function leaveOpen(resource: string, keys: readonly string[]): Promise<void> {
    await query(
      database.url,
      `INSERT INTO lobbie_sync.deletes (run_id, account_id, resource, key, reason, status, found_at, sweep_ids, absent_at)
       SELECT 1, 1001, $1, k, 'not met by a whole reading', 'candidate', $3, '{1}', $3 FROM unnest($2::text[]) AS k`,
      [resource, keys, new Date(syncer.clock.now().getTime() - 1000)],
    );
  }

  test('is decided by its proof where the API has no read by id, whichever run added it', async () => {
    const [gone] = await idsOf('lab_test_panels', 1);
    await leaveOpen('lab_test_panels', [gone ?? '']);
    // No list of this run speaks of it before the candidate is decided.
    simulator.setFaults([{ kind: 'status', status: 500, operation: 'listLabs' }]);
    await syncer.run('sync');
    expect(await entries('lab_test_panels')).toEqual([{ key: gone, status: 'applied', proof: 'sweep' }]);
    const living = 'SELECT count(*) FROM lobbie.lab_test_panels WHERE id = $1 AND _deleted_at IS NULL';
    expect(await count(database.url, living, [gone])).toBe(0);
  });

  test('is dismissed by any answer that has the row and was requested later', async () => {
    const [there] = await idsOf('staff', 1);
    await leaveOpen('staff', [there ?? '']);
    expect(await syncer.run('sync')).toMatchObject({ status: 'succeeded' });
    expect(await entries('staff')).toEqual([{ key: there, status: 'dismissed', proof: 'sweep' }]);
  });

  test('is dismissed by a read of a part of its list as well', async () => {
    const [recent] = (
      await query<{ id: string }>(
        database.url,
        `SELECT id::text AS id FROM lobbie.appointments WHERE account_id = 1001 AND start_time > $1 ORDER BY start_time LIMIT 1`,
        [syncer.clock.now()],
      )
    ).map(({ id }) => id);
    await leaveOpen('appointments', [recent ?? '']);
    simulator.setFaults([{ kind: 'status', status: 500, operation: 'getAppointment' }]);
    await syncer.run('sync');
    expect(await entries('appointments')).toEqual([{ key: recent, status: 'dismissed', proof: 'sweep' }]);
  });
});

describe('a list is certified when it was judged', () => {
  test('and not before the rows it did not meet are candidates', async () => {
    const before = await freshness('patients');
    const stop = new StopSignal();
    // Ends between the last page of the list and the judgement of what is absent.
    const report = await syncer.run('backfill', {
      restart: true,
      stop,
      onProgress: ({ unit, state }) => {
        if (unit.resource.name === 'patients' && unit.accountId === '1001' && state === 'done') {
          stop.request(new StopError('stop.signal', 'asked to stop'));
        }
      },
    });
    expect(report.status).toBe('incomplete');
    const [sweep] = await query<{ status: string; judged: boolean }>(
      database.url,
      `SELECT status, judged FROM lobbie_sync.sweeps WHERE account_id = 1001 AND resource = 'patients' ORDER BY id DESC LIMIT 1`,
    );
    expect(sweep).toEqual({ status: 'certified', judged: false });
    expect(await freshness('patients')).toEqual(before);
    // The next run of the pass goes on, judges, and certifies.
    expect(await syncer.run('backfill')).toMatchObject({ status: 'succeeded' });
    expect((await freshness('patients'))[0]?.certified).toBeGreaterThan(before[0]?.certified ?? 0);
  });
});

describe('freshness covers the parents that a list has now', () => {
  const oldest = async (resource: string) => Math.min(...(await freshness(resource)).map((row) => row.oldest));

  test('a lab that got its panels later does not make the list of components grow old', async () => {
    const [lab] = await query<{ id: string }>(
      database.url,
      `SELECT l.id::text AS id FROM lobbie.labs l JOIN lobbie_sync.checks c ON c.resource = 'lab_test_components'
         AND c.account_id = l.account_id AND c.parent_id = l.id WHERE l.account_id = 1001 LIMIT 1`,
    );
    const ages = new Date(FIRST_RUN - 200 * DAY_MS);
    await query(
      database.url,
      `UPDATE lobbie_sync.checks SET checked_at = $2 WHERE resource = 'lab_test_components' AND parent_id = $1`,
      [lab?.id, ages],
    );
    // From now on its components come with the list: it is no parent any more.
    await query(
      database.url,
      `UPDATE lobbie.labs SET test_panels = '[{"components": []}]' WHERE account_id = 1001 AND id = $1`,
      [lab?.id],
    );
    simulator.setFaults([{ kind: 'status', status: 500, operation: 'listLabs' }]);
    await syncer.run('sync');
    expect(await oldest('lab_test_components')).toBeGreaterThan(ages.getTime());
  });

  test('a location that has left the list is not in it', async () => {
    const [location] = await query<{ id: string }>(
      database.url,
      'SELECT max(id)::text AS id FROM lobbie.locations WHERE account_id = 1001',
    );
    expect((await freshness('forms', `AND location_id = ${location?.id}`)).length).toBe(1);
    await query(database.url, 'UPDATE lobbie.locations SET _deleted_at = now() WHERE account_id = 1001 AND id = $1', [
      location?.id,
    ]);
    expect(await freshness('forms', `AND location_id = ${location?.id}`)).toEqual([]);
  });
});
