import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createApi } from '../../../src/api/api.ts';
import { rawNumberText } from '../../../src/api/json.ts';
import { operations } from '../../../src/api/operations.generated.ts';
import { type ApiError, StopError } from '../../../src/core/errors.ts';
import { MovableClock } from '../../support/clock.ts';
import {
  type Answer,
  failure,
  fakeClock,
  json,
  type Seen,
  type Step,
  sequence,
  startServer,
  testClient,
} from './server.ts';

const reset: Step = (response) => void response.destroy();
const cut: Step = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '999' });
  response.write('{"patients":[', () => setTimeout(() => response.destroy(), 5));
};
const html: Step = (response) => {
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end('<html>Please sign in</html>');
};
const empty: Step = (response) => void response.writeHead(200).end();

const list = ['listPatients', { accountId: 1001 }] as const;
const create = ['createPatient', { accountId: 1001 }, { body: { firstName: 'A' } }] as const;

describe('a read', () => {
  it('sends method, URL and token, and gives body, status, time and attempts', async () => {
    await using server = await startServer((response) =>
      json(response, 200, { patients: [{ id: 5 }], nextCursor: null }),
    );
    const clock = fakeClock();
    const client = testClient(server, { clock });
    const answer = await client.call('listPatients', { accountId: 1001, limit: 100, cursor: 'a=' });
    expect(answer).toEqual({
      body: { patients: [{ id: 5 }], nextCursor: null },
      status: 200,
      sentAt: new Date(clock.time),
      attempts: 1,
    });
    expect(server.calls[0]).toMatchObject({
      method: 'GET',
      url: '/partner/v2/account/1001/patients?cursor=a%3D&limit=100',
      body: '',
    });
    expect(server.calls[0]?.headers['content-type']).toBeUndefined();
  });

  it('keeps 64-bit ids', async () => {
    await using server = await startServer((response) => response.end('{"patients":[{"id":9223372036854775807}]}'));
    const { body } = await testClient(server).call('listPatients', { accountId: 1 });
    expect(rawNumberText(body.patients[0]?.id)).toBe('9223372036854775807');
  });

  it.each<[string, Step]>([
    ['a reset', reset],
    ['a cut body', cut],
    ['an HTML page', html],
    ['a name twice in an object', (response) => response.end('{"patients":[{"id":1}],"patients":[]}')],
    ['two records run into one', (response) => response.end('{"patients":[{"id":1,"id":2}]}')],
    ['206, a part', (response) => json(response, 206, { patients: [], nextCursor: null })],
    ['202, not ready yet', (response) => json(response, 202, { patients: [] })],
    ['an empty body', empty],
    ...[408, 425, 429, 500, 502, 503, 504].map((status): [string, Step] => [`a ${status}`, status]),
  ])('is sent again after %s', async (_name, first) => {
    await using server = await startServer(sequence(first, first));
    const client = testClient(server);
    expect((await client.call(...list)).attempts).toBe(3);
    expect(client.state).toMatchObject({ requests: 3, retries: 2, running: 0, queued: 0 });
  });

  it.each<[string, Step, number]>([
    ['api.unavailable', 500, 8],
    ['api.unavailable', html, 8],
    ['api.unavailable', 503, 20],
    ['api.throttled', 429, 20],
  ])('ends with %s when it never gets better', async (code, every, attempts) => {
    await using server = await startServer((response) => sequence(every)(response, server.calls[0]!, 1));
    expect(await failure(testClient(server).call(...list))).toMatchObject({ code, action: 'retry', attempts });
    expect(server.calls).toHaveLength(attempts);
  });

  it('ends with api.timeout when nothing comes in time', async () => {
    const stopwatch = new MovableClock();
    await using server = await startServer((response) => {
      response.writeHead(200).write('{', () => stopwatch.jump(60_000));
    });
    const client = testClient(server, { stopwatch, timeoutMs: 60_000, retry: { maxAttempts: 2, baseMs: 1 } });
    expect(await failure(client.call(...list))).toMatchObject({ code: 'api.timeout', attempts: 2, status: undefined });
  });

  it.each([
    [400, 'skip', 'api.bad_request'],
    [403, 'skip', 'api.forbidden'],
    [404, 'skip', 'api.not_found'],
    [409, 'skip', 'api.conflict'],
    [418, 'skip', 'api.unexpected_status'],
    [422, 'skip', 'api.unprocessable'],
  ])('is not repeated after a %i', async (status, action, code) => {
    await using server = await startServer((response) => json(response, status, { requestId: 'req_7' }));
    const error = await failure<ApiError>(testClient(server).call(...list));
    expect(error).toMatchObject({ name: 'ApiError', status, action, code, attempts: 1, requestId: 'req_7' });
    expect(error).toMatchObject({ operationId: 'listPatients', ids: { accountId: '1001' } });
    expect(server.calls).toHaveLength(1);
  });

  it('has to start over when its cursor is refused', async () => {
    await using server = await startServer((response) => json(response, 400, {}));
    const error = await failure(testClient(server).call('listPatients', { accountId: 1, cursor: 'old' }));
    expect(error).toMatchObject({ action: 'restart', code: 'api.bad_cursor' });
  });

  it('waits as long as Retry-After says, as does every other call', async () => {
    const clock = fakeClock();
    const begin = clock.time;
    const arrived: number[] = [];
    await using server = await startServer((response, _seen, count) => {
      arrived.push(clock.time - begin);
      if (count === 1) json(response, 429, {}, { 'retry-after': '720' });
      else if (count === 2) json(response, 503, {}, { 'retry-after': new Date(clock.time + 60_000).toUTCString() });
      else json(response, 200, {});
    });
    const client = testClient(server, { clock, requestsPerSecond: 50, concurrency: 1 });
    const [first] = await Promise.all([client.call(...list), client.call('listRoleGroups', {})]);
    expect(first.attempts).toBeGreaterThan(1);
    expect(arrived[1]).toBeGreaterThanOrEqual(720_000);
    expect(arrived[2]).toBeGreaterThanOrEqual(780_000);
    expect(client.state.throttled).toBe(2);
  });

  it.each(['86400', '604800', String(Date.parse('2025-01-11T00:00:00Z') / 1000)])(
    'ends at once, with the time, when Retry-After is %s',
    async (value) => {
      await using server = await startServer((response) => json(response, 429, {}, { 'retry-after': value }));
      const clock = fakeClock();
      const error = await failure<StopError>(testClient(server, { clock }).call(...list));
      expect(error).toMatchObject({ code: 'stop.wait', action: 'stop', exitCode: 5 });
      expect(error.message).toMatch(/until 2025-01-1[17]T00:00:00Z, longer than the 900 s of LOBBIE_MAX_WAIT/);
      expect([server.calls.length, clock.slept]).toEqual([1, []]);
    },
  );

  it('reports the clock of the answers', async () => {
    await using server = await startServer((response) =>
      json(response, 200, {}, { date: new Date(Date.now() - 3_600_000).toUTCString() }),
    );
    server.answerToken = (response) =>
      json(response, 200, { access_token: 't' }, { date: new Date(Date.now() - 3_600_000).toUTCString() });
    const client = testClient(server);
    expect(client.state.clockSkewMs).toBeUndefined();
    await client.measureClock();
    expect(Math.round((client.state.clockSkewMs ?? 0) / 60_000)).toBe(-60);
  });
});

describe('a read that is refused with 401', () => {
  const refuse = (path: string) => (response: ServerResponse, seen: Seen) =>
    seen.url.includes(path) ? json(response, 401, {}) : json(response, 200, { roleGroups: [] });

  it('is a fault of that list when the same token works for another one', async () => {
    await using server = await startServer(refuse('/patients'));
    const error = await failure<ApiError>(testClient(server).call(...list));
    expect(error).toMatchObject({ code: 'api.unauthorized', action: 'skip', exitCode: 4 });
    expect(server.calls.map(({ url }) => url.includes('/patients'))).toEqual([true, true, false]);
  });

  it('requests no new token for each parent of a list that is known to be refused', async () => {
    await using server = await startServer(refuse('/patients'));
    const client = testClient(server);
    for (let time = 0; time < 5; time += 1) await failure(client.call(...list));
    expect(server.tokenCalls.length).toBe(2);
    expect(server.calls.length).toBe(3 + 4);
  });

  it('counts what it sends to find that out', async () => {
    await using server = await startServer(refuse('/patients'));
    let counted = 0;
    const beforeAttempt = () => {
      counted += 1;
    };
    await failure(testClient(server).call(...list, { beforeAttempt }));
    expect(counted).toBe(server.calls.length);
  });

  it('ends the run when no operation takes the token', async () => {
    await using server = await startServer((response) => json(response, 401, {}));
    expect(await failure(testClient(server).call(...list))).toMatchObject({ code: 'auth.rejected', action: 'abort' });
  });
});

describe('a write', () => {
  it('sends its body as JSON, 64-bit ids too', async () => {
    await using server = await startServer((response) => json(response, 201, { id: 5 }));
    const body = { patientId: 9223372036854775807n, note: 'ü' };
    const answer = await testClient(server).call('createAppointment', { accountId: 1, locationId: 2 }, { body });
    expect(answer).toMatchObject({ status: 201, body: { id: 5 } });
    expect(server.calls[0]).toMatchObject({ method: 'POST', body: '{"patientId":9223372036854775807,"note":"ü"}' });
    expect(server.calls[0]?.headers['content-type']).toBe('application/json');
  });

  it('may be answered without a body', async () => {
    await using server = await startServer((response) => response.writeHead(204).end());
    const answer = await testClient(server).call('deletePatient', { accountId: 1, patientId: 2 });
    expect(answer).toMatchObject({ status: 204, body: undefined });
  });

  it.each<[string, Step]>([
    ['a reset', reset],
    ['a cut body', cut],
    ['an HTML page', html],
    ...[408, 500, 502, 503].map((status): [string, Step] => [`a ${status}`, status]),
  ])('is never sent again after %s', async (_name, first) => {
    await using server = await startServer(sequence(first));
    expect(await failure(testClient(server).call(...create))).toMatchObject({
      action: 'retry',
      code: 'api.unavailable',
    });
    expect(server.calls).toHaveLength(1);
  });

  it.each([429, 401])('is sent again after a %i, which was not carried out', async (status) => {
    await using server = await startServer(sequence(status));
    expect((await testClient(server).call(...create)).attempts).toBe(2);
    expect(server.calls.map(({ body }) => body)).toEqual(['{"firstName":"A"}', '{"firstName":"A"}']);
  });
});

describe('beforeAttempt', () => {
  it('is called before every attempt and not for token calls', async () => {
    await using server = await startServer(sequence(500, 401, 429));
    let count = 0;
    const seen: number[] = [];
    const beforeAttempt = () => {
      seen.push(server.calls.length);
      count += 1;
    };
    const client = testClient(server);
    await client.call('listRoleGroups', {}, { beforeAttempt });
    expect(seen).toEqual([0, 1, 2, 3]);
    expect([count, client.state.requests, client.state.retries, server.tokenCalls.length]).toEqual([4, 4, 3, 2]);
  });

  it('stops the call with its error, sends nothing and frees the slot', async () => {
    await using server = await startServer(sequence());
    const client = testClient(server, { concurrency: 1, requestsPerSecond: 100 });
    const spent = () => {
      throw new StopError('stop.budget', 'the request budget is used up');
    };
    const error = await failure(client.call('listRoleGroups', {}, { beforeAttempt: spent }));
    expect(error).toMatchObject({ code: 'stop.budget' });
    expect([server.calls.length, client.state.requests, client.state.running]).toEqual([0, 0, 0]);
    expect((await client.call('listRoleGroups', {})).status).toBe(200);
  });
});

describe('aborting', () => {
  const never: Answer = (response) => void response.writeHead(200).write('{');
  const throttle: Answer = (response) => json(response, 429, {}, { 'retry-after': '600' });
  const fail: Answer = (response) => json(response, 500, {});

  it.each([
    ['a body', never],
    ['a Retry-After', throttle],
    ['a backoff', fail],
  ])('ends a call during %s', async (_name, answer) => {
    await using server = await startServer(answer);
    const controller = new AbortController();
    const client = testClient(server, { retry: { baseMs: 600_000, capMs: 600_000 }, random: () => 1 });
    const ended = failure<Error>(client.call('listRoleGroups', {}, { signal: controller.signal }));
    while (server.calls.length === 0) await wait(5);
    await wait(20);
    controller.abort(new Error('gave up'));
    expect((await ended).message).toBe('gave up');
    expect(client.state).toMatchObject({ running: 0, queued: 0, requests: 1 });
  });

  it('ends everything when the client is closed', async () => {
    await using server = await startServer(never);
    const client = testClient(server, { concurrency: 1, requestsPerSecond: 100 });
    const ended = [failure(client.call(...list)), failure(client.call(...list))];
    while (server.calls.length === 0) await wait(5);
    await client.close();
    ended.push(failure(client.call(...list)));
    for (const error of ended) expect(await error).toMatchObject({ name: 'StopError', code: 'stop.signal' });
    expect(server.calls).toHaveLength(1);
  });
});

describe('the client', () => {
  it('uses the newer paths when they are configured', async () => {
    await using server = await startServer(sequence());
    const params = { accountId: 1, locationId: 2, formPacketId: 3 };
    const client = testClient(server, { newerPaths: ['observed', 'getFormPacketPdf'] });
    await client.call('listPatients', { accountId: 1 });
    await client.call('getFormPacketPdf', params);
    await client.call('getFormPacketUrl', params);
    await client.call('getFormPacketForms', params);
    expect(server.calls.map(({ url }) => url)).toEqual([
      '/partner/v2/account/1/patient',
      '/partner/v2/account/1/location/2/form-packet/3/pdf',
      '/partner/v2/account/1/location/2/form/3/url',
      '/partner/v2/account/1/location/2/form-packet/3/form',
    ]);
  });

  it('has a method for each operation, and a raw call for generic code', async () => {
    await using server = await startServer(sequence());
    const client = testClient(server);
    const api = createApi(client);
    expect(Object.keys(api)).toEqual(Object.keys(operations));
    await api.updatePatient({ accountId: 1, patientId: '2' }, { body: { firstName: 'B' } });
    await client.callRaw('getPatient', { accountId: 1n, patientId: 2 });
    expect(server.calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'PUT /partner/v2/account/1/patients/2',
      'GET /partner/v2/account/1/patients/2',
    ]);
    for (const op of ['nope', 'toString']) expect(await failure(client.callRaw(op, {}))).toBeInstanceOf(TypeError);
  });

  it('lets urgent calls go first', async () => {
    await using server = await startServer((response) => setTimeout(() => json(response, 200, {}), 20));
    const client = testClient(server, { concurrency: 1, requestsPerSecond: 100 });
    await client.call('listRoleGroups', {});
    const calls = [5, 9, 0].map((priority) => client.call('getRoleGroup', { roleGroupId: priority }, { priority }));
    await Promise.all(calls);
    const order = server.calls.slice(1).map(({ url }) => url.at(-1));
    expect(order.indexOf('0')).toBeLessThan(order.indexOf('9'));
  });
});
