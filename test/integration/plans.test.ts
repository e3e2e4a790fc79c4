import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { startSimulator } from '../../simulator/index.ts';
import { verifyAndRepair } from '../../src/app/verify.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { deleteEntries, deleteGroups, readStatus } from '../../src/inspect/status.ts';
import { planNightlySync } from '../../src/nightly/plan.ts';
import { approveDeletes, restoreDeletes } from '../../src/runs/decide-deletes.ts';
import { executeTargeted } from '../../src/runs/targeted.ts';
import { listDeletes } from '../../src/state/deletes.ts';
import { resourceAges } from '../../src/state/resource-ages.ts';
import { MovableClock } from '../support/clock.ts';
import { useTestDatabase } from '../support/database.ts';
import { control, query } from '../support/harness.ts';
import { FIRST_RUN, nextDay, Syncer } from '../support/night.ts';
import { nodesOf, type PlanNode, recordStatements, type Statement } from '../support/statements.ts';

/**
 * Every statement that the product sends is planned as if its tables had a million rows: a plan that reads a whole table for
 * single rows, or compares row by row with row by row, is found here and not at somebody's clinic.
 */

const database = useTestDatabase();
const ROWS = 1_000_000;
/** Asked by the test itself. */
const OWN = 'SELECT id::text AS id FROM lobbie.patients ORDER BY id LIMIT 12';

/** Statements that have to read the whole of a large table, by a part of their text, with the reason. */
const WHOLE: readonly (readonly [part: RegExp, reason: string])[] = [
  [
    /^\s*SELECT account_id, (0|location_id) AS location_id, count\(\*\)|INSERT INTO lobbie_sync\.table_rows/,
    'counts a table',
  ],
  [/WITH seen AS/, 'compares a whole list with its table'],
  [/count\(\*\)/, 'counts a list or the parents of one'],
  [/ORDER BY random\(\)/, 'draws a random sample'],
  [/c\.checked_at NULLS FIRST/, 'orders all parents by age'],
  [/^ANALYZE/, 'collects statistics'],
  [/min\(coalesce\(c\.checked_at/, 'finds the oldest of all parents'],
];

let statements: readonly Statement[] = [];
const plans = new Map<string, PlanNode>();

beforeAll(async () => {
  const simulator = await startSimulator({ seed: 21, patients: 150, accounts: [1001] });
  const clock = new MovableClock({ now: FIRST_RUN });
  const syncer = new Syncer({ api: simulator, databaseUrl: database.url, clock });
  const stop = () => new StopSignal();
  const { db } = syncer.deps;
  statements = await recordStatements(async () => {
    await syncer.run('backfill');
    nextDay(simulator, syncer);
    const gone = await query<{ id: string }>(database.url, OWN);
    for (const { id } of gone)
      await control(simulator, '/hide', { account: 1001, resource: 'patients', id: Number(id) });
    await syncer.run('sync');
    nextDay(simulator, syncer);
    await syncer.run('sync');
    await planNightlySync(syncer.deps, { selection: everything, budget: null, requestsPerSecond: 10 });
    const target = { patients: gone.slice(0, 1).map(({ id }) => id) };
    await executeTargeted(syncer.deps, { selection: everything, stop: stop(), target });
    await verifyAndRepair(syncer.deps, { selection: everything, sample: 2, stop: stop() });
    const options = {
      accounts: ['1001'],
      newerOperations: new Set<string>(),
      limit: 5,
      now: clock.now(),
      freshnessDays: 30,
    };
    await readStatus(db, options);
    await resourceAges(db);
    await deleteGroups(db, { status: 'held' });
    await deleteEntries(db, { status: 'applied' }, 10);
    await approveDeletes(syncer.deps, { selection: everything, stop: stop() }, {});
    const applied = await listDeletes(db, { status: 'applied', limit: 1 });
    await restoreDeletes(syncer.deps, { ids: applied.map(({ id }) => id) });
  });
  await syncer.close();
  await simulator.stop();
  await planAll();
});

/** Plans every statement without its values, against tables whose statistics say that they are large. */
async function planAll(): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('ANALYZE');
    await client.query(
      `SELECT pg_restore_relation_stats('schemaname', n.nspname::text, 'relname', c.relname::text, 'relpages', greatest(c.relpages, 1),
         'reltuples', ${ROWS}::real) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND (n.nspname IN ('lobbie', 'lobbie_history') OR n.nspname = 'lobbie_sync'
         AND c.relname IN ('checks', 'deletes', 'sweeps', 'sweep_keys', 'run_resources', 'rejects'))`,
    );
    // What users have, not what this server was given.
    await client.query(`SET work_mem = '4MB'; SET jit = off`);
    await client.query(
      'CREATE TEMPORARY TABLE verify_seen (resource text, k text, h bytea, former bytea, raw jsonb, filtered boolean NOT NULL, PRIMARY KEY (resource, k))',
    );
    for (const { text, load } of statements) {
      if (
        text === OWN ||
        !/^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i.test(text) ||
        /pg_temp\.|stage_|pg_(try_)?advisory/.test(text)
      )
        continue;
      await client.query('BEGIN');
      if (load) {
        await client.query(
          'SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off',
        );
      }
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
        `EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) ${text}`,
      );
      await client.query('ROLLBACK');
      const plan = rows[0]?.['QUERY PLAN'][0].Plan;
      if (plan !== undefined) plans.set(text, plan);
    }
  } finally {
    await client.end();
  }
}

const shown = (text: string) => text.replaceAll(/\s+/g, ' ').trim().slice(0, 160);
const large = (node: PlanNode) =>
  node['Node Type'].includes('Seq Scan') && ['lobbie', 'lobbie_history', 'lobbie_sync'].includes(node.Schema ?? '');

describe('as if every table had a million rows', () => {
  test('the statements are there', () => {
    expect(plans.size).toBeGreaterThan(60);
  });

  test('no table is read whole for some of its rows', () => {
    const wrong: string[] = [];
    for (const [text, plan] of plans) {
      if (WHOLE.some(([part]) => part.test(text))) continue;
      for (const { node } of nodesOf(plan)) {
        if (large(node) && SMALL.every((name) => node['Relation Name'] !== name)) {
          wrong.push(`${node.Schema}.${node['Relation Name']}: ${shown(text)}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test('no table is read whole once for each row of another', () => {
    const wrong: string[] = [];
    for (const [text, plan] of plans) {
      for (const { node, above } of nodesOf(plan)) {
        if (!large(node) || SMALL.includes(node['Relation Name'] ?? '')) continue;
        const chain = [node, ...above];
        const inner = chain.findIndex(
          (each, at) => each['Parent Relationship'] === 'Inner' && chain[at + 1]?.['Node Type'] === 'Nested Loop',
        );
        const subplan = chain.findIndex((each) => each['Parent Relationship'] === 'SubPlan');
        const hashed = subplan >= 0 && JSON.stringify(chain[subplan + 1] ?? {}).includes('hashed SubPlan');
        if (inner >= 0 || (subplan >= 0 && !hashed)) wrong.push(`${node['Relation Name']}: ${shown(text)}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** Tables that stay small however many patients there are. */
const SMALL: readonly string[] = [
  ...[
    'runs',
    'run_problems',
    'run_unknown_fields',
    'unknown_fields',
    'passes',
    'cursors',
    'leases',
    'list_state',
    'table_rows',
    'schedule',
    'volatile_columns',
    'resources_off',
    'closed_locations',
    'mass_changes',
  ],
  ...[
    'alert_state',
    'audit_log',
    'locations',
    'staff',
    'role_groups',
    'appointment_types',
    'categories',
    'crm_status_groups',
  ],
  ...['crm_statuses', 'form_templates', 'form_template_groups', 'form_template_elements', 'form_template_attributes'],
  ...[
    'remote_care_services',
    'remote_care_settings',
    'self_scheduling_settings',
    'webhook_endpoints',
    'webhook_event_types',
  ],
];
