import type { Answer, Call } from './call.ts';
import { answer, failure, isRow } from './call.ts';

export interface TokenOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly seconds: number;
}

/** Gives and checks bearer tokens. */
export class Tokens {
  readonly #options: TokenOptions;
  readonly #ends = new Map<string, number>();

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /** The token endpoint: client credentials as form fields. */
  issue(call: Call): Answer {
    if (call.method !== 'POST') return failure(405, 'POST is expected');
    const form = isRow(call.body) ? call.body : {};
    if (form['grant_type'] !== 'client_credentials') return answer(400, { error: 'unsupported_grant_type' });
    const { clientId, clientSecret, seconds } = this.#options;
    if (form['client_id'] !== clientId || form['client_secret'] !== clientSecret) {
      return answer(401, { error: 'invalid_client', error_description: 'client not known' });
    }
    const token = `odd.${call.n}-${this.#ends.size}.~_sig`;
    this.#ends.set(token, call.now + seconds * 1000);
    return answer(200, { scope: 'partner', expires_in: seconds, token_type: 'Bearer', access_token: token });
  }

  /** Undefined if the request carries a token that still holds. */
  refuse(call: Call): Answer | undefined {
    const header = call.headers['authorization'];
    const token = /^Bearer (.+)$/i.exec(typeof header === 'string' ? header : '')?.[1];
    const end = token === undefined ? undefined : this.#ends.get(token);
    if (end === undefined) return failure(401, 'a token is needed');
    return call.now < end ? undefined : failure(401, 'token expired');
  }

  /** Makes every token void, as a server that was started anew. */
  revokeAll(): void {
    this.#ends.clear();
  }
}
