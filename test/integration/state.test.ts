import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { zeroCounts } from '../../src/core/counts.ts';
import type { LobbieSyncError } from '../../src/core/errors.ts';
import type { Reject } from '../../src/core/row.ts';
import { createPool, databaseCode } from '../../src/db/pool.ts';
import { kyselyOnPool, withTransaction } from '../../src/db/transaction.ts';
import { createPreparer } from '../../src/extractors/prepare.ts';
import { resourceNamed } from '../../src/extractors/registry.ts';
import { loadRows } from '../../src/loaders/load.ts';
import { silentLogger } from '../../src/observability/logger.ts';
import { RunSession } from '../../src/runs/session.ts';
import { addAudit } from '../../src/state/audit.ts';
import { assertLease, releaseLeases, takeLeases } from '../../src/state/leases.ts';
import {
  addToSweep,
  closeSweep,
  endPass,
  loadCursors,
  markJudged,
  openPass,
  openSweep,
  passSweeps,
  saveCursor,
} from '../../src/state/passes.ts';
import { addRejects, getReject, listRejects, markReplayed } from '../../src/state/rejects.ts';
import { pruneRuns } from '../../src/state/retention.ts';
import {
  addProblem,
  addRunCounts,
  closeDeadRuns,
  closeRun,
  latestRuns,
  openRun,
  runDetails,
  runLockKey,
} from '../../src/state/runs.ts';
import { addUnknownFields, noteLastSeen, unknownFields } from '../../src/state/unknown-fields.ts';
import { collect } from '../../src/streams/collect.ts';
import { useTestDatabase } from '../support/database.ts';

const database = useTestDatabase();
let pool: pg.Pool;
let db: ReturnType<typeof kyselyOnPool>;
beforeAll(() => {
  pool = createPool({ connectionString: database.url, max: 4 });
  db = kyselyOnPool(pool);
});
afterAll(() => pool.end());

const NOW = new Date('2024-06-01T00:00:00Z');
const LATER = new Date('2024-06-02T00:00:00Z');
const clock: Clock = { now: () => NOW, sleep: async () => undefined };
let account = 5000;
function newAccount(): string {
  account += 1;
  return String(account);
}

const newRun = (kind: 'backfill' | 'verify' = 'backfill') =>
  openRun(db, { kind, selection: {}, startedAt: NOW, host: 'here', pid: 1 });
const newSession = () =>
  RunSession.open({
    connectionString: database.url,
    kind: 'backfill',
    selection: {},
    clock,
    logger: silentLogger,
    onLost: () => undefined,
  });
const statusOf = async (run: string) => (await runDetails(db, run))?.run.status;

describe('leases', () => {
  test('the second run learns what is busy and gets the rest', async () => {
    const here = newAccount();
    expect(await takeLeases(db, '101', here, ['patients', 'labs'], NOW)).toEqual([]);
    expect(await takeLeases(db, '102', here, ['patients', 'staff'], NOW)).toEqual([
      { accountId: here, resource: 'patients', runId: '101' },
    ]);
    await assertLease(db, '101', here, 'patients');
    await assertLease(db, '102', here, 'staff');
    await expect(assertLease(db, '102', here, 'patients')).rejects.toMatchObject({ code: 'state.lease_lost' });
  });

  test('what a run holds already is not busy for it; another account is another lease', async () => {
    const here = newAccount();
    await takeLeases(db, '111', here, ['patients'], NOW);
    expect(await takeLeases(db, '111', here, ['patients'], NOW)).toEqual([]);
    expect(await takeLeases(db, '112', newAccount(), ['patients'], NOW)).toEqual([]);
  });

  test('given back, they are free', async () => {
    const here = newAccount();
    await takeLeases(db, '121', here, ['patients'], NOW);
    await releaseLeases(db, '121');
    expect(await takeLeases(db, '122', here, ['patients'], NOW)).toEqual([]);
  });

  test('of two that start at once exactly one gets each', async () => {
    const here = newAccount();
    const names = ['patients', 'labs', 'staff', 'invoices'];
    const busy = await Promise.all(
      ['131', '132', '133'].map((run, index) =>
        takeLeases(db, run, here, index % 2 === 0 ? names : [...names].reverse(), NOW),
      ),
    );
    expect(busy.flat()).toHaveLength(2 * names.length);
  });
});

describe('runs of processes that are gone', () => {
  test('a living run is not closed', async () => {
    const session = await newSession();
    try {
      expect(await closeDeadRuns(db, LATER)).not.toContain(session.runId);
      expect(await statusOf(session.runId)).toBe('running');
    } finally {
      await session.close();
    }
  });

  test('a dead one is closed as incomplete, and its leases are free', async () => {
    const here = newAccount();
    const session = await newSession();
    await takeLeases(db, session.runId, here, ['patients'], NOW);
    await addRunCounts(db, session.runId, 'patients', { ...zeroCounts(), requests: 3, inserted: 2 });
    await session.close();
    await untilFree(session.runId);
    expect(await closeDeadRuns(db, LATER)).toContain(session.runId);
    const details = await runDetails(db, session.runId);
    expect(details?.run).toMatchObject({ status: 'incomplete', requests: '3', rows_inserted: '2', finished_at: LATER });
    expect(await takeLeases(db, '142', here, ['patients'], NOW)).toEqual([]);
    expect(await closeDeadRuns(db, LATER)).toEqual([]);
  });

  test('a session that Postgres ends is won back, and the run lives on', async () => {
    const session = await newSession();
    try {
      await pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'lobbie-sync run' AND datname = current_database()`);
      await untilHeld(session.runId);
      expect(await closeDeadRuns(db, LATER)).not.toContain(session.runId);
    } finally {
      await session.close();
    }
  });

  test('a session whose run was closed meanwhile is lost, and says so', async () => {
    const lost = Promise.withResolvers<LobbieSyncError>();
    const session = await RunSession.open({
      connectionString: database.url,
      kind: 'backfill',
      selection: {},
      clock,
      logger: silentLogger,
      onLost: lost.resolve,
    });
    await closeRun(db, session.runId, { status: 'incomplete', error: null, at: NOW });
    await pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'lobbie-sync run' AND datname = current_database()`);
    expect(await lost.promise).toMatchObject({ code: 'state.session_lost', action: 'abort' });
    await session.close();
  });

  test('a session whose lock the server has not let go of yet is waited for', async () => {
    const lost: unknown[] = [];
    const session = await RunSession.open({
      connectionString: database.url,
      kind: 'backfill',
      selection: {},
      clock: { now: systemClock.now, sleep: (ms) => systemClock.sleep(ms / 20) },
      logger: silentLogger,
      onLost: (error) => lost.push(error),
    });
    const other = await pool.connect();
    try {
      // Stands for the old connection, of which the server does not know yet that nobody is there.
      const waiting = other.query('SELECT pg_advisory_lock($1)', [runLockKey(session.runId)]);
      await pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'lobbie-sync run' AND datname = current_database()`);
      await waiting;
      await systemClock.sleep(150);
      expect(lost).toEqual([]);
    } finally {
      await other.query('SELECT pg_advisory_unlock_all()');
      other.release();
    }
    await untilHeld(session.runId);
    expect(await closeDeadRuns(db, LATER)).not.toContain(session.runId);
    expect(lost).toEqual([]);
    await session.close();
  });

  const held = async (run: string): Promise<boolean> => {
    const { rows } = await pool.query(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = $1::bigint::oid
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [run],
    );
    return rows.length > 0;
  };
  const until = async (wanted: boolean, run: string) => {
    while ((await held(run)) !== wanted) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const untilFree = (run: string) => until(false, run);
  const untilHeld = async (run: string) => {
    // The old session has to be gone first, else its lock would be taken for the new one's.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await until(true, run);
  };
});

describe('passes', () => {
  const open = (selectionKey: string, options: { restart?: boolean; kind?: string } = {}) =>
    openPass(db, { kind: options.kind ?? 'backfill', selectionKey, restart: options.restart ?? false, now: NOW });

  test('an interrupted one is continued by the next run', async () => {
    const first = await open('a');
    expect(first).toMatchObject({ continued: false, startedAt: NOW });
    expect(await open('a')).toEqual({ ...first, continued: true });
  });

  test('another kind or selection is another pass', async () => {
    const ids = [await open('b'), await open('c'), await open('b', { kind: 'sync' })].map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  test('a restart gives up the open one', async () => {
    const first = await open('d');
    const second = await open('d', { restart: true });
    expect(second).toMatchObject({ continued: false });
    expect(second.id).not.toBe(first.id);
    const { rows } = await pool.query('SELECT status FROM lobbie_sync.passes WHERE id = $1', [first.id]);
    expect(rows).toEqual([{ status: 'abandoned' }]);
  });

  test.each(['finished', 'partial'] as const)('one that ended as %s is not continued', async (status) => {
    const first = await open(`e-${status}`);
    await endPass(db, first.id, status, LATER);
    const second = await open(`e-${status}`);
    expect(second.continued).toBe(false);
    expect(second.id).not.toBe(first.id);
  });

  test('cursors of passes that ended are cleared away, those of open ones stay', async () => {
    const [ended, other] = [await open('f'), await open('g')];
    for (const pass of [ended, other]) {
      await saveCursor(
        db,
        { passId: pass.id, accountId: '1', resource: 'patients', scope: 's' },
        { next: 'x' },
        false,
        NOW,
      );
    }
    await endPass(db, ended.id, 'finished', LATER);
    await open('f');
    const key = { accountId: '1', resource: 'patients' };
    expect(await loadCursors(db, { ...key, passId: ended.id }, 's')).toEqual([]);
    expect(await loadCursors(db, { ...key, passId: other.id }, 's')).toHaveLength(1);
  });

  test('two that begin at once share one', async () => {
    const passes = await Promise.all([open('h'), open('h'), open('h')]);
    expect(new Set(passes.map(({ id }) => id)).size).toBe(1);
    expect(passes.filter(({ continued }) => !continued)).toHaveLength(1);
  });
});

describe('sweeps', () => {
  const whole = (now: Date) => ({ complete: true, streams: 'listLabs@5', now });
  const scope = () => ({ accountId: newAccount(), locationId: '5', resource: 'labs', operation: 'listLabs' });

  const judge = async (pass: string, accountId: string) =>
    await markJudged(db, accountId, 'labs', await passSweeps(db, pass, accountId, 'labs'));

  test('one per pass and list; a certified one stays certified', async () => {
    const where = scope();
    const first = await openSweep(db, '900', where, whole(NOW));
    expect(first.status).toBe('open');
    await addToSweep(db, first.id, { read: 100, rejected: 2, changed: 0 });
    await addToSweep(db, first.id, { read: 50, rejected: 0, changed: 0 });
    await closeSweep(db, first.id, null, LATER);
    expect(await openSweep(db, '900', where, whole(NOW))).toEqual({
      id: first.id,
      status: 'certified',
      startedAt: NOW,
    });
    expect((await openSweep(db, '901', where, whole(NOW))).id).not.toBe(first.id);
    const { rows } = await pool.query(
      'SELECT rows_read::int, rows_rejected::int FROM lobbie_sync.sweeps WHERE id = $1',
      [first.id],
    );
    expect(rows).toEqual([{ rows_read: 150, rows_rejected: 2 }]);
  });

  test('a failed one is begun anew', async () => {
    const where = scope();
    const { id } = await openSweep(db, '902', where, whole(NOW));
    await closeSweep(db, id, 'api.forbidden', LATER);
    expect(await openSweep(db, '902', where, whole(NOW))).toEqual({
      id,
      status: 'open',
      startedAt: NOW,
    });
  });

  test('freshness shows the latest certified one that was judged, and none that failed', async () => {
    const where = scope();
    for (const [pass, reason, at] of [
      ['903', null, NOW],
      ['904', null, LATER],
      ['905', 'api.forbidden', new Date('2024-06-03T00:00:00Z')],
    ] as const) {
      const { id } = await openSweep(db, pass, where, whole(at));
      await addToSweep(db, id, { read: 7, rejected: 0, changed: 0 });
      await closeSweep(db, id, reason, new Date(at.getTime() + 1000));
      await judge(pass, where.accountId);
    }
    const rows = await db
      .selectFrom('lobbie_sync.freshness')
      .selectAll()
      .where('account_id', '=', where.accountId)
      .execute();
    expect(rows).toEqual([
      {
        account_id: where.accountId,
        location_id: '5',
        resource: 'labs',
        operation: 'listLabs',
        oldest_checked_at: LATER,
        last_certified_at: new Date(LATER.getTime() + 1000),
        // Counted at the end of a run; this one has none.
        rows: null,
      },
    ]);
  });

  test('an account-wide list has no location', async () => {
    const where = { ...scope(), locationId: null };
    const { id } = await openSweep(db, '906', where, whole(NOW));
    expect((await openSweep(db, '906', where, whole(NOW))).id).toBe(id);
    await closeSweep(db, id, null, LATER);
    await judge('906', where.accountId);
    const row = await db
      .selectFrom('lobbie_sync.freshness')
      .selectAll()
      .where('account_id', '=', where.accountId)
      .executeTakeFirst();
    expect(row?.location_id).toBeNull();
  });
});

describe('cursors', () => {
  const table = createPreparer(resourceNamed('patients')).table;
  const rowFor = (accountId: string) => {
    const batch = collect(resourceNamed('patients'), resourceNamed('patients').reads[0] as never, [{ id: 1 }], {
      accountId,
      context: {},
      readAt: NOW,
      unknown: () => new Map(),
    });
    return batch.get('patients')?.rows ?? [];
  };
  const key = (accountId: string) => ({ passId: '800', accountId, resource: 'patients', scope: 'listPatients@-' });
  const countRows = async (accountId: string) =>
    (await pool.query('SELECT FROM lobbie.patients WHERE account_id = $1', [accountId])).rowCount;

  test('commit with the rows before them, and not without: a throw between leaves neither', async () => {
    const here = newAccount();
    const batch = (fail: boolean) =>
      withTransaction(pool, async (tx) => {
        await loadRows(tx, table, rowFor(here), { runId: '1', now: NOW });
        if (fail) throw new Error('between rows and cursor');
        await saveCursor(tx.db, key(here), { next: 'abc', pages: 1 }, false, NOW);
      });
    await expect(batch(true)).rejects.toThrow('between');
    expect(await countRows(here)).toBe(0);
    expect(await loadCursors(db, key(here), 'listPatients@-')).toEqual([]);
    await batch(false);
    expect(await countRows(here)).toBe(1);
    expect(await loadCursors(db, key(here), 'listPatients@-')).toEqual([
      { scope: 'listPatients@-', cursor: { next: 'abc', pages: 1 }, done: false },
    ]);
  });

  test('a throw after the cursor leaves neither too', async () => {
    const here = newAccount();
    const work = withTransaction(pool, async (tx) => {
      await loadRows(tx, table, rowFor(here), { runId: '1', now: NOW });
      await saveCursor(tx.db, key(here), { next: 'abc' }, false, NOW);
      throw new Error('before the commit');
    });
    await expect(work).rejects.toThrow('before the commit');
    expect(await countRows(here)).toBe(0);
    expect(await loadCursors(db, key(here), 'listPatients@-')).toEqual([]);
  });

  test('move on, and end', async () => {
    const here = newAccount();
    await saveCursor(db, key(here), { next: 'a' }, false, NOW);
    await saveCursor(db, key(here), null, true, LATER);
    expect(await loadCursors(db, key(here), 'listPatients@-')).toEqual([
      { scope: 'listPatients@-', cursor: null, done: true },
    ]);
  });

  test('of windows belong to their list, those of a list with a longer name do not', async () => {
    const here = newAccount();
    for (const scope of ['list@5', 'list@5[..2024]', 'list@5[2024..]', 'list@55', 'list@5x[']) {
      await saveCursor(db, { ...key(here), scope }, null, false, NOW);
    }
    const scopes = (await loadCursors(db, key(here), 'list@5')).map(({ scope }) => scope);
    expect(scopes.sort()).toEqual(['list@5', 'list@5[..2024]', 'list@5[2024..]'].sort());
  });
});

describe('a run', () => {
  test('has as counts the sums of its resources', async () => {
    const run = await newRun();
    const counts = (n: number) => ({
      requests: n,
      rowsRead: n,
      inserted: n,
      updated: n,
      unchanged: n,
      deleted: n,
      rejected: n,
    });
    await addRunCounts(db, run, 'patients', counts(1));
    await addRunCounts(db, run, 'patients', counts(2));
    await addRunCounts(db, run, 'labs', counts(10));
    await closeRun(db, run, { status: 'succeeded', error: null, at: LATER });
    const details = await runDetails(db, run);
    for (const name of [
      'requests',
      'rows_read',
      'rows_inserted',
      'rows_updated',
      'rows_unchanged',
      'rows_deleted',
      'rows_rejected',
    ]) {
      expect(details?.run[name as 'requests'], name).toBe('13');
      expect(details?.resources.map((row) => row[name])).toEqual(['10', '3']);
    }
  });

  test('without anything read has zeros; once closed it stays as it is', async () => {
    const run = await newRun();
    await closeRun(db, run, { status: 'partial', error: 'why', at: NOW });
    await closeRun(db, run, { status: 'succeeded', error: null, at: LATER });
    expect((await runDetails(db, run))?.run).toMatchObject({
      status: 'partial',
      error: 'why',
      requests: '0',
      finished_at: NOW,
    });
  });

  test('shows its problems and unknown fields, summed by name', async () => {
    const run = await newRun();
    await addUnknownFields(db, run, 'patients', new Map([['mood', 2]]), NOW);
    await addUnknownFields(
      db,
      run,
      'patients',
      new Map([
        ['mood', 3],
        ['age', 1],
      ]),
      new Date(NOW.getTime() + 1000),
    );
    await addUnknownFields(db, run, 'patients', new Map(), NOW);
    // Each once, with the moment it was met first.
    expect(
      (await unknownFields(db, NOW)).map(({ field, firstSeenAt }) => [field, firstSeenAt.getTime() - NOW.getTime()]),
    ).toEqual([
      ['age', 1000],
      ['mood', 0],
    ]);
    const problem = {
      run_id: run,
      at: NOW,
      account_id: '1',
      location_id: null,
      resource: 'labs',
      scope: 's',
      code: 'api.forbidden',
      message: 'm',
      hint: null,
    };
    await addProblem(db, problem);
    const details = await runDetails(db, run);
    expect(details?.unknownFields).toEqual([
      { resource: 'patients', field: 'age', records: '1', isNew: true },
      { resource: 'patients', field: 'mood', records: '5', isNew: true },
    ]);
    expect(details?.problems).toMatchObject([problem]);
  });

  test('notes at its end which unknown fields it met, and in how many records; those of old are not new', async () => {
    const [first, second] = [await newRun(), await newRun()];
    const met = (run: string, fields: Record<string, number>, at: Date) =>
      addUnknownFields(db, run, 'labs', new Map(Object.entries(fields)), at);
    await met(first, { colour: 2, weight: 1 }, NOW);
    await met(first, { colour: 2 }, NOW);
    expect(await noteLastSeen(db, first, NOW)).toBe(2);
    await met(second, { colour: 7, size: 1 }, LATER);
    expect(await noteLastSeen(db, second, LATER)).toBe(1);
    const stored = (await unknownFields(db, NOW)).filter(({ resource }) => resource === 'labs');
    expect(stored).toEqual([
      { resource: 'labs', field: 'size', firstSeenAt: LATER, firstRunId: second, lastSeenAt: LATER, records: 1 },
      { resource: 'labs', field: 'colour', firstSeenAt: NOW, firstRunId: first, lastSeenAt: LATER, records: 7 },
      { resource: 'labs', field: 'weight', firstSeenAt: NOW, firstRunId: first, lastSeenAt: NOW, records: 1 },
    ]);
    expect((await runDetails(db, second))?.unknownFields).toEqual([
      { resource: 'labs', field: 'colour', records: '7', isNew: false },
      { resource: 'labs', field: 'size', records: '1', isNew: true },
    ]);
    const since = (at: Date) => unknownFields(db, at).then((fields) => fields.map(({ field }) => field));
    expect(await since(LATER)).toEqual(['size', 'colour']);
    await pruneRuns(db, LATER);
    expect((await since(NOW)).sort()).toEqual(['colour', 'size']);
  });

  test('the latest come first; one that does not exist is not made up', async () => {
    const [first, second] = [await newRun(), await newRun('verify')];
    expect((await latestRuns(db, 2)).map(({ id }) => id)).toEqual([second, first]);
    expect(await runDetails(db, '999999')).toBeUndefined();
  });
});

describe('rejects', () => {
  const reject = (record: unknown, more: Partial<Reject> = {}): Reject => ({
    accountId: '1',
    resource: 'patients',
    recordKey: '7',
    reason: 'seats: expected an integer, got other text',
    record: typeof record === 'string' ? record : JSON.stringify(record),
    context: { location_id: '5' },
    ...more,
  });
  const add = (run: string, rejects: readonly Reject[]) =>
    withTransaction(pool, (tx) => addRejects(tx.db, run, rejects, NOW));
  const kept = async (each: Reject) => {
    const run = await newRun();
    await add(run, [each]);
    const [summary] = await listRejects(db, { runId: run, limit: 9 });
    return await getReject(db, summary?.id ?? '0');
  };

  test.each<[string, unknown]>([
    ['a plain record', { id: 7, name: 'x' }],
    ['text with NUL', { id: 7, note: 'a\0b' }],
    ['half of a surrogate pair', { id: 7, note: '\ud800' }],
    ['text that looks like an escape', { id: 7, note: '\\u0000 and \\ud800' }],
    ['an empty record', {}],
    ['an array', [1, 2]],
    ['a text', '"only text"'],
    ['a text that looks like JSON', JSON.stringify('{"id":1}')],
    ['a number', '7'],
    ['null', 'null'],
  ])('keep %s as it was received', async (_name, record) => {
    const found = await kept(reject(record));
    expect(found?.record).toEqual(typeof record === 'string' ? JSON.parse(record) : record);
    expect(found).toMatchObject({ record_key: '7', context: { location_id: '5' }, replayed_at: null });
  });

  test.each<[string, string]>([
    ['a number too long for jsonb', '{"id":7,"ratio":1e999999}'],
    ['a record nested too deep for jsonb', `{"id":7,"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
  ])('keep %s: one record that Postgres refuses must not fail its batch', async (_name, text) => {
    const run = await newRun();
    await add(run, [reject(text), reject({ id: 8 })]);
    const [other, refused] = await listRejects(db, { runId: run, limit: 9 });
    expect((await getReject(db, other?.id ?? '0'))?.record).toEqual({ id: 8 });
    expect(await getReject(db, refused?.id ?? '0')).toMatchObject({ record: { id: 7 } });
  });

  test('are listed without their records, newest first, replayed ones only on request', async () => {
    const run = await newRun();
    await add(run, [reject({ id: 1 }), reject({ id: 2 }, { resource: 'labs', accountId: '2' })]);
    const all = await listRejects(db, { runId: run, limit: 9 });
    expect(all.map(({ resource }) => resource)).toEqual(['labs', 'patients']);
    expect(all[0]).not.toHaveProperty('record');
    expect(await listRejects(db, { runId: run, resources: ['labs'], limit: 9 })).toHaveLength(1);
    expect(await listRejects(db, { runId: run, accounts: ['1'], limit: 9 })).toHaveLength(1);
    expect(await listRejects(db, { runId: run, limit: 1 })).toHaveLength(1);
    await markReplayed(db, all[0]?.id ?? '0', LATER);
    expect(await listRejects(db, { runId: run, limit: 9 })).toHaveLength(1);
    expect(await listRejects(db, { runId: run, replayed: true, limit: 9 })).toHaveLength(2);
  });

  test('none is none', async () => {
    await add(await newRun(), []);
    expect(await getReject(db, '999999')).toBeUndefined();
  });
});

describe('the audit log', () => {
  test('takes entries and refuses every change', async () => {
    await addAudit(db, { actor: 'test', action: 'x', subject: { ids: [1] }, runId: '1' }, NOW);
    for (const text of [
      `UPDATE lobbie_sync.audit_log SET actor = 'nobody'`,
      'DELETE FROM lobbie_sync.audit_log',
      'DELETE FROM lobbie_sync.audit_log WHERE false',
      'TRUNCATE lobbie_sync.audit_log',
    ]) {
      expect(await pool.query(text).catch(databaseCode), text).toBe('42501');
    }
    const { rows } = await pool.query(`SELECT actor, action, subject FROM lobbie_sync.audit_log WHERE actor = 'test'`);
    expect(rows).toEqual([{ actor: 'test', action: 'x', subject: { ids: [1] } }]);
  });
});
