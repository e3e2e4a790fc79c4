import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { kyselyOnPool } from '../../src/db/transaction.ts';
import { judgeSweeps } from '../../src/deletions/judge.ts';
import { resourceNamed } from '../../src/extractors/registry.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { dismissMet } from '../../src/state/deletes.ts';
import { addToSweep, closeSweep, openPass, openSweep } from '../../src/state/passes.ts';
import { addSweepKeys } from '../../src/state/sweep-keys.ts';
import type { RunContext } from '../../src/streams/context.ts';
import { useTestDatabase } from '../support/database.ts';
import { Log, query } from '../support/harness.ts';
import { storeRecords } from '../support/rows.ts';

/** Each condition by which a sweep that ended says that a row is absent, or that it is there after all. */

const database = useTestDatabase();
let pool: pg.Pool;
let db: ReturnType<typeof kyselyOnPool>;
beforeAll(() => {
  pool = createPool({ connectionString: database.url, max: 4 });
  db = kyselyOnPool(pool);
});
afterAll(() => pool.end());

const at = (minute: number) => new Date(Date.UTC(2026, 0, 15, 2, minute));
/** The minute in which the sweep of a test begins. */
const BEGUN = 10;
/** The minute in which sweeps are judged. */
const JUDGED = 30;

/** Each test has an account and a pass of its own. */
let account = 100;
let passId: string;
let log: Log;
beforeEach(async () => {
  account += 10;
  log = new Log();
  passId = await newPass();
});

/** A pass beside those that are open. */
const newPass = async (): Promise<string> =>
  (await openPass(db, { kind: 'backfill', selectionKey: randomUUID(), restart: false, now: at(0) })).id;

interface Reading {
  readonly resource?: string;
  readonly location?: string;
  readonly begun?: number;
  readonly rejected?: number;
  readonly whole?: boolean;
  /** Null: it has not ended. */
  readonly ended?: 'certified' | 'failed' | null;
}

/** A sweep that met these keys. */
async function sweep(keys: readonly number[], reading: Reading = {}): Promise<string> {
  const {
    resource = 'staff',
    location = null,
    begun = BEGUN,
    rejected = 0,
    whole = true,
    ended = 'certified',
  } = reading;
  const operation = resourceNamed(resource).reads[0]?.operation ?? '';
  const scope = { accountId: `${account}`, locationId: location, resource, operation };
  const options = { complete: true, streams: operation, now: at(begun), whole };
  const { id } = await openSweep(db, passId, scope, options);
  await addSweepKeys(db, id, keys.map(String), true);
  await addToSweep(db, id, { read: keys.length, rejected, changed: 0 });
  if (ended !== null) await closeSweep(db, id, ended === 'failed' ? 'api.unavailable' : null, at(20));
  return id;
}

const store = (
  ids: readonly number[],
  readAt: number,
  more: { resource?: string; of?: number; location?: string } = {},
) =>
  storeRecords(
    pool,
    more.resource ?? 'staff',
    ids.map((id) => ({ id })),
    {
      accountId: `${more.of ?? account}`,
      readAt: at(readAt),
      ...(more.location === undefined ? {} : { context: { location_id: more.location } }),
    },
  );

async function judge(resource = 'staff', complete = true): Promise<void> {
  const context = {
    ...{ db, pool, runId: '7', passId, clock: { now: () => at(JUDGED) } },
    logger: createLogger({ level: 'warn', format: 'json', stream: log }),
  } as unknown as RunContext;
  await judgeSweeps(context, `${account}`, [resourceNamed(resource)], complete);
}

interface Doubt {
  readonly of?: number;
  readonly resource?: string;
  readonly status?: string;
  readonly absent?: number;
}

/** Something of an earlier run: a row that seemed to be gone then. */
async function doubt(key: number, { of = account, resource = 'staff', status = 'candidate', absent = 5 }: Doubt = {}) {
  await pool.query(
    `INSERT INTO lobbie_sync.deletes (run_id, account_id, resource, key, reason, status, found_at, sweep_ids, absent_at)
     VALUES (1, $1, $2, $3, 'not met by a whole reading', $4, $5, '{1}', $5)`,
    [of, resource, key, status, at(absent)],
  );
}

interface Entry {
  readonly key: string;
  readonly status: string;
  readonly absent: Date;
  readonly sweeps: string;
}
const entries = (of = account) =>
  query<Entry>(
    database.url,
    `SELECT key, status, absent_at AS absent, array_to_string(sweep_ids, ',') AS sweeps FROM lobbie_sync.deletes
     WHERE account_id = $1 ORDER BY key::bigint, id`,
    [of],
  );
const statuses = async (of = account) => (await entries(of)).map(({ key, status }) => `${key} ${status}`);

describe('a row that a whole reading did not meet', () => {
  test('is a candidate, with that reading as the proof', async () => {
    await store([1, 2, 3], 0);
    const id = await sweep([1, 3]);
    await judge();
    expect(await entries()).toEqual([{ key: '2', status: 'candidate', absent: at(BEGUN), sweeps: id }]);
  });

  test('is none when a request brought it that was sent after the sweep began, or in the same moment', async () => {
    await store([1, 2], 0);
    await store([3], BEGUN);
    await store([4], BEGUN + 1);
    await sweep([1]);
    await judge();
    expect(await statuses()).toEqual(['2 candidate']);
  });

  test('is none when it is marked as deleted already', async () => {
    await store([1, 2, 3], 0);
    await pool.query('UPDATE lobbie.staff SET _deleted_at = $2 WHERE account_id = $1 AND id = 2', [account, at(1)]);
    await sweep([1]);
    await judge();
    expect(await statuses()).toEqual(['3 candidate']);
  });

  test('is none when it is of another account or of another location', async () => {
    await store([1, 2], 0, { resource: 'labs', location: '70' });
    await store([3], 0, { resource: 'labs', location: '71' });
    await store([4], 0, { resource: 'labs', location: '70', of: account + 1 });
    await sweep([1], { resource: 'labs', location: '70' });
    await judge('labs');
    expect(await statuses()).toEqual(['2 candidate']);
    expect(await statuses(account + 1)).toEqual([]);
  });

  test('is none when the reading met nothing at all', async () => {
    await store([1, 2], 0);
    await sweep([]);
    await judge();
    expect(await statuses()).toEqual([]);
    expect(JSON.parse(log.text)).toMatchObject({ account: `${account}`, resource: 'staff', rows: 2 });
  });

  test.each<[string, Reading]>([
    ['has not ended', { ended: null }],
    ['failed', { ended: 'failed' }],
    ['had a reject', { rejected: 1 }],
    ['read a part of the list', { whole: false }],
  ])('is none when the sweep %s', async (_why, reading) => {
    await store([1, 2], 0);
    await sweep([1], reading);
    await judge();
    expect(await statuses()).toEqual([]);
  });

  test('is none when only a sweep of another pass did not meet it', async () => {
    await store([1, 2], 0);
    await sweep([1]);
    passId = await newPass();
    await judge();
    expect(await statuses()).toEqual([]);
    await sweep([1, 2]);
    await judge();
    expect(await statuses()).toEqual([]);
  });
});

describe('a row that several locations serve', () => {
  const services = { resource: 'remote_care_services' };

  test('is absent when none of them has it, since the first of their sweeps began', async () => {
    await store([1, 2, 3], 0, { ...services, location: '70' });
    // The first sweep may have passed by where it stands now.
    await store([4], BEGUN + 2, { ...services, location: '70' });
    const both = [
      await sweep([1], { ...services, location: '70' }),
      await sweep([2], { ...services, location: '71', begun: BEGUN + 5 }),
    ];
    await judge('remote_care_services');
    expect(await entries()).toEqual([{ key: '3', status: 'candidate', absent: at(BEGUN), sweeps: both.join(',') }]);
  });

  test('is not absent while one of them was not read to its end, or not asked', async () => {
    await store([1, 2, 3], 0, { ...services, location: '70' });
    await sweep([1], { ...services, location: '70' });
    await judge('remote_care_services', false);
    expect(await statuses()).toEqual([]);
    passId = await newPass();
    await sweep([1], { ...services, location: '70' });
    await sweep([2], { ...services, location: '71', ended: null });
    await judge('remote_care_services');
    expect(await statuses()).toEqual([]);
  });
});

describe('a candidate of an earlier run', () => {
  test('is dismissed by a sweep that began since and met it, also when it waits for a person', async () => {
    await store([1, 2, 3, 4], 0);
    await doubt(1);
    await doubt(2, { status: 'held' });
    await doubt(3, { absent: BEGUN });
    await sweep([1, 2, 3, 4]);
    await judge();
    expect(await statuses()).toEqual(['1 dismissed', '2 dismissed', '3 dismissed']);
  });

  test('is not dismissed by a sweep that began before it was found absent', async () => {
    await store([1, 2], 0);
    await doubt(1, { absent: BEGUN + 1 });
    await sweep([1, 2]);
    await judge();
    expect(await statuses()).toEqual(['1 candidate']);
  });

  test('is not dismissed by a sweep that did not meet it: it gets the later proof', async () => {
    await store([1, 2], 0);
    await doubt(1, { status: 'held' });
    const id = await sweep([2]);
    await judge();
    expect(await entries()).toEqual([{ key: '1', status: 'held', absent: at(BEGUN), sweeps: id }]);
  });

  test('keeps the later proof when an earlier one comes late', async () => {
    await store([1, 2], 0);
    await doubt(1, { absent: BEGUN + 1 });
    await sweep([2]);
    await judge();
    expect(await entries()).toEqual([{ key: '1', status: 'candidate', absent: at(BEGUN + 1), sweeps: '1' }]);
  });

  test('is not dismissed for a row of another account or of another list, nor once it was decided', async () => {
    await store([1, 2, 3], 0);
    await doubt(1, { of: account + 1 });
    await doubt(1, { resource: 'patients' });
    await doubt(2, { status: 'applied' });
    await doubt(3, { status: 'restored' });
    await sweep([1, 2, 3]);
    await judge();
    expect(await statuses()).toEqual(['1 candidate', '2 applied', '3 restored']);
    expect(await statuses(account + 1)).toEqual(['1 candidate']);
  });
});

describe('a candidate that an answer has', () => {
  const dismiss = (keys: readonly number[]) =>
    dismissMet(db, `${account}`, 'staff', keys.map(String), { requestedAt: at(BEGUN), now: at(JUDGED) });

  test('is dismissed when the answer was requested since, also when it waits for a person', async () => {
    await doubt(1);
    await doubt(2, { status: 'held' });
    await doubt(3, { absent: BEGUN });
    await dismiss([1, 2, 3]);
    expect(await statuses()).toEqual(['1 dismissed', '2 dismissed', '3 dismissed']);
  });

  test('is not dismissed when the answer was requested before, has another row, or when it was decided', async () => {
    await doubt(1, { absent: BEGUN + 1 });
    await doubt(2);
    await doubt(3, { status: 'applied' });
    await doubt(4, { of: account + 1 });
    await doubt(5, { resource: 'patients' });
    await dismiss([1, 3, 4, 5]);
    expect(await statuses()).toEqual(['1 candidate', '2 candidate', '3 applied', '5 candidate']);
    expect(await statuses(account + 1)).toEqual(['4 candidate']);
  });
});
