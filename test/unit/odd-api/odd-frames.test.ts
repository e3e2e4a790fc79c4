import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OddClient } from '../../odd-api/client.ts';
import type { OddApi, OddSpec } from '../../odd-api/start.ts';
import { startOddApi } from '../../odd-api/start.ts';
import type { Row } from '../../odd-api/world/collection.ts';

/** Odd frames around a good answer, and lists that are none. */

let api: OddApi;
let client: OddClient;
let path: string;

beforeEach(async () => {
  api = await startOddApi({ seed: 9, patients: 8, fullPages: true });
  client = new OddClient(api);
  path = `/account/${api.accountIds[0]}/patients`;
});
afterEach(async () => {
  expect(api.faults).toEqual([]);
  await api.close();
});

const odd = (spec: OddSpec) => {
  api.odd.clear();
  api.odd.add({ ...spec, op: 'listPatients' });
  return client.get(path);
};
const rowsOf = (json: unknown) => (json as { patients: Row[] }).patients;
const plain = async () => rowsOf((await client.get(path)).json);

/** The bytes as they travel: no client that unpacks comes between. */
async function onTheWire(spec: OddSpec): Promise<{ head: string; body: Buffer }> {
  const { connect } = await import('node:net');
  api.odd.clear();
  api.odd.add({ ...spec, op: 'listPatients' });
  const { hostname, port, pathname } = new URL(api.url);
  const token = await client.token();
  const chunks: Buffer[] = [];
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET ${pathname}/partner/v2${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`,
  );
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const whole = Buffer.concat(chunks);
  const end = whole.indexOf('\r\n\r\n');
  return { head: whole.subarray(0, end).toString(), body: whole.subarray(end + 4) };
}

describe('frames', () => {
  test('packed, and cut or packed again', async () => {
    const cut = await onTheWire({ kind: 'gzip-cut' });
    expect(cut.head).toMatch(/content-encoding: gzip/);
    expect(() => gunzipSync(cut.body)).toThrow(/unexpected end/);
    const twice = await onTheWire({ kind: 'packed-twice' });
    expect(JSON.parse(gunzipSync(gunzipSync(twice.body)).toString())).toHaveProperty('patients');
  });

  test('a length that is not that of the body', async () => {
    const short = await onTheWire({ kind: 'length-lie', by: -5 });
    const declared = Number(/content-length: (\d+)/.exec(short.head)?.[1]);
    expect(short.body.length).toBe(declared);
    expect(() => JSON.parse(short.body.toString())).toThrow();
    const long = await onTheWire({ kind: 'length-lie', by: 20 });
    expect(long.body.length).toBe(Number(/content-length: (\d+)/.exec(long.head)?.[1]) - 20);
  });

  test('blank space and escapes change nothing', async () => {
    const rows = await plain();
    expect(rowsOf((await odd({ kind: 'padded' })).json)).toEqual(rows);
    const escaped = await odd({ kind: 'escaped' });
    expect(escaped.text).toMatch(/^[\u0000-\u007f]*$/);
    expect(escaped.text).toContain('\\u');
    expect(rowsOf(escaped.json)).toEqual(rows);
    const latin = await onTheWire({ kind: 'latin1', escaped: true });
    expect(rowsOf(JSON.parse(latin.body.toString('latin1')))).toEqual(rows);
  });

  test('something before and after the body', async () => {
    expect((await odd({ kind: 'leading' })).text).toMatch(/^\)\]\}',\n\{/);
    expect((await odd({ kind: 'trailing' })).text).toMatch(/\}<!-- 0\.8 s -->$/);
  });

  test('names that are there twice', async () => {
    const rows = await plain();
    expect(rowsOf((await odd({ kind: 'duplicate-keys', how: 'same' })).json)).toEqual(rows);
    const other = await odd({ kind: 'duplicate-keys', how: 'other' });
    expect(rowsOf(other.json).every((row) => row['lastName'] === 'twice')).toBe(true);
    const merged = rowsOf((await odd({ kind: 'duplicate-keys', how: 'merged' })).json);
    expect(merged.map((row) => row['id'])).toEqual(rows.slice(1).map((row) => row['id']));
    expect(rowsOf((await odd({ kind: 'duplicate-keys', how: 'list' })).json)).toEqual([]);
  });
});

describe('lists that are none', () => {
  test('something else under their name', async () => {
    const rows = await plain();
    expect((await odd({ kind: 'list-shape', form: 'null' })).json).toMatchObject({ patients: null });
    expect((await odd({ kind: 'list-shape' })).json).toMatchObject({ patients: {} });
    expect(Object.values(rowsOf((await odd({ kind: 'list-shape', form: 'by-id' })).json))).toHaveLength(rows.length);
    expect((await odd({ kind: 'list-shape', form: 'nested' })).json).toMatchObject({ patients: [rows] });
    expect((await odd({ kind: 'list-shape', form: 'text' })).json).toMatchObject({ patients: JSON.stringify(rows) });
  });

  test('a page as a test wants it, and a filter that does nothing', async () => {
    const rows = await plain();
    const two = (page: Row) => ({ ...page, patients: (page['patients'] as Row[]).slice(0, 2), hasMore: true });
    expect((await odd({ kind: 'changed-page', change: two })).json).toMatchObject({
      hasMore: true,
      patients: rows.slice(0, 2),
    });
    api.odd.clear();
    expect(rowsOf((await client.get(path, { email: 'nobody@example.test' })).json)).toEqual([]);
    api.odd.add({ kind: 'ignored-filter', op: 'listPatients', filter: 'email' });
    expect(rowsOf((await client.get(path, { email: 'nobody@example.test' })).json)).toEqual(rows);
  });

  test('cursors that are none, halves, nothing, and failures beside no rows', async () => {
    const rows = await plain();
    expect((await odd({ kind: 'odd-cursor', value: { page: 2 } })).json).toMatchObject({ nextCursor: { page: 2 } });
    const part = await odd({ kind: 'part' });
    expect([part.status, rowsOf(part.json)]).toEqual([206, rows.slice(0, 4)]);
    expect(await odd({ kind: 'no-content' })).toMatchObject({ status: 204, text: '' });
    expect((await odd({ kind: 'failed-inside' })).json).toMatchObject({ patients: [], error: 'search timed out' });
  });
});

test('another record than the path names', async () => {
  const [first] = await plain();
  api.odd.add({ kind: 'other-record', op: 'getPatient' });
  const { status, json } = await client.get(`${path}/${first?.['id']}`);
  expect(status).toBe(200);
  expect((json as Row)['id']).not.toBe(first?.['id']);
});

test('a share is drawn from the seed and the path, and is the same each time', async () => {
  const drawn = async () => {
    api.odd.clear();
    api.odd.add({ kind: 'refused', status: 404, share: { of: 0.3, seed: 4 } });
    const statuses: number[] = [];
    for (let asked = 0; asked < 60; asked += 1) statuses.push((await client.get('/role-group')).status);
    return statuses;
  };
  const statuses = await drawn();
  expect(await drawn()).toEqual(statuses);
  expect(statuses.filter((status) => status === 404).length).toBeGreaterThan(8);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(30);
});
