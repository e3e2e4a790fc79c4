import { describe, expect, test } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { kyselyOnPool } from '../../src/db/transaction.ts';
import { outboxSummary } from '../../src/state/outbox/review.ts';
import type { OutboxChoice } from '../../src/state/outbox/rows.ts';
import { useTestDatabase } from '../support/database.ts';
import { withClient } from '../support/databases.ts';
import { count, query, sessionsGone } from '../support/harness.ts';

const NOW = new Date('2026-05-02T08:00:00Z');
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);

async function summary(url: string, choice: OutboxChoice = {}) {
  const pool = createPool({ connectionString: url });
  try {
    return await outboxSummary(kyselyOnPool(pool), NOW, choice);
  } finally {
    await pool.end();
  }
}

describe('the figures of the outbox', () => {
  const database = useTestDatabase();

  interface Row {
    readonly status: string;
    readonly hours?: number;
    readonly done?: number;
    readonly account?: number;
    readonly person?: boolean;
    readonly operation?: 'create' | 'delete';
    readonly approved?: boolean;
  }

  async function insert(rows: readonly Row[]): Promise<void> {
    for (const { status, hours = 1, done, account = 1001, person, operation = 'create', approved } of rows) {
      await query(
        database.url,
        `INSERT INTO lobbie_push.outbox (resource, operation, account_id, target_id, status, requested_at, completed_at, needs_person, approved_at)
         VALUES ('patients', $1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          ...[operation, account, operation === 'delete' ? 5 : null, status, hoursAgo(hours)],
          ...[done === undefined ? null : hoursAgo(done), person ?? false, approved === true ? hoursAgo(1) : null],
        ],
      );
    }
  }

  test('are zero for an empty one', async () => {
    expect(await summary(database.url)).toEqual({
      paused: { pausedAt: null, pausedBy: null, reason: null },
      counts: {
        ...{ pending: 0, in_flight: 0, in_doubt: 0, conflict: 0 },
        ...{ rejected: 0, failed: 0, succeeded: 0, cancelled: 0 },
      },
      needsPerson: 0,
      lostToday: 0,
      oldestWaiting: null,
    });
  });

  test('count every status, what waits for a person, what was lost within a day, and the oldest of the others', async () => {
    await insert([
      { status: 'pending', hours: 3 },
      { status: 'pending', hours: 9, operation: 'delete' },
      { status: 'pending', hours: 4, operation: 'delete', approved: true },
      { status: 'in_flight', hours: 2 },
      { status: 'in_doubt', hours: 5 },
      { status: 'in_doubt', hours: 8, person: true },
      { status: 'conflict', hours: 7 },
      { status: 'rejected', done: 23 },
      { status: 'failed', done: 1 },
      { status: 'failed', done: 25 },
      { status: 'succeeded', hours: 99, done: 1 },
      { status: 'succeeded', done: 99, account: 1002 },
      { status: 'cancelled', done: 1 },
      { status: 'rejected', done: 2, account: 1002 },
    ]);
    await query(database.url, `UPDATE lobbie_push.control SET paused_at = $1, paused_by = 'me', reason = 'why'`, [NOW]);
    expect(await summary(database.url)).toEqual({
      paused: { pausedAt: NOW, pausedBy: 'me', reason: 'why' },
      counts: {
        ...{ pending: 3, in_flight: 1, in_doubt: 2, conflict: 1 },
        ...{ rejected: 2, failed: 2, succeeded: 2, cancelled: 1 },
      },
      needsPerson: 3,
      lostToday: 3,
      oldestWaiting: hoursAgo(5),
    });
    // Every row is counted once.
    const { counts } = await summary(database.url);
    expect(Object.values(counts).reduce((sum, rows) => sum + rows, 0)).toBe(14);
  });

  test('are those of a choice', async () => {
    expect(await summary(database.url, { accounts: ['1002'] })).toMatchObject({
      counts: { rejected: 1, succeeded: 1, failed: 0, pending: 0 },
      ...{ needsPerson: 0, lostToday: 1, oldestWaiting: null },
    });
    const [row] = await query(database.url, `SELECT id FROM lobbie_push.outbox WHERE status = 'conflict'`);
    expect(await summary(database.url, { ids: [row?.['id'] ?? ''] })).toMatchObject({
      counts: { conflict: 1, succeeded: 0 },
      ...{ needsPerson: 1, lostToday: 0 },
    });
  });
});

describe('an outbox of years', () => {
  const database = useTestDatabase();

  test('is counted without a look at its finished rows', async () => {
    await withClient(database.url, async (client) => {
      // Rows of a commit that is not on disk yet are not marked as seen by all.
      await client.query('SET synchronous_commit = on');
      await client.query(
        `INSERT INTO lobbie_push.outbox (resource, operation, account_id, changes, status, completed_at)
         SELECT 'patients', 'create', 1001 + i % 2, jsonb_build_object('firstName', repeat('x', 200)), 'succeeded', now()
         FROM generate_series(1, 20000) i`,
      );
      await client.query('VACUUM ANALYZE lobbie_push.outbox');
    });
    await query(
      database.url,
      `INSERT INTO lobbie_push.outbox (resource, operation, account_id) VALUES ('patients', 'create', 1001)`,
    );
    const read = async () => {
      await sessionsGone(database.url);
      const stats = 'FROM pg_stat_user_tables WHERE schemaname = $1 AND relname = $2';
      const outbox = ['lobbie_push', 'outbox'];
      return {
        scans: await count(database.url, `SELECT seq_scan ${stats}`, outbox),
        rows: await count(database.url, `SELECT idx_tup_fetch ${stats}`, outbox),
      };
    };
    const before = await read();
    expect((await summary(database.url)).counts).toMatchObject({ pending: 1, succeeded: 20_000 });
    expect((await summary(database.url, { accounts: ['1002'] })).counts).toMatchObject({
      pending: 0,
      succeeded: 10_000,
    });
    const after = await read();
    expect(after.scans - before.scans).toBe(0);
    expect(after.rows - before.rows).toBeLessThan(200);
  });
});
