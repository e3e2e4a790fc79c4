import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { callCommand, untilSo } from '../support/command.ts';
import { createDatabase, dropDatabase, useTestDatabase } from '../support/database.ts';
import { withClient } from '../support/databases.ts';

const BIN = fileURLToPath(new URL('../../bin/lobbie-sync.js', import.meta.url));
const DAY_MS = 86_400_000;

// biome-ignore lint/suspicious/noExplicitAny: what a command prints is checked by each test
type Json = any;
type Env = Record<string, string>;

const database = useTestDatabase();
let simulator: Simulator;
let cwd: string;
/** Everything that any command printed; no patient's data may be in it. */
let printed = '';

beforeAll(async () => {
  simulator = await startSimulator({ patients: 12, accounts: [1001], now: new Date().toISOString() });
  cwd = await mkdtemp(join(tmpdir(), 'lobbie-sync-night-'));
});

afterAll(async () => {
  await simulator.stop();
  await rm(cwd, { recursive: true, force: true });
});

const settings = (): Env => ({
  LOBBIE_API_URL: simulator.url,
  LOBBIE_TOKEN_URL: simulator.tokenUrl,
  LOBBIE_CLIENT_ID: 'demo-client',
  LOBBIE_CLIENT_SECRET: 'demo-secret',
  LOBBIE_ACCOUNT_IDS: '1001',
  LOBBIE_REQUESTS_PER_SECOND: '2000',
  // Every delete needs a person.
  LOBBIE_DELETE_THRESHOLD: '0',
  DATABASE_URL: database.url,
  LOBBIE_SYNC_PORT: '0',
  LOG_FORMAT: 'json',
});

interface Started {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<number | null>;
}

function start(args: readonly string[], more: Env = {}): Started {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    env: { PATH, ...settings(), ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    printed += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    printed += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, out: () => out, err: () => err, ended };
}

/** Within this process; `serve` is only ever started in its own. */
async function cli(args: readonly string[], more: Env = {}) {
  const finished = await callCommand(args, { env: { ...settings(), ...more }, cwd });
  printed += finished.out + finished.err;
  return finished;
}

async function refusedServe(more: Env) {
  const started = start(['serve'], more);
  return { code: await started.ended, err: started.err() };
}

async function query(sql: string): Promise<Json[]> {
  return await withClient(database.url, async (client) => (await client.query(sql)).rows);
}

async function admin(path: string, body: unknown): Promise<void> {
  const response = await fetch(`${simulator.adminUrl}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
}

const resources = (run: Json): string[] => run.resources.map((each: { resource: string }) => each.resource);

describe('nights', () => {
  test('a backfill, a day that passes, a plan that sends nothing, a sync that holds deletes', async () => {
    expect((await cli(['backfill', '--quiet'])).code).toBe(0);

    await admin('evolve', { days: 1 });
    const gone = await query('SELECT id FROM lobbie.staff WHERE account_id = 1001 ORDER BY id LIMIT 2');
    for (const { id } of gone) await admin('hide', { account: 1001, resource: 'staff', id: Number(id) });
    simulator.resetStats();
    const planned = await cli(['plan', '--json', '--max-requests', '40']);
    expect(planned.code).toBe(0);
    expect(planned.json()).toMatchObject({ budget: 40, freshnessDays: 30, requests: expect.any(Number) });
    const plan = await cli(['plan'], { LOBBIE_NIGHTLY_MAX_REQUESTS: '7' });
    expect(plan.out).toContain('whole lists');
    expect(plan.out).toMatch(/^The budget of 7 ends before/m);
    expect(plan.out).toMatch(/^Freshness target of 30 days: not met/m);
    expect(simulator.stats()).toMatchObject({ requests: 0, tokenCalls: 0 });

    const stopped = await cli(['sync', '--json'], { LOBBIE_NIGHTLY_MAX_REQUESTS: '2' });
    expect({ code: stopped.code, status: stopped.json().status }).toEqual({ code: 5, status: 'incomplete' });

    const synced = await cli(['sync']);
    expect(synced.code).toBe(6);
    expect(synced.out).toMatch(/^2 deletes wait for a person: npx lobbie-sync deletes list$/m);
  });

  test('held deletes are listed, reported by status, approved and restored', async () => {
    const listed = (await cli(['deletes', 'list', '--json'])).json();
    expect(listed).toMatchObject({
      status: 'held',
      total: 2,
      groups: [{ accountId: '1001', resource: 'staff', deletes: 2, rows: expect.any(Number) }],
    });
    expect(listed.deletes.map((each: Json) => each.status)).toEqual(['held', 'held']);
    const status = (await cli(['status', '--json'])).json();
    expect(status).toMatchObject({
      ok: false,
      sentence: 'Not well: 2 deletes wait for a person.',
      floor: { kept: true, sentence: 'Everything was checked within 30 days.' },
      held: [{ deletes: 2 }],
    });

    const [first] = listed.deletes;
    const one = await cli(['deletes', 'approve', first.id, '--json']);
    expect(one.code).toBe(0);
    expect(one.json()).toMatchObject({ applied: 1, kept: 0, open: 0, exitCode: 0 });
    // It is decided about already.
    expect((await cli(['deletes', 'approve', first.id])).code).toBe(2);
    const rest = await cli(['deletes', 'approve', '--account', '1001', '--resource', 'staff']);
    expect({ code: rest.code, out: rest.out }).toEqual({
      code: 0,
      out: '1 delete applied, 0 kept because Lobbie still has them\n',
    });
    expect(await query('SELECT count(*)::int AS n FROM lobbie.staff WHERE _deleted_at IS NOT NULL')).toEqual([
      { n: 2 },
    ]);

    const text = (await cli(['status'])).out;
    expect(text).toMatch(/^All is well: sync \d+ read everything/);
    expect(text).toContain('Everything was checked within 30 days.');
    expect((await cli(['deletes', 'restore', first.id])).out).toMatch(/^1 row is back/);
    expect(await query('SELECT count(*)::int AS n FROM lobbie.staff WHERE _deleted_at IS NOT NULL')).toEqual([
      { n: 1 },
    ]);
  });
});

describe('a backfill that is narrowed', () => {
  test('to a stretch of time reads the lists by date, and the run says so', async () => {
    const from = new Date(Date.now() - 20 * DAY_MS).toISOString().slice(0, 10);
    const result = await cli(['backfill', '--json', '--from', from, '--resource', 'appointments,invoices']);
    expect(result.code).toBe(0);
    const run = result.json();
    expect(run).toMatchObject({ kind: 'backfill', status: 'succeeded', held: 0 });
    expect(run.selection.target).toEqual({ from: `${from}T00:00:00Z`, to: null });
    expect(resources(run)).toEqual(['appointments', 'invoices']);
    const budget = ['backfill', '--json', '--to', '2026-01-31', '--resource', 'invoices', '--max-requests', '1'];
    const stopped = await cli(budget);
    expect(stopped.code).toBe(5);
    expect(stopped.json().next).toEqual(['npx lobbie-sync backfill --resource invoices --to 2026-02-01T00:00:00Z']);
  });

  test('to patients reads what belongs to them', async () => {
    const [{ id }] = await query('SELECT id FROM lobbie.patients WHERE _deleted_at IS NULL ORDER BY id LIMIT 1');
    await query(`DELETE FROM lobbie.patients WHERE id = ${id}`);
    await query(`DELETE FROM lobbie.allergies WHERE patient_id = ${id}`);
    const result = await cli(['backfill', '--json', '--patient', id]);
    expect(result.code).toBe(0);
    expect(resources(result.json())).toEqual(expect.arrayContaining(['patients', 'appointments', 'problems']));
    expect(await query(`SELECT id FROM lobbie.patients WHERE id = ${id}`)).toHaveLength(1);
  });

  test('what does not go together is a usage error', async () => {
    const results = await Promise.all([
      cli(['sync', '--patient', '7']),
      cli(['backfill', '--from', '2026-02-30']),
      cli(['backfill', '--from', '2026-01-01', '--resource', 'staff']),
      cli(['deletes', 'approve']),
    ]);
    expect(results.map((each) => each.code)).toEqual([2, 2, 2, 2]);
    const words = ['backfill --patient', 'a day like 2026-01-31', "staff can't be read by date", '--all'];
    for (const [index, word] of words.entries()) expect(results[index]?.err).toContain(word);
  });
});

describe('serve', () => {
  const running: Started[] = [];
  afterEach(() => {
    for (const each of running.splice(0)) each.child.kill('SIGKILL');
  });

  function serve(args: readonly string[], more: Env = {}): Started {
    const started = start(['serve', ...args], more);
    running.push(started);
    return started;
  }

  /** Its address, from its log: it is up before the database is. */
  async function addressOf(started: Started): Promise<string> {
    await untilSo(started, () => started.err().includes('the status page is up'));
    return /"url":"([^"]+)"/.exec(started.err())?.[1] ?? '';
  }

  test('answers, makes up for a missed nightly sync within its budget, and drains on SIGTERM', async () => {
    const due = new Date(Date.now() - 2 * DAY_MS).toISOString();
    await query(`INSERT INTO lobbie_sync.schedule (job, due_at, status) VALUES ('sync', '${due}', 'first_start')`);
    const served = serve(['--json'], {
      LOBBIE_SYNC_ADMIN_TOKEN: 'admin-token-canary',
      LOBBIE_NIGHTLY_MAX_REQUESTS: '3',
    });
    await untilSo(served, () => served.out().includes('}'));
    const { url, ...told } = JSON.parse(served.out());
    expect(told).toMatchObject({ cron: '0 2 * * *', timezone: 'UTC', alerts: false, pid: served.child.pid });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ ready: true, reasons: [] });
    expect((await fetch(`${url}/api/status`)).status).toBe(401);
    const night = () =>
      query("SELECT status, exit_code, run_id FROM lobbie_sync.schedule WHERE due_at > now() - interval '26 hours'");
    await expect.poll(night, { interval: 200 }).toMatchObject([{ status: 'incomplete', exit_code: 5 }]);
    const metrics = await fetch(`${url}/metrics`, { headers: { authorization: 'Bearer admin-token-canary' } });
    expect(await metrics.text()).toContain('lobbie_sync_limiter_configured_rate 2000');
    served.child.kill('SIGTERM');
    expect(await served.ended).toBe(0);
    expect(served.err()).toContain('SIGTERM');
    expect(served.out() + served.err()).not.toContain('canary');
    const [{ run_id: runId }] = await night();
    expect(await query(`SELECT kind, requests::int FROM lobbie_sync.runs WHERE id = ${runId}`)).toEqual([
      { kind: 'sync', requests: 3 },
    ]);
  });

  test('waits for a database that is away, and ends on request', async () => {
    const served = serve([], { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' });
    const url = await addressOf(served);
    await untilSo(served, () => served.err().includes('the database is away'));
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${url}/readyz`);
    expect({ status: ready.status, ...((await ready.json()) as object) }).toMatchObject({
      status: 503,
      reasons: ['database_unreachable'],
    });
    served.child.kill('SIGTERM');
    expect(await served.ended).toBe(0);
  });

  test('refuses a database that lacks migrations, and brings them with --migrate', async () => {
    const empty = await createDatabase({ from: 'nothing' });
    const env = { DATABASE_URL: empty.url };
    const refused = await refusedServe(env);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('lobbie-sync migrate');
    const served = serve(['--migrate'], env);
    await untilSo(served, () => /^Serving http:\S+; the next sync begins /.test(served.out()));
    served.child.kill('SIGTERM');
    expect(await served.ended).toBe(0);
    await dropDatabase(empty);
  });

  test('refuses to be open to everybody', async () => {
    const refused = await refusedServe({ LOBBIE_SYNC_HOST: '0.0.0.0' });
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('LOBBIE_SYNC_ADMIN_TOKEN');
  });
});

test('nothing that was printed holds data of a patient', async () => {
  const rows = await query('SELECT last_name FROM lobbie.patients');
  expect(rows.length).toBeGreaterThan(0);
  for (const { last_name: name } of rows) expect(printed).not.toContain(name);
});
