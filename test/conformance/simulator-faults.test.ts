import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Row } from '../../simulator/data/types.ts';
import { FAULT_KINDS, type FaultRule, type Simulator, startSimulator } from '../../simulator/index.ts';
import { type TestClient, testClient } from '../../simulator/testing.ts';

const list = '/account/1001/patients';
let simulator: Simulator;
let client: TestClient;
let truth: unknown[];

const ids = (rows: unknown): unknown[] => (rows as Row[]).map((row) => row['id']);
const fail = (rule: Partial<FaultRule> & Pick<FaultRule, 'kind'>): void =>
  simulator.setFaults([{ operation: 'listPatients', times: 1, ...rule }]);
/** What came to be although the answer said nothing of it; it is taken away again. */
async function madeAnyway(name: string): Promise<void> {
  const found = await client.rows(`${list}?name=${name}`, 'patients');
  expect(found).toHaveLength(1);
  expect((await client.call('DELETE', `${list}/${String(found[0]?.['id'])}`)).status).toBe(204);
}
const page = (cursor?: unknown, limit = 10) =>
  client.get(`${list}?limit=${String(limit)}${cursor === undefined ? '' : `&cursor=${String(cursor)}`}`);

beforeAll(async () => {
  simulator = await startSimulator({ patients: 40 });
  client = await testClient(simulator);
  truth = ids(await client.rows(list, 'patients'));
});
beforeEach(() => simulator.setFaults([]));
afterAll(() => simulator.stop());

/** What each kind does to a request. */
const KINDS: Record<(typeof FAULT_KINDS)[number], () => Promise<void>> = {
  status: async () => {
    fail({ kind: 'status', status: 503, retryAfter: 7 });
    const { status, headers, body } = await page();
    expect([status, headers.get('retry-after'), body?.['error']]).toEqual([503, '7', 'Service Unavailable']);
  },
  'status-after': async () => {
    fail({ kind: 'status-after', operation: 'createPatient', status: 503, retryAfter: 7 });
    const { status, headers, body } = await client.call('POST', list, { firstName: 'A', lastName: 'Contradicted' });
    expect([status, headers.get('retry-after'), body?.['error']]).toEqual([503, '7', 'Service Unavailable']);
    await madeAnyway('contradicted');
  },
  timeout: async () => {
    fail({ kind: 'timeout' });
    const wait = fetch(`${simulator.url}/partner/v2${list}`, { signal: AbortSignal.timeout(150) });
    await expect(wait).rejects.toThrow(/timeout/i);
  },
  'timeout-after': async () => {
    fail({ kind: 'timeout-after', operation: 'createPatient' });
    const wait = client.call('POST', list, { firstName: 'A', lastName: 'Unanswered' }, {}, AbortSignal.timeout(300));
    await expect(wait).rejects.toThrow(/timeout/i);
    await madeAnyway('unanswered');
  },
  'reset-before': async () => {
    fail({ kind: 'reset-before', operation: 'createPatient' });
    await expect(client.call('POST', list, { firstName: 'A', lastName: 'Before' })).rejects.toThrow();
    expect(await client.rows(`${list}?name=before`, 'patients')).toHaveLength(0);
  },
  'reset-after': async () => {
    fail({ kind: 'reset-after', operation: 'createPatient' });
    await expect(client.call('POST', list, { firstName: 'A', lastName: 'Afterwards' })).rejects.toThrow();
    await madeAnyway('afterwards');
  },
  truncate: async () => {
    fail({ kind: 'truncate' });
    await expect(page()).rejects.toThrow();
  },
  'wrong-content-type': async () => {
    fail({ kind: 'wrong-content-type' });
    const { status, headers, body } = await page();
    expect([status, headers.get('content-type'), body]).toEqual([200, 'text/html; charset=utf-8', undefined]);
  },
  'slow-body': async () => {
    fail({ kind: 'slow-body', delayMs: 200 });
    const start = performance.now();
    expect(ids((await page()).body?.['patients'])).toEqual(truth.slice(0, 10));
    expect(performance.now() - start).toBeGreaterThan(150);
  },
  'missing-list-key': async () => {
    fail({ kind: 'missing-list-key' });
    const { status, body } = await page();
    expect([status, Object.keys(body as Row)]).toEqual([200, ['nextCursor']]);
  },
  'repeated-cursor': async () => {
    const first = (await page()).body?.['nextCursor'];
    fail({ kind: 'repeated-cursor' });
    expect((await page(first)).body?.['nextCursor']).toBe(first);
    fail({ kind: 'repeated-cursor' });
    expect((await page()).body?.['nextCursor']).toBe(first);
    expect((await page(first)).body?.['nextCursor']).toBe(first);
    expect((await page(first)).body?.['nextCursor']).not.toBe(first);
  },
  'expired-cursor': async () => {
    fail({ kind: 'expired-cursor' });
    const { status, body } = await page();
    expect(status).toBe(200);
    expect((await page(body?.['nextCursor'])).status).toBe(400);
    expect((await page(body?.['nextCursor'])).status).toBe(200);
  },
  'empty-page': async () => {
    fail({ kind: 'empty-page', after: 1 });
    expect(ids(await client.rows(list, 'patients', 7))).toEqual(truth);
    fail({ kind: 'empty-page' });
    const { body } = await page();
    expect(body?.['patients']).toEqual([]);
    expect(ids((await page(body?.['nextCursor'])).body?.['patients'])).toEqual(truth.slice(0, 10));
  },
  'doubled-row': async () => {
    fail({ kind: 'doubled-row' });
    const rows = ids((await page()).body?.['patients']);
    expect([rows.length, new Set(rows).size]).toEqual([11, 10]);
  },
  shift: async () => {
    fail({ kind: 'shift', times: 4, after: 1 });
    const read = ids(await client.rows(list, 'patients', 10));
    expect(read).not.toEqual(truth);
    const missing = truth.filter((id) => !read.includes(id)).length;
    expect(missing + (read.length - new Set(read).size)).toBeGreaterThan(0);
    expect(ids(await client.rows(list, 'patients', 10))).not.toHaveLength(0);
  },
  'bad-record': async () => {
    fail({ kind: 'bad-record', times: 20 });
    const seen = new Set<string>();
    for (let n = 0; n < 20; n += 1) {
      const rows = (await page()).body?.['patients'] as Row[];
      const bad = rows.filter(
        (row) => typeof row['id'] !== 'number' || Object.values(row).some((value) => (value as Row)?.['unexpected']),
      );
      expect(bad).toHaveLength(1);
      seen.add(typeof bad[0]?.['id']);
    }
    expect(seen.size).toBeGreaterThan(1);
  },
  'unknown-field': async () => {
    fail({ kind: 'unknown-field' });
    const rows = (await page()).body?.['patients'] as Row[] | undefined;
    expect(rows?.[0]).toHaveProperty('loyaltyTier');
  },
  'lost-grant': async () => {
    fail({ kind: 'lost-grant', accountId: 1001 });
    expect((await page()).status).toBe(403);
    expect((await page()).status).toBe(200);
  },
};

describe('faults', () => {
  for (const kind of FAULT_KINDS) it(kind, KINDS[kind]);

  it('obey operation, path, account, after, times and probability', async () => {
    const statuses = async (count: number): Promise<number[]> => {
      const found: number[] = [];
      for (let i = 0; i < count; i += 1) found.push((await page()).status);
      return found;
    };
    fail({ kind: 'status', after: 1, times: 2 });
    expect(await statuses(4)).toEqual([200, 500, 500, 200]);
    fail({ kind: 'status', operation: 'listStaff' });
    expect(await statuses(1)).toEqual([200]);
    fail({ kind: 'status', accountId: 1002 });
    expect(await statuses(1)).toEqual([200]);
    fail({ kind: 'status', operation: '*', path: '/patients' });
    expect(await statuses(2)).toEqual([500, 200]);
    fail({ kind: 'status', probability: 0.5, times: 1000 });
    const drawn = await statuses(40);
    fail({ kind: 'status', probability: 0.5, times: 1000 });
    expect(await statuses(40)).toEqual(drawn);
    expect(new Set(drawn).size).toBe(2);
  });

  it('come over the control API, which names unknown kinds', async () => {
    const refused = await client.admin('POST', '/faults', [{ kind: 'gremlin' }]);
    expect([refused.status, String(refused.body?.['message'])]).toEqual([400, expect.stringContaining('gremlin')]);
    expect((await client.admin('POST', '/faults', [{ kind: 'status', status: 418 }])).status).toBe(200);
    expect((await page()).status).toBe(418);
  });
});

describe('faults after the work', () => {
  const body = { firstName: 'A', lastName: 'Later' };

  it('also meet reads and the token call, and are counted as their siblings are', async () => {
    const counted = async (kind: FaultRule['kind']) => {
      fail({ kind });
      simulator.resetStats();
      await client.call('GET', list, undefined, {}, AbortSignal.timeout(150)).catch(() => undefined);
      const { statuses, recordsServed, perOperation } = simulator.stats();
      return { statuses, recordsServed, perOperation };
    };
    const perOperation = { listPatients: 1 };
    expect(await counted('status-after')).toEqual({ statuses: { 500: 1 }, recordsServed: {}, perOperation });
    expect(await counted('timeout-after')).toEqual({ statuses: { 0: 1 }, recordsServed: {}, perOperation });
    for (const after of ['status', 'timeout'] as const)
      expect(await counted(`${after}-after`)).toEqual(await counted(after));
    const ask = (secret: string, signal: AbortSignal | null = null) => {
      const fields = { grant_type: 'client_credentials', client_id: 'demo-client', client_secret: secret };
      return fetch(simulator.tokenUrl, { method: 'POST', body: new URLSearchParams(fields), signal });
    };
    simulator.setFaults([{ kind: 'status-after', operation: 'token', status: 502 }]);
    expect([(await ask('demo-secret')).status, (await ask('wrong')).status]).toEqual([502, 401]);
    simulator.setFaults([{ kind: 'timeout-after', operation: 'token' }]);
    await expect(ask('demo-secret', AbortSignal.timeout(150))).rejects.toThrow(/timeout/i);
  });

  it('leave refusals as they are, and no work is done then', async () => {
    for (const kind of ['status-after', 'timeout-after'] as const) {
      simulator.setFaults([{ kind, status: 502 }]);
      const before = simulator.world.journal.length;
      const post = async (path: string, sent: Row, headers = {}): Promise<number> =>
        (await client.call('POST', path, sent, headers)).status;
      expect(await post(list, body, { authorization: 'Bearer x.y.z' })).toBe(401);
      expect(await post(list, { firstName: 'A' })).toBe(400);
      expect(await post('/account/9/patients', body)).toBe(403);
      const nowhere = { patientId: 1, practitionerId: 1, appointmentTypeId: 1, startTime: '2026-07-01T22:00:00Z' };
      expect(await post('/account/1001/location/1/appointment', nowhere)).toBe(404);
      expect(simulator.world.journal.length).toBe(before);
    }
  });

  it('come after the rate, and do the work once for each admitted request', async () => {
    const slow = await startSimulator({ patients: 5, rateLimit: 1 });
    const own = await testClient(slow);
    slow.setFaults([{ kind: 'status-after', operation: 'createPatient' }]);
    const replies = await Promise.all(
      Array.from({ length: 6 }, (_, n) => own.call('POST', list, { firstName: String(n), lastName: 'Later' })),
    );
    const admitted = replies.filter(({ status }) => status === 500).length;
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(6 - admitted);
    expect([admitted > 0, admitted < 6]).toEqual([true, true]);
    expect((await own.truth(1001, 'patients')).length).toBe(5 + admitted);
    await slow.stop();
  });
});

describe('signing in', () => {
  it('refuses missing, invented and expired tokens and wrong secrets', async () => {
    const short = await startSimulator({ patients: 5, tokenTtlSeconds: 0.2 });
    const own = await testClient(short);
    expect((await own.get(list)).status).toBe(200);
    await new Promise((done) => setTimeout(done, 250));
    const { status, body } = await own.get(list);
    expect([status, body?.['message']]).toEqual([401, 'Token expired']);
    expect((await own.call('GET', list, undefined, { authorization: 'Bearer x.y.z' })).status).toBe(401);
    expect((await fetch(`${short.url}/partner/v2${list}`)).status).toBe(401);
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'demo-client',
      client_secret: 'wrong',
    });
    expect((await fetch(short.tokenUrl, { method: 'POST', body: form })).status).toBe(401);
    expect(short.stats().tokenCalls).toBe(2);
    await short.stop();
  });

  it('limits the rate and says when to come back', async () => {
    const slow = await startSimulator({ patients: 5, rateLimit: 5 });
    const own = await testClient(slow);
    const replies = await Promise.all(Array.from({ length: 12 }, () => own.get(list)));
    const refused = replies.filter((reply) => reply.status === 429);
    expect(refused.length).toBeGreaterThan(4);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect(slow.stats().rejected429).toBe(refused.length);
    await slow.stop();
  });

  it('wants the API key when there is one', async () => {
    const keyed = await startSimulator({ patients: 5, apiKey: 'k' });
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'demo-client',
      client_secret: 'demo-secret',
    });
    const ask = (headers: Record<string, string>) => fetch(keyed.tokenUrl, { method: 'POST', body: form, headers });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ 'x-api-key': 'k' })).status).toBe(200);
    await keyed.stop();
  });
});
