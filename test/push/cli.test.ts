import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { callCommand } from '../support/command.ts';
import { useTestDatabase } from '../support/database.ts';
import { control, count, environment, type Place, query } from '../support/harness.ts';
import { enqueue, pull, rowsOf, type Stored, truthOf } from '../support/push.ts';

/** The commands of `push`, as people and scripts use them. */

const MARK = 'Qxclicanary';
const database = useTestDatabase();
let simulator: Simulator;
let place: Place;
let patients: Stored[];
/** Everything printed without --show-values. */
let printed = '';

beforeAll(async () => {
  simulator = await startSimulator({ patients: 20, accounts: [1001], locationsPerAccount: 1 });
  place = { api: simulator, databaseUrl: database.url, accounts: ['1001'], env: { LOG_LEVEL: 'info' } };
  await pull(place);
  patients = await truthOf(simulator, 'patients');
});
afterAll(() => simulator.stop());

async function push(...args: string[]) {
  const finished = await callCommand(['push', ...args], { env: environment(place), cwd: tmpdir() });
  if (!args.includes('--show-values')) printed += finished.out + finished.err;
  return finished;
}
const statusOf = async (id: string | undefined) => (await rowsOf(database.url, [id ?? '']))[0].status;
const meanwhile = (id: number, fields: object) =>
  control(simulator, '/patch', { account: 1001, resource: 'patients', id, fields });

test('plan, apply, conflicts, resolve: from a queue to a done one', async () => {
  const [conflicting, merging] = patients;
  const [conflict, merged, bad, gone] = await enqueue(database.url, [
    { target: conflicting.id, changes: { firstName: `${MARK} ours` } },
    { target: merging.id, changes: { email: `${MARK}@example.com` } },
    { operation: 'create', ref: MARK, changes: { firstName: MARK, lastName: 7 } },
    { operation: 'delete', target: patients[5].id },
  ]);
  await meanwhile(conflicting.id, { firstName: `${MARK} theirs` });

  const plan = await push('plan', '--json');
  expect(plan.code).toBe(0);
  expect(plan.json().rows.map((row: Stored) => [row.id, row.verdict])).toEqual([
    [conflict, 'conflict'],
    [merged, 'send'],
    [bad, 'rejected'],
    [gone, 'person'],
  ]);
  expect(plan.json().rows[1].fields).toEqual([{ field: 'email', verdict: 'send' }]);
  expect((await push('apply', '--dry-run')).out).toContain('firstName');
  for (const id of [conflict, merged, bad, gone]) expect(await statusOf(id)).toBe('pending');
  expect(await truthOf(simulator, 'patients')).toHaveLength(20);

  const shown = await push('plan', '--show-values', '--json');
  expect(shown.json().rows[0].fields).toEqual([
    {
      field: 'firstName',
      verdict: 'conflict',
      stored: conflicting.firstName,
      wanted: `${MARK} ours`,
      now: `${MARK} theirs`,
    },
  ]);
  expect(
    await count(database.url, `SELECT count(*) FROM lobbie_sync.audit_log WHERE action = 'push.show_values'`),
  ).toBe(1);

  const apply = await push('apply', '--json');
  expect(apply.code).toBe(6);
  expect(apply.json()).toMatchObject({
    status: 'partial',
    exitCode: 6,
    undecided: 2,
    counts: { succeeded: 1, conflict: 1, rejected: 1, failed: 0 },
  });
  const runs = await query<Stored>(database.url, 'SELECT * FROM lobbie_sync.runs WHERE id = $1', [apply.json().runId]);
  expect(runs[0]).toMatchObject({ kind: 'push', status: 'partial', requests: '3', rows_updated: '1' });

  const conflicts = await push('conflicts', '--json');
  expect(conflicts.json().rows).toHaveLength(1);
  expect(conflicts.json().rows[0]).toMatchObject({ id: conflict, conflictFields: ['firstName'], needs: 'decision' });
  const values = await push('conflicts', '--show-values');
  expect(values.out).toContain(`Lobbie has "${MARK} theirs"`);

  expect((await push('resolve', conflict ?? '')).code).toBe(2);
  expect((await push('resolve', conflict ?? '', '--field', 'firstName=ours')).code).toBe(0);
  expect((await push('resolve', conflict ?? '', '--ours')).code).toBe(2);
  expect((await push('approve', gone ?? '', '--json')).json()).toEqual({ ids: [gone], left: [] });
  const done = await push('apply');
  expect(done.code).toBe(0);
  expect(done.out).toContain('2 changes delivered');
  const after = await truthOf(simulator, 'patients');
  expect(after.find((each) => each.id === conflicting.id).firstName).toBe(`${MARK} ours`);
  expect(after.some((each) => each.id === patients[5].id)).toBe(false);

  const status = await push('status', '--json');
  expect(status.json()).toMatchObject({ counts: { succeeded: 3, rejected: 1 }, needsPerson: 0 });
  expect(status.json().rows).toHaveLength(1);
  expect(status.json().rows[0].error).toBe('lastName: expected text, got a number');
  expect((await push('status')).out).toContain('lastName: expected text');
});

test('--yes delivers deletes', async () => {
  const [id] = await enqueue(database.url, [{ operation: 'delete', target: patients[6].id }]);
  const waiting = await push('apply');
  expect(waiting.code).toBe(6);
  expect(waiting.out).toContain('push status');
  expect((await push('apply', '--yes')).code).toBe(0);
  expect(await statusOf(id)).toBe('succeeded');
});

test('a selection leaves other rows alone', async () => {
  const [one, two] = await enqueue(database.url, [
    { target: patients[7].id, changes: { gender: 'One' } },
    { target: patients[8].id, changes: { gender: 'Two' } },
  ]);
  expect((await push('apply', two ?? '')).code).toBe(0);
  expect([await statusOf(one), await statusOf(two)]).toEqual(['pending', 'succeeded']);
  expect((await push('apply', '--resource', 'appointments')).code).toBe(0);
  expect(await statusOf(one)).toBe('pending');
  expect((await push('cancel', one ?? '', two ?? '', '--json')).json()).toEqual({ ids: [one], left: [two] });
  expect((await push('cancel')).code).toBe(2);
  expect((await push('apply', '--resource', 'labs')).code).toBe(2);
  expect((await push('apply', '--account', '9')).code).toBe(2);
});

test('pause and resume', async () => {
  const [id] = await enqueue(database.url, [{ target: patients[9].id, changes: { gender: 'Paused' } }]);
  expect((await push('pause', '--reason', 'maintenance')).code).toBe(0);
  const held = await push('apply');
  expect(held.code).toBe(5);
  expect(held.out).toContain('paused');
  expect((await push('status')).out).toContain('maintenance');
  expect((await push('resume')).code).toBe(0);
  expect((await push('apply', '--max-changes', '5')).code).toBe(0);
  expect(await statusOf(id)).toBe('succeeded');
});

test('retry tries what was rejected, when it is named', async () => {
  const [id] = await enqueue(database.url, [{ target: patients[10].id, changes: { email: MARK } }]);
  expect((await push('apply')).code).toBe(4);
  expect((await push('retry', '--json')).json().ids).toEqual([]);
  expect((await push('retry', '--all', '--json')).json().ids).toContain(id);
  expect((await push('apply')).code).toBe(4);
  expect(await statusOf(id)).toBe('rejected');
});

test('none of it prints a person', () => {
  expect(printed.length).toBeGreaterThan(1000);
  expect(printed).not.toContain(MARK);
});
