import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { Output } from '../../src/cli/output.ts';
import { judge, statusDocument } from '../../src/cli/status-document.ts';
import { printStatus } from '../../src/cli/status-text.ts';
import { everything } from '../../src/core/selection.ts';
import { StopSignal } from '../../src/core/stop.ts';
import { readStatus } from '../../src/inspect/status.ts';
import { executeVerify } from '../../src/inspect/verify.ts';
import { executeTargeted } from '../../src/runs/targeted.ts';
import type { OddApi } from '../odd-api/start.ts';
import { count, query } from '../support/harness.ts';
import { DAY_MS } from '../support/night.ts';
import { writtenState } from './mirror.ts';
import { useStage } from './stage.ts';

/** What changes in Lobbie while its answers are odd: what is newer, what is gone, what may wait. */

const stage = useStage({ seed: 23, patients: 40, accounts: 1, locations: 2, fullPages: true });
let world: OddApi['world'];

beforeAll(() => {
  world = stage.api.world;
});

const patientIds = async () =>
  (
    await query<{ id: string }>(
      stage.database.url,
      'SELECT id::text AS id FROM lobbie.patients WHERE _deleted_at IS NULL ORDER BY id',
    )
  ).map(({ id }) => id);
const nameOf = async (id: string) =>
  (
    await query<{ name: string | null; gone: boolean }>(
      stage.database.url,
      'SELECT last_name AS name, _deleted_at IS NOT NULL AS gone FROM lobbie.patients WHERE id = $1',
      [id],
    )
  )[0];

describe('R3: a later read is newer', () => {
  test.each<[string, object]>([
    ['whose stamps go back by a day', { kind: 'stamp-shift', op: 'listPatients', field: 'updatedAt', ms: -DAY_MS }],
    [
      'whose stamps go back by ten years',
      { kind: 'stamp-shift', op: 'listPatients', field: 'updatedAt', ms: -3650 * DAY_MS },
    ],
    [
      'whose stamps are all one',
      { kind: 'stamp-fixed', op: 'listPatients', field: 'updatedAt', value: '2001-01-01T00:00:00Z' },
    ],
    ['whose stamps are missing', { kind: 'drop-field', op: 'listPatients', field: 'updatedAt' }],
  ])('%s', async (_name, spec) => {
    const [id = ''] = await patientIds();
    const before = (await nameOf(id))?.name;
    world.patients.update(Number(id), { lastName: 'Changed' });
    stage.odd(spec);
    try {
      expect(await stage.syncer.run('sync')).toMatchObject({ status: 'succeeded' });
      expect(await nameOf(id)).toEqual({ name: 'Changed', gone: false });
    } finally {
      world.patients.update(Number(id), { lastName: before });
    }
  });

  test('after one that lay at the end of time, and lifts a wrong mark of deletion', async () => {
    const [id = ''] = await patientIds();
    await query(
      stage.database.url,
      `UPDATE lobbie.patients SET updated_at = '9999-12-31Z', _deleted_at = now() WHERE id = $1`,
      [id],
    );
    expect(await stage.syncer.run('backfill', { restart: true })).toMatchObject({ status: 'succeeded' });
    expect((await nameOf(id))?.gone).toBe(false);
  });
});

describe('R9: a patient who was merged', () => {
  test('is gone here with the rows below, and the other record is reported', async () => {
    const ids = await patientIds();
    const [from = '', into = ''] = ids;
    stage.odd({ kind: 'rows-missing', op: 'listPatients', ids: [Number(from)] });
    stage.odd({ kind: 'merged', path: '/patients/', oldId: Number(from), newId: Number(into) });
    const report = await stage.syncer.run('sync');
    expect(report).toMatchObject({ exitCode: 0 });
    expect((await nameOf(from))?.gone).toBe(true);
    expect((await nameOf(into))?.gone).toBe(false);
    expect(
      await query(
        stage.database.url,
        `SELECT key, status, reason FROM lobbie_sync.deletes WHERE resource = 'patients'`,
      ),
    ).toEqual([{ key: from, status: 'applied', reason: `merged into ${into}` }]);
    expect(
      await count(
        stage.database.url,
        'SELECT count(*) FROM lobbie.allergies WHERE patient_id = $1 AND _deleted_at IS NULL',
        [from],
      ),
    ).toBe(0);
  });
});

describe('a candidate that is read by id', () => {
  test.each(['{"error":"temporarily unavailable"}', '{}', '[]', '"gone"'])(
    'stays open when the answer is %s: neither there nor gone',
    async (text) => {
      const [id = ''] = await patientIds();
      stage.odd({ kind: 'rows-missing', op: 'listPatients', ids: [Number(id)] });
      stage.odd({ kind: 'error-body', op: 'getPatient', text });
      await stage.syncer.run('sync');
      expect((await nameOf(id))?.gone).toBe(false);
      expect(
        await query(stage.database.url, `SELECT status FROM lobbie_sync.deletes WHERE resource = 'patients'`),
      ).toEqual([{ status: 'candidate' }]);
    },
  );
});

describe('a targeted read of a person', () => {
  const read = (patients: readonly string[]) =>
    executeTargeted(stage.syncer.deps, {
      selection: { ...everything, resources: ['patients'] },
      stop: new StopSignal(),
      target: { patients },
    });

  test.each(['{}', '{"error":"x"}', '{"success":false}'])('stores nothing of %s', async (text) => {
    const [id = ''] = await patientIds();
    const before = await nameOf(id);
    stage.odd({ kind: 'error-body', op: 'getPatient', text });
    expect(await read([id])).toMatchObject({ status: 'partial', exitCode: 4 });
    expect(await nameOf(id)).toEqual(before);
  });
});

describe('R6: an id twice on a page', () => {
  test.each([true, false])('the newer is stored, and is so again (newer first: %s)', async (newerFirst) => {
    // The first of the list has a stamp from now on.
    for (const id of await patientIds()) world.patients.update(Number(id), { updatedAt: '2025-06-01T00:00:00Z' });
    expect(await stage.syncer.run('backfill', { restart: true })).toMatchObject({ status: 'succeeded' });
    stage.syncer.clock.jump(DAY_MS);
    const before = await count(stage.database.url, 'SELECT sum(_version) FROM lobbie.patients');
    stage.odd({ kind: 'duplicate-id', op: 'listPatients', newerFirst, older: { lastName: 'Older' } });
    for (const kind of ['backfill', 'sync'] as const) {
      expect(await stage.syncer.run(kind, { restart: true })).toMatchObject({ status: 'succeeded' });
      stage.syncer.clock.jump(DAY_MS);
    }
    expect(await count(stage.database.url, `SELECT count(*) FROM lobbie.patients WHERE last_name = 'Older'`)).toBe(0);
    expect(await count(stage.database.url, 'SELECT sum(_version) FROM lobbie.patients')).toBe(before);
  });
});

describe('R22: Lobbie asks to wait', () => {
  test.each(['86400', '604800', 'Fri, 31 Dec 2199 23:59:59 GMT'])(
    '%s: the run ends at once as incomplete, with the time',
    async (value) => {
      stage.odd({ kind: 'retry-after', op: 'listPatients', value });
      const report = await stage.syncer.run('sync');
      expect(report).toMatchObject({ status: 'incomplete', exitCode: 5 });
      expect(report.error?.message).toMatch(/asks to wait until \d{4}-\d\d-\d\dT/);
    },
  );

  test('for a moment: the run waits and succeeds', async () => {
    stage.odd({ kind: 'retry-after', op: 'listPatients', value: '2', times: 2 });
    expect(await stage.syncer.run('sync')).toMatchObject({ status: 'succeeded' });
  });
});

describe('R25: dates in odd forms', () => {
  test.each([
    ['empty', null],
    ['space-and-midnight', '1990-05-15'],
    ['midnight-with-offset', '1990-05-15'],
    ['dotnet-min', '0001-01-01'],
    ['year-zero', null],
  ])('%s: the patient stays, and all lists below are read', async (form, date) => {
    const [id = ''] = await patientIds();
    stage.odd({ kind: 'odd-date', op: 'listPatients', field: 'dateOfBirth', form, ids: [Number(id)] });
    expect(await stage.syncer.run('backfill', { restart: true })).toMatchObject({ status: 'succeeded' });
    expect(
      await query(stage.database.url, 'SELECT date_of_birth::text AS date FROM lobbie.patients WHERE id = $1', [id]),
    ).toEqual([{ date }]);
    expect(await count(stage.database.url, 'SELECT count(*) FROM lobbie_sync.rejects')).toBe(0);
  });

  test.each([
    ['dotnet-max', '9999-12-31 23:59:59.999999+00'],
    ['year-one-east', null],
    ['short-offset', '2025-01-10 14:30:00+00'],
    ['nine-digits', '2025-01-10 14:30:00.123456+00'],
  ])('an instant as %s', async (form, instant) => {
    const [id = ''] = await patientIds();
    stage.odd({ kind: 'odd-date', op: 'listPatients', field: 'createdAt', form, ids: [Number(id)] });
    expect(await stage.syncer.run('backfill', { restart: true })).toMatchObject({ status: 'succeeded' });
    expect(
      await query(stage.database.url, `SELECT created_at::text AS at FROM lobbie.patients WHERE id = $1`, [id]),
    ).toEqual([{ at: instant }]);
  });
});

describe('a quiet nightly sync', () => {
  const quietly = async (spec?: object) => {
    if (spec !== undefined) stage.odd(spec);
    stage.syncer.clock.jump(DAY_MS);
    stage.api.requests.clear();
    expect(await stage.syncer.run('sync')).toMatchObject({ status: 'succeeded' });
    return stage.api.requests.all.length;
  };

  const whole = async () => {
    const report = await stage.syncer.run('backfill', { restart: true });
    const problems = await query(
      stage.database.url,
      'SELECT resource, scope, code, message FROM lobbie_sync.run_problems',
    );
    expect([report.status, report.exitCode, problems]).toEqual(['succeeded', 0, []]);
  };

  const MOVING = [
    { kind: 'shuffled-keys' },
    { kind: 'moving-field', op: 'listPatients', field: 'servedAt', form: 'instant' },
    { kind: 'moving-inside', field: 'signedUrl' },
    { kind: 'new-field', field: 'brandNew', value: { at: [1] } },
  ];

  test('costs the same, and writes nothing, whatever moves that nobody knows', async () => {
    await quietly();
    const calm = await quietly();
    const before = await writtenState(stage.database.url);
    for (const spec of MOVING) {
      const requests = await quietly(spec);
      expect(requests / calm, JSON.stringify(spec)).toBeLessThan(1.05);
      stage.api.odd.clear();
    }
    expect(await writtenState(stage.database.url)).toEqual(before);
  });

  test('so does a whole reading, which names what is inside records by the table of those or by its path', async () => {
    await quietly();
    const before = await writtenState(stage.database.url);
    for (const spec of MOVING) stage.odd(spec);
    stage.syncer.clock.jump(DAY_MS);
    await whole();
    expect(await writtenState(stage.database.url)).toEqual(before);
    const inside = await query<{ name: string }>(
      stage.database.url,
      `SELECT DISTINCT resource || '.' || field AS name FROM lobbie_sync.run_unknown_fields WHERE field LIKE '%signedUrl'`,
    );
    const names = inside.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'form_answers.signedUrl',
        'lab_test_panels.signedUrl',
        'lab_test_components.signedUrl',
        'invoices.lineItems.signedUrl',
        'patients.homeAddress.signedUrl',
      ]),
    );
    expect(names).not.toContain('forms.answers.signedUrl');
  });

  test('rows that were stored when such fields were part of the hash stay as they are, and verify finds no gap', async () => {
    await quietly();
    const moved = (value: string) =>
      `(SELECT jsonb_agg(e || '{"signedUrl": "old"}') FROM jsonb_array_elements(${value}) e)`;
    const within = `SELECT jsonb_agg(p || '{"signedUrl": "old"}' || CASE WHEN jsonb_typeof(p -> 'components') = 'array'
      THEN jsonb_build_object('components', ${moved(`p -> 'components'`)}) ELSE '{}' END)`;
    const former: readonly (readonly [table: string, column: string, field: string | null, value: string])[] = [
      ['forms', 'answers', 'answers', moved('answers')],
      ['invoices', 'line_items', 'lineItems', moved('line_items')],
      ['labs', 'test_panels', 'testPanels', `(${within} FROM jsonb_array_elements(test_panels) p)`],
      ['lab_test_panels', 'components', null, moved('components')],
      ['patients', 'home_address', 'homeAddress', `home_address || '{"signedUrl": "old"}'`],
    ];
    for (const [table, column, field, value] of former) {
      await query(stage.database.url, `ALTER TABLE lobbie.${table} DISABLE TRIGGER USER`);
      const changed = await query(
        stage.database.url,
        `UPDATE lobbie.${table} SET ${column} = ${value}, _content_hash = '\\x01'::bytea || decode(md5(_content_hash::text), 'hex')
           ${field === null ? '' : `, raw = jsonb_set(raw, '{${field}}', ${value}) || '{"signedUrl": "old"}'`}
         WHERE jsonb_typeof(${column}) = 'object' OR jsonb_array_length(${column}) > 0 RETURNING 1`,
      );
      expect(changed.length, table).toBeGreaterThan(0);
      await query(stage.database.url, `ALTER TABLE lobbie.${table} ENABLE TRIGGER USER`);
    }
    const before = await writtenState(stage.database.url);
    stage.odd({ kind: 'moving-inside', field: 'signedUrl' });
    stage.syncer.clock.jump(DAY_MS);
    await whole();
    expect(await writtenState(stage.database.url)).toEqual(before);
    const checked = await executeVerify(stage.syncer.deps, {
      selection: everything,
      sample: 2,
      stop: new StopSignal(),
    });
    expect(checked).toMatchObject({ status: 'succeeded', gaps: 0 });
  });

  test('names in status once what is new: fields, keys of pages, values that null stands for', async () => {
    const status = async () => {
      const options = { accounts: [], newerOperations: new Set<string>(), limit: 5, freshnessDays: 30 };
      const report = await readStatus(stage.syncer.deps.db, { ...options, now: stage.syncer.clock.now() });
      const whole = { ...report, pendingMigrations: [] };
      const out = new PassThrough({ encoding: 'utf8' });
      const output = new Output({ stdout: out, stderr: out } as never, { json: false, quiet: true });
      printStatus(output, statusDocument(whole, judge(whole), []));
      return String(out.read());
    };
    await quietly();
    const calm = await quietly();
    const [id = ''] = await patientIds();
    expect(await status()).not.toContain('does not know');
    stage.odd({ kind: 'new-field', field: 'brandNew', value: 1 });
    stage.odd({ kind: 'unknown-top-key', key: 'total', value: 3 });
    stage.odd({ kind: 'odd-date', op: 'listPatients', field: 'createdAt', form: 'empty', ids: [Number(id)] });
    expect((await quietly()) / calm).toBeLessThan(1.05);
    const first = await status();
    expect(first).toContain('patients.brandNew (40 records)');
    expect(first).toMatch(/patients\.total \(\d+ pages?\)/);
    expect(first).toContain('patients.createdAt: is an empty text (1 record)');
    expect((await quietly()) / calm).toBeLessThan(1.05);
    const second = await status();
    expect(second).not.toMatch(/brandNew|\.total|createdAt/);
    expect(second).toMatch(/Unknown to the contract as before: \d+/);
    // One more is news again, alone.
    stage.odd({ kind: 'new-field', op: 'listStaff', field: 'nickname', value: 'x' });
    await quietly();
    const third = await status();
    expect(third).toContain('staff.nickname');
    expect(third).not.toContain('brandNew');
  });
});
