import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { callCommand } from '../support/command.ts';
import { useTestDatabase } from '../support/database.ts';
import { withClient } from '../support/databases.ts';
import { count, query } from '../support/harness.ts';
import { enqueue, rowsOf, type Stored } from '../support/push.ts';

/** The real command against a real database; Lobbie is not needed. */

const BIN = fileURLToPath(new URL('../../bin/lobbie-sync.js', import.meta.url));
/** Stands in every bad value; no output may hold it. */
const MARKER = 'Zyxmarker';

const database = useTestDatabase();
let cwd: string;
let printed = '';

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'lobbie-sync-add-'));
});
beforeEach(async () => {
  await query(database.url, 'TRUNCATE lobbie_push.outbox');
});
afterAll(async () => {
  await rm(cwd, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a command prints is checked by each test
  json(): any;
}

/** `push add` with a file of its own, with standard input (`-`), or with what is there already (null). */
async function add(name: string, content: string | null, args: readonly string[] = ['--json']): Promise<Ended> {
  if (name !== '-' && content !== null) await writeFile(join(cwd, name), content);
  const command = ['push', 'add', '--file', name, ...args];
  const ended = name === '-' ? await pipe(command, content) : await callCommand(command, { env: settings(), cwd });
  printed += ended.out + ended.err;
  return ended;
}

const settings = () => ({
  LOBBIE_API_URL: 'http://127.0.0.1:9',
  LOBBIE_TOKEN_URL: 'http://127.0.0.1:9/token',
  LOBBIE_CLIENT_ID: 'demo-client',
  LOBBIE_CLIENT_SECRET: 'demo-secret',
  LOBBIE_ACCOUNT_IDS: '1001',
  DATABASE_URL: database.url,
  LOG_LEVEL: 'trace',
  LOG_FORMAT: 'json',
});

/** A process of its own, with something on its standard input. */
async function pipe(command: readonly string[], input: string | null): Promise<Ended> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [BIN, ...command], { cwd, env: { PATH, ...settings() } });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, err, json: () => JSON.parse(out) };
}

const rows = () => rowsOf(database.url);
const reported = (ended: Ended): string[] =>
  ended.json().faults.map(({ line, field, problem }: Stored) => `${line} ${field}: ${problem}`);
const audits = () =>
  query<Stored>(database.url, `SELECT actor, subject FROM lobbie_sync.audit_log WHERE action = 'push.add' ORDER BY at`);

describe('a file in which nothing is wrong', () => {
  test('is inserted in its order, with all digits, as it was written', async () => {
    const text =
      '\uFEFFresource,operation,target_id,external_ref,allow_nulls,requestedBy,firstName,lastName,email,mobilePhone,note\r\n' +
      'patients,create,,crm-1,,,Ada,"Byron, ""Lovelace""",ada@example.com,,\r\n' +
      'patients,update,9007199254740993,,true,crm,,,\\N,(555) 010-0000,\r\n' +
      'patients,delete,17,crm-3,,,,,,,\r\n' +
      'appointments,update,18,crm-1,,,,,,,"two\r\nlines"\r\n';
    const ended = await add('rows.csv', text);
    expect({ code: ended.code, err: ended.err }).toEqual({ code: 0, err: '' });
    const stored = await rows();
    expect(ended.json()).toEqual({
      inserted: 4,
      firstId: stored[0].id,
      lastId: stored[3].id,
      lines: 4,
      faults: [],
      faultsTotal: 0,
    });
    const actor = stored[0].requested_by;
    expect(actor).toMatch(/^cli:/);
    expect(stored).toMatchObject([
      {
        ...{ resource: 'patients', operation: 'create', account_id: '1001', target_id: null, external_ref: 'crm-1' },
        ...{ allow_nulls: false, requested_by: actor, status: 'pending' },
        changes: { firstName: 'Ada', lastName: 'Byron, "Lovelace"', email: 'ada@example.com' },
      },
      {
        ...{ operation: 'update', target_id: '9007199254740993', external_ref: null, allow_nulls: true },
        ...{ requested_by: 'crm', changes: { email: null, mobilePhone: '(555) 010-0000' } },
      },
      { operation: 'delete', target_id: '17', changes: {}, approved_at: null },
      { resource: 'appointments', target_id: '18', location_id: null, changes: { note: 'two\r\nlines' } },
    ]);
    const kept = await audits();
    expect(kept.at(-1)).toEqual({ actor, subject: { rows: 4, firstId: stored[0].id, lastId: stored[3].id } });
  });

  test('may come by standard input, with what the options say for all lines', async () => {
    const lines = [
      {
        changes: {
          patientId: { externalRef: 'crm-9' },
          practitionerId: 2,
          appointmentTypeId: 3,
          startTime: '2027-03-01T15:00:00Z',
        },
      },
      {
        location_id: 6,
        changes: { patientId: 4, practitionerId: 2, appointmentTypeId: 3, startTime: '2027-03-01T16:00:00Z' },
      },
    ];
    const text = `\n${lines.map((line) => JSON.stringify(line)).join('\n\n')}`.replace(
      '"practitionerId":2',
      '"practitionerId":9007199254740993',
    );
    const options = ['--resource', 'appointments', '--operation', 'create', '--account', '1001', '--location', '5'];
    const ended = await add('-', text, ['--format', 'ndjson', ...options]);
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.out).toMatch(/^2 rows inserted, ids \d+ to \d+; next: npx lobbie-sync push plan\n$/);
    expect(await rows()).toMatchObject([{ location_id: '5' }, { location_id: '6', changes: lines[1]?.changes }]);
    const [first] = await query(
      database.url,
      `SELECT changes ->> 'practitionerId' AS practitioner FROM lobbie_push.outbox ORDER BY id`,
    );
    expect(first).toEqual({ practitioner: '9007199254740993' });
  });

  test('of 20,000 lines keeps its order', async () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `crm-${at},Ada,Byron ${at}`);
    const text = `external_ref,firstName,lastName\n${lines.join('\n')}\n`;
    const ended = await add('many.csv', text, ['--json', '--resource', 'patients', '--operation', 'create']);
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.json()).toMatchObject({ inserted: 20_000, lines: 20_000, faultsTotal: 0 });
    const outOfOrder = `SELECT count(*) FROM (SELECT external_ref, changes, row_number() OVER (ORDER BY id) - 1 AS at FROM lobbie_push.outbox) o
      WHERE external_ref <> 'crm-' || at OR changes ->> 'lastName' <> 'Byron ' || at`;
    expect(await count(database.url, outOfOrder)).toBe(0);
    expect(await count(database.url, 'SELECT count(*) FROM lobbie_push.outbox')).toBe(20_000);
  });

  test('is not inserted with --check, nor where it is empty', async () => {
    const text = 'resource,operation,target_id,email\npatients,update,5,ada@example.com\n';
    const before = (await audits()).length;
    const checked = await add('rows.csv', text, ['--json', '--check']);
    expect(checked.code).toBe(0);
    expect(checked.json()).toEqual({ inserted: 0, firstId: null, lastId: null, lines: 1, faults: [], faultsTotal: 0 });
    expect((await add('rows.csv', text, ['--check'])).out).toBe(
      '1 line checked: nothing is wrong; nothing was inserted\n',
    );
    expect(await add('none.ndjson', '\n\n', [])).toMatchObject({
      code: 0,
      out: 'the file has no lines; nothing was inserted\n',
    });
    expect(await rows()).toEqual([]);
    expect(await audits()).toHaveLength(before);
  });
});

describe('a file in which something is wrong', () => {
  test('is reported line by line, all at once, and nothing of it is inserted', async () => {
    const before = (await audits()).length;
    const text = [
      'resource,operation,account_id,location_id,target_id,external_ref,allow_nulls,firstName,lastName,email,status,Zyx Marker',
      `patients,create,,,,,,Ada,Byron,${MARKER} at example,,`,
      `${MARKER},create,,,,,,Ada,Byron,,,`,
      `patients,${MARKER},,,,,,Ada,Byron,,,`,
      `patients,update,${MARKER},${MARKER},${MARKER},,${MARKER},,,ada@example.com,,`,
      'patients,update,,,,,,,,\\N,,',
      `appointments,update,,,5,,,,,,${MARKER},`,
      `"${MARKER}"x,create,,,,,,Ada,Byron,,,`,
      `patients,create,,,,,,"Ada`,
      `${MARKER}",,,,`,
      `patients,create,,,,,${MARKER}`,
      'patients,create,,,,fine-1,,Ada,Byron,,,',
      'patients,update,1002,,5,fine-1,,,,ada@example.com,,',
      'patients,update,,,5,,,,,,,',
      `patients,update,,,5,,,,,${MARKER}"@example.com,,`,
    ];
    const wanted = [
      '1 (unprintable): is not a column that is known',
      '2 email: is not an e-mail address',
      '3 resource: must be patients or appointments',
      '4 operation: must be create or update or delete',
      '5 account_id: expected an id, got a text',
      '5 location_id: expected an id, got a text',
      '5 target_id: expected an id, got a text',
      '5 allow_nulls: must be true or false',
      '6 target_id: is required',
      '6 email: is null, which is sent only where allow_nulls is true',
      '7 status: must be one of SCHEDULED, CONFIRMED, CHECKED_IN, IN_TREATMENT, CHECKED_OUT, CANCELLED, NO_SHOW',
      '8 (line): has a quote within a cell that is not doubled',
      '9 lastName: is required',
      '11 (line): has 7 instead of 12 cells',
      '13 account_id: is not in LOBBIE_ACCOUNT_IDS',
      '14 changes: is empty',
      '15 (line): has a quote within a cell that is not quoted as a whole',
    ];
    const ended = await add('rows.csv', text.join('\n'));
    expect(ended.code).toBe(2);
    expect(reported(ended)).toEqual(wanted);
    expect(ended.json()).toMatchObject({ inserted: 0, firstId: null, lastId: null });
    const shown = await add('rows.csv', text.join('\n'), []);
    expect(shown.code).toBe(2);
    expect(shown.out).toContain('line 2, email: is not an e-mail address\n');
    expect(shown.out).toMatch(/17 faults in 13 lines; nothing was inserted\n$/);
    const checked = await add('rows.csv', text.join('\n'), ['--check', '--json']);
    expect({ code: checked.code, out: checked.out }).toEqual({ code: 2, out: ended.out });
    expect(await rows()).toEqual([]);
    expect(await audits()).toHaveLength(before);
  });

  test('of JSON is reported in the same way', async () => {
    const text = [
      JSON.stringify({ resource: 'patients', operation: 'create', changes: { firstName: 'Ada', lastName: 'Byron' } }),
      `{"resource": "patients", "lastName": ${MARKER}`,
      JSON.stringify([MARKER]),
      JSON.stringify({
        resource: 'patients',
        operation: 'update',
        targetId: 5,
        [`${MARKER} key`]: 1,
        changes: { [`${MARKER} key`]: 1 },
      }),
      JSON.stringify({ resource: 'patients', operation: 'delete', target_id: 5, changes: MARKER }),
      '',
      JSON.stringify({
        resource: 'appointments',
        operation: 'create',
        changes: { patientId: { name: MARKER }, startTime: MARKER },
      }),
    ];
    const ended = await add('rows.ndjson', text.join('\r\n'));
    expect(ended.code).toBe(2);
    expect(reported(ended)).toEqual([
      '2 (line): is not JSON',
      '3 (line): is not a JSON object',
      '4 (unprintable): is no key of a row; fields belong into changes',
      '5 changes: is not a JSON object',
      '7 location_id: is required',
      '7 patientId: expected an id, got an object',
      '7 startTime: expected an instant in ISO 8601',
      '7 practitionerId: is required',
      '7 appointmentTypeId: is required',
    ]);
    expect(ended.json().lines).toBe(6);
    expect(await rows()).toEqual([]);
  });

  test('late in the file rolls back the batches before it; the first 1,000 faults and their number are reported', async () => {
    const line = (at: number) =>
      JSON.stringify({
        resource: 'patients',
        operation: 'update',
        target_id: at + 1,
        changes: { email: at < 1200 ? 'ada@example.com' : MARKER },
      });
    const text = Array.from({ length: 3400 }, (_, at) => line(at)).join('\n');
    const ended = await add('rows.jsonl', text);
    expect(ended.code).toBe(2);
    const { faults, ...rest } = ended.json();
    expect(rest).toEqual({ inserted: 0, firstId: null, lastId: null, lines: 3400, faultsTotal: 2200 });
    expect(faults).toHaveLength(1000);
    expect(faults.at(-1)).toEqual({ line: 2200, field: 'email', problem: 'is not an e-mail address' });
    expect(await rows()).toEqual([]);
    const shown = (await add('rows.jsonl', text, [])).out.trimEnd().split('\n');
    expect(shown).toHaveLength(1002);
    expect(shown.slice(-2)).toEqual(['… and 1,200 more', '2,200 faults in 3,400 lines; nothing was inserted']);
  });
});

describe('a reference', () => {
  const line = (ref: string, more: object = {}) =>
    JSON.stringify({
      resource: 'patients',
      operation: 'update',
      target_id: 5,
      external_ref: ref,
      changes: { email: 'a@example.com' },
      ...more,
    });

  test('that is used already, in the file or in the outbox, is a fault of its line', async () => {
    await enqueue(database.url, [{ ref: `${MARKER}-old`, target: 5, changes: { email: 'a@example.com' } }]);
    // Met again in another batch, too.
    const between = Array.from({ length: 600 }, (_, at) => line(`new-${at}`));
    const visit = { resource: 'appointments', changes: { note: 'other resource' } };
    const text = [
      line(`${MARKER}-1`),
      line(`${MARKER}-old`),
      line(`${MARKER}-1`),
      line(`${MARKER}-old`, visit),
      ...between,
      line(`${MARKER}-1`, { changes: {} }),
      line(`${MARKER}-old`),
    ];
    for (const args of [['--json'], ['--json', '--check']]) {
      const ended = await add('rows.ndjson', text.join('\n'), args);
      expect(ended.code).toBe(2);
      expect(reported(ended)).toEqual([
        '2 external_ref: is used already',
        '3 external_ref: is used already',
        '605 changes: is empty',
        '605 external_ref: is used already',
        '606 external_ref: is used already',
      ]);
    }
    expect(await rows()).toHaveLength(1);
    // Without those lines all is well: another resource has references of its own.
    expect((await add('rows.ndjson', [text[0], text[3], ...between].join('\n'))).json()).toMatchObject({
      inserted: 602,
    });
    expect((await add('rows.ndjson', line('new-599'))).code).toBe(2);
  });

  test('that somebody else takes at this moment is one as well', async () => {
    await withClient(database.url, async (client) => {
      await client.query('BEGIN');
      await client.query(
        `INSERT INTO lobbie_push.outbox (resource, operation, account_id, target_id, external_ref) VALUES ('patients', 'update', 1001, 5, 'taken')`,
      );
      const adding = add('rows.ndjson', [line('mine'), line('taken')].join('\n'));
      const waiting = `SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`;
      await expect.poll(() => count(database.url, waiting)).toBe(1);
      await client.query('COMMIT');
      const ended = await adding;
      expect(ended.code).toBe(2);
      expect(reported(ended)).toEqual(['2 external_ref: is used already']);
    });
    expect(await rows()).toMatchObject([{ external_ref: 'taken' }]);
  });
});

test('a visit whose location is missing gets that of the mirror', async () => {
  await query(
    database.url,
    `INSERT INTO lobbie.appointments (account_id, id, location_id, raw, _content_hash, _run_id, _loaded_at, _read_at, _source)
     VALUES (1001, 18, 77, '{"id": 18}', '', 1, now(), now(), 1)`,
  );
  expect((await add('rows.csv', 'resource,operation,target_id,note\nappointments,update,18,late\n')).code).toBe(0);
  expect(await rows()).toMatchObject([{ location_id: '77', base: { id: 18 } }]);
});

test('what the command line gets wrong ends before anything is read', async () => {
  const good = 'resource,operation,target_id,email\npatients,update,5,ada@example.com\n';
  const ends = [
    await add(`${MARKER}.txt`, good, []),
    await add('-', good, []),
    await add('rows.csv', good, ['--account', '1002']),
    await add('rows.csv', good, ['--operation', 'merge']),
    await add(`${MARKER}.csv`, null, []),
    await add('.', null, ['--format', 'csv']),
  ];
  expect(ends.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2, 2]);
  const words = ['--format csv', '--format csv', '1002 is not in', 'create, update, delete', 'ENOENT', 'EISDIR'];
  for (const [index, word] of words.entries()) expect(ends[index]?.err).toContain(word);
  expect(await rows()).toEqual([]);
});

test('no output held a value', () => {
  expect(printed).toContain('faultsTotal');
  expect(printed).not.toContain(MARKER);
  for (const value of ['Byron', 'ada@', 'crm-1', 'other resource']) expect(printed).not.toContain(value);
});
