import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, Call } from './http/call.ts';
import { failure, Refusal } from './http/call.ts';
import { Door } from './http/door.ts';
import { readBody } from './http/read-body.ts';
import type { LoggedRequest } from './http/request-log.ts';
import { RequestLog } from './http/request-log.ts';
import { send } from './http/send.ts';
import { Tokens } from './http/tokens.ts';
import { OddBook, wrap } from './odd/book.ts';
import type { OddSpec } from './odd/kinds.ts';
import { checkScope } from './routes/scope.ts';
import type { Match } from './routes/table.ts';
import { matchRoute } from './routes/table.ts';
import { writeJson } from './wire/json.ts';
import { makeWorld } from './world/make.ts';
import type { World } from './world/world.ts';

export type { OddSpec } from './odd/kinds.ts';

/** The contract's server line has a path before /partner/v2 too, another one. */
const BASE = '/odd/gateway';

export interface OddApiOptions {
  readonly seed: number | string;
  /** Patients of each account. */
  readonly patients: number;
  readonly accounts?: number;
  /** Locations of each account. */
  readonly locations?: number;
  /** The server's clock in milliseconds: stamps, the Date header, the ends of tokens. */
  readonly clock?: () => number;
  readonly odd?: readonly OddSpec[];
  /** How long a token holds. */
  readonly tokenSeconds?: number;
  /** False: bodies are never packed, whatever the client accepts. */
  readonly gzip?: boolean;
  /** Pages are as full as asked for, for tests that count requests. */
  readonly fullPages?: boolean;
}

export interface OddApi {
  readonly url: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accountIds: readonly number[];
  readonly world: World;
  readonly requests: RequestLog;
  readonly odd: OddBook;
  /** What went wrong inside this server: a test that ends with any of them has found nothing out. */
  readonly faults: readonly unknown[];
  /** Every token given so far is void. */
  revokeTokens(): void;
  /** Connections to one of the two are refused until `accept`. */
  refuse(which: 'api' | 'token'): Promise<void>;
  accept(which: 'api' | 'token'): Promise<void>;
  close(): Promise<void>;
}

/** Starts a Lobbie API of another make, with a world of its own. */
export async function startOddApi(options: OddApiOptions): Promise<OddApi> {
  const clock = options.clock ?? Date.now;
  const { accounts = 2, locations = 3 } = options;
  const world = makeWorld({ seed: options.seed, patients: options.patients, accounts, locations, clock });
  const client = { clientId: `odd-${options.seed}`, clientSecret: 's3cr+t/=& ü' };
  const tokens = new Tokens({ ...client, seconds: options.tokenSeconds ?? 3600 });
  const requests = new RequestLog();
  const odd = new OddBook(options.odd);
  const faults: unknown[] = [];
  let n = 0;

  const serve = (door: 'api' | 'token') => async (request: IncomingMessage, response: ServerResponse) => {
    const body = await readBody(request);
    n += 1;
    const url = new URL(request.url ?? '/', 'http://odd.test');
    const path = url.pathname.startsWith(BASE) ? url.pathname.slice(BASE.length) : url.pathname;
    const match = door === 'api' ? matchRoute(request.method ?? '', path) : undefined;
    const call: Call = {
      n,
      method: request.method ?? '',
      path,
      query: url.searchParams,
      headers: request.headers,
      op: door === 'token' ? 'token' : (match?.route.op ?? 'unknown'),
      listKey: match?.route.listKey,
      params: match?.params ?? {},
      now: clock(),
      world,
      tuning: { fullPages: options.fullPages ?? false },
      body,
    };
    const logged: LoggedRequest = {
      n: call.n,
      method: call.method,
      path,
      query: Object.fromEntries(url.searchParams),
      op: call.op,
      time: call.now,
      headers: call.headers,
      body,
      odd: [],
    };
    requests.add(logged);
    const { names, odds } = await odd.active(call);
    logged.odd = names;
    const found = await wrap(odds, call, async () =>
      door === 'token' ? tokens.issue(call) : plain(call, match, tokens),
    );
    logged.status = found.status;
    found.headers = {
      'content-type': 'application/json;charset=UTF-8',
      ...(found.omitDate === true ? {} : { date: new Date(call.now).toUTCString() }),
      ...found.headers,
    };
    let text = found.text ?? (found.json === undefined ? '' : writeJson(found.json));
    for (const { text: change } of odds) text = change?.(text, call, found) ?? text;
    let bytes = found.bytes ?? Buffer.from(text);
    for (const { bytes: change } of odds) bytes = change?.(bytes, call, found) ?? bytes;
    const accepted = String(request.headers['accept-encoding'] ?? '').includes('gzip');
    const packed = found.plainBytes === true || found.headers['content-encoding'] !== undefined;
    await send(response, found, bytes, accepted && options.gzip !== false && !packed);
  };
  const doorOf = (which: 'api' | 'token') => {
    const handle = serve(which);
    return new Door((request, response) => {
      handle(request, response).catch((error: unknown) => {
        // A client that went away in the middle is no fault of this server.
        if (!request.destroyed || !response.destroyed) faults.push(error);
        response.destroy();
      });
    });
  };
  const doors = { api: doorOf('api'), token: doorOf('token') };
  await Promise.all([doors.api.open(), doors.token.open()]);

  return {
    url: `${doors.api.origin}${BASE}`,
    tokenUrl: `${doors.token.origin}/oauth/token`,
    ...client,
    accountIds: world.accountIds,
    world,
    requests,
    odd,
    faults,
    revokeTokens: () => tokens.revokeAll(),
    refuse: (which) => doors[which].shut(),
    accept: (which) => doors[which].open(),
    close: async () => {
      await Promise.all([doors.api.shut(), doors.token.shut()]);
    },
  };
}

/** The answer of the contract, without anything odd. */
function plain(call: Call, match: Match | undefined, tokens: Tokens): Answer {
  const refused = tokens.refuse(call);
  if (refused !== undefined) return refused;
  if (match === undefined) return failure(call.method === 'GET' ? 404 : 501, 'no such operation here');
  try {
    if (Object.values(match.params).some(Number.isNaN)) throw new Refusal(400, 'ids are whole numbers');
    checkScope(call);
    return match.route.handle(call);
  } catch (error) {
    if (error instanceof Refusal) return failure(error.status, error.message);
    throw error;
  }
}
