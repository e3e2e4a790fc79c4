import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { withTransaction } from '../../src/db/transaction.ts';
import { resourceNamed } from '../../src/extractors/registry.ts';
import { type Loaded, type LoadOptions, loadRows } from '../../src/loaders/load.ts';
import { collect, preparerOf } from '../../src/streams/collect.ts';
import { useTestDatabase } from '../support/database.ts';

const database = useTestDatabase();
let pool: pg.Pool;
beforeAll(() => {
  pool = createPool({ connectionString: database.url, max: 12, onError: () => undefined });
});
afterAll(() => pool.end());

const MINUTE = 60_000;
/** Instants of the loads, in minutes after a start in the past: no clock of this machine comes near them. */
const at = (minute: number): Date => new Date(Date.UTC(2025, 0, 1) + minute * MINUTE);

interface LoadAt extends Partial<LoadOptions> {
  /** Stands for the time of the read too, unless that is given. */
  readonly minute: number;
  readonly readMinute?: number;
  /** Runs after the rows are written and before the commit. */
  readonly beforeCommit?: (client: pg.ClientBase) => Promise<void>;
}

/** Loads records of one resource in a transaction of its own, as a batch of the pipeline does. */
function load(name: string, records: readonly Record<string, unknown>[], options: LoadAt): Promise<Loaded> {
  const resource = resourceNamed(name);
  const [read] = resource.reads;
  if (read === undefined) throw new Error(`${name} has no list`);
  const readAt = at(options.readMinute ?? options.minute);
  const collected = collect(resource, read, records, {
    accountId: '1001',
    context: {},
    readAt,
    unknown: () => new Map(),
  });
  const { minute, readMinute, beforeCommit, ...rest } = options;
  return withTransaction(pool, async (tx) => {
    const rows = collected.get(name)?.rows ?? [];
    const loaded = await loadRows(tx, preparerOf(resource).table, rows, { runId: '1', now: at(minute), ...rest });
    await beforeCommit?.(tx.client);
    return loaded;
  });
}

const patient = (id: number, firstName: string) => ({ id, firstName, lastName: 'Example' });

interface Version {
  readonly version: number;
  readonly name: string;
  readonly from: Date;
  readonly to: Date | null;
  readonly deleted: boolean;
}

async function versions(id: number): Promise<Version[]> {
  const { rows } = await pool.query<Version>(
    `SELECT version, first_name AS name, valid_from AS "from", valid_to AS "to", _deleted_at IS NOT NULL AS deleted
     FROM lobbie_history.patients WHERE account_id = 1001 AND id = $1 ORDER BY version`,
    [id],
  );
  return rows;
}

async function nameAsOf(id: number, instant: Date | string): Promise<string | undefined> {
  const { rows } = await pool.query<{ name: string }>(
    'SELECT first_name AS name FROM lobbie_history.patients_as_of($2) WHERE account_id = 1001 AND id = $1',
    [id, instant],
  );
  expect(rows.length).toBeLessThan(2);
  return rows[0]?.name;
}

/** How many neighbours in the whole history fail to meet, or how many versions end before they begin. */
async function tears(): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM (
    SELECT version, valid_from, valid_to, row_number() OVER w AS place, lead(valid_from) OVER w AS next
    FROM lobbie_history.patients WINDOW w AS (PARTITION BY account_id, id ORDER BY version)
  ) v WHERE version <> place OR valid_to IS DISTINCT FROM next OR valid_from >= valid_to`);
  return rows[0]?.count ?? -1;
}

describe('five changes over five loads', () => {
  const names = ['Ada', 'Bea', 'Cleo', 'Dora', 'Eve', 'Fay'];

  test('are read back by version', async () => {
    for (const [index, name] of names.entries()) {
      const staged = index % 2 === 1;
      const loaded = await load('patients', [patient(1, name), patient(2, 'Same')], { minute: index * 10, staged });
      expect(loaded).toMatchObject(
        index === 0 ? { inserted: 2, updated: 0, unchanged: 0 } : { inserted: 0, updated: 1, unchanged: 1 },
      );
    }
    expect(await versions(1)).toEqual(
      names.map((name, index) => ({
        version: index + 1,
        name,
        from: at(index * 10),
        to: index === 5 ? null : at(index * 10 + 10),
        deleted: false,
      })),
    );
    expect(await versions(2)).toEqual([{ version: 1, name: 'Same', from: at(0), to: null, deleted: false }]);
  });

  test('are read back as of each instant and between', async () => {
    expect(await nameAsOf(1, at(-1))).toBeUndefined();
    for (const [index, name] of names.entries()) {
      expect(await nameAsOf(1, at(index * 10))).toBe(name);
      expect(await nameAsOf(1, at(index * 10 + 5))).toBe(name);
      // The last microsecond before the next change.
      const last = new Date(at(index * 10 + 10).getTime() - 1).toISOString().replace('Z', '999Z');
      expect(await nameAsOf(1, last)).toBe(name);
    }
  });
});

describe('a transaction that ends in the middle of a change', () => {
  const state = async () => ({
    history: await versions(3),
    current: (await pool.query('SELECT * FROM lobbie.patients WHERE id = 3')).rows,
  });

  test('leaves history equal to the current state, whether it throws or its session is killed', async () => {
    await load('patients', [patient(3, 'Name 0')], { minute: 0 });
    for (let change = 1; change <= 5; change += 1) {
      const before = await state();
      const seen: number[] = [];
      const options = { minute: change, staged: change % 2 === 0 };
      const look = async (client: pg.ClientBase) => {
        const { rows } = await client.query('SELECT FROM lobbie_history.patients WHERE id = 3');
        seen.push(rows.length);
      };
      const thrown = load('patients', [patient(3, `Name ${change}`)], {
        ...options,
        beforeCommit: async (client) => {
          await look(client);
          throw new Error('pulled');
        },
      });
      await expect(thrown).rejects.toThrow('pulled');
      expect(await state()).toEqual(before);
      const killed = load('patients', [patient(3, `Name ${change}`)], {
        ...options,
        beforeCommit: async (client) => {
          await look(client);
          client.on('error', () => undefined);
          await client.query('SELECT pg_terminate_backend(pg_backend_pid())');
        },
      });
      await expect(killed).rejects.toMatchObject({ code: '57P01' });
      expect(await state()).toEqual(before);
      expect(seen).toEqual([change + 1, change + 1]);

      await load('patients', [patient(3, `Name ${change}`)], options);
      const { history, current } = await state();
      expect(history.map(({ name }) => name)).toEqual(Array.from({ length: change + 1 }, (_, n) => `Name ${n}`));
      expect(current).toMatchObject([{ first_name: `Name ${change}`, _version: change + 1 }]);
    }
  });
});

describe('what is unchanged', () => {
  test('is not written: the transaction gets no id and touches no tuple', async () => {
    const records = Array.from({ length: 500 }, (_, index) => patient(1000 + index, `Name ${index}`));
    expect(await load('patients', records, { minute: 0 })).toMatchObject({ inserted: 500 });
    const image = `SELECT md5(string_agg(concat(ctid, xmin, _loaded_at), ',' ORDER BY id)) AS image FROM lobbie.patients`;
    const before = (await pool.query(image)).rows;
    // A pool of its own: a session counts what it wrote before until it hands that over.
    const fresh = createPool({ connectionString: database.url, onError: () => undefined });
    try {
      const { table } = preparerOf(resourceNamed('patients'));
      const [read] = resourceNamed('patients').reads;
      const rows = collect(resourceNamed('patients'), read as NonNullable<typeof read>, records, {
        accountId: '1001',
        context: {},
        readAt: at(1),
        unknown: () => new Map(),
      }).get('patients')?.rows;
      await withTransaction(fresh, async (tx) => {
        const loaded = await loadRows(tx, table, rows ?? [], { runId: '2', now: at(1) });
        expect(loaded).toMatchObject({ inserted: 0, updated: 0, unchanged: 500 });
        const { rows: written } = await tx.client.query(
          `SELECT pg_current_xact_id_if_assigned() AS id, sum(n_tup_ins + n_tup_upd + n_tup_del)::int AS tuples
           FROM pg_stat_xact_user_tables WHERE schemaname IN ('lobbie', 'lobbie_history')`,
        );
        expect(written).toEqual([{ id: null, tuples: 0 }]);
      });
    } finally {
      await fresh.end();
    }
    expect((await pool.query(image)).rows).toEqual(before);
    const { rows: past } = await pool.query('SELECT FROM lobbie_history.patients_past WHERE id BETWEEN 1000 AND 1499');
    expect(past).toHaveLength(0);
  });
});

describe('tombstones', () => {
  test('and restorations are versions, and what was deleted is not shown as of then', async () => {
    await load('patients', [patient(4, 'Ada')], { minute: 0 });
    await pool.query('UPDATE lobbie.patients SET _deleted_at = $1, _loaded_at = $1, _run_id = 2 WHERE id = 4', [
      at(10),
    ]);
    expect(await load('patients', [patient(4, 'Ada')], { minute: 20 })).toMatchObject({ updated: 1 });
    expect(await versions(4)).toEqual([
      { version: 1, name: 'Ada', from: at(0), to: at(10), deleted: false },
      { version: 2, name: 'Ada', from: at(10), to: at(20), deleted: true },
      { version: 3, name: 'Ada', from: at(20), to: null, deleted: false },
    ]);
    const shown = await Promise.all([5, 10, 15, 20, 25].map((minute) => nameAsOf(4, at(minute))));
    expect(shown).toEqual(['Ada', undefined, undefined, 'Ada', 'Ada']);
  });
});

describe('time', () => {
  test('goes on also where a load has the time of the one before, or an earlier one', async () => {
    await load('patients', [patient(5, 'Ada')], { minute: 50 });
    await load('patients', [patient(5, 'Bea')], { minute: 50, readMinute: 51 });
    await load('patients', [patient(5, 'Cleo')], { minute: 40, readMinute: 52 });
    await pool.query(`UPDATE lobbie.patients SET first_name = 'Dora', _loaded_at = $1 WHERE id = 5`, [at(30)]);
    const { rows } = await pool.query(
      `SELECT first_name AS name, to_char(valid_from, 'MI:SS.US') AS "from", to_char(valid_to, 'MI:SS.US') AS "to"
       FROM lobbie_history.patients WHERE id = 5 ORDER BY version`,
    );
    expect(rows).toEqual([
      { name: 'Ada', from: '50:00.000000', to: '50:00.000001' },
      { name: 'Bea', from: '50:00.000001', to: '50:00.000002' },
      { name: 'Cleo', from: '50:00.000002', to: '50:00.000003' },
      { name: 'Dora', from: '50:00.000003', to: null },
    ]);
    expect(await tears()).toBe(0);
  });
});

describe('concurrent updates of one row', () => {
  test('two loads: the second waits and its version follows that of the first', async () => {
    await load('patients', [patient(6, 'Ada')], { minute: 0 });
    let second: Promise<Loaded> | undefined;
    await load('patients', [patient(6, 'Bea')], {
      minute: 20,
      beforeCommit: async () => {
        second = load('patients', [patient(6, 'Cleo')], { minute: 10, readMinute: 30 });
        const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        while ((await pool.query(waiting)).rows.length === 0) await sleep(10);
      },
    });
    expect(await second).toMatchObject({ updated: 1 });
    expect((await versions(6)).map(({ version, name }) => [version, name])).toEqual([
      [1, 'Ada'],
      [2, 'Bea'],
      [3, 'Cleo'],
    ]);
    expect(await tears()).toBe(0);
  });

  test('loads and updates by hand at once lose nothing', async () => {
    await load('patients', [patient(7, 'Start')], { minute: 0 });
    const changes = Array.from({ length: 20 }, (_, index) =>
      index % 2 === 0
        ? pool.query('UPDATE lobbie.patients SET first_name = $1 WHERE id = 7', [`Hand ${index}`])
        : load('patients', [patient(7, `Load ${index}`)], { minute: 10, readMinute: 10 }),
    );
    await Promise.all(changes);
    const found = await versions(7);
    expect(found).toHaveLength(21);
    expect(new Set(found.map(({ name }) => name)).size).toBe(21);
    expect(await tears()).toBe(0);
  });
});

describe('a table that keeps no history', () => {
  test('counts its versions but keeps none, and only in that transaction', async () => {
    const noHistory: ReadonlySet<string> = new Set(['locations', 'patients']);
    await load('patients', [patient(8, 'Ada')], { minute: 0, noHistory });
    const other = 'SELECT name, _version AS version FROM lobbie_history.categories WHERE id = 8 ORDER BY version';
    await load('categories', [{ id: 8, name: 'Old' }], { minute: 0 });
    await load('patients', [patient(8, 'Bea')], {
      minute: 10,
      noHistory,
      beforeCommit: async (client) => {
        await client.query(`UPDATE lobbie.categories SET name = 'New' WHERE id = 8`);
      },
    });
    expect(await versions(8)).toMatchObject([{ version: 2, name: 'Bea', from: at(10), to: null }]);
    expect(await nameAsOf(8, at(5))).toBeUndefined();
    expect((await pool.query(other)).rows).toMatchObject([{ name: 'Old' }, { name: 'New' }]);

    await load('patients', [patient(8, 'Cleo')], { minute: 20, noHistory: new Set(['locations']) });
    expect(await versions(8)).toMatchObject([
      { version: 2, name: 'Bea', from: at(10), to: at(20) },
      { version: 3, name: 'Cleo', from: at(20), to: null },
    ]);
  });
});
