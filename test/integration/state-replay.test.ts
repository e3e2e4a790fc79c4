import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Reject } from '../../src/core/row.ts';
import { createPool } from '../../src/db/pool.ts';
import { kyselyOnPool, withTransaction } from '../../src/db/transaction.ts';
import { addRejects, listRejects } from '../../src/state/rejects.ts';
import { openRun } from '../../src/state/runs.ts';
import { replayRejects } from '../../src/streams/replay.ts';
import { useTestDatabase } from '../support/database.ts';

const database = useTestDatabase();
let pool: pg.Pool;
beforeAll(() => {
  pool = createPool({ connectionString: database.url, max: 3 });
});
afterAll(() => pool.end());

const reject = (resource: string, record: string, context: Record<string, string> = {}): Reject => ({
  accountId: '1001',
  resource,
  recordKey: null,
  reason: 'x: refused at the time',
  record,
  context,
});

/** Stores rejects and answers their ids, oldest first. */
async function kept(rejects: readonly Reject[]): Promise<string[]> {
  const db = kyselyOnPool(pool);
  const at = new Date('2024-06-01T00:00:00Z');
  const run = await openRun(db, { kind: 'backfill', selection: {}, startedAt: at, host: 'here', pid: 1 });
  // One by one, as they come in batches of their own.
  for (const each of rejects) await withTransaction(pool, (tx) => addRejects(tx.db, run, [each], at));
  return (await listRejects(db, { runId: run, limit: 99 })).map(({ id }) => id).reverse();
}

const replay = (ids: readonly string[]) =>
  replayRejects({ pool, db: kyselyOnPool(pool), clock: systemClock, actor: 'test' }, { ids });

describe('replaying a reject', () => {
  test('stores the record and what it carries, where its path says', async () => {
    const ids = await kept([
      reject('labs', '{"id":80,"testPanels":[{"id":31,"components":[{"id":1}]}]}', { location_id: '5' }),
      reject('allergies', '{"id":9,"allergy":"Dust"}', { patient_id: '7' }),
    ]);
    expect(await replay(ids)).toEqual({ replayed: ids, failed: [] });
    const { rows } = await pool.query(
      `SELECT lab_id, panel_id, location_id FROM lobbie.lab_test_components WHERE id = 1`,
    );
    expect(rows).toEqual([{ lab_id: '80', panel_id: '31', location_id: '5' }]);
    expect((await pool.query('SELECT patient_id FROM lobbie.allergies WHERE id = 9')).rows).toEqual([
      { patient_id: '7' },
    ]);
  });

  test('keeps every digit: ids beyond 2^53 are not rounded', async () => {
    const ids = await kept([
      reject('patients', '{"id":9007199254740993}'),
      reject('patients', '{"id":9007199254740995,"note":"\\\\u0000 is kept as text"}'),
    ]);
    expect((await replay(ids)).replayed).toEqual(ids);
    const { rows } = await pool.query(
      `SELECT id, raw ->> 'id' AS raw FROM lobbie.patients WHERE id > 9007199254740000 ORDER BY id`,
    );
    expect(rows).toEqual([
      { id: '9007199254740993', raw: '9007199254740993' },
      { id: '9007199254740995', raw: '9007199254740995' },
    ]);
  });

  test('is noted in the audit log, by ids only', async () => {
    const [id = ''] = await kept([reject('patients', '{"id":70,"firstName":"canary"}')]);
    await replay([id]);
    const { rows } = await pool.query(`SELECT * FROM lobbie_sync.audit_log WHERE subject ->> 'reject' = $1`, [id]);
    expect(rows).toMatchObject([{ actor: 'test', action: 'rejects.replay', resource: 'patients', account_id: '1001' }]);
    expect(JSON.stringify(rows)).not.toContain('canary');
  });

  test('a second time does nothing; one that does not exist is said to be so', async () => {
    const [id = ''] = await kept([reject('patients', '{"id":71}')]);
    await replay([id]);
    expect(await replay([id, '999999'])).toEqual({
      replayed: [],
      failed: [
        { id, reason: 'it was replayed already' },
        { id: '999999', reason: 'there is no such reject' },
      ],
    });
  });

  test('that is still at fault says why and stays', async () => {
    const [id = ''] = await kept([reject('patients', '{"id":72,"dateOfBirth":"canary"}')]);
    const { failed } = await replay([id]);
    expect(failed).toEqual([{ id, reason: 'dateOfBirth: expected a date as YYYY-MM-DD' }]);
  });

  test('that Postgres still refuses does not keep the others from being replayed', async () => {
    const ids = await kept([reject('patients', '{"id":73,"ratio":1e999999}'), reject('patients', '{"id":74}')]);
    const report = await replay(ids);
    expect(report.replayed).toEqual([ids[1]]);
    expect(report.failed).toEqual([{ id: ids[0], reason: expect.stringContaining('22003') }]);
  });

  test('never overwrites what was read since then', async () => {
    await pool.query(`INSERT INTO lobbie.patients (account_id, id, first_name, raw, _content_hash, _run_id, _loaded_at, _read_at, _source)
      VALUES (1001, 75, 'newer', '{}', '\\x00', 1, now(), '2024-07-01', 1)`);
    const ids = await kept([reject('patients', '{"id":75,"firstName":"older"}')]);
    expect((await replay(ids)).replayed).toEqual(ids);
    const { rows } = await pool.query('SELECT first_name FROM lobbie.patients WHERE id = 75');
    expect(rows).toEqual([{ first_name: 'newer' }]);
  });
});
