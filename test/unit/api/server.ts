/** A small HTTP server for the tests of the API client: a token endpoint and whatever the test answers. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ApiClient, type ApiClientOptions, createApiClient } from '../../../src/api/client.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { systemClock } from '../../../src/core/clock.ts';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly socket: number;
}

export type Answer = (response: ServerResponse, seen: Seen, count: number) => void;

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly calls: Seen[];
  readonly tokenCalls: Seen[];
  answer: Answer;
  answerToken: Answer;
}

export const SECRETS = {
  clientId: 'canary-client-id',
  clientSecret: 'canary-client-secret',
  apiKey: 'canary-api-key',
  token: 'canary-token',
} as const;

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** A status to answer with, or what to do instead. */
export type Step = number | ((response: ServerResponse) => void);

/** Answers the listed statuses in turn and 200 with an empty object from then on. */
export const sequence =
  (...statuses: readonly Step[]): Answer =>
  (response, _seen, count) => {
    const next = statuses[count - 1] ?? 200;
    if (typeof next === 'function') next(response);
    else json(response, next, {});
  };

export async function startServer(answer: Answer): Promise<TestServer> {
  const calls: Seen[] = [];
  const tokenCalls: Seen[] = [];
  const sockets = new Map<unknown, number>();
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (!sockets.has(request.socket)) sockets.set(request.socket, sockets.size + 1);
    const { method = '', url = '', headers } = request;
    const seen: Seen = { method, url, headers, body, socket: sockets.get(request.socket)! };
    const [list, handle] = url === '/token' ? [tokenCalls, state.answerToken] : [calls, state.answer];
    list.push(seen);
    handle(response, seen, list.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const state: TestServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    tokenCalls,
    answer,
    answerToken: (response, _seen, count) =>
      json(response, 200, { access_token: `${SECRETS.token}-${count}`, token_type: 'Bearer', expires_in: 3600 }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}

/** A client without a rate limit whose backoffs are a few milliseconds. */
export function testClient(server: TestServer, options: Partial<ApiClientOptions> = {}): ApiClient {
  return createApiClient({
    baseUrl: server.url,
    tokenUrl: `${server.url}/token`,
    clientId: SECRETS.clientId,
    clientSecret: SECRETS.clientSecret,
    requestsPerSecond: 0,
    concurrency: 8,
    retry: { baseMs: 1, capMs: 4 },
    ...options,
  });
}

/** Sleeps end at once and move the time on; what was slept is kept. */
export function fakeClock(
  start = Date.parse('2025-01-10T00:00:00Z'),
): Clock & { time: number; readonly slept: number[] } {
  const clock = {
    time: start,
    slept: [] as number[],
    now: () => new Date(clock.time),
    async sleep(ms: number, signal?: AbortSignal) {
      signal?.throwIfAborted();
      clock.slept.push(ms);
      clock.time += ms;
      await systemClock.sleep(0, signal);
    },
  };
  return clock;
}

/** The error of a promise that must fail. */
export async function failure<E = unknown>(promise: Promise<unknown>): Promise<E> {
  try {
    await promise;
  } catch (error) {
    return error as E;
  }
  throw new Error('it did not fail');
}
