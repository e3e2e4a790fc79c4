import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useTestDatabase } from '../support/database.ts';
import { count, environment, Log, type Place, query, runOnce } from '../support/harness.ts';
import { type FakeApi, listOf, one, startFakeApi } from '../support/harness-api.ts';

/** A word put wherever a person's data can stand, and looked for wherever none may be. */

const MARK = 'Zyxcanarywvut';
const database = useTestDatabase();
let api: FakeApi;
const place = (): Place => ({ api, databaseUrl: database.url, accounts: ['7'] });

beforeAll(async () => {
  api = await startFakeApi();
  const set = (path: string, key: string, rows: readonly string[]) =>
    api.answers.set(`account/7/${path}`, listOf(key, rows));
  const said = (path: string, status: number, text: string) =>
    api.answers.set(`account/7/${path}`, () => ({ status, text }));
  set('location', 'locations', ['{"id":70}']);
  const person = `"firstName":"${MARK}","lastName":"${MARK}","email":"${MARK}@example.com","mobilePhone":"${MARK}"`;
  set('patients', 'patients', [
    `{"id":1,${person},"gender":"${MARK}","homeAddress":{"line1":"${MARK}"},"note":"${MARK}"}`,
    `{"id":2,${person},"dateOfBirth":"${MARK}"}`,
    `{"id":"${MARK}",${person}}`,
    `{"id":3,"firstName":"${MARK}","email":{"${MARK}":"${MARK}"}}`,
    `{"id":4,"firstName":"${MARK}\\u0000"}`,
    `{"id":5,${person},"${MARK} ${MARK}":"${MARK}"}`,
    `"${MARK}"`,
  ]);
  set('patients/1/health-profile/allergies', 'allergies', [`{"id":10,"comment":"${MARK}","onsetDate":"${MARK}"}`]);
  api.answers.set(
    'account/7/patients/1/category',
    one(`{"patientId":1,"categoryName":"${MARK}","assignedAt":"${MARK}"}`),
  );
  // Answers that quote a person: errors, a proxy's page, a body cut in the middle of a name, a key that is not there.
  said('staff', 500, `{"error":"x","message":"${MARK} not found","requestId":"${MARK} 1"}`);
  said('category', 400, `{"message":"${MARK}"}`);
  said('appointment/type', 403, MARK);
  said('crm-status-group', 200, `<html>${MARK}</html>`);
  said('location/70/appointment', 200, `{"appointments":[{"id":1,"note":"${MARK}`);
  said('location/70/invoice', 200, `{"data":[{"patientName":"${MARK}"}]}`);
  said('location/70/lab', 200, `{"labs":[],"nextCursor":{"x":"${MARK}"}}`);
  said('location/70/form', 200, `{"formPackets":[],"nextCursor":"${MARK}-not-stored-as-a-person"}`);
});
afterAll(() => api.stop());

const tables = async () =>
  await query<{ name: string }>(
    database.url,
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'lobbie_sync' AND table_type = 'BASE TABLE'`,
  );

async function searchState(): Promise<void> {
  for (const { name } of await tables()) {
    const row = name === 'rejects' ? `to_jsonb(t) - 'record'` : 'to_jsonb(t)';
    // A cursor is the API's own text, which nobody reads into: it has to be kept as it is.
    const but = name === 'cursors' ? `AND t::text NOT LIKE '%not-stored-as-a-person%'` : '';
    const held = `SELECT count(*) FROM lobbie_sync.${name} t WHERE (${row})::text ILIKE '%${MARK}%' ${but}`;
    expect(await count(database.url, held), `lobbie_sync.${name}`).toBe(0);
  }
}

test('a run reveals nothing about a person: not in logs, errors, problems, rejects, audit, counts, cursors', async () => {
  const log = new Log();
  const client = { retry: { maxAttempts: 3, baseMs: 5, capMs: 20 } };
  const report = await runOnce(place(), { log, client });
  expect(report.status).toBe('partial');
  expect(log.text.length).toBeGreaterThan(1000);
  expect(log.text).not.toContain(MARK);
  expect(inspect(report, { depth: 20, showHidden: true })).not.toContain(MARK);
  await searchState();
  // The bird lives: what was to be stored is stored, and what was refused is kept where it may be.
  expect(await count(database.url, `SELECT count(*) FROM lobbie.patients WHERE first_name = '${MARK}'`)).toBe(2);
  expect(
    await count(database.url, `SELECT count(*) FROM lobbie_sync.rejects WHERE record::text LIKE '%${MARK}%'`),
  ).toBe(7);
});

test('the commands print nothing of a person', async () => {
  const bin = fileURLToPath(new URL('../../bin/lobbie-sync.js', import.meta.url));
  const run = (...args: string[]) =>
    new Promise<{ code: number | null; text: string }>((resolve) => {
      const child = spawn(process.execPath, [bin, ...args], {
        env: { PATH: process.env['PATH'] ?? '', ...environment(place()) },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
      }
      child.once('close', (code) => resolve({ code, text }));
    });
  // Only what does not wait for retries: the failing lists were heard above.
  const few = ['patients', 'allergies', 'patient_categories', 'invoices'].flatMap((name) => ['--resource', name]);
  const [plain, json] = [await run('backfill', ...few), await run('backfill', '--json', ...few)];
  expect([plain.code, json.code]).toEqual([4, 4]);
  const listings = await Promise.all([
    run('rejects', 'list'),
    run('rejects', 'list', '--json'),
    run('runs', 'list'),
    run('runs', 'show', '1', '--json'),
    run('status', '--json'),
  ]);
  // `status` exits by cause: the run was partial.
  expect(listings.map(({ code }) => code)).toEqual([0, 0, 0, 0, 4]);
  for (const { text } of [plain, json, ...listings]) {
    expect(text.length).toBeGreaterThan(0);
    expect(text).not.toContain(MARK);
  }
  await searchState();
});
