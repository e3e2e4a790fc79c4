import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { closedLocationReports } from '../../src/inspect/closed-locations.ts';
import { executeVerify } from '../../src/inspect/verify.ts';
import { planNightlySync } from '../../src/nightly/plan.ts';
import { approveDeletes, restoreDeletes } from '../../src/runs/decide-deletes.ts';
import type { OddApi } from '../odd-api/start.ts';
import { count, query } from '../support/harness.ts';
import { DAY_MS, historyFaults } from '../support/night.ts';
import { TABLES } from '../support/truth.ts';
import { contentOf, mirrorDifferences } from './mirror.ts';
import { useStage } from './stage.ts';

/** Locations that close, with all that they have, and that come back. */

const stage = useStage({ seed: 31, patients: 12, accounts: 1, locations: 3, fullPages: true });
let right: ReadonlyMap<string, ReadonlySet<string>>;
/** The location that closes, and another one. */
let closing: number;
let other: number;

beforeAll(async () => {
  right = await contentOf(stage.filled.url);
  [closing = 0, other = 0] = stage.api.world.locations.keys();
});
afterEach(() => reopenAll());

const taken = new Map<number, ReturnType<OddApi['world']['locations']['find']>>();
/** The API has the location no more: neither in its list nor by id, and its lists answer 404. */
function close(...ids: readonly number[]): void {
  for (const id of ids) {
    taken.set(id, stage.api.world.locations.find(id));
    stage.api.world.locations.delete(id);
  }
}
function reopenAll(): void {
  for (const entry of taken.values()) if (entry !== undefined) stage.api.world.locations.add(entry.row, entry.home);
  taken.clear();
}

/** A nightly sync of the next day. */
async function night() {
  stage.syncer.clock.jump(DAY_MS);
  stage.api.requests.clear();
  return await stage.syncer.run('sync');
}
/** Requests for anything of a location but the location itself. */
const requestsAt = (id: number) =>
  stage.api.requests.all.filter(({ path }) => path.includes(`/location/${id}/`)).length;
const held = () =>
  query<{ id: string; key: string; status: string; reason: string }>(
    stage.database.url,
    `SELECT id::text AS id, key, status, reason FROM lobbie_sync.deletes WHERE resource = 'locations' ORDER BY id`,
  );
const closed = () =>
  query<{ id: string; cause: string }>(
    stage.database.url,
    'SELECT location_id::text AS id, cause FROM lobbie_sync.closed_locations ORDER BY location_id',
  );
const LOCATED = `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'lobbie' AND column_name = 'location_id'`;
async function rowsAt(id: number, condition: string): Promise<number> {
  let sum = 0;
  for (const { name } of await query<{ name: string }>(stage.database.url, LOCATED)) {
    const sql = `SELECT count(*) FROM lobbie."${name}" WHERE location_id = $1 AND ${condition}`;
    sum += await count(stage.database.url, sql, [id]);
  }
  return sum;
}
const marked = (id: number) => rowsAt(id, '_deleted_at IS NOT NULL');
const current = (id: number) => rowsAt(id, '_deleted_at IS NULL');
const stop = new StopSignal();
const approve = (ids?: readonly string[]) =>
  approveDeletes(stage.syncer.deps, { selection: everything, stop }, { ids });
const restore = (ids?: readonly string[]) => restoreDeletes(stage.syncer.deps, { ids });
const freshAt = (id: number) =>
  count(stage.database.url, 'SELECT count(*) FROM lobbie_sync.freshness WHERE location_id = $1', [id]);
const verified = () => executeVerify(stage.syncer.deps, { selection: everything, sample: 50, stop });
const plannedRequests = async () =>
  (await planNightlySync(stage.syncer.deps, { selection: everything, budget: null, requestsPerSecond: 10 })).requests;

describe('a location that leaves the list and is not found by id', () => {
  test('waits for a person as one decision; its rows stay and its lists are not asked for', async () => {
    const before = await current(closing);
    const planned = await plannedRequests();
    close(closing);
    expect(await night()).toMatchObject({ status: 'partial', exitCode: 6 });
    expect(requestsAt(closing)).toBe(0);
    expect(requestsAt(other)).toBeGreaterThan(0);
    expect(await held()).toMatchObject([
      { key: String(closing), status: 'held', reason: 'not met by a whole reading' },
    ]);
    expect(await closed()).toEqual([{ id: String(closing), cause: 'left_list' }]);
    expect(await current(closing)).toBe(before);
    expect(await freshAt(closing)).toBe(0);
    expect(await freshAt(other)).toBeGreaterThan(0);
    expect(await plannedRequests()).toBeLessThan(planned);
    const [report] = await closedLocationReports(stage.syncer.deps.db);
    expect(report).toMatchObject({ locationId: String(closing), decision: 'held', cause: 'left_list' });
    expect(report?.rows.reduce((sum, { rows }) => sum + rows, 0)).toBe(before);
    // Until somebody decides, each nightly sync says so, and asks for the location once by its list only.
    expect(await night()).toMatchObject({ status: 'partial', exitCode: 6 });
    expect(requestsAt(closing)).toBe(0);
    expect(stage.api.requests.count('getLocation')).toBe(0);
    expect((await held()).length).toBe(1);
    // What is kept is no gap.
    expect(await verified()).toMatchObject({ exitCode: 0, gaps: 0 });
  });

  test('keeps its rows when a person says so, and that is remembered and audited', async () => {
    const before = await current(closing);
    close(closing);
    await night();
    expect(await restore()).toEqual({ restored: 0 });
    for (let days = 0; days < 3; days += 1) {
      expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
      expect(requestsAt(closing)).toBe(0);
    }
    expect(await held()).toMatchObject([{ key: String(closing), status: 'restored' }]);
    expect(await current(closing)).toBe(before);
    expect(await freshAt(closing)).toBe(0);
    expect(await verified()).toMatchObject({ exitCode: 0, gaps: 0 });
    expect(
      await query(
        stage.database.url,
        `SELECT action, actor, subject->>'key' AS key FROM lobbie_sync.audit_log WHERE action LIKE 'deletes.%'`,
      ),
    ).toEqual([{ action: 'deletes.restore', actor: 'test', key: String(closing) }]);
    expect(await closedLocationReports(stage.syncer.deps.db)).toMatchObject([{ decision: 'kept' }]);
    // A backfill in between does not ask again either.
    expect(await stage.syncer.run('backfill', { restart: true })).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect((await held()).length).toBe(1);
    // Who kept the rows may have them marked later.
    expect(await approve((await held()).map(({ id }) => id))).toMatchObject({ applied: 1, open: 0 });
    expect(await current(closing)).toBe(0);
  });

  test('is read as before when it comes back after its rows were kept', async () => {
    close(closing);
    await night();
    await restore();
    await night();
    reopenAll();
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(requestsAt(closing)).toBeGreaterThan(0);
    expect(await closed()).toEqual([]);
    expect(await freshAt(closing)).toBeGreaterThan(0);
    expect(await mirrorDifferences(stage.database.url, right)).toEqual([]);
    // It may close again: then a person is asked again.
    close(closing);
    expect(await night()).toMatchObject({ status: 'partial', exitCode: 6 });
    expect((await held()).map(({ status }) => status)).toEqual(['restored', 'held']);
  });

  test('waits no longer when it comes back before anybody decided', async () => {
    close(closing);
    await night();
    reopenAll();
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect((await held()).map(({ status }) => status)).toEqual(['dismissed']);
    expect(await closed()).toEqual([]);
    expect(await mirrorDifferences(stage.database.url, right)).toEqual([]);
  });

  test('has its rows marked when a person approves, with history and counts', async () => {
    const before = await current(closing);
    close(closing);
    await night();
    const report = await approve();
    expect(report).toMatchObject({ applied: 1, kept: 0, open: 0, exitCode: 0 });
    // Lists that several locations serve are decided by what the others have: here each row is at one.
    expect({ current: await current(closing), marked: await marked(closing) }).toEqual({ current: 0, marked: before });
    expect(await historyFaults(stage.database.url, TABLES)).toEqual([]);
    const deleted = `SELECT coalesce(sum(rows_deleted), 0) FROM lobbie_sync.run_resources WHERE run_id = $1`;
    expect(await count(stage.database.url, deleted, [report.runId])).toBe(before + 1);
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(requestsAt(closing)).toBe(0);
    expect(await verified()).toMatchObject({ exitCode: 0, gaps: 0 });
    // Back: every mark is lifted by reading. Long lists are read whole at once, and what hangs below them a night later.
    reopenAll();
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(await marked(closing)).toBe(0);
    expect(await mirrorDifferences(stage.database.url, right)).toEqual([]);
    expect(await historyFaults(stage.database.url, TABLES)).toEqual([]);
  });

  test('gets its rows back when a person takes the approval back, and is kept from then on', async () => {
    close(closing);
    await night();
    await approve();
    const ids = (await held()).map(({ id }) => id);
    expect((await restore(ids)).restored).toBeGreaterThan(0);
    expect(await marked(closing)).toBe(0);
    expect(await mirrorDifferences(stage.database.url, right)).toEqual([]);
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(await marked(closing)).toBe(0);
  });

  test('is not marked when it is found again by the approval', async () => {
    close(closing);
    await night();
    reopenAll();
    expect(await approve()).toMatchObject({ applied: 0, kept: 1, open: 0 });
    expect(await marked(closing)).toBe(0);
    expect(await closed()).toEqual([]);
  });

  test('is held as well when its read by id is refused', async () => {
    stage.odd({ kind: 'rows-missing', op: 'listLocations', ids: [closing] });
    stage.odd({ kind: 'refused', op: 'getLocation', status: 403, name: 'grant' });
    expect(await night()).toMatchObject({ status: 'partial', exitCode: 6 });
    expect(await closed()).toEqual([{ id: String(closing), cause: 'left_list' }]);
    expect(requestsAt(closing)).toBe(0);
  });
});

describe('cousins of a closing location', () => {
  test('an empty list of locations closes none', async () => {
    stage.odd({ kind: 'rows-missing', op: 'listLocations', ids: stage.api.world.locations.keys() });
    expect(await night()).toMatchObject({ exitCode: 0 });
    expect(await closed()).toEqual([]);
    expect(await held()).toEqual([]);
    expect(requestsAt(closing)).toBeGreaterThan(0);
    expect(await mirrorDifferences(stage.database.url, right)).toEqual([]);
  });

  test('a location about which the API gives no answer is neither open nor closed: the run says so', async () => {
    stage.odd({ kind: 'rows-missing', op: 'listLocations', ids: [closing] });
    stage.odd({ kind: 'error-body', op: 'getLocation', text: '{}' });
    const report = await night();
    expect(report).toMatchObject({ status: 'partial', exitCode: 4 });
    expect(await closed()).toEqual([]);
    const problems = 'SELECT code, resource FROM lobbie_sync.run_problems WHERE run_id = $1';
    expect(await query(stage.database.url, problems, [report.runId])).toEqual([
      { code: 'delete.unproven', resource: 'locations' },
    ]);
  });

  test('a location that is only left out of the list is read on', async () => {
    stage.odd({ kind: 'rows-missing', op: 'listLocations', ids: [closing] });
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(await closed()).toEqual([]);
    expect(requestsAt(closing)).toBeGreaterThan(0);
    expect((await held()).map(({ status }) => status)).toEqual(['dismissed']);
  });

  test('a location that goes on under another id: the old one is held, the new one is read', async () => {
    const entry = stage.api.world.locations.find(closing);
    if (entry === undefined) throw new Error('no location');
    const renamed = stage.api.world.locations.add({ ...entry.row, id: closing + 100_000 }, entry.home);
    close(closing);
    try {
      stage.odd({ kind: 'merged', op: 'getLocation', oldId: closing, newId: renamed });
      expect(await night()).toMatchObject({ status: 'partial', exitCode: 6 });
      expect(await held()).toMatchObject([{ status: 'held', reason: `merged into ${renamed}` }]);
      expect(requestsAt(closing)).toBe(0);
      expect(requestsAt(renamed)).toBeGreaterThan(0);
      expect(await freshAt(renamed)).toBeGreaterThan(0);
    } finally {
      stage.api.world.locations.delete(renamed);
    }
  });

  test('two locations that close on one night are two decisions', async () => {
    close(closing, other);
    expect(await night()).toMatchObject({ status: 'partial', exitCode: 6 });
    const entries = await held();
    expect(entries.map(({ status }) => status)).toEqual(['held', 'held']);
    const mine = entries.filter(({ key }) => key === String(closing)).map(({ id }) => id);
    const theirs = entries.filter(({ key }) => key === String(other)).map(({ id }) => id);
    await approve(mine);
    await restore(theirs);
    expect(await current(closing)).toBe(0);
    expect(await marked(other)).toBe(0);
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    reopenAll();
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(await mirrorDifferences(stage.database.url, right)).toEqual([]);
  });

  test('a location whose row was marked before its rows were asked about is asked about now', async () => {
    close(closing);
    await query(stage.database.url, 'UPDATE lobbie.locations SET _deleted_at = now() WHERE id = $1', [closing]);
    expect(await night()).toMatchObject({ status: 'partial', exitCode: 6 });
    await approve();
    expect(await current(closing)).toBe(0);
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
  });
});

describe('a listed location that refuses all of its lists', () => {
  test.each([404, 403])(
    'with %i: fails for days, then waits for a person, and is asked for once a night',
    async (status) => {
      stage.odd({ kind: 'refused', status, path: `/location/${closing}/`, name: 'refused' });
      // Two days after the lists were read last.
      expect(await night()).toMatchObject({ status: 'partial', exitCode: 4 });
      expect(await closed()).toEqual([]);
      stage.syncer.clock.jump(DAY_MS);
      expect(await night()).toMatchObject({ status: 'partial', exitCode: 4 });
      expect(await closed()).toEqual([{ id: String(closing), cause: 'lists_refused' }]);
      expect(await night()).toMatchObject({ status: 'partial', exitCode: 6 });
      expect(requestsAt(closing)).toBe(1);
      await restore();
      expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
      expect(requestsAt(closing)).toBe(1);
      expect(await mirrorDifferences(stage.database.url, right)).toEqual([]);
      stage.api.odd.remove('refused');
      expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
      expect(await closed()).toEqual([]);
      expect(await freshAt(closing)).toBeGreaterThan(0);
    },
  );

  test('keeps its own row when its rows are marked, and is not asked about again', async () => {
    stage.odd({ kind: 'refused', status: 404, path: `/location/${closing}/`, name: 'refused' });
    for (let days = 0; days < 4; days += 1) await night();
    expect(await approve()).toMatchObject({ applied: 1, kept: 0, open: 0 });
    expect(await current(closing)).toBe(0);
    for (let days = 0; days < 2; days += 1) {
      expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    }
    expect((await held()).map(({ status }) => status)).toEqual(['applied']);
    stage.api.odd.remove('refused');
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(await night()).toMatchObject({ status: 'succeeded', exitCode: 0 });
    expect(await mirrorDifferences(stage.database.url, right)).toEqual([]);
  });

  test('is no closing when one list answers, or when every location refuses', async () => {
    stage.odd({ kind: 'refused', status: 404, path: /\/location\/\d+\/(?!notification)/, name: 'most' });
    for (let days = 0; days < 5; days += 1) await night();
    expect(await closed()).toEqual([]);
    stage.api.odd.clear();
    stage.odd({ kind: 'refused', status: 403, path: /\/location\/\d+\//, name: 'all' });
    for (let days = 0; days < 5; days += 1) await night();
    expect(await closed()).toEqual([]);
  });
});
