import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/**
 * A second, bare implementation of the API over node:http, for data that the simulator does not have. Records are JSON
 * text, so that numbers travel digit by digit. Every list that is not given is empty, every single read is a 404.
 */

export interface Reply {
  readonly status?: number;
  readonly text: string;
}

export interface Call {
  /** Below /partner/v2, without a slash at the front: `account/7/patients`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly method: string;
  /** The body as it came, `''` for none. */
  readonly body: string;
}

export type Answer = (call: Call) => Reply | Promise<Reply>;

export interface FakeApi {
  readonly url: string;
  readonly tokenUrl: string;
  /** Answers by path; for what is not a GET, by method and path: `POST account/7/patients`. */
  readonly answers: Map<string, Answer>;
  /** Asked before every answer; a reply of its own takes the answer's place. */
  intercept: (call: Call) => Reply | undefined | Promise<Reply | undefined>;
  /** Calls so far, tokens not counted. */
  readonly calls: Call[];
  stop(): Promise<void>;
}

const KEYS: readonly (readonly [pattern: RegExp, key: string])[] = [
  [/appointment\/type$/, 'appointmentTypes'],
  [/\/appointment$/, 'appointments'],
  [/crm-status-group$/, 'crmStatusGroups'],
  [/crm-status-group\/\d+\/status$/, 'crmStatuses'],
  [/account\/\d+\/category$/, 'categories'],
  [/form\/(group|template\/groups)$/, 'formTemplateGroups'],
  [/form\/template$/, 'formTemplates'],
  [/template\/\d+\/attributes$/, 'attributes'],
  [/template\/\d+\/elements$/, 'elements'],
  [/\/form$/, 'formPackets'],
  [/\/invoice$/, 'invoices'],
  [/\/line-item$/, 'lineItems'],
  [/\/lab$/, 'labs'],
  [/\/test-component$/, 'testComponents'],
  [/account\/\d+\/location$/, 'locations'],
  [/\/notification-group$/, 'notificationGroups'],
  [/\/notification$/, 'notifications'],
  [/\/allergies$/, 'allergies'],
  [/\/medications$/, 'medications'],
  [/\/problems$/, 'problems'],
  [/\/patients$/, 'patients'],
  [/category\/transition$/, 'transitions'],
  [/\/payment-request$/, 'paymentRequests'],
  [/\/recurring-payment$/, 'recurringPayments'],
  [/remote-care\/service$/, 'services'],
  [/^role-group$/, 'roleGroups'],
  [/\/staff$/, 'staff'],
  [/webhook$/, 'items'],
  [/webhook\/event-types$/, 'eventTypes'],
];

const notFound: Reply = { status: 404, text: '{"error":"Not Found"}' };

function byDefault({ path }: Call): Reply {
  const key = KEYS.find(([pattern]) => pattern.test(path))?.[1];
  return key === undefined ? notFound : { text: `{"${key}":[],"nextCursor":null}` };
}

export interface ListOptions {
  /** Rows of a page whatever `limit` says. Default: what `limit` says, or all. */
  readonly pageSize?: number;
  /** The date of each row, null for none, when the list takes a range. */
  readonly dates?: readonly (string | null)[];
  /** Names of the range's bounds. Default startDate and endDate. */
  readonly bounds?: readonly [from: string, to: string];
  /** The range taken where none is sent. Default: all rows. */
  readonly byDefault?: readonly [from: string, to: string];
}

/** Answers with the rows of a list page by page; `rows` are JSON texts. */
export function listOf(key: string, rows: readonly string[], options: ListOptions = {}): Answer {
  return ({ query }) => {
    const [from, to] = (options.bounds ?? ['startDate', 'endDate']).map((name) => query.get(name));
    const range = from || to ? [from ?? '0000', to ?? '9999'] : options.byDefault;
    const person = query.get('patientId');
    const inRange = rows.filter((row, index) => {
      if (person !== null && (JSON.parse(row) as { patientId?: unknown }).patientId !== Number(person)) return false;
      const date = options.dates?.[index];
      if (options.dates === undefined || range === undefined) return true;
      return typeof date === 'string' && date >= (range[0] ?? '') && date <= (range[1] ?? '');
    });
    const size = options.pageSize ?? Number(query.get('limit') ?? Number.POSITIVE_INFINITY);
    const offset = Number(query.get('cursor')?.slice(1) ?? 0);
    const end = offset + size;
    const next = end < inRange.length ? `"c${end}"` : 'null';
    return { text: `{"${key}":[${inRange.slice(offset, end).join(',')}],"nextCursor":${next}}` };
  };
}

/** Answers with one record. */
export const one =
  (record: string): Answer =>
  () => ({ text: record });

export async function startFakeApi(): Promise<FakeApi> {
  const answers = new Map<string, Answer>();
  const calls: Call[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://fake');
    response.setHeader('content-type', 'application/json');
    if (url.pathname === '/oauth/token') {
      request.resume();
      response.end('{"access_token":"fake","token_type":"Bearer","expires_in":3600}');
      return;
    }
    const path = url.pathname.replace('/partner/v2/', '');
    const method = request.method ?? 'GET';
    const call: Call = { path, query: url.searchParams, method, body: await text(request) };
    calls.push(call);
    const answer = answers.get(method === 'GET' ? path : `${method} ${path}`);
    const reply =
      (await api.intercept(call)) ?? (await (answer ?? (method === 'GET' ? byDefault : () => notFound))(call));
    response.statusCode = reply.status ?? 200;
    response.end(reply.text);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api: FakeApi = {
    url: base,
    tokenUrl: `${base}/oauth/token`,
    answers,
    intercept: () => undefined,
    calls,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return api;
}
