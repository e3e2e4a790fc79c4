import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { callCommand } from '../support/command.ts';
import { createDatabase, dropDatabase, useTestDatabase } from '../support/database.ts';
import { withClient } from '../support/databases.ts';

const BIN = fileURLToPath(new URL('../../bin/lobbie-sync.js', import.meta.url));

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly json: () => Json;
}

// biome-ignore lint/suspicious/noExplicitAny: what a command prints is checked by each test
type Json = any;

type Env = Record<string, string | undefined>;

const database = useTestDatabase();
let simulator: Simulator;
let cwd: string;
/** Everything that any command printed; no patient's data may be in it. */
let printed = '';

beforeAll(async () => {
  simulator = await startSimulator({ patients: 10 });
  cwd = await mkdtemp(join(tmpdir(), 'lobbie-sync-cli-'));
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
  LOBBIE_ACCOUNT_IDS: '1001,1002',
  LOBBIE_REQUESTS_PER_SECOND: '2000',
  DATABASE_URL: database.url,
});

interface RunOptions {
  readonly env?: Env;
  /** In a process of its own, as a person starts it. Default: only with a signal. */
  readonly alone?: boolean;
  /** Sent once standard output or standard error matches. */
  readonly signal?: { readonly when: RegExp; readonly name: NodeJS.Signals };
}

async function cli(
  args: readonly string[],
  { env = settings(), signal, alone = signal !== undefined }: RunOptions = {},
): Promise<Result> {
  if (!alone) {
    const finished = await callCommand(args, { env, cwd });
    if (!args.includes('--show-values')) printed += finished.out + finished.err;
    return finished;
  }
  const { PATH } = process.env;
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    env: { PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  let sent = false;
  const heard = () => {
    if (signal === undefined || sent || !signal.when.test(out + err)) return;
    sent = true;
    child.kill(signal.name);
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    heard();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    heard();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (!args.includes('--show-values')) printed += out + err;
  return { code, out, err, json: () => JSON.parse(out) };
}

describe('usage', () => {
  test('help names every command and exits 0', async () => {
    const { code, out, err } = await cli(['--help'], { env: {}, alone: true });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const name of [
      'demo',
      'doctor',
      'resources',
      'migrate',
      'backfill',
      'sync',
      'verify',
      'status',
      'runs',
      'rejects',
      'simulate',
    ]) {
      expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
  });

  test.each([
    [['backfill', '--bogus'], '--bogus'],
    [['nothing-like-it'], 'nothing-like-it'],
    [['backfill', '--account', 'abc'], 'abc'],
    [['backfill', '--max-requests', '0'], '--max-requests'],
    [['runs', 'show', 'abc'], 'abc'],
    [['backfill', '--resource', 'patiens'], 'Did you mean patients'],
    [['backfill', '--account', '9999'], '9999'],
    [['rejects', 'replay', '1', '--resource', 'labs'], 'not both'],
  ])('%j exits 2 and says why', async (args, words) => {
    const { code, out, err } = await cli(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(words);
  });

  test('a usage error is JSON with --json', async () => {
    const result = await cli(['backfill', '--bogus', '--json'], { alone: true });
    expect(result.code).toBe(2);
    expect(result.json()).toMatchObject({ error: { code: 'usage' }, exitCode: 2 });
  });

  test('missing settings are named all at once', async () => {
    const result = await cli(['backfill', '--json'], { env: { DATABASE_URL: database.url } });
    expect(result.code).toBe(2);
    for (const name of ['LOBBIE_CLIENT_ID', 'LOBBIE_CLIENT_SECRET', 'LOBBIE_ACCOUNT_IDS'])
      expect(result.err).toContain(name);
    expect(result.json()).toMatchObject({ error: { code: 'config.invalid' }, exitCode: 2 });
  });

  test('a database that is away exits 1 with what to do', async () => {
    const { code, err } = await cli(['status'], { env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' } });
    expect(code).toBe(1);
    expect(err).toContain('DATABASE_URL');
  });

  test('resources are described with the classes of their columns', async () => {
    const { resources } = (await cli(['resources', '--json'], { env: {} })).json();
    const patients = resources.find((each: { name: string }) => each.name === 'patients');
    expect(patients).toMatchObject({ table: 'lobbie.patients', cost: 'n/100', getOperation: 'getPatient' });
    expect(patients.columns).toContainEqual({ name: 'last_name', type: 'text', phi: 'direct' });
    expect((await cli(['resources'], { env: {} })).out).toContain('allergies');
  });
});

describe('an empty database', () => {
  test('status says what is missing, migrate brings it, twice', async () => {
    const empty = await createDatabase({ from: 'nothing' });
    const env = { DATABASE_URL: empty.url };
    expect((await cli(['status', '--json'], { env })).json()).toMatchObject({ ok: false });
    expect((await cli(['backfill'], { env: { ...settings(), ...env } })).code).toBe(2);
    const first = await cli(['migrate', '--json'], { env });
    expect(first.json()).toMatchObject({ upToDate: false });
    expect((await cli(['migrate'], { env })).out).toContain('up to date');
    expect((await cli(['status'], { env })).out).toMatch(/^Not well: nothing was read yet/);
    await dropDatabase(empty);
  });
});

describe('a wrong secret', () => {
  test('a run exits 3 and is recorded as failed', async () => {
    const result = await cli(['backfill', '--json'], { env: { ...settings(), LOBBIE_CLIENT_SECRET: 'wrong' } });
    expect(result.code).toBe(3);
    expect(result.json()).toMatchObject({ status: 'failed', exitCode: 3 });
    expect(result.out + result.err).not.toContain('wrong');
  });

  test('doctor exits 3', async () => {
    const result = await cli(['doctor', '--json'], { env: { ...settings(), LOBBIE_CLIENT_SECRET: 'wrong' } });
    expect(result.code).toBe(3);
    const token = result.json().findings.find((each: { name: string }) => each.name === 'token');
    expect(token).toMatchObject({ ok: false, hint: expect.stringContaining('LOBBIE_CLIENT_SECRET') });
  });
});

describe('a backfill', () => {
  test('its JSON is alone on standard output and agrees with runs and status', async () => {
    const result = await cli(['backfill', '--json'], { alone: true });
    expect({ code: result.code, err: result.err }).toMatchObject({ code: 0 });
    const run = result.json();
    expect(run).toMatchObject({ kind: 'backfill', status: 'succeeded', exitCode: 0, problems: [], next: [] });
    expect(run.resources.find((each: { resource: string }) => each.resource === 'patients')).toMatchObject({
      inserted: 20,
    });
    expect(run.counts.read).toBe(run.resources.reduce((sum: number, each: { read: number }) => sum + each.read, 0));

    const { exitCode: _code, hint: _hint, ...same } = run;
    expect((await cli(['runs', 'show', run.runId, '--json'])).json()).toMatchObject(same);
    const [latest] = (await cli(['runs', '--json'])).json().runs;
    expect(latest).toMatchObject({ runId: run.runId, status: 'succeeded', rowsRead: run.counts.read });
    const status = (await cli(['status', '--json'])).json();
    expect(status).toMatchObject({ ok: true, openRejects: [], pendingMigrations: [], succeededSince: true });
    expect(status.lists.every((list: { lastCertifiedAt: string | null }) => list.lastCertifiedAt !== null)).toBe(true);
    expect((await cli(['status'])).out).toMatch(/^All is well: backfill \d+ succeeded/);
    expect((await cli(['runs'])).out).toContain('succeeded');
  });

  test('--quiet prints nothing when all went well', async () => {
    const { code, out, err } = await cli(['sync', '--quiet', '--resource', 'staff'], { alone: true });
    expect({ code, out, err }).toEqual({ code: 0, out: '', err: '' });
  });

  test('a list that fails makes it partial, and its command reads only that', async () => {
    simulator.setFaults([{ kind: 'status', status: 403, operation: 'listInvoices', accountId: 1001 }]);
    const result = await cli(['backfill', '--json', '--resource', 'invoices', '--resource', 'staff']);
    expect(result.code).toBe(4);
    const run = result.json();
    expect(run).toMatchObject({ status: 'partial', problems: [{ code: 'api.forbidden' }, {}, {}] });
    const status = (await cli(['status'])).out;
    expect(status).toMatch(/^Not well: backfill \d+ ended partial/);
    expect(run.next).toHaveLength(1);
    expect(status).toContain(run.next[0]);
    simulator.setFaults([]);
    simulator.resetStats();
    const again = await cli(run.next[0].split(' ').slice(2));
    expect(again.code).toBe(0);
    expect(simulator.stats().perOperation).not.toHaveProperty('listStaff');
  });

  test('a budget ends it as incomplete', async () => {
    const { code, out } = await cli(['backfill', '--resource', 'labs', '--max-requests', '2']);
    expect(code).toBe(5);
    expect(out).toContain('npx lobbie-sync backfill --resource labs');
    expect((await cli(['backfill', '--resource', 'labs', '--quiet'])).code).toBe(0);
  });

  test('SIGTERM stops it in an orderly way', async () => {
    const env = { ...settings(), LOBBIE_REQUESTS_PER_SECOND: '5' };
    const wanted = ['--resource', 'allergies', '--resource', 'problems'];
    const command = `npx lobbie-sync backfill ${wanted.join(' ')}`;
    const stopped = await cli(['backfill', '--json', ...wanted], { env, signal: { when: /begins/, name: 'SIGTERM' } });
    expect(stopped.code).toBe(5);
    expect(stopped.err).toContain('SIGTERM: stopping after the current batch');
    expect(stopped.json()).toMatchObject({ status: 'incomplete', exitCode: 5, next: [command] });
    const { code, err } = await cli(['backfill', ...wanted]);
    expect(code).toBe(0);
    expect(err).toContain('continues where an interrupted one stopped');
  });
});

describe('a process that was killed', () => {
  test('its run is reported as abandoned until the next one closes it', async () => {
    const env = { ...settings(), LOBBIE_REQUESTS_PER_SECOND: '1' };
    const killed = await cli(['sync', '--resource', 'problems'], { env, signal: { when: /begins/, name: 'SIGKILL' } });
    expect(killed.code).toBe(null);
    const status = (await cli(['status', '--json'])).json();
    expect(status).toMatchObject({ ok: false, running: [], abandoned: [{ kind: 'sync' }] });
    expect((await cli(['sync', '--quiet', '--resource', 'problems'])).code).toBe(0);
    expect((await cli(['status', '--json'])).json()).toMatchObject({ ok: true, abandoned: [] });
  });
});

describe('deliveries', () => {
  const insert = `INSERT INTO lobbie_push.outbox (resource, operation, account_id, target_id, changes, status, requested_at, completed_at)
    VALUES ('patients', $1, 1001, $2, $3, $4, now() - interval '5 hours', $5)`;
  const row = (operation: string, status: string, completedAt: Date | null = null) => [
    ...[operation, operation === 'create' ? null : 999_999, { firstName: 'Qvpushmarkqv' }, status, completedAt],
  ];

  test('status does not mention them while there are none', async () => {
    expect((await cli(['status'])).out).not.toMatch(/push|deliver/i);
    expect((await cli(['status', '--json'])).json().outbox).toMatchObject({ needsPerson: 0, oldestWaiting: null });
  });

  test('status reports what waits for a person, what was lost and the pause; the mirror is well all the same', async () => {
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
    await withClient(database.url, async (client) => {
      for (const values of [
        ...[row('update', 'conflict'), row('create', 'conflict'), row('delete', 'pending'), row('create', 'pending')],
        ...[row('create', 'rejected', hoursAgo(2)), row('create', 'failed', hoursAgo(30))],
        row('create', 'succeeded', hoursAgo(1)),
      ]) {
        await client.query(insert, values);
      }
      await client.query(
        `INSERT INTO lobbie_sync.runs (kind, status, started_at, finished_at) VALUES ('push', 'partial', now(), now())`,
      );
    });
    expect((await cli(['push', 'pause', '--reason', 'the cap is reached'])).code).toBe(0);
    const status = (await cli(['status', '--json'])).json();
    expect(status).toMatchObject({
      ok: true,
      outbox: {
        paused: { reason: 'the cap is reached' },
        counts: { pending: 2, conflict: 2, rejected: 1, failed: 1, succeeded: 1, in_flight: 0 },
        needsPerson: 3,
        lostToday: 1,
      },
    });
    // A delivery that did not end well is no trouble of the mirror, and there are many of them.
    expect(status.runs.map((each: Json) => each.kind)).not.toContain('push');
    expect((await cli(['runs', 'list', '--json'])).json().runs[0]).toMatchObject({ kind: 'push', status: 'partial' });
    expect(status).toMatchObject({ lastSuccess: { kind: 'sync' }, succeededSince: true });
    expect(status.lastUnsuccessful.kind).not.toBe('push');
    expect(status.sentence).toMatch(
      /^All is well: .*; deliveries are paused; 3 changes wait for a person; 1 change was refused or given up within a day \(push status\)\.$/,
    );
    const { out } = await cli(['status']);
    expect(out).toContain(status.sentence);
    expect(out).toContain('Changes on their way to Lobbie (npx lobbie-sync push status)');
    expect(out).toMatch(/^ {2}paused since .* by cli:.*: the cap is reached$/m);
    expect(out).toMatch(/^ {2}conflict {3}2$/m);
    expect(out).not.toMatch(/^ {2}in_flight/m);
    expect(out).toContain('the oldest open row is 5 hours old');
    expect(out).not.toContain('Qvpushmarkqv');
    await withClient(database.url, (client) => client.query('DELETE FROM lobbie_push.outbox'));
    expect((await cli(['push', 'resume'])).code).toBe(0);
    expect((await cli(['status'])).out).not.toMatch(/^Changes on their way/m);
  });
});

describe('rejects', () => {
  test('are listed and shown without values, and with them only on request', async () => {
    simulator.setFaults([{ kind: 'bad-record', operation: 'listPatients', accountId: 1001, times: 1 }]);
    const run = (await cli(['backfill', '--json', '--restart', '--resource', 'patients'])).json();
    simulator.setFaults([]);
    expect(run.counts.rejected).toBeGreaterThan(0);
    expect((await cli(['runs', 'show', run.runId])).out).toContain(`rejects list --run ${run.runId}`);
    const { rejects } = (await cli(['rejects', 'list', '--json', '--run', run.runId, '--resource', 'patients'])).json();
    expect(rejects).toHaveLength(run.counts.rejected);
    const [{ id }] = rejects;
    const reject = (await cli(['rejects', 'show', id, '--json'])).json();
    expect(reject).not.toHaveProperty('record');
    expect(reject.fields).toContain('lastName');
    const { out } = await cli(['rejects', 'show', id]);
    expect(out).toContain(reject.reason);
    const shown = (await cli(['rejects', 'show', id, '--show-values', '--json'])).json();
    expect(shown.record).toHaveProperty('lastName');
    const audit = await withClient(database.url, (client) =>
      client.query("SELECT subject FROM lobbie_sync.audit_log WHERE action = 'rejects.show_values'"),
    );
    expect(audit.rows).toEqual([{ subject: { reject: id } }]);
    const replayed = await cli(['rejects', 'replay', id, '--json']);
    expect(replayed.json()).toMatchObject({ replayed: [], failed: [{ id }] });
    expect(replayed.code).toBe(4);
    expect((await cli(['rejects', 'show', '999999'])).code).toBe(2);
  });
});

describe('doctor and verify', () => {
  test('doctor finds all well', async () => {
    const result = await cli(['doctor', '--json']);
    const others = result.json().findings.filter((each: { ok: unknown }) => each.ok !== true);
    // A warning is no reason for another exit code.
    expect(others).toMatchObject([{ name: 'body of createAppointment', area: 'settings', ok: 'warning' }]);
    expect({ code: result.code, ok: result.json().ok }).toEqual({ code: 0, ok: true });
  });

  test('doctor without settings exits 2 and still looks at the database', async () => {
    const { code, out } = await cli(['doctor'], { env: { DATABASE_URL: database.url } });
    expect(code).toBe(2);
    expect(out).toContain('LOBBIE_CLIENT_ID is required');
    expect(out).toContain('Postgres');
  });

  test('verify exits 0, and 7 on a gap that it names', async () => {
    expect((await cli(['verify', '--resource', 'staff', '--sample', '2'])).code).toBe(0);
    const { rows } = await withClient(database.url, (client) =>
      client.query<{ id: string }>(
        'DELETE FROM lobbie.staff WHERE account_id = 1001 AND id = (SELECT min(id) FROM lobbie.staff WHERE account_id = 1001) RETURNING id',
      ),
    );
    const result = await cli(['verify', '--resource', 'staff', '--sample', '2', '--json']);
    expect(result.code).toBe(7);
    const report = result.json();
    expect(report.gaps).toBe(1);
    expect(report.lists.flatMap((list: { missingKeys: string[] }) => list.missingKeys)).toEqual([rows[0]?.id]);
    expect((await cli(['verify', '--resource', 'staff', '--sample', '2'])).out).toContain('1 gap');
  });
});

describe('simulate and demo', () => {
  test('simulate reports how to reach it and ends on SIGTERM', async () => {
    const result = await cli(['simulate', '--port', '0', '--patients', '5', '--json'], {
      env: {},
      signal: { when: /"settings"[^}]*\}\s*\}/, name: 'SIGTERM' },
    });
    expect(result.code).toBe(0);
    expect(result.json()).toMatchObject({
      settings: { LOBBIE_CLIENT_ID: 'demo-client', LOBBIE_ACCOUNT_IDS: '1001,1002' },
    });
  });

  test('a simulator that does not start is reported', async () => {
    const { code, err } = await cli(['simulate', '--port', '0', '--faults', 'missing.json'], { env: {} });
    expect(code).toBe(2);
    expect(err).toContain('the simulator is not running');
  });

  test('the demo answers its questions, whatever the settings are, and stops what it started', async () => {
    const env = { ...settings(), DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' };
    const result = await cli(['demo', '--json', '--patients', '20'], { env, alone: true });
    expect(result.err).not.toContain('error:');
    expect(result.code).toBe(0);
    const demo = result.json();
    expect(demo).toMatchObject({ ok: true, kept: false, run: { status: 'succeeded' } });
    expect(demo.answers.length).toBeGreaterThanOrEqual(4);
    expect((await cli(['demo', '--stop', '--json'], { env: {} })).json()).toEqual({ stopped: [] });
  });
});

test('nothing that was printed holds data of a patient', async () => {
  const { rows } = await withClient(database.url, (client) =>
    client.query<{ email: string | null; phone: string | null; name: string | null }>(
      `SELECT email, mobile_phone AS phone, first_name || ' ' || last_name AS name FROM lobbie.patients`,
    ),
  );
  const marks = rows.flatMap((row) => [row.email, row.phone, row.name]).filter((mark) => (mark?.length ?? 0) > 6);
  expect(marks.length).toBeGreaterThan(20);
  expect(marks.filter((mark) => printed.includes(mark as string))).toEqual([]);
});
