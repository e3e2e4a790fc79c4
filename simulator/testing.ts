import type { Row } from './data/types.ts';
import type { Simulator } from './index.ts';

/** An answer as a test sees it. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; undefined when it isn't JSON. */
  body: Row | undefined;
}

/** A bare-bones client of a simulator for tests. */
export interface TestClient {
  /** Throws when there is no whole answer, or when the signal comes before it. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Reply>;
  get(path: string): Promise<Reply>;
  /** All rows of a list, page by page. Throws on a status other than 200. */
  rows(path: string, key: string, limit?: number): Promise<Row[]>;
  admin(method: string, path: string, body?: unknown): Promise<Reply>;
  /** The true rows of a resource, from the control API. */
  truth(account: number, resource: string): Promise<{ locationId?: number; parentId?: number; row: Row }[]>;
}

async function read(response: Response): Promise<Reply> {
  const text = await response.text();
  let body: Row | undefined;
  try {
    body = JSON.parse(text) as Row;
  } catch {
    body = undefined;
  }
  return { status: response.status, headers: response.headers, text, body };
}

/** Signs in and gives a client. Paths are relative to /partner/v2. */
export async function testClient(simulator: Simulator): Promise<TestClient> {
  const { clientId, clientSecret } = simulator.world.settings;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  });
  const signedIn = await read(await fetch(simulator.tokenUrl, { method: 'POST', body: form }));
  const token = String(signedIn.body?.['access_token']);
  const send = async (
    url: string,
    method: string,
    body: unknown,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Reply> => {
    const content: RequestInit = body === undefined ? {} : { body: JSON.stringify(body) };
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    return read(await fetch(url, { method, headers: { ...type, ...headers }, ...content, signal: signal ?? null }));
  };
  const client: TestClient = {
    call: (method, path, body, headers = {}, signal) =>
      send(
        `${simulator.url}/partner/v2${path}`,
        method,
        body,
        { authorization: `Bearer ${token}`, ...headers },
        signal,
      ),
    get: (path) => client.call('GET', path),
    rows: async (path, key, limit = 100) => {
      const found: Row[] = [];
      let cursor: unknown;
      do {
        const sign = path.includes('?') ? '&' : '?';
        const next = cursor === undefined ? '' : `&cursor=${String(cursor)}`;
        const { status, body, text } = await client.get(`${path}${sign}limit=${String(limit)}${next}`);
        if (status !== 200) throw new Error(`${path}: ${String(status)} ${text.slice(0, 200)}`);
        const page = body?.[key];
        if (!Array.isArray(page)) throw new Error(`${path}: no ${key}`);
        found.push(...(page as Row[]));
        cursor = body?.['nextCursor'] ?? undefined;
      } while (cursor !== undefined);
      return found;
    },
    admin: (method, path, body) => send(simulator.adminUrl + path, method, body, {}),
    truth: async (account, resource) => {
      const { text } = await client.admin('GET', `/rows?account=${String(account)}&resource=${resource}`);
      const lines = text.split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as { locationId?: number; parentId?: number; row: Row });
    },
  };
  return client;
}
