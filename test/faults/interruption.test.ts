import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StopError } from '../../src/core/errors.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { useTestDatabase } from '../support/database.ts';
import { count, makeApp, type Place, query, runOnce, runToTheEnd } from '../support/harness.ts';
import { type FakeApi, listOf, type Reply, startFakeApi } from '../support/harness-api.ts';

/** An interruption at an exact place, and what the next run makes of it. */

const failing: Reply = { status: 500, text: '{}' };
const PATIENTS = Array.from({ length: 20 }, (_, index) => index + 1);

let api: FakeApi;

beforeAll(async () => {
  api = await startFakeApi();
});
afterAll(() => api.stop());

beforeEach(() => {
  api.answers.clear();
  api.intercept = () => undefined;
  const patients = PATIENTS.map((id) => `{"id":${id}}`);
  api.answers.set('account/7/patients', listOf('patients', patients, { pageSize: 10 }));
  for (const id of PATIENTS) {
    api.answers.set(
      `account/7/patients/${id}/health-profile/allergies`,
      listOf('allergies', [`{"id":${id * 10},"patientId":${id}}`]),
    );
    const transitions = [`{"id":${id * 10},"patientId":${id}}`, `{"id":${id * 10 + 1},"patientId":${id}}`];
    api.answers.set(
      `account/7/patients/${id}/category/transition`,
      listOf('transitions', transitions, { pageSize: 1 }),
    );
  }
});

/** Fails the first call that fits, once. */
function failOnce(fits: (path: string, cursor: string | null) => boolean): void {
  let failed = false;
  api.intercept = ({ path, query }) => {
    if (failed || !fits(path, query.get('cursor'))) return undefined;
    failed = true;
    return failing;
  };
}

const childless = (table: string) =>
  `SELECT p.id::int AS id FROM lobbie.patients p WHERE NOT EXISTS (SELECT FROM lobbie.${table} c WHERE c.patient_id = p.id) ORDER BY 1`;

describe('a budget that ends while one parent waits for its next attempt', () => {
  const database = useTestDatabase();
  const place = (): Place => ({ api, databaseUrl: database.url, accounts: ['7'] });
  // The longest possible pause, so that all others overtake the one that waits.
  const client = { random: () => 0.999, retry: { baseMs: 300 } };

  test('leaves that parent to the next run, although later ones were answered', async () => {
    failOnce((path) => path === 'account/7/patients/3/health-profile/allergies');
    const selection = { resources: ['allergies'] };
    // Two pages of patients and what is asked ahead of the third; the next request is its second attempt.
    const first = await runOnce(place(), { selection, client, maxRequests: 20 });
    expect(first).toMatchObject({ status: 'incomplete', exitCode: 5 });
    await runToTheEnd(place(), 1, { selection, client });
    expect(await query(database.url, childless('allergies'))).toEqual([]);
  });

  test('leaves the second page of that parent to the next run', async () => {
    failOnce((path, cursor) => path === 'account/7/patients/3/category/transition' && cursor === 'c1');
    const selection = { resources: ['category_transitions'] };
    const first = await runOnce(place(), { selection, client, maxRequests: 20 });
    expect(first).toMatchObject({ status: 'incomplete', exitCode: 5 });
    await runToTheEnd(place(), 1, { selection, client });
    expect(await count(database.url, 'SELECT count(*) FROM lobbie.category_transitions')).toBe(40);
  });

  test('leaves parents that failed before to the next run when their second try is cut short', async () => {
    const failed = new Set<string>();
    api.intercept = ({ path }) => {
      if (!/\/[35]\/health-profile\/problems$/.test(path) || failed.has(path)) return undefined;
      failed.add(path);
      return failing;
    };
    for (const id of PATIENTS) {
      const rows = [`{"id":${id * 10},"patientId":${id}}`];
      api.answers.set(`account/7/patients/${id}/health-profile/problems`, listOf('problems', rows));
    }
    const selection = { resources: ['problems'] };
    const hasty = { retry: { maxAttempts: 1 } };
    const first = await runOnce(place(), { selection, client: hasty, maxRequests: 20 });
    expect(first).toMatchObject({ status: 'incomplete', exitCode: 5 });
    await runToTheEnd(place(), 1, { selection });
    expect(await query(database.url, childless('problems'))).toEqual([]);
  });
});

describe('a list of parents that fails, in a run that is stopped', () => {
  const database = useTestDatabase();
  const place = (): Place => ({ api, databaseUrl: database.url, accounts: ['7'] });

  test('gives the children of the parents that come later to the next run', async () => {
    const client = { retry: { maxAttempts: 1 } };
    api.intercept = ({ path, query }) =>
      path === 'account/7/patients' && query.get('cursor') !== null ? failing : undefined;
    const stop = new StopSignal();
    const selection = { resources: ['patients', 'allergies', 'staff'] };
    const first = await runOnce(place(), {
      selection,
      client,
      stop,
      onProgress: ({ unit, state }) => {
        if (unit.resource.name === 'allergies' && state === 'done')
          stop.request(new StopError('stop.signal', 'enough'));
      },
    });
    expect(first).toMatchObject({ status: 'incomplete', exitCode: 5 });
    expect(await count(database.url, 'SELECT count(*) FROM lobbie.allergies')).toBe(10);
    api.intercept = () => undefined;
    await runToTheEnd(place(), 1, { selection });
    expect(await count(database.url, 'SELECT count(*) FROM lobbie.patients')).toBe(20);
    expect(await query(database.url, childless('allergies'))).toEqual([]);
  });
});

describe('a list of parents that another run is reading', () => {
  const database = useTestDatabase();
  const place = (): Place => ({ api, databaseUrl: database.url, accounts: ['7'] });

  test('keeps the children from counting as whole', async () => {
    const half = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<undefined>();
    api.intercept = ({ path, query }) => {
      if (path !== 'account/7/patients' || query.get('cursor') === null) return undefined;
      half.resolve();
      return goOn.promise;
    };
    const parents = runOnce(place(), { selection: { resources: ['patients'] } });
    await half.promise;
    const children = await runOnce(place(), { selection: { resources: ['allergies'] } });
    expect(children).toMatchObject({ status: 'partial', exitCode: 4 });
    goOn.resolve(undefined);
    expect(await parents).toMatchObject({ exitCode: 0 });
    await runToTheEnd(place(), 1, { selection: { resources: ['allergies'] } });
    expect(await query(database.url, childless('allergies'))).toEqual([]);
  });
});

describe('one window of a large list that stays unreadable', () => {
  const database = useTestDatabase();
  const place = (): Place => ({ api, databaseUrl: database.url, accounts: ['7'] });

  test('does not leave the others reading after the run has ended', async () => {
    const hour = 3_600_000;
    const opened = Date.now() - 1601 * hour;
    const dates = Array.from({ length: 1600 }, (_, index) => new Date(opened + index * hour).toISOString());
    const rows = dates.map((createdAt, index) => `{"id":${index + 1},"createdAt":"${createdAt}"}`);
    api.answers.set('account/7/location', listOf('locations', [`{"id":70,"createdAt":"${dates[0]}"}`]));
    api.answers.set('account/7/location/70/notification', listOf('notifications', rows, { dates }));
    const slow = (reply: undefined): Promise<undefined> =>
      new Promise((resolve) => setTimeout(() => resolve(reply), 400));
    api.intercept = ({ path, query }) => {
      if (!path.endsWith('/notification') || query.get('startDate') === null) return undefined;
      return query.get('startDate')?.startsWith('1900') ? { status: 403, text: '{}' } : slow(undefined);
    };
    api.calls.length = 0;
    // Not closed at once, like the daemon's.
    const app = makeApp(place());
    const selection = { ...everything, resources: ['notifications'] };
    const report = await app.run({ kind: 'backfill', selection, stop: new StopSignal() });
    const sent = api.calls.length;
    expect(report).toMatchObject({ status: 'partial', exitCode: 4 });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(api.calls.length).toBe(sent);
    await app.close();
    const requests = `SELECT requests FROM lobbie_sync.runs WHERE id = $1`;
    expect(await count(database.url, requests, [report.runId])).toBe(sent);
    expect(await count(database.url, 'SELECT count(*) FROM lobbie.notifications')).toBe(1600);
  });
});
