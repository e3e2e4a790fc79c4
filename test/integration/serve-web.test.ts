import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { LobbieSyncError } from '../../src/core/errors.ts';
import { createPool } from '../../src/db/pool.ts';
import { kyselyOnPool } from '../../src/db/transaction.ts';
import { silentLogger } from '../../src/observability/logger.ts';
import { createWebServer, type WebOptions } from '../../src/web/server.ts';
import { useTestDatabase } from '../support/database.ts';
import { MovableClock } from '../unit/scheduler/movable-clock.ts';
import { bringBack, query, takeDown } from '../unit/scheduler/nights.ts';

const database = useTestDatabase();
const MARKER = 'Zaphod-Beeblebrox';
const TOKEN = 'correct horse battery staple';
const ROUTES = ['/', '/api/status', '/metrics', '/healthz', '/readyz'];
const GUARDED = ['/', '/api/status', '/metrics', '/nowhere'];

beforeAll(async () => {
  const insertRun = `INSERT INTO lobbie_sync.runs (kind, status, started_at, finished_at, requests, rows_read, rows_inserted, selection, host, error)
    VALUES ($1, $2, $3, $3, 40, 30, 20, $4, 'host1', $5)`;
  const at = new Date('2026-05-02T02:00:00Z');
  await query(database.url, insertRun, ['sync', 'succeeded', at, JSON.stringify({ note: MARKER }), null]);
  await query(database.url, insertRun, ['sync', 'partial', at, '{}', '1 lists could not be read']);
  await query(
    database.url,
    `INSERT INTO lobbie_sync.rejects (run_id, account_id, resource, record_key, reason, record, rejected_at)
     VALUES (1, 1001, 'patients', '7', 'birthDate: wrong type', $1, $2)`,
    [JSON.stringify({ firstName: MARKER }), at],
  );
  await query(
    database.url,
    `INSERT INTO lobbie_sync.list_state (account_id, location_id, resource, operation, last_certified_at, oldest_checked_at)
     VALUES (1001, 5, 'labs', 'listLabs', $1, $1), (1001, 6, 'labs', 'listLabs', $2, $2)`,
    [at, new Date('2026-04-01T00:00:00Z')],
  );
  await query(
    database.url,
    `INSERT INTO lobbie.locations (account_id, id, name, raw, _content_hash, _run_id, _loaded_at, _read_at, _source, _deleted_at)
     VALUES (1001, 6, $1, $2, '', 1, $3, $3, 0, $3)`,
    [MARKER, JSON.stringify({ name: MARKER }), at],
  );
  await query(
    database.url,
    `INSERT INTO lobbie_sync.schedule (job, due_at, status, attempts, message) VALUES ('sync', $1, 'partial', 1, 'one list')`,
    [at],
  );
  await query(
    database.url,
    `INSERT INTO lobbie_push.outbox (resource, operation, account_id, changes, status, error, answer, requested_at, completed_at)
     VALUES ('patients', 'create', 1001, $1, 'pending', NULL, NULL, $2, NULL),
       ('patients', 'create', 1001, $1, 'conflict', NULL, NULL, $2, NULL),
       ('patients', 'create', 1001, $1, 'rejected', 'lastName: is refused', $3, $2, $2)`,
    [JSON.stringify({ firstName: MARKER }), at, MARKER],
  );
  await query(database.url, `UPDATE lobbie_push.control SET paused_at = $1, paused_by = 'me', reason = 'a test'`, [at]);
});

async function serve(more: Partial<WebOptions> = {}) {
  const pool = createPool({ connectionString: database.url });
  const clock = new MovableClock('2026-05-02T08:00:00Z');
  const state = { draining: false };
  const server = createWebServer({
    db: kyselyOnPool(pool),
    clock,
    logger: silentLogger,
    port: 0,
    pendingMigrations: async () => [],
    view: {
      get draining() {
        return state.draining;
      },
      jobs: [
        {
          job: 'sync',
          cron: '0 2 * * *',
          timezone: 'UTC',
          nextDue: new Date('2026-05-03T02:00:00Z'),
          runningDue: null,
        },
      ],
    },
    ...more,
  });
  onTestFinished(async () => {
    await server.stop();
    await server.stop();
    await pool.end();
  });
  await server.start();
  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${server.url}${path}`, { headers });
  return { server, get, clock, state };
}

/** fetch doesn't let its caller choose the Host header. */
function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (token: string) => ({ authorization: `Basic ${Buffer.from(`me:${token}`).toString('base64')}` });

describe('on this machine', () => {
  test('every route answers, with security headers, and nothing of a person', async () => {
    const { get } = await serve();
    for (const route of ROUTES) {
      const response = await get(route);
      expect([route, response.status]).toEqual([route, 200]);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      const text = await response.text();
      expect(text).not.toContain(MARKER);
      expect(text).not.toContain('host1');
    }
    expect((await get('/nowhere')).status).toBe(404);
    expect((await fetch((await serve()).server.url ?? '', { method: 'POST', body: '{}' })).status).toBe(404);
  });

  test('the JSON has runs, freshness without locations that are gone, nights and alerts', async () => {
    const { get } = await serve();
    const status = await (await get('/api/status')).json();
    expect(status).toMatchObject({
      draining: false,
      database: { reachable: true },
      schedule: [{ job: 'sync', nextDue: '2026-05-03T02:00:00.000Z', runningDue: null }],
      runs: [
        { id: '2', status: 'partial' },
        { id: '1', status: 'succeeded', rows_inserted: '20' },
      ],
      running: [],
      freshness: [{ accountId: '1001', resource: 'labs', oldestCheckedAt: '2026-05-02T02:00:00.000Z', lists: 1 }],
      openRejects: [{ resource: 'patients', rejects: 1 }],
      nights: [{ job: 'sync', status: 'partial', message: 'one list' }],
      alerts: [],
      outbox: {
        paused: { pausedAt: '2026-05-02T02:00:00.000Z', pausedBy: 'me', reason: 'a test' },
        counts: { pending: 1, conflict: 1, rejected: 1, succeeded: 0 },
        needsPerson: 1,
        lostToday: 1,
        oldestWaiting: '2026-05-02T02:00:00.000Z',
      },
    });
  });

  test('the metrics come from the tables', async () => {
    const { get } = await serve();
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    const lines = (await response.text()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'lobbie_sync_runs_total{kind="sync",status="succeeded"} 1',
        'lobbie_sync_requests_total{kind="sync"} 80',
        'lobbie_sync_last_success_age_seconds{kind="sync"} 21600',
        'lobbie_sync_rejects_open{resource="patients"} 1',
        'lobbie_sync_outbox_rows{status="conflict"} 1',
        'lobbie_sync_outbox_needs_person 1',
        'lobbie_sync_outbox_oldest_seconds 21600',
        'lobbie_sync_outbox_paused 1',
      ]),
    );
  });

  test('a run counts as running only while its process holds its lock', async () => {
    const { get } = await serve();
    const at = new Date('2026-05-02T07:00:00Z');
    const [run] = await query<{ id: string }>(
      database.url,
      `INSERT INTO lobbie_sync.runs (kind, status, started_at) VALUES ('verify', 'running', $1) RETURNING id`,
      [at],
    );
    expect(await (await get('/api/status')).json()).toMatchObject({ running: [] });
    await query(database.url, 'DELETE FROM lobbie_sync.runs WHERE id = $1', [run?.id]);
  });

  test('a foreign name that points here is not served', async () => {
    const { server } = await serve();
    expect(await statusWithHost(`${server.url}/api/status`, 'rebound.example.org')).toBe(421);
    expect(await statusWithHost(`${server.url}/api/status`, 'localhost:1')).toBe(200);
    expect(await statusWithHost(`${server.url}/healthz`, 'rebound.example.org')).toBe(200);
  });
});

describe('with a token', () => {
  test('every route but health asks for it', async () => {
    const { get } = await serve({ adminToken: TOKEN });
    for (const route of ['/healthz', '/readyz']) expect((await get(route)).status).toBe(200);
    for (const route of GUARDED) {
      for (const headers of [{}, bearer('wrong'), bearer(''), basic('wrong')]) {
        const response = await get(route, headers);
        expect([route, response.status]).toEqual([route, 401]);
        expect(await response.text()).toBe('{"error":"unauthorized"}');
      }
      expect((await get(route, bearer(TOKEN))).status).toBe(route === '/nowhere' ? 404 : 200);
    }
  });

  test('a browser gives it as a password, for the page alone', async () => {
    const { get } = await serve({ adminToken: TOKEN });
    expect((await get('/')).headers.get('www-authenticate')).toMatch(/^Basic /);
    expect((await get('/', basic(TOKEN))).status).toBe(200);
    expect((await get('/api/status', basic(TOKEN))).status).toBe(401);
    expect((await get('/api/status')).headers.get('www-authenticate')).toMatch(/^Bearer /);
  });

  test('added routes see to their own access', async () => {
    const { get } = await serve({
      adminToken: TOKEN,
      routes: (app) => void app.get('/hooks', async () => ({ taken: true })),
    });
    expect(await (await get('/hooks')).json()).toEqual({ taken: true });
    expect((await get('/api/status')).status).toBe(401);
  });
});

describe('binding', () => {
  test('elsewhere needs a token', async () => {
    await expect(serve({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'web.token_required', exitCode: 2 });
    const { get } = await serve({ host: '0.0.0.0', adminToken: TOKEN });
    expect((await get('/')).status).toBe(401);
  });

  test('an IPv6 address may stand in brackets, as in a URL', async () => {
    // A machine without IPv6 has another reason than a name that does not exist.
    const started = await serve({ host: '[::1]' }).then(
      ({ get }) => get('/healthz'),
      (error: LobbieSyncError) => error,
    );
    if (started instanceof LobbieSyncError) expect(started.message).not.toContain('ENOTFOUND');
    else expect(started.status).toBe(200);
  });

  test('a port that is taken is named', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    await expect(serve({ port })).rejects.toMatchObject({ code: 'web.listen', exitCode: 2 });
  });
});

describe('readiness', () => {
  test('ends while the daemon drains', async () => {
    const { get, state } = await serve();
    state.draining = true;
    const response = await get('/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, reasons: ['draining'] });
    expect((await get('/healthz')).status).toBe(200);
  });

  test('waits for migrations', async () => {
    let pending = ['0008_schedule'];
    const { get, clock } = await serve({ pendingMigrations: async () => pending });
    expect(await (await get('/readyz')).json()).toEqual({ ready: false, reasons: ['schema_not_current'] });
    pending = [];
    expect((await get('/readyz')).status).toBe(200);
    pending = ['0009_more'];
    clock.advance(61_000);
    expect((await get('/readyz')).status).toBe(503);
  });

  test('and for the database; every page says so, and comes back by itself', async () => {
    const { get } = await serve();
    await takeDown(database);
    expect(await (await get('/readyz')).json()).toEqual({ ready: false, reasons: ['database_unreachable'] });
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/')).status).toBe(503);
    expect(await (await get('/api/status')).json()).toMatchObject({ database: { reachable: false } });
    expect(await (await get('/metrics')).text()).toContain('lobbie_sync_database_up 0');
    await bringBack(database);
    for (const route of ROUTES) expect([route, (await get(route)).status]).toEqual([route, 200]);
  });
});
