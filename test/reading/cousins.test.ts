import { describe, expect, test } from 'vitest';
import { compareWithWorld, inWords } from '../odd-api/oracle/compare.ts';
import type { Row } from '../odd-api/world/collection.ts';
import { count, problemsOf, query } from '../support/harness.ts';
import { DAY_MS } from '../support/night.ts';
import { useStage } from './stage.ts';

/** Faults of the same kinds as R6, R7, R9 and R12, in other shapes. What is right comes from the world of the API. */

const stage = useStage({ seed: 29, patients: 40, accounts: 1, locations: 2 }, { syncer: { deleteThreshold: 0.5 } });

const differences = async () =>
  (await compareWithWorld((sql) => query(stage.database.url, sql), stage.api.world)).map(inWords);
const codes = async (runId: string) => [
  ...new Set((await problemsOf(stage.database.url, runId)).map(({ code }) => code)),
];
const staff = () => stage.api.world.staff.in({ accountId: stage.api.accountIds[0] }).map(({ key }) => key);
const versions = (table: string) => count(stage.database.url, `SELECT sum(_version) FROM lobbie.${table}`);

/** The answer to the first page of a list, changed. */
const changed = (op: string, change: (page: Row) => Row) => stage.odd({ kind: 'changed-page', op, change });

/** Two nightly syncs, and whether the second had anything to write. */
async function twice(table: string): Promise<number> {
  const after: number[] = [];
  for (let night = 0; night < 2; night += 1) {
    expect(await stage.syncer.run('sync')).toMatchObject({ status: 'succeeded' });
    after.push(await versions(table));
    stage.syncer.clock.jump(DAY_MS);
  }
  return (after[1] ?? 0) - (after[0] ?? 0);
}

describe('cousins of R6: an id twice', () => {
  const older = (row: Row | undefined, id: unknown): Row => ({
    ...row,
    id,
    lastName: 'Older',
    updatedAt: '2001-01-01T00:00:00Z',
  });

  test('spelled in two ways is one row, and the newer one', async () => {
    changed('listStaff', ({ staff: rows, ...page }) => {
      const [first, ...rest] = rows as Row[];
      return { ...page, staff: [first, older(first, ` 0${first?.['id']} `), ...rest] };
    });
    expect(await twice('staff')).toBe(0);
    expect(await differences()).toEqual([]);
  });

  test('with all the rows of its page changes nothing', async () => {
    changed('listStaff', (page) => ({ ...page, staff: [...(page['staff'] as Row[]), ...(page['staff'] as Row[])] }));
    expect(await twice('staff')).toBe(0);
    expect(await differences()).toEqual([]);
  });

  test('with one stamp and two contents is one of them, and stays it', async () => {
    changed('listStaff', ({ staff: rows, ...page }) => {
      const [first, ...rest] = rows as Row[];
      return { ...page, staff: [{ ...first, lastName: 'Other' }, first, ...rest] };
    });
    expect(await twice('staff')).toBe(0);
    expect(await differences()).toEqual([]);
  });
});

describe('cousins of R7: more rows that no cursor names', () => {
  const cut = ({ patients, ...page }: Row, more: Row): Row => ({
    ...page,
    patients: (patients as Row[]).slice(0, 10),
    nextCursor: null,
    ...more,
  });

  test.each<[string, Row]>([
    ['said by a flag', { hasMore: true }],
    ['named by a link', { links: { self: '/a', next: '/patients?page=2' } }],
    ['named by another token', { nextPageToken: 'abc' }],
    ['said in the paging', { pagination: { page: 1, hasNext: true } }],
    ['named in the meta data', { meta: { nextCursor: 'abc' } }],
  ])('%s: the list is not taken as whole', async (_name, more) => {
    changed('listPatients', (page) => cut(page, more));
    const report = await stage.syncer.run('backfill', { restart: true });
    expect(report).toMatchObject({ status: 'partial', exitCode: 4 });
    expect(await codes(report.runId)).toContain('contract.no_end');
    expect(await count(stage.database.url, `SELECT count(*) FROM lobbie.patients WHERE _deleted_at IS NULL`)).toBe(40);
  });

  test.each<[string, Row]>([
    ['links that end', { links: { self: '/a', next: null, prev: '/b' } }],
    ['a paging that ends', { pagination: { page: 3, hasNext: false, nextCursor: '' }, hasMore: false }],
  ])('%s are an end', async (_name, more) => {
    changed('listPatients', (page) => ({ ...page, ...more }));
    expect(await stage.syncer.run('backfill', { restart: true })).toMatchObject({ status: 'succeeded' });
    expect(await differences()).toEqual([]);
  });
});

describe('cousins of R9: a record that has left', () => {
  /** A member of staff who left: not on the list, and read by id with this answer. */
  async function leave(spec: object): Promise<{ id: number; status: string; exitCode: number; problems: string[] }> {
    const [id = 0] = staff();
    stage.odd({ kind: 'rows-missing', op: 'listStaff', ids: [id] });
    stage.odd({ op: 'getStaff', ...spec });
    const { runId, status, exitCode } = await stage.syncer.run('sync');
    return { id, status, exitCode, problems: await codes(runId) };
  }
  const gone = (id: number) =>
    count(stage.database.url, 'SELECT count(*) FROM lobbie.staff WHERE id = $1 AND _deleted_at IS NOT NULL', [id]);

  test('by a record of another kind of resource: merged, too', async () => {
    const [, into] = staff();
    const { id, status } = await leave({ kind: 'merged', oldId: staff()[0], newId: into });
    expect([status, await gone(id)]).toEqual(['succeeded', 1]);
    expect(await query(stage.database.url, `SELECT reason FROM lobbie_sync.deletes WHERE status = 'applied'`)).toEqual([
      { reason: `merged into ${into}` },
    ]);
  });

  test('by 410: gone for good', async () => {
    const { id, status } = await leave({ kind: 'refused', status: 410 });
    expect([status, await gone(id)]).toEqual(['succeeded', 1]);
  });

  test.each<[string, object]>([
    ['a redirect to its successor', { kind: 'redirect', status: 308, to: '/elsewhere' }],
    ['an error at 200', { kind: 'error-body' }],
    ['403', { kind: 'refused', status: 403 }],
    ['no content', { kind: 'no-content' }],
  ])('by %s: nobody knows, the row stays, and the run does not say that it succeeded', async (_name, spec) => {
    const { id, status, exitCode, problems } = await leave(spec);
    expect([status, exitCode, await gone(id)]).toEqual(['partial', 4, 0]);
    expect(problems).toEqual(['delete.unproven']);
    stage.api.odd.remove((spec as { kind: string }).kind);
    stage.api.odd.add({ kind: 'refused', op: 'getStaff', status: 404 });
    stage.syncer.clock.jump(DAY_MS);
    expect(await stage.syncer.run('sync')).toMatchObject({ status: 'succeeded' });
    expect(await gone(id)).toBe(1);
  });
});

describe('cousins of R12: a filter that does not work', () => {
  const requestsOf = async (spec?: object) => {
    if (spec !== undefined) stage.odd(spec);
    stage.api.requests.clear();
    const report = await stage.syncer.run('sync');
    stage.syncer.clock.jump(DAY_MS);
    return { report, requests: stage.api.requests.count() };
  };

  test.each<[string, object]>([
    ['refused with 422', { kind: 'refused', status: 422, when: asksFor('status') }],
    ['ignored', { kind: 'ignored-filter', filter: 'status' }],
    ['for a patient refused', { kind: 'filter-refused', filter: 'patientId' }],
    ['for an order refused', { kind: 'filter-refused', filter: 'sortBy' }],
    ['for a range refused', { kind: 'filter-refused', filter: 'startDate' }],
    ['for a range refused by its other name', { kind: 'filter-refused', filter: 'createdAfter' }],
  ])('%s: costs no more requests, and keeps nothing else from being read', async (_name, spec) => {
    await requestsOf();
    const calm = await requestsOf();
    const { report, requests } = await requestsOf(spec);
    expect(report).toMatchObject({ status: 'succeeded' });
    expect(requests / calm.requests).toBeLessThan(1.2);
    expect(await differences()).toEqual([]);
  });
});

function asksFor(filter: string): (call: { readonly query: URLSearchParams }) => boolean {
  return ({ query }) => query.has(filter);
}
