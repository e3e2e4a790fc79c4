import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resourceNamed } from '../../src/extractors/registry.ts';
import { countParents } from '../../src/nightly/children.ts';
import { estimateParents, samplePercent } from '../../src/nightly/estimates.ts';
import { planUnits } from '../../src/streams/units.ts';
import { useTestDatabase } from '../support/database.ts';

/** A plan must not read the whole of a large table; its estimates must be near what is there. */

const database = useTestDatabase();
const NOW = new Date('2026-03-01T00:00:00Z');
const PATIENTS = 60_000;
let pool: pg.Pool;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
  await pool.query(
    `INSERT INTO lobbie.patients (account_id, id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source)
     SELECT 1001, id, '{}', '\\x00', 1, $1, $1, 1 FROM generate_series(1, $2::int) AS id`,
    [NOW, PATIENTS],
  );
  // A third was never checked, a third long ago, a third today; 50 have a change hint.
  await pool.query(
    `INSERT INTO lobbie_sync.checks (account_id, resource, parent_id, checked_at, due_since)
     SELECT 1001, 'allergies', id, CASE WHEN id % 3 = 1 THEN $1 ELSE $1::timestamptz - interval '40 days' END,
       CASE WHEN id <= 150 THEN $1 END
     FROM generate_series(1, $2::int) AS id WHERE id % 3 > 0`,
    [NOW, PATIENTS],
  );
  await pool.query(
    `INSERT INTO lobbie_sync.table_rows (account_id, location_id, resource, rows, counted_at) VALUES (1001, 0, 'patients', $2, $1)`,
    [NOW, PATIENTS],
  );
  await pool.query('VACUUM (ANALYZE) lobbie.patients, lobbie_sync.checks');
});

afterAll(() => pool.end());

test('parents of a large table are estimated within five percent', async () => {
  const [planned] = planUnits([resourceNamed('allergies')], '1001', [], (read) => read);
  if (planned === undefined) throw new Error('no unit');
  const counted = await countParents({ pool }, planned.unit, 30, NOW);
  expect(counted).toEqual({ total: PATIENTS, due: 20_000 + 100, overdue: 20_000 });
  const estimated = await estimateParents({ pool }, planned.unit, 30, NOW);
  for (const name of ['total', 'due', 'overdue'] as const) {
    expect(Math.abs(estimated[name] - counted[name]) / counted[name], name).toBeLessThan(0.05);
  }
});

test('small tables are counted, large ones are sampled', () => {
  expect([0, 50_000, 100_000, 1_000_000, 1_000_000_000].map(samplePercent)).toEqual([100, 100, 20, 2, 0.01]);
});
