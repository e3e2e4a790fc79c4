import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { withTransaction } from '../../src/db/transaction.ts';
import { resourceNamed } from '../../src/extractors/registry.ts';
import type { Read } from '../../src/extractors/resource.ts';
import type { RunContext, Unit } from '../../src/streams/context.ts';
import { Doubts } from '../../src/streams/doubts.ts';
import { oldestCheck, type ParentScopeOptions, parentScope } from '../../src/streams/parents.ts';
import { noteVanished } from '../../src/streams/vanished.ts';
import { useTestDatabase } from '../support/database.ts';
import { query } from '../support/harness.ts';
import { collected, storeRecords } from '../support/rows.ts';

/** Which parents a list has, and what an answer about one of them says of the rows below it. */

const database = useTestDatabase();
let pool: pg.Pool;
beforeAll(() => {
  pool = createPool({ connectionString: database.url, max: 4 });
});
afterAll(() => pool.end());

/** Each test has an account of its own. */
let account = 100;
beforeEach(() => {
  account += 10;
});

const at = (minute: number) => new Date(Date.UTC(2026, 0, 15, 2, minute));
const store = (
  name: string,
  records: readonly object[],
  more: { of?: number; context?: Record<string, string> } = {},
) =>
  storeRecords(pool, name, records, {
    accountId: `${more.of ?? account}`,
    readAt: at(0),
    ...(more.context === undefined ? {} : { context: more.context }),
  });
const unitOf = (name: string, locationId: string | null = null): Unit => {
  const resource = resourceNamed(name);
  return { resource, read: resource.reads[0] as Read, accountId: `${account}`, locationId };
};
async function parentsOf(unit: Unit, options: ParentScopeOptions = {}): Promise<number[]> {
  const { from, values } = parentScope(unit, options);
  const { rows } = await pool.query<{ id: string }>(`SELECT p.id FROM ${from} ORDER BY p.id`, [...values]);
  return rows.map(({ id }) => Number(id));
}
const doubt = (key: number, status: string, more: { of?: number; resource?: string } = {}) =>
  pool.query(
    `INSERT INTO lobbie_sync.deletes (run_id, account_id, resource, key, reason, status, found_at, absent_at)
     VALUES (1, $1, $2, $3, 'a test says so', $4, $5, $5)`,
    [more.of ?? account, more.resource ?? 'patients', key, status, at(1)],
  );
const people = (...ids: readonly number[]) => ids.map((id) => ({ id }));

/** Patients of whom some may be gone: 1 and 2 are candidates; the others are decided, or of another list or account. */
async function doubtfulPatients(): Promise<void> {
  await store('patients', people(1, 2, 3, 4, 5, 6));
  await doubt(1, 'candidate');
  await doubt(2, 'held');
  await doubt(3, 'dismissed');
  await doubt(4, 'restored');
  await doubt(5, 'candidate', { resource: 'labs' });
  await doubt(6, 'held', { of: account + 1 });
}

describe('the parents of a list', () => {
  test('are those of its account that are there', async () => {
    await store('patients', people(1, 2, 3));
    await store('patients', people(4), { of: account + 1 });
    await pool.query('UPDATE lobbie.patients SET _deleted_at = $2 WHERE account_id = $1 AND id = 2', [account, at(1)]);
    expect(await parentsOf(unitOf('allergies'))).toEqual([1, 3]);
  });

  test('are those of its location, and of the persons that are asked for', async () => {
    await store(
      'labs',
      [
        { id: 1, patientId: 11 },
        { id: 2, patientId: 12 },
      ],
      { context: { location_id: '70' } },
    );
    await store('labs', [{ id: 3, patientId: 11 }], { context: { location_id: '71' } });
    expect(await parentsOf(unitOf('lab_test_components', '70'))).toEqual([1, 2]);
    expect(await parentsOf(unitOf('lab_test_components', '70'), { persons: ['11'] })).toEqual([1]);
    await store('patients', people(11, 12));
    expect(await parentsOf(unitOf('allergies'), { persons: ['12'] })).toEqual([12]);
  });

  test('do not include those that bring the list with them: a lab whose panels have their components', async () => {
    await store(
      'labs',
      [
        {
          id: 1,
          testPanels: [
            { id: 11, components: [{ id: 111 }] },
            { id: 12, components: [] },
          ],
        },
        { id: 2, testPanels: [{ id: 21, components: [] }, { id: 22 }] },
        { id: 3, testPanels: [] },
        { id: 4, testPanels: null },
        { id: 5 },
      ],
      { context: { location_id: '70' } },
    );
    expect(await parentsOf(unitOf('lab_test_components', '70'))).toEqual([2, 3, 4, 5]);
  });

  test('do not include those that may be gone, where only settled ones are wanted', async () => {
    await doubtfulPatients();
    expect(await parentsOf(unitOf('allergies'), { settled: true })).toEqual([3, 4, 5, 6]);
    expect(await parentsOf(unitOf('allergies'))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('that may be gone do not make the list grow old', async () => {
    await store('patients', people(1, 2));
    await pool.query(
      `INSERT INTO lobbie_sync.checks (account_id, resource, parent_id, checked_at) VALUES ($1, 'allergies', 1, $2), ($1, 'allergies', 2, $3)`,
      [account, at(3), at(9)],
    );
    expect(await oldestCheck({ pool }, unitOf('allergies'))).toEqual(at(3));
    await doubt(1, 'candidate');
    expect(await oldestCheck({ pool }, unitOf('allergies'))).toEqual(at(9));
  });
});

describe('a row that the whole list of its parent does not have', () => {
  /** An answer with these allergies, whole for these patients. */
  async function answer(parents: readonly number[], allergies: readonly object[]): Promise<void> {
    const unit = unitOf('allergies');
    const readAt = at(5);
    const found = collected('allergies', allergies, { accountId: `${account}`, readAt });
    const batch = {
      ...{ unit, sweepId: null, scope: null, collected: found, read: allergies.length },
      ...{ cursor: null, done: true, parents: [] },
    };
    const context = { runId: '7', doubts: await Doubts.load(pool), clock: { now: () => at(6) } };
    await withTransaction(pool, (tx) =>
      noteVanished(context as unknown as RunContext, tx, batch, {
        ...{ tables: [unit.resource], column: 'patient_id', parentIds: parents.map(String), readAt },
      }),
    );
  }
  const noted = () =>
    query<{ key: string; parent: string; absent: Date }>(
      database.url,
      `SELECT key, parent_id::text AS parent, absent_at AS absent FROM lobbie_sync.deletes
       WHERE account_id = $1 AND resource = 'allergies' ORDER BY key::bigint`,
      [account],
    );
  const allergies = (...patients: readonly number[]) =>
    patients.flatMap((patientId) => [
      { id: patientId * 10, patientId },
      { id: patientId * 10 + 1, patientId },
    ]);

  test('is a candidate from the time of the request on; those of other parents are none', async () => {
    await store('allergies', allergies(1, 2));
    await store('allergies', [{ id: 12, patientId: 1 }], { of: account + 1 });
    await pool.query('UPDATE lobbie.allergies SET _deleted_at = $2 WHERE account_id = $1 AND id = 11', [
      account,
      at(1),
    ]);
    await store('allergies', [{ id: 13, patientId: 1 }]);
    await answer([1], [{ id: 10, patientId: 1 }]);
    expect(await noted()).toEqual([{ key: '13', parent: '1', absent: at(5) }]);
  });

  test('is none below a parent that may be gone itself: the answer is about the parent', async () => {
    await doubtfulPatients();
    await store('allergies', allergies(1, 2, 3, 4, 5, 6));
    await answer(
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4, 5, 6].map((patientId) => ({ id: patientId * 10, patientId })),
    );
    expect((await noted()).map(({ key }) => key)).toEqual(['31', '41', '51', '61']);
  });

  test('is none when a record of the answer is a reject', async () => {
    await store('allergies', allergies(1));
    await answer([1], [{ id: 10, patientId: 1 }, { id: 'none' }]);
    expect(await noted()).toEqual([]);
  });
});
