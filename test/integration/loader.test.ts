import { hash } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Row, TableSpec } from '../../src/core/row.ts';
import { createPool, databaseCode } from '../../src/db/pool.ts';
import { type Transaction, withTransaction } from '../../src/db/transaction.ts';
import { bigint, instant, json, text } from '../../src/extractors/fields.ts';
import { createPreparer } from '../../src/extractors/prepare.ts';
import { resourceNamed } from '../../src/extractors/registry.ts';
import { defineResource, type Resource } from '../../src/extractors/resource.ts';
import { type Loaded, type LoadOptions, loadRows } from '../../src/loaders/load.ts';
import { findDifferent } from '../../src/loaders/merge-sql.ts';
import { loadTolerantly } from '../../src/loaders/tolerant.ts';
import { useTestDatabase } from '../support/database.ts';

const database = useTestDatabase();
let pool: pg.Pool;
beforeAll(() => {
  pool = createPool({ connectionString: database.url, max: 4 });
});
afterAll(() => pool.end());

const patients = resourceNamed('patients');
const categories = resourceNamed('categories');
const groups = resourceNamed('form_template_groups');
/** A resource without time stamps. */
const roles = resourceNamed('role_groups');
/** Each test has an account of its own, so that none sees another's rows. */
let account = 1000;
function newAccount(): string {
  account += 1;
  return String(account);
}

interface RowOptions {
  readonly resource?: Resource;
  readonly accountId?: string;
  readonly readAt?: string;
  readonly secondary?: boolean;
  readonly context?: Record<string, string>;
}

function rowOf(record: Record<string, unknown>, options: RowOptions = {}): Row {
  const prepared = createPreparer(options.resource ?? patients).prepare(
    { record, context: options.context ?? {} },
    {
      accountId: options.accountId ?? String(account),
      readAt: new Date(options.readAt ?? '2024-06-01T00:00:00Z'),
      secondary: options.secondary ?? false,
      unknown: new Map(),
    },
  );
  if ('reject' in prepared) throw new Error(prepared.reject.reason);
  return prepared.row;
}

const tableOf = (resource: Resource): TableSpec => createPreparer(resource).table;

async function load(
  rows: readonly Row[],
  options: Partial<LoadOptions> & { resource?: Resource } = {},
): Promise<Omit<Loaded, 'changed'>> {
  const { resource = patients, ...rest } = options;
  const { changed: _, ...counts } = await withTransaction(pool, (tx) =>
    loadRows(tx, tableOf(resource), rows, { runId: '1', now: new Date('2024-06-06T00:00:00Z'), ...rest }),
  );
  return counts;
}

type Stored = Record<string, string | null>;

async function stored(resource: Resource = patients, accountId = String(account)): Promise<Stored[]> {
  const where = resource.scope === 'global' ? '$1::text IS NOT NULL' : 'account_id = $1';
  const { rows } = await pool.query<Stored>(
    `SELECT *, id::text AS id, xmin::text AS xmin, ctid::text AS ctid, xmax::text AS xmax, _run_id::text AS run
     FROM lobbie.${resource.name} WHERE ${where} ORDER BY lobbie.${resource.name}.id`,
    [accountId],
  );
  return rows;
}

/** What changes when a row is written or even only locked. */
const physical = (rows: readonly Stored[]) => rows.map(({ xmin, ctid, xmax }) => [xmin, ctid, xmax]);

describe('counts', () => {
  test('new rows are inserted, equal ones unchanged, differing ones updated', async () => {
    newAccount();
    const first = [1, 2, 3].map((id) => rowOf({ id, firstName: `p${id}` }));
    expect(await load(first)).toEqual({ inserted: 3, updated: 0, unchanged: 0 });
    expect(await load(first)).toEqual({ inserted: 0, updated: 0, unchanged: 3 });
    const second = [rowOf({ id: 1, firstName: 'p1' }), rowOf({ id: 2, firstName: 'new' }), rowOf({ id: 4 })];
    expect(await load(second)).toEqual({ inserted: 1, updated: 1, unchanged: 1 });
    expect((await stored()).map(({ id, first_name }) => [id, first_name])).toEqual([
      ['1', 'p1'],
      ['2', 'new'],
      ['3', 'p3'],
      ['4', null],
    ]);
  });

  test('repeated keys count once; the last copy is stored', async () => {
    newAccount();
    const rows = ['a', 'b', 'c'].map((firstName) => rowOf({ id: 1, firstName }));
    expect(await load(rows)).toEqual({ inserted: 1, updated: 0, unchanged: 2 });
    expect(await stored()).toMatchObject([{ first_name: 'c' }]);
  });

  test('an empty batch does nothing', async () => {
    expect(await load([])).toEqual({ inserted: 0, updated: 0, unchanged: 0 });
  });

  test('the staged way gives the same counts and the same rows', async () => {
    newAccount();
    const first = [rowOf({ id: 1, firstName: 'a' }), rowOf({ id: 2, firstName: 'b' })];
    expect(await load(first, { staged: true })).toEqual({ inserted: 2, updated: 0, unchanged: 0 });
    expect(await load(first, { staged: true })).toEqual({ inserted: 0, updated: 0, unchanged: 2 });
    expect(await load([rowOf({ id: 2, firstName: 'c' }), rowOf({ id: 3 })], { staged: true })).toEqual({
      inserted: 1,
      updated: 1,
      unchanged: 0,
    });
    expect((await stored()).map(({ first_name }) => first_name)).toEqual(['a', 'c', null]);
  });

  test('the same id in two accounts is two rows', async () => {
    const [one, other] = [newAccount(), newAccount()];
    await load([rowOf({ id: 1, firstName: 'one' }, { accountId: one })]);
    expect(await load([rowOf({ id: 1, firstName: 'other' }, { accountId: other })])).toMatchObject({ inserted: 1 });
    expect(await stored(patients, one)).toMatchObject([{ first_name: 'one' }]);
  });

  test('several batches in one transaction do not mix', async () => {
    newAccount();
    await load([rowOf({ id: 1, firstName: 'a' }), rowOf({ id: 2, firstName: 'b' })]);
    const counts = await withTransaction(pool, async (tx) => {
      const options = { runId: '1', now: new Date() };
      const table = tableOf(patients);
      const first = await loadRows(tx, table, [rowOf({ id: 1, firstName: 'x' })], options);
      const second = await loadRows(tx, table, [rowOf({ id: 2, firstName: 'y' })], options);
      return [first, second];
    });
    expect(counts).toMatchObject([
      { inserted: 0, updated: 1, unchanged: 0 },
      { inserted: 0, updated: 1, unchanged: 0 },
    ]);
  });

  test('a batch larger than one chunk of text arrives whole', async () => {
    newAccount();
    const rows = Array.from({ length: 1500 }, (_, id) => rowOf({ id: id + 1, firstName: `${id}-${'x'.repeat(200)}` }));
    expect(await load(rows)).toEqual({ inserted: 1500, updated: 0, unchanged: 0 });
    expect(await load(rows)).toEqual({ inserted: 0, updated: 0, unchanged: 1500 });
  });
});

describe('a row that is stored as it is', () => {
  test('is neither written nor locked', async () => {
    newAccount();
    const rows = [1, 2, 3].map((id) => rowOf({ id, firstName: 'same' }));
    await load(rows);
    const before = physical(await stored());
    await load(rows, { runId: '2', now: new Date() });
    await load(rows, { staged: true, runId: '3' });
    await load([...rows, rowOf({ id: 4 })], { runId: '4' });
    expect(physical((await stored()).slice(0, 3))).toEqual(before);
    expect((await stored()).map(({ run }) => run)).toEqual(['1', '1', '1', '4']);
  });

  test('is not written when only the order of its JSON keys has changed', async () => {
    newAccount();
    await load([rowOf({ id: 1, firstName: 'a', homeAddress: { city: 'X', state: 'Y' } })]);
    const before = physical(await stored());
    const turned = rowOf({ homeAddress: { state: 'Y', city: 'X' }, firstName: 'a', id: 1 });
    expect(await load([turned])).toEqual({ inserted: 0, updated: 0, unchanged: 1 });
    expect((await stored()).map(({ xmin, ctid }) => [xmin, ctid])).toEqual(before.map(([xmin, ctid]) => [xmin, ctid]));
  });
});

describe('older news never overwrites newer', () => {
  const at = (updatedAt: string | null, firstName: string, readAt: string) =>
    rowOf({ id: 1, firstName, ...(updatedAt === null ? {} : { updatedAt }) }, { readAt });
  const [early, late] = ['2024-06-01T00:00:00Z', '2024-06-05T00:00:00Z'];
  const [older, newer] = ['2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z'];

  test.each<[string, Row[], string]>([
    ['by its own time of change: older is left', [at(newer, 'kept', early), at(older, 'lost', late)], 'kept'],
    ['by its own time of change: newer is taken', [at(older, 'lost', late), at(newer, 'kept', early)], 'kept'],
    ['equal times of change: by the time of the read', [at(newer, 'lost', early), at(newer, 'kept', late)], 'kept'],
    ['equal times of change: an earlier read is left', [at(newer, 'kept', late), at(newer, 'lost', early)], 'kept'],
    ['without a time of change: a later read is taken', [at(null, 'lost', early), at(null, 'kept', late)], 'kept'],
    ['without a time of change: an earlier read is left', [at(null, 'kept', late), at(null, 'lost', early)], 'kept'],
    ['a time of change on one side only: by the read', [at(newer, 'lost', early), at(null, 'kept', late)], 'kept'],
    ['a read at the same moment is taken', [at(null, 'lost', early), at(null, 'kept', early)], 'kept'],
  ])('%s', async (_name, rows, wanted) => {
    newAccount();
    for (const row of rows)
      await load([{ ...row, values: [String(account), ...row.values.slice(1)], key: [String(account), '1'] }]);
    expect(await stored()).toMatchObject([{ first_name: wanted }]);
  });

  test('a table without time stamps goes by the read', async () => {
    const role = (name: string, readAt: string) => rowOf({ id: 7001, name }, { resource: roles, readAt });
    await load([role('first', early)], { resource: roles });
    expect(await load([role('second', late)], { resource: roles })).toMatchObject({ updated: 1 });
    expect(await load([role('third', early)], { resource: roles })).toMatchObject({ unchanged: 1 });
    expect(await stored(roles)).toMatchObject([{ name: 'second' }]);
  });
});

describe('a read that was sent after the stored one was stored', () => {
  const patient = (firstName: string, updatedAt: string | null, readAt: string) =>
    rowOf({ id: 1, firstName, updatedAt }, { readAt });
  const [first, second] = ['2024-06-01T00:00:00Z', '2024-06-03T00:00:00Z'];
  const [storedFirst, storedSecond] = [new Date('2024-06-01T00:00:01Z'), new Date('2024-06-03T00:00:01Z')];

  test.each<[string, string | null, string | null]>([
    ['goes back, as after a restored backup', '2024-05-05T00:00:00Z', '2024-01-01T00:00:00Z'],
    ['was at the end of time once', '9999-12-31T23:59:59Z', '2024-05-01T00:00:00Z'],
    ['is missing now', '2024-05-05T00:00:00Z', null],
    ['is a local time that comes twice', '2024-05-05T01:30:00Z', '2024-05-05T01:10:00Z'],
  ])('is newer when its stamp %s', async (_name, before, after) => {
    newAccount();
    await load([patient('old', before, first)], { now: storedFirst });
    expect(await load([patient('new', after, second)], { now: storedSecond })).toMatchObject({ updated: 1 });
    expect(await stored()).toMatchObject([{ first_name: 'new' }]);
  });

  test('lifts a mark of deletion', async () => {
    newAccount();
    await load([patient('a', '9999-01-01T00:00:00Z', first)], { now: storedFirst });
    await pool.query(`UPDATE lobbie.patients SET _deleted_at = '2024-06-02Z', _loaded_at = '2024-06-02Z', _version = 2
      WHERE account_id = ${account}`);
    expect(await load([patient('a', '2024-01-01T00:00:00Z', second)], { now: storedSecond })).toMatchObject({
      updated: 1,
    });
    expect(await stored()).toMatchObject([{ _deleted_at: null }]);
  });

  test('is newer than what was stored by a clock that was ahead', async () => {
    newAccount();
    await load([patient('ahead', null, '2025-07-01T00:00:00Z')], { now: new Date('2025-07-01T00:00:01Z') });
    expect(await load([patient('right', null, second)], { now: storedSecond })).toMatchObject({ updated: 1 });
    expect(await stored()).toMatchObject([{ first_name: 'right' }]);
  });

  test('within the time that clocks may differ by, the reads overlap', async () => {
    newAccount();
    await load([patient('a', null, '2024-06-03T00:04:00Z')], { now: new Date('2024-06-03T00:04:01Z') });
    expect(await load([patient('b', null, second)], { now: storedSecond })).toMatchObject({ unchanged: 1 });
    expect(await load([patient('b', null, second)], { now: storedSecond, maxSkewMs: 60_000 })).toMatchObject({
      updated: 1,
    });
  });
});

describe('a row that was stored by the hash over its text', () => {
  const former = (row: Row) => hash('sha256', row.raw, 'hex').slice(0, 32);
  const record = { id: 1, firstName: 'a', lastName: 'b' };

  async function storeFormer(): Promise<object> {
    newAccount();
    const row = rowOf(record);
    await load([{ ...row, hash: former(row) }]);
    const { rows } = await pool.query(
      `SELECT xmin::text, xmax::text, ctid::text FROM lobbie.patients WHERE account_id = ${account}`,
    );
    return rows[0];
  }

  test.each([
    ['as it is', record],
    ['with its keys in another order', { lastName: 'b', firstName: 'a', id: 1 }],
    ['with a field that nobody knows', { ...record, servedAt: 'x' }],
  ])('is taken over without a write: %s', async (_name, again) => {
    const place = await storeFormer();
    const row = rowOf(again, { readAt: '2024-07-01T00:00:00Z' });
    expect(await load([row], { now: new Date('2024-07-01T00:00:01Z') })).toMatchObject({ unchanged: 1 });
    const { rows } = await pool.query(
      `SELECT xmin::text, xmax::text, ctid::text, _version FROM lobbie.patients WHERE account_id = ${account}`,
    );
    expect(rows).toEqual([{ ...place, _version: 1 }]);
  });

  test('is changed by a change', async () => {
    await storeFormer();
    const row = rowOf({ ...record, firstName: 'c' }, { readAt: '2024-07-01T00:00:00Z' });
    expect(await load([row], { now: new Date('2024-07-01T00:00:01Z') })).toMatchObject({ updated: 1 });
  });
});

describe('a row that was stored when unknown fields inside its JSON were part of the hash', () => {
  const invoices = resourceNamed('invoices');
  const line = { id: 7, total: 1.5, description: 'x' };
  const invoice = (lines: readonly object[], more: object = {}) =>
    rowOf({ id: 1, status: 'OPEN', lineItems: lines, ...more }, { resource: invoices, context: { location_id: '5' } });
  const written = async () =>
    (
      await pool.query<{ xmin: string; _version: number; first: string }>(
        `SELECT xmin::text, xmax::text, ctid::text, _version, substr(encode(_content_hash, 'hex'), 1, 2) AS first FROM lobbie.invoices WHERE account_id = ${account}`,
      )
    ).rows;
  const later = { resource: invoices, now: new Date('2024-07-01T00:00:01Z') };
  const again = (row: Row): Row => ({ ...row, readAt: new Date('2024-07-01T00:00:00Z') });

  test.each([
    ['with another value of it', [{ ...line, servedAt: 'new' }]],
    ['without it', [line]],
    ['with keys in another order', [{ servedAt: 'new', description: 'x', total: 1.5, id: 7 }]],
  ])('is taken over without a write: %s', async (_name, lines) => {
    newAccount();
    await load([{ ...invoice([{ ...line, servedAt: 'old' }]), hash: `01${'ab'.repeat(16)}` }], { resource: invoices });
    const before = await written();
    expect(before).toMatchObject([{ first: '01' }]);
    expect(await load([again(invoice(lines))], later)).toEqual({ inserted: 0, updated: 0, unchanged: 1 });
    expect(await written()).toEqual(before);
  });

  test.each<[string, readonly object[], object]>([
    ['in the JSON', [{ ...line, total: 2 }], {}],
    ['that is one more record in it', [line, { ...line, id: 8 }], {}],
    ['beside it', [line], { status: 'PAID' }],
  ])('is changed by a change %s, once', async (_name, lines, more) => {
    newAccount();
    await load([{ ...invoice([{ ...line, servedAt: 'old' }]), hash: `01${'ab'.repeat(16)}` }], { resource: invoices });
    expect(await load([again(invoice(lines, more))], later)).toMatchObject({ updated: 1 });
    expect(await written()).toMatchObject([{ first: '02', _version: 2 }]);
    expect(await load([again(invoice(lines, more))], later)).toMatchObject({ unchanged: 1 });
  });

  test('and had none there, is not even staged', async () => {
    newAccount();
    const row = invoice([line]);
    await load([{ ...row, hash: `01${row.hash.slice(2)}` }], { resource: invoices });
    const { rows } = await pool.query(findDifferent(tableOf(invoices)), [account, [1], [row.hash], false]);
    expect(rows).toEqual([]);
  });
});

test('rows that differ and are older news are no changes to whom it is reported', async () => {
  newAccount();
  await load([rowOf({ id: 1, firstName: 'new' }, { readAt: '2024-06-05T00:00:00Z' })]);
  const { changed } = await withTransaction(pool, (tx) =>
    loadRows(tx, tableOf(patients), [rowOf({ id: 1, firstName: 'old' }), rowOf({ id: 2 })], {
      runId: '1',
      now: new Date('2024-06-06T00:00:00Z'),
    }),
  );
  expect(changed.map(({ key }) => key[1])).toEqual(['2']);
});

describe('a row that was marked as deleted', () => {
  async function markDeleted(): Promise<void> {
    await pool.query('UPDATE lobbie.patients SET _deleted_at = now() WHERE account_id = $1', [account]);
  }

  test('is restored when it is met again, even unchanged', async () => {
    newAccount();
    await load([rowOf({ id: 1, firstName: 'a' })]);
    await markDeleted();
    const again = rowOf({ id: 1, firstName: 'a' }, { readAt: '2024-07-01T00:00:00Z' });
    expect(await load([again], { runId: '2' })).toEqual({ inserted: 0, updated: 1, unchanged: 0 });
    expect(await stored()).toMatchObject([{ first_name: 'a', _deleted_at: null, run: '2' }]);
  });

  test('stays deleted when an earlier read arrives late', async () => {
    newAccount();
    await load([rowOf({ id: 1 })]);
    await markDeleted();
    // The mark has the time of the server's clock.
    const late = rowOf({ id: 1 }, { readAt: '2024-01-01T00:00:00Z' });
    expect(await load([late], { now: new Date() })).toMatchObject({ unchanged: 1 });
    expect((await stored())[0]?.['_deleted_at']).not.toBeNull();
  });
});

describe('a second list', () => {
  const first = (name: string, readAt?: string) =>
    rowOf({ id: 1, name }, { resource: groups, context: { location_id: '5' }, ...(readAt ? { readAt } : {}) });
  const second = (name: string, readAt?: string, id = 1) =>
    rowOf(
      { id, name },
      { resource: groups, context: { location_id: '6' }, secondary: true, ...(readAt ? { readAt } : {}) },
    );
  const loadGroups = (row: Row) => load([row], { resource: groups });
  const late = '2025-01-01T00:00:00Z';

  test('adds what the first does not have, and changes its own', async () => {
    newAccount();
    expect(await loadGroups(second('a'))).toMatchObject({ inserted: 1 });
    expect(await loadGroups(second('b'))).toMatchObject({ updated: 1 });
    expect(await loadGroups(second('b'))).toMatchObject({ unchanged: 1 });
  });

  test('never changes what the first has, however late it is', async () => {
    newAccount();
    await loadGroups(first('a'));
    expect(await loadGroups(second('b', late))).toMatchObject({ unchanged: 1 });
    expect(await stored(groups)).toMatchObject([{ name: 'a' }]);
  });

  test('gives way to the first list', async () => {
    newAccount();
    await loadGroups(second('a'));
    expect(await loadGroups(first('b'))).toMatchObject({ updated: 1 });
    expect(await loadGroups(second('a', late))).toMatchObject({ unchanged: 1 });
    expect(await stored(groups)).toMatchObject([{ name: 'b' }]);
  });

  test('gives way to the first list, also where both agreed when the first one came', async () => {
    newAccount();
    await loadGroups(second('a'));
    await loadGroups(first('a'));
    await loadGroups(second('b', late));
    expect(await stored(groups)).toMatchObject([{ name: 'a' }]);
  });
});

test('a row that several locations share keeps the location where it was first seen', async () => {
  newAccount();
  const at = (location_id: string, name: string) =>
    rowOf({ id: 1, name }, { resource: groups, context: { location_id } });
  await load([at('5', 'a')], { resource: groups });
  expect(await load([at('6', 'a')], { resource: groups })).toMatchObject({ unchanged: 1 });
  expect(await load([at('6', 'b')], { resource: groups })).toMatchObject({ updated: 1 });
  expect(await stored(groups)).toMatchObject([{ name: 'b', location_id: '5' }]);
});

describe('two transactions that insert one key at once', () => {
  test('the second gets a unique violation, and a staged load stores it', async () => {
    newAccount();
    const began = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const first = withTransaction(pool, async (tx) => {
      await loadRows(tx, tableOf(patients), [rowOf({ id: 1, firstName: 'first' })], { runId: '1', now: new Date() });
      began.resolve();
      await finish.promise;
    });
    await began.promise;
    const row = rowOf({ id: 1, firstName: 'second' }, { readAt: '2024-07-01T00:00:00Z' });
    const direct = load([row]).catch((error: unknown) => databaseCode(error));
    const staged = load([row], { staged: true });
    await waitForLocks(2);
    finish.resolve();
    await first;
    expect(await direct).toBe('23505');
    expect(await staged).toEqual({ inserted: 0, updated: 1, unchanged: 0 });
    expect(await stored()).toMatchObject([{ first_name: 'second' }]);
  });

  // Whoever looks for the stored row before the merge finds none, so that only the merge itself can tell.
  test('a row of a second list does not change the one that the first list inserted meanwhile', async () => {
    newAccount();
    const began = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const row = (name: string, id: number, more: RowOptions = {}) =>
      rowOf({ id, name }, { resource: groups, context: { location_id: '5' }, ...more });
    const first = withTransaction(pool, async (tx) => {
      const rows = [row('first', 1)];
      await loadRows(tx, tableOf(groups), rows, { runId: '1', now: new Date('2024-06-01T00:00:01Z') });
      began.resolve();
      await finish.promise;
    });
    await began.promise;
    const late = { secondary: true, readAt: '2024-07-01T00:00:00Z' };
    const second = load([row('second', 1, late), row('other', 2, late)], { resource: groups, staged: true });
    await waitForLocks(1);
    finish.resolve();
    await first;
    expect(await second).toEqual({ inserted: 1, updated: 0, unchanged: 1 });
    expect(await stored(groups)).toMatchObject([
      { id: '1', name: 'first', _source: 1, _version: 1 },
      { id: '2', name: 'other', _source: 2, _version: 1 },
    ]);
  });

  async function waitForLocks(count: number): Promise<void> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      for (;;) {
        const { rows } = await client.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        if (rows.length >= count) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } finally {
      await client.end();
    }
  }
});

test('a batch that fails leaves nothing, and its connection serves the next', async () => {
  newAccount();
  await expect(
    withTransaction(pool, async (tx) => {
      await loadRows(tx, tableOf(patients), [rowOf({ id: 1 })], { runId: '1', now: new Date() });
      throw new Error('after the rows');
    }),
  ).rejects.toThrow('after the rows');
  expect(await stored()).toEqual([]);
  expect(await load([rowOf({ id: 1 })])).toMatchObject({ inserted: 1 });
});

describe('a value that Postgres refuses', () => {
  /** Puts a text into a column that no record could bring there. */
  function broken(row: Row, column: string, value: string): Row {
    const at = tableOf(patients).columns.findIndex(({ name }) => name === column);
    return { ...row, values: row.values.map((old, index) => (index === at ? value : old)) };
  }

  const tolerantly = (rows: readonly Row[]) =>
    withTransaction(pool, (tx: Transaction) =>
      loadTolerantly(tx, tableOf(patients), rows, { runId: '1', now: new Date() }, String(account)),
    );

  test('fails the plain load as a fault of the data', async () => {
    newAccount();
    const rows = [rowOf({ id: 1 }), broken(rowOf({ id: 2 }), 'date_of_birth', 'canary')];
    expect(await load(rows).catch(databaseCode)).toMatch(/^22/);
    expect(await stored()).toEqual([]);
  });

  test('is rejected alone by the tolerant load, wherever it stands', async () => {
    newAccount();
    const rows = Array.from({ length: 23 }, (_, index) => rowOf({ id: index + 1, firstName: `p${index + 1}` }));
    const bad = [0, 10, 11, 22];
    for (const index of bad) rows[index] = broken(rows[index] as Row, 'date_of_birth', 'canary');
    const loaded = await tolerantly(rows);
    expect(loaded).toMatchObject({ inserted: 19, updated: 0, unchanged: 0 });
    expect(loaded.rejects.map(({ recordKey }) => recordKey)).toEqual(['1', '11', '12', '23']);
    for (const reject of loaded.rejects) {
      expect(reject).toMatchObject({ accountId: String(account), resource: 'patients' });
      expect(reject.reason).toMatch(/SQLSTATE 22/);
      expect(reject.reason).not.toContain('canary');
      expect(JSON.parse(reject.record)).toHaveProperty('firstName');
    }
    expect(await stored()).toHaveLength(19);
  });

  test('in the record itself is rejected too: jsonb holds no number that long', async () => {
    newAccount();
    const ratio = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('1e999999');
    const loaded = await tolerantly([rowOf({ id: 1 }), rowOf({ id: 2, ratio })]);
    expect(loaded).toMatchObject({ inserted: 1, rejects: [{ recordKey: '2', record: '{"id":2,"ratio":1e999999}' }] });
  });

  test('counts rows that are stored already or repeated', async () => {
    newAccount();
    await load([rowOf({ id: 1, firstName: 'a' }), rowOf({ id: 2, firstName: 'b' })]);
    const rows = [
      rowOf({ id: 1, firstName: 'a' }),
      rowOf({ id: 2, firstName: 'x' }),
      rowOf({ id: 2, firstName: 'c' }),
      broken(rowOf({ id: 3 }), 'date_of_birth', 'canary'),
      rowOf({ id: 4 }),
    ];
    const loaded = await tolerantly(rows);
    expect(loaded).toMatchObject({ inserted: 1, updated: 1, unchanged: 2 });
    expect(loaded.rejects).toHaveLength(1);
    expect((await stored()).map(({ first_name }) => first_name)).toEqual(['a', 'c', null]);
  });

  test('any other fault is thrown as it is', async () => {
    newAccount();
    const table = { ...tableOf(patients), name: 'no_such_table' };
    const work = withTransaction(pool, (tx) =>
      loadTolerantly(tx, table, [rowOf({ id: 1 })], { runId: '1', now: new Date() }, String(account)),
    );
    expect(await work.catch(databaseCode)).toBe('42P01');
  });
});

test('columns with the names of SQL words are filled', async () => {
  newAccount();
  const statuses = resourceNamed('crm_statuses');
  await load([rowOf({ id: 1, order: 3 }, { resource: statuses, context: { group_id: '9' } })], { resource: statuses });
  expect(await stored(statuses)).toMatchObject([{ order: 3, group_id: '9' }]);
  await load([rowOf({ id: 1, order: 4 }, { resource: statuses, context: { group_id: '9' } })], { resource: statuses });
  expect(await stored(statuses)).toMatchObject([{ order: 4 }]);
});

test('a table made from a definition can be loaded at once: nothing else knows of it', async () => {
  newAccount();
  const notes = defineResource({
    strategy: { kind: 'full' },
    name: 'Odd "notes"',
    description: 'Only for this test.',
    scope: 'account',
    reads: [],
    fields: {
      id: bigint('operational'),
      body: text('clinical'),
      parts: json('clinical'),
      updatedAt: instant('operational'),
    },
  });
  await pool.query(`CREATE TABLE lobbie."Odd ""notes""" (account_id bigint, id bigint, body text, parts jsonb,
    updated_at timestamptz, raw jsonb, _content_hash bytea, _run_id bigint, _loaded_at timestamptz, _read_at timestamptz,
    _source smallint, _deleted_at timestamptz, _version integer NOT NULL DEFAULT 1, PRIMARY KEY (account_id, id))`);
  const row = (body: string) => rowOf({ id: 1, body, parts: [body] }, { resource: notes });
  expect(await load([row('a')], { resource: notes })).toMatchObject({ inserted: 1 });
  expect(await load([row('b')], { resource: notes })).toMatchObject({ updated: 1 });
  expect(await load([row('b')], { resource: notes })).toMatchObject({ unchanged: 1 });
});

test('a volatile count is overwritten: no version, no change to report', async () => {
  newAccount();
  const category = (patientCount: number, name: string, readAt: string) =>
    rowOf({ id: 1, patientCount, name, updatedAt: '2024-01-01T00:00:00Z' }, { resource: categories, readAt });
  const of = { resource: categories };
  await load([category(1, 'a', '2024-06-01T00:00:00Z')], of);
  expect(await load([category(2, 'a', '2024-06-02T00:00:00Z')], { ...of, runId: '2' })).toMatchObject({ unchanged: 1 });
  expect(await stored(categories)).toMatchObject([{ patient_count: 2, _version: 1, run: '1' }]);
  expect(await load([category(3, 'b', '2024-06-03T00:00:00Z')], { ...of, runId: '2' })).toMatchObject({ updated: 1 });
  expect(await stored(categories)).toMatchObject([{ name: 'b', patient_count: 3, _version: 2, run: '2' }]);
  const { rows } = await pool.query(
    `SELECT version, patient_count FROM lobbie_history.categories WHERE account_id = ${account} ORDER BY version`,
  );
  expect(rows).toEqual([
    { version: 1, patient_count: 2 },
    { version: 2, patient_count: 3 },
  ]);
});
