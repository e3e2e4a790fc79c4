import { describe, expect, it } from 'vitest';
import { parseToken } from '../../../src/api/token.ts';
import type { ApiError } from '../../../src/core/errors.ts';
import { failure, fakeClock, json, SECRETS, sequence, startServer, testClient } from './server.ts';

const ok = sequence();

describe('parseToken', () => {
  it.each([
    ['3600', 3600_000, 60_000],
    ['"4"', 4_000, 400],
    ['4', 4_000, 400],
    ['null', 3600_000, 60_000],
    ['0', 3600_000, 60_000],
    ['"soon"', 3600_000, 60_000],
  ])('expires_in %s', (expiresIn, lifetime, margin) => {
    expect(parseToken(`{"access_token":"t","expires_in":${expiresIn}}`, 1000)).toEqual({
      value: 't',
      expiresAt: 1000 + lifetime,
      renewAt: 1000 + lifetime - margin,
    });
  });

  it.each(['<html>', 'null', '[]', '{}', '{"access_token":7}', '{"access_token":""}', '{"access_token":"a\\nb"}'])(
    'finds none in %s',
    (text) => {
      expect(parseToken(text, 0)).toBeUndefined();
    },
  );
});

describe('the token', () => {
  it('is requested by form fields, with scope and key when they are set, once for all callers', async () => {
    await using server = await startServer(ok);
    const client = testClient(server, { apiKey: SECRETS.apiKey, scope: 'prod/partner' });
    await Promise.all(Array.from({ length: 10 }, () => client.call('listRoleGroups', {})));
    await client.call('listRoleGroups', {});
    expect(server.tokenCalls).toHaveLength(1);
    const [call] = server.tokenCalls;
    expect(call).toMatchObject({ method: 'POST', headers: { 'x-api-key': SECRETS.apiKey } });
    expect(call?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(call?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: SECRETS.clientId,
      client_secret: SECRETS.clientSecret,
      scope: 'prod/partner',
    });
    expect(server.calls.every(({ headers }) => headers['x-api-key'] === SECRETS.apiKey)).toBe(true);
    expect(server.calls.every(({ headers }) => headers.authorization === `Bearer ${SECRETS.token}-1`)).toBe(true);
    expect(client.state.requests).toBe(11);
  });

  it('goes without key and scope when they are not set', async () => {
    await using server = await startServer(ok);
    await testClient(server).call('listRoleGroups', {});
    expect(server.tokenCalls[0]?.headers['x-api-key']).toBeUndefined();
    expect(server.tokenCalls[0]?.body).not.toContain('scope');
    expect(server.calls[0]?.headers['x-api-key']).toBeUndefined();
  });

  it('is renewed before it expires', async () => {
    await using server = await startServer(ok);
    server.answerToken = (response, _seen, count) => json(response, 200, { access_token: `t${count}`, expires_in: 4 });
    const clock = fakeClock();
    const client = testClient(server, { clock });
    for (const at of [0, 3_500, 3_700, 7_200, 7_400]) {
      clock.time = Date.parse('2025-01-10T00:00:00Z') + at;
      await client.call('listRoleGroups', {});
    }
    const used = server.calls.map(({ headers }) => headers.authorization);
    expect(used).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2', 'Bearer t2', 'Bearer t3']);
  });

  it('is renewed once when ten calls are refused together', async () => {
    await using server = await startServer((response, seen) =>
      json(response, seen.headers.authorization?.endsWith('-1') ? 401 : 200, {}),
    );
    const client = testClient(server, { concurrency: 10 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.call('listRoleGroups', {})));
    expect(answers.every(({ attempts }) => attempts === 2)).toBe(true);
    expect(server.tokenCalls).toHaveLength(2);
  });

  it('is not renewed for ever: a second 401 ends the call', async () => {
    await using server = await startServer((response) => json(response, 401, {}));
    const error = await failure<ApiError>(testClient(server).call('deletePatient', { accountId: 1, patientId: 2 }));
    expect(error).toMatchObject({ code: 'auth.rejected', action: 'abort', exitCode: 3, status: 401, attempts: 2 });
    expect([server.calls.length, server.tokenCalls.length]).toEqual([2, 2]);
  });

  it('is fetched anew when it runs out in the queue, and used at once when it never lasts', async () => {
    await using server = await startServer(ok);
    server.answerToken = (response, _seen, count) =>
      json(response, 200, { access_token: `t${count}`, expires_in: 0.001 });
    const clock = fakeClock();
    let reads = 0;
    const now = () => new Date(clock.time + 5 * reads++);
    await testClient(server, { clock: { now, sleep: clock.sleep } }).call('listRoleGroups', {});
    expect([server.calls.length, server.tokenCalls.length]).toEqual([1, 4]);
  });
});

describe('the token endpoint', () => {
  it.each([400, 401, 403])('ends the call at once with %i', async (status) => {
    await using server = await startServer(ok);
    server.answerToken = (response, seen) => json(response, status, { error: seen.body });
    const error = await failure<ApiError>(testClient(server).call('listRoleGroups', {}));
    expect(error).toMatchObject({ code: 'auth.rejected', action: 'abort', exitCode: 3, status, attempts: 1 });
    expect(error.hint).toMatch(/LOBBIE_CLIENT_ID.*LOBBIE_CLIENT_SECRET.*LOBBIE_TOKEN_URL/);
    expect([server.calls.length, server.tokenCalls.length]).toEqual([0, 1]);
  });

  it('is called again after 5xx, HTML and a reset, and Retry-After is obeyed', async () => {
    await using server = await startServer(ok);
    const clock = fakeClock();
    server.answerToken = (response, _seen, count) => {
      if (count === 1) json(response, 429, {}, { 'retry-after': '7' });
      else if (count === 2) json(response, 500, {});
      else if (count === 3) response.end('<html>');
      else if (count === 4) response.destroy();
      else json(response, 200, { access_token: 't' });
    };
    const client = testClient(server, { clock });
    await client.call('listRoleGroups', {});
    expect(server.tokenCalls).toHaveLength(5);
    expect(clock.slept).toContain(7000);
    expect(client.state).toMatchObject({ requests: 1, throttled: 0 });
  });

  it('is given up after bounded attempts, and called again by the next call', async () => {
    await using server = await startServer(ok);
    server.answerToken = (response) => json(response, 500, {});
    const client = testClient(server);
    const error = await failure<ApiError>(client.call('listRoleGroups', {}));
    expect(error).toMatchObject({ code: 'auth.unavailable', action: 'abort', exitCode: 3, attempts: 8 });
    server.answerToken = (response) => json(response, 200, { access_token: 't' });
    expect((await client.call('listRoleGroups', {})).status).toBe(200);
  });

  it('goes on for the others when one caller gives up', async () => {
    await using server = await startServer(ok);
    const gave = Promise.withResolvers<void>();
    server.answerToken = (response) => void gave.promise.then(() => json(response, 200, { access_token: 't' }));
    const client = testClient(server);
    const controller = new AbortController();
    const first = failure(client.call('listRoleGroups', {}, { signal: controller.signal }));
    const second = client.call('listRoleGroups', {});
    controller.abort(new Error('gave up'));
    expect(await first).toMatchObject({ message: 'gave up' });
    gave.resolve();
    expect((await second).status).toBe(200);
    expect(server.tokenCalls).toHaveLength(1);
  });
});
