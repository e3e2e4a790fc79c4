import type { OddApi } from './start.ts';

/** What came back, the body as text and, where it is JSON, as a value. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

/** A small client of its own, for tests of the server. */
export class OddClient {
  readonly #api: OddApi;
  #token: string | undefined;

  constructor(api: OddApi) {
    this.#api = api;
  }

  async token(): Promise<string> {
    if (this.#token !== undefined) return this.#token;
    const { clientId, clientSecret, tokenUrl } = this.#api;
    const response = await fetch(tokenUrl, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
      }),
    });
    const { access_token } = (await response.json()) as { access_token: string };
    this.#token = access_token;
    return access_token;
  }

  get(path: string, query: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.send('GET', `${path}?${new URLSearchParams(query)}`);
  }

  async send(method: string, path: string, body?: unknown): Promise<Reply> {
    const headers = { authorization: `Bearer ${await this.token()}`, 'content-type': 'application/json' };
    const response = await fetch(`${this.#api.url}/partner/v2${path}`, {
      method,
      headers,
      redirect: 'manual',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) };
  }

  /** Follows a list to its end; a page that is not full and names no cursor ends it too. */
  async all(
    path: string,
    key: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = [];
    let cursor: string | undefined;
    do {
      const { json } = await this.get(path, cursor === undefined ? query : { ...query, cursor });
      const page = json as Record<string, unknown>;
      rows.push(...(page[key] as Record<string, unknown>[]));
      cursor = (page['nextCursor'] as string | null | undefined) || undefined;
    } while (cursor !== undefined);
    return rows;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
