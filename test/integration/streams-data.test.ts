import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { getReject } from '../../src/state/rejects.ts';
import { replayRejects } from '../../src/streams/replay.ts';
import { readAsText, sameDecimal } from '../support/compare.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../support/database.ts';
import { count, makeApp, type Place, query, runOnce, runRow, runToTheEnd } from '../support/harness.ts';
import { type FakeApi, type ListOptions, listOf, one, startFakeApi } from '../support/harness-api.ts';

/** Data that the simulator does not have, from a second implementation of the API. */

let api: FakeApi;
let database: TestDatabase;
const place = (): Place => ({ api, databaseUrl: database.url, accounts: ['7'] });
const backfill = (...resources: string[]) => runOnce(place(), { selection: { resources } });

beforeAll(async () => {
  api = await startFakeApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  database = await createDatabase();
  api.answers.clear();
  api.intercept = () => undefined;
  api.calls.length = 0;
  list('location', 'locations', ['{"id":70,"createdAt":"2025-06-01T00:00:00Z"}']);
});
afterEach(() => dropDatabase(database));

function list(path: string, key: string, rows: readonly string[], options?: ListOptions): void {
  api.answers.set(`account/7/${path}`, listOf(key, rows, options));
}

/** Table rows with every value as text, by key column. */
async function stored(table: string, key = 'id'): Promise<Map<string, Record<string, string | null>>> {
  const rows = await readAsText(database.url, `SELECT * FROM lobbie.${table}`);
  return new Map(rows.map((row) => [String(row[key]), row]));
}

const rejects = () =>
  query<{ id: string; resource: string; record_key: string | null; reason: string; record: unknown }>(
    database.url,
    'SELECT id::text, resource, record_key, reason, record FROM lobbie_sync.rejects ORDER BY rejects.id',
  );

describe('lists of every size', () => {
  test.each([0, 1, 99, 100, 101, 2500])('%i rows', async (size) => {
    const ids = Array.from({ length: size }, (_, index) => index + 1);
    list(
      'staff',
      'staff',
      ids.map((id) => `{"id":${id},"firstName":"n${id}"}`),
    );
    const dates = ids.map((id) => new Date(Date.UTC(2025, 6, 1) + id * 3_600_000).toISOString());
    list(
      'location/70/appointment',
      'appointments',
      ids.map((id) => `{"id":${id},"startTime":"${dates[id - 1]}"}`),
      { dates },
    );
    const report = await backfill('staff', 'appointments');
    expect(report).toMatchObject({ status: 'succeeded', exitCode: 0 });
    const sum = 'coalesce(sum(id), 0)';
    for (const table of ['staff', 'appointments']) {
      expect(await count(database.url, `SELECT count(*) FROM lobbie.${table}`)).toBe(size);
      expect(await count(database.url, `SELECT ${sum} FROM lobbie.${table}`)).toBe((size * (size + 1)) / 2);
    }
    expect(await runRow(database.url, report.runId)).toMatchObject({
      requests: api.calls.length,
      rows_inserted: 2 * size + 1,
    });
    const again = await backfill('staff', 'appointments');
    expect(await runRow(database.url, again.runId)).toMatchObject({ rows_inserted: 0, rows_updated: 0 });
  });
});

describe('dates', () => {
  test('far away, missing, or hidden by a range that was not requested: every row is found', async () => {
    const dates = [
      '1970-01-01T00:00:00Z',
      '2024-02-29T23:59:59Z',
      '2190-12-31T00:00:00Z',
      null,
      '2025-12-01T00:00:00Z',
    ];
    const rows = dates.map((date, index) => `{"id":${index + 1},"startTime":${JSON.stringify(date)}}`);
    // Rows without a date come only where no range is sent; old and far ones only where one is.
    const recent = ['2025-11-01T00:00:00Z', '2026-12-31T00:00:00Z'] as const;
    api.answers.set('account/7/location/70/appointment', (call) => {
      const asked = listOf('appointments', rows, { dates, byDefault: recent });
      if (call.query.get('startDate') !== null) return asked(call);
      return { text: `{"appointments":[${rows[3]},${rows[4]}],"nextCursor":null}` };
    });
    expect(await backfill('appointments')).toMatchObject({ exitCode: 0 });
    const found = await stored('appointments');
    expect([...found.keys()].sort()).toEqual(['1', '2', '3', '4', '5']);
    expect(found.get('1')?.['start_time']).toBe('1970-01-01 00:00:00+00');
    expect(found.get('3')?.['start_time']).toBe('2190-12-31 00:00:00+00');
    expect(found.get('4')?.['start_time']).toBeNull();
  });
});

describe('values', () => {
  const texts: Record<string, string> = {
    quotes: `O'Brien "the \\ \\\\N" \\.`,
    tabs: 'a\tb\nc\r\nd\u000b\u0008',
    astral: '𝒳 👩‍👩‍👧 ﷽ ‮',
    nulls: '\\N',
    literal: '\\u0000 \\ud800 written out',
    empty: '',
    spaces: '  ',
  };

  test('text arrives as it was sent, whatever is in it', async () => {
    const names = Object.values(texts);
    list(
      'patients',
      'patients',
      names.map((text, index) => `{"id":${index + 1},"firstName":${JSON.stringify(text)}}`),
    );
    expect(await backfill('patients')).toMatchObject({ exitCode: 0 });
    const rows = await stored('patients');
    names.forEach((text, index) => {
      const row = rows.get(String(index + 1));
      expect(row?.['first_name']).toBe(text);
      expect(JSON.parse(row?.['raw'] ?? '')).toEqual({ id: index + 1, firstName: text });
    });
    expect(await rejects()).toEqual([]);
  });

  test('ids beyond 2^53, as numbers and as text, stay apart and lead to their children', async () => {
    const ids = ['9007199254740993', '9007199254740992', '9223372036854775807'];
    list('patients', 'patients', [`{"id":${ids[0]}}`, `{"id":"${ids[1]}"}`, `{"id":${ids[2]}}`, '{"id":"42"}']);
    for (const id of [...ids, '42']) {
      list(`patients/${id}/health-profile/allergies`, 'allergies', [`{"id":${id},"patientId":${id}}`]);
    }
    expect(await backfill('allergies')).toMatchObject({ exitCode: 0 });
    expect([...(await stored('patients')).keys()].sort()).toEqual([...ids, '42'].sort());
    const allergies = await stored('allergies');
    expect([...allergies.keys()].sort()).toEqual([...ids, '42'].sort());
    for (const [id, row] of allergies) expect(row['patient_id']).toBe(id);
    const [raw] = await readAsText(
      database.url,
      `SELECT raw->>'id' AS id FROM lobbie.patients WHERE id = 9007199254740993`,
    );
    expect(raw?.['id']).toBe(ids[0]);
  });

  test('decimals keep every digit', async () => {
    const amounts = [
      '12345678901234567890.123456789012345678',
      '0.1',
      '-0.000000000000000000001',
      '1e3',
      '99999999999999999',
    ];
    list(
      'location/70/invoice',
      'invoices',
      amounts.map((amount, index) => `{"id":${index + 1},"totalAmount":${amount},"createdAt":null}`),
    );
    expect(await backfill('invoices')).toMatchObject({ exitCode: 0 });
    const rows = await stored('invoices');
    amounts.forEach((amount, index) => {
      const got = rows.get(String(index + 1))?.['total_amount'] ?? '';
      expect(sameDecimal(amount === '1e3' ? '1000' : amount, got), `${amount} became ${got}`).toBe(true);
    });
    const [raw] = await readAsText(database.url, `SELECT raw->>'totalAmount' AS n FROM lobbie.invoices WHERE id = 1`);
    expect(raw?.['n']).toBe(amounts[0]);
  });

  test('records with nothing but an id, nulls everywhere, and enums nobody knows', async () => {
    const fields = ['patientId', 'practitionerId', 'locationId', 'startTime', 'endTime', 'status', 'note', 'createdAt'];
    const nulls = fields.map((name) => `"${name}":null`).join(',');
    list('location/70/appointment', 'appointments', [
      '{"id":1}',
      `{"id":2,${nulls}}`,
      '{"id":3,"status":"TELEPORTED"}',
    ]);
    expect(await backfill('appointments')).toMatchObject({ exitCode: 0 });
    const rows = await stored('appointments');
    expect(rows.size).toBe(3);
    for (const row of rows.values()) expect(row['location_id']).toBe('70');
    expect(rows.get('1')).toMatchObject({ account_id: '7', status: null, start_time: null, note: null });
    expect(rows.get('3')?.['status']).toBe('TELEPORTED');
  });

  test('what Postgres cannot hold is a reject by name, and the rest of the page is stored', async () => {
    const bad: readonly (readonly [record: string, reason: RegExp])[] = [
      ['{"id":1,"firstName":"nul\\u0000secretive"}', /^firstName: .*NUL/],
      ['{"id":2,"lastName":"half \\ud83d secretive"}', /^lastName: .*surrogate/],
      ['{"id":3,"email":{"secretive":1}}', /^email: /],
      ['{"id":4,"dateOfBirth":"31/12/1990"}', /^dateOfBirth: /],
      ['{"id":5,"createdAt":"secretive"}', /^createdAt: /],
      ['{"id":null,"firstName":"secretive"}', /^id: /],
      ['{"firstName":"secretive"}', /^id: /],
      ['{"id":"secretive"}', /^id: /],
      ['{"id":9223372036854775808}', /^id: /],
      ['{"id":6.5}', /^id: /],
      ['{"id":7,"dateOfBirth":"2023-02-29"}', /^dateOfBirth: /],
      ['{"id":8,"homeAddress":"secretive"}', /^homeAddress: /],
      ['{"id":9,"homeAddress":{"line1":"nul\\u0000"}}', /^homeAddress: .*NUL/],
      ['{"id":10,"odd":"lone \\udc00"}', /^odd: .*surrogate/],
      ['"secretive"', /not an object/],
      ['null', /not an object/],
      ['[1]', /not an object/],
    ];
    const good = Array.from({ length: 120 }, (_, index) => `{"id":${index + 100},"firstName":"good"}`);
    list('patients', 'patients', [...good.slice(0, 60), ...bad.map(([record]) => record), ...good.slice(60)]);
    const report = await backfill('patients');
    expect(await count(database.url, 'SELECT count(*) FROM lobbie.patients')).toBe(good.length);
    const found = await rejects();
    expect(found).toHaveLength(bad.length);
    const app = makeApp(place());
    const db = await app.db();
    for (const [index, [record, reason]] of bad.entries()) {
      const reject = found[index];
      expect(reject?.reason, record).toMatch(reason);
      expect(reject?.reason).not.toContain('secretive');
      // Kept as received, and readable again.
      const kept = (await getReject(db, reject?.id ?? ''))?.record as unknown;
      if (!record.includes('9223372036854775808')) {
        expect(isDeepStrictEqual(kept, JSON.parse(record)), `${record} was kept as ${JSON.stringify(kept)}`).toBe(true);
      }
    }
    const replayed = await replayRejects({ pool: await app.pool(), db, clock: systemClock, actor: 'test' }, {});
    await app.close();
    expect(replayed.replayed).toEqual([]);
    expect(replayed.failed).toHaveLength(bad.length);
    expect(await runRow(database.url, report.runId)).toMatchObject({
      rows_read: good.length + bad.length,
      rows_inserted: good.length,
      rows_rejected: bad.length,
    });
  });

  test('a number that only Postgres refuses is a reject too, and nothing else is lost', async () => {
    const amount = `1e${'9'.repeat(6)}`;
    list('patients', 'patients', ['{"id":1}', `{"id":2,"odd":${amount}}`, '{"id":3}']);
    expect((await backfill('patients')).status).not.toBe('failed');
    expect([...(await stored('patients')).keys()].sort()).toEqual(['1', '3']);
    expect(await rejects()).toMatchObject([{ resource: 'patients', record_key: '2' }]);
  });
});

describe('shapes that the contract leaves open', () => {
  test('other names for the arrays and fields', async () => {
    list('webhook', 'webhooks', ['{"id":1,"url":"https://a.example"}']);
    list('webhook/event-types', 'items', ['{"name":"test.ping"}', '{"eventType":"a.b"}']);
    list('location/70/remote-care/service', 'remoteCareServices', ['{"id":5}']);
    list('location/70/lab', 'labs', ['{"id":9}']);
    list('location/70/lab/9/test-component', 'components', ['{"id":90}']);
    list('patients', 'patients', ['{"id":3}']);
    list('patients/3/health-profile/medications', 'medications', ['{"id":30,"name":"Aspirin"}']);
    expect(
      await backfill(
        'webhook_endpoints',
        'webhook_event_types',
        'remote_care_services',
        'lab_test_components',
        'medications',
      ),
    ).toMatchObject({ exitCode: 0 });
    expect((await stored('webhook_endpoints')).get('1')?.['account_id']).toBe('7');
    expect([...(await stored('webhook_event_types', 'event_type')).keys()].sort()).toEqual(['a.b', 'test.ping']);
    expect((await stored('remote_care_services')).get('5')?.['location_id']).toBe('70');
    expect((await stored('lab_test_components')).get('90')).toMatchObject({ lab_id: '9', panel_id: null });
    expect((await stored('medications')).get('30')?.['medication']).toBe('Aspirin');
  });

  test('pages where no page was promised', async () => {
    const groups = Array.from({ length: 7 }, (_, index) => `{"id":${index + 1}}`);
    list('crm-status-group', 'crmStatusGroups', groups, { pageSize: 3 });
    list('crm-status-group/7/status', 'crmStatuses', groups, { pageSize: 2 });
    expect(await backfill('crm_statuses')).toMatchObject({ exitCode: 0 });
    expect((await stored('crm_status_groups')).size).toBe(7);
    expect((await stored('crm_statuses')).size).toBe(7);
  });

  test('labs with and without their panels', async () => {
    const panels = '[{"name":"Lipids","components":[{"id":1},{"id":2}]},{"name":"Lipids","components":[{"id":3}]}]';
    list('location/70/lab', 'labs', [
      `{"id":10,"testPanels":${panels}}`,
      '{"id":11}',
      '{"id":12,"testPanels":null}',
      '{"id":13,"testPanels":[]}',
      '{"id":14,"testPanels":[{"id":140,"name":"bare"}]}',
      '{"id":15,"testPanels":[{"id":150,"components":[]}]}',
    ]);
    for (const id of [11, 12, 13, 14]) {
      list(`location/70/lab/${id}/test-component`, 'testComponents', [`{"id":${id * 10}}`]);
    }
    expect(await backfill('labs', 'lab_test_components')).toMatchObject({ exitCode: 0 });
    const found = await stored('lab_test_panels');
    expect(found.size).toBe(4);
    const nameless = [...found.values()].filter((row) => row['lab_id'] === '10');
    expect(nameless).toHaveLength(2);
    for (const row of nameless) expect(row['id']).toMatch(/^-\d+$/);
    const components = await stored('lab_test_components');
    expect([...components.keys()].map(Number).sort((a, b) => a - b)).toEqual([1, 2, 3, 110, 120, 130, 140]);
    expect(nameless.map((row) => row['id'])).toContain(components.get('1')?.['panel_id']);
    expect(components.get('1')?.['panel_id']).not.toBe(components.get('3')?.['panel_id']);
    const again = await backfill('labs', 'lab_test_components');
    expect(await runRow(database.url, again.runId)).toMatchObject({ rows_inserted: 0, rows_updated: 0 });
  });

  test('template groups that differ between their two lists, attributes without ids', async () => {
    list('location/70/form/group', 'formTemplateGroups', ['{"id":1,"name":"first"}', '{"id":2,"name":"only here"}']);
    list('location/70/form/template/groups', 'formTemplateGroups', [
      '{"id":1,"name":"second"}',
      '{"id":3,"name":"only there"}',
    ]);
    list('location/70/form/template', 'formTemplates', ['{"id":50}', '{"id":51}']);
    const attributes = ['{"name":"a"}', '{"attributeName":"b"}', '{"id":5,"name":"c"}', '{"label":"nameless"}'];
    list('location/70/form/template/50/attributes', 'attributes', attributes);
    list('location/70/form/template/51/attributes', 'attributes', ['{"name":"a"}']);
    for (let run = 1; run <= 2; run += 1) await backfill('form_template_groups', 'form_template_attributes');
    const groups = await stored('form_template_groups');
    expect([...groups].map(([id, row]) => `${id} ${row['name']}`).sort()).toEqual([
      '1 first',
      '2 only here',
      '3 only there',
    ]);
    const kept = [...(await stored('form_template_attributes')).values()];
    expect(kept.map((row) => `${row['form_template_id']} ${row['name']}`).sort()).toEqual([
      '50 a',
      '50 b',
      '50 c',
      '51 a',
    ]);
    const [reject] = await rejects();
    expect(reject).toMatchObject({ resource: 'form_template_attributes', reason: expect.stringMatching(/^id: /) });
    const writes = `SELECT rows_inserted + rows_updated FROM lobbie_sync.runs ORDER BY id DESC LIMIT 1`;
    expect(await count(database.url, writes)).toBe(0);
  });

  test('settings: one that exists, one that does not, forms and their answers', async () => {
    api.answers.set(
      'account/7/location/70/remote-care/setting',
      one('{"id":1,"selfSchedulingSettingIds":[5,6,"8",null]}'),
    );
    api.answers.set('account/7/self-scheduling/setting/5', one('{"id":5,"name":"five"}'));
    api.answers.set('account/7/self-scheduling/setting/8', one('{"id":8,"name":"eight"}'));
    list('location/70/form', 'formPackets', ['{"id":20}']);
    api.answers.set(
      'account/7/location/70/form/20',
      one(
        '{"id":20,"forms":[{"id":200,"answers":[{"formElementId":1,"value":"x"},{"value":"no element"}]},{"id":201}]}',
      ),
    );
    expect((await backfill('remote_care_settings', 'self_scheduling_settings', 'forms')).status).not.toBe('failed');
    expect([...(await stored('self_scheduling_settings')).keys()].sort()).toEqual(['5', '8']);
    expect([...(await stored('forms')).keys()].sort()).toEqual(['200', '201']);
    expect([...(await stored('form_answers', 'form_element_id')).keys()]).toEqual(['1']);
    expect(await rejects()).toMatchObject([
      { resource: 'form_answers', reason: expect.stringMatching(/^form_?[eE]lement/) },
    ]);
  });

  test('a missing list key on the only page of a small list is no empty list', async () => {
    list('staff', 'staff', ['{"id":1}']);
    expect(await backfill('staff')).toMatchObject({ exitCode: 0 });
    for (const text of ['{}', '{"staff":null}', '{"staff":{}}', '[]', 'null', '"staff"']) {
      api.answers.set('account/7/staff', () => ({ text }));
      expect(await backfill('staff'), text).toMatchObject({ status: 'partial', exitCode: 4 });
      expect((await stored('staff')).size).toBe(1);
    }
    list('staff', 'staff', ['{"id":1}']);
    await runToTheEnd(place(), 1, { selection: { resources: ['staff'] } });
  });
});
